"""Claims for goods, against suppliers and against carriers between our own places: what they owe,
and what each step of a claim means in the books."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from domain.finance.accounts import Account, Side
from domain.finance.vouchers import Transfer, Voucher
from domain.shared.errors import ActionNotAllowed, InvalidInput

SUPPLIER: Final = "supplier/"
CARRIER: Final = "carrier/"
MOST_MINOR: Final = 10**15  # of all lines of a claim together; the database counts in 64 bits


class ClaimMove(StrEnum):
    """What moves a claim's money."""

    ACCEPTED = "accepted"  # the debtor says that he owes it: a credit note
    RECEIVED = "received"  # he paid it
    SET_OFF = "set_off"  # he takes it off what we owe for goods received
    WRITTEN_OFF = "written_off"  # what he accepted does not come


@dataclass(frozen=True, slots=True)
class ClaimSums:
    """What a claim's ledger adds up to."""

    accepted: int = 0
    received: int = 0
    set_off: int = 0
    written_off: int = 0

    @property
    def owed(self) -> int:
        """What was accepted and has neither come nor been given up."""
        return self.accepted - self.received - self.set_off - self.written_off


def moved_on(sums: ClaimSums, move: ClaimMove, minor: int, debtor: str) -> ClaimSums:
    """The sums after one line more; less than nothing takes an earlier line back.

    Raises InvalidInput for no sum and for one that is too large, ActionNotAllowed when more would
    come than is owed, more be taken back than there was, or a carrier set something off.
    """
    if not minor:
        raise InvalidInput("a sum other than nothing is needed")
    if move is ClaimMove.SET_OFF and not debtor.startswith(SUPPLIER):
        raise ActionNotAllowed("only a supplier sets a claim off against goods received")
    after = replace(sums, **{move.value: getattr(sums, move.value) + minor})
    if after.accepted > MOST_MINOR:
        raise InvalidInput("this sum is too large")
    if getattr(after, move.value) < 0:
        raise ActionNotAllowed("more would be taken back than there was")
    if after.owed < 0:
        raise ActionNotAllowed("more would come of this claim than was accepted")
    return after


@dataclass(frozen=True, slots=True)
class GoodsClaimMoney:
    """One line of a claim's ledger; `never_came` where its goods never were in our books."""

    debtor: str
    move: ClaimMove
    minor: int
    currency: str
    never_came: bool = False


def booked(money: GoodsClaimMoney) -> Voucher:
    """A claim is an asset from its acceptance on.

    Goods that were ours left through stock differences already: the claim stands against that.
    Goods that never came are on the supplier's invoice without being received: the claim stands
    for them among the goods received and not invoiced, and comes out again when it is set off.
    """
    of_supplier = money.debtor.startswith(SUPPLIER)
    owed = Side(Account.SUPPLIER_CLAIMS if of_supplier else Account.CARRIER_CLAIMS, money.debtor)
    lost = Side(Account.STOCK_DIFFERENCES)
    source = Side(Account.GOODS_RECEIVED) if money.never_came else lost
    transfer = {
        ClaimMove.ACCEPTED: Transfer(owed, source, money.minor),
        ClaimMove.RECEIVED: Transfer(Side(Account.BANK), owed, money.minor),
        ClaimMove.SET_OFF: Transfer(Side(Account.GOODS_RECEIVED), owed, money.minor),
        ClaimMove.WRITTEN_OFF: Transfer(lost, owed, money.minor),
    }[money.move]
    return Voucher("money", money.currency, (transfer,))
