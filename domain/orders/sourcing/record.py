"""A question and its decision as they are stored, and how to decide again from what was stored."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from typing import Any

from domain.orders.sourcing.model import (
    Alternative,
    Candidate,
    Decision,
    Demand,
    Placement,
    Rejected,
    Strategy,
)
from domain.orders.sourcing.source import source
from domain.shared.freight import FreightTerms


@dataclass(frozen=True, slots=True)
class PriceLine:
    """What a contract line said at the time."""

    carrier: str
    product: str
    first_g: int
    first_minor: int
    step_g: int
    step_minor: int
    volumetric_divisor: int
    surcharge_minor: int
    minimum_minor: int


@dataclass(frozen=True, slots=True)
class Question:
    """What sourcing was asked."""

    demands: tuple[Demand, ...]
    candidates: tuple[Candidate, ...]
    strategy: Strategy
    max_parcels: int | None

    def decide(self) -> Decision:
        """The answer; the same question always gets the same one."""
        return source(self.demands, self.candidates, self.strategy, self.max_parcels)


def stored(question: Question) -> dict[str, Any]:
    """The question as plain values; places that have nothing of it matter only as the nearest.

    Price lines that several places share are written once.
    """
    skus = {demand.sku for demand in question.demands}
    tariffs: list[list[tuple[object, ...]]] = []
    number: dict[tuple[PriceLine, ...], int] = {}
    candidates = []
    for candidate in _that_matter(question.candidates, skus):
        lines = tuple(map(_price_line, candidate.freight))
        if lines not in number:
            number[lines] = len(tariffs)
            tariffs.append([astuple(line) for line in lines])
        candidates.append(
            {
                "location": candidate.location_id,
                "distance_km": candidate.distance_km,
                "priority": candidate.priority,
                "handling_minor": candidate.handling_minor,
                "per_unit_minor": candidate.per_unit_minor,
                "free": {s: candidate.free[s] for s in sorted(skus & candidate.free.keys())},
                "tariff": number[lines],
            }
        )
    return {
        "demands": [asdict(demand) for demand in question.demands],
        "candidates": candidates,
        "tariffs": tariffs,
        "strategy": str(question.strategy),
        "max_parcels": question.max_parcels,
    }


def question_of(inputs: Mapping[str, Any]) -> Question:
    """The question that was stored. Raises KeyError for records that lack it."""
    tariffs = [tuple(PriceLine(*line) for line in lines) for lines in inputs["tariffs"]]
    return Question(
        tuple(Demand(**demand) for demand in inputs["demands"]),
        tuple(
            Candidate(
                each["location"], each["distance_km"], each["priority"], each["handling_minor"],
                each["free"], tariffs[each["tariff"]], each["per_unit_minor"],
            )
            for each in inputs["candidates"]
        ),
        Strategy(inputs["strategy"]),
        inputs["max_parcels"],
    )  # fmt: skip


def decision_of(record: Mapping[str, Any]) -> Decision | None:
    """The decision that was stored; None where others were faster until nothing was decided."""
    if not record:
        return None
    return Decision(
        Strategy(record["strategy"]),
        tuple(
            Placement(**{**parcel, "lines": _triples(parcel["lines"])}) for parcel in record["plan"]
        ),
        record["total_minor"],
        _triples(record.get("missing", ())),
        record.get("over_parcel_cap", False),
        tuple(
            Alternative(
                tuple(other["location_ids"]), other["cost_minor"], Rejected(other["reason"]),
                other["by"], tuple(other["skus"]),
            )
            for other in record.get("alternatives", ())
        ),
        record.get("max_parcels"),
        record.get("proven", False),
    )  # fmt: skip


def comes_out_again(inputs: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """Whether deciding again from the stored question gives the stored decision."""
    return question_of(inputs).decide() == decision_of(record)


def _that_matter(candidates: Sequence[Candidate], skus: set[str]) -> list[Candidate]:
    nearest = min((c.distance_km for c in candidates), default=0.0)
    return [
        c for c in candidates
        if c.distance_km == nearest or any(c.free.get(sku, 0) > 0 for sku in skus)
    ]  # fmt: skip


def _price_line(terms: FreightTerms) -> PriceLine:
    return PriceLine(
        terms.carrier, terms.product, terms.first_g, terms.first_minor, terms.step_g,
        terms.step_minor, terms.volumetric_divisor, terms.surcharge_minor, terms.minimum_minor,
    )  # fmt: skip


def _triples(lines: Sequence[Sequence[Any]]) -> tuple[tuple[str, str, int], ...]:
    return tuple((line, sku, quantity) for line, sku, quantity in lines)
