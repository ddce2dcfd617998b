"""Decisions about where orders are sent from, as programs and pages read them."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel

from api.orders.money import MoneyView
from api.orders.sourcing_words import tell
from db.orders import sourcing
from db.orders.sourcing import Names
from domain.orders.sourcing.model import Decision, Rejected, Strategy
from domain.orders.sourcing.record import comes_out_again
from domain.shared.money import COMPANY_CURRENCY


class PlaceView(BaseModel):
    """A location."""

    location: str
    name: str


class PlacedLine(BaseModel):
    """Units of one line; `line` is the line that is fulfilled."""

    line: str
    sku: str
    quantity: int


class PlannedParcel(BaseModel):
    """What one location sends; the carrier is the cheapest by the tariffs of that moment."""

    location: str
    name: str
    lines: list[PlacedLine]
    cost: MoneyView
    distance_m: int
    carrier: str
    product: str


class RejectedPlan(BaseModel):
    """A plan that was not taken. `extra` says how much dearer, `extra_m` how much farther it is."""

    locations: list[PlaceView]
    reason: Rejected
    cost: MoneyView | None
    extra: MoneyView | None
    extra_m: int | None
    lacking: list[str]


class DecisionView(BaseModel):
    """The plan, what is missing, what was rejected, and the same in words.

    `proven`: no plan is better under the strategy. `over_parcel_cap`: some of what is missing is in
    stock, only the cap on parcels keeps it there.
    """

    strategy: Strategy
    max_parcels: int | None
    total: MoneyView
    proven: bool
    over_parcel_cap: bool
    parcels: list[PlannedParcel]
    missing: list[PlacedLine]
    alternatives: list[RejectedPlan]

    @classmethod
    def of(cls, decision: Decision, names: Names) -> Self:
        return cls(
            strategy=decision.strategy,
            max_parcels=decision.max_parcels,
            total=_money(decision.total_minor),
            proven=decision.proven,
            over_parcel_cap=decision.over_parcel_cap,
            parcels=[
                PlannedParcel(
                    location=parcel.location_id,
                    name=names.places.get(parcel.location_id, parcel.location_id),
                    lines=_lines(parcel.lines),
                    cost=_money(parcel.cost_minor),
                    distance_m=parcel.distance_m,
                    carrier=parcel.carrier,
                    product=parcel.product,
                )
                for parcel in decision.plan
            ],
            missing=_lines(decision.missing),
            alternatives=[
                RejectedPlan(
                    locations=[
                        PlaceView(location=place, name=names.places.get(place, place))
                        for place in other.location_ids
                    ],
                    reason=other.reason,
                    cost=None if other.cost_minor is None else _money(other.cost_minor),
                    extra=_money(other.by) if other.reason is Rejected.DEARER else None,
                    extra_m=other.by if other.reason is Rejected.FARTHER else None,
                    lacking=list(other.skus),
                )
                for other in decision.alternatives
            ],
        )


class Explained(BaseModel):
    """One decision. `words` are in the language of the caller; `question` is what was known then.

    No decision: other orders were faster each time. `comes_out_again`: deciding again from the
    stored question gives the stored decision; null where the question was not stored.
    """

    at: datetime
    decision: DecisionView | None
    words: list[str]
    question: dict[str, Any]
    comes_out_again: bool | None


class Sourcing(BaseModel):
    """All decisions about an order, the latest first; each placed what was open then."""

    decisions: list[Explained]


class DryRun(BaseModel):
    """What would be decided now; nothing is reserved. `line` counts the lines of the request."""

    decision: DecisionView
    words: list[str]
    question: dict[str, Any]


async def explained(sessions: Any, no: str, language: str) -> Sourcing:
    """All decisions about an order for readers of this language. Raises OrderNotFound."""
    async with sessions.begin() as session:
        decided = await sourcing.decisions_of(session, no)
        names = await sourcing.names_in(session, [d.decision for d in decided if d.decision])
    return Sourcing(
        decisions=[
            Explained(
                at=each.at,
                decision=DecisionView.of(each.decision, names) if each.decision else None,
                words=tell(each.decision, names, COMPANY_CURRENCY, language).words,
                question=dict(each.inputs),
                comes_out_again=_again(each),
            )
            for each in decided
        ]
    )


def _again(decided: sourcing.Decided) -> bool | None:
    if "candidates" not in decided.inputs or decided.decision is None:
        return None
    return comes_out_again(decided.inputs, decided.record)


def _money(minor: int) -> MoneyView:
    return MoneyView.of(minor, COMPANY_CURRENCY)


def _lines(lines: tuple[tuple[str, str, int], ...]) -> list[PlacedLine]:
    return [PlacedLine(line=line, sku=sku, quantity=q) for line, sku, q in lines]
