"""What a return is, why it comes back, and where it stands."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class ReturnKind(StrEnum):
    RETURN = "return"  # goods back, then money
    REFUND_ONLY = "refund_only"  # money for units that stay with the buyer, or as goodwill
    CAME_BACK = "came_back"  # refused at the door, or returned to us by the carrier

    @property
    def needs_goods(self) -> bool:
        return self is not ReturnKind.REFUND_ONLY


class Remedy(StrEnum):
    """What the buyer gets for units that are settled."""

    REFUND = "refund"
    EXCHANGE = "exchange"  # the same goods anew, or others, once theirs are here
    RESEND = "resend"  # the same goods anew; nothing comes back


class ReturnOrigin(StrEnum):
    """Who opened it."""

    CUSTOMER_SERVICE = "customer_service"
    CONSUMER = "consumer"
    CHANNEL = "channel"
    TRACKING = "tracking"
    TILL = "till"
    IMPORT = "import"


class ReturnReason(StrEnum):
    CHANGED_MIND = "changed_mind"
    WRONG_SIZE = "wrong_size"
    DAMAGED = "damaged"
    DEFECTIVE = "defective"
    WRONG_ITEM = "wrong_item"
    MISSING_PARTS = "missing_parts"
    NOT_AS_DESCRIBED = "not_as_described"
    LATE = "late"
    LOST = "lost"
    REFUSED = "refused"
    RETURNED_TO_SENDER = "returned_to_sender"
    GOODWILL = "goodwill"
    OTHER = "other"

    @property
    def is_ours(self) -> bool:
        """We or our carrier are at fault: postage goes back too, and the window is longer."""
        return self in (
            ReturnReason.DAMAGED,
            ReturnReason.DEFECTIVE,
            ReturnReason.WRONG_ITEM,
            ReturnReason.MISSING_PARTS,
            ReturnReason.NOT_AS_DESCRIBED,
            ReturnReason.LATE,
            ReturnReason.LOST,
        )


class ReturnStatus(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"  # the buyer may send it
    IN_TRANSIT = "in_transit"  # the buyer told a parcel's number
    RECEIVED = "received"  # to be inspected
    INSPECTED = "inspected"  # to be settled
    REFUNDING = "refunding"
    CLOSED = "closed"


class Outcome(StrEnum):
    """How a return ended; empty while it has not."""

    OPEN = ""
    REFUNDED = "refunded"
    REPLACED = "replaced"  # the goods were sent anew
    NOTHING_DUE = "nothing_due"  # received, but nothing of it is paid back
    REJECTED = "rejected"
    EXPIRED = "expired"  # approved, and the buyer sent nothing in time
    WITHDRAWN = "withdrawn"


class Decision(StrEnum):
    NONE = ""
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Disposition(StrEnum):
    """What becomes of an inspected unit; it says how the stock ledger keeps it."""

    RESELL = "resell"
    REFURBISH = "refurbish"
    SCRAP = "scrap"
    TO_SUPPLIER = "to_supplier"
    TO_CUSTOMER = "to_customer"  # not accepted: it goes back, and is not paid for

    @property
    def condition(self) -> str:
        """The condition under which its units lie; only good ones can be sold."""
        return "good" if self is Disposition.RESELL else str(self)

    @property
    def is_accepted(self) -> bool:
        return self is not Disposition.TO_CUSTOMER


# Received and not inspected: not for sale, whatever it looks like.
QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class ReturnPolicy:
    """The company's terms; periods begin when the order is delivered."""

    window: timedelta = timedelta(days=7)
    fault_window: timedelta = timedelta(days=30)
    auto_approve_minor: int = 50_000
    most_returns: int = 3  # of one buyer within half a year, before a person looks
    looked_at_skus: frozenset[str] = frozenset()  # kinds of goods a person decides about
    approve_within: timedelta = timedelta(hours=48)
    inspect_within: timedelta = timedelta(hours=72)
    send_within: timedelta = timedelta(days=7)
    missing_after: timedelta = timedelta(days=15)
    goodwill_limit_minor: int = 5_000
    warn_before: timedelta = timedelta(hours=8)  # our own acts are late

    def warn_after(self, within: timedelta) -> timedelta | None:
        """When people are warned of an act that is owed within this time; none if that is short."""
        return within - self.warn_before if timedelta(0) < self.warn_before < within else None


@dataclass(frozen=True, slots=True)
class ReturnState:
    """What the tables say of a return: all that `next_step` needs, and no personal data."""

    return_no: str
    order_id: str
    kind: ReturnKind
    status: ReturnStatus = ReturnStatus.REQUESTED
    outcome: Outcome = Outcome.OPEN
    judged: bool = False  # the rules have been asked
    decision: Decision = Decision.NONE
    clock_stopped: bool = False  # we wait for the buyer's answer
    due_at: datetime | None = None  # until when we owe the next act, or the buyer does
    warn_at: datetime | None = None  # from when somebody is told that it will be late
    escalated: bool = False  # somebody was told that it is late
    sent: bool = False  # the buyer told a parcel's number
    received_units: int = 0
    inspected_units: int = 0
    refused_units: int = 0  # inspected and not accepted
    settle_decided: bool = False  # a person said what is paid for what was inspected
    settled: bool = False  # its money is planned
    reopened: bool = False  # goods came after it was over
    replaced: bool = False  # another order sends the goods anew
    planned_minor: int = 0  # what is or was paid back in all
    refund_running: bool = False  # at a payment provider
    pays_channel: bool = False  # the marketplace holds the money and pays it back itself
    rest_minor: int = 0  # planned, and no known payment to take it from
    to_tell: str = ""  # what the marketplace has to hear of us: agree, refuse, received
    channel_done: bool = False  # the marketplace says that it is settled
