"""Which message about an order counts, and which holds follow from what it says."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from domain.orders.order import HoldKind
from domain.orders.snapshot import ChannelState, LineKind, OrderSnapshot, Version
from domain.shared.address import MaskedReceiver


class Verdict(StrEnum):
    APPLY = "applied"
    STALE = "stale"
    DUPLICATE = "duplicate"
    FETCH = "fetch"  # same version, other content: ask the channel which one is true


def judge(
    known: Version, known_state: str, known_sha256: str, told: Version, told_state: str, sha256: str
) -> Verdict:
    """Newest wins, cancelled wins, equal versions with other content are fetched again.

    `known` is Version() before anything was applied.
    """
    if sha256 == known_sha256:
        return Verdict.DUPLICATE
    if known_state == ChannelState.CANCELLED and told_state != ChannelState.CANCELLED:
        return Verdict.STALE
    if told_state == ChannelState.CANCELLED and known_state != ChannelState.CANCELLED:
        return Verdict.APPLY
    if told < known:
        return Verdict.STALE
    if told == known:
        return Verdict.FETCH if told_state != ChannelState.CANCELLED else Verdict.DUPLICATE
    return Verdict.APPLY


@dataclass(frozen=True, slots=True)
class Judgement:
    """A hold that the facts ask for, with what a person needs to know about it."""

    kind: HoldKind
    reason: str = ""
    detail: tuple[str, ...] = ()
    until: datetime | None = None


REFUND_WANTED = Judgement(HoldKind.REFUND_IN_PROGRESS, "the buyer asked for a refund")


def holds_for(
    snapshot: OrderSnapshot,
    *,
    unmapped: tuple[str, ...],
    address_is_usable: bool,
    risk_reasons: tuple[str, ...],
    now: datetime,
    unheard_of: bool = False,
    refund_told: bool = False,
    sent_elsewhere: bool = False,
) -> tuple[Judgement, ...]:
    """The holds this snapshot calls for, in the order people look at them.

    `unheard_of`: nothing was told about the order before, and its channel cannot be asked.
    `refund_told`: a case of its own says that the buyer wants his money back.
    `sent_elsewhere`: the channel began to say that it is sent while nothing of ours had left.
    """
    if unheard_of and snapshot.state is ChannelState.CANCELLED:
        return (Judgement(HoldKind.NO_SUCH_ORDER, "cancelled, but the order was never told"),)
    found: list[Judgement] = []
    if snapshot.ticket is not None:  # sold: only what it was may still be unknown
        unknown = Judgement(HoldKind.UNMAPPED_SKU, ", ".join(unmapped), unmapped)
        return (unknown,) if unmapped else ()
    if sent_elsewhere:
        text = "the channel says it is sent, and it was not us"
        found.append(Judgement(HoldKind.SENT_ELSEWHERE, text))
    goods = [line for line in snapshot.lines if line.kind is LineKind.GOODS and not line.cancelled]
    if not goods:
        found.append(Judgement(HoldKind.NO_LINES, "nothing on this order can be sent"))
    if unmapped:
        found.append(Judgement(HoldKind.UNMAPPED_SKU, ", ".join(unmapped), unmapped))
    if not address_is_usable:
        found.append(Judgement(HoldKind.ADDRESS, "the address is missing or incomplete"))
    if snapshot.state is ChannelState.FROZEN:
        found.append(Judgement(HoldKind.FROZEN_BY_CHANNEL, "the channel forbids shipping"))
    if snapshot.state is ChannelState.UNPAID and not snapshot.cash_on_delivery:
        found.append(Judgement(HoldKind.UNPAID, "not paid yet"))
    if refund_told or any(line.refund_in_progress for line in snapshot.lines):
        found.append(REFUND_WANTED)
    if snapshot.presale_until and snapshot.presale_until > now:
        found.append(
            Judgement(HoldKind.PRESALE, "sold before it is in stock", until=snapshot.presale_until)
        )
    if snapshot.cash_on_delivery:
        found.append(Judgement(HoldKind.CASH_ON_DELIVERY, "to be confirmed with the buyer"))
    if risk_reasons:
        found.append(Judgement(HoldKind.RISK, "; ".join(risk_reasons), risk_reasons))
    return tuple(found)


# Holds that come and go with what the channel says; the others stay until a person releases them.
FOLLOWS_THE_CHANNEL = frozenset(
    {
        HoldKind.NO_LINES,
        HoldKind.UNMAPPED_SKU,
        HoldKind.ADDRESS,
        HoldKind.FROZEN_BY_CHANNEL,
        HoldKind.UNPAID,
        HoldKind.REFUND_IN_PROGRESS,
        HoldKind.SENT_ELSEWHERE,
    }
)
# What was settled once and is missing again is held again.
COMES_AGAIN: Final = FOLLOWS_THE_CHANNEL | {
    HoldKind.STOCK_COUNT,
    HoldKind.RECALL,
    HoldKind.DIFFERENCE,
}
SENT: Final = frozenset({ChannelState.SHIPPED, ChannelState.COMPLETED})


def address_is_usable(snapshot: OrderSnapshot) -> bool:
    """Whether a carrier could find the receiver; a masked one is the platform's business."""
    receiver = snapshot.receiver
    if receiver is None:
        return False
    if isinstance(receiver, MaskedReceiver):
        return bool(receiver.oaid)
    address = receiver.address
    where = address.division_code or address.city or address.province
    return bool(receiver.name and receiver.phone and (where or address.country != "CN"))
