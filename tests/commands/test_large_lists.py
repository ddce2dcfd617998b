"""`onhand import --at-once`: a large list in one transaction, judged as the small ones are."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession
from typer.testing import CliRunner, Result

from cli import app
from db.audit import audit
from db.engine import Sessions
from db.shared.importing import bulk
from db.sql import run
from runtime.posting import Posting
from tests.activities.platform.test_importing import query
from tests.seeds import seed_network

RUN = "db.shared.importing.bulk.run"
PRODUCTS = """sku,name,gtin,price,cost,weight_g
A,SKU A,,10.00,,
B,New,6901234567892,68.00,31.50,300
C,,,,,
D,Fourth,6901234567892,1.00,,
E,Fifth,,1.005,,
B,Twice,,,,
F,Sixth,,x,,
"""
GOOD_PRODUCTS = """sku,name,gtin,price,cost,weight_g
A,Other name,,,,
B,New,6901234567892,68.00,31.50,300
"""
STOCK = (
    "location,sku,lot,condition,counted\nHQ,A,,,40\nHQ,A,L1,good,2\nHQ,B,,,7\nR1,B,,quarantine,3\n"
)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path) -> None:
    monkeypatch.setenv("ONHAND_DATABASE_URL", database_url)
    monkeypatch.setenv("ONHAND_SECRET_KEY", base64.b64encode(bytes(32)).decode())
    monkeypatch.setenv("ONHAND_DATA_DIR", str(tmp_path))


async def _bring_in(tmp_path: Path, kind: str, text: str, *words: str) -> Result:
    file = tmp_path / f"{kind}.csv"
    file.write_text(text)
    told = ["import", kind, str(file), "--at-once", *words]
    return await asyncio.to_thread(lambda: CliRunner().invoke(app, told))


async def test_nothing_is_applied_while_a_row_is_bad_unless_the_good_ones_are_wanted(
    sessions: Sessions, tmp_path: Path
) -> None:
    await seed_network(sessions, skus=("A",))

    refused = await _bring_in(tmp_path, "products", PRODUCTS)

    assert refused.exit_code == 1
    assert "nothing is applied; 7 rows: 1 new, 0 changed, 1 same as now, 5 bad" in refused.output
    for said in (
        "row 4: Name", "row 5: GTIN", "stands in row 3 already", "row 6: Price",
        "row 7: stands in row 3 already", "row 8: Price",
    ):  # fmt: skip
        assert said in refused.output, refused.output
    assert await query(sessions, "SELECT code FROM sku ORDER BY code") == [("A",)]
    assert await query(sessions, "SELECT 1 FROM import_file") == []
    partly = await _bring_in(tmp_path, "products", PRODUCTS, "--partial")
    assert partly.exit_code == 1
    assert "done; 7 rows: 1 applied, 1 same as now, 5 bad" in partly.output
    assert await query(
        sessions, "SELECT code, price_minor, cost_minor, weight_g FROM sku ORDER BY code"
    ) == [("A", 1000, 0, 500), ("B", 6800, 3150, 300)]


async def test_products_change_what_they_name_and_the_same_file_does_nothing_again(
    sessions: Sessions, tmp_path: Path
) -> None:
    await seed_network(sessions, skus=("A",))
    looked = await _bring_in(tmp_path, "products", GOOD_PRODUCTS, "--dry-run")
    done = await _bring_in(tmp_path, "products", GOOD_PRODUCTS)
    again = await _bring_in(tmp_path, "products", GOOD_PRODUCTS)
    assert "nothing is applied; 2 rows: 1 new, 1 changed, 0 same as now, 0 bad" in looked.output
    assert (done.exit_code, "done; 2 rows: 2 applied" in done.output) == (0, True), done.output
    assert "came before" in again.output
    assert await query(sessions, "SELECT name, price_minor FROM sku WHERE code = 'A'") == [
        ("Other name", 1000)
    ]
    assert await query(sessions, "SELECT state, rows FROM import_file") == [("done", 2)]
    assert await query(sessions, "SELECT action FROM audit_log") == [("import.applied",)]


async def test_counted_stock_is_in_ledger_balance_and_books(
    sessions: Sessions, tmp_path: Path
) -> None:
    await seed_network(sessions, locations=("HQ", "R1"), skus=("A", "B"))
    await query(sessions, "UPDATE sku SET cost_minor = 100 RETURNING 1")
    first = await _bring_in(tmp_path, "stock", STOCK)
    assert first.exit_code == 0, (first.output, first.exception)
    later = STOCK.replace("HQ,A,,,40", "HQ,A,,,35").replace("HQ,B,,,7", "HQ,B,,,9")
    assert "2 applied, 2 same as now" in (await _bring_in(tmp_path, "stock", later)).output
    assert await query(
        sessions,
        "SELECT location_id, sku, lot, condition, on_hand FROM stock_balance ORDER BY 1, 2, 3",
    ) == [
        ("HQ", "A", "", "good", 35), ("HQ", "A", "L1", "good", 2), ("HQ", "B", "", "good", 9),
        ("R1", "B", "", "quarantine", 3),
    ]  # fmt: skip
    assert await query(
        sessions, "SELECT reason, count(*)::int FROM stock_move GROUP BY 1 ORDER BY 1"
    ) == [("count", 2), ("opening", 4)]
    await Posting(sessions).once(100)
    async with sessions.begin() as session:
        assert await audit(session) == []


async def test_stock_of_a_product_that_asks_for_lots_comes_in_with_them(
    sessions: Sessions, tmp_path: Path
) -> None:
    await seed_network(sessions, locations=("HQ", "R1"), skus=("A", "B"))
    await query(sessions, "UPDATE sku SET tracks_lots = true RETURNING 1")

    done = await _bring_in(tmp_path, "stock", STOCK, "--partial")

    assert "done; 4 rows: 2 applied, 2 bad" in done.output, done.output
    assert "the lots of this product are written down" in done.output
    assert await query(sessions, "SELECT sku, lot, condition FROM stock_balance ORDER BY 1") == [
        ("A", "L1", "good"), ("B", "", "quarantine"),
    ]  # fmt: skip


async def test_an_import_that_dies_half_way_leaves_nothing_and_begins_clean(
    sessions: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await seed_network(sessions, locations=("HQ", "R1"), skus=("A", "B"))
    monkeypatch.setattr(bulk, "SLICE", 1)

    async def dies_at_the_third_slice(session: AsyncSession, statement: str, **told: Any) -> Any:
        if told.get("first") == 3:
            raise KeyboardInterrupt
        return await run(session, statement, **told)

    monkeypatch.setattr(RUN, dies_at_the_third_slice)
    died = await _bring_in(tmp_path, "stock", STOCK)
    assert died.exit_code != 0
    for table in ("stock_move", "stock_balance", "book_fact", "import_file", "stock_sum_change"):
        assert await query(sessions, f"SELECT 1 FROM {table}") == [], table

    monkeypatch.setattr(RUN, run)
    done = await _bring_in(tmp_path, "stock", STOCK)
    assert "done; 4 rows: 4 applied" in done.output
    assert await query(sessions, "SELECT sum(on_hand)::int, count(*)::int FROM stock_balance") == [
        (52, 4)
    ]
    async with sessions.begin() as session:
        assert await audit(session) == []


async def test_what_is_promised_or_unknown_is_not_counted_away(
    sessions: Sessions, tmp_path: Path
) -> None:
    await seed_network(sessions, skus=("A",))
    first = await _bring_in(tmp_path, "stock", "location,sku,counted\nHQ,A,10\n")
    assert first.exit_code == 0, (first.output, first.exception)
    await query(sessions, "UPDATE stock_balance SET reserved = 6 RETURNING 1")
    text = "location,sku,counted\nHQ,A,5\nHQ,NO,1\nXX,A,1\nHQ,A,5\n"
    refused = await _bring_in(tmp_path, "stock", text)
    assert refused.exit_code == 1
    for said in ("row 2: Counted", "row 3: SKU", "row 4: Location", "row 5: stands in row 2"):
        assert said in refused.output, refused.output
    assert await query(sessions, "SELECT on_hand FROM stock_balance") == [(10,)]
