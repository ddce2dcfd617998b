"""`onhand audit`: the numbers checked against each other, from the tables alone, and repaired."""

import asyncio
import getpass
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from commands.console import open_console
from db.platform.audit_chain import Verdict
from runtime.reach import database_url
from runtime.settings import Settings, StartRefused

if TYPE_CHECKING:
    from db.audit import Finding
    from db.engine import Sessions

_Chain = Annotated[
    bool, typer.Option("--chain", help="Prove that nobody changed the audit trail itself")
]
_Repair = Annotated[
    bool, typer.Option("--repair", help="Put right what the tables prove; shows it first")
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what --repair would do")]
_Yes = Annotated[bool, typer.Option("--yes", help="Repair without asking")]


def command(
    chain: _Chain = False, repair: _Repair = False, dry_run: _DryRun = False, yes: _Yes = False
) -> None:
    """Prove from the tables alone that stock is right; exit code 1 with the differing rows."""
    if chain and (repair or dry_run or yes):
        raise StartRefused("--chain proves and repairs nothing; leave the other options out.")
    if yes and dry_run:
        raise StartRefused("Say either --yes or --dry-run.")
    if chain:
        _chain()
        return
    from db.audit import run

    url = database_url(Settings.load())
    console = open_console()
    found = asyncio.run(run(url))
    _show(console, found)
    if found and (repair or dry_run or yes):
        asyncio.run(_repair(console, url, found, dry_run=dry_run, yes=yes))
        if not dry_run:
            found = asyncio.run(run(url))
    if found:
        console.print(f"{len(found)} rows are not as they should be.")
        raise typer.Exit(1)
    console.print("Everything adds up.")


def _show(console: Console, found: Sequence["Finding"]) -> None:
    from db.audit import CHECKS

    table = Table("check", "rows that break it")
    for check in CHECKS:
        rows = [finding.row for finding in found if finding.check == check.name]
        table.add_row(check.sentence, "\n".join(map(_in_line, rows)) or "none")
    console.print(table)


async def _repair(
    console: Console, url: str, found: Sequence["Finding"], *, dry_run: bool, yes: bool
) -> None:
    """Show what each repair would change, ask, and do it: each in a transaction of its own."""
    from db.engine import create_engine, sessions

    engine = create_engine(url, "onhand_worker", pool_size=1, statement_timeout_ms=600_000)
    try:
        begin = sessions(engine)
        possible = await _plan(console, begin, found)
        if dry_run or not possible:
            return
        if not yes and not typer.confirm(f"Repair these {possible} rows?"):
            raise typer.Exit(1)
        await _carry_out(console, begin, found)
    finally:
        await engine.dispose()


async def _plan(console: Console, begin: "Sessions", found: Sequence["Finding"]) -> int:
    from db.repairs import plan
    from domain.shared.errors import CannotBeRepaired

    possible, table = 0, Table("check", "row", "now", "repaired")
    for finding in found:
        async with begin() as session:
            try:
                mended = await plan(session, finding.check, finding.row)
            except CannotBeRepaired as error:
                table.add_row(finding.check, _in_line(finding.row), "", str(error))
                continue
        possible += mended.changed
        after = _in_line(mended.after) if mended.changed else "right by now"
        table.add_row(finding.check, _in_line(finding.row), _in_line(mended.before), after)
    console.print(table)
    return possible


async def _carry_out(console: Console, begin: "Sessions", found: Sequence["Finding"]) -> None:
    from db.platform import findings
    from db.repairs import REPAIRS, repair
    from domain.shared.errors import CannotBeRepaired

    done = 0
    for check in (name for name in REPAIRS if any(one.check == name for one in found)):
        async with begin.begin() as session:
            rows = [one.row for one in found if one.check == check]
            ids = await findings.note(session, check, rows)
        for finding_id in ids:
            with suppress(CannotBeRepaired):
                async with begin.begin() as session:
                    mended = await repair(session, finding_id, _who(), f"command/{finding_id}")
                    done += mended.changed
    console.print(f"{done} rows were repaired.")


def _who() -> str:
    try:
        return f"command line ({getpass.getuser()})"
    except (KeyError, OSError):  # a container may run as a user without a name
        return "command line"


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


def _in_line(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items() if value != "")
