"""The demo company is there once and adds up."""

from sqlalchemy import text

from commands.demo import seed_demo
from db.audit import run
from db.engine import Sessions
from runtime.settings import Settings


async def test_seeding_twice_is_seeding_once(
    sessions: Sessions, database_url: str, tmp_path: object
) -> None:
    settings = Settings(data_dir=tmp_path)  # type: ignore[arg-type]
    await seed_demo(database_url, settings)
    await seed_demo(database_url, settings)

    async with sessions.begin() as session:
        rows = await (await session.connection()).execute(
            text("SELECT count(*), sum(on_hand) FROM stock_balance")
        )
        assert tuple(rows.one()) == (48, 5600)
    assert await run(database_url) == []
