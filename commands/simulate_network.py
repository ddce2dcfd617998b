"""`onhand simulate network`: which places keep the safety stock of a SKU, and which pass it on."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
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
SELECT p.sku, p.location_id, l.name, l.parent_id, p.demand_deviation * p.factor AS deviation,
       p.lead_mean, s.currency,
       CASE WHEN s.cost_minor > 0 THEN s.cost_minor ELSE s.price_minor END AS unit_minor,
       (SELECT transfer_days FROM planning_setting) AS transfer_days
FROM stock_policy p JOIN location l ON l.id = p.location_id AND l.kind <> 'dealer' AND l.active
JOIN sku s ON s.code = p.sku WHERE p.sku = ANY(:skus) ORDER BY p.sku, p.location_id
"""
# Those whose safety stock binds most money.
_TOP: Final = """
SELECT p.sku FROM stock_policy p JOIN sku s ON s.code = p.sku AND s.active
JOIN location l ON l.id = p.location_id AND l.kind <> 'dealer' AND l.active
GROUP BY p.sku, s.cost_minor, s.price_minor
ORDER BY sum(p.safety) * CASE WHEN s.cost_minor > 0 THEN s.cost_minor ELSE s.price_minor END DESC,
         p.sku
LIMIT :top
"""
# Whose part of the network is missing: places above a planned one that are not planned.
_UNPLANNED: Final = """
SELECT DISTINCT a.id, a.name FROM stock_policy p JOIN location l ON l.id = p.location_id
JOIN location a ON a.id = l.parent_id AND a.active
WHERE p.sku = ANY(:skus) AND NOT EXISTS (
    SELECT FROM stock_policy q WHERE q.location_id = a.id AND q.sku = p.sku)
ORDER BY a.id
"""


BUYERS: Final = "/buyers"  # behind a hub's id: those who buy there themselves


@dataclass(frozen=True, slots=True)
class Tried:
    """A network with the cheapest promises, and what each place would keep for itself alone."""

    network: Network
    best: Placement
    alone: dict[str, tuple[float, float]]  # units, and what they cost a year

    @property
    def alone_cost(self) -> float:
        return sum(cost for _, cost in self.alone.values())


def show(
    console: Console, sku: str, top: int, service: float, wait: int, holding: float
) -> None:  # fmt: skip
    """Print what each place of a SKU promises and keeps, and what it would keep for itself; or of
    many SKUs what placing their stock together saves.

    Raises StartRefused when the planner knows no place of it.
    """
    rows, unplanned = asyncio.run(_read(sku, top))
    if not rows:
        what = f"no place of {sku}" if sku else "no SKU"
        raise StartRefused(f"The planner knows {what} yet; it plans every night.")
    factor = NormalDist().inv_cdf(service)
    tried: dict[str, list[Tried]] = {}
    for code in dict.fromkeys(row.sku for row in rows):
        mine = [row for row in rows if row.sku == code]
        tried[code] = [_try(tree) for tree in trees_of(mine, factor, wait, holding)]
    if sku:
        _print(console, rows, tried[sku])
    else:
        _print_many(console, rows, tried)
    if unplanned:
        names = ", ".join(f"{row.id} {row.name}" for row in unplanned)
        console.print(
            f"Not planned yet, and left out: {names}. Those below count as fed by others."
        )


def _try(tree: Network) -> Tried:
    """Each for itself: nobody above keeps anything for those below, who cover all days from the
    supplier on."""
    above = {target: source for source, target in tree.arcs}
    days = {stage.name: stage.days for stage in tree.stages}
    alone = {}
    for stage in tree.stages:
        whole, here = days[stage.name], stage.name
        while here in above:
            here = above[here]
            whole += days[here]
        covered = 0 if stage.promised is None else max(whole - stage.promised, 0)
        units = tree.deviation[stage.name] * covered**0.5
        alone[stage.name] = (units, units * stage.holding)
    return Tried(tree, place_stock(tree), alone)


def trees_of(rows: Sequence[Any], factor: float, wait: int, holding: float) -> list[Network]:
    """A network for each place that nobody of them is above; buyers wait `wait` days at most. Who
    has places below is a hub: its own buyers are a stage of their own, as those below are."""
    known = {row.location_id: row for row in rows}
    arcs = [(row.parent_id, row.location_id) for row in rows if row.parent_id in known]
    hubs, fed = {source for source, _ in arcs}, {target for _, target in arcs}
    own = {row.location_id: row.deviation * factor for row in rows}
    for hub in sorted(hubs):
        if own[hub]:
            own[hub + BUYERS], own[hub] = own[hub], 0.0
            arcs.append((hub, hub + BUYERS))
    spread = pooled(arcs, own, list(own))
    found = []
    for row in rows:
        if row.location_id in fed:
            continue
        below = [row.location_id]
        for name in below:
            below += [target for source, target in arcs if source == name]
        stages = tuple(_stage(name, known, hubs, fed, wait, holding) for name in below)
        found.append(Network(stages, tuple(arc for arc in arcs if arc[0] in below), spread))
    return found


