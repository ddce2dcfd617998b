"""Access tokens are renewed in time, by one worker, and a person is asked once where that fails."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from activities.shared.adapters import Adapters
from activities.shared.finance_clients import REMEMBERED_S
from db.channels.tables import ShopRow
from db.engine import Sessions
from db.platform import pausing
from db.shared.credentials import Credentials
from db.sql import run
from domain.shared.errors import CredentialsRefused
from integrations.marketplaces.port import NewTokens
from runtime.renewing import Renewal
from tests.integrations.sandbox.world import World, create_world
from tests.shops import VAULT

SECRETS: dict[str, dict[str, str]] = {
    "douyin": {
        "app_key": "7000000000000000001", "app_secret": "demo-douyin-secret",
        "access_token": "demo-douyin-token", "refresh_token": "demo-douyin-refresh",
    },
    "pdd": {
        "client_id": "demo-pdd-client", "client_secret": "demo-pdd-secret",
        "access_token": "demo-pdd-token", "refresh_token": "demo-pdd-refresh",
    },
}  # fmt: skip
PATHS = {"douyin": "/douyin", "pdd": "/pdd/api/router"}
LIVES = {"douyin": timedelta(days=7), "pdd": timedelta(days=1)}


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    made = create_world()
    async with made.vendor_http:
        yield made


async def seed(
    sessions: Sessions, channel: str, expires_at: datetime | None, **changes: str
) -> None:
    now = datetime.now(UTC)
    async with sessions.begin() as session:
        session.add(
            ShopRow(
                id="s", channel=channel, external_id="s", name="s",
                base_url=f"http://sandbox{PATHS[channel]}",
            )
        )  # fmt: skip
        await session.flush()
        await Credentials(session, VAULT, "shop/s").change(
            {**SECRETS[channel], **changes}, expires_at=expires_at, now=now, by="admin",
            request_id="",
        )  # fmt: skip
        # They were entered long ago, and serve for a long time.
        await run(session, "UPDATE credentials SET changed_at = now() - interval '6 days'")


async def enter(sessions: Sessions, **secrets: str) -> None:
    """A person types credentials that end within the hour."""
    now = datetime.now(UTC)
    async with sessions.begin() as session:
        await Credentials(session, VAULT, "shop/s").change(
            secrets, expires_at=now + timedelta(hours=1), now=now, by="admin", request_id=""
        )
        await run(session, "UPDATE credentials SET changed_at = now() - interval '6 days'")


async def kept(sessions: Sessions) -> tuple[dict[str, str], Any]:
    async with sessions.begin() as session:
        (row,) = await run(
            session,
            "SELECT s.secrets, c.expires_at, c.changed_by FROM shop s"
            " JOIN credentials c ON c.system = 'shop/' || s.id",
        )
    return VAULT.open_secrets(row.secrets, "shop/s"), row


def renewal(sessions: Sessions, world: World) -> Renewal:
    world.clock = datetime.now(UTC)
    return Renewal(sessions, VAULT, Adapters(sessions, VAULT, world.vendor_http))


@pytest.mark.parametrize("channel", ["douyin", "pdd"])
async def test_a_token_that_ends_soon_is_traded_once_by_many_workers_and_serves(
    sessions: Sessions, world: World, channel: str
) -> None:
    await seed(sessions, channel, datetime.now(UTC) + timedelta(hours=2))
    workers = [renewal(sessions, world) for _ in range(4)]

    renewed = await asyncio.gather(*(worker.once(10) for worker in workers))

    secrets, row = await kept(sessions)
    assert sum(renewed) == 1
    assert secrets["access_token"] == f"demo-{channel}-token-1"
    assert secrets["refresh_token"] == f"demo-{channel}-refresh-1"
    life = row.expires_at - datetime.now(UTC)
    assert abs(life - LIVES[channel]) < timedelta(minutes=5)
    shop = await Adapters(sessions, VAULT, world.vendor_http).pulled("s")
    now = datetime.now(UTC)
    assert await shop.changed_page_count(now - timedelta(minutes=5), now) == 0
    assert await workers[0].once(10) == 0


async def test_the_end_nobody_knows_is_learnt_and_one_far_away_is_left_alone(
    sessions: Sessions, world: World
) -> None:
    await seed(sessions, "douyin", None)
    assert await renewal(sessions, world).once(10) == 1
    assert (await kept(sessions))[1].expires_at is not None
    assert await renewal(sessions, world).once(10) == 0


async def test_a_refused_refresh_token_is_one_question_and_shuts_nothing(
    sessions: Sessions, world: World
) -> None:
    await seed(
        sessions, "pdd", datetime.now(UTC) + timedelta(hours=1), refresh_token="spent-long-ago"
    )

    for _ in range(3):
        assert await renewal(sessions, world).once(10) == 0

    async with sessions.begin() as session:
        items = await run(session, "SELECT step_id, attempts, error FROM attention")
        assert not await pausing.stopped(session, "shop/s")
        assert [(one.step_id, one.attempts) for one in items] == [("credentials", 1)]
        assert "spent-long-ago" not in items[0].error
        await pausing.credentials_renewed(session, "shop/s", "admin")
    async with sessions.begin() as session:
        rows = await run(session, "SELECT 1 FROM attention WHERE resolved_at IS NULL")
    assert rows == []


async def test_what_a_person_entered_a_moment_ago_is_traded_not_what_was_remembered(
    sessions: Sessions, world: World
) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    await seed(sessions, "pdd", soon, refresh_token="spent-long-ago")
    worker = renewal(sessions, world)
    await worker.shops.renewing("s")  # it called the shop a moment ago
    await enter(sessions, refresh_token="demo-pdd-refresh")

    assert await worker.once(10) == 1

    assert (await kept(sessions))[0]["refresh_token"] == "demo-pdd-refresh-1"


@dataclass
class SlowShop:
    """A channel that answers after a person has entered other credentials."""

    sessions: Sessions

    async def renewing(self, shop_id: str) -> "SlowShop":
        return self

    async def renew(self) -> NewTokens:
        await enter(self.sessions, access_token="typed", refresh_token="typed too")
        renewed = {"access_token": "renewed", "refresh_token": "renewed too"}
        return NewTokens(renewed, 3600, "demo-pdd-refresh")


async def test_credentials_entered_meanwhile_are_newer_than_what_the_channel_answers(
    sessions: Sessions,
) -> None:
    await seed(sessions, "pdd", datetime.now(UTC) + timedelta(hours=1))

    assert await Renewal(sessions, VAULT, SlowShop(sessions)).once(1) == 0

    secrets, row = await kept(sessions)
    assert (secrets["access_token"], secrets["refresh_token"]) == ("typed", "typed too")
    assert row.changed_by == "admin"


async def test_a_setting_that_cannot_be_used_is_one_question(
    sessions: Sessions, world: World
) -> None:
    await seed(sessions, "pdd", datetime.now(UTC) + timedelta(hours=1))
    async with sessions.begin() as session:
        await run(session, "UPDATE shop SET settings = jsonb_build_object('waybills', 7)")

    for _ in range(2):
        assert await renewal(sessions, world).once(10) == 0

    async with sessions.begin() as session:
        items = await run(session, "SELECT step_id, cause FROM attention")
    assert [tuple(one) for one in items] == [("settings", "SettingsRefused")]


async def test_without_a_refresh_token_nothing_is_tried(sessions: Sessions, world: World) -> None:
    await seed(sessions, "douyin", datetime.now(UTC) + timedelta(minutes=5), refresh_token="")

    assert await renewal(sessions, world).once(10) == 0
    assert (await kept(sessions))[1].changed_by == "admin"


async def test_a_call_with_the_token_of_a_moment_ago_does_not_shut_the_shop(
    sessions: Sessions, world: World
) -> None:
    await seed(sessions, "douyin", datetime.now(UTC) + timedelta(minutes=5))
    await renewal(sessions, world).once(10)

    async with sessions.begin() as session:
        refused = CredentialsRefused("token does not exist", code="isv.access-token-no-existed")
        assert not await pausing.credentials_refused(session, "shop/s", refused)
        assert not await pausing.stopped(session, "shop/s")
    assert pausing.SETTLED_AFTER_S > REMEMBERED_S
