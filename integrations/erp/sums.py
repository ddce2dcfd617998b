"""Sums as ERPs take them."""

from domain.shared.errors import Rejected
from domain.shared.money import Money
from integrations.erp.port import ErpVoucher


def only_home(voucher: ErpVoucher, home: str) -> None:
    """Raises Rejected for a voucher in another currency than the books' own."""
    if voucher.currency != home:
        text = f"the voucher is in {voucher.currency}, the account book in {home}: no rate is known"
        raise Rejected(text, code="currency", system="onhand")


def plain(money: Money) -> str:
    """A sum as ERPs read it: digits and a point, no more and no less places than it has."""
    return f"{money.major:f}"
