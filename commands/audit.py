"""`onhand audit`: the numbers checked against each other, from the tables alone."""

import asyncio
from typing import Annotated

import typer
from rich.table import Table

from commands.console import open_console
from db.platform.audit_chain import Verdict
from runtime.reach import database_url
from runtime.settings import Settings

_Chain = Annotated[
    bool, typer.Option("--chain", help="Prove that nobody changed the audit trail itself")
]


def command(chain: _Chain = False) -> None:
    """Prove from the tables alone that stock is right; exit code 1 with the differing rows."""
    if chain:
        _chain()
        return
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


def _chain() -> None:
    from runtime.chaining import read_anchors

    settings = Settings.load()
    anchors = read_anchors(settings.audit_anchor_file)
    verdict = asyncio.run(_verified(database_url(settings), anchors))
    console = open_console()
    if verdict.broken:
        console.print(f"The audit trail is broken: {verdict.broken}.", markup=False)
        console.print(f"Up to link {verdict.head.seq} it is whole.")
        raise typer.Exit(1)
    console.print(
        f"The audit trail is whole: {verdict.head.seq} links, {len(anchors)} anchors in"
        f" {settings.audit_anchor_file}. Head: {verdict.head.hash}",
        markup=False,
    )


async def _verified(url: str, anchors: dict[int, str]) -> Verdict:
    from sqlalchemy import text

    from db.engine import create_engine, sessions
    from db.platform.audit_chain import verify

    engine = create_engine(url, "onhand_worker", pool_size=1)
    try:
        async with sessions(engine).begin() as session:
            connection = await session.connection()
            await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            await connection.execute(text("SET LOCAL statement_timeout = 0"))
            return await verify(session, anchors)
    finally:
        await engine.dispose()
