"""The gates of outside systems: whether each is called now, and opening and shutting them by hand.

Shut: nobody calls, steps are queued. Draining: those that wait go on a few at a time, the first
alone, and one failure shuts it again. Open: everybody calls, those that wait are woken by and by.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field, StrictInt

from api.deps import Context, RequestContext, SessionsOf
from api.errors import Problem
from api.strict import Code, Reason, StrictBody
from db.platform import pausing
from db.platform.audit import audit
from db.platform.gate_queries import GateStanding, gates
from domain.platform.gates import MOST_AT_ONCE
from domain.shared.errors import ActionNotAllowed

router = APIRouter(tags=["attention"])


class GateReason(StrictBody):
    reason: Reason


class GateRate(StrictBody):
    """How many of those that wait are woken every five seconds."""

    at_once: Annotated[StrictInt, Field(ge=1, le=MOST_AT_ONCE)]
    reason: Reason


class GateWindow(BaseModel):
    at: datetime
    calls: int
    failures: int


class GateView(BaseModel):
    """state: flowing | holding | draining; `stopped`: shut until somebody opens it. `windows` are
    the minutes of the last half hour in which it was called."""

    system: str
    name: str
    active: bool
    state: str
    stopped: bool
    reason: str
    changed_by: str
    changed_at: datetime | None
    last_call_at: datetime | None
    calls: int
    failures: int
    failure_percent: int | None
    windows: list[GateWindow]
    waiting: int
    oldest: datetime | None
    at_once: int | None

    @classmethod
    def of(cls, gate: GateStanding) -> "GateView":
        return cls.model_validate(gate, from_attributes=True)


class GateViews(BaseModel):
    items: list[GateView]


@router.get("/gates")
async def list_gates(sessions: SessionsOf) -> GateViews:
    """Every outside system, those that are not called freely first."""
    async with sessions.begin() as session:
        found = await gates(session, datetime.now(UTC))
    return GateViews(items=[GateView.of(gate) for gate in found])


@router.get("/gates/{kind}/{name}")
async def get_gate(kind: Code, name: Code, sessions: SessionsOf) -> GateView:
    """One of them."""
    async with sessions.begin() as session:
        found = await gates(session, datetime.now(UTC), f"{kind}/{name}")
    if not found:
        raise Problem("NotFound", 404)
    return GateView.of(found[0])


@router.post("/gates/{kind}/{name}/close")
async def close_gate(kind: Code, name: Code, body: GateReason, context: Context) -> GateView:
    """Nobody calls the system until somebody opens it again; steps that need it are queued."""
    system = await _mine(kind, name, context)
    async with context.sessions.begin() as session:
        if not await pausing.pause(session, system, context.actor, body.reason):
            raise ActionNotAllowed("this gate is shut already")
        await _audit(session, context, "close", system, body.reason)
    return await get_gate(kind, name, context.sessions)


@router.post("/gates/{kind}/{name}/open")
async def open_gate(kind: Code, name: Code, body: GateReason, context: Context) -> GateView:
    """Everybody calls it at once; those that wait are woken by and by."""
    return await _let_through(kind, name, "flowing", body.reason, context)


@router.post("/gates/{kind}/{name}/drain")
async def drain_gate(kind: Code, name: Code, body: GateReason, context: Context) -> GateView:
    """Those that wait go on a few at a time, the first alone; one failure shuts it again."""
    return await _let_through(kind, name, "draining", body.reason, context)


@router.put("/gates/{kind}/{name}/rate")
async def set_rate(kind: Code, name: Code, body: GateRate, context: Context) -> GateView:
    """How fast those that wait are woken."""
    system = await _mine(kind, name, context)
    async with context.sessions.begin() as session:
        await pausing.wake_so_many(session, system, body.at_once)
        await _audit(session, context, "rate", system, body.reason, {"at_once": body.at_once})
    return await get_gate(kind, name, context.sessions)


async def _let_through(
    kind: str, name: str, state: str, reason: str, context: RequestContext
) -> GateView:
    system = await _mine(kind, name, context)
    async with context.sessions.begin() as session:
        if not await pausing.let_through(session, system, state, context.actor, reason):
            raise ActionNotAllowed("this gate is so already")
        what = "open" if state == "flowing" else "drain"
        await _audit(session, context, what, system, reason)
    return await get_gate(kind, name, context.sessions)


async def _mine(kind: str, name: str, context: RequestContext) -> str:
    """The gate's system. Raises Problem 404 for none we know, 403 for one of others."""
    await get_gate(kind, name, context.sessions)
    system = f"{kind}/{name}"
    if not context.principal.tends(system):
        raise Problem("NotAllowed", 403)
    return system


async def _audit(
    session: Any, context: RequestContext, what: str, system: str, reason: str,
    after: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    await audit(
        session, context.actor, f"gate.{what}", system, reason=reason, after=after,
        request_id=context.request_id,
    )  # fmt: skip
