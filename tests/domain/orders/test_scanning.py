"""Scans add up to the same whatever order they come in and however often they are sent."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.orders.scanning import Scan, Tally, Verdict, counted, first_lacking

START = datetime(2026, 11, 26, tzinfo=UTC)
ASKED = {"A": 2, "B": 1}


def scan(second: int, sku: str = "A", units: int = 1, undoes: str = "", key: str = "") -> Scan:
    return Scan(key or f"k{second}", START + timedelta(seconds=second), sku, units, undoes)


@st.composite
def scannings(draw: st.DrawFn) -> list[Scan]:
    found: list[Scan] = []
    for second in range(draw(st.integers(0, 12))):
        undoes = draw(st.sampled_from(["", "", *(one.key for one in found)]))
        found.append(scan(second, draw(st.sampled_from("ABC")), draw(st.integers(1, 2)), undoes))
    return found


@given(scannings(), st.data())
def test_any_order_and_repetition_of_scans_ends_the_same(
    scans: list[Scan], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(scans))) if scans else []
    shuffled = data.draw(st.permutations([*scans, *again]))

    assert counted(ASKED, shuffled) == counted(ASKED, scans)


@given(scannings())
def test_never_more_is_counted_than_asked_nor_less_than_nothing(scans: list[Scan]) -> None:
    tally = counted(ASKED, scans)

    assert set(tally.units) == set(ASKED)
    assert all(0 <= tally.units[sku] <= units for sku, units in ASKED.items())
    live = [one for one in scans if tally.verdicts[one.key] is Verdict.COUNTED]
    assert sum(one.units for one in live) == sum(tally.units.values())


def test_the_third_of_two_and_what_is_not_on_the_list_are_refused() -> None:
    tally = counted(ASKED, [scan(1), scan(2), scan(3), scan(4, "C"), scan(5, "B", 2)])

    assert tally.units == {"A": 2, "B": 0}
    assert list(tally.verdicts.values()) == ["counted", "counted", "over", "wrong", "over"]
    assert tally.missing(ASKED) == {"B": 1}


def test_what_was_refused_stays_refused_when_room_is_made_later() -> None:
    tally = counted(ASKED, [scan(1), scan(2), scan(3), scan(4, undoes="k1")])

    assert tally.units["A"] == 1
    assert tally.verdicts["k3"] is Verdict.OVER


def test_an_item_is_taken_back_once() -> None:
    tally = counted(ASKED, [scan(1), scan(2), scan(3, undoes="k1"), scan(4, undoes="k1")])

    assert tally.units["A"] == 1
    assert tally.verdicts["k4"] is Verdict.NOTHING_TO_UNDO


def test_a_unit_goes_to_the_first_shipment_of_the_wave_that_lacks_it() -> None:
    full, empty = Tally({"A": 2, "B": 0}), Tally({"A": 0})
    wave = [("S1", ASKED, full), ("S2", {"A": 1}, empty)]

    assert first_lacking("A", 1, wave) == "S2"
    assert first_lacking("B", 1, wave) == "S1"
    assert first_lacking("A", 2, wave) is None
    assert first_lacking("C", 1, wave) is None
