"""`onhand migrate`: bring the database up to date, and fill it for the demo."""

import asyncio
from typing import Final

from runtime import logs
from runtime.reach import database_url
from runtime.settings import Settings, StartRefused

_PATIENCE_S: Final = 30.0


def command() -> None:
    """Bring the database up to date; seed the demo company when it is empty and demo is on."""
    settings = Settings.load()
    logs.configure(settings.log_level, settings.log_format, process="migrate")
    prepare(settings, database_url(settings))


def prepare(settings: Settings, url: str) -> None:
    """Migrate, waiting half a minute for the database; then seed once, if this is a demo.

    Raises StartRefused when the database does not answer.
    """
    from sqlalchemy.exc import OperationalError
    from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

    from db.migrate import migrate

    patient = retry(
        retry=retry_if_exception_type(OperationalError),
        stop=stop_after_delay(_PATIENCE_S),
        wait=wait_fixed(1),
        reraise=True,
    )
    try:
        patient(migrate)(url)
    except OperationalError as error:
        why = str(error.orig).strip().splitlines()[0]
        raise StartRefused(f"The database cannot be brought up to date: {why}.") from error
    if settings.demo:
        from commands.demo import seed_demo

        asyncio.run(seed_demo(url, settings))
