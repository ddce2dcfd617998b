"""Shops, their after-sales and how they are doing."""

from typing import Final

from api.language import N_

CHANNEL: Final = {
    "top": N_("Tmall/Taobao"),
    "jd": N_("JD.com"),
    "pdd": N_("Pinduoduo"),
    "douyin": N_("Douyin"),
    "wechat": N_("WeChat shop"),
    "woocommerce": "WooCommerce",
    "shopify": "Shopify",
    "own": N_("Own channel"),
    "pos": N_("Store tills"),
}

# How a channel itself names a shop.
EXTERNAL_ID: Final = {
    "top": N_("The seller's nick, or another name of the shop on Tmall or Taobao."),
    "jd": N_("The vender id (商家编号)."),
    "pdd": N_("The mall id (店铺 ID)."),
    "douyin": N_("Douyin's shop id: it stands in every message Douyin sends."),
    "wechat": N_("The app id of the shop (wx…)."),
    "woocommerce": N_("The shop's address without https, such as shop.example."),
    "shopify": N_("The shop's own domain, such as name.myshopify.com."),
    "own": N_("Any name; one shop of yours has it."),
    "pos": N_("Any name; one group of tills has it."),
}

TICKET: Final = {
    "accepted": N_("New"),
    "duplicate": N_("Known before"),
    "conflict": N_("Number used twice"),
    "parked": N_("Parked"),
    "rejected": N_("Not taken"),
}

TENDER: Final = {
    "cash": N_("Cash"),
    "card": N_("Card"),
    "wechat": N_("WeChat Pay"),
    "alipay": N_("Alipay"),
    "voucher": N_("Voucher"),
    "stored_value": N_("Stored value"),
    "other": N_("Other"),
}

AFTER_SALE_KIND: Final = {
    "refund": N_("Refund"),
    "return": N_("Return"),
    "exchange": N_("Exchange"),
    "repair": N_("Repair"),
    "other": N_("After-sales"),
}

AFTER_SALE_STAGE: Final = {
    "requested": N_("waits for our answer"),
    "agreed": N_("agreed"),
    "on_the_way": N_("goods coming back"),
    "received": N_("goods received"),
    "refused": N_("refused"),
    "closed": N_("closed"),
    "done": N_("settled"),
    "unknown": N_("unknown"),
}

# Whether we call a shop or carrier now.
GATE: Final = {
    "flowing": N_("Open"),
    "draining": N_("Going on, one after the other"),
    "holding": N_("Does not answer; tried again by itself"),
    "paused": N_("Paused"),
    "credentials": N_("Credentials refused"),
    "settings": N_("A setting cannot be used"),
    "switched_off": N_("Switched off"),
}

RANGE_ASKED: Final = {
    "orders": N_("Orders"),
    "after_sales": N_("Refunds and returns"),
}

MATCH: Final = {
    "code": N_("same code"),
    "barcode": N_("same barcode"),
    "like_code": N_("code written otherwise"),
    "name": N_("similar name"),
}

WEBHOOK_EVENT: Final = {
    "shipment.shipped": N_("a parcel left"),
    "order.delivered": N_("every parcel of an order arrived"),
    "lot.recalled": N_("goods that somebody has are recalled"),
    "webhook.test": N_("nothing happened: a test"),
}
