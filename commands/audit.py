"""`onhand audit`: the numbers checked against each other, from the tables alone."""

import asyncio

import typer
from rich.table import Table

from commands.console import open_console
from runtime.reach import database_url
from runtime.settings import Settings


def command() -> None:
    """Prove from the tables alone that stock is right; exit code 1 with the differing rows."""
    from db.audit import CHECKS, run

    findings = asyncio.run(run(database_url(Settings.load())))
    console = open_console()
    table = Table("check", "rows that break it")
    for check in CHECKS:
        rows = [finding.row for finding in findings if finding.check == check.name]
        table.add_row(check.sentence, "\n".join(str(row) for row in rows) or "none")
    console.print(table)
    if findings:
        console.print(f"{len(findings)} rows are not as they should be.")
        raise typer.Exit(1)
    console.print("Everything adds up.")
