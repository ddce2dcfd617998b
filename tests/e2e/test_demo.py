"""The demo company is there once, adds up, and finds its sandbox."""

from pathlib import Path

from sqlalchemy import text

from commands.demo import seed_demo
from db.audit import run
from db.engine import Sessions
from integrations.carriers.registry import CARRIERS
from integrations.marketplaces.registry import CHANNELS
from runtime.settings import Settings


async def test_seeding_twice_is_seeding_once(
    sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path)
    await seed_demo(database_url, settings)
    await seed_demo(database_url, settings)

    async with sessions.begin() as session:
        rows = await (await session.connection()).execute(
            text("SELECT count(*), sum(on_hand) FROM stock_balance")
        )
        assert tuple(rows.one()) == (64, 5832)
    assert await run(database_url) == []


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
