"""`onhand sandbox traffic`: a trading day on all sandbox marketplaces, then what became of it."""

import asyncio
import random
import time
from collections import Counter as Tally
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Final

import httpx
import typer
from rich.console import Console

from commands import following
from commands.console import open_console
from commands.traffic_day import Day, ShopDay
from commands.traffic_table import print_table
from db.engine import Sessions, create_engine
from db.engine import sessions as sessions_of
from db.shared.replaying import Replaying, active_shops
from domain.orders.standing import End, Standing
from integrations.sandbox.faults import FaultKind
from integrations.sandbox.market import COUNTERS, Act, act, order
from runtime.reach import database_url
from runtime.settings import Settings, StartRefused

_THEN: Final = "What was bought goes on by itself; nothing was reconciled."
_MINUTE_S: Final = 60.0
_MOST_AT_ONCE: Final = 16
# Shares of a day's orders, as a shop knows them.
_UNPAID: Final = 0.10
_PAID_LATER: Final = 0.6  # of the unpaid ones
_MASKED: Final = 0.05
_CANCELLED: Final = 0.05
_REFUND_ASKED: Final = 0.02
_LATER_S: Final = (2.0, 20.0)  # when they change their minds


class Weather(StrEnum):
    CALM = "calm"
    ROUGH = "rough"
    STORM = "storm"


# How often each fault strikes a call; time-outs last longer than our clients wait.
FAULTS: Final[dict[Weather, dict[FaultKind, float]]] = {
    Weather.CALM: {},
    Weather.ROUGH: {
        FaultKind.DELAY: 0.05,
        FaultKind.TIMEOUT_AFTER: 0.01,
        FaultKind.ERROR_BEFORE: 0.03,
        FaultKind.THROTTLE: 0.02,
        FaultKind.DUPLICATE_PUSH: 0.10,
    },
    Weather.STORM: {
        FaultKind.DELAY: 0.10,
        FaultKind.TIMEOUT_BEFORE: 0.02,
        FaultKind.TIMEOUT_AFTER: 0.04,
        FaultKind.ERROR_BEFORE: 0.10,
        FaultKind.ERROR_AFTER: 0.05,
        FaultKind.THROTTLE: 0.05,
        FaultKind.DUPLICATE_PUSH: 0.30,
        FaultKind.OUT_OF_ORDER_PUSH: 0.20,
    },
}
_LASTS_S: Final = {FaultKind.DELAY: 2.0}
_TIMEOUT_S: Final = 11.0


def command(
    shops: Annotated[int, typer.Option(min=1, max=20, help="How many shops take part")] = 6,
    orders_per_minute: Annotated[
        int, typer.Option(min=1, max=6000, help="In all shops together")
    ] = 120,
    minutes: Annotated[float, typer.Option(min=0.05, max=24 * 60, help="How long buyers buy")] = 2,
    faults: Annotated[Weather, typer.Option(help="How the outside behaves meanwhile")] = (
        Weather.CALM
    ),
    seed: Annotated[int, typer.Option(help="The same seed buys the same day")] = 1,
    patience: Annotated[
        int, typer.Option(min=1, help="Stop waiting after this many seconds without any change")
    ] = 180,
) -> None:
    """Play a trading day through the real protocols and reconcile it: lost and doubled must be 0.

    Faults end with the buying; then every order is followed until it is at rest.
    """
    settings, console = Settings.load(), open_console()
    day = asyncio.run(
        _play(settings, console, shops, orders_per_minute, minutes, faults, seed, patience)
    )
    print_table(console, day)
    if not day.is_sound:
        raise typer.Exit(1)


async def _play(
    settings: Settings,
    console: Console,
    most_shops: int,
    per_minute: int,
    minutes: float,
    weather: Weather,
    seed: int,
    patience_s: float,
) -> Day:
    engine = create_engine(database_url(settings), "onhand_office", statement_timeout_ms=30_000)
    sessions = sessions_of(engine)
    base = settings.sandbox_base_url
    try:
        async with httpx.AsyncClient(base_url=base, timeout=30, trust_env=False) as http:
            vendors = await _vendors(http, base)
            day = Day(await _shops(sessions, vendors, most_shops))
            await _switch(http, vendors, FAULTS[weather])
            try:
                await _buy(console, http, day, per_minute, minutes, random.Random(seed))
            except asyncio.CancelledError:  # Ctrl-C: what was bought stays bought
                day.interrupted = True
            finally:
                await _switch(http, vendors, {})
            try:
                await _follow(console, sessions, day, patience_s)
            except asyncio.CancelledError:
                day.interrupted = True
            with following.last_look(_THEN):
                await _look(sessions, day)
            day.double_labels = await _double_labels(http)
            return day
    except httpx.HTTPError as error:
        raise StartRefused(f"The sandbox does not answer at {base} any more. {_THEN}") from error
    finally:
        await engine.dispose()


