"""`onhand import` and `onhand export`: lists in a terminal, looked at first, whole or in part."""

import asyncio
import base64
import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli import app
from db.engine import Sessions
from tests.activities.platform.test_importing import query
from tests.api.orders.world import seed_order, seed_shop
from tests.importing import worked
from tests.seeds import seed_network

GOOD = "sku,name\nA,SKU A\nB,New\n"
MIXED = "sku,name,weight_g\nA,Other,\nC,Third,1.5\n"


@pytest.fixture
async def worker(sessions: Sessions) -> AsyncIterator[None]:
    """Works through files as they come."""

    async def work() -> None:
        while True:
            busy = "SELECT id FROM import_file WHERE state IN ('checking', 'applying')"
            for (import_id,) in await query(sessions, busy):
                await worked(sessions, import_id)
            await asyncio.sleep(0.1)

    task = asyncio.create_task(work())
    yield
    task.cancel()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path) -> None:
    monkeypatch.setenv("ONHAND_DATABASE_URL", database_url)
    monkeypatch.setenv("ONHAND_SECRET_KEY", base64.b64encode(bytes(32)).decode())
    monkeypatch.setenv("ONHAND_DATA_DIR", str(tmp_path))


async def _onhand(*words: str) -> Result:
    return await asyncio.to_thread(lambda: CliRunner().invoke(app, list(words)))


@pytest.mark.usefixtures("worker")
async def test_a_dry_run_changes_nothing_and_the_same_file_is_applied_once(
    sessions: Sessions, tmp_path: Path
) -> None:
    await seed_network(sessions, skus=("A",))
    file = tmp_path / "products.csv"
    file.write_text(GOOD)

    looked = await _onhand("import", "products", str(file), "--dry-run")
    assert (looked.exit_code, "1 new, 1 same" in looked.output) == (0, True), looked.output
    assert await query(sessions, "SELECT code FROM sku") == [("A",)]

    done = await _onhand("import", "products", str(file))
    assert (done.exit_code, "done; 1 applied" in done.output) == (0, True), done.output
    again = await _onhand("import", "products", str(file))
    assert "nothing is done a second time" in again.output
    assert await query(sessions, "SELECT code, name FROM sku ORDER BY 1") == [
        ("A", "SKU A"), ("B", "New"),
    ]  # fmt: skip


@pytest.mark.usefixtures("worker")
async def test_a_bad_row_keeps_all_out_is_named_and_with_partial_the_good_ones_go_in(
    sessions: Sessions, tmp_path: Path
) -> None:
    await seed_network(sessions, skus=("A",))
    file = tmp_path / "products.csv"
    file.write_text(MIXED)

    refused = await _onhand("import", "products", str(file))
    assert refused.exit_code == 1
    assert "row 3: Weight g: is no whole number" in refused.output
    assert await query(sessions, "SELECT name FROM sku") == [("SKU A",)]

    partly = await _onhand("import", "products", str(file), "--partial")
    assert (partly.exit_code, "1 applied, 1 bad" in partly.output) == (1, True), partly.output
    assert await query(sessions, "SELECT code, name FROM sku") == [("A", "Other")]


async def test_what_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    missing = await _onhand("import", "products", str(tmp_path / "none.csv"))
    assert "cannot be read" in str(missing.exception)
    other = tmp_path / "list.pdf"
    assert "neither" in str((await _onhand("export", "products", str(other))).exception)
    assert not other.exists()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_lists_are_taken_away_whole_and_the_audit_trail_knows(
    sessions: Sessions, tmp_path: Path, form: str
) -> None:
    await seed_shop(sessions)
    await seed_order(sessions)
    await query(
        sessions,
        "INSERT INTO stock_balance (sku, location_id, lot, condition, owner, on_hand, reserved)"
        " VALUES ('A', 'HQ', '', 'good', 'own', 5, 0) RETURNING 1",
    )
    for kind, count in (("products", 2), ("stock", 1), ("orders", 1), ("users", 0)):
        file = tmp_path / f"{kind}.{form}"
        answer = await _onhand("export", kind, str(file), "--language", "en")
        assert (answer.exit_code, f"{count} rows in" in answer.output) == (0, True), answer.output
        if form == "csv":
            rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))
            assert len(rows) == count, kind
        else:
            assert file.read_bytes().startswith(b"PK")
    taken = "SELECT count(*)::int FROM audit_log WHERE action = 'list.exported' AND actor = 'cli'"
    assert await query(sessions, taken) == [(4,)]
