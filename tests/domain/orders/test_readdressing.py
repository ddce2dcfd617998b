"""Another address: what stays is rated again, what its place does not serve goes from elsewhere."""

from dataclasses import replace
from datetime import date

import pytest

from domain.logistics.tariff import TariffRow
from domain.orders.companions import Piece
from domain.orders.order import ShipmentStatus
from domain.orders.readdressing import Bound, Box, Readdressable, plan_address
from domain.orders.sourcing.model import Candidate
from domain.shared.errors import ActionNotAllowed


def line(carrier: str, first_minor: int) -> TariffRow:
    return TariffRow(
        carrier, "2", "*", "*", 1000, first_minor, 500, 300, 0, 0, 0, "CNY", date(2020, 1, 1),
        date(2099, 1, 1),
    )  # fmt: skip


SF, ZTO = line("sf", 1200), line("zto", 900)
PIECE = Piece("l/A", "l", "A", 2, 500)
HERE = Bound(
    "1-1", "HQ", ShipmentStatus.PICKING, False, (PIECE,), (Box(1000, 0),), (SF, ZTO), (SF,),
    carrier="zto", product="2",
)  # fmt: skip
LABELLED = replace(
    HERE, no="1-2", status=ShipmentStatus.LABELLED, picked=True, packed=True, waybills=("W1",)
)
SOUTH = Candidate("SOUTH", 1.0, 0, 100, {"A": 2}, (SF,))


def order(*shipments: Bound, places: tuple[Candidate, ...] = (SOUTH,)) -> Readdressable:
    return Readdressable("1", "310104", True, shipments, places)


def test_what_stays_goes_with_who_is_cheapest_to_the_new_address() -> None:
    plan = plan_address(order(HERE, LABELLED))

    assert [(one.no, one.carrier_before, one.carrier_after) for one in plan.kept] == [
        ("1-1", "zto", "sf"), ("1-2", "zto", "sf"),
    ]  # fmt: skip
    assert [one.waybills for one in plan.kept] == [(), ("W1",)]
    assert (plan.freight_before_minor, plan.freight_after_minor) == (1800, 2400)
    assert (plan.given, plan.sent) == ((), ())


def test_a_box_whose_carrier_was_chosen_and_makes_no_label_yet_stays_with_it() -> None:
    """Its step waits for a person and is not taken back: only who cannot go there is replaced."""
    parked = replace(
        HERE, status=ShipmentStatus.PACKED, picked=True, packed=True, rated=True, after=(SF, ZTO),
        carrier="sf",
    )  # fmt: skip
    plan = plan_address(order(parked, replace(parked, no="1-2", carrier="jd")))

    assert [(one.no, one.carrier_after, one.after_minor) for one in plan.kept] == [
        ("1-1", "sf", 1200), ("1-2", "zto", 900),
    ]  # fmt: skip


def test_what_nobody_picked_goes_from_where_the_new_address_is_served() -> None:
    plan = plan_address(order(replace(HERE, after=())))

    assert [one.no for one in plan.given] == ["1-1"]
    [sent] = plan.sent
    assert (sent.location_id, sent.lines, sent.carrier) == ("SOUTH", (("l/A", "A", 2),), "sf")
    assert plan.freight_after_minor == 1300  # with its handling


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (replace(order(HERE), is_usable=False), "missing or incomplete"),
        (order(replace(LABELLED, after=())), "from where 1-2 is packed"),
        (order(replace(HERE, after=()), places=()), "no carrier of ours goes there"),
        (order(replace(HERE, after=()), places=(replace(SOUTH, free={"A": 1}),)), "has all of it"),
        (order(places=(replace(SOUTH, freight=()),)), "no carrier of ours goes there"),
    ],
)
def test_an_address_nobody_can_serve_is_refused(what: Readdressable, why: str) -> None:
    with pytest.raises(ActionNotAllowed, match=why):
        plan_address(what)


def test_where_no_tariff_was_ever_known_the_shipment_stays() -> None:
    plan = plan_address(order(replace(HERE, before=(), after=())))

    assert [one.no for one in plan.kept] == ["1-1"]


def test_a_closed_box_with_goods_of_others_is_opened() -> None:
    plan = plan_address(order(replace(LABELLED, others=("2",))))

    assert [(one.no, one.opened, one.waybills) for one in plan.given] == [("1-2", True, ("W1",))]
    assert plan.sent == ()
