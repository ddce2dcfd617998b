"""`onhand erase`: a person's data goes for good, after a look at which orders that means."""

import asyncio
from typing import Annotated

import typer
from rich.table import Table

from commands.console import open_console
from runtime.reach import database_url
from runtime.settings import Settings, StartRefused

_Phone = Annotated[str, typer.Option(help="In any form; all orders with it")]
_Order = Annotated[str, typer.Option(help="Our number of an order of the person")]
_Reason = Annotated[str, typer.Option(help="Why, without names or phones; it is written down")]
_Yes = Annotated[bool, typer.Option("--yes", help="Do not ask again")]


def command(reason: _Reason, phone: _Phone = "", order: _Order = "", yes: _Yes = False) -> None:
    """Destroy the keys of all orders of a person; refused while one of them is open."""
    if bool(phone) == bool(order):
        raise StartRefused("Either --phone or --order is needed.")
    settings = Settings.load()
    asyncio.run(_erase(settings, phone, order, reason, yes))


async def _erase(settings: Settings, phone: str, order: str, reason: str, yes: bool) -> None:
    from db.engine import create_engine, sessions
    from db.ids import new_id
    from db.platform.audit import audit
    from db.shared.erasing import erase_person, plan_erasure
    from db.vault import Vault
    from domain.shared.errors import DomainError

    vault = Vault(settings.encryption_key(), older=settings.older_keys())
    engine = create_engine(database_url(settings), "onhand_office", pool_size=1)
    begin, console = sessions(engine).begin, open_console()
    try:
        async with begin() as session:
            found = await plan_erasure(session, vault, phone=phone, order_no=order)
        table = Table("order", "state", "")
        for one in found.orders:
            table.add_row(one.no, one.status, "not over yet" if one.is_open else "is erased")
        console.print(table)
        if not yes and not typer.confirm("Erase them? This cannot be taken back."):
            raise typer.Exit(1)
        erasure_id = new_id("era")
        async with begin() as session:
            again = await plan_erasure(session, vault, phone=phone, order_no=order)
            ids = await erase_person(session, again, found.plan)
            await audit(
                session, "command line", "person.erased", f"erasure/{erasure_id}",
                reason=reason, after={"orders": ids}, request_id=erasure_id,
            )  # fmt: skip
        console.print(f"{len(ids)} orders no longer know who their people were.")
    except DomainError as error:
        raise StartRefused(f"Nobody was erased: {error}.") from error
    finally:
        await engine.dispose()
