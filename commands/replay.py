"""`onhand replay`: past orders out of a file, sent through the own channel as if it were today."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console

from commands.console import open_console
from commands.replay_reading import Period, Reading, read_history
from commands.replay_sending import Replay
from commands.replay_table import print_errors, print_returns, print_table
from domain.orders.history import Conventions
from integrations.past_orders import COLUMNS
from integrations.spreadsheet import UnreadableFile
from runtime.reach import database_url
from runtime.settings import Settings, StartRefused

_DAY: Final = ["%Y-%m-%d"]


def command(
    file: Annotated[Path, typer.Argument(help="CSV, CSV.xz or XLSX; the first row names columns")],
    day: Annotated[datetime | None, typer.Option(formats=_DAY, help="Replay this day")] = None,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=_DAY, help="Replay from this day")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=_DAY, help="to this day, itself included")
    ] = None,
    shop: Annotated[str, typer.Option(help="Own-channel shop; needed if there are several")] = "",
    column: Annotated[
        list[str] | None,
        typer.Option(help=f'NAME="Header" where it is not found; names: {", ".join(COLUMNS)}'),
    ] = None,
    zone: Annotated[str, typer.Option(help="Zone of the file's times")] = "Asia/Shanghai",
    currency: Annotated[str, typer.Option(help="Currency of the file's prices, ISO 4217")] = "CNY",
    cover: Annotated[
        int, typer.Option(min=0, max=3650, help="Opening stock: days of the file's sales")
    ] = 30,
    location: Annotated[str, typer.Option(help="Where it lies; else the main warehouse")] = "",
    weight: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Grams of one unit; files do not say")
    ] = 200,
    encoding: Annotated[str, typer.Option(help="Of a CSV file that is not UTF-8")] = "",
    sheet: Annotated[str, typer.Option(help="Of an XLSX file; else the first")] = "",
    cancellation_prefix: Annotated[
        str, typer.Option(help="C123 takes back order 123; empty: nothing does")
    ] = "C",
    not_goods: Annotated[
        list[str] | None, typer.Option(help="A code that is a charge, not goods; repeat it")
    ] = None,
    returns: Annotated[
        bool,
        typer.Option(help="Open returns for cancellations, by customer and product, once sent"),
    ] = False,
    check: Annotated[bool, typer.Option(help="Only read and report; send nothing")] = False,
    patience: Annotated[
        int, typer.Option(min=1, help="Stop waiting after this many seconds without any change")
    ] = 180,
) -> None:
    """Send past orders to the running Onhand and show what became of each.

    Running it again sends the same messages: what is known changes nothing, the rest goes on.
    """
    settings = Settings.load()
    console = open_console()
    rules = Conventions(cancellation_prefix, frozenset(not_goods or ()))
    try:
        with console.status(f"Reading {file.name} …"):
            reading = read_history(
                file, _period(day, first, last), _named(column or []), _zone(zone), rules,
                cover=cover, encoding=encoding, sheet=sheet, returns=returns,
            )  # fmt: skip
    except UnreadableFile as error:
        raise StartRefused(str(error)) from error
    print_errors(console, reading.errors)
    _say_what_there_is(console, reading)
    if check:
        print_returns(console, reading)
        return
    replay = Replay(
        settings, database_url(settings), reading, rules, shop, _currency(currency), location,
        weight, patience,
    )  # fmt: skip
    result = asyncio.run(replay.run(console))
    print_table(console, reading, result)
    print_returns(console, reading, result)
    if not result.is_sound:
        raise typer.Exit(1)


def _say_what_there_is(console: Console, reading: Reading) -> None:
    opening = sum(product.opening for product in reading.products)
    console.print(
        f"{reading.numbers} orders from {reading.period.first} to {reading.period.last};"
        f" {len(reading.products)} products, {opening} units to open with",
        soft_wrap=True,
    )


def _period(day: datetime | None, first: datetime | None, last: datetime | None) -> Period | None:
    """None when nothing was said: the refusal then names the days of the file."""
    if day and (first or last):
        raise StartRefused("Say either --day, or --from and --to.")
    begin, end = day or first or last, day or last or first
    if begin is None or end is None:
        return None
    if begin > end:
        raise StartRefused(f"--from {begin:%Y-%m-%d} lies after --to {end:%Y-%m-%d}.")
    return Period(begin.date(), end.date())


def _named(options: list[str]) -> dict[str, str]:
    named: dict[str, str] = {}
    for option in options:
        name, equals, header = option.partition("=")
        if not equals or not header.strip():
            raise StartRefused(f'--column {option} is not NAME="Header".')
        named[name.strip()] = header.strip()
    return named


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise StartRefused(f"There is no time zone {name}.") from error


def _currency(code: str) -> str:
    if not (len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()):
        raise StartRefused(f"{code} is not a currency; write three capitals, such as CNY.")
    return code
