"""What people said stands in no table in plain text; migrating seals what did, and finds buyers."""

import json
from collections.abc import Iterator

import psycopg
import pytest

from db.engine import create_engine, sessions
from db.keys import digest_of_buyer
from db.migrate import migrate
from db.orders.blocked import BlockedBuyers
from db.orders.words import (
    of_case,
    of_event,
    of_inspection,
    of_label,
    of_order,
    of_return,
    of_scan,
    said_of,
)
from db.vault import KeyNeeded, Vault, shop_context
from tests.e2e import canaries
from tests.people import VAULT
from tests.shops import VAULT as ANOTHER

ORDERS = 2003
WORDS = {
    "buyer_remark": "放在金丝雀便利店", "seller_remark": "给夜莺女士", "buyer_ref": "tb_canary_88",
    "invoice_request": "布谷鸟抬头",
}  # fmt: skip
RETURNED = {"remark": "云雀说碎了", "question": "画眉在家吗", "decision_reason": "百灵同意"}
SCAN = {"text": "快递员黄鹂 13712345671 派送", "place": "喜鹊新村站"}
CANARIES = [
    *WORDS.values(), *RETURNED.values(), *SCAN.values(), "鹦鹉验货", "信天翁问过", "云雀回放",
    "白头翁说不想要了", "快递员戴胜 13612345673 已取件",
]  # fmt: skip
TABLES = (
    "sales_order", "sales_return", "tracking_event", "return_inspection", "order_event",
    "blocked_buyer", "idempotency_key", "return_inspection_undo", "after_sale", "return_label",
)  # fmt: skip
# A row with these values; what must not be empty and is not said is nothing, zero or false.
_ROW = """
INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, d || x)).* FROM (
    SELECT coalesce(jsonb_object_agg(column_name, CASE
        WHEN data_type = 'boolean' THEN 'false'::jsonb
        WHEN data_type IN ('bigint', 'integer') THEN '0'::jsonb
        WHEN data_type = 'jsonb' THEN '{{}}'::jsonb
        WHEN data_type LIKE 'timestamp%%' THEN '"2026-01-01"'::jsonb
        ELSE '""'::jsonb END), '{{}}') AS d
    FROM information_schema.columns WHERE table_name = '{table}' AND is_nullable = 'NO') y,
    jsonb_array_elements(CAST(%s AS jsonb)) AS x
"""


def _put(connection: psycopg.Connection, table: str, *rows: dict[str, object]) -> None:
    told = json.dumps(rows, ensure_ascii=False)
    connection.execute(_ROW.format(table=table).encode(), [told])


def _orders() -> Iterator[dict[str, object]]:
    for n in range(ORDERS):
        said = WORDS if n % 2 == 0 else dict.fromkeys(WORDS, "")
        yield {
            "id": f"ord_{n}", "no": f"O-{n}", "external_no": str(n), "workflow_id": f"order/{n}",
            "shop_id": "s", "channel": "own", **said,
        }  # fmt: skip


@pytest.fixture
def old(empty_database_url: str) -> str:
    """As it was before what people said was sealed; order 2 is erased."""
    migrate(empty_database_url, "0045")
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(
            "INSERT INTO shop (id, channel, external_id, name, base_url, secrets, settings, active)"
            " VALUES ('s', 'own', 's', 's', '', %s, '{}', true)",
            [VAULT.seal_secrets({"secret": "x"}, shop_context("s"))],
        )
        _put(connection, "location", {"id": "HQ", "kind": "hq", "name": "HQ"})
        _put(connection, "sku", {"code": "A", "name": "A"})
        _put(connection, "sales_order", *_orders())
        _put(connection, "order_key", {"order_id": "ord_2", "destroyed_at": "2026-01-01"})
        _put(connection, "order_line", {"id": "l", "order_id": "ord_0", "quantity": 1})
        _put(connection, "fulfilment_line", {
            "id": "f", "order_id": "ord_0", "order_line_id": "l", "sku": "A", "quantity": 1,
        })  # fmt: skip
        _put(connection, "shipment", {"no": "O-0-1", "order_id": "ord_0", "location_id": "HQ"})
        _put(connection, "parcel", {"id": "p", "shipment_no": "O-0-1"})
        _put(connection, "tracking_event", {"parcel_id": "p", "event_id": "e1", **SCAN})
        _put(connection, "sales_return", {
            "return_no": "R1", "order_id": "ord_0", "shop_id": "s", "kind": "return",
            "status": "requested", "remedy": "refund", "doubts": [], **RETURNED,
        })  # fmt: skip
        _put(connection, "sales_return_line", {
            "return_no": "R1", "fulfilment_line_id": "f", "sku": "A", "quantity": 1,
        })  # fmt: skip
        _put(connection, "return_receipt", {
            "id": "c1", "return_no": "R1", "fulfilment_line_id": "f", "quantity": 1,
            "location_id": "HQ",
        })  # fmt: skip
        _put(connection, "return_inspection", {
            "id": "i1", "receipt_id": "c1", "return_no": "R1", "fulfilment_line_id": "f",
            "quantity": 1, "disposition": "resell", "location_id": "HQ", "note": "鹦鹉验货",
        })  # fmt: skip
        _put(connection, "order_event", {
            "order_id": "ord_0", "source": "R1", "seq": 1, "kind": "return_asked",
            "data": {"return_no": "R1", "question": "信天翁问过"},
        })  # fmt: skip
        _put(connection, "after_sale", {
            "channel": "own", "shop_id": "s", "after_sale_no": "A1", "external_no": "0",
            "reason": "白头翁说不想要了", "external_line_nos": [],
        })  # fmt: skip
        _put(connection, "return_label", {
            "no": "RL1", "order_id": "ord_0", "location_id": "HQ", "state": "wanted",
            "told": "快递员戴胜 13612345673 已取件",
        })  # fmt: skip
        _put(connection, "blocked_buyer", {
            "channel": "own", "buyer_ref": WORDS["buyer_ref"], "reason": "empty boxes",
        })  # fmt: skip
        _put(connection, "idempotency_key", {
            "principal": "key:1", "key": "k", "status": 200, "body": "json\n云雀回放",
        })  # fmt: skip
    return empty_database_url


