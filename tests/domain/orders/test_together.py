"""Which orders go in one parcel, what splits off, and that no unit is lost or doubled by it."""

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.logistics.tariff import TariffRow
from domain.orders.companions import Companion, Piece, Waiting, hindrance
from domain.orders.merging import plan_merge, plan_parting
from domain.orders.order import HoldKind, OrderStatus, ShipmentStatus
from domain.orders.sourcing.model import Candidate
from domain.orders.splitting import Dividable, plan_split
from domain.shared.address import (
    Address,
    Contact,
    MaskedReceiver,
    as_compared,
    masked_as_compared,
)
from domain.shared.errors import ActionNotAllowed

TARIFF = TariffRow(
    "sf", "2", "*", "*", 1000, 1200, 500, 300, 0, 0, 0, "CNY",
    date(2020, 1, 1), date(2099, 1, 1),
)  # fmt: skip


def place(name: str, free: dict[str, int] | None = None, handling: int = 0) -> Candidate:
    return Candidate(name, 1.0, 0, handling, free or {}, (TARIFF,))


def order(no: str, *units: int, at: str = "HQ", status: str = "picking") -> Companion:
    pieces = tuple(
        Piece(f"{no}.{n}/A{n}", f"{no}.{n}", f"A{n}", quantity, 500)
        for n, quantity in enumerate(units, 1)
    )
    one = Waiting(f"{no}-1", no, at, ShipmentStatus(status), pieces)
    return Companion(no, no, "mini", "b", "same", OrderStatus.IN_FULFILMENT, shipments=(one,))


def test_two_parcels_become_one_and_the_difference_is_saved() -> None:
    plan = plan_merge([order("1", 2), order("2", 2)], [place("HQ", handling=100)])

    assert (plan.parcels_before, plan.parcels_after) == (2, 1)
    assert (plan.freight_before_minor, plan.freight_after_minor) == (2600, 1900)
    assert plan.saved_minor == 700
    assert plan.lead == "1-1"
    assert plan.riders == ("2-1",)


def test_the_place_must_have_free_what_does_not_lie_there_for_them() -> None:
    both = [order("1", 2), order("2", 3, at="SOUTH")]

    assert plan_merge(both, [place("HQ", {"A1": 3}), place("SOUTH")]).moved == ("2-1",)
    assert plan_merge(both, [place("HQ", {"A1": 2}), place("SOUTH", {"A1": 2})]).moved == ("1-1",)
    with pytest.raises(ActionNotAllowed, match="no place has all of it"):
        plan_merge(both, [place("HQ", {"A1": 2}), place("SOUTH", {"A1": 1})])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"cash_on_delivery": True}, "paid on delivery"),
        ({"receiver": ""}, "only the platform knows"),
        ({"holds": (HoldKind.PRESALE,)}, "before it is in stock"),
        ({"holds": (HoldKind.RISK,)}, "is held: risk"),
        ({"rest_to_come": True}, "waits for stock"),
        ({"has_left": True}, "has left already"),
        ({"status": OrderStatus.CANCELLED}, "is cancelled"),
        ({"shipments": ()}, "nothing of order 2 is planned yet"),
        ({"receiver": "other"}, "goes to somebody else"),
        ({"buyer": "c"}, "is of another buyer"),
    ],
)
def test_an_order_that_may_not_go_with_others_says_why(change: dict[str, object], why: str) -> None:
    other = replace(order("2", 1), **change)  # type: ignore[arg-type]
    with pytest.raises(ActionNotAllowed, match=why):
        plan_merge([order("1", 1), other], [place("HQ")])


def test_what_was_picked_does_not_move_any_more() -> None:
    picked = order("2", 1)
    picked = replace(picked, shipments=(replace(picked.shipments[0], picked=True),))
    assert hindrance(picked) == "order 2 is being picked"


def test_orders_of_other_shops_go_together_whatever_their_buyers_are_called() -> None:
    other = replace(order("2", 1), shop_id="tmall", buyer="c")
    assert plan_merge([order("1", 1), other], [place("HQ")]).parcels_after == 1


def test_parted_orders_make_a_parcel_each_and_a_closed_box_is_opened() -> None:
    one, two, three = (order(no, 1) for no in "123")
    boxed = [
        replace(o, shipments=tuple(replace(s, box="1-1") for s in o.shipments))
        for o in (one, two, three)
    ]
    plan = plan_parting(boxed, [place("HQ")])
    assert (plan.parcels_before, plan.parcels_after, plan.closed) == (1, 2, False)
    packed = [
        replace(o, shipments=tuple(replace(s, picked=True, packed=True) for s in o.shipments))
        for o in boxed
    ]
    plan = plan_parting(packed, [place("HQ")])
    assert (plan.parcels_after, plan.closed) == (3, True)


FACTORS = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 6)), min_size=1, max_size=4)


