"""Dealers who should have reported: reminded every day, and in the end somebody has to call."""

from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.attention import open_attention, resolve_attention
from db.platform.notices import REPORT_LATE
from db.sql import run

_TODAY: Final = "(clock_timestamp() AT TIME ZONE 'Asia/Shanghai')::date"
_GIVEN: Final = """
coalesce((SELECT max(d.day) FROM dealer_report d WHERE d.location_id = r.location_id
          AND d.state IN ('accepted','waiting')) + r.every_days, r.since)
"""
_REMIND: Final = f"""
UPDATE dealer_rule r SET reminders = reminders + 1, reminded_on = {_TODAY}
FROM location l
WHERE l.id = r.location_id AND l.active AND {_GIVEN} < {_TODAY}
  AND coalesce(r.reminded_on < {_TODAY}, true)
RETURNING r.location_id, l.name, r.reminders, {_TODAY} - {_GIVEN} AS days, r.late_days
"""  # noqa: S608 (made of constants)
_CAME: Final = f"""
SELECT a.workflow_id FROM attention a
JOIN dealer_rule r ON a.workflow_id = 'dealer/' || r.location_id
WHERE a.step_id = '{REPORT_LATE}' AND a.resolved_at IS NULL AND {_GIVEN} >= {_TODAY}
"""  # noqa: S608 (made of constants)


async def remind_dealers(session: AsyncSession) -> int:
    """Once a day for each dealer that is late: his page says so; after the days of his rule it is
    in the attention inbox too, until his report is there. Returns how many were reminded."""
    rows = await run(session, _REMIND)
    for row in rows:
        if row.days > row.late_days:
            await open_attention(
                session, workflow_id=f"dealer/{row.location_id}", step_id=REPORT_LATE,
                system=f"dealer/{row.location_id}", cause="DealerReportLate",
                attempts=row.reminders, actions=("done_by_hand",),
                error=f"{row.name} should have reported its stock {row.days} days ago",
            )  # fmt: skip
    for row in await run(session, _CAME):
        await resolve_attention(
            session, workflow_id=row.workflow_id, step_id=REPORT_LATE, by="system",
            resolution="done",
        )  # fmt: skip
    return len(rows)
