"""What waits for a person: written down, found again, and closed with a name on it."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Final

from temporalio import activity

from db.engine import Sessions
from db.platform.attention import PARKED_AGAIN
from db.sql import parsed
from domain.orders.work import ParkedStep, ResolvedStep

_PARK: Final = """
INSERT INTO attention (id, workflow_id, step_id, order_id, shipment_no, system, cause, code, error,
                       fingerprint, attempts, actions, input_fields, resolved_by, resolution, note)
VALUES (uuidv7()::text, :workflow_id, :step_id, :order_id, nullif(:shipment_no, ''), :system,
        :cause, :code, :error, :fingerprint, :attempts, CAST(:actions AS jsonb),
        CAST(:input_fields AS jsonb), '', '', '')
ON CONFLICT (workflow_id, step_id) WHERE resolved_at IS NULL DO UPDATE SET
    cause = excluded.cause, code = excluded.code, error = excluded.error,
    fingerprint = excluded.fingerprint, attempts = attention.attempts + 1,
    actions = excluded.actions, input_fields = excluded.input_fields,
    last_seen = clock_timestamp()
"""

_RESOLVE: Final = """
UPDATE attention SET resolved_at = clock_timestamp(), resolved_by = :actor, resolution = :action,
                     note = :reason, outcome = CAST(:outcome AS text),
                     outcome_at = CASE CAST(:outcome AS text) WHEN '' THEN NULL
                                                              ELSE clock_timestamp() END
WHERE workflow_id = :workflow_id AND step_id = :step_id AND resolved_at IS NULL
RETURNING id, order_id, cause, code
"""

_WENT_ON: Final = """
UPDATE attention SET outcome = 'went_on', outcome_at = clock_timestamp()
WHERE id = (SELECT id FROM attention WHERE workflow_id = :workflow_id AND step_id = :step_id
              AND resolved_at IS NOT NULL ORDER BY resolved_at DESC LIMIT 1)
  AND outcome = ''
"""

_AUDIT: Final = """
INSERT INTO audit_log (actor, action, subject, reason, before, after, request_id)
VALUES (:actor, :action, :subject, :reason, CAST(:before AS jsonb), '{}', :request_id)
ON CONFLICT DO NOTHING
"""


# Their words name goods, other ones in every order; the code says what they have in common.
_GROUPED_BY_CODE: Final = frozenset({"StockCountDiffers"})


@dataclass(frozen=True, slots=True)
class AttentionActivities:
    """The attention inbox as workflows use it."""

    sessions: Sessions

    @activity.defn(name="attention.park")
    async def park(self, step: ParkedStep) -> None:
        """Open the item of this step, or say once more that it is still open."""
        async with self.sessions.begin() as session:
            connection = await session.connection()
            await connection.execute(
                parsed(PARKED_AGAIN), {"workflow_id": step.workflow_id, "step_id": step.step_id}
            )
            await connection.execute(
                parsed(_PARK),
                {
                    "workflow_id": step.workflow_id,
                    "step_id": step.step_id,
                    "order_id": step.order_id,
                    "shipment_no": step.shipment_no,
                    "system": step.system,
                    "cause": step.cause,
                    "code": step.code,
                    "error": step.error,
                    "fingerprint": fingerprint(step),
                    "attempts": step.attempts,
                    "actions": json.dumps(list(step.actions)),
                    "input_fields": json.dumps(step.input_fields),
                },
            )

    @activity.defn(name="attention.resolve")
    async def resolve(self, step: ResolvedStep) -> None:
        """Close the item and write down who decided what, and why."""
        async with self.sessions.begin() as session:
            connection = await session.connection()
            parameters = {
                "workflow_id": step.workflow_id,
                "step_id": step.step_id,
                "actor": step.actor,
                "action": step.action,
                "reason": step.reason,
                "outcome": _outcome(step),
            }
            closed = (await connection.execute(parsed(_RESOLVE), parameters)).first()
            if closed is not None:
                await connection.execute(
                    parsed(_AUDIT),
                    {
                        "actor": step.actor,
                        "action": f"step.{step.action}",
                        "subject": f"order/{step.order_id}" if step.order_id else step.workflow_id,
                        "reason": step.reason,
                        "before": json.dumps({"step": step.step_id, "cause": closed.cause}),
                        "request_id": closed.id,
                    },
                )

    @activity.defn(name="attention.went_on")
    async def went_on(self, step: ResolvedStep) -> None:
        """What was decided about the step helped: it is done."""
        async with self.sessions.begin() as session:
            await (await session.connection()).execute(
                parsed(_WENT_ON), {"workflow_id": step.workflow_id, "step_id": step.step_id}
            )


def _outcome(step: ResolvedStep) -> str:
    """Known at once unless the step is tried again."""
    if step.action == "interrupted":
        return "interrupted"
    return "" if step.is_tried else "went_on"


def fingerprint(step: ParkedStep) -> str:
    """Equal for equal trouble in many orders: step, system, cause, code, words without numbers."""
    told = "" if step.cause in _GROUPED_BY_CODE else step.error
    words = re.sub(r"[0-9A-Za-z_-]*\d[0-9A-Za-z_-]*", "#", told)
    kind = step.step_id.split(":")[0]
    parts = "\x1f".join((kind, step.system, step.cause, step.code, words))
    return hashlib.sha256(parts.encode()).hexdigest()[:16]
