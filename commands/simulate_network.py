"""`onhand simulate network`: which places keep the safety stock of a SKU, and which pass it on."""

import asyncio
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from db.engine import create_engine, sessions
from db.sql import run
from domain.inventory.planning.multi_echelon import (
    Kept,
    Network,
    Placement,
    Stage,
    place_stock,
    pooled,
)
from domain.shared.money import Money
from runtime.reach import database_url
from runtime.settings import Settings, StartRefused

_PLACES: Final = """
SELECT p.location_id, l.name, l.parent_id, p.demand_deviation * p.factor AS deviation, p.lead_mean,
       s.currency,
       CASE WHEN s.cost_minor > 0 THEN s.cost_minor ELSE s.price_minor END AS unit_minor,
       (SELECT transfer_days FROM planning_setting) AS transfer_days
FROM stock_policy p JOIN location l ON l.id = p.location_id AND l.kind <> 'dealer'
JOIN sku s ON s.code = p.sku WHERE p.sku = :sku ORDER BY p.location_id
"""


def show(console: Console, sku: str, service: float, wait: int, holding: float) -> None:
    """Print what each place promises and keeps, and what it would keep if each kept its own.

    Raises StartRefused when the planner knows no place of the SKU.
    """
    rows = asyncio.run(_read(sku))
    if not rows:
        raise StartRefused(f"The planner knows no place of {sku} yet; it plans every night.")
    factor = NormalDist().inv_cdf(service)
    for tree in trees_of(rows, factor, wait, holding):
        best = place_stock(tree)
        alone = sum(
            stage.holding * tree.deviation[stage.name] * max(_own_days(tree, stage), 0) ** 0.5
            for stage in tree.stages
        )
        _print(console, rows, best, alone)


def trees_of(rows: Sequence[Any], factor: float, wait: int, holding: float) -> list[Network]:
    """A network for each place that nobody of them is above. Who has places below is a hub: its own
    buyers wait as long as those do; all others keep their buyers waiting `wait` days at most."""
    known = {row.location_id: row for row in rows}
    arcs = [(row.parent_id, row.location_id) for row in rows if row.parent_id in known]
    hubs, fed = {source for source, _ in arcs}, {target for _, target in arcs}
    own = {row.location_id: row.deviation * factor for row in rows}
    spread = pooled(arcs, own, list(known))
    found = []
    for row in rows:
        if row.location_id in fed:
            continue
        below = [row.location_id]
        for name in below:
            below += [target for source, target in arcs if source == name]
        stages = tuple(
            Stage(
                name, round(known[name].transfer_days if name in fed else known[name].lead_mean),
                known[name].unit_minor * holding, promised=None if name in hubs else wait,
            )
            for name in below
        )  # fmt: skip
        found.append(Network(stages, tuple(arc for arc in arcs if arc[0] in below), spread))
    return found


def _own_days(tree: Network, stage: Stage) -> int:
    """What a place covers that makes nobody wait longer than its buyers may."""
    return stage.days - (stage.promised or 0)


async def _read(sku: str) -> Sequence[Any]:
    engine = create_engine(database_url(Settings.load()), "onhand_office", pool_size=1)
    try:
        async with sessions(engine).begin() as session:
            return await run(session, _PLACES, sku=sku)
    finally:
        await engine.dispose()


def _print(console: Console, rows: Sequence[Any], best: Placement, alone: float) -> None:
    named = {row.location_id: row for row in rows}
    table = Table(title="Safety stock of a network")
    for heading in ("place", "promises", "covers", "keeps", "cost a year"):
        table.add_column(heading, justify="left" if heading == "place" else "right")
    for name, kept in best.stages.items():
        table.add_row(*_cells(named[name], kept))
    console.print(table)
    currency = rows[0].currency
    together, each = (str(Money(round(minor), currency)) for minor in (best.cost, alone))
    console.print(f"together {together} a year; each place for itself {each}")


def _cells(row: Any, kept: Kept) -> tuple[str, ...]:
    return (
        f"{row.location_id} {row.name}", f"{kept.promised} days", f"{kept.covered} days",
        f"{kept.units:.1f}", str(Money(round(kept.cost), row.currency)),
    )  # fmt: skip
