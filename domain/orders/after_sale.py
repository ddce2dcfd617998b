"""What a channel says about a refund, return or exchange that a buyer asked for."""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

# The topic of a message to an order that says: the channel tells of a case, ask how you stand.
AFTER_SALE_TOPIC: Final = "after_sale"


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

    @property
    def is_over(self) -> bool:
        """Nothing more is to be expected of us."""
        return self.is_final or self is AfterSaleStage.REFUSED

    def answers(self, verdict: str) -> bool:
        """Whether the channel has this answer of ours, or needs it no more."""
        agreed = self in (AfterSaleStage.AGREED, AfterSaleStage.ON_THE_WAY, AfterSaleStage.RECEIVED)
        return self.is_over or (agreed and verdict == "agree")


# While a case is there, what has not left stays here: the buyer may not want it any more.
KEEPS_BACK: Final = (AfterSaleStage.REQUESTED, AfterSaleStage.AGREED)


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
    line_units: tuple[int, ...] = ()  # of each of these lines; empty = all that was sent
    return_carrier: str = ""
    return_waybill_no: str = ""

    @property
    def facts(self) -> dict[str, str]:
        """What an order's story tells of the case."""
        return {
            "after_sale_no": self.after_sale_no,
            "after_sale_kind": str(self.kind),
            "after_sale_stage": str(self.stage),
        }


def write_facts(case: AfterSale) -> bytes:
    """The body of an after-sale message."""
    return json.dumps(case.facts, ensure_ascii=False, sort_keys=True).encode()


def read_facts(raw: bytes) -> dict[str, str]:
    """What `write_facts` wrote; empty for anything else."""
    try:
        found: Any = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(name): str(value) for name, value in found.items()}
