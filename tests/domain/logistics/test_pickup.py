"""The courier's next visit, on the company's clock."""

from datetime import UTC, datetime

import pytest

from domain.logistics.pickup import next_pickup

HOURS = {"from": "16:00", "to": "18:00"}


@pytest.mark.parametrize(
    ("now", "begin"),
    [
        (datetime(2026, 5, 1, 2, 0, tzinfo=UTC), datetime(2026, 5, 1, 8, 0, tzinfo=UTC)),
        (datetime(2026, 5, 1, 8, 30, tzinfo=UTC), datetime(2026, 5, 1, 8, 30, tzinfo=UTC)),
        (datetime(2026, 5, 1, 9, 1, tzinfo=UTC), datetime(2026, 5, 2, 8, 0, tzinfo=UTC)),
        (datetime(2026, 5, 1, 17, 0, tzinfo=UTC), datetime(2026, 5, 2, 8, 0, tzinfo=UTC)),
    ],
)
def test_a_visit_is_booked_today_while_there_is_an_hour_left(
    now: datetime, begin: datetime
) -> None:
    window = next_pickup(HOURS, now)

    assert window is not None
    assert window[0] == begin
    assert window[0] < window[1]


@pytest.mark.parametrize(
    "hours", [None, {}, "16-18", {"from": "16:00"}, {"from": "18:00", "to": "16:00"},
              {"from": "x", "to": "y"}, {"from": "16:00+08:00", "to": "18:00"}]
)  # fmt: skip
def test_hours_nobody_can_read_book_nothing(hours: object) -> None:
    assert next_pickup(hours, datetime(2026, 5, 1, tzinfo=UTC)) is None
