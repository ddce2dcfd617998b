"""Large orders: take the best location again and again, then move load between locations.

Moves are looked at for all locations at once: a parcel given up and its units placed anew, a whole
parcel to another place or into another parcel, and lines or parts of them from one parcel to
another, which is how a line comes to be split.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from domain.orders.sourcing.exact import Shares
from domain.orders.sourcing.picture import Loads, Picture, Vector

_MOST_ROUNDS: Final = 12
_MOST_WORK: Final = 400_000  # numbers looked at while improving one plan; bounds the time
_PER_LOOK: Final = 1_000  # what a look costs however small it is


def value(picture: Picture, shares: Shares) -> tuple[int, int, int]:
    """How good a plan is, smaller is better: units not placed, score, parcels."""
    if not shares:
        return int(picture.need.sum()), 0, 0
    quantities = np.stack(list(shares.values()))
    scores = picture.each(np.array(list(shares), dtype=np.int64), quantities)
    return int(picture.need.sum() - quantities.sum()), int(scores.sum()), len(shares)


def topped_up(
    picture: Picture, shares: Shares, cap: int | None, *, most_units_first: bool = False
) -> Shares:
    """Place what is left: first with the locations already used, then with the lowest score per
    unit, or where most of it is at once (always for the last parcel allowed)."""
    shares = {place: share.copy() for place, share in shares.items()}
    left = picture.need - sum(shares.values(), np.zeros_like(picture.need))
    for place, share in shares.items():
        more = np.minimum(left, picture.free[place] - share)
        share += more
        left = left - more
    everywhere = np.arange(len(picture.candidates))
    while left.any() and (cap is None or len(shares) < cap):
        could = np.minimum(picture.free, left)
        could[list(shares)] = 0
        units, score = could.sum(axis=1), picture.each(everywhere, could)
        useful = units == units.max() if most_units_first or len(shares) + 1 == cap else units > 0
        aim = score if most_units_first or len(shares) + 1 == cap else score / np.maximum(units, 1)
        best = int(np.where(useful, aim, np.inf).argmin())
        shares[best] = could[best]
        left = left - could[best]
    return shares


def alone(picture: Picture) -> Shares | None:
    """The best single location that has everything."""
    has_all = np.flatnonzero((picture.free >= picture.need).all(axis=1))
    if not len(has_all):
        return None
    quantities = np.broadcast_to(picture.need, (len(has_all), len(picture.need)))
    return {int(has_all[picture.each(has_all, quantities).argmin()]): picture.need}


def improved(picture: Picture, shares: Shares, cap: int | None) -> Shares:
    """The plan after all moves that make it better, until none is left or enough was looked at."""
    work = _Work(picture, {place: share.copy() for place, share in shares.items()}, cap)
    for _ in range(_MOST_ROUNDS):
        before = value(picture, work.shares)
        for place in sorted(work.shares):
            for move in (work.place_anew, work.move_parcel, work.move_lines):
                if place in work.shares and work.left > 0:
                    move(place)
        if value(picture, work.shares) >= before or work.left <= 0:
            break
    return work.shares


@dataclass(slots=True, eq=False)
class _Work:
    """A plan being improved; `left` is how much may still be looked at."""

    picture: Picture
    shares: Shares
    cap: int | None
    left: int = _MOST_WORK

    def place_anew(self, place: int) -> None:
        """Give a parcel up and place its units, and what is missing, wherever that is best."""
        rest = {other: share for other, share in self.shares.items() if other != place}
        then = topped_up(self.picture, rest, self.cap)
        self.left -= _PER_LOOK + self.picture.free.size * (len(then) - len(rest))
        if value(self.picture, then) < value(self.picture, self.shares):
            self.shares = then

    def move_parcel(self, place: int) -> None:
        """Send the whole parcel from elsewhere, alone or with what is sent from there."""
        free, share = self.picture.free, self.shares[place]
        now = np.zeros_like(free)
        for other, its in self.shares.items():
            now[other] = its
        then = now + share
        fits = np.all(then <= free, axis=1)
        fits[place] = False
        self.left -= _PER_LOOK + free.size
        places = np.flatnonzero(fits)
        if not len(places):
            return
        change = self.picture.each(places, then[places]) - self.picture.each(places, now[places])
        best = int(change.argmin())
        target = int(places[best])
        gain = int(self.picture.each(np.array([place]), share[None])[0] - change[best])
        if gain > 0 or (gain == 0 and target in self.shares):
            self.shares[target] = then[target]
            del self.shares[place]

    def move_lines(self, place: int) -> None:
        """Move lines, or what of them fits, to the parcels where that is better."""
        for other in sorted(self.shares):
            if place in self.shares and other != place and self.left > 0:
                self._move_between(place, other)

    def _move_between(self, place: int, other: int) -> None:
        share, its = self.shares[place], self.shares[other]
        part = np.minimum(share, self.picture.free[other] - its)
        lines = np.flatnonzero(part)
        self.left -= _PER_LOOK + 4 * len(lines)
        if not len(lines):
            return
        nothing = np.zeros_like(part)
        before = self._pair(place, other, nothing)
        change = self._single(place, other, part, lines) - before
        best = nothing.copy()
        best[lines[change.argmin()]] = part[lines[change.argmin()]]
        good = nothing.copy()
        good[lines[change < 0]] = part[lines[change < 0]]
        for moved in (good, part, best):
            if self._pair(place, other, moved) < before:
                self.shares[place], self.shares[other] = share - moved, its + moved
                if not self.shares[place].any():
                    del self.shares[place]
                return

    def _pair(self, place: int, other: int, moved: Vector) -> int:
        rows = np.stack([self.shares[place] - moved, self.shares[other] + moved])
        return int(self.picture.each(np.array([place, other]), rows).sum())

    def _single(self, place: int, other: int, part: Vector, lines: Vector) -> Vector:
        """The score of both parcels after the part of one line was moved, line by line."""
        picture, moved = self.picture, part[lines]
        _, grams, volume = moved * picture.per_unit[:, lines]
        total = np.zeros(len(lines), dtype=np.int64)
        for where, sign in ((place, -1), (other, 1)):
            share = self.shares[where]
            load = picture.loads(share)
            loads = Loads(
                load.units + sign * moved, load.weight_g + sign * grams,
                load.volume_mm3 + sign * volume,
            )  # fmt: skip
            scarce: Vector | int = 0
            if picture.score.scarcity is not None:
                its = picture.score.scarcity[where]
                changes = np.where(share[lines] + sign * moved > 0, 1, 0) - (share[lines] > 0)
                scarce = (its * (share > 0)).sum() + its[lines] * changes
            total += picture.score.each(np.full(len(lines), where), loads, scarce)
        return total
