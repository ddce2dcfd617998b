"""What is said about claims against carriers over the API."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy.engine import Row

from api.orders.money import MoneyView
from api.strict import Code, Count, Day, SafeStr, StrictBody, Sum
from db.logistics.claim_queries import ClaimDetail
from domain.logistics.claim_plan import ClaimAction, ClaimPlan
from domain.logistics.claims import ClaimKind


class ClaimedUnits(StrictBody):
    """Base units of one line of the order."""

    line_id: Code
    quantity: Count


class ClaimRequest(StrictBody):
    """kind: lost | damaged. Without `lines` everything in the parcel is claimed."""

    kind: ClaimKind
    remark: SafeStr = ""
    lines: list[ClaimedUnits] = Field(default_factory=list, max_length=1000)


class ClaimOpened(StrictBody):
    """`opened` is false where the parcel had its claim already."""

    claim_no: str
    opened: bool


class ClaimDecided(StrictBody):
    """Confirms the plan that was shown. action: file | accept | refuse | pay | write_off |
    settle_found. `amount` "0" = all of it; `on` is the day it was filed, answered or paid;
    `reference` the carrier's number of the claim, or the number of the payment."""

    action: ClaimAction
    plan_hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    amount: Sum = "0"
    on: Day | None = None
    reference: SafeStr = ""
    reason: SafeStr = ""


class ClaimSummary(StrictBody):
    """status: opened | filed | accepted | refused | closed. waits_for: filing | answer | money |
    decision | rest | found. outcome: paid | written_off | found. `file_by` is the carrier's time
    limit."""

    claim_no: str
    order_no: str
    carrier: str
    waybill_no: str
    kind: str
    origin: str
    status: str
    waits_for: str
    outcome: str
    claimed: MoneyView
    accepted: MoneyView
    received: MoneyView
    written_off: MoneyView
    file_by: datetime
    due_at: datetime | None
    created_at: datetime
    closed_at: datetime | None

    @classmethod
    def of(cls, row: Row[Any]) -> "ClaimSummary":
        return cls.model_validate(_summary(row))


class ClaimLine(StrictBody):
    line_id: str
    sku: str
    title: str
    units: int
    value: MoneyView


class ClaimMoneyView(StrictBody):
    """kind: accepted | received | written_off; less than nothing takes an earlier line back."""

    kind: str
    amount: MoneyView
    reference: str
    on: date
    actor: str


class ClaimView(ClaimSummary):
    """basis: cost | sales, at which the goods are valued. `ceiling` is the most the carrier answers
    for; limited_by: insured | limit | freight."""

    parcel_id: str
    return_no: str
    basis: str
    goods: MoneyView
    freight: MoneyView
    ceiling: MoneyView | None
    limited_by: str
    carrier_ref: str
    filed_on: date | None
    answer: str
    answer_reason: str
    found_at: datetime | None
    ended_reason: str
    ended_by: str
    reminders: int
    lines: list[ClaimLine]
    money: list[ClaimMoneyView]

    @classmethod
    def whole(cls, detail: ClaimDetail) -> "ClaimView":
        row = detail.row
        names = (
            "parcel_id", "return_no", "basis", "limited_by", "carrier_ref", "filed_on", "answer",
            "answer_reason", "found_at", "ended_reason", "ended_by", "reminders",
        )  # fmt: skip
        ceiling = row.ceiling_minor
        return cls.model_validate(
            {
                **_summary(row), **{name: getattr(row, name) for name in names},
                "goods": MoneyView.of(row.goods_minor, row.currency),
                "freight": MoneyView.of(row.freight_minor, row.currency),
                "ceiling": None if ceiling is None else MoneyView.of(ceiling, row.currency),
                "lines": [
                    ClaimLine(
                        line_id=line.fulfilment_line_id, sku=line.sku,
                        title=line.title or line.name, units=line.units,
                        value=MoneyView.of(line.value_minor, row.currency),
                    )
                    for line in detail.lines
                ],
                "money": [
                    ClaimMoneyView(
                        kind=one.kind, amount=MoneyView.of(one.amount_minor, row.currency),
                        reference=one.reference, on=one.value_on, actor=one.actor,
                    )
                    for one in detail.money
                ],
            }
        )  # fmt: skip


class ClaimEffectView(StrictBody):
    """kind: asks_carrier | asks_less | carrier_owes | not_accepted | owes_no_more | money_in |
    still_owed | gives_up | keeps | pays_back | closes."""

    kind: str
    amount: MoneyView | None
    amount_minor: int = Field(exclude=True)


class ClaimPlanView(StrictBody):
    """What the decision would do now; `plan_hash` confirms exactly this."""

    plan_hash: str
    action: str
    effects: list[ClaimEffectView]

    @classmethod
    def of(cls, plan: ClaimPlan, currency: str) -> "ClaimPlanView":
        effects = [
            ClaimEffectView(
                kind=one.kind, amount_minor=one.amount_minor,
                amount=MoneyView.of(one.amount_minor, currency) if one.amount_minor else None,
            )
            for one in plan.effects
        ]  # fmt: skip
        return cls(plan_hash=plan.hash, action=plan.action, effects=effects)


class CarrierSums(StrictBody):
    """What a carrier was claimed for, in one currency. `pending` is open and not decided, `owed`
    what it accepted and has not paid."""

    carrier: str
    name: str
    open: int
    pending: MoneyView
    owed: MoneyView
    received: MoneyView
    written_off: MoneyView
    oldest: datetime | None

    @classmethod
    def of(cls, row: Row[Any]) -> "CarrierSums":
        sums = {
            name: MoneyView.of(getattr(row, f"{name}_minor"), row.currency)
            for name in ("pending", "owed", "received", "written_off")
        }
        return cls(carrier=row.carrier, name=row.name, open=row.open, oldest=row.oldest, **sums)


def _summary(row: Row[Any]) -> dict[str, Any]:
    names = (
        "claim_no", "order_no", "carrier", "waybill_no", "kind", "origin", "status", "waits_for",
        "outcome", "file_by", "due_at", "created_at", "closed_at",
    )  # fmt: skip
    sums = ("claimed", "accepted", "received", "written_off")
    return {name: getattr(row, name) for name in names} | {
        name: MoneyView.of(getattr(row, f"{name}_minor"), row.currency) for name in sums
    }
