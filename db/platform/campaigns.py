"""Campaigns as their workflow and the pages drive them. One method is one part of a transaction."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.platform.choosing import MATCHES, parameters
from db.platform.outbox import queue_signal
from db.sql import run
from domain.platform.campaigns import (
    MOST_ITEMS,
    OWN_NUMBERS,
    PATIENCE,
    CampaignMoved,
    CampaignState,
    CampaignTaken,
    Chosen,
    Counts,
    Move,
    Pace,
    next_move,
)
from domain.shared.errors import ActionNotAllowed, CampaignNotFound
from domain.shared.ids import campaign_workflow_id

_LOCK: Final = "SELECT * FROM campaign WHERE id = :id FOR UPDATE"

# A step that waits at a shut gate is not silent: it has not been tried yet.
_OBSERVE: Final = """
UPDATE campaign_item i SET
    state = CASE a.outcome WHEN 'went_on' THEN 'went_on' WHEN 'parked_again' THEN 'parked_again'
                           WHEN 'interrupted' THEN 'gone' ELSE 'silent' END,
    detail = CASE a.outcome WHEN 'parked_again' THEN coalesce(
        (SELECT b.cause FROM attention b WHERE b.workflow_id = a.workflow_id
           AND b.step_id = a.step_id AND b.first_seen > a.first_seen
         ORDER BY b.first_seen LIMIT 1), '') ELSE '' END,
    settled_at = clock_timestamp()
FROM attention a
WHERE i.campaign_id = :id AND i.state IN ('decided', 'silent') AND a.id = i.attention_id
  AND (a.outcome <> '' OR (i.state = 'decided' AND i.taken_at < :silent_since
       AND NOT EXISTS (SELECT FROM gate_wait w WHERE w.workflow_id = a.workflow_id)))
"""

_COUNT: Final = """
SELECT state, count(*) AS n FROM campaign_item WHERE campaign_id = :id GROUP BY state
"""

_TAKE: Final = """
UPDATE campaign_item SET state = 'deciding', taken_at = :now
WHERE campaign_id = :id AND attention_id IN (
    SELECT attention_id FROM campaign_item WHERE campaign_id = :id AND state = 'waiting'
    ORDER BY attention_id LIMIT :take)
"""

_DECIDING: Final = """
SELECT attention_id FROM campaign_item WHERE campaign_id = :id AND state = 'deciding'
ORDER BY attention_id
"""

_MOVE: Final = """
UPDATE campaign SET state = CAST(:state AS text), stopped_because = CAST(:because AS text),
    next_take_at = :next_take_at,
    changed_at = CASE WHEN state = CAST(:state AS text) THEN changed_at
                      ELSE clock_timestamp() END,
    changed_by = CASE WHEN state = CAST(:state AS text) THEN changed_by ELSE 'system' END,
    finished_at = CASE WHEN :over THEN coalesce(finished_at, clock_timestamp()) END
WHERE id = :id
"""

_LEAVE: Final = """
UPDATE campaign_item SET state = 'left' WHERE campaign_id = :id AND state = 'waiting'
"""

_CREATE: Final = """
INSERT INTO campaign (id, state, paused_from, stopped_because, chosen, action, reason, given,
                      canary, stop_percent, rate_per_minute, total, again_of, created_by,
                      changed_by)
VALUES (:id, 'canary', '', '', CAST(:chosen AS jsonb), :action, :reason, CAST(:given AS jsonb),
        :canary, :stop_percent, :rate_per_minute, 0, :again_of, :by, :by)
"""

# A step of another campaign that is still to be decided belongs to that one.
CAN_BE_DECIDED: Final = """
a.actions ? CAST(:action AS text)
  AND NOT (CAST(:action AS text) = 'done_by_hand'
           AND a.input_fields ?| CAST(:own_numbers AS text[]))
  AND a.input_fields ?& CAST(:fields AS text[])
  AND a.system = ANY(CAST(:systems AS text[]))
  AND NOT EXISTS (SELECT FROM campaign_item c WHERE c.attention_id = a.id
                  AND c.state IN ('waiting', 'deciding'))
