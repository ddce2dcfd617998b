"""What is said about returns over the API."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy.engine import Row

from api.orders.money import MoneyView, RefundView
from api.strict import Code, Count, Reason, SafeStr, StrictBody, Sum, Switch
from db.orders.return_queries import (
    ReturnDetail,
)
from domain.orders.returns.model import Disposition, Remedy, ReturnKind, ReturnReason
from domain.orders.returns.plan import ReturnAction, ReturnPlan


class AskedLine(StrictBody):
    """Base units of one line of `returnable`."""

    line_id: Code
    quantity: Count


class WantedGoods(StrictBody):
    """Goods that are sent instead. Without `price`, what one unit costs the buyer, it is what the
    SKU is sold for; lower prices are goodwill."""

    sku: Code
    quantity: Count
    price: Sum | None = None


class ReturnRequest(StrictBody):
    """kind: return (goods back, then money) | refund_only (money alone) | came_back (on its way
    to us undelivered). remedy: refund | exchange (the same goods anew once these are here, or the
    `wanted` ones, and whoever owes the difference pays it) | resend (anew, nothing comes back).
    `goodwill` is a sum beside the lines, in the order's currency."""

    kind: ReturnKind
    reason: ReturnReason
    lines: list[AskedLine] = Field(default_factory=list, max_length=1000)
    goodwill: Sum = "0"
    remark: SafeStr = ""
    remedy: Remedy = Remedy.REFUND
    wanted: list[WantedGoods] = Field(default_factory=list, max_length=50)


class Opened(StrictBody):
    return_no: str


class Decided(StrictBody):
    """Confirms the plan that was shown. `freight` null = postage goes back as the reason says."""

    action: ReturnAction
    plan_hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    reason: SafeStr = ""
    freight: Switch | None = None
    deduction: Sum = "0"
    goodwill: Sum = "0"


class ParcelSent(StrictBody):
    carrier: SafeStr = ""
    waybill_no: Code


class Said(StrictBody):
    text: Reason


class CountedLine(StrictBody):
    """Units of a line, of the lot that stands on them."""

    line_id: Code
    quantity: Count
    lot: SafeStr = ""


class ReturnReceipt(StrictBody):
    """What is really in the parcel; it lies in quarantine at the location."""

    location: Code
    lines: list[CountedLine] = Field(min_length=1, max_length=1000)


class InspectedLine(StrictBody):
    """What becomes of units. Without a location they stay where they were received; without a lot
    they keep theirs: units of a SKU that asks for lots are for sale again with one only. Of a SKU
    that asks for serial numbers each accepted unit is named by its own, which must have been sent
    with the order."""

    line_id: Code
    quantity: Count
    disposition: Disposition
    location: SafeStr = ""
    lot: SafeStr | None = None
    note: SafeStr = ""
    serials: list[Annotated[SafeStr, Field(min_length=1, max_length=40)]] = Field(
        default=[], max_length=1000
    )


class Inspection(StrictBody):
    """`damaged_on_the_way`: what is not for sale again is claimed from the carrier."""

    damaged_on_the_way: Switch = False
    lines: list[InspectedLine] = Field(min_length=1, max_length=1000)


class ReturnableLine(StrictBody):
    """Units that were sent, and how many of them can still come back."""

    line_id: str
    sku: str
    title: str
    sent: int
    in_returns: int
    can_come_back: int

    @classmethod
    def of(cls, row: Row[Any]) -> "ReturnableLine":
        return cls(
            line_id=row.id, sku=row.sku, title=row.title or row.name, sent=row.sent,
            in_returns=row.returned_quantity, can_come_back=row.left_over,
        )  # fmt: skip


class ReturnSummary(StrictBody):
    """status: requested | approved | in_transit | received | inspected | refunding | closed.
    `due_at` is until when the next act is owed; it stands still while `waits_for` is
    buyer_answer."""

    return_no: str
    order_no: str
    kind: str
    origin: str
    reason: str
    status: str
    waits_for: str
    outcome: str
    due_at: datetime | None
    created_at: datetime
    closed_at: datetime | None
    carrier: str
    waybill_no: str
    refund: MoneyView

    @classmethod
    def of(cls, row: Row[Any]) -> "ReturnSummary":
        return cls.model_validate(_summary(row, row.refund_minor))


