"""A parcel that nobody tells of: when its carrier is asked, and when a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

NOBODY_KNOWS: Final = -1  # instead of a number of scans, where there is nobody to ask
_AFTER: Final = timedelta(hours=24)
_STALLED: Final = 3  # silences in a row
# Of a parcel nobody tells us about silence says nothing: somebody looks once it should be there.
_UNTRACKED: Final = 10


@dataclass(slots=True)
class Silence:
    """How long a parcel is silent; its carrier is asked after each day of it."""

    since: datetime
    rounds: int = 0
    scans: int = 0

    def rest(self, now: datetime) -> timedelta:
        """How long until the carrier is asked; nothing is left when it is due."""
        return max(self.since + _AFTER - now, timedelta(0))

    def broken(self, scans: int) -> str:
        """What a person is asked after the carrier told so many scans, or empty."""
        self.rounds = self.rounds + 1 if scans == self.scans else 0
        self.scans = scans
        untracked = scans == NOBODY_KNOWS
        if self.rounds < (_UNTRACKED if untracked else _STALLED):
            return ""
        self.rounds = 0
        if untracked:
            return "nobody tells us where this parcel is: has it arrived?"
        return "no news from the carrier for three days"
