"""Trades as the TOP sandbox keeps them, in the field names of wire-formats §1.1."""

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from domain.shared.money import split
from integrations.marketplaces.reading import read_china_time, write_china_time
from integrations.sandbox.demo_shop import REMARKS, Buyer
from integrations.sandbox.top_stock import listing_of

Trade = dict[str, Any]

SENDABLE: Final = ("WAIT_SELLER_SEND_GOODS", "SELLER_CONSIGNED_PART")
_CLOSED: Final = ("TRADE_CLOSED", "TRADE_CLOSED_BY_TAOBAO")
_PROMISE: Final = timedelta(hours=48)
_REDUCED_FROM_FEN, _REDUCED_BY_FEN = 30_000, 3_000  # "¥30 off from ¥300"


@dataclass(frozen=True, slots=True)
class Sold:
    """One line to sell; `price` in yuan per piece."""

    sku: str
    title: str
    price: Decimal
    num: int


def make_trade(
    tid: int,
    lines: Sequence[Sold],
    buyer: Buyer,
    chance: random.Random,
    now: datetime,
    *,
    post_fee: Decimal,
    masked: bool,
    presale: bool = False,
) -> Trade:
    """An unpaid trade, order-level reductions shared over the lines as the platform does."""
    fens = [int(line.price * 100) * line.num for line in lines]
    reduced = _REDUCED_BY_FEN if sum(fens) >= _REDUCED_FROM_FEN else 0
    shares = split(reduced, fens)
    orders = [
        _order(tid * 100 + index, line, fen, share)
        for index, (line, fen, share) in enumerate(zip(lines, fens, shares, strict=True), 1)
    ]
    at = write_china_time(now)
    trade = {
        "tid": tid,
        "status": "WAIT_BUYER_PAY",
        "type": "step" if presale else "fixed",
        "total_fee": yuan(sum(fens)),
        "discount_fee": yuan(reduced),
        "post_fee": yuan(int(post_fee * 100)),
        "payment": yuan(sum(fens) - reduced + int(post_fee * 100)),
        "created": at,
        "modified": at,
        "buyer_nick": buyer.nick,
        "buyer_open_uid": hashlib.sha256(buyer.nick.encode()).hexdigest()[:24],
        "buyer_message": chance.choice(REMARKS),
        "seller_memo": "",
        "shipping_type": "express",
        **_receiver(buyer, masked),
        "orders": {"order": orders},
    }
    if presale:
        trade["step_trade_status"] = "FRONT_NOPAID_FINAL_NOPAID"
    return trade


def touch(trade: Trade, now: datetime) -> None:
    """Every change is visible as a later second."""
    last = read_china_time(trade["modified"])
    trade["modified"] = write_china_time(max(now, last + timedelta(seconds=1)))


def pay(trade: Trade, now: datetime, *, deposit_only: bool = False) -> None:
    """Pay the whole, or the first fifth of a pre-sale."""
    if deposit_only:
        trade["step_trade_status"] = "FRONT_PAID_FINAL_NOPAID"
        trade["step_paid_fee"] = yuan(int(Decimal(trade["payment"]) * 100) // 5)
    else:
        if "step_trade_status" in trade:
            trade["step_trade_status"] = "FRONT_PAID_FINAL_PAID"
            trade["step_paid_fee"] = trade["payment"]
        trade["pay_time"] = write_china_time(now)
        trade["est_con_time"] = write_china_time(now + _PROMISE)
        set_status(trade, "WAIT_SELLER_SEND_GOODS")
    touch(trade, now)


def set_status(trade: Trade, status: str) -> None:
    """Of the trade and its lines that are not closed."""
    trade["status"] = status
    for order in open_lines(trade):
        order["status"] = status


def close(trade: Trade, now: datetime, oid: str = "") -> None:
    """The trade, or one line of it; once paid this means that the money went back."""
    status = "TRADE_CLOSED" if trade.get("pay_time") else "TRADE_CLOSED_BY_TAOBAO"
    for order in open_lines(trade):
        if not oid or str(order["oid"]) == oid:
            order["status"] = status
            if trade.get("pay_time"):
                order["refund_status"] = "SUCCESS"
    if not open_lines(trade):
        trade["status"] = status
    touch(trade, now)


def send(trade: Trade, out_sid: str, company: str, oids: Sequence[str], now: datetime) -> bool:
    """Ship the lines (all that are open when none is named); False when one cannot be shipped."""
    waiting = [order for order in open_lines(trade) if order["status"] == SENDABLE[0]]
    chosen = [order for order in waiting if not oids or str(order["oid"]) in oids]
    if trade["status"] not in SENDABLE or not chosen or (oids and len(chosen) < len(oids)):
        return False
    for order in chosen:
        order["status"] = "WAIT_BUYER_CONFIRM_GOODS"
        order["invoice_no"] = out_sid
        order["logistics_company"] = company
        order["consign_time"] = write_china_time(now)
    whole = len(chosen) == len(waiting)
    trade["status"] = "WAIT_BUYER_CONFIRM_GOODS" if whole else "SELLER_CONSIGNED_PART"
    touch(trade, now)
    return True


def open_lines(trade: Trade) -> list[dict[str, Any]]:
    return [order for order in trade["orders"]["order"] if order["status"] not in _CLOSED]


def _order(oid: int, line: Sold, fen: int, share: int) -> Mapping[str, Any]:
    num_iid, sku_id = listing_of(line.sku)
    return {
        "oid": oid,
        "status": "WAIT_BUYER_PAY",
        "title": line.title,
        "price": yuan(int(line.price * 100)),
        "num": line.num,
        "num_iid": num_iid,
        "sku_id": sku_id,
        "outer_sku_id": line.sku,
        "total_fee": yuan(fen),
        "payment": yuan(fen),
        "discount_fee": "0.00",
        "adjust_fee": "0.00",
        "part_mjz_discount": yuan(share),
        "divide_order_fee": yuan(fen - share),
        "refund_status": "NO_REFUND",
    }


def _receiver(buyer: Buyer, masked: bool) -> Mapping[str, str]:
    oaid = hashlib.sha256(f"{buyer.nick}{buyer.mobile}".encode()).hexdigest()[:40]
    name, mobile, detail = buyer.name, buyer.mobile, buyer.detail
    if masked:
        name, mobile, detail = f"{name[0]}**", f"{mobile[:3]}****{mobile[-4:]}", "***"
    return {
        "oaid": f"1{oaid}",
        "receiver_name": name,
        "receiver_mobile": mobile,
        "receiver_state": buyer.province,
        "receiver_city": buyer.city,
        "receiver_district": buyer.district,
        "receiver_town": "",
        "receiver_address": detail,
        "receiver_zip": buyer.postcode,
    }


def yuan(fen: int) -> str:
    return f"{Decimal(fen).scaleb(-2):.2f}"
