"""`onhand reseal`: everything that is sealed, sealed anew with the current key."""

import asyncio

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from runtime.reach import database_url
from runtime.settings import Settings

_MOST_NAMED = 20


def command() -> None:
    """Seal secrets, messages and the keys of orders anew with ONHAND_SECRET_KEY. What was sealed
    before orders had keys gets its order's key. ONHAND_OLD_SECRET_KEYS can go afterwards, once the
    workflows that began before are over: their histories stay as they are.

    Nothing has to stand still meanwhile, once all processes know the new key and the old one. It
    can be stopped and started again. Exit code 1 when something needs a key that is not there.
    """
    settings = Settings.load()
    lost = asyncio.run(reseal_all(settings, database_url(settings)))
    console = Console()
    if lost:
        console.print(f"{len(lost)} rows need another key than those that are set:")
        console.print("\n".join(lost[:_MOST_NAMED]), markup=False)
        raise typer.Exit(1)
    console.print("Everything is sealed with the current key.")


async def reseal_all(settings: Settings, url: str, *, of_orders: bool = False) -> list[str]:
    """Everything, or what tells of orders' people alone; returns what needs another key."""
    from db.engine import create_engine
    from db.engine import sessions as sessions_of
    from db.shared.resealing import SEALED, count_others, reseal
    from db.vault import Vault

    vault = Vault(settings.encryption_key(), older=settings.older_keys())
    engine, lost = create_engine(url, "onhand_worker"), list[str]()
    sessions = sessions_of(engine)
    try:
        with Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TimeElapsedColumn(),
        ) as progress:  # fmt: skip
            for sealed in (one for one in SEALED if one.is_of_orders or not of_orders):
                async with sessions.begin() as session:
                    total = await count_others(session, vault, sealed)
                if not total:
                    continue
                bar, after = progress.add_task(sealed.table, total=total), ""
                while True:
                    async with sessions.begin() as session:
                        batch = await reseal(session, vault, sealed, after)
                    progress.advance(bar, batch.done)
                    lost.extend(batch.lost)
                    if not (after := batch.last):
                        break
    finally:
        await engine.dispose()
    return lost