"""

_CHOOSE: Final = f"""
INSERT INTO campaign_item (campaign_id, attention_id, state, detail)
SELECT :id, a.id, 'waiting', ''
FROM attention a LEFT JOIN sales_order o ON o.id = a.order_id
WHERE {MATCHES} AND {CAN_BE_DECIDED}
ORDER BY a.id LIMIT :most
RETURNING attention_id
"""  # noqa: S608 (made of constants)

_FAILED: Final = """
SELECT b.id FROM campaign_item i
JOIN attention a ON a.id = i.attention_id
JOIN attention b ON b.workflow_id = a.workflow_id AND b.step_id = a.step_id
                AND b.resolved_at IS NULL
WHERE i.campaign_id = :id AND i.state IN ('parked_again', 'silent', 'refused', 'left')
ORDER BY b.id
"""

_COMMAND: Final = """
UPDATE campaign SET state = CAST(:state AS text), paused_from = :paused_from,
                    stopped_because = :because, changed_at = clock_timestamp(), changed_by = :by
WHERE id = :id
"""

_ITEM: Final = """
SELECT i.state, i.taken_at, c.action, c.reason, c.given, c.created_by, a.id, a.workflow_id,
       a.step_id, a.order_id, a.system, a.actions, a.input_fields, a.resolved_at, a.resolved_by,
       a.resolution, a.note, a.cause
FROM campaign_item i JOIN campaign c ON c.id = i.campaign_id
JOIN attention a ON a.id = i.attention_id
WHERE i.campaign_id = :id AND i.attention_id = :item_id
"""

_SETTLE: Final = """
UPDATE campaign_item SET state = CAST(:state AS text), detail = :detail,
    settled_at = CASE WHEN CAST(:state AS text) = 'decided' THEN NULL
                      ELSE clock_timestamp() END
