from dataclasses import replace
from typing import Any, cast

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from db.engine import Sessions
from db.sql import run
from domain.channels.messages import PulledShop
from domain.shared.ids import ShopId
from runtime.singletons import reconcile_singletons
from tests.shops import seed_shops

SHOP = PulledShop(ShopId("top-1"))


class FakeEngine:
    """Remembers which workflows it was asked to start."""

    def __init__(self) -> None:
        self.started: list[tuple[str, str, Any, Any]] = []

    async def start_workflow(self, name: str, argument: Any, *, id: str, **how: Any) -> None:
        self.started.append((name, id, argument, how["id_conflict_policy"]))


def _pollers(engine: FakeEngine) -> list[tuple[str, str, Any, Any]]:
    return [started for started in engine.started if started[0] == "Poller"]


async def test_every_active_pulled_shop_has_its_poller(sessions: Sessions) -> None:
    await seed_shops(sessions)
    engine = FakeEngine()

    for _ in range(2):
        assert "poller/top-1" in await reconcile_singletons(cast(Client, engine), sessions)

    kept = WorkflowIDConflictPolicy.USE_EXISTING
    pollers = [
        ("Poller", "poller/top-1", SHOP, kept),
        ("Poller", "poller/top-1/after_sales", replace(SHOP, asked="after_sales"), kept),
        ("Poller", "poller/top-1/messages", replace(SHOP, asked="messages"), kept),
    ]
    assert _pollers(engine) == pollers * 2


async def test_a_shop_that_was_switched_off_gets_no_poller(sessions: Sessions) -> None:
    await seed_shops(sessions)
    async with sessions.begin() as session:
        await run(session, "UPDATE shop SET active = false")
    engine = FakeEngine()

    await reconcile_singletons(cast(Client, engine), sessions)

    assert _pollers(engine) == []
