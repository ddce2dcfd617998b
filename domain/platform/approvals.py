"""What two people decide together: one asks, another one with the right says yes or no."""

from enum import StrEnum
from typing import Final

from domain.platform.permissions import Role


class ApprovalKind(StrEnum):
    RETURN_DECISION = "return_decision"
    CANCELLATION = "cancellation"
    LINES = "lines"
    ADJUSTMENT = "adjustment"
    KEY_EXPORT = "key_export"
    PURCHASE = "purchase"


class ApprovalState(StrEnum):
    OPEN = "open"
    APPROVED = "approved"  # and not carried out to the end yet
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"  # it could not be carried out any more


_MONEY: Final = frozenset({Role.FINANCE, Role.MANAGER, Role.ADMIN})
DECIDED_BY: Final[dict[ApprovalKind, frozenset[Role]]] = {
    ApprovalKind.RETURN_DECISION: _MONEY,
    ApprovalKind.CANCELLATION: _MONEY,
    ApprovalKind.LINES: _MONEY,
    ApprovalKind.ADJUSTMENT: frozenset({Role.MANAGER, Role.ADMIN}),
    ApprovalKind.KEY_EXPORT: frozenset({Role.ADMIN}),
    ApprovalKind.PURCHASE: _MONEY,
}


def kinds_of(roles: frozenset[Role]) -> tuple[ApprovalKind, ...]:
    """What somebody with these roles decides about, if somebody else asked."""
    return tuple(kind for kind, deciders in DECIDED_BY.items() if deciders & roles)