async def test_what_people_said_is_sealed_by_migrating_and_buyers_are_found(old: str) -> None:
    for _ in range(2):
        migrate(old, vault=VAULT)

    assert canaries.in_tables(old, CANARIES) == []
    with psycopg.connect(old, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        for table in TABLES:
            [(pages,)] = connection.execute(
                "SELECT pg_read_binary_file(pg_relation_filepath(%s))", [table]
            ).fetchall()
            assert [word for word in CANARIES if word.encode() in pages] == [], table
        buyer = digest_of_buyer(VAULT.derived_key, WORDS["buyer_ref"])
        found = connection.execute(
            "SELECT count(*) FROM sales_order WHERE buyer_digest = %s", [buyer]
        ).fetchall()
        sealed = connection.execute("SELECT count(*) FROM sealed_words").fetchall()
        [(answer,)] = connection.execute("SELECT sealed FROM idempotency_key").fetchall()
    assert found == [((ORDERS + 1) // 2,)]
    assert sealed == [((ORDERS + 1) // 2 - 1 + 6,)]  # of erased people nothing is kept
    assert VAULT.open(answer, "answer/key:1/k").decode() == "json\n云雀回放"
    await _reads(old)


async def _reads(url: str) -> None:
    engine = create_engine(url, "onhand_office", pool_size=1)
    try:
        async with sessions(engine, VAULT).begin() as session:
            said = await said_of(session, ["ord_0", "ord_1", "ord_2"])
            [blocked] = await BlockedBuyers(session).page(("", ""), 10)
            reasons = await BlockedBuyers(session).reasons("ord_0")
    finally:
        await engine.dispose()
    assert said(of_order("ord_0")) == WORDS
    assert said(of_order("ord_1")) == said(of_order("ord_2")) == {}
    assert said(of_return("R1")) == RETURNED
    assert said(of_scan("p", "e1")) == SCAN
    assert said(of_inspection("i1")) == {"note": "鹦鹉验货"}
    assert said(of_event("ord_0", "R1", 1)) == {"question": "信天翁问过"}
    assert said(of_case("own", "s", "A1")) == {"reason": "白头翁说不想要了"}
    assert said(of_label("RL1")) == {"told": "快递员戴胜 13612345673 已取件"}
    assert (blocked.buyer_ref, reasons) == (WORDS["buyer_ref"], ["empty boxes"])


@pytest.mark.parametrize(
    ("vault", "why"), [(None, "the key is missing"), (ANOTHER, "this is another key")]
)
def test_without_the_right_key_no_word_is_migrated(old: str, vault: Vault | None, why: str) -> None:
    with pytest.raises(KeyNeeded, match=why):
        migrate(old, vault=vault)

    with psycopg.connect(old) as connection:
        [(remark,)] = connection.execute(
            "SELECT buyer_remark FROM sales_order WHERE id = 'ord_0'"
        ).fetchall()
        version = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    assert (remark, version) == (WORDS["buyer_remark"], [("0045",)])
