"""`onhand simulate`: policies tried on a file of past sales before anybody trusts them."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from commands.console import open_console
from commands.following import bars
from commands.simulate_reading import best_sellers
from domain.inventory.planning.comparison import Costs, Sold, Tried, stock_at, try_out
from domain.inventory.planning.policies import Dynamic, MinMax, Policy
from domain.inventory.planning.safety_stock import LeadTime
from integrations.spreadsheet import UnreadableFile
from runtime.settings import StartRefused

app = typer.Typer(no_args_is_help=True, help="Try policies on past sales.")

_COVERS: Final = (0, 7, 14, 28, 56)
_SERVICES: Final = (0.5, 0.7, 0.8, 0.9, 0.95)
_NAMES: Final = ("minmax", "dynamic")
_BAR: Final = 40  # characters


@app.callback()
def _all() -> None:
    pass


@app.command()
def replenishment(
    history: Annotated[Path, typer.Option(help="Past sales: CSV, CSV.xz or XLSX")],
    top: Annotated[int, typer.Option(min=1, max=100_000, help="So many SKUs, by turnover")] = 500,
    compare: Annotated[str, typer.Option(help=f"Of {', '.join(_NAMES)}")] = ",".join(_NAMES),
    lead_days: Annotated[int, typer.Option(min=1, max=365, help="Days to the shelf")] = 7,
    order_days: Annotated[int, typer.Option(min=1, max=365, help="An order lasts so long")] = 14,
    training: Annotated[int, typer.Option(min=14, help="Days only learned from")] = 90,
    window: Annotated[int, typer.Option(min=14, help="Days dynamic looks back")] = 60,
    holding: Annotated[float, typer.Option(min=0, help="Cost of stock, a share a year")] = 0.25,
    order_cost: Annotated[float, typer.Option(min=0, help="Cost of one order line")] = 1.0,
) -> None:
    """Replay real demand day by day: what service each policy gives for how much stock and cost."""
    names = [name.strip() for name in compare.split(",") if name.strip()]
    unknown = [name for name in names if name not in _NAMES]
    if unknown or not names:
        told = ", ".join(unknown) or "nothing"
        raise StartRefused(f"--compare knows {', '.join(_NAMES)}, not {told}.")
    console = open_console()
    try:
        with console.status(f"Reading {history.name} …"):
            goods = best_sellers(history, top)
    except UnreadableFile as error:
        raise StartRefused(str(error)) from error
    days = len(goods[0].daily) - training
    if days < 1:
        raise StartRefused(f"The file has {len(goods[0].daily)} days; {training} are for training.")
    console.print(f"{len(goods)} SKUs, {training} days learned from, {days} days tried")
    lead = LeadTime(float(lead_days))
    policies: dict[str, Mapping[str, Policy]] = {
        "minmax": {f"{cover} days": MinMax(cover, order_days, lead, training) for cover in _COVERS},
        "dynamic": {
            f"{service:.0%}": Dynamic(service, order_days, lead, window) for service in _SERVICES
        },
    }
    costs = Costs(Decimal(str(holding)), Decimal(str(order_cost)))
    tried = _try_all(console, {n: policies[n] for n in names}, goods, training, lead_days, costs)
    _print(console, tried)


@app.command()
def network(
    sku: Annotated[str, typer.Option(help="The SKU whose places are looked at one by one")] = "",
    top: Annotated[int, typer.Option(min=1, max=10_000, help="Else so many SKUs, in sum")] = 20,
    service: Annotated[float, typer.Option(min=0.5, max=0.9999, help="Of each place")] = 0.95,
    wait: Annotated[int, typer.Option(min=0, max=365, help="Days that buyers wait")] = 0,
    holding: Annotated[float, typer.Option(min=0, help="Cost of stock, a share a year")] = 0.25,
) -> None:
    """Where safety stock is kept best, from what the planner knows of a SKU's places."""
    from commands.simulate_network import show

    show(open_console(), sku, top, service, wait, holding)


def _try_all(
    console: Console, policies: Mapping[str, Mapping[str, Policy]], goods: list[Sold],
    training: int, lead_days: int, costs: Costs,
) -> list[Tried]:  # fmt: skip
    settings = [(name, *one) for name, of_name in policies.items() for one in of_name.items()]
    tried = []
    with bars(console) as progress:
        task = progress.add_task("trying", total=len(settings), note="")
        for name, setting, policy in settings:
            progress.update(task, note=f"{name} {setting}")
            try:
                one = try_out(name, setting, policy, goods, training, lead_days, costs)
            except ValueError as error:
                raise StartRefused(f"This cannot be tried: {error}.") from error
            tried.append(one)
            progress.advance(task)
    return tried


def _print(console: Console, tried: list[Tried]) -> None:
    most = max(one.stock for one in tried) or Decimal(1)
    table = Table("policy", "setting", "service", "stock", "orders", "cost", "stock as a picture")
    for number in (2, 3, 4, 5):
        table.columns[number].justify = "right"
    for one in tried:
        table.add_row(
            one.policy, one.setting, f"{one.service:.1%}", f"{one.stock:,.0f}",
            f"{one.orders:,}", f"{one.cost:,.0f}", "█" * max(round(_BAR * one.stock / most), 1),
        )  # fmt: skip
    console.print(table)
    fixed = [one for one in tried if one.policy == "minmax"]
    for one in tried:
        if one.policy == "dynamic" and (other := stock_at(one.service, fixed)):
            console.print(
                f"At {one.service:.1%} service: dynamic {one.stock:,.0f}, min/max {other:,.0f}:"
                f" {one.stock / other - 1:+.0%} stock"
            )
