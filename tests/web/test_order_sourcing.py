"""The order's page says why the order is sent from where it is."""

import json
from dataclasses import asdict

import pytest

from db.engine import Sessions
from domain.orders.sourcing.model import Candidate, Demand, Strategy
from domain.orders.sourcing.record import PriceLine, Question, stored
from tests.web.world import Person, change

NEAR = (PriceLine("sf", "2", 1000, 1200, 1000, 200, 0, 0, 0),)
FAR = (PriceLine("sf", "2", 1000, 1800, 1000, 500, 0, 0, 0),)


@pytest.mark.usefixtures("order")
async def test_the_choice_and_what_it_saved_are_told_in_plain_words(
    service: Person, sessions: Sessions
) -> None:
    assert "Why from here" not in (await service.get("/orders/O-1")).text
    question = Question(
        (Demand("1", "A", 2, 500),),
        (Candidate("HQ", 20, 1, 0, {"A": 5}, NEAR), Candidate("S1", 900, 2, 0, {"A": 5}, FAR)),
        Strategy.CHEAPEST,
        4,
    )
    await change(
        sessions,
        "INSERT INTO sourcing_decision (allocation_id, order_id, inputs, decision)"
        " VALUES ('ord_1:x:1', 'ord_1', CAST(:inputs AS jsonb), CAST(:decision AS jsonb))",
        inputs=json.dumps(stored(question)),
        decision=json.dumps(asdict(question.decide())),
    )

    page = (await service.get("/orders/O-1")).text

    for told in (
        "Why from here · Sent from HQ: freight and handling cost least, CN¥12.00.",
        "HQ × 2, 20 km away: CN¥12.00 with SF Express.",
        "Not from S1: CN¥6.00 dearer.",
    ):
        assert told in page


@pytest.mark.usefixtures("order")
async def test_an_order_that_others_overtook_says_so(service: Person, sessions: Sessions) -> None:
    inputs = json.dumps({"demands": [{"line_id": "1", "sku": "A", "quantity": 1}]})
    await change(
        sessions,
        "INSERT INTO sourcing_decision (allocation_id, order_id, inputs, decision)"
        " VALUES ('ord_1:x:1', 'ord_1', CAST(:inputs AS jsonb), '{}')",
        inputs=inputs,
    )
    assert "Other orders were faster each time" in (await service.get("/orders/O-1")).text
