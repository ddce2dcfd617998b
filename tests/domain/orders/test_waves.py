"""Waves hold what is walked together, and leave nobody behind."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.orders.waves import Candidate, WaveKind, suggest

NOW = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
EVENING = NOW + timedelta(hours=8)


def waits(
    no: str,
    carrier: str = "sf",
    zones: str = "A",
    lines: int = 1,
    ship_in_h: float | None = 24,
    cutoff: datetime | None = EVENING,
) -> Candidate:
    ship_by = None if ship_in_h is None else NOW + timedelta(hours=ship_in_h)
    return Candidate(no, carrier, frozenset(zones), lines, ship_by, cutoff)


def test_carriers_single_lines_and_zones_are_walked_apart() -> None:
    waves = suggest(
        [
            waits("1"), waits("2", zones="B"), waits("3", lines=2), waits("4"),
            waits("5", carrier="zto", cutoff=None), waits("6", zones="AB", lines=3),
        ],
        20,
        NOW,
    )  # fmt: skip

    assert [(w.kind, w.carrier, w.zone, w.shipment_nos) for w in waves] == [
        (WaveKind.SINGLE, "sf", "A", ("1", "4")),
        (WaveKind.SINGLE, "sf", "B", ("2",)),
        (WaveKind.SEVERAL, "sf", "A", ("3",)),
        (WaveKind.SEVERAL, "sf", "", ("6",)),
        (WaveKind.SINGLE, "zto", "A", ("5",)),
    ]


def test_what_is_late_or_nearly_so_goes_first_and_together() -> None:
    waves = suggest(
        [waits("1"), waits("2", ship_in_h=1), waits("3", "zto", "B", 4, ship_in_h=-5)], 20, NOW
    )

    assert (waves[0].kind, waves[0].shipment_nos) == (WaveKind.URGENT, ("3", "2"))
    assert waves[1].shipment_nos == ("1",)


@given(
    st.lists(
        st.builds(
            waits,
            st.integers(0, 10**6).map(str),
            st.sampled_from(["sf", "zto", ""]),
            st.sampled_from(["", "A", "AB"]),
            st.integers(1, 3),
            st.one_of(st.none(), st.integers(-5, 50)),
            st.sampled_from([None, EVENING]),
        ),
        unique_by=lambda one: one.shipment_no,
    ),
    st.integers(1, 7),
)
def test_everybody_is_in_one_wave_and_none_is_too_large(
    candidates: list[Candidate], most: int
) -> None:
    waves = suggest(candidates, most, NOW)

    placed = [no for wave in waves for no in wave.shipment_nos]
    assert sorted(placed) == sorted(one.shipment_no for one in candidates)
    assert all(1 <= len(wave.shipment_nos) <= most for wave in waves)
