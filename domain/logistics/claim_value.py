"""What may be claimed for a parcel: its goods and freight, within what the carrier answers for."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from domain.logistics.claims import Basis, ClaimTerms


class LimitedBy(StrEnum):
    """What keeps a claim below the value of the goods."""

    NOTHING = ""
    INSURED = "insured"  # the value that was declared to the carrier
    LIMIT = "limit"
    FREIGHT = "freight"  # so many times the freight


@dataclass(frozen=True, slots=True)
class ClaimedLine:
    """Units in the parcel. A cost of nothing is an unknown one; then what was paid counts."""

    line_id: str
    sku: str
    units: int
    cost_minor: int  # of one
    paid_minor: int  # for all of them

    def worth(self, basis: Basis) -> int:
        """What they are worth against this carrier."""
        if basis is Basis.COST and self.cost_minor > 0:
            return self.units * self.cost_minor
        return max(self.paid_minor, 0)


@dataclass(frozen=True, slots=True)
class Share:
    """A parcel's share of its shipment, by weight; nobody knows which box holds what."""

    part: int = 1
    whole: int = 1

    def of(self, minor: int) -> int:
        """Rounded down, so that the parcels of a shipment never claim more than it was worth."""
        return minor * self.part // self.whole if self.whole > 0 else minor


ALL_OF_IT = Share()


@dataclass(frozen=True, slots=True)
class Claimable:
    """What may be claimed. `ceiling_minor` is the most for the goods, None where nothing limits."""

    goods_minor: int
    freight_minor: int
    ceiling_minor: int | None = None
    limited_by: LimitedBy = LimitedBy.NOTHING

    @property
    def claimed_minor(self) -> int:
        """The goods within the limit, and the freight."""
        goods = self.goods_minor
        if self.ceiling_minor is not None:
            goods = min(goods, self.ceiling_minor)
        return goods + self.freight_minor


def claimable(
    lines: Iterable[ClaimedLine],
    freight_minor: int,
    insured_minor: int,
    terms: ClaimTerms,
    share: Share = ALL_OF_IT,
) -> Claimable:
    """An insured parcel is worth what was declared at most; another one the carrier's limit.

    `share` is of the goods; the freight is the parcel's own.
    """
    goods = share.of(sum(line.worth(terms.basis) for line in lines))
    freight = freight_minor if terms.freight else 0
    if insured_minor > 0:
        return Claimable(goods, freight, insured_minor, LimitedBy.INSURED)
    limits = []
    if terms.limit_minor is not None:
        limits.append((terms.limit_minor, LimitedBy.LIMIT))
    if terms.freight_times is not None and freight_minor > 0:
        limits.append((terms.freight_times * freight_minor, LimitedBy.FREIGHT))
    if not limits:
        return Claimable(goods, freight)
    ceiling, by = min(limits)
    return Claimable(goods, freight, ceiling, by)
