"""What the registries say of a vendor is what its client does."""

from urllib.parse import urlsplit

import httpx
import pytest

from integrations.access import CarrierAccess, Secrets, ShopAccess
from integrations.carriers.registry import BASE_URLS, CARRIERS, UNSIGNED
from integrations.marketplaces.pos import PosMarketplace
from integrations.marketplaces.registry import CHANNELS
from integrations.sandbox.demo_carriers import demo_carriers
from integrations.sandbox.demo_shops import demo_shops
from integrations.sandbox.settings import SandboxSettings
from web.words import CARRIER, CHANNEL, EXTERNAL_ID

ACCOUNTS = SandboxSettings()


@pytest.mark.parametrize("code", sorted(CHANNELS))
async def test_a_channel_is_pushed_exactly_when_its_client_reads_pushes(code: str) -> None:
    (demo,) = [one for one in demo_shops(ACCOUNTS) if one.channel == code]
    async with httpx.AsyncClient() as http:
        access = ShopAccess(
            demo.id, demo.external_id, "https://vendor.example", Secrets(code, demo.secrets), {},
            http,
        )  # fmt: skip
        client = CHANNELS[code].opens(access)

    reads = hasattr(client, "read_pushes") or isinstance(client, PosMarketplace)
    assert CHANNELS[code].is_pushed == reads
    assert CHANNELS[code].is_pushed or CHANNELS[code].is_pulled
    assert (CHANNELS[code].base_url is None) == (not demo.path)
    assert code in CHANNEL
    assert code in EXTERNAL_ID


@pytest.mark.parametrize("code", sorted(CARRIERS))
async def test_a_carrier_is_unsigned_exactly_when_its_client_says_so(code: str) -> None:
    (demo,) = [one for one in demo_carriers(ACCOUNTS, "https://us") if one.code == code]
    async with httpx.AsyncClient() as http:
        client = CARRIERS[code](
            CarrierAccess(code, BASE_URLS[code], Secrets(code, demo.secrets), demo.settings, http)
        )

    assert (code in UNSIGNED) == (not client.signs_pushes)
    assert urlsplit(BASE_URLS[code]).scheme == "https"
    assert code in CARRIER
