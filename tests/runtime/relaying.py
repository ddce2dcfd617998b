"""An engine that remembers what it was told, and messages to be handed over to it."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
from sqlmodel import select
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.shared.adapters import Adapters
from activities.shared.late_facts import LateFacts
from db.channels.tables import InboxRow
from db.engine import Sessions
from db.platform.tables import AttentionRow
from db.shared.intake import accept
from db.sql import run
from domain.orders.messages import OrderRef
from integrations.webhooks import WebhookSender
from runtime.adding_up import AddingUp
from runtime.chaining import Chaining
from runtime.counting import Counting
from runtime.exporting import Exporting
from runtime.fan_out import SignalFanOut, WebhookFanOut
from runtime.giving_back import GivingBack
from runtime.handing_over import HandingOver
from runtime.housekeeping import Housekeeping
from runtime.invoicing import Invoicing
from runtime.posting import Posting
from runtime.redrive import Redrive
from runtime.relay import Relay
from runtime.renewing import Renewal
from runtime.settings import Settings
from tests.shops import VAULT, own_order

DOWN = RPCError("connection refused", RPCStatusCode.UNAVAILABLE, b"")


@dataclass
class FakeEngine:
    """A Temporal client that remembers who was told what. `down` and `refuses` raise instead."""

    told: list[tuple[str, str, Any]] = field(default_factory=list)
    down: Exception | None = None
    refuses: dict[str, Exception] = field(default_factory=dict)
    calls: int = 0

    async def start_workflow(
        self, name: str, order: OrderRef, *, id: str, start_signal_args: list[Any], **_: Any
    ) -> None:
        assert name == "Order"
        self._call(id)
        self.told.append((id, order.order_id, start_signal_args[0]))

    def get_workflow_handle(self, id: str) -> "FakeHandle":
        return FakeHandle(self, id)

    def _call(self, id: str) -> None:
        self.calls += 1
        if self.down:
            raise self.down
        if id in self.refuses:
            raise self.refuses[id]

    @property
    def client(self) -> Client:
        return cast(Client, self)


@dataclass
class FakeHandle:
    engine: FakeEngine
    id: str

    async def signal(self, name: str, payload: Any, **_: Any) -> None:
        self.engine._call(self.id)
        self.engine.told.append((self.id, name, payload))


async def taken_in(sessions: Sessions, number: str, message: str = "", **order: Any) -> str:
    async with sessions.begin() as session:
        kept = await accept(
            session, VAULT, source="own", shop_id="own-1", channel="own", topic="order",
            message_id=message or f"m-{number}", external_no=number, raw=own_order(number, **order),
        )  # fmt: skip
    return kept.inbox_id


async def message_of(sessions: Sessions, inbox_id: str) -> InboxRow:
    async with sessions.begin() as session:
        row = await session.get(InboxRow, inbox_id)
    assert row is not None
    return row


async def change(sessions: Sessions, statement: str, **parameters: Any) -> None:
    async with sessions.begin() as session:
        await run(session, statement, **parameters)


async def attention(sessions: Sessions) -> list[tuple[str, str]]:
    async with sessions.begin() as session:
        rows = (await session.exec(select(AttentionRow).order_by(AttentionRow.id))).all()
    return [(row.workflow_id, row.step_id) for row in rows]


def handing_over_to(sessions: Sessions, engine: FakeEngine) -> HandingOver:
    late = LateFacts(Adapters(sessions, VAULT, httpx.AsyncClient()), VAULT)
    return HandingOver(sessions, engine.client, late)


def relay_to(sessions: Sessions, engine: FakeEngine) -> Relay:
    return Relay(
        handing_over_to(sessions, engine),
        SignalFanOut(sessions, engine.client),
        WebhookFanOut(sessions, VAULT, WebhookSender(httpx.AsyncClient())),
        Housekeeping(sessions),
        Redrive(sessions, engine.client),
        Renewal(sessions, VAULT, Adapters(sessions, VAULT, httpx.AsyncClient())),
        Posting(sessions),
        Exporting(sessions),
        Invoicing(sessions),
        Chaining(sessions, Path(tempfile.mkdtemp()) / "anchor"),
        AddingUp(sessions),
        Counting(sessions, Settings(count_lines_a_day=0)),
        GivingBack(sessions),
    )


async def until(done: Callable[[], Awaitable[bool]], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not await done():
        assert time.monotonic() < deadline, "it never happened"
        await asyncio.sleep(0.02)
