"""The shops page: health at a glance, and every act that puts a shop right."""

from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.channels.ranges import PullRanges
from db.channels.tables import ChannelSkuRow, ListingRow
from db.engine import Sessions
from db.logistics.tables import CarrierAccountRow
from db.platform import pausing
from db.shared.intake import accept
from db.sql import run
from domain.platform.permissions import Role
from domain.shared.errors import CredentialsRefused, SettingsRefused
from tests.api.orders.world import rows
from tests.shops import seed_shops
from tests.web.world import Person, person

CANARY = "canary-5b2e-secret"


@pytest_asyncio.fixture
async def shops(order: str, sessions: Sessions) -> None:
    """Shops `top-1`, `own-1`, `shopify-1` and `mini`, and a carrier."""
    await seed_shops(sessions)
    async with sessions.begin() as session:
        session.add(CarrierAccountRow(code="sf", name="SF", base_url="https://sf.example"))


async def text(client: Person, path: str = "/shops/top-1") -> str:
    answer = await client.get(path)
    assert answer.status_code == 200, path
    return answer.text


async def test_without_shops_the_page_says_so(service: Person) -> None:
    assert "No shops yet" in await text(service, "/shops")


@pytest.mark.usefixtures("shops")
async def test_a_shop_shows_when_it_was_heard_of_and_what_waits(
    app: FastAPI, service: Person, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        await run(
            session,
            "UPDATE shop SET last_pull_at = now() - interval '3 hours',"
            " pulled_until = now() - interval '2 days' WHERE id = 'top-1'",
        )
        for number, reason in (("1", ""), ("2", "unreadable: KeyError")):
            await accept(
                session, app.state.vault, source="top", shop_id="top-1", channel="top",
                message_id=number, topic="pulled", external_no=number, raw=b"{}",
                parked_reason=reason,
            )  # fmt: skip

    overview, page = await text(service, "/shops"), await text(service)

    assert 'href="/shops/top-1"' in overview
    assert "SF" in overview
    for words in ("3 hours ago", "2 days ago", "unreadable: KeyError", "Process again"):
        assert words in page, words
    assert "session" in page
    assert "not set" in page


@pytest.mark.usefixtures("shops", "engine")
async def test_a_shop_is_paused_with_a_reason_and_resumed(
    service: Person, sessions: Sessions
) -> None:
    refused = await service.send_form("/shops/top-1/do/pause", reason=" ")
    paused = await service.send_form("/shops/top-1/do/pause", reason="stock-taking")

    assert (refused.status_code, paused.status_code) == (422, 303)
    page = await text(service)
    for words in ("Paused", "stock-taking", "Li Lei", "Resume"):
        assert words in page, words
    assert (await service.get("/shops/top-1/do/resume")).status_code == 200
    resumed = await service.send_form("/shops/top-1/do/resume")
    assert resumed.status_code == 303
    assert "stock-taking" not in await text(service)
    audited = await rows(sessions, "SELECT action FROM audit_log ORDER BY id")
    assert audited == [("shop.pause",), ("gate.resume",)]


@pytest.mark.usefixtures("shops", "engine")
async def test_refused_credentials_are_renewed_and_never_shown(
    service: Person, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        await pausing.credentials_refused(
            session, "shop/top-1", CredentialsRefused("session expired", code="27")
        )
    assert "Credentials refused" in await text(service)
    assert (
        "/shops/top-1"
        in (
            await service.get("/attention", params={"group": "shop/top-1|CredentialsRefused|27"})
        ).text
    )
    form = await text(service, "/shops/top-1/do/credentials")
    assert 'type="password"' in form

    answer = await service.send_form(
        "/shops/top-1/do/credentials",
        **{"secret.session": CANARY, "secret.app_key": "", "expires": "2020-01-01"},
    )
    empty = await service.send_form("/shops/top-1/do/credentials", **{"secret.session": " "})
    strange = await service.send_form("/shops/top-1/do/credentials", **{f"secret.{CANARY}": "x"})

    assert (answer.status_code, empty.status_code, strange.status_code) == (303, 422, 422)
    page = await text(service)
    assert "Credentials refused" not in page
    assert "Valid until" in page
    assert "Token expired" in await text(service, "/shops")
    for shown in (
        page,
        empty.text,
        strange.text,
        await text(service, "/shops/top-1/do/credentials"),
    ):
        assert CANARY not in shown


@pytest.mark.usefixtures("shops", "engine")
async def test_a_carriers_credentials_are_entered_and_it_is_tried_again(
    service: Person, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        await pausing.credentials_refused(
            session, "carrier/sf", CredentialsRefused("no such partner", code="A1004")
        )
    assert "checkword" in await text(service, "/carriers/sf/credentials")

    again = await service.send_form("/carriers/sf/resume")
    saved = await service.send_form("/carriers/sf/credentials", **{"secret.checkword": CANARY})

    assert (again.status_code, saved.status_code) == (303, 303)
    assert "Credentials refused" not in await text(service, "/shops")
    assert (await service.send_form("/carriers/sf/resume")).status_code == 409
    assert (await service.get("/carriers/none/credentials")).status_code == 404


@pytest.mark.usefixtures("shops", "engine")
async def test_a_range_is_pulled_again_and_its_progress_is_seen(
    service: Person, sessions: Sessions
) -> None:
    today = datetime.now(UTC).date()
    assert 'type="date"' in await text(service, "/shops/top-1/do/range")
    for start, end in (("x", "y"), ("9999-12-31", "9999-12-31"), ("2020-01-01", str(today))):
        refused = await service.send_form("/shops/top-1/do/range", start=start, end=end)
        assert refused.status_code == 422, start

    answer = await service.send_form(
        "/shops/top-1/do/range", start=str(today - timedelta(days=3)), end=str(today)
    )

    assert answer.status_code == 303
    async with sessions.begin() as session:
        ranges = PullRanges(session, "top-1")
        wanted = await ranges.open()
        assert wanted is not None
        half = wanted.starts_at + (wanted.ends_at - wanted.starts_at) / 2
        await ranges.advance(wanted.id, wanted.starts_at, half, changed=7, accepted=4, parked=1)
    page = await text(service)
    assert "7 listed, 4 new, 1 parked" in page
    assert 'value="50"' in page or 'value="49"' in page
    await service.send_form("/shops/top-1/do/stop-range")
    assert "Stopped" in await text(service)


@pytest.mark.usefixtures("shops")
async def test_an_unknown_product_is_mapped_with_one_click(
    service: Person, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        await run(
            session,
            "INSERT INTO order_hold (id, order_id, kind, reason, detail, owner, auto_release,"
            " placed_by, released_by) VALUES ('h', 'ord_1', 'unmapped_sku', '',"
            " jsonb_build_object('items', jsonb_build_array('X-A')), '', '', '', '')",
        )
        await run(session, "UPDATE sku SET name = 'Goods A of ours' WHERE code = 'A'")
    page = await text(service, "/shops/mini")
    assert "Goods A of ours · A" in page
    assert "similar name" in page

    answer = await service.send_form("/shops/mini/do/map", external_sku="X-A", sku="A", factor="6")
    unknown = await service.send_form("/shops/mini/do/map", external_sku="X-A", sku="NO")

    assert (answer.status_code, unknown.status_code) == (303, 404)
    mapped = await rows(sessions, "SELECT shop_id, external_sku, sku, factor FROM channel_sku")
    assert mapped == [("mini", "X-A", "A", 6)]
    told = await rows(sessions, "SELECT target FROM outbox WHERE name = 'state_changed'")
    assert told == [("order/own/mini/1",)]


@pytest.mark.usefixtures("shops")
async def test_what_a_shop_may_sell_is_seen_and_its_rule_edited(
    service: Person, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        session.add(ChannelSkuRow(shop_id="top-1", external_sku="T-A", sku="A"))
        await session.flush()
        session.add(
            ListingRow(
                shop_id="top-1", external_sku="T-A", ids={"num_iid": "1"}, wanted_quantity=9,
                pushed_quantity=9, read_quantity=12, drifts=2,
            )
        )  # fmt: skip
    assert "Differs" in await text(service)
    assert 'name="share_percent"' in await text(service, "/shops/top-1/do/rule?sku=T-A")

    answer = await service.send_form(
        "/shops/top-1/do/rule", external_sku="T-A", allowed="yes", buffer="2", share_percent="50"
    )
    for wrong in ({"buffer": "-1"}, {"share_percent": "101"}, {"most": "many"}):
        refused = await service.send_form("/shops/top-1/do/rule", external_sku="T-A", **wrong)
        assert refused.status_code == 422, wrong

    assert answer.status_code == 303
    saved = await rows(
        sessions, "SELECT allowed, buffer, threshold, share_percent, most, ids FROM listing"
    )
    assert saved == [(True, 2, None, 50, None, {"num_iid": "1"})]
    assert "50%" in await text(service)
    assert (await service.get("/shops/top-1/do/rule?sku=none")).status_code == 404


@pytest.mark.usefixtures("shops")
async def test_an_event_is_sent_again_and_a_held_method_is_seen(
    service: Person, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        await run(
            session,
            "INSERT INTO webhook_endpoint (id, shop_id, url, secret, active)"
            " VALUES ('e', 'mini', 'https://example.com', '', true)",
        )
        await run(
            session,
            "INSERT INTO outbox (kind, target, name, event_id, payload, attempts, error, sent_at)"
            " VALUES ('webhook', 'e', 'order.shipped', 'evt-1', '{}', 29, 'HTTP 500', now())",
        )
        await run(
            session,
            "INSERT INTO rate_bucket (key, tokens, refilled_at, held_until)"
            " VALUES ('own/0123/orders.get', 0, now(), now() + interval '90 seconds')",
        )
    page = await text(service, "/shops/mini")
    for words in ("order.shipped", "HTTP 500", "Given up", "orders.get", "slow down"):
        assert words in page, words

    answer = await service.send_form("/shops/mini/do/redeliver", event_id="evt-1")

    assert answer.status_code == 303
    assert await rows(sessions, "SELECT sent_at, attempts FROM outbox") == [(None, 0)]
    none = await service.send_form("/shops/mini/do/redeliver", event_id="none")
    assert none.status_code == 404


@pytest.mark.usefixtures("shops")
async def test_who_may_only_read_sees_no_buttons(app: FastAPI, web_sessions: Sessions) -> None:
    async with await person(app, web_sessions, Role.MANAGER) as manager:
        page = await text(manager)

    assert "Tmall/Taobao" in page
    assert "/do/" not in page


@pytest.mark.usefixtures("shops")
async def test_a_shop_that_is_not_there_is_not_found(service: Person) -> None:
    for path in ("/shops/none", "/shops/%00", "/shops/none/do/pause"):
        assert (await service.get(path)).status_code in (404, 422), path
    assert (await service.get("/shops/top-1/do/explode")).status_code == 422


@pytest.mark.usefixtures("shops")
async def test_the_page_is_chinese_for_who_reads_chinese(
    app: FastAPI, web_sessions: Sessions
) -> None:
    async with await person(app, web_sessions, Role.ADMIN, language="zh") as admin:
        page = await text(admin)

    for words in ("店铺", "授权凭证", "暂停", "补拉"):
        assert words in page, words


@pytest.mark.usefixtures("shops", "engine")
async def test_settings_are_filled_in_by_kind_and_a_bad_one_is_named(
    service: Person, sessions: Sessions
) -> None:
    form = await text(service, "/shops/top-1/do/settings")
    kept = await service.send_form(
        "/shops/top-1/do/settings",
        **{
            "setting.sign_method": "hmac",
            "setting.interval_s": "90",
            "setting.sell": '{"buffer": 3}',
            "setting.seller_nick": "",
        },
    )
    refused = await service.send_form("/shops/top-1/do/settings", **{"setting.interval_s": "soon"})

    assert "hmac-sha256</option>" in form
    assert (kept.status_code, refused.status_code) == (303, 422)
    assert "interval_s must be a number" in refused.text
    async with sessions.begin() as session:
        (row,) = await run(session, "SELECT settings FROM shop WHERE id = 'top-1'")
    assert row.settings == {"sign_method": "hmac", "interval_s": 90, "sell": {"buffer": 3}}
    assert 'value="{&#34;buffer&#34;: 3}"' in await text(service, "/shops/top-1/do/settings")


@pytest.mark.usefixtures("shops")
async def test_a_bad_setting_shows_on_the_page_and_in_the_form(
    service: Person, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        await run(session, """UPDATE carrier_account SET settings = '{"sign_method": "rot13"}'""")
        await pausing.credentials_refused(
            session,
            "carrier/sf",
            SettingsRefused("setting sign_method is not one we know; allowed: sm3"),
        )

    assert "A setting cannot be used" in await text(service, "/shops")
    assert "sign_method is not one we know" in await text(service, "/carriers/sf/settings")
    assert (await service.get("/carriers/nobody/settings")).status_code == 404


@pytest.mark.usefixtures("order")
async def test_how_long_orders_wait_for_others_of_their_receiver_is_set_on_the_shops_page(
    service: Person,
) -> None:
    assert "Minutes to wait" in (await service.get("/shops/mini/do/merge")).text

    await service.send_form("/shops/mini/do/merge", minutes="45")
    assert "45 min" in (await service.get("/shops/mini")).text
    for bad in ("1441", "-1", "soon"):
        refused = await service.send_form("/shops/mini/do/merge", minutes=bad)
        assert refused.status_code == 422, bad
    await service.send_form("/shops/mini/do/merge", minutes="")
    assert "45 min" not in (await service.get("/shops/mini")).text
    assert (await service.get("/shops/none/do/merge")).status_code == 422
