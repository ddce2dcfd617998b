"""The demo company is there once, adds up, and finds its sandbox."""

from pathlib import Path

from sqlalchemy import text

from commands.demo import seed_demo
from db.audit import run
from db.engine import Sessions
from db.orders.floor import Floor
from integrations.carriers.registry import CARRIERS
from integrations.gs1 import read_code
from integrations.marketplaces.registry import CHANNELS
from runtime.settings import Settings


async def test_seeding_twice_is_seeding_once(
    sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path)
    seen = []
    for _ in range(2):
        await seed_demo(database_url, settings)
        async with sessions.begin() as session:
            rows = await (await session.connection()).execute(
                text("SELECT count(*), sum(on_hand), sum(reserved) FROM stock_balance")
            )
            seen.append(tuple(rows.one()))

    assert seen[0] == seen[1]
    assert seen[0][0] > 0
    assert await run(database_url) == []


async def test_the_floor_of_the_demo_has_bins_cartons_cut_offs_and_barcodes(
    web_sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    await seed_demo(database_url, Settings(data_dir=tmp_path))

    async with web_sessions.begin() as session:
        floor = Floor(session)
        walk = [(row.zone, row.bin) for row in await floor.bins("R-GZ")]
        cutoffs = await floor.cutoffs("R-GZ")
        cartons = await floor.cartons("R-GZ")
        rule, dealer = await floor.rule("R-GZ"), await floor.rule("D-WH")
        connection = await session.connection()
        gtins = list(await connection.scalars(text("SELECT gtin FROM sku ORDER BY code")))
    assert walk == sorted(walk)
    assert {zone for zone, _ in walk} == {"A", "B", "C"}
    assert {"sf", "zto"} <= cutoffs.keys() <= CARRIERS.keys()
    assert list(cartons) == ["S", "M", "L"]
    assert (rule.checked, dealer.checked) == (True, False)
    assert len(set(gtins)) == 8
    assert all(read_code(gtin).gtins for gtin in gtins)


async def test_a_sandbox_on_another_port_is_found_and_real_shops_are_left_alone(
    web_sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    await seed_demo(database_url, Settings(data_dir=tmp_path, sandbox_port=8010))
    async with web_sessions.begin() as session:
        await (await session.connection()).execute(
            text("UPDATE carrier_account SET base_url = 'https://zto.example' WHERE code = 'zto'")
        )
    await seed_demo(database_url, Settings(data_dir=tmp_path, sandbox_port=9999))

    async with web_sessions.begin() as session:
        rows = await (await session.connection()).execute(
            text("SELECT base_url FROM shop UNION ALL SELECT base_url FROM carrier_account")
        )
        own, tills, *others, real = sorted(rows.scalars())
    assert own == tills == ""
    assert real == "https://zto.example"
    assert {url.partition("9999")[0] for url in others} == {"http://127.0.0.1:"}
    assert {url.split("/")[3] for url in others} == {*CHANNELS, *CARRIERS} - {"own", "pos", "zto"}
