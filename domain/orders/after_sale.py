"""What a channel says about a refund, return or exchange that a buyer asked for."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AfterSaleKind(StrEnum):
    REFUND = "refund"  # money only
    RETURN = "return"  # goods back, then money
    EXCHANGE = "exchange"
    REPAIR = "repair"
    OTHER = "other"


class AfterSaleStage(StrEnum):
    """How far it is in the channel's eyes."""

    REQUESTED = "requested"  # waits for our answer
    AGREED = "agreed"  # a return: the buyer may send the goods
    ON_THE_WAY = "on_the_way"  # the goods come back
    RECEIVED = "received"
    REFUSED = "refused"
    CLOSED = "closed"  # withdrawn or expired
    DONE = "done"  # the money is back, or the exchange is sent
    UNKNOWN = "unknown"  # a code we do not know: shown raw, decides nothing

    @property
    def is_final(self) -> bool:
        return self in (AfterSaleStage.CLOSED, AfterSaleStage.DONE)


@dataclass(frozen=True, slots=True)
class AfterSale:
    """One case as it was at `modified`; the newest version counts. Minor units of the order."""

    external_no: str  # the order
    after_sale_no: str
    kind: AfterSaleKind
    stage: AfterSaleStage
    vendor_status: str  # shown raw
    modified: datetime
    amount_minor: int = 0
    reason: str = ""
    external_line_nos: tuple[str, ...] = ()  # empty = the whole order, or not told
    return_carrier: str = ""
    return_waybill_no: str = ""
