"""The table of what a channel may still change, in code and on paper."""

from pathlib import Path

import pytest

from domain.orders.changes import TABLE, Change, Response, Stage, stage_of
from domain.orders.order import ShipmentStatus as S

PAGE = Path(__file__).parents[3] / "docs" / "changes.md"
_PEOPLE = "# What people may change"


def test_the_page_and_the_code_say_the_same() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.read_text("utf-8").partition(_PEOPLE)[0].splitlines()
        if line.startswith("|") and "---" not in line
    ]
    stages = [Stage(cell) for cell in rows[0][1:]]
    told = {
        Change(row[0]): dict(zip(stages, map(Response, row[1:]), strict=True)) for row in rows[1:]
    }

    assert told == TABLE
    assert set(TABLE) == set(Change)
    assert all(set(row) == set(Stage) for row in TABLE.values())


@pytest.mark.parametrize(
    ("shipments", "rest", "stage"),
    [
        ((), True, Stage.PLANNED),
        ((S.ALLOCATED, S.ALLOCATED), False, Stage.PLANNED),
        ((S.CANCELLED,), True, Stage.PLANNED),
        ((S.ALLOCATED, S.PICKING), False, Stage.IN_HAND),
        ((S.PACKED,), False, Stage.IN_HAND),
        ((S.PACKED, S.LABELLED), False, Stage.LABELLED),
        ((S.LABELLED, S.IN_TRANSIT), False, Stage.LABELLED),
        ((S.ALLOCATED, S.HANDED_OVER), False, Stage.IN_HAND),
        ((S.DELIVERED,), True, Stage.IN_HAND),
        ((S.DELIVERED, S.CANCELLED), False, Stage.LEFT),
        ((S.HANDED_OVER, S.EXCEPTION), False, Stage.LEFT),
    ],
)
def test_how_far_an_order_is(shipments: tuple[S, ...], rest: bool, stage: Stage) -> None:
    assert stage_of(shipments, rest_to_send=rest) is stage