class ReturnLine(StrictBody):
    """`lots` are those that were sent. `lacks_lot`: units came in without the lot that their SKU
    asks for; it is said when they are looked at."""

    line_id: str
    sku: str
    title: str
    asked: int
    received: int
    inspected: int
    accepted: int
    refunded: int
    refund: MoneyView
    lots: list[str]
    lacks_lot: bool
    asks_serial: bool
    serials: list[str]  # units that were sent and are not back


class InspectionView(StrictBody):
    """What became of units of a line; one that was taken back says why."""

    inspection_id: str
    line_id: str
    quantity: int
    disposition: str
    location: str
    lot: str
    note: str
    at: datetime
    can_be_undone: bool
    undo_reason: str | None

    @classmethod
    def of(cls, row: Row[Any]) -> "InspectionView":
        return cls(
            inspection_id=row.id, line_id=row.fulfilment_line_id, quantity=row.quantity,
            disposition=row.disposition, location=row.location_id, lot=row.lot, note=row.note,
            at=row.at, can_be_undone=row.can_be_undone, undo_reason=row.undo_reason,
        )  # fmt: skip


class InsteadLine(StrictBody):
    """`price` is what one unit costs the buyer."""

    sku: str
    title: str
    quantity: int
    price: MoneyView


class ReturnView(ReturnSummary):
    doubts: list[str]
    remark: str
    question: str
    decision: str
    decided_by: str
    lines: list[ReturnLine]
    inspections: list[InspectionView]
    instead: list[InsteadLine]  # what the buyer gets for them, in an exchange for other goods
    refunds: list[RefundView]

    @classmethod
    def whole(cls, detail: ReturnDetail) -> "ReturnView":
        row = detail.row
        paid = sum(one.refund_minor for one in detail.settlements)
        lines = [
            ReturnLine(
                line_id=line.fulfilment_line_id, sku=line.sku, title=line.title or line.name,
                asked=line.quantity, received=line.received_quantity,
                inspected=line.inspected_quantity, accepted=line.accepted_quantity,
                refunded=line.refunded_quantity,
                refund=MoneyView.of(line.refund_minor, row.currency),
                lots=line.lots or [], lacks_lot=line.lacks_lot,
                asks_serial=line.tracks_serials, serials=line.serials,
            )
            for line in detail.lines
        ]  # fmt: skip
        instead = [
            InsteadLine(
                sku=one.sku, title=name, quantity=one.quantity,
                price=MoneyView.of(one.unit_minor, row.currency),
            )
            for one, name in detail.wanted
        ]  # fmt: skip
        told = {name: getattr(row, name) for name in ("remark", "question", "decision")}
        return cls.model_validate(
            {
                **_summary(row, paid), **told, "doubts": row.doubts, "decided_by": row.decided_by,
                "lines": lines, "instead": instead,
                "inspections": [InspectionView.of(one) for one in detail.inspections],
                "refunds": [RefundView.of(one) for one in detail.refunds],
            }
        )  # fmt: skip


class EffectView(StrictBody):
    """kind: expect_goods | goods_stay | goods_accepted | goods_refused | pay_goods | pay_postage |
    pay_less | pay_goodwill | pays_provider | pays_channel | pays_person | pays_nothing |
    send_anew | send_other | pays_new_goods | collect | let_go."""

    kind: str
    subject: str
    quantity: int
    amount: MoneyView | None
    amount_minor: int = Field(exclude=True)


class ReturnPlanView(StrictBody):
    """What the decision would do now; `plan_hash` confirms exactly this."""

    plan_hash: str
    action: str
    refund: MoneyView
    effects: list[EffectView]

    @classmethod
    def of(cls, plan: ReturnPlan) -> "ReturnPlanView":
        effects = [
            EffectView(
                kind=one.kind, subject=one.subject, quantity=one.quantity,
                amount_minor=one.amount_minor,
                amount=MoneyView.of(one.amount_minor, plan.currency) if one.amount_minor else None,
            )
            for one in plan.effects
        ]  # fmt: skip
        return cls(
            plan_hash=plan.hash, action=plan.action,
            refund=MoneyView.of(plan.refund_minor, plan.currency), effects=effects,
        )  # fmt: skip


def _summary(row: Row[Any], refund_minor: int) -> dict[str, Any]:
    names = (
        "return_no", "order_no", "kind", "origin", "reason", "status", "waits_for", "outcome",
        "due_at", "created_at", "closed_at", "carrier", "waybill_no",
    )  # fmt: skip
    told = {name: getattr(row, name) for name in names}
    return {**told, "refund": MoneyView.of(refund_minor, row.currency)}
