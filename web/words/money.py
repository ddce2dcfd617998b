"""Payments, refunds and the books."""

from typing import Final

from api.language import N_

PAYMENT_PROVIDER: Final = {
    "wechatpay": N_("WeChat Pay"),
    "alipay": N_("Alipay"),
    "stripe": "Stripe",
}

PAYMENT_PURPOSE: Final = {
    "order": N_("for the order"),
    "surplus": N_("paid once too often"),
    "other_currency": N_("in another currency: look at it"),
}

REFUND_STATE: Final = {
    "intended": N_("being asked for"),
    "processing": N_("on its way"),
    "succeeded": N_("paid back"),
    "abnormal": N_("not paid out"),
    "closed": N_("given up by the provider"),
    "by_hand": N_("paid by hand"),
    "skipped": N_("left out"),
}

# What the trade calls the accounts of the books.
ACCOUNT: Final = {
    "cash_on_hand": N_("Cash on hand"),
    "bank": N_("Bank"),
    "cash_at_provider": N_("Money at payment providers"),
    "channel_receivable": N_("Receivable from channels"),
    "buyer_receivable": N_("Receivable from buyers"),
    "carrier_collected": N_("Collected by carriers"),
    "carrier_claims": N_("Claims accepted by carriers"),
    "supplier_claims": N_("Claims accepted by suppliers"),
    "inventory": N_("Inventory"),
    "stock_differences": N_("Stock differences"),
    "goods_received": N_("Goods received, not invoiced"),
    "buyer_deposits": N_("Buyer deposits"),
    "tax_payable": N_("Tax payable"),
    "payments_to_return": N_("Payments to return"),
    "opening_balance": N_("Opening balance"),
    "sales": N_("Sales"),
    "discounts": N_("Discounts"),
    "refunds": N_("Refunds of sales"),
    "freight_income": N_("Freight income"),
    "other_income": N_("Other income"),
    "cost_of_goods_sold": N_("Cost of goods sold"),
    "cost_differences": N_("Changes of standard cost"),
    "carrier_compensation": N_("Compensation by carriers"),
    "samples": N_("Samples"),
    "internal_use": N_("Internal use"),
}

# What a voucher stands for.
BOOKED: Final = {
    "captured": N_("Paid by the buyer"),
    "refunded": N_("Paid back to the buyer"),
    "payment": N_("Payment at the provider"),
    "refund": N_("Refund paid out"),
    "tender": N_("Taken at the till"),
    "stock": N_("Goods moved"),
    "collected": N_("Collected at the door"),
    "closed": N_("Order closed"),
    "cost": N_("New standard cost"),
    "claim": N_("Claim against a carrier"),
    "goods_claim": N_("Claim for goods"),
}
