"""A vendor that says "too many calls, come again in …" is obeyed to the second, by every client."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field

import httpx
import pytest

from domain.shared.errors import RateLimited
from integrations.access import CarrierAccess, Secrets, ShopAccess
from integrations.carriers.registry import CARRIERS
from integrations.marketplaces.registry import CHANNELS
from integrations.secret_names import of_carrier, of_channel


@dataclass
class Pace:
    """Counts the calls that were made inside it."""

    methods: list[str] = field(default_factory=list)

    def call(self, method: str) -> AbstractAsyncContextManager[None]:
        self.methods.append(method)
        return nullcontext()


def busy(_: httpx.Request) -> httpx.Response:
    return httpx.Response(429, headers={"Retry-After": "17"})


def _shop(channel: str, http: httpx.AsyncClient, pace: Pace) -> Awaitable[object]:
    names = of_channel(channel)
    secrets = Secrets("s", dict.fromkeys(names.needed, "whsec_" + "A" * 32))
    access = ShopAccess("s", "s.example", "https://vendor.example", secrets, {}, http, pace)
    return CHANNELS[channel].opens(access).fetch_raw("1")


def _carrier(code: str, http: httpx.AsyncClient, pace: Pace) -> Awaitable[object]:
    secrets = Secrets(code, dict.fromkeys(of_carrier(code).needed, "secret"))
    access = CarrierAccess(code, "https://vendor.example", secrets, {}, http, pace)
    return CARRIERS[code](access).track("SF1234567890", "0001")


@pytest.mark.parametrize(
    ("opens", "name"),
    [
        *[(_shop, channel) for channel in ("top", "shopify", "jd", "pdd")],
        *[(_carrier, code) for code in ("sf", "zto")],
    ],
)
async def test_retry_after_reaches_the_caller_from_inside_the_pace(
    opens: Callable[[str, httpx.AsyncClient, Pace], Awaitable[object]], name: str
) -> None:
    pace = Pace()
    async with httpx.AsyncClient(transport=httpx.MockTransport(busy)) as http:
        with pytest.raises(RateLimited) as caught:
            await opens(name, http, pace)

    assert caught.value.retry_after_s == 17.0
    assert len(pace.methods) == 1
