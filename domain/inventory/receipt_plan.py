"""What a posting of a goods receipt does: shown first, then carried out."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass

from domain.inventory.receiving import Assessment, Verdict
from domain.shared.plans import hash_of


@dataclass(frozen=True, slots=True)
class ReceiptPlan:
    """`hash` names exactly this plan: other counts, another state of the order or another day make
    another one."""

    receipt_no: str
    found: Assessment

    @property
    def hash(self) -> str:
        lines = [[str(value) for value in astuple(line)] for line in self.found.lines]
        return hash_of([self.receipt_no, lines, [astuple(one) for one in self.found.missing]])

    @property
    def sums(self) -> Mapping[str, int]:
        """Units by what becomes of them."""
        units: dict[str, int] = {str(verdict): 0 for verdict in Verdict}
        for line in self.found.lines:
            units[line.verdict] += line.units
        return {**units, "missing": sum(one.units for one in self.found.missing)}
