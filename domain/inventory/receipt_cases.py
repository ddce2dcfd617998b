"""Goods that came otherwise than agreed: what may be decided about them, and what that moves."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.inventory.receiving import SourceKind, Trouble
from domain.shared.errors import ActionNotAllowed


class CaseState(StrEnum):
    """A case is open until it ends in one of the others."""

    OPEN = "open"
    ACCEPTED = "accepted"  # we take it as it is: the goods may be sold, or the loss is ours
    RETURNED = "returned"  # the goods went back to the supplier
    CREDITED = "credited"  # the supplier credits it; goods that are here are destroyed
    REPLACED = "replaced"  # the supplier sends others; goods that are here went back
    DESTROYED = "destroyed"  # the goods were destroyed, at our cost
    WITHDRAWN = "withdrawn"  # the receipt was taken back


class GoodsGo(StrEnum):
    """Where the goods of a case go when it ends."""

    NOWHERE = ""
    ON_SALE = "on_sale"
    TO_SUPPLIER = "to_supplier"
    AWAY = "away"


_OF_GOODS: Final[Mapping[CaseState, GoodsGo]] = {
    CaseState.ACCEPTED: GoodsGo.ON_SALE,
    CaseState.RETURNED: GoodsGo.TO_SUPPLIER,
    CaseState.CREDITED: GoodsGo.AWAY,
    CaseState.REPLACED: GoodsGo.TO_SUPPLIER,
    CaseState.DESTROYED: GoodsGo.AWAY,
}
_OF_MISSING: Final = frozenset({CaseState.ACCEPTED, CaseState.CREDITED, CaseState.REPLACED})
_NO_SUPPLIER: Final = frozenset({CaseState.ACCEPTED, CaseState.DESTROYED})


@dataclass(frozen=True, slots=True)
class Case:
    """What `decisions` needs to know of it."""

    trouble: Trouble
    source_kind: SourceKind
    expired: bool
    state: CaseState = CaseState.OPEN


def decisions(case: Case) -> tuple[CaseState, ...]:
    """How it may end now, in the order in which it is offered; none when it has ended."""
    if case.state is not CaseState.OPEN:
        return ()
    found = set(_OF_MISSING if case.trouble is Trouble.SHORT else _OF_GOODS)
    if case.source_kind is not SourceKind.PURCHASE:
        sent_by_nobody = case.source_kind is SourceKind.NONE
        found &= _NO_SUPPLIER | ({CaseState.RETURNED} if sent_by_nobody else set())
    if case.expired and case.trouble is not Trouble.SHORT:
        found.discard(CaseState.ACCEPTED)  # what is expired is not sold, whoever says so
    return tuple(state for state in CaseState if state in found)


def goods_go(case: Case, decision: CaseState) -> GoodsGo:
    """Where the goods go. Raises ActionNotAllowed for what may not be decided."""
    if decision not in decisions(case):
        raise ActionNotAllowed(f"a case that is {case.state} cannot end as {decision}")
    return GoodsGo.NOWHERE if case.trouble is Trouble.SHORT else _OF_GOODS[decision]
