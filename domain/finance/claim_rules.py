"""What claims against carriers mean in the books."""

from dataclasses import dataclass

from domain.finance.accounts import Account, Side
from domain.finance.vouchers import Transfer, Voucher


@dataclass(frozen=True, slots=True)
class ClaimMoney:
    """One line of a claim's ledger: `kind` is accepted, received or written_off."""

    carrier: str
    kind: str
    minor: int
    currency: str


def moved(money: ClaimMoney) -> Voucher:
    """A carrier owes us what it accepted, no sooner: what is only claimed is no asset yet.

    The goods of a lost parcel are in the cost of what was sold; what the carrier owes for them
    stands against it, and comes out again with what is written off.
    """
    party = f"carrier/{money.carrier}"
    owed = Side(Account.CARRIER_CLAIMS, party)
    compensation = Side(Account.CARRIER_COMPENSATION, party)
    transfer = {
        "accepted": Transfer(owed, compensation, money.minor),
        "received": Transfer(Side(Account.BANK), owed, money.minor),
        "written_off": Transfer(compensation, owed, money.minor),
    }[money.kind]
    return Voucher("money", money.currency, (transfer,))
