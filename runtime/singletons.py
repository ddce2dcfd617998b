"""Workflows that exist once per shop: begun when a shop is added, and brought in line with the
tables by `onhand migrate`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from db.channels.repository import ChannelsRepository
from db.engine import Sessions
from db.sql import run
from domain.channels.messages import Asked, PulledShop, ShopAdded, StockedShop
from domain.platform.gates import TendGate
from domain.shared.ids import (
    ShopId,
    gate_workflow_id,
    poller_workflow_id,
    stock_push_workflow_id,
)
from integrations.marketplaces.registry import (
    CHANNELS,
    PULLED,
    QUEUED,
    STOCKED,
    TELLS_AFTER_SALES,
)
from runtime.temporal import TASK_QUEUE

log = structlog.get_logger()

_ASKED: Final[Mapping[Asked, Sequence[str]]] = {
    "orders": PULLED,
    "after_sales": TELLS_AFTER_SALES,
    "messages": QUEUED,
}


@dataclass(frozen=True, slots=True)
class Singleton:
    """A workflow that should run, and with what."""

    workflow: str
    given: object
    id: str
    summary: str


async def reconcile_singletons(client: Client, sessions: Sessions) -> tuple[str, ...]:
    """Every active shop gets its pollers and its teller of stock as its channel has them, every
    outside system its gate; returns their ids.

    A shop that was switched off ends its own workflows at their next round.
    """
    async with sessions.begin() as session:
        shops = await ChannelsRepository(session).active_shops(tuple(CHANNELS))
    gates = [
        Singleton("Gate", TendGate(system), gate_workflow_id(system),
                  f"opens and shuts the way to {system}")
        for system in await _systems(sessions)
    ]  # fmt: skip
    there = [ShopAdded(ShopId(shop.id), shop.channel, shop.name) for shop in shops]
    wanted = [*(one for shop in there for one in of_shop(shop)), *gates]
    for singleton in wanted:
        await _run(client, singleton)
    log.info("singletons.reconciled", workflows=len(wanted))
    return tuple(singleton.id for singleton in wanted)


async def begin_with_shop(client: Client, added: ShopAdded, within: timedelta) -> None:
    """A shop that was added gets its pollers and its teller of stock, each call answered `within`.

    Those that run already stay as they are.
    """
    wanted = of_shop(added)
    for singleton in wanted:
        await _run(client, singleton, within)
    log.info("shop.begun", shop_id=added.shop_id, workflows=len(wanted))


def of_shop(shop: ShopAdded) -> tuple[Singleton, ...]:
    """What runs once for this shop, as its channel has it; its gate aside."""
    pollers = [
        Singleton("Poller", PulledShop(shop.shop_id, asked=asked),
                  poller_workflow_id(shop.shop_id, asked), f"asks {shop.name} for its {asked}")
        for asked, codes in _ASKED.items()
        if shop.channel in codes
    ]  # fmt: skip
    if shop.channel not in STOCKED:
        return tuple(pollers)
    told = Singleton("StockPush", StockedShop(shop.shop_id), stock_push_workflow_id(shop.shop_id),
                     f"tells {shop.name} what it may sell")  # fmt: skip
    return (*pollers, told)


async def _run(client: Client, singleton: Singleton, within: timedelta | None = None) -> None:
    """Start it unless it runs."""
    await client.start_workflow(
        singleton.workflow,
        singleton.given,
        id=singleton.id,
        task_queue=TASK_QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary=singleton.summary,
        rpc_timeout=within,
    )


async def _systems(sessions: Sessions) -> list[str]:
    async with sessions.begin() as session:
        rows = await run(
            session,
            "SELECT 'carrier/' || code AS system FROM carrier_account WHERE active"
            " UNION ALL SELECT 'shop/' || id FROM shop WHERE active"
            " UNION ALL SELECT 'payment/' || id FROM payment_account WHERE active"
            " UNION ALL SELECT 'erp/' || id FROM erp_account WHERE active"
            " UNION ALL SELECT 'invoice/' || id FROM invoice_account WHERE active ORDER BY 1",
        )
    return [row.system for row in rows]
