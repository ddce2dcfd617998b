"""People with browsers, and a small shop's day as tables alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from fastapi import FastAPI

from api.auth import COOKIE
from db.engine import Sessions
from db.ids import new_id
from db.orders.tables import OrderEventRow, OrderHoldRow, ParcelRow, TrackingEventRow
from db.orders.words import add_words, of_scan
from db.platform.accounts import Accounts
from db.platform.scopes import limit
from db.platform.tables import AccountRow, AttentionRow
from db.shared.tries import Try, keep_try
from db.sql import run
from domain.orders.messages import Accepted
from domain.platform.permissions import Role
from domain.platform.scopes import Limit
from domain.platform.tries import Heard
from tests.api.served import browser
from tests.people import VAULT


@dataclass
class Engine:
    """Stands in for the Temporal client; remembers what workflows were told."""

    told: list[tuple[str, str, Any]] = field(default_factory=list)
    refuses: Exception | None = None

    def get_workflow_handle(self, workflow_id: str) -> "_Handle":
        return _Handle(self, workflow_id)


@dataclass
class _Handle:
    engine: Engine
    workflow_id: str

    async def execute_update(self, name: str, command: object, **_: object) -> Accepted:
        if self.engine.refuses is not None:
            raise self.engine.refuses
        self.engine.told.append((self.workflow_id, name, command))
        return Accepted("on_hold")

    async def signal(self, name: str, **_: object) -> None:
        self.engine.told.append((self.workflow_id, name, None))


class Person(httpx.AsyncClient):
    """Somebody who is logged in, and whose forms carry the token of their session."""

    csrf_token: str = ""

    async def send_form(self, path: str, **values: Any) -> httpx.Response:
        """Post a form as our own pages do."""
        return await self.post(path, data={"csrf_token": self.csrf_token, **values})


async def person(
    app: FastAPI,
    sessions: Sessions,
    *roles: Role,
    language: str = "en",
    name: str = "Li Lei",
    limits: Sequence[Limit] = (),
) -> Person:
    """A new account with these roles, limited to these places, already logged in."""
    async with sessions.begin() as session:
        account = new_id("acc")
        session.add(
            AccountRow(
                id=account, login=account, name=name, password_hash="none",
                roles=[str(role) for role in roles], language=language, active=True,
                created_at=datetime.now(UTC),
            )
        )  # fmt: skip
        await session.flush()
        await limit(session, "account", account, limits)
        accounts = Accounts(session)
        secret = await accounts.open_session(account, datetime.now(UTC))
        known = await accounts.session_of(secret, datetime.now(UTC))
    assert known is not None
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    client = Person(transport=transport, base_url="http://localhost", cookies={COOKIE: secret})
    client.csrf_token = known.csrf_token
    return client


def nobody(app: FastAPI, language: str = "en") -> httpx.AsyncClient:
    """A browser without a session."""
    return browser(app, **{"Accept-Language": language})


async def change(sessions: Sessions, statement: str, **values: Any) -> None:
    """One statement, committed."""
    async with sessions.begin() as session:
        await run(session, statement, **values)


async def seed_hold(
    sessions: Sessions, number: str = "1", kind: str = "manual", reason: str = "asked to"
) -> None:
    """An open hold of order `O-{number}`."""
    async with sessions.begin() as session:
        session.add(
            OrderHoldRow(
                id=f"h{number}{kind}", order_id=f"ord_{number}", kind=kind, reason=reason,
                placed_at=datetime.now(UTC), placed_by="system",
            )
        )  # fmt: skip
    await change(
        sessions,
        "UPDATE sales_order SET status = 'on_hold', waits_for = :waits WHERE id = :id",
        waits=f"hold:{kind}",
        id=f"ord_{number}",
    )


async def seed_event(
    sessions: Sessions, seq: int, kind: str, data: dict[str, Any] | None = None, number: str = "1"
) -> None:
    """A line of the story of order `O-{number}`, now; the order's mark changes with it."""
    async with sessions.begin() as session:
        session.add(
            OrderEventRow(
                order_id=f"ord_{number}", source="order", seq=seq, at=datetime.now(UTC),
                kind=kind, data=data or {}, actor="system",
            )
        )  # fmt: skip
        await session.flush()
        await run(
            session,
            "UPDATE sales_order SET seq = :seq WHERE id = :id",
            seq=seq,
            id=f"ord_{number}",
        )


