"""Runs of the audit: the latest ones, and another one now."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from api.deps import Context, SessionsOf
from api.platform.findings import read_place
from api.strict import SafeStr
from db.platform.audit_runs import AuditRuns

router = APIRouter(tags=["audit"])


class AuditRun(BaseModel):
    """All checks, one after the other: how many of them were made, and in how many findings were
    open at its end. ending: done | given_up (somebody stopped it), empty while it runs."""

    id: str
    wanted_by: str
    asked_at: datetime
    began_at: datetime | None
    checks: int
    made: int
    ended_at: datetime | None
    ending: Literal["", "done", "given_up"]
    differing: int

    @classmethod
    def of(cls, row: Any) -> "AuditRun":
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class AuditRunPage(BaseModel):
    items: list[AuditRun]
    next_cursor: str = ""


@router.get("/audit/runs")
async def list_runs(
    sessions: SessionsOf,
    cursor: Annotated[SafeStr, Query(max_length=100)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 20,
) -> AuditRunPage:
    """When everything was checked, the latest first; one that runs now has no end."""
    async with sessions.begin() as session:
        rows = await AuditRuns(session).latest(limit, read_place(cursor))
    items = [AuditRun.of(row) for row in rows]
    last = items[-1] if len(items) == limit else None
    return AuditRunPage(
        items=items, next_cursor=f"{last.asked_at.isoformat()}|{last.id}" if last else ""
    )


@router.post("/audit/runs", status_code=202)
async def check_now(context: Context) -> AuditRun:
    """Make every check now, as the night does; 409 while one runs."""
    async with context.sessions.begin() as session:
        runs = AuditRuns(session, context.actor, context.request_id)
        await runs.ask()
        [row] = await runs.latest(1)
        return AuditRun.of(row)
