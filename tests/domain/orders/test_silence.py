"""A silent parcel: its carrier is asked every day, a person when that says nothing new."""

from datetime import UTC, datetime, timedelta

from domain.orders.silence import NOBODY_KNOWS, Silence

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def questions(*scans: int) -> list[bool]:
    silence = Silence(NOW)
    return [bool(silence.broken(n)) for n in scans]


def test_a_carrier_is_asked_after_a_day_without_a_word() -> None:
    assert Silence(NOW).rest(NOW + timedelta(hours=20)) == timedelta(hours=4)
    assert not Silence(NOW).rest(NOW + timedelta(hours=30))


def test_a_person_is_asked_after_three_days_without_anything_new_and_again_after_three() -> None:
    assert questions(2, 2, 2, 2) == [False, False, False, True]
    assert questions(0, 0, 0, 0, 0, 0) == [False, False, True] * 2


def test_a_new_scan_begins_anew() -> None:
    assert not any(questions(1, 1, 1, 2, 2, 2, 3))


def test_of_a_parcel_nobody_tells_of_silence_says_nothing_for_ten_days() -> None:
    asked = questions(*[NOBODY_KNOWS] * 11)

    assert asked == [False] * 10 + [True]
