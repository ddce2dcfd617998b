"""How far back, and how much at once, a shop may be pulled again."""

from datetime import datetime, timedelta
from typing import Final

from domain.shared.errors import InvalidInput

LONGEST: Final = timedelta(days=90)


def checked_range(start: datetime, end: datetime, now: datetime) -> tuple[datetime, datetime]:
    """The range [start, end) in whole seconds. Raises InvalidInput."""
    start, end = start.replace(microsecond=0), end.replace(microsecond=0)
    if start >= end:
        raise InvalidInput("the range must end after it starts")
    if end > now:
        raise InvalidInput("the range must lie in the past")
    if end - start > LONGEST:
        raise InvalidInput("at most 90 days can be pulled again at once")
    return start, end
