"""Vouchers on their way into an ERP: where one stands, and which account it stands on there."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from domain.finance.accounts import Side

# How many vouchers of one ERP account are on their way at once, those that wait for a person too:
# a refusal that all of them would meet stops here.
AT_ONCE: Final = 20
WHATEVER_PARTY: Final = ""

# (our account, whose it is) → the ERP's code; the party "" stands for everybody else.
Codes = Mapping[tuple[str, str], str]


class ExportStatus(StrEnum):
    """How far a voucher is on its way into an ERP."""

    WANTED = "wanted"  # written down under its key; the ERP may not know it yet
    CONFIRMED = "confirmed"  # the ERP told its number
    BY_HAND = "by_hand"  # somebody entered it there
    SKIPPED = "skipped"

    @property
    def is_settled(self) -> bool:
        return self is not ExportStatus.WANTED


def code_of(side: Side, codes: Codes) -> str:
    """What the ERP calls this account, this party's own before the account's; empty for none."""
    own = codes.get((side.account, side.party), "")
    return own or codes.get((side.account, WHATEVER_PARTY), "")


def without_code(sides: Iterable[Side], codes: Codes) -> tuple[str, ...]:
    """Accounts that nobody gave a code yet, each once, in the order they come."""
    return tuple(dict.fromkeys(str(side.account) for side in sides if not code_of(side, codes)))


# What an entry says in the ERP, whose readers are Chinese accountants.
SUMMARY: Final[Mapping[str, str]] = {
    "captured": "买家付款",
    "refunded": "退款给买家",
    "payment": "支付渠道收款",
    "refund": "支付渠道退款",
    "tender": "门店收款",
    "stock": "商品收发",
    "collected": "承运商代收货款",
    "closed": "订单关闭",
    "cost": "标准成本调整",
}


def summary_of(kind: str, order_no: str, document: str, party: str = "") -> str:
    """What happened, the paper behind it, and whose the account is."""
    papers = dict.fromkeys(paper for paper in (order_no, document, party) if paper)
    return " ".join((SUMMARY.get(kind, kind), *papers))
