"""`onhand migrate`: bring the database up to date, and start what exists once per shop."""

import asyncio
from typing import Final

from runtime import logs
from runtime.reach import database_url, temporal_address
from runtime.settings import Settings, StartRefused

_PATIENCE_S: Final = 30.0


def command() -> None:
    """Bring the database up to date, and seal by its order's key what is older than those keys;
    seed the demo company when it is empty and demo is on.

    Then start the pollers of shops and the gates of outside systems that do not run yet.
    """
    settings = Settings.load()
    logs.configure(settings.log_level, settings.log_format, process="migrate")
    url = database_url(settings)
    prepare(settings, url)
    reconcile(settings, url)


def prepare(settings: Settings, url: str) -> None:
    """Migrate, waiting half a minute for the database; then seed once, if this is a demo.

    Raises StartRefused when the database does not answer, or there is no key to seal people with.
    """
    from sqlalchemy.exc import OperationalError
    from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

    from commands.reseal import reseal_all
    from db.migrate import migrate
    from db.vault import KeyNeeded, Vault

    patient = retry(
        retry=retry_if_exception_type(OperationalError),
        stop=stop_after_delay(_PATIENCE_S),
        wait=wait_fixed(1),
        reraise=True,
    )
    try:
        patient(migrate)(url, vault=Vault(settings.encryption_key(), older=settings.older_keys()))
    except KeyNeeded as error:
        raise StartRefused(f"The database cannot be brought up to date: {error}.") from error
    except OperationalError as error:
        why = str(error.orig).strip().splitlines()[0]
        raise StartRefused(f"The database cannot be brought up to date: {why}.") from error
    asyncio.run(reseal_all(settings, url, of_orders=True))
    if settings.demo:
        from commands.demo import seed_demo

        asyncio.run(seed_demo(url, settings))


def reconcile(settings: Settings, url: str) -> None:
    """Start the workflows that exist once per shop or carrier and do not run yet, and what is done
    every night.

    Raises StartRefused when Temporal does not answer.
    """
    from temporalio.service import RPCError

    address = temporal_address(settings)
    try:
        asyncio.run(_reconcile(settings, url, address))
    except (RPCError, RuntimeError) as error:
        why = str(error).strip().splitlines()[0][:200].rstrip(".")
        raise StartRefused(f"Temporal at {address} cannot be used: {why}.") from error


async def _reconcile(settings: Settings, url: str, address: str) -> None:
    from temporalio.service import RPCError
    from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

    from db.engine import create_engine, sessions
    from runtime.schedules import reconcile_schedules
    from runtime.singletons import reconcile_singletons
    from runtime.temporal import connect

    engine = create_engine(url, "onhand_worker", pool_size=1)
    patient = retry(  # a server that was just set up needs a moment to know its namespace
        retry=retry_if_exception_type(RPCError),
        stop=stop_after_delay(_PATIENCE_S),
        wait=wait_fixed(1),
        reraise=True,
    )
    try:
        client = await connect(settings, address)
        await patient(reconcile_singletons)(client, sessions(engine))
        await patient(reconcile_schedules)(client)
    finally:
        await engine.dispose()
