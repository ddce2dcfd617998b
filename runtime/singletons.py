"""Workflows that exist once per shop: brought in line with the tables by `onhand migrate`."""

from collections.abc import Mapping, Sequence
from typing import Final

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from db.channels.repository import ChannelsRepository
from db.channels.tables import ShopRow
from db.engine import Sessions
from db.sql import run
from domain.channels.messages import Asked, PulledShop, StockedShop
from domain.platform.gates import TendGate
from domain.shared.ids import (
    ShopId,
    gate_workflow_id,
    poller_workflow_id,
    stock_push_workflow_id,
)
from integrations.marketplaces.registry import PULLED, QUEUED, STOCKED, TELLS_AFTER_SALES
from runtime.temporal import TASK_QUEUE

log = structlog.get_logger()

_ASKED: Final[Mapping[Asked, Sequence[str]]] = {
    "orders": PULLED,
    "after_sales": TELLS_AFTER_SALES,
    "messages": QUEUED,
}


async def reconcile_singletons(client: Client, sessions: Sessions) -> tuple[str, ...]:
    """Every active shop gets its pollers and its teller of stock as its channel has them, every
    outside system its gate; returns their ids.

    A shop that was switched off ends its own workflows at their next round.
    """
    async with sessions.begin() as session:
        channels = ChannelsRepository(session)
        pulled: list[tuple[Asked, ShopRow]] = [
            (asked, shop)
            for asked, codes in _ASKED.items()
            for shop in await channels.active_shops(codes)
        ]
        stocked = await channels.active_shops(STOCKED)
    started = [
        *[
            await _run(client, "Poller", PulledShop(ShopId(shop.id), asked=asked),
                       poller_workflow_id(shop.id, asked), f"asks {shop.name} for its {asked}")
            for asked, shop in pulled
        ],
        *[
            await _run(client, "StockPush", StockedShop(ShopId(shop.id)),
                       stock_push_workflow_id(shop.id), f"tells {shop.name} what it may sell")
            for shop in stocked
        ],
        *[
            await _run(client, "Gate", TendGate(system), gate_workflow_id(system),
                       f"opens and shuts the way to {system}")
            for system in await _systems(sessions)
        ],
    ]  # fmt: skip
    log.info("singletons.reconciled", workflows=len(started))
    return tuple(started)


async def _run(client: Client, workflow: str, given: object, id: str, summary: str) -> str:
    """Start it unless it runs."""
    await client.start_workflow(
        workflow,
        given,
        id=id,
        task_queue=TASK_QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary=summary,
    )
    return id


async def _systems(sessions: Sessions) -> list[str]:
    async with sessions.begin() as session:
        rows = await run(
            session,
            "SELECT 'carrier/' || code AS system FROM carrier_account WHERE active"
            " UNION ALL SELECT 'shop/' || id FROM shop WHERE active"
            " UNION ALL SELECT 'payment/' || id FROM payment_account WHERE active ORDER BY 1",
        )
    return [row.system for row in rows]