async def seed_attention(
    sessions: Sessions,
    number: str = "1",
    *,
    item: str = "att_1",
    error: str = "the platform hides the receiver: order the waybill there, record it as by hand",
    actions: Sequence[str] = ("retry", "retry_with", "done_by_hand", "skip", "compensate"),
) -> None:
    """The waybill of shipment `O-{number}-1` waits for somebody."""
    async with sessions.begin() as session:
        now = datetime.now(UTC)
        session.add(
            AttentionRow(
                id=item, workflow_id=f"shipment/O-{number}-1", step_id="label",
                order_id=f"ord_{number}", shipment_no=f"O-{number}-1", system="carrier/zto",
                cause="NeedsPlatformWaybill", code="masked", error=error,
                fingerprint="label|zto|masked", attempts=3, actions=list(actions),
                input_fields={"carrier": "text", "waybill_no": "text"},
                first_seen=now - timedelta(hours=2), last_seen=now,
            )
        )  # fmt: skip


async def seed_tries(sessions: Sessions, workflow_id: str, carrier: str = "zto") -> None:
    """The label of a shipment was refused half an hour ago, and a minute later nobody answered."""
    at = datetime.now(UTC) - timedelta(minutes=30)
    place = {"province": "浙江省", "city": "杭州市", "detail": "文一西路 969 号"}
    sent = {
        "carrier": carrier, "product": "2", "order_ref": "O-1-1-P1",
        "receiver": {"name": "王小明", "phone": "13800000001", "address": place},
        "parcel": {"weight_g": 900}, "cargo": [{"name": "西湖龙井 250 克", "quantity": 2}],
        "insured_minor": 120050,
    }  # fmt: skip
    refused = (
        "Rejected",
        "8057",
        "王*** is unknown",
        Heard(at, 120, "POST /std/service", 200, "R-7"),
    )
    lost_at = at + timedelta(seconds=61)
    lost = (
        "AnswerLost",
        "timeout",
        "no answer within 10 s",
        Heard(lost_at, 10_004, "POST /std/service"),
    )
    for cause, code, said, call in (refused, lost):
        new = Try(call.at, f"carrier/{carrier}", 1, cause, code, said, sent, [call])
        async with sessions.begin() as session:
            await keep_try(session, VAULT, workflow_id, "label", new)


async def seed_parcel(
    sessions: Sessions, number: str = "1", waybill: str = "SF1234567890123"
) -> None:
    """A box of shipment `O-{number}-1` that SF has scanned twice."""
    at = datetime.now(UTC) - timedelta(hours=5)
    async with sessions.begin() as session:
        session.add(
            ParcelRow(
                id=f"O-{number}-1.1", shipment_no=f"O-{number}-1", carrier="sf",
                waybill_no=waybill, status="in_transit", weight_g=1250,
            )
        )  # fmt: skip
        await session.flush()
        for event, status, text, place in (
            ("1", "picked_up", "顺丰速运 已收取快件", "杭州市"),
            ("2", "in_transit", "快件在【杭州中转场】完成分拣", "杭州市"),
        ):
            session.add(
                TrackingEventRow(
                    parcel_id=f"O-{number}-1.1", event_id=event, at=at, status=status,
                    heard_at=at,
                )
            )  # fmt: skip
            await session.flush()
            subject = of_scan(f"O-{number}-1.1", event)
            await add_words(session, f"ord_{number}", subject, text=text, place=place)
            at += timedelta(hours=1)
