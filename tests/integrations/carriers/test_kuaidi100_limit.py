"""One waybill is not asked about so often that Kuaidi100 locks it."""

from collections import Counter
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field

import httpx

from domain.shared.errors import RateLimited
from integrations.access import CarrierAccess, Secrets
from integrations.carriers.kuaidi100 import LIMITS, ONE_WAYBILL, open_carrier

SECRETS = {"customer": "c", "key": "k", "secret": "s", "salt": "x"}


@dataclass
class Counting:
    """Lets each name through as often as its limit says."""

    calls: Counter[str] = field(default_factory=Counter)

    def call(self, method: str) -> AbstractAsyncContextManager[None]:
        self.calls[method] += 1
        limit = LIMITS.get(method.partition(":")[0])
        if limit and self.calls[method] > limit.calls:
            raise RateLimited("paced", retry_after_s=3600)
        return nullcontext()


async def test_a_waybill_is_asked_about_a_limited_number_of_times_and_others_go_on() -> None:
    asked = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return httpx.Response(200, json={"result": False, "returnCode": "500", "message": "无"})

    pace = Counting()
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        secrets = Secrets("kuaidi100", SECRETS)
        access = CarrierAccess("kuaidi100", "https://poll.example", secrets, {}, http, pace)
        carrier = open_carrier(access)
        refused = 0
        for _ in range(30):
            try:
                await carrier.track_of("yto", "YT1", "0001")
            except RateLimited:
                refused += 1
        await carrier.track_of("yto", "YT2", "0001")

    assert (asked, refused) == (25, 6)
    assert pace.calls[f"{ONE_WAYBILL}:YT2"] == 1
    # What is there at once, and what comes back in a day, stay below the vendor's 48.
    assert 2 * LIMITS[ONE_WAYBILL].calls * 86_400 / LIMITS[ONE_WAYBILL].seconds <= 48
