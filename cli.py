"""The command `onhand`. Each command imports what it needs only when it runs."""

import asyncio
import sys
from typing import NoReturn

import typer
from rich.console import Console
from rich.table import Table

from runtime.settings import Settings, SettingsError

app = typer.Typer(
    help="Onhand 现货: retail distribution on durable workflows.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
console = Console()


@app.command()
def up() -> None:
    """Start everything on this machine and show what happens, until Ctrl-C."""
    from runtime.supervise import CannotStart, Child, Supervisor

    settings = _settings()
    children = (Child("api", ("api.app",)), Child("worker", ("worker",)))
    try:
        Supervisor(settings, console, children).run(
            lambda database, _: _prepare(settings, database)
        )
    except CannotStart as error:
        _stop(str(error))


@app.command()
def migrate() -> None:
    """Bring the database of ONHAND_DATABASE_URL up to date."""
    settings = _settings()
    if settings.database_url is None:
        _stop("Set ONHAND_DATABASE_URL; the embedded database is migrated by make up.")
    _prepare(settings, settings.database_url.get_secret_value())


@app.command()
def audit() -> None:
    """Prove from the tables alone that stock and money are right; exit code 1 if they are not."""
    from db.audit import CHECKS, run

    findings = asyncio.run(run(_database_url(_settings())))
    table = Table("check", "rows that break it")
    for check in CHECKS:
        rows = [finding.row for finding in findings if finding.check == check.name]
        table.add_row(check.sentence, "\n".join(str(row) for row in rows) or "none")
    console.print(table)
    if findings:
        _stop(f"{len(findings)} rows are not as they should be.")
    console.print("Everything adds up.")


def main() -> None:
    """Entry point of the installed command."""
    app()


def _settings() -> Settings:
    try:
        return Settings.load()
    except SettingsError as error:
        _stop(str(error))


def _prepare(settings: Settings, database_url: str) -> None:
    from db.demo import seed_demo
    from db.migrate import migrate as upgrade

    upgrade(database_url)
    if settings.demo:
        asyncio.run(seed_demo(database_url))


def _database_url(settings: Settings) -> str:
    from runtime.embedded import EmbeddedPostgres

    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    url = EmbeddedPostgres(settings.data_dir / "postgres").running_url()
    if url is None:
        _stop("The embedded database is not running; start it with make up.")
    return url


def _stop(text: str) -> NoReturn:
    typer.echo(text, err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
