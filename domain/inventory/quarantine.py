"""Goods that are set apart: what may become of them; what that does is shown before it is done."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.inventory.stock import AdjustmentReason
from domain.shared.errors import ActionNotAllowed, InvalidInput
from domain.shared.plans import hash_of

GOOD: Final = "good"
# What waits for a buyer is the return's, not ours to decide about.
SET_APART: Final = ("quarantine", "damaged", "refurbish", "scrap", "to_supplier")


class QuarantineAct(StrEnum):
    RELEASE = "release"  # they are good after all
    WRITE_OFF = "write_off"
    TO_SUPPLIER = "to_supplier"  # they go back, and he owes us something


# For what goods are written off, as the books call it.
REASONS: Final[Mapping[str, AdjustmentReason]] = {
    one: AdjustmentReason(one) for one in ("damaged", "expired", "recalled", "lost")
}


@dataclass(frozen=True, slots=True)
class SetApart:
    """Units of one lot at one place in one condition. `bound` are those that a case, a return or a
    transfer decides about."""

    units: int
    bound: int = 0
    cost_minor: int = 0
    expired: bool = False
    frozen: bool = False  # their lot is kept back
    ours: bool = True
    moving: bool = False  # they are on their way

    @property
    def free(self) -> int:
        return max(self.units - self.bound, 0)


@dataclass(frozen=True, slots=True)
class QuarantinePlan:
    """What an act does: units, what they stand in the books for, and what the supplier owes."""

    act: QuarantineAct
    key: tuple[str, ...]
    units: int
    stay: int
    value_minor: int
    claim_minor: int = 0

    @property
    def hash(self) -> str:
        return hash_of([
            str(self.act), *self.key, self.units, self.stay, self.value_minor, self.claim_minor,
        ])  # fmt: skip


def plan_of(
    act: QuarantineAct, key: tuple[str, ...], lies: SetApart, units: int, claim_minor: int = 0
) -> QuarantinePlan:
    """Raises InvalidInput for more units than may be decided about here, and ActionNotAllowed for
    what may not be done with them."""
    if not 0 < units <= lies.free:
        raise InvalidInput(f"{lies.free} units can be decided about here, not {units}")
    if lies.moving:
        raise ActionNotAllowed("the goods are on their way: wait until they arrive")
    if act is QuarantineAct.RELEASE and lies.expired:
        raise ActionNotAllowed("what is expired does not go on sale again")
    if act is QuarantineAct.RELEASE and lies.frozen:
        raise ActionNotAllowed("the lot is kept back: let it go first")
    if act is not QuarantineAct.RELEASE and not lies.ours:
        raise ActionNotAllowed("the goods are not ours")
    if claim_minor < 0 or (claim_minor and act is not QuarantineAct.TO_SUPPLIER):
        raise InvalidInput("only what goes back to a supplier is claimed from him")
    return QuarantinePlan(
        act, key, units, lies.units - units, lies.cost_minor * units, claim_minor
    )  # fmt: skip
