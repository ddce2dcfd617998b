"""When a courier comes: daily hours of a contract, on the company's clock."""

from datetime import datetime, time, timedelta, timezone
from typing import Final

_CHINA: Final = timezone(timedelta(hours=8))
_NOTICE: Final = timedelta(hours=1)


def next_pickup(hours: object, now: datetime) -> tuple[datetime, datetime] | None:
    """The next visit that can still be booked an hour before it ends; `hours` is
    `{"from": "16:00", "to": "18:00"}`. None without readable hours."""
    if not isinstance(hours, dict):
        return None
    try:
        begin, end = (time.fromisoformat(str(hours[name])) for name in ("from", "to"))
    except (KeyError, ValueError):
        return None
    if begin.tzinfo or end.tzinfo or begin >= end:
        return None
    today = now.astimezone(_CHINA).date()
    for day in (today, today + timedelta(days=1)):
        opens, closes = (datetime.combine(day, at, _CHINA) for at in (begin, end))
        if now + _NOTICE <= closes:
            return max(opens, now.astimezone(_CHINA)), closes
    return None