WHERE campaign_id = :id AND attention_id = :item_id AND state = 'deciding'
"""


@dataclass(frozen=True, slots=True)
class NewCampaign:
    """What somebody wants decided, for which steps, and how fast; `systems` are those whose steps
    he may decide about."""

    chosen: Chosen
    action: str
    reason: str
    values: dict[str, str]
    pace: Pace
    systems: tuple[str, ...]
    again_of: str = ""


@dataclass(frozen=True, slots=True)
class CampaignRepository:
    """Campaigns in the caller's transaction."""

    session: AsyncSession

    async def begin(self, wanted: NewCampaign, by: str) -> tuple[str, int]:
        """Write it down with its steps and start it; how many they are. Raises ActionNotAllowed
        when nothing can be decided so."""
        campaign_id = new_id("cam")
        chosen = {
            key: value
            for key, value in asdict(wanted.chosen).items()
            if value and key != "item_ids"
        }
        await run(
            self.session, _CREATE, id=campaign_id, chosen=json.dumps(chosen, ensure_ascii=False),
            action=wanted.action, reason=wanted.reason, again_of=wanted.again_of, by=by,
            given=json.dumps(wanted.values, ensure_ascii=False), **asdict(wanted.pace),
        )  # fmt: skip
        rows = await run(
            self.session, _CHOOSE, id=campaign_id, most=MOST_ITEMS, **decidable(wanted),
            **parameters(wanted.chosen),
        )  # fmt: skip
        if not rows:
            raise ActionNotAllowed("nothing waits that can be decided so")
        await run(
            self.session, "UPDATE campaign SET total = :n WHERE id = :id", id=campaign_id,
            n=len(rows),
        )  # fmt: skip
        await self._tell(campaign_id)
        return campaign_id, len(rows)

    async def failed(self, campaign_id: str) -> list[str]:
        """The open items of steps that went no further, or were left."""
        return [row.id for row in await run(self.session, _FAILED, id=campaign_id)]

    async def pause(self, campaign_id: str, by: str) -> None:
        """Take no more until somebody resumes it. Raises ActionNotAllowed."""
        campaign = await self._locked(campaign_id)
        state = CampaignState(campaign.state)
        if state.is_over or state is CampaignState.PAUSED:
            raise ActionNotAllowed("this campaign does not run")
        await self._command(campaign_id, CampaignState.PAUSED, by, paused_from=state)

    async def resume(self, campaign_id: str, by: str) -> None:
        """Go on where it was paused. Raises ActionNotAllowed."""
        campaign = await self._locked(campaign_id)
        if campaign.state != CampaignState.PAUSED:
            raise ActionNotAllowed("this campaign is not paused")
        await self._command(campaign_id, CampaignState(campaign.paused_from), by)

    async def stop(self, campaign_id: str, by: str) -> None:
        """Leave the rest for good; what was taken is decided. Raises ActionNotAllowed."""
        campaign = await self._locked(campaign_id)
        if CampaignState(campaign.state).is_over:
            raise ActionNotAllowed("this campaign is over")
        await run(self.session, _LEAVE, id=campaign_id)
        await self._command(campaign_id, CampaignState.STOPPED, by, because="by_hand")

    async def advance(self, campaign_id: str, now: datetime) -> CampaignTaken:
        """See what became of those decided, and take the next ones when it is their turn."""
        campaign = await self._locked(campaign_id)
        await run(self.session, _OBSERVE, id=campaign_id, silent_since=now - PATIENCE)
        counts = await self.counts(campaign_id)
        pace = Pace(campaign.canary, campaign.stop_percent, campaign.rate_per_minute)
        move = next_move(CampaignState(campaign.state), counts, pace)
        due = campaign.next_take_at is None or campaign.next_take_at <= now
        wait_s, next_take_at = move.wait_s, campaign.next_take_at
        if move.take and due:
            await run(self.session, _TAKE, id=campaign_id, now=now, take=move.take)
            next_take_at = now + timedelta(seconds=move.wait_s)
        elif move.take:
            wait_s = (campaign.next_take_at - now).total_seconds()
        over = move.state.is_over and not counts.pending
        await self._move(campaign_id, campaign, move, next_take_at, over=over)
        rows = await run(self.session, _DECIDING, id=campaign_id)
        return CampaignTaken(tuple(row.attention_id for row in rows), wait_s, over)

    async def counts(self, campaign_id: str) -> Counts:
        """How many of its steps are where."""
        rows = await run(self.session, _COUNT, id=campaign_id)
        return Counts(**{row.state: row.n for row in rows})

    async def item(self, campaign_id: str, item_id: str) -> Row[Any]:
        """One step with what is to be decided about it."""
        (row,) = await run(self.session, _ITEM, id=campaign_id, item_id=item_id)
        return row

    async def settle(self, campaign_id: str, item_id: str, state: str, detail: str = "") -> None:
        """It was decided, refused, or is gone."""
        await run(
            self.session, _SETTLE, id=campaign_id, item_id=item_id, state=state,
            detail=detail.replace("\x00", "")[:300],
        )  # fmt: skip

    async def _move(
        self, campaign_id: str, campaign: Any, move: Move, next_take_at: Any, *, over: bool
    ) -> None:
        if move.state is CampaignState.STOPPED:
            await run(self.session, _LEAVE, id=campaign_id)
        await run(
            self.session, _MOVE, id=campaign_id, state=str(move.state), over=over,
            because=move.because or campaign.stopped_because, next_take_at=next_take_at,
        )  # fmt: skip

    async def _locked(self, campaign_id: str) -> Any:
        rows = await run(self.session, _LOCK, id=campaign_id)
        if not rows:
            raise CampaignNotFound(f"there is no campaign {campaign_id}")
        return rows[0]

    async def _command(
        self, campaign_id: str, state: CampaignState, by: str, paused_from: str = "",
        because: str = "",
    ) -> None:  # fmt: skip
        await run(
            self.session, _COMMAND, id=campaign_id, state=str(state), by=by, because=because,
            paused_from=str(paused_from),
        )  # fmt: skip
        await self._tell(campaign_id)

    async def _tell(self, campaign_id: str) -> None:
        await queue_signal(
            self.session, campaign_workflow_id(campaign_id), "campaign_moved",
            CampaignMoved(campaign_id),
        )  # fmt: skip


def decidable(wanted: NewCampaign) -> dict[str, Any]:
    """What `CAN_BE_DECIDED` is filled with."""
    fields: Sequence[str] = sorted(wanted.values)
    return {
        "action": wanted.action,
        "own_numbers": sorted(OWN_NUMBERS),
        "fields": list(fields),
        "systems": list(wanted.systems),
    }
