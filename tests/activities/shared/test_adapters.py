import httpx
import pytest

from activities.shared.adapters import Adapters
from activities.shared.finance_clients import REMEMBERED_S
from db.channels.tables import ShopRow
from db.engine import Sessions
from db.logistics.tables import CarrierAccountRow
from db.platform import pausing
from db.sql import run
from db.vault import CannotOpen, carrier_context, shop_context
from domain.shared.errors import CredentialsRefused, Rejected, SettingsRefused
from integrations.carriers.sf import SfCarrier
from integrations.carriers.zto import ZtoCarrier
from tests.shops import VAULT, own_order, seed_shops


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def _adapters(sessions: Sessions, clock: Clock | None = None) -> Adapters:
    return Adapters(sessions, VAULT, httpx.AsyncClient(), clock or Clock())


async def test_each_channel_gets_its_own_client(sessions: Sessions) -> None:
    await seed_shops(sessions)
    adapters = _adapters(sessions)

    for channel in ("own", "shopify", "top"):
        assert (await adapters.marketplace(f"{channel}-1")).channel == channel


async def test_a_stored_body_is_translated_for_its_shop(sessions: Sessions) -> None:
    await seed_shops(sessions)

    snapshot = await _adapters(sessions).snapshot("own", "own-1", own_order("A-1"))

    assert snapshot is not None
    assert (snapshot.channel, snapshot.shop, snapshot.external_no) == ("own", "own-1", "A-1")


async def test_changed_credentials_count_after_a_few_seconds(sessions: Sessions) -> None:
    await seed_shops(sessions)
    clock = Clock()
    adapters = _adapters(sessions, clock)
    first = await adapters.marketplace("own-1")
    async with sessions.begin() as session:
        await run(session, "UPDATE shop SET secrets = '' WHERE id = 'own-1'")

    assert await adapters.marketplace("own-1") is first
    clock.now += REMEMBERED_S
    with pytest.raises(CredentialsRefused, match="own-1 has no secret"):
        await adapters.marketplace("own-1")


@pytest.mark.parametrize("shop_id", ["nobody", "", "a\x00b", "\ud800"])
async def test_a_shop_nobody_knows_is_refused(sessions: Sessions, shop_id: str) -> None:
    with pytest.raises(Rejected) as refusal:
        await _adapters(sessions).marketplace(shop_id)

    assert refusal.value.code == "unknown_shop"


async def test_only_pulled_shops_are_pulled_and_only_pushing_shops_push(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions)
    adapters = _adapters(sessions)

    assert (await adapters.pulled("top-1")).channel == "top"
    assert (await adapters.pushing("own-1", "own")).channel == "own"
    with pytest.raises(Rejected):
        await adapters.pulled("own-1")
    with pytest.raises(Rejected):
        await adapters.pushing("own-1", "shopify")


async def test_secrets_copied_from_another_shop_cannot_be_opened(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        secrets = VAULT.seal_secrets({"secret": "whsec_YQ=="}, shop_context("other"))
        session.add(ShopRow(id="s", channel="own", external_id="s", name="s", secrets=secrets))

    with pytest.raises(CannotOpen):
        await _adapters(sessions).marketplace("s")


async def test_carriers_are_made_from_their_accounts(
    sessions: Sessions, owner_sessions: Sessions
) -> None:
    sf = {"partner_id": "p", "checkword": "c", "monthly_card": "m"}
    zto = {"app_key": "k", "app_secret": "s", "account_id": "a", "account_password": "p"}
    async with owner_sessions.begin() as session:
        for code, secrets in (("sf", sf), ("zto", zto)):
            sealed = VAULT.seal_secrets(secrets, carrier_context(code))
            session.add(
                CarrierAccountRow(
                    code=code, name=code, base_url="https://c.example", secrets=sealed,
                    push_secret="path",
                )
            )  # fmt: skip
    adapters = _adapters(sessions)

    assert isinstance(await adapters.carrier("sf"), SfCarrier)
    assert isinstance(await adapters.carrier("zto"), ZtoCarrier)
    assert (await adapters.account("sf")).push_secret == "path"
    with pytest.raises(Rejected) as refusal:
        await adapters.carrier("yto")
    assert refusal.value.code == "unknown_carrier"


async def test_a_setting_that_cannot_be_used_pauses_the_shop_with_one_item(
    sessions: Sessions,
) -> None:
    await seed_shops(sessions, sign_method="sha1")
    clock = Clock()
    adapters = _adapters(sessions, clock)

    for _ in range(20):
        with pytest.raises(SettingsRefused, match=r"sign_method.*allowed: md5, hmac, hmac-sha256"):
            await adapters.marketplace("top-1")
        clock.now += 1

    async with sessions.begin() as session:
        assert await pausing.stopped(session, "shop/top-1")
        items = await run(session, "SELECT step_id, cause, code, error FROM attention")
        mended = """UPDATE shop SET settings = '{"sign_method": "hmac"}' WHERE id = 'top-1'"""
        await run(session, mended)
    assert [(one.step_id, one.cause, one.code) for one in items] == [
        ("settings", "SettingsRefused", "setting:sign_method")
    ]
    assert (await adapters.marketplace("top-1")).channel == "top"
    assert (await adapters.marketplace("own-1")).channel == "own"