async def _vendors(http: httpx.AsyncClient, base: str) -> list[str]:
    """Every vendor of the running sandbox. Raises StartRefused when nobody answers."""
    try:
        return list((await http.get("/sandbox/operations")).raise_for_status().json())
    except (httpx.HTTPError, ValueError) as error:
        raise StartRefused(
            f"No sandbox answers at {base}; start it with make up, or set ONHAND_SANDBOX_PORT."
        ) from error


async def _shops(sessions: Sessions, vendors: Sequence[str], most: int) -> list[ShopDay]:
    """Shops of ours that the sandbox plays, in the order of its counters."""
    async with sessions.begin() as session:
        ids = await active_shops(session)
    found = [
        ShopDay(ids[counter.channel], counter)
        for counter in COUNTERS
        if counter.vendor in vendors and counter.channel in ids
    ]
    if not found:
        raise StartRefused("No shop here belongs to the sandbox; the demo company has some.")
    return found[:most]


async def _switch(
    http: httpx.AsyncClient, vendors: Sequence[str], rates: dict[FaultKind, float]
) -> None:
    await http.delete("/sandbox/faults")
    for vendor in vendors:
        for kind, rate in rates.items():
            lasts_s = _LASTS_S.get(kind, _TIMEOUT_S)
            switch = {"vendor": vendor, "kind": kind, "rate": rate, "delay_s": lasts_s}
            (await http.put("/sandbox/faults", json=switch)).raise_for_status()


async def _buy(
    console: Console,
    http: httpx.AsyncClient,
    day: Day,
    per_minute: int,
    minutes: float,
    chance: random.Random,
) -> None:
    """Orders at an even pace, however slow we are; some buyers change their minds."""
    total = max(round(per_minute * minutes), 1)
    slots = asyncio.Semaphore(_MOST_AT_ONCE)

    async def buy(shop: ShopDay, *, paid: bool, masked: bool, then: Act | None, s: float) -> None:
        try:
            async with slots:
                number = await order(http, shop.counter, paid=paid, masked=masked)
            shop.sent.add(number)
            if then is not None:
                await asyncio.sleep(s)
                await act(http, shop.counter, number, then)
        except httpx.HTTPError:
            day.refused += 1

    started = time.monotonic()
    with following.bars(console) as bars:
        bar = bars.add_task("bought", total=total, note="")
        async with asyncio.TaskGroup() as group:
            for n in range(total):
                await asyncio.sleep(started + n * _MINUTE_S / per_minute - time.monotonic())
                paid, masked, then = _mind(chance)
                shop = day.shops[n % len(day.shops)]
                later_s = chance.uniform(*_LATER_S)
                group.create_task(buy(shop, paid=paid, masked=masked, then=then, s=later_s))
                bars.update(bar, completed=n + 1)


def _mind(chance: random.Random) -> tuple[bool, bool, Act | None]:
    """Paid at once, receiver hidden, and what the buyer does later."""
    paid, masked = chance.random() >= _UNPAID, chance.random() < _MASKED
    if not paid:
        return False, masked, Act.PAY if chance.random() < _PAID_LATER else None
    whim = chance.random()
    if whim < _CANCELLED:
        return True, masked, Act.CANCEL
    return True, masked, Act.REFUND if whim < _CANCELLED + _REFUND_ASKED else None


async def _follow(console: Console, sessions: Sessions, day: Day, patience_s: float) -> None:
    """Until every order is at rest, or nothing changed for the patience."""
    total = sum(len(shop.sent) for shop in day.shops)
    with following.bars(console) as bars:
        bar = bars.add_task("at rest", total=total, note="")

        def show() -> object:
            note = following.stages(one for shop in day.shops for one in shop.standings.values())
            bars.update(bar, completed=total - day.moving, note=note)
            return [dict(shop.standings) for shop in day.shops]

        await following.follow(
            lambda: _look(sessions, day), show, lambda tired: tired or not day.moving, patience_s
        )


async def _look(sessions: Sessions, day: Day) -> None:
    """Where every order of the day stands now."""
    for shop in day.shops:
        async with sessions.begin() as session:
            ours = Replaying(session, shop.shop_id)
            rows, parked = await ours.outcomes(shop.sent), await ours.parked(shop.sent)
        shop.standings = {
            **{no: Standing(End.WAITING, f"message:{reason}") for no, reason in parked.items()},
            **{row.external_no: following.standing(row) for row in rows},
        }
        shop.lost = shop.sent - set(shop.standings)
        shop.doubled = {row.external_no for row in rows if row.sent_twice}


async def _double_labels(http: httpx.AsyncClient) -> set[str]:
    """References for which a carrier holds more than one waybill that is not void."""
    parcels = (await http.get("/sandbox/parcels")).raise_for_status().json()
    live = Tally((one["vendor"], one["ref"]) for one in parcels if not one["cancelled"])
    return {ref for (_, ref), times in live.items() if times > 1}
