"""A million orders for the search benchmark: written by COPY, with lines, receivers and parcels."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import psycopg
from psycopg import sql
from rich.progress import Progress

from db.keys import digest_of_buyer, digest_of_phone
from db.vault import Vault
from domain.orders.order import OrderStatus as S

SHOPS: Final = 20
SKUS: Final = 2000
_CHUNK: Final = 10_000
_BEGUN: Final = datetime(2025, 1, 1, tzinfo=UTC)
_CLOSED: Final = ((S.COMPLETED, 0.94), (S.CANCELLED, 0.06))
_OPEN: Final = (
    (S.SHIPPED, 0.35), (S.DELIVERED, 0.25), (S.IN_FULFILMENT, 0.25), (S.ALLOCATED, 0.03),
    (S.BACKORDERED, 0.05), (S.ON_HOLD, 0.05), (S.RECEIVED, 0.02),
)  # fmt: skip
_WITH_PARCEL: Final = frozenset({S.SHIPPED, S.DELIVERED, S.COMPLETED, S.IN_FULFILMENT})
_HOLDS: Final = ("unpaid", "risk", "address", "manual", "unmapped_sku")

_PLACES: Final = """
INSERT INTO location (id, kind, name, zone, company, contact_name, contact_phone, province,
                      city, district, detail, division_code, priority, handling_minor, ships,
                      active)
VALUES ('HQ', 'hq', 'HQ', 'Asia/Shanghai', '', '', '', '', '', '', '', '', 0, 0, true, true)
"""
_SHOPS: Final = """
INSERT INTO shop (id, channel, external_id, name, base_url, settings, secrets, active)
SELECT 'shop-' || n, (ARRAY['own','top','douyin','pdd'])[n %% 4 + 1], 'shop-' || n, 'Shop ' || n,
       '', '{}', '', true
FROM generate_series(0, %(shops)s - 1) n
"""
_GOODS: Final = """
INSERT INTO sku (code, name, gtin, weight_g, length_mm, width_mm, height_mm, price_minor,
                 currency, active)
