"""The reconciliation a trading day ends with: every order is in one of its columns."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from commands.replay_table import reason_in_words
from commands.traffic_day import Day, ShopDay
from domain.orders.standing import End, Standing

_MOST_NUMBERS: Final = 6


def print_table(console: Console, day: Day) -> None:
    """A row per shop and the sums, then why orders wait, then what must not be."""
    table = Table(
        "shop", "sent", "seen", "delivered", "cancelled", "waiting",
        "on its way", "lost", "doubled", title="What the market sent, and what came of it",
    )  # fmt: skip
    columns: tuple[Callable[[ShopDay], int], ...] = (
        lambda shop: len(shop.sent),
        lambda shop: len(shop.standings),
        *(_count(end) for end in (End.DELIVERED, End.CANCELLED, End.WAITING, End.MOVING)),
        lambda shop: len(shop.lost),
        lambda shop: len(shop.doubled),
    )
    for shop in day.shops:
        table.add_row(escape(shop.shop_id), *(str(column(shop)) for column in columns))
    sums = [str(sum(column(shop) for shop in day.shops)) for column in columns]
    table.add_row("all", *sums, style="bold")
    console.print(table)
    for end, heading in ((End.WAITING, "waiting"), (End.MOVING, "on its way")):
        _print_reasons(console, heading, [
            (number, one)
            for shop in day.shops
            for number, one in shop.standings.items()
            if one.end is end
        ])  # fmt: skip
    _print_bad(console, "lost", (no for shop in day.shops for no in shop.lost))
    _print_bad(console, "doubled", (no for shop in day.shops for no in shop.doubled))
    _print_bad(console, "two labels for one parcel", day.double_labels)
    if day.refused:
        console.print(f"{day.refused} acts of buyers the sandbox itself did not take.")
    if day.interrupted:
        console.print("Stopped early; what was bought goes on by itself.")


def _count(end: End) -> Callable[[ShopDay], int]:
    return lambda shop: sum(one.end is end for one in shop.standings.values())


def _print_reasons(console: Console, heading: str, orders: Iterable[tuple[str, Standing]]) -> None:
    reasons = Counter(reason_in_words(one.reason) for _, one in orders)
    if reasons:
        table = Table("why", "orders", title=heading)
        for reason, times in reasons.most_common():
            table.add_row(escape(reason), str(times))
        console.print(table)


def _print_bad(console: Console, what: str, numbers: Iterable[str]) -> None:
    found = sorted(numbers)
    if found:
        more = ", …" if len(found) > _MOST_NUMBERS else ""
        shown = ", ".join(found[:_MOST_NUMBERS])
        console.print(f"[red]{what}: {len(found)}[/red] ({escape(shown)}{more})")
