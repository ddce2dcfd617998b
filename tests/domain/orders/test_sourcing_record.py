"""What is stored of a decision is enough to make it again."""

import json
from dataclasses import asdict, replace

from hypothesis import given

from domain.orders.sourcing.model import Candidate, Demand, Strategy
from domain.orders.sourcing.record import (
    Question,
    comes_out_again,
    decision_of,
    question_of,
    stored,
)
from tests.domain.orders.sourcing_cases import STRATEGIES, networks, orders


@given(orders(), networks(), STRATEGIES)
def test_a_decision_comes_out_again_after_a_trip_through_json(
    demands: list[Demand], candidates: list[Candidate], strategy: Strategy
) -> None:
    question = Question(tuple(demands), tuple(candidates), strategy, 2)
    decision = question.decide()
    inputs = json.loads(json.dumps(stored(question)))
    record = json.loads(json.dumps(asdict(decision)))
    assert decision_of(record) == decision
    assert comes_out_again(inputs, record)


def test_places_without_any_of_it_are_kept_only_when_nearest_and_prices_are_kept_once() -> None:
    empty = Candidate("far", 900, 1, 0, {"A": 0, "B": 7})
    question = Question(
        (Demand("1", "A", 2),),
        (
            empty,
            replace(empty, location_id="near", distance_km=5),
            Candidate("has", 50, 1, 0, {"A": 2}),
        ),
        Strategy.NEAREST,
        None,
    )
    inputs = stored(question)
    assert [c["location"] for c in inputs["candidates"]] == ["near", "has"]
    assert inputs["candidates"][0]["free"] == {"A": 0}
    assert inputs["tariffs"] == [[]]
    assert question_of(inputs).decide() == question.decide()
    assert [other.location_ids for other in question.decide().alternatives] == [("near",)]


def test_where_nothing_was_decided_there_is_no_decision() -> None:
    assert decision_of({}) is None