SELECT 'SKU-' || n, 'Goods ' || n, '', 500, 0, 0, 0, 1000, 'CNY', true
FROM generate_series(0, %(skus)s - 1) n
"""
_INDEXES: Final = """
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
WHERE t.relname = ANY(%(tables)s) AND NOT EXISTS (
    SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
"""


@dataclass(frozen=True, slots=True)
class Order:
    """What the rows of one order are made from; the same for the same number."""

    number: int
    status: S
    phone: str
    skus: Sequence[str]

    @property
    def id(self) -> str:
        return f"ord_{self.number:012}"

    @property
    def no(self) -> str:
        return f"{self.placed:%y%m%d}-B{self.number:07}"

    @property
    def external_no(self) -> str:
        return f"{31_000_000_000_000_000 + self.number * 7919}"

    @property
    def buyer(self) -> str:
        return f"buyer{self.number // 4:07}"

    @property
    def waybill(self) -> str:
        return f"SF{1_000_000_000_000 + self.number * 31}"

    @property
    def placed(self) -> datetime:
        return _BEGUN + timedelta(seconds=self.number * 45)


def orders(count: int, share_open: float, seed: int = 1) -> Iterator[Order]:
    """Orders by their age; every twentieth SKU is ordered as often as all others together."""
    dice = random.Random(seed)
    for number in range(count):
        kinds = _OPEN if dice.random() < share_open else _CLOSED
        [status] = dice.choices([s for s, _ in kinds], [weight for _, weight in kinds])
        skus = [
            f"SKU-{dice.randrange(0, SKUS, 20 if dice.random() < 0.5 else 1)}"
            for _ in range(dice.choice((1, 1, 2)))
        ]
        yield Order(number, status, f"1{dice.randrange(30_0000_0000, 99_9999_9999)}", skus)


def fill(url: str, count: int, share_open: float, vault: Vault, progress: Progress) -> None:
    """Write them; indexes are built when all rows are there."""
    tables = ["sales_order", "order_line", "fulfilment_line", "receiver", "shipment", "parcel",
              "order_hold"]  # fmt: skip
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # foreign keys hold by design
        connection.execute("SET maintenance_work_mem = '512MB'")
        connection.execute(_PLACES)
        connection.execute(_SHOPS, {"shops": SHOPS})
        connection.execute(_GOODS, {"skus": SKUS})
        indexes = connection.execute(_INDEXES, {"tables": tables}).fetchall()
        for name, _ in indexes:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.SQL(name)))
        task = progress.add_task("orders", total=count)
        chunk: list[Order] = []
        for order in orders(count, share_open):
            chunk.append(order)
            if len(chunk) == _CHUNK or order.number == count - 1:
                _copy(connection, chunk, vault)
                progress.advance(task, len(chunk))
                chunk = []
        task = progress.add_task("indexes", total=len(indexes) + 1)
        for _, definition in indexes:
            connection.execute(sql.SQL(definition))
            progress.advance(task)
        connection.execute("VACUUM (ANALYZE, FREEZE)")
        connection.execute("CHECKPOINT")  # nothing of this is written while others are measured
        progress.advance(task)


def _copy(connection: psycopg.Connection[Any], chunk: Sequence[Order], vault: Vault) -> None:
    for table, row_of in (
        ("sales_order", partial(_sales_order, vault)), ("order_line", _lines),
        ("fulfilment_line", _contents), ("receiver", partial(_receiver, vault)),
        ("shipment", _shipment), ("parcel", _parcel), ("order_hold", _hold),
    ):  # fmt: skip
        rows = [row for order in chunk for row in row_of(order)]
        if not rows:
            continue
        into = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, rows[0]))
        )
        with connection.cursor() as cursor, cursor.copy(into) as copy:
            for row in rows:
                copy.write_row(tuple(row.values()))


def _sales_order(vault: Vault, order: Order) -> list[dict[str, Any]]:
    shop = order.number % SHOPS
    return [
        {
            "id": order.id, "no": order.no, "channel": ("own", "top", "douyin", "pdd")[shop % 4],
            "shop_id": f"shop-{shop}", "external_no": order.external_no,
            "workflow_id": f"order/{order.id}", "status": str(order.status), "seq": 1,
            "waits_for": "", "version_revision": 0, "version_modified_us": 0, "applied_sha256": "",
            "channel_state": "paid", "fetch_needed": False, "stock_given_back": False,
            "currency": "CNY", "goods_minor": 1000, "discount_minor": 0, "freight_minor": 0,
            "tax_minor": 0, "payable_minor": 1000, "captured_minor": 1000, "refunded_minor": 0,
            "refund_due_minor": 0, "cash_on_delivery": False, "test_order": False, "gift": False,
            "buyer_digest": digest_of_buyer(vault.derived_key, order.buyer),
            "placed_at": order.placed, "paid_at": order.placed,
            "ship_by": order.placed + timedelta(days=2) if order.number % 10 else None,
        }
    ]  # fmt: skip


def _lines(order: Order) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{order.id}.{n}", "order_id": order.id, "line_no": n,
            "external_line_no": str(n), "kind": "goods", "external_sku": sku,
            "title": f"Goods {sku}", "quantity": 1, "list_minor": 0, "discount_minor": 0,
            "tax_minor": 0, "payable_minor": 1000, "refund_in_progress": False,
            "cancelled": False, "gift": False,
        }
        for n, sku in enumerate(order.skus, 1)
    ]  # fmt: skip


def _contents(order: Order) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{order.id}.{n}/{sku}", "order_line_id": f"{order.id}.{n}",
            "order_id": order.id, "sku": sku, "quantity": 1, "cancelled_quantity": 0,
        }
        for n, sku in enumerate(order.skus, 1)
    ]  # fmt: skip


def _receiver(vault: Vault, order: Order) -> list[dict[str, Any]]:
    return [
        {
            "order_id": order.id, "kind": "contact", "sealed": bytes(120), "digest": "",
            "phone_digest": digest_of_phone(vault.derived_key, order.phone),
            "phone_last4": order.phone[-4:],
            "country": "CN", "province": "浙江省", "city": "杭州市", "district": "余杭区",
            "postcode": "", "division_code": "330110", "edited_by_us": False,
        }
    ]  # fmt: skip


def _shipment(order: Order) -> list[dict[str, Any]]:
    if order.status not in _WITH_PARCEL:
        return []
    return [
        {
            "no": f"{order.no}-1", "order_id": order.id, "allocation_id": "", "location_id": "HQ",
            "workflow_id": f"shipment/{order.no}-1", "seq": 1, "carrier": "sf", "product": "",
            "freight_minor": 0, "weight_g": 500, "waits_for": "",
            "status": "packed" if order.status is S.IN_FULFILMENT else "delivered",
        }
    ]  # fmt: skip


def _parcel(order: Order) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{shipment['no']}.1", "shipment_no": shipment["no"], "carrier": "sf",
            "product": "", "waybill_no": order.waybill, "routing_code": "", "sorting_code": "",
            "status": "delivered", "weight_g": 500, "length_mm": 0, "width_mm": 0, "height_mm": 0,
        }
        for shipment in _shipment(order)
    ]  # fmt: skip


def _hold(order: Order) -> list[dict[str, Any]]:
    if order.status is not S.ON_HOLD:
        return []
    kind = _HOLDS[order.number % len(_HOLDS)]
    return [
        {
            "id": f"h{order.number}", "order_id": order.id, "kind": kind, "reason": "",
            "detail": "{}", "owner": "customer_service", "auto_release": "",
            "placed_by": "system", "placed_at": order.placed, "released_by": "",
        }
    ]  # fmt: skip
