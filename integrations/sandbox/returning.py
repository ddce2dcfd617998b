"""Simulated buyers who send something back, and the bench that takes it: by pages and API alone."""

import asyncio
import re
import time
import zlib
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import structlog

log = structlog.get_logger()

PARCEL: Final = "SFDEMO"  # how their waybills begin: the simulated bench leaves all others alone
_PAUSE_S: Final = 10.0  # between two rounds at speed 1
_ORDER_EVERY: Final = 6  # rounds
_MOST_ORDERS: Final = 100
_KEPT_S: Final = 120.0  # by then what they ordered has arrived
_ON_THE_WAY_S: Final = 60.0
LOOKED_AT: Final = 3  # of four parcels; the fourth waits on the bench for whoever tries the demo
_REASONS: Final = ("changed_mind", "wrong_size", "damaged", "not_as_described", "other")
_UNITS: Final = re.compile(r'name="(units\.[^"]+)" value="0" min="0" max="([1-9][0-9]*)"')
_ORDER: Final = re.compile(r'name="order_no" value="([^"]+)"')
_AWAITED: Final = re.compile(r'action="/return/parcel".*?name="return_no" value="([^"]+)"', re.S)
_RETURNED: Final = re.compile(r"<h2>R")


@dataclass(slots=True)
class SendingBack:
    """`share` of the mini program's orders come back in part. Times are divided by `speed`."""

    shop: httpx.AsyncClient  # the sandbox
    pages: httpx.AsyncClient  # ours, as anybody sees them
    bench: httpx.AsyncClient  # ours, with the key of the warehouse
    share: float
    speed: float
    place: str = "HQ-HZ"
    strangers: set[str] = field(
        default_factory=set
    )  # orders that we do not know: never asked again
    patience_s: dict[str, float] = field(default_factory=dict)  # until they look at an order again
    seen_at: dict[str, float] = field(default_factory=dict)

    async def run(self) -> None:
        """For ever; the day of ordering is over after a while."""
        for number in range(10**9):
            try:
                if number % _ORDER_EVERY == 0 and number < _ORDER_EVERY * _MOST_ORDERS:
                    (await self.shop.post("/sandbox/mini/orders", json={})).raise_for_status()
                await self.send_back()
                await self.take_back()
            except httpx.HTTPError as error:
                log.debug("returns.wait", why=str(error)[:200] or type(error).__name__)
            await asyncio.sleep(max(_PAUSE_S / self.speed, 1.0))

    async def send_back(self) -> None:
        """Who has kept his goods for a while asks, and tells the parcel's number once he may."""
        orders = (await self.shop.get("/sandbox/mini/orders")).raise_for_status().json()
        for order in orders:
            number, chosen = order["order_no"], _chosen(order["order_no"], self.share)
            if chosen and order["state"] == "paid" and self._looks_again(number):
                await self._go_on(number, order["receiver"]["phone"][-4:])

    async def take_back(self) -> None:
        """Parcels that were on their way for a while are received, most are looked at."""
        for one in await self._queue("coming"):
            if one["status"] == "in_transit" and self._rested(
                one["return_no"], "way", _ON_THE_WAY_S
            ):
                lines = await self._lines(one["return_no"], "asked", "received")
                await self._act(one["return_no"], "receipts", {"location": self.place}, lines)
        for one in await self._queue("inspect"):
            looked_at = zlib.crc32(one["return_no"].encode()) % 4 < LOOKED_AT
            if looked_at and self._rested(one["return_no"], "bench", _ON_THE_WAY_S):
                lines = await self._lines(one["return_no"], "received", "inspected")
                sorted_out = [{**line, "disposition": "resell"} for line in lines]
                await self._act(one["return_no"], "inspections", {}, sorted_out)

    async def _go_on(self, number: str, last4: str) -> None:
        who = {"no": number, "last4": last4}
        page = await self.pages.post("/return", data=who)
        if page.status_code != 200:  # not known here: whoever guesses too often is shut out
            self.patience_s[number] = 4 * self.patience_s[number]
            return
        if (awaited := _AWAITED.search(page.text)) is not None:
            told = {"return_no": awaited[1], "waybill_no": PARCEL + awaited[1].replace("-", "")}
            await self.pages.post("/return/parcel", data={**who, **told})
            log.info("buyers.sent_back", order=number)
            return
        units, order = _UNITS.findall(page.text), _ORDER.search(page.text)
        if units and order and not _RETURNED.search(page.text):
            reason = _REASONS[zlib.crc32(number.encode()) % len(_REASONS)]
            asked = {"order_no": order[1], "reason": reason, units[0][0]: "1"}
            await self.pages.post("/return/ask", data={**who, **asked})
            log.info("buyers.asked_back", order=number, reason=reason)

    async def _queue(self, name: str) -> list[dict[str, Any]]:
        params = {"queue": name, "limit": "200"}
        answer = (await self.bench.get("/api/v1/returns", params=params)).raise_for_status()
        return [one for one in answer.json() if one["waybill_no"].startswith(PARCEL)]

    async def _lines(self, return_no: str, there: str, done: str) -> list[dict[str, Any]]:
        seen = (await self.bench.get(f"/api/v1/returns/{return_no}")).raise_for_status().json()
        return [
            {
                "line_id": line["line_id"], "quantity": line[there] - line[done],
                **_read_on_it(line, done),
            }
            for line in seen["lines"]
            if line[there] > line[done]
        ]  # fmt: skip

    async def _act(self, return_no: str, act: str, body: Any, lines: list[Any]) -> None:
        if lines:
            path = f"/api/v1/returns/{return_no}/{act}"
            answer = await self.bench.post(path, json={**body, "lines": lines})
            log.info("bench.did", act=act, return_no=return_no, status=answer.status_code)

    def _looks_again(self, number: str) -> bool:
        """The first time when it has surely arrived, then whenever they wonder how it goes on."""
        if not self._rested(number, "home", self.patience_s.setdefault(number, _KEPT_S)):
            return False
        del self.seen_at[f"{number}/home"]
        return True

    def _rested(self, number: str, where: str, seconds: float) -> bool:
        began = self.seen_at.setdefault(f"{number}/{where}", time.monotonic())
        return time.monotonic() - began >= seconds / self.speed


async def run_returns(api_url: str, sandbox_url: str, key: str, share: float, speed: float) -> None:
    """Buyers send back and the bench takes it, as long as the demo runs."""
    headers = {"authorization": f"Bearer {key}"}
    async with (
        httpx.AsyncClient(base_url=sandbox_url, timeout=10) as shop,
        httpx.AsyncClient(base_url=api_url, timeout=10) as pages,
        httpx.AsyncClient(base_url=api_url, headers=headers, timeout=10) as bench,
    ):
        await SendingBack(shop, pages, bench, share, speed).run()


def _chosen(number: str, share: float) -> bool:
    return zlib.crc32(number.encode()) % 1000 < share * 1000


def _read_on_it(line: dict[str, Any], done: str) -> dict[str, Any]:
    """The lot that stands on goods as they come in; of goods that ask for it, the serial number of
    every unit as they are looked at."""
    if done == "received" and line["lots"]:
        return {"lot": line["lots"][0]}
    if done != "inspected" or not line["asks_serial"]:
        return {}
    return {"serials": line["serials"][: line["received"] - line["inspected"]]}
