"""`onhand redrive`: after the engine lost its database, start every open lifecycle again."""

import asyncio
from datetime import timedelta

import typer

from runtime import logs
from runtime.reach import database_url, temporal_address
from runtime.settings import Settings, StartRefused


def command() -> None:
    """Start the workflow of every open order and shipment that does not run. Harmless when all do.

    Workers do the same by themselves, a slice a minute; this is for those who cannot wait.
    """
    from temporalio.service import RPCError

    settings = Settings.load()
    logs.configure(settings.log_level, settings.log_format, process="redrive")
    address = temporal_address(settings)
    try:
        typer.echo(asyncio.run(_redrive(settings, address)))
    except (RPCError, RuntimeError) as error:
        why = str(error).strip().splitlines()[0][:200]
        raise StartRefused(f"Temporal at {address} cannot be used: {why}.") from error


async def _redrive(settings: Settings, address: str) -> str:
    from db.engine import create_engine, sessions
    from runtime.redrive import Redrive
    from runtime.temporal import connect

    engine = create_engine(database_url(settings), "onhand_worker", pool_size=1)
    try:
        client = await connect(settings, address)
        done = await Redrive(sessions(engine), client, timedelta(0)).all()
    finally:
        await engine.dispose()
    return f"{done.orders} open orders; {done.started} lifecycles started again."
