"""What a replay prints: rows that cannot be used, and the closing table."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from commands.replay_reading import Reading
from commands.replay_sending import Result
from domain.orders.history import NotAnOrder
from domain.orders.returns.past import PastReturn, PastReturnState
from domain.orders.standing import End
from integrations.past_orders import RowError
from web.words import HOLD

_MOST_ERRORS: Final = 30
_MOST_NUMBERS: Final = 6
_LEFT_OUT: Final = {
    NotAnOrder.BROKEN_ROWS: "a row has an error",
    NotAnOrder.STOCK_CORRECTION: "stock correction, no order",
    NotAnOrder.TOO_MANY_LINES: "more than 1,000 lines",
}


def print_errors(console: Console, errors: Sequence[RowError]) -> None:
    """Rows that cannot be used, by where they stand and why; nothing when all can."""
    if not errors:
        return
    table = Table("row", "order", "cause", title=f"{len(errors)} rows cannot be used")
    for error in errors[:_MOST_ERRORS]:
        table.add_row(str(error.row), escape(error.order_no), escape(error.cause))
    if len(errors) > _MOST_ERRORS:
        table.add_row("…", "", f"and {len(errors) - _MOST_ERRORS} more")
    console.print(table)


def print_table(console: Console, reading: Reading, result: Result) -> None:
    """The closing table: every order of the period is in exactly one of its lines."""
    period = reading.period
    days = f"{period.first}" + ("" if period.first == period.last else f" to {period.last}")
    table = Table("", "orders", "which", title=f"Replay of {days} to shop {result.shop_id}")

    def add(name: str, numbers: Iterable[str]) -> None:
        found = sorted(numbers)
        more = ", …" if len(found) > _MOST_NUMBERS else ""
        table.add_row(
            escape(name), str(len(found)), escape(", ".join(found[:_MOST_NUMBERS]) + more)
        )

    table.add_row("in the file", str(reading.numbers))
    for cause in NotAnOrder:
        left_out = [number for number, why in reading.left_out.items() if why is cause]
        if left_out:
            add(f"not sent: {_LEFT_OUT[cause]}", left_out)
    refusals: dict[str, list[str]] = {}
    for message_id, why in result.refused.items():
        refusals.setdefault(why, []).append(message_id)
    known = f"{result.known_before} of them known from before" if result.known_before else ""
    table.add_row("sent", str(len(result.acknowledged)), known, style="bold")
    for why, message_ids in sorted(refusals.items()):
        add(f"refused: {why}", message_ids)
    for end in (End.DELIVERED, End.CANCELLED):
        add(end, [number for number, one in result.standings.items() if one.end is end])
    for name, numbers in sorted(_by_reason(result).items()):
        add(name, numbers)
    add("lost", result.lost)
    add("doubled", result.doubled)
    console.print(table)
    if reading.corrections:
        console.print(f"Rows that correct stock and belong to no order: {reading.corrections}.")
    if result.interrupted:
        console.print("Stopped early; run it again and it goes on.")


def print_returns(console: Console, reading: Reading, result: Result | None = None) -> None:
    """Every cancelled row by what it takes back, to the penny; then the returns opened for it."""
    if not reading.returns:
        return
    table = Table("cancelled rows", "rows", "units", "sum", title="Returns of the period")
    for state in PastReturnState:
        of_state = [one for one in reading.returns if one.state is state]
        if of_state:
            _add_sum(table, str(state).replace("_", " "), of_state)
    _add_sum(table, "in the file", reading.returns)
    console.print(table)
    for taken, cases in sorted((result.taken if result else {}).items()):
        names = ", ".join(cases[:_MOST_NUMBERS]) + (", …" if len(cases) > _MOST_NUMBERS else "")
        console.print(escape(f"{str(taken).replace('_', ' ')}: {len(cases)} returns ({names})"))


def _add_sum(table: Table, name: str, pieces: Sequence[PastReturn]) -> None:
    total = sum((one.sum for one in pieces), Decimal())
    units = sum(one.units for one in pieces)
    table.add_row(name, str(len({one.line.row for one in pieces})), str(units), str(total))


def _by_reason(result: Result) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for number, one in result.standings.items():
        if one.end is End.WAITING:
            found.setdefault(f"waiting: {reason_in_words(one.reason)}", []).append(number)
        elif one.end is End.MOVING:
            found.setdefault(f"on its way: {reason_in_words(one.reason)}", []).append(number)
    return found


def reason_in_words(reason: str) -> str:
    """`hold:no_such_order` as people say it."""
    kind, _, what = reason.partition(":")
    if kind == "hold":
        return HOLD.get(what, what).lower()
    return f"{kind} ({what})" if what else kind.replace("_", " ")
