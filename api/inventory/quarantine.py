"""Goods that are set apart anywhere: since when and why they lie there, what becomes of them."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from api.cursors import Cursor, cursor_of, parts_of
from api.deps import Context, RequestContext, SessionsOf, SettingsOf
from api.orders.money import MoneyView
from api.orders.returns import minor
from api.platform.asking import ask_another, correct_alone
from api.platform.docs import WAITS
from api.strict import Asked, Code, Count, Reason, SafeStr, StrictBody, Sum
from db.inventory.quarantine import Apart, Quarantine, Wish
from db.platform.alone import TooMuchAlone
from domain.inventory.quarantine import SET_APART, QuarantineAct, QuarantinePlan
from domain.platform.approvals import ApprovalKind
from domain.shared.errors import InvalidInput
from runtime.settings import Settings

router = APIRouter(tags=["quarantine"])
MOST: Final = 200
Name = Annotated[SafeStr, Field(max_length=100)]
Condition = Literal["quarantine", "damaged", "refurbish", "scrap", "to_supplier"]
_ABSENT: Final[dict[int | str, dict[str, Any]]] = {404: {"description": "LotNotFound"}}


class ApartView(BaseModel):
    """Goods of one lot at a place. `bound` units are decided about by a case, a return or a
    transfer; `since` is when the oldest came, and the document it came by."""

    sku: str
    name: str
    lot: str
    location: str
    place: str
    condition: str
    owner: str
    units: int
    bound: int
    in_cases: int
    in_returns: int
    in_transfers: int
    frozen: bool
    value: MoneyView
    since: datetime | None
    document_kind: str
    document_no: str

    @classmethod
    def of(cls, row: Row[Any]) -> "ApartView":
        names = ("sku", "name", "lot", "place", "condition", "owner", "bound", "in_cases",
                 "in_returns", "in_transfers", "frozen", "since")  # fmt: skip
        told = {name: getattr(row, name) for name in names}
        return cls(
            **told, location=row.location_id, units=row.on_hand,
            value=MoneyView.of(row.value_minor, row.currency),
            document_kind=row.document_kind or "", document_no=row.document_no or "",
        )  # fmt: skip


class ApartSum(BaseModel):
    condition: str
    units: int
    value: MoneyView


class ApartList(BaseModel):
    """A page of what is set apart; `sums` are of all of it."""

    items: list[ApartView]
    sums: list[ApartSum]
    next_cursor: str = ""


class ApartWish(StrictBody):
    """What is to become of units. `why` is for what they are written off; without a `claim` the
    supplier owes what he takes for such units."""

    sku: Code
    location: Code
    lot: Annotated[SafeStr, Field(max_length=40)] = ""
    condition: Condition
    owner: Name = "own"
    act: QuarantineAct
    units: Count
    why: Literal["damaged", "expired", "recalled", "lost"] = "damaged"
    supplier: Name = ""
    claim: Sum | None = None

    @property
    def apart(self) -> Apart:
        return Apart(self.sku, self.location, self.lot, self.condition, self.owner)


class ApartDecided(ApartWish):
    """The same with the hash of what was shown, and why. Units of a SKU that asks for serial
    numbers are named by them."""

    plan_hash: Code
    reason: Reason
    reference: Name = ""
    serials: list[Annotated[SafeStr, Field(min_length=1, max_length=40)]] = Field(
        default=[], max_length=1000
    )


class ApartPlanView(BaseModel):
    """What it would do now; nothing happens yet."""

    act: QuarantineAct
    units: int
    stay: int
    value: MoneyView
    claim: MoneyView
    needs_second_person: bool
    plan_hash: str


class ApartDone(BaseModel):
    no: str


class ApartAct(BaseModel):
    """What was done with units that were set apart."""

    no: str
    act: QuarantineAct
    sku: str
    name: str
    lot: str
    place: str
    condition: str
    units: int
    value: MoneyView
    supplier: str
    claim: MoneyView
    reference: str
    reason: str
    actor: str
    at: datetime


class SupplierClaim(BaseModel):
    """What a supplier owes for goods that went back."""

    supplier: str
    name: str
    units: int
    claim: MoneyView


class ApartActs(BaseModel):
    items: list[ApartAct]
    claims: list[SupplierClaim]


@router.get("/quarantine")
async def list_apart(
    sessions: SessionsOf,
    q: Asked = "",
    location: Asked = "",
    condition: Literal["", "quarantine", "damaged", "refurbish", "scrap", "to_supplier"] = "",
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> ApartList:
    """Goods in quarantine, damaged or otherwise not good, with age, reason, place and value."""
    async with sessions.begin() as session:
        return await apart_page(session, q.strip(), location, condition, cursor, limit)


@router.get("/quarantine/acts")
async def acts(
    sessions: SessionsOf,
    act: Literal["", "release", "write_off", "to_supplier"] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> ApartActs:
    """What was done, the latest first, and what suppliers owe for what went back."""
    async with sessions.begin() as session:
        return await acts_view(session, act, limit)


@router.post("/quarantine/preview", responses=_ABSENT)
async def preview(body: ApartWish, context: Context, settings: SettingsOf) -> ApartPlanView:
    """What an act would do now, in units and money."""
    async with context.sessions.begin() as session:
        desk = Quarantine(session)
        row = await desk.one(body.apart)
        plan = await desk.plan(_wish(body, row.currency))
        return plan_view(plan, row.currency, settings)


@router.post("/quarantine/decisions", responses={**_ABSENT, **WAITS})
async def decide(body: ApartDecided, context: Context, settings: SettingsOf) -> ApartDone:
    """Do what was shown: 409 when it would do something else now.

    202 when so many units leave the books that a second person has to approve it.
    """
    try:
        return await _decided(body, context, settings)
    except TooMuchAlone:
        async with context.sessions.begin() as session:
            desk = Quarantine(session)
            row = await desk.one(body.apart)
            plan = await desk.plan(_wish(body, row.currency))
        await ask_another(
            context, settings, ApprovalKind.ADJUSTMENT, f"location/{body.location}",
            {"apart": body.model_dump(mode="json")}, body.reason,
            amount_minor=plan.value_minor, currency=row.currency, units=plan.units,
        )  # fmt: skip
        raise


async def _decided(body: ApartDecided, context: RequestContext, settings: Settings) -> ApartDone:
    async with context.sessions.begin() as session:
        desk = Quarantine(session, context.actor, context.request_id)
        row = await desk.one(body.apart)
        no = await desk.carry_out(_wish(body, row.currency), body.plan_hash)
        if body.act is not QuarantineAct.RELEASE:
            moved = [(body.sku, body.location, body.units)]
            await correct_alone(session, context, settings, f"quarantine/{no}", moved)
    return ApartDone(no=no)


async def apart_page(
    session: AsyncSession, q: str, location: str, condition: str, cursor: str, limit: int
) -> ApartList:
    """A page of the list, from behind the cursor on. Raises InvalidInput."""
    after = parts_of(cursor, 5) or ("", "", "", "", "")
    if condition not in ("", *SET_APART):
        raise InvalidInput("there is no such list")
    desk = Quarantine(session)
    rows = await desk.listed(q, location, condition, limit, after)
    items = [ApartView.of(row) for row in rows]
    last = items[-1] if len(items) == limit else None
    parts = (last.sku, last.location, last.lot, last.condition, last.owner) if last else ()
    sums = [
        ApartSum(
            condition=row.condition, units=row.units,
            value=MoneyView.of(row.value_minor, row.currency),
        )
        for row in await desk.sums(location)
    ]  # fmt: skip
    return ApartList(items=items, sums=sums, next_cursor=cursor_of(*parts) if parts else "")


async def acts_view(session: AsyncSession, act: str, limit: int) -> ApartActs:
    """The latest acts and what suppliers owe."""
    desk = Quarantine(session)
    names = ("no", "act", "sku", "name", "lot", "place", "condition", "units", "reference",
             "reason", "actor", "at")  # fmt: skip
    return ApartActs(
        items=[
            ApartAct(
                **{name: getattr(row, name) for name in names}, supplier=row.supplier_name,
                value=MoneyView.of(row.value_minor, row.currency),
                claim=MoneyView.of(row.claim_minor, row.currency),
            )
            for row in await desk.acts(act, limit)
        ],
        claims=[
            SupplierClaim(
                supplier=row.supplier, name=row.name, units=row.units,
                claim=MoneyView.of(row.claim_minor, row.currency),
            )
            for row in await desk.claims()
        ],
    )  # fmt: skip


def plan_view(plan: QuarantinePlan, currency: str, settings: Settings) -> ApartPlanView:
    """A plan as people and programs see it."""
    limit = settings.two_person_stock_units
    leaves = plan.act is not QuarantineAct.RELEASE
    return ApartPlanView(
        act=plan.act, units=plan.units, stay=plan.stay,
        value=MoneyView.of(plan.value_minor, currency),
        claim=MoneyView.of(plan.claim_minor, currency),
        needs_second_person=bool(limit and leaves and plan.units > limit), plan_hash=plan.hash,
    )  # fmt: skip


def _wish(body: ApartWish, currency: str) -> Wish:
    claim = None if body.claim is None else minor(body.claim, currency)
    wish = Wish(body.apart, body.act, body.units, "", body.why, body.supplier, claim)
    if not isinstance(body, ApartDecided):
        return wish
    return Wish(
        body.apart, body.act, body.units, body.reason, body.why, body.supplier, claim,
        body.reference, tuple(body.serials),
    )  # fmt: skip
