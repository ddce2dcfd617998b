"""What part of the company somebody may see: all of it, or some locations and their shops."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from domain.platform.permissions import Role
from domain.shared.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Limit:
    """One location somebody is limited to, alone or with everything below it in the tree."""

    location_id: str
    with_below: bool = True


@dataclass(frozen=True, slots=True)
class Scope:
    """The whole company, or these locations and the shops that belong to them."""

    whole: bool = False
    locations: tuple[str, ...] = ()
    shops: tuple[str, ...] = ()

    def covers(self, location_id: str) -> bool:
        """Whether the location lies within it."""
        return self.whole or location_id in self.locations


@dataclass(frozen=True, slots=True)
class Reach:
    """What somebody may limit others to: what he sees himself, and with all below it only where he
    sees all below it, whatever is built there later."""

    scope: Scope
    with_below: frozenset[str] = frozenset()

    def covers(self, limits: Iterable[Limit]) -> bool:
        """Whether all of it lies within; no limits are the whole company."""
        given = list(limits)
        return self.scope.whole or (bool(given) and all(self._covers_one(one) for one in given))

    def _covers_one(self, one: Limit) -> bool:
        alone = self.scope.covers(one.location_id)
        return alone and (not one.with_below or one.location_id in self.with_below)


WHOLE: Final = Scope(whole=True)
NOTHING: Final = Scope()


def refuse_unlimited_dealer(roles: Iterable[Role], limits: Iterable[Limit]) -> None:
    """A dealer belongs to a location. Raises InvalidInput."""
    if Role.DEALER in set(roles) and not list(limits):
        raise InvalidInput("a dealer must be limited to a location")
