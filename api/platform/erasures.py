"""Erasing a person: first it is shown which orders that would be, then it is done, for good."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from api.deps import Context, SessionsOf, VaultOf
from api.strict import Code, Line, Reason, StrictBody
from db.ids import new_id
from db.platform.audit import audit
from db.shared.erasing import Erasure, erase_person, plan_erasure
from domain.shared.errors import InvalidInput

router = APIRouter(tags=["privacy"])


class Whom(StrictBody):
    """By phone, in any form, or by an order of the person: one of them."""

    phone: Line | None = None
    order_no: Code | None = None

    @property
    def known_by(self) -> dict[str, str]:
        """As it is asked for. Raises InvalidInput unless it is one of them."""
        if (self.phone is None) == (self.order_no is None):
            raise InvalidInput("either a phone or an order number")
        return {"phone": self.phone or "", "order_no": self.order_no or ""}


class Erasing(Whom):
    """`plan` is what the plan was answered with: nothing else is erased than was shown."""

    plan: Code
    reason: Reason


class OrderToErase(StrictBody):
    no: str
    status: str
    placed_at: datetime | None
    open: bool = Field(description="not over yet; as long as one is, nobody is erased")


class ErasurePlan(StrictBody):
    """Which orders would no longer know their people."""

    plan: str
    orders: list[OrderToErase]
    customers: list[str] = Field(description="numbers in the customer book")

    @classmethod
    def of(cls, found: Erasure) -> "ErasurePlan":
        orders = [
            OrderToErase(no=o.no, status=o.status, placed_at=o.placed_at, open=o.is_open)
            for o in found.orders
        ]
        return cls(plan=found.plan, orders=orders, customers=list(found.customers))


class Erased(StrictBody):
    """How many orders no longer know their people."""

    erasure_id: str
    orders: int


@router.post("/erasures/plan")
async def plan(body: Whom, sessions: SessionsOf, vault: VaultOf) -> ErasurePlan:
    """Which orders it would be; nothing happens yet."""
    async with sessions.begin() as session:
        return ErasurePlan.of(await plan_erasure(session, vault, **body.known_by))


@router.post("/erasures")
async def erase(body: Erasing, context: Context) -> Erased:
    """Destroy the keys of these orders. It cannot be taken back; refused while one is open."""
    erasure_id = new_id("era")
    async with context.sessions.begin() as session:
        found = await plan_erasure(session, context.vault, **body.known_by)
        ids = await erase_person(session, found, body.plan)
        await audit(
            session, context.actor, "person.erased", f"erasure/{erasure_id}",
            reason=body.reason, after={"orders": ids}, request_id=context.request_id,
        )  # fmt: skip
    return Erased(erasure_id=erasure_id, orders=len(ids))
