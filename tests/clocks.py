"""Places whose day is not the server's."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def another_day() -> tuple[str, date]:
    """A zone in which it is another day than in UTC at this moment, and that day."""
    now = datetime.now(UTC)
    zone = "Pacific/Kiritimati" if now.hour >= 10 else "Etc/GMT+12"
    return zone, now.astimezone(ZoneInfo(zone)).date()
