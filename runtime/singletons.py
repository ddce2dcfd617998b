"""Workflows that exist once per shop: brought in line with the tables by `onhand migrate`."""

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from db.channels.repository import ChannelsRepository
from db.engine import Sessions
from db.sql import run
from domain.channels.messages import PulledShop
from domain.platform.gates import TendGate
from domain.shared.ids import ShopId, gate_workflow_id, poller_workflow_id
from integrations.marketplaces.registry import PULLED
from runtime.temporal import TASK_QUEUE

log = structlog.get_logger()


async def reconcile_singletons(client: Client, sessions: Sessions) -> tuple[str, ...]:
    """Every active pulled shop gets its poller, every outside system its gate; returns their ids.

    A shop that was switched off ends its own poller at the next window.
    """
    async with sessions.begin() as session:
        shops = await ChannelsRepository(session).active_shops(PULLED)
    started: list[str] = []
    for shop in shops:
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
    for system in await _systems(sessions):
        await client.start_workflow(
            "Gate",
            TendGate(system),
            id=gate_workflow_id(system),
            task_queue=TASK_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"opens and shuts the way to {system}",
        )
        started.append(gate_workflow_id(system))
    log.info("singletons.reconciled", workflows=len(started))
    return tuple(started)


async def _systems(sessions: Sessions) -> list[str]:
    async with sessions.begin() as session:
        rows = await run(
            session,
            "SELECT 'carrier/' || code AS system FROM carrier_account WHERE active"
            " UNION ALL SELECT 'shop/' || id FROM shop WHERE active ORDER BY 1",
        )
    return [row.system for row in rows]
