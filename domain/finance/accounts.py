"""The chart of accounts: the trade's names, in which vouchers are written."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Account(StrEnum):
    """A stable code per account. What an accountant or an ERP calls it is in `NUMBER`."""

    CASH_ON_HAND = "cash_on_hand"
    BANK = "bank"
    CASH_AT_PROVIDER = "cash_at_provider"
    CHANNEL_RECEIVABLE = "channel_receivable"
    BUYER_RECEIVABLE = "buyer_receivable"
    CARRIER_COLLECTED = "carrier_collected"
    CARRIER_CLAIMS = "carrier_claims"
    SUPPLIER_CLAIMS = "supplier_claims"
    INVENTORY = "inventory"
    STOCK_DIFFERENCES = "stock_differences"
    GOODS_RECEIVED = "goods_received"
    BUYER_DEPOSITS = "buyer_deposits"
    TAX_PAYABLE = "tax_payable"
    PAYMENTS_TO_RETURN = "payments_to_return"
    OPENING_BALANCE = "opening_balance"
    SALES = "sales"
    DISCOUNTS = "discounts"
    REFUNDS = "refunds"
    FREIGHT_INCOME = "freight_income"
    OTHER_INCOME = "other_income"
    COST_OF_GOODS_SOLD = "cost_of_goods_sold"
    COST_DIFFERENCES = "cost_differences"
    CARRIER_COMPENSATION = "carrier_compensation"
    SAMPLES = "samples"
    INTERNAL_USE = "internal_use"


# Numbers as Chinese accounting standards for enterprises have them, with sub-accounts of our own.
NUMBER: Final[dict[Account, str]] = {
    Account.CASH_ON_HAND: "1001",
    Account.BANK: "1002",
    Account.CASH_AT_PROVIDER: "1012.01",
    Account.CHANNEL_RECEIVABLE: "1122.01",
    Account.BUYER_RECEIVABLE: "1122.02",
    Account.CARRIER_COLLECTED: "1221.01",
    Account.CARRIER_CLAIMS: "1221.02",
    Account.SUPPLIER_CLAIMS: "1221.03",
    Account.INVENTORY: "1405",
    Account.STOCK_DIFFERENCES: "1901",
    Account.GOODS_RECEIVED: "2202.01",
    Account.BUYER_DEPOSITS: "2203",
    Account.TAX_PAYABLE: "2221.01",
    Account.PAYMENTS_TO_RETURN: "2241.01",
    Account.OPENING_BALANCE: "4199",
    Account.SALES: "6001.01",
    Account.DISCOUNTS: "6001.02",
    Account.REFUNDS: "6001.03",
    Account.FREIGHT_INCOME: "6051.01",
    Account.OTHER_INCOME: "6051.02",
    Account.COST_OF_GOODS_SOLD: "6401.01",
    Account.COST_DIFFERENCES: "6401.02",
    Account.CARRIER_COMPENSATION: "6401.03",
    Account.SAMPLES: "6601.01",
    Account.INTERNAL_USE: "6602.01",
}


@dataclass(frozen=True, slots=True, order=True)
class Side:
    """One side of a transfer: the account, and whose it is (shop/…, payment/…, supplier/…)."""

    account: Account
    party: str = ""