@given(lines=FACTORS, data=st.data())
def test_a_split_takes_whole_units_of_lines_and_loses_none(
    lines: list[tuple[int, int]], data: st.DataObject
) -> None:
    """However units lie in shipments: what goes now and what stays is what there was."""
    shipments, factors, there = [], {}, Counter[str]()
    for number in range(data.draw(st.integers(1, 3))):
        pieces = []
        for n, (factor, quantity) in enumerate(lines, 1):
            units = data.draw(st.integers(0, quantity)) * factor
            factors[f"o.{n}/A"] = factor
            there[f"o.{n}"] += units // factor
            if units:
                pieces.append(Piece(f"o.{n}/A", f"o.{n}", "A", units, 500))
        if pieces:
            shipments.append(
                Waiting(f"o-{number}", "o", "HQ", ShipmentStatus.ALLOCATED, tuple(pieces))
            )
    mine = replace(order("o", 1), shipments=tuple(shipments))
    wanted = {line: data.draw(st.integers(0, units + 1)) for line, units in there.items()}
    what = Dividable(mine, factors, 1, (place("HQ"),))
    total = sum(p.quantity for s in shipments for p in s.pieces)
    asked = sum(units * lines[int(line[2:]) - 1][0] for line, units in wanted.items())

    if any(units > there[line] for line, units in wanted.items()) or not asked:
        with pytest.raises(ActionNotAllowed):
            plan_split(what, wanted)
        return
    plan = plan_split(what, wanted)

    taken = Counter[str]()
    for part in plan.parts:
        one = next(s for s in shipments if s.no == part.shipment_no)
        for line, _, units in part.lines:
            held = next(p.quantity for p in one.pieces if p.line_id == line)
            assert 0 < units <= held
            taken[line] += units
        assert part.whole == (sum(u for *_, u in part.lines) == sum(p.quantity for p in one.pieces))
    assert sum(taken.values()) == plan.units_now == asked
    assert plan.units_now + plan.units_later == total


def test_a_split_that_leaves_nothing_behind_is_none() -> None:
    what = Dividable(order("o", 2), {"o.1/A1": 1}, 0, (place("HQ"),))
    with pytest.raises(ActionNotAllowed, match="nothing would stay behind"):
        plan_split(what, {"o.1": 2})
    assert plan_split(replace(what, awaited=3), {"o.1": 2}).parts[0].whole


def test_receivers_are_compared_without_what_people_write_differently() -> None:
    one = Contact("王 小明", "+86 138-0000-0001", Address("CN", "浙江省", "杭州市", "余杭区",
                                                      "文一西路 969 号"))  # fmt: skip
    two = Contact("王小明", "13800000001", Address("CN", "浙江省", "杭州市", "余杭区",
                                                 "文一西路９６９号"))  # fmt: skip
    assert as_compared(one) == as_compared(two)
    assert as_compared(one) != as_compared(replace(two, phone="13800000002"))
    other = replace(two, address=replace(two.address, detail="文一西路 996 号"))
    assert as_compared(one) != as_compared(other)


def ready(one: Companion) -> Companion:
    return replace(
        one, shipments=tuple(replace(s, picked=True, booked=True) for s in one.shipments)
    )


def test_what_is_picked_goes_in_one_box_where_it_stands_until_somebody_closes_one() -> None:
    both = [ready(order("1", 2)), ready(order("2", 3))]

    plan = plan_merge(both, [place("HQ"), place("SOUTH", {"A1": 9})])

    assert (plan.location_id, plan.moved, plan.picked) == ("HQ", (), True)
    with pytest.raises(ActionNotAllowed, match="picked at different places"):
        plan_merge([both[0], ready(order("2", 3, at="SOUTH"))], [place("HQ"), place("SOUTH")])
    with pytest.raises(ActionNotAllowed, match="one is picked, the other is not"):
        plan_merge([both[0], order("2", 3)], [place("HQ")])
    closed = replace(both[1], shipments=(replace(both[1].shipments[0], packed=True),))
    assert hindrance(closed) == "order 2 is packed already"


def test_a_hidden_receiver_is_compared_by_what_his_platform_says_and_nothing_else() -> None:
    place_ = Address(province="浙江省", city="杭州市", detail="文一西路***")
    one = MaskedReceiver("oaid-1", "王**", "*******0001", place_)

    assert masked_as_compared(one, "b") == masked_as_compared(replace(one, oaid="oaid-2"), "b")
    assert masked_as_compared(one, "b") != masked_as_compared(one, "c")
    assert masked_as_compared(one, "b") != masked_as_compared(replace(one, name_mask="李*"), "b")
    other = replace(one, address=replace(place_, detail="文二路***"))
    assert masked_as_compared(one, "b") != masked_as_compared(other, "b")
    assert masked_as_compared(one, "") == masked_as_compared(replace(other, name_mask=""), "")
    assert masked_as_compared(replace(one, oaid=""), "") == ""