def _stage(
    name: str, known: dict[str, Any], hubs: set[str], fed: set[str], wait: int, holding: float
) -> Stage:
    row = known[name.removesuffix(BUYERS)]
    days = row.transfer_days if name in fed else row.lead_mean
    promised = None if name in hubs else wait
    if name.endswith(BUYERS):
        days = 0
    return Stage(name, round(days), row.unit_minor * holding, promised=promised)


async def _read(sku: str, top: int) -> tuple[Sequence[Any], Sequence[Any]]:
    engine = create_engine(database_url(Settings.load()), "onhand_office", pool_size=1)
    try:
        async with sessions(engine).begin() as session:
            skus = [sku] if sku else [row.sku for row in await run(session, _TOP, top=top)]
            found = await run(session, _PLACES, skus=skus)
            rows = sorted(found, key=lambda row: skus.index(row.sku))
            return rows, await run(session, _UNPLANNED, skus=skus)
    finally:
        await engine.dispose()


def _print(console: Console, rows: Sequence[Any], tried: Sequence[Tried]) -> None:
    named = {row.location_id: row for row in rows}
    table = Table(title=f"Where {rows[0].sku} keeps its safety stock")
    for heading in ("place", "promises", "covers", "keeps", "a year", "for itself", "a year"):
        table.add_column(heading, justify="left" if heading == "place" else "right")
    for one in tried:
        for name, kept in one.best.stages.items():
            row = named[name.removesuffix(BUYERS)]
            place = "(its own buyers)" if name.endswith(BUYERS) else row.name
            table.add_row(*_cells(row, place, kept, one.alone[name]))
        table.add_section()
    console.print(table)
    currency = rows[0].currency
    console.print(
        f"together {_money(sum(one.best.cost for one in tried), currency)} a year;"
        f" each place for itself {_money(sum(one.alone_cost for one in tried), currency)}"
    )


def _print_many(
    console: Console, rows: Sequence[Any], tried: dict[str, list[Tried]]
) -> None:  # fmt: skip
    currencies = {row.sku: row.currency for row in rows}
    table = Table(title="Safety stock placed together, by SKU")
    for heading in ("SKU", "places", "keep none", "together", "for itself", "saved"):
        table.add_column(heading, justify="left" if heading == "SKU" else "right")
    sums: dict[str, list[float]] = {}
    for sku, networks in tried.items():
        kept = _by_place(networks)
        together = sum(network.best.cost for network in networks)
        alone = sum(network.alone_cost for network in networks)
        so_far = sums.setdefault(currencies[sku], [0.0, 0.0])
        so_far[0], so_far[1] = so_far[0] + together, so_far[1] + alone
        none = sum(units < 0.05 for units in kept.values())
        table.add_row(
            sku, str(len(kept)), str(none), _money(together, currencies[sku]),
            _money(alone, currencies[sku]), _saved(together, alone),
        )  # fmt: skip
    console.print(table)
    for currency, (together, alone) in sums.items():
        console.print(
            f"{len(tried)} SKUs: together {_money(together, currency)} a year;"
            f" each place for itself {_money(alone, currency)}; saved {_saved(together, alone)}"
        )


def _by_place(networks: Sequence[Tried]) -> dict[str, float]:
    """Units that each place keeps, those for a hub's own buyers with its others."""
    found: dict[str, float] = {}
    for network in networks:
        for name, kept in network.best.stages.items():
            place = name.removesuffix(BUYERS)
            found[place] = found.get(place, 0.0) + kept.units
    return found


def _saved(together: float, alone: float) -> str:
    return f"{max(1 - together / alone, 0):.0%}" if alone else "–"


def _money(minor: float, currency: str) -> str:
    return str(Money(round(minor), currency))


def _cells(row: Any, place: str, kept: Kept, alone: tuple[float, float]) -> tuple[str, ...]:
    return (
        f"{row.location_id} {place}", f"{kept.promised} days", f"{kept.covered} days",
        f"{kept.units:.1f}", _money(kept.cost, row.currency), f"{alone[0]:.1f}",
        _money(alone[1], row.currency),
    )  # fmt: skip
