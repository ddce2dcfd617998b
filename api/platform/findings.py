"""What the nightly audit found, and its repair where the tables prove one right answer."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession

from api.deps import Context, SessionsOf
from api.strict import Code, SafeStr
from db import repairs
from db.platform import findings
from domain.platform.auditing import REPAIRABLE
from domain.shared.errors import CannotBeRepaired, FindingNotFound, InvalidInput

router = APIRouter(tags=["audit"])

Limit = Annotated[int, Query(ge=1, le=500)]
Text = Annotated[SafeStr, Query(max_length=100)]


class AuditCheck(BaseModel):
    """One check: when it was made, how many rows broke it then, how many findings are open."""

    check: str
    made_at: datetime
    found: int
    open: int
    took_ms: int
    repairable: bool


class AuditChecks(BaseModel):
    items: list[AuditCheck]


class AuditFinding(BaseModel):
    """A row that breaks a check. `facts` say what was expected and found. ending: by_itself |
    repaired, empty while it is there. `refused`: why the last repair was not made."""

    id: str
    check: str
    facts: dict[str, Any]
    seen: int
    first_seen: datetime
    last_seen: datetime
    gone_at: datetime | None
    ending: str
    repaired_by: str
    before: dict[str, Any]
    after: dict[str, Any]
    refused: str
    repairable: bool

    @classmethod
    def of(cls, row: Any) -> "AuditFinding":
        return cls(
            **{name: getattr(row, name) for name in cls.model_fields
               if name not in ("check", "repairable")},
            check=row.check_name, repairable=row.check_name in REPAIRABLE,
        )  # fmt: skip


class AuditFindings(BaseModel):
    items: list[AuditFinding]
    next_cursor: str = ""


class RepairPlan(BaseModel):
    """What a repair would write now; `possible` is false where a person decides, with the reason.
    The same before and after: it is right by now."""

    possible: bool
    reason: str
    before: dict[str, Any]
    after: dict[str, Any]


@router.get("/audit/checks")
async def list_checks(sessions: SessionsOf) -> AuditChecks:
    """Every check of the nightly audit with its last result."""
    async with sessions.begin() as session:
        rows = await findings.checks_made(session)
    return AuditChecks(
        items=[
            AuditCheck(
                check=row.name, made_at=row.made_at, found=row.found, open=row.open,
                took_ms=row.took_ms, repairable=row.name in REPAIRABLE,
            )
            for row in rows
        ]
    )  # fmt: skip


@router.get("/audit/findings")
async def list_findings(
    sessions: SessionsOf,
    state: Literal["open", "gone"] = "open",
    check: Text = "",
    cursor: Text = "",
    limit: Limit = 100,
) -> AuditFindings:
    """What breaks a check now, or did; the last seen first."""
    async with sessions.begin() as session:
        return await findings_page(session, state == "gone", check, cursor, limit)


@router.get("/audit/findings/{finding_id}")
async def get_finding(finding_id: Code, sessions: SessionsOf) -> AuditFinding:
    """One of them."""
    async with sessions.begin() as session:
        return AuditFinding.of(await one_finding(session, finding_id))


@router.get("/audit/findings/{finding_id}/repair-plan")
async def plan_repair(finding_id: Code, sessions: SessionsOf) -> RepairPlan:
    """What a repair would write now, tried and taken back."""
    async with sessions() as session:
        try:
            mended = await repairs.preview(session, finding_id)
        except CannotBeRepaired as error:
            return RepairPlan(possible=False, reason=str(error), before={}, after={})
        finally:
            await session.rollback()
    return RepairPlan(
        possible=True, reason="", before=dict(mended.before), after=dict(mended.after)
    )


@router.post("/audit/findings/{finding_id}/repair")
async def repair_finding(finding_id: Code, context: Context) -> AuditFinding:
    """Put it right: proven again under the locks, written into the audit trail. What is right by
    now is only ended."""
    async with context.sessions.begin() as session:
        await repairs.repair(session, finding_id, context.actor, context.request_id)
        return AuditFinding.of(await one_finding(session, finding_id))


async def one_finding(session: AsyncSession, finding_id: str) -> Any:
    """A finding. Raises FindingNotFound."""
    row = await findings.one(session, finding_id)
    if row is None:
        raise FindingNotFound(finding_id)
    return row


def read_place(cursor: str) -> tuple[datetime, str] | None:
    """Where the next page begins: a time and an id. Raises InvalidInput."""
    if not cursor:
        return None
    at, _, last = cursor.partition("|")
    try:
        when = datetime.fromisoformat(at)
    except ValueError:
        raise InvalidInput("the cursor is not one of ours") from None
    if when.tzinfo is None:
        raise InvalidInput("the cursor is not one of ours")
    return when, last


async def findings_page(
    session: AsyncSession, gone: bool, check: str, cursor: str, limit: int
) -> AuditFindings:
    """A page of findings, from behind the cursor on. Raises InvalidInput."""
    after = read_place(cursor)
    rows = await findings.listed(session, gone=gone, check=check, after=after, limit=limit)
    items = [AuditFinding.of(row) for row in rows]
    more = len(items) == limit
    return AuditFindings(
        items=items, next_cursor=f"{items[-1].last_seen.isoformat()}|{items[-1].id}" if more else ""
    )
