"""Workflows that exist once per shop: brought in line with the tables by `onhand migrate`."""

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from db.channels.repository import ChannelsRepository
from db.engine import Sessions
from domain.channels.messages import PulledShop
from domain.shared.ids import ShopId, poller_workflow_id
from runtime.temporal import TASK_QUEUE

log = structlog.get_logger()


async def reconcile_singletons(client: Client, sessions: Sessions) -> tuple[str, ...]:
    """Make sure that every active pulled shop has its poller; returns the pollers' ids.

    A shop that was switched off ends its own poller at the next window.
    """
    async with sessions.begin() as session:
        shops = await ChannelsRepository(session).pulled_shops()
    started: list[str] = []
    for shop in shops:
        if not shop.active:
            continue
        poller = poller_workflow_id(shop.id)
        await client.start_workflow(
            "Poller",
            PulledShop(ShopId(shop.id)),
            id=poller,
            task_queue=TASK_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"pulls {shop.name}",
        )
        started.append(poller)
    log.info("singletons.reconciled", pollers=len(started))
    return tuple(started)
