"""Past orders are replayed against the application as it is served, on a database of its own."""

import asyncio
import base64
import socket
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
import uvicorn
from pydantic import SecretStr
from rich.console import Console
from sqlalchemy import text

from api.app import create_app
from commands.demo import seed_demo
from commands.replay_reading import Period, Reading, read_history
from commands.replay_sending import Replay, Result
from commands.replay_table import print_errors, print_table
from db.audit import run as audit
from db.engine import Sessions
from db.shared.replaying import Offered
from domain.orders.history import Conventions, NotAnOrder
from domain.orders.standing import End, Standing
from integrations.spreadsheet import UnreadableFile
from runtime.settings import Settings, StartRefused

RULES = Conventions()
ZONE = ZoneInfo("Asia/Shanghai")
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
DAY = """\
1,CUP-1,CUP,2,2011-03-01 08:00:00,2.50,17850,France
1,POST,POSTAGE,1,2011-03-01 08:00:00,18,17850,France
2,CUP-1,CUP,six,2011-03-01 09:00:00,2.50,,France
2,CUP-2,CUP,1,2011-03-01 09:00:00,2.50,,France
3,CUP-2,damages,-5,2011-03-01 09:30:00,0,,France
C4,CUP-2,CUP,-1,2011-03-01 10:00:00,2.50,17850,France
5,CUP-2,CUP,7,2011-03-02 10:00:00,2.50,17850,France
"""


def read(folder: Path, rows: str = DAY, day: int = 1) -> Reading:
    path = folder / "orders.csv"
    path.write_text(HEADER + rows, encoding="utf-8")
    wanted = Period(date(2011, 3, day), date(2011, 3, day))
    return read_history(path, wanted, {}, ZONE, RULES, cover=30)


@pytest_asyncio.fixture
async def server(database_url: str, tmp_path: Path) -> AsyncIterator[Settings]:
    """The demo company behind a real port; no worker and no Temporal."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    settings = Settings(
        port=port,
        data_dir=tmp_path,
        database_url=SecretStr(database_url),
        secret_key=SecretStr(base64.b64encode(bytes(32)).decode()),
        temporal_address="127.0.0.1:1",
    )
    await seed_demo(database_url, settings)
    config = uvicorn.Config(create_app(settings), port=port, log_config=None, lifespan="on")
    serving = uvicorn.Server(config)
    task = asyncio.create_task(serving.serve())
    while not serving.started:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    yield settings
    serving.should_exit = True
    await task


async def replay(settings: Settings, reading: Reading, *, shop: str = "", currency: str = "CNY",
                 location: str = "") -> Result:  # fmt: skip
    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()
    run = Replay(settings, url, reading, RULES, shop, currency, location, 200, patience_s=0.1)
    return await run.run(Console(quiet=True))


async def count(sessions: Sessions, query: str) -> int:
    async with sessions.begin() as session:
        return int((await (await session.connection()).execute(text(query))).scalar_one())


async def test_replaying_twice_is_replaying_once(
    server: Settings, sessions: Sessions, tmp_path: Path
) -> None:
    first = await replay(server, read(tmp_path))
    again = await replay(server, read(tmp_path))

    assert sorted(first.acknowledged.values()) == ["1", "4"]
    assert (first.known_before, again.known_before) == (0, 2)
    assert again.is_sound
    assert first.standings["1"] == Standing(End.MOVING, "message")
    assert await count(sessions, "SELECT count(*) FROM inbox") == 2
    assert await count(sessions, "SELECT count(*) FROM sales_order") == 2
    assert (first.offered.products, first.offered.opened, first.offered.units) == (2, 2, 10)
    assert (again.offered.products, again.offered.opened, again.offered.units) == (0, 0, 0)
    opened = "SELECT sum(on_hand) FROM stock_balance WHERE sku LIKE 'CUP-_'"
    assert await count(sessions, opened) == 10
    assert server.database_url is not None
    assert await audit(server.database_url.get_secret_value()) == []


async def test_the_same_order_with_other_content_is_refused_and_nothing_changes(
    server: Settings, sessions: Sessions, tmp_path: Path
) -> None:
    await replay(server, read(tmp_path))
    result = await replay(server, read(tmp_path), currency="GBP")
    assert not result.is_sound
    assert [why[:23] for why in result.refused.values()] == ["409 IdempotencyMismatch"] * 2
    assert await count(sessions, "SELECT count(*) FROM inbox") == 2


async def test_what_does_not_exist_is_told_before_anything_is_sent(
    server: Settings, sessions: Sessions, tmp_path: Path
) -> None:
    reading = read(tmp_path)
    with pytest.raises(StartRefused, match=r"There is no active own-channel shop x\."):
        await replay(server, reading, shop="x")
    with pytest.raises(StartRefused, match=r"There is no location moon\."):
        await replay(server, reading, location="moon")
    assert await count(sessions, "SELECT count(*) FROM inbox") == 0
    assert await count(sessions, "SELECT count(*) FROM sku WHERE code LIKE 'CUP-_'") == 0


def test_the_tables_name_every_row_and_every_order(tmp_path: Path) -> None:
    reading = read(tmp_path)
    assert reading.left_out == {"2": NotAnOrder.BROKEN_ROWS, "3": NotAnOrder.STOCK_CORRECTION}
    result = Result("mini", Offered(2, 2, 10))
    result.acknowledged = {"replay-1-1": "1", "replay-4-2": "4"}
    result.standings = {
        "1": Standing(End.DELIVERED), "4": Standing(End.WAITING, "hold:no_such_order"),
    }  # fmt: skip
    console = Console(width=120, record=True, quiet=False)
    print_errors(console, reading.errors)
    print_table(console, reading, result)
    lines = [" ".join(line.split()) for line in console.export_text().splitlines()]
    for expected in (
        "│ 4 │ 2 │ quantity is not a number: 'six' │",
        "│ in the file │ 4 │ │",
        "│ not sent: a row has an error │ 1 │ 2 │",
        "│ not sent: stock correction, no order │ 1 │ 3 │",
        "│ sent │ 2 │ │",
        "│ delivered │ 1 │ 1 │",
        "│ waiting: no such order │ 1 │ 4 │",
        "│ lost │ 0 │ │",
        "│ doubled │ 0 │ │",
    ):
        assert expected in lines


def test_a_day_without_orders_names_the_days_there_are(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        read(tmp_path, day=9)
    assert str(refusal.value) == (
        "There is no order on 2011-03-09; orders.csv runs from 2011-03-01 to 2011-03-02."
    )


def test_a_real_trading_day_is_read_whole(shared_data: Path) -> None:
    (file,) = (shared_data / "online_retail").glob("*.csv.xz")
    day = Period(date(2011, 3, 1), date(2011, 3, 1))
    reading = read_history(file, day, {}, ZONE, RULES, cover=30)
    assert reading.errors == ()
    assert reading.numbers == 67
    assert reading.left_out == {"545236": NotAnOrder.STOCK_CORRECTION}
    assert [order.no for order in reading.orders if order.cancels] == [
        "545277", "545307", "545329", "545330",
    ]  # fmt: skip
    assert sum(len(order.lines) for order in reading.orders) == 1360
    assert len(reading.products) == 3758
