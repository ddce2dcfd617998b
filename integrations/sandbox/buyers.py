"""The simulated buyers of the demo: now and then somebody orders in one of the sandbox shops."""

import asyncio
from itertools import cycle
from typing import Final

import httpx
import structlog

from integrations.sandbox.market import COUNTERS, Counter, order

log = structlog.get_logger()

_PAUSE_S: Final = 20.0  # people do not buy faster because a warehouse works faster
_OVER_NIGHT: Final = 12  # so that there is something to do for whoever comes first
_ORDERS: Final = 300  # then the day is over: a demo left alone does not sell out for ever
# Orders of the mini program, paid through the payment sandbox, are left to whoever tries the demo.
_COUNTERS: Final = tuple(counter for counter in COUNTERS if counter.channel != "own")


async def run_buyers(sandbox_url: str) -> None:
    """Order and pay, in one shop after the other, until the day is over."""
    async with httpx.AsyncClient(base_url=sandbox_url, timeout=10) as shops:
        counters = cycle(_COUNTERS)
        placed = 0
        while placed < _ORDERS:
            if await place_one(shops, next(counters)):
                placed += 1
            if not 0 < placed < _OVER_NIGHT:
                await asyncio.sleep(_PAUSE_S)
    log.info("buyers.day_is_over", orders=placed)


async def place_one(shops: httpx.AsyncClient, counter: Counter) -> bool:
    """One paid order of some products; False when the shop does not answer."""
    try:
        await order(shops, counter, paid=True, masked=False)
    except httpx.HTTPError as error:
        log.debug("buyers.wait", why=str(error)[:200] or type(error).__name__)
        return False
    log.info("buyers.ordered", shop=counter.vendor)
    return True
