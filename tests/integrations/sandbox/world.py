"""A sandbox in this process with a clock one can turn, and our side of its pushes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from fastapi import FastAPI

from domain.shared.address import Address, Contact
from integrations.access import CarrierAccess, Secrets
from integrations.carriers.port import CargoItem, Carrier, ParcelSize, PushAnswer, WaybillRequest
from integrations.carriers.registry import CARRIERS
from integrations.carriers.sf import SfCarrier, SfSettings
from integrations.carriers.zto import ZtoCarrier, ZtoSettings
from integrations.sandbox.app import create_sandbox
from integrations.sandbox.demo_carriers import demo_carriers
from integrations.sandbox.framework import Sandbox
from integrations.sandbox.settings import SandboxSettings

CALLBACK = "http://onhand.test/webhooks"
SENDER = Contact(
    "仓库一",
    "02188886666",
    Address(province="上海市", city="上海市", district="青浦区", detail="华新镇仓储路1号"),
)
RECEIVER = Contact(
    "张三",
    "13800001234",
    Address(province="广东省", city="广州市", district="越秀区", detail="西湖路38号102"),
)


def waybill_request(order_ref: str = "pcl-1", product: str = "2") -> WaybillRequest:
    return WaybillRequest(
        order_ref,
        product,
        SENDER,
        RECEIVER,
        ParcelSize(1500, 300, 200, 100),
        (CargoItem("铁观音 礼盒", 2),),
    )


@dataclass
class World:
    """`received` are the pushes we got; `answer` is what we say to them."""

    app: FastAPI
    vendor_http: httpx.AsyncClient
    clock: datetime
    answer: Callable[[httpx.Request], httpx.Response]
    received: list[httpx.Request] = field(default_factory=list)

    @property
    def sandbox(self) -> Sandbox:
        sandbox: Sandbox = self.app.state.sandbox
        return sandbox

    def now(self) -> datetime:
        return self.clock

    async def pass_time(self, seconds: float) -> None:
        self.clock += timedelta(seconds=seconds)
        await self.sandbox.step()

    def sf(self, **changes: Any) -> SfCarrier:
        account = self.sandbox.settings.sf
        settings = {
            "base_url": "http://sandbox/sf/std/service",
            "partner_id": account.partner_id,
            "checkword": account.checkword,
            "monthly_card": account.monthly_card,
            "timeout_s": 2.0,
        }
        return SfCarrier(SfSettings(**{**settings, **changes}), self.vendor_http, self.now)

    def zto(self, **changes: Any) -> ZtoCarrier:
        account = self.sandbox.settings.zto
        settings = {
            "base_url": "http://sandbox/zto",
            "app_key": account.app_key,
            "app_secret": account.app_secret,
            "account_id": account.account_id,
            "account_password": account.account_password,
            "timeout_s": 2.0,
        }
        return ZtoCarrier(ZtoSettings(**{**settings, **changes}), self.vendor_http)

    def carrier(self, code: str, **changes: Any) -> Carrier:
        """Any carrier, opened as the company opens it; `changes` replace secrets or settings."""
        demo = {one.code: one for one in demo_carriers(self.sandbox.settings, CALLBACK)}[code]
        secrets = {name: str(changes.pop(name, value)) for name, value in demo.secrets.items()}
        settings = {"timeout_s": 2.0, **demo.settings, **changes}
        return CARRIERS[code](
            CarrierAccess(
                code, f"http://sandbox{demo.path}", Secrets(code, secrets), settings,
                self.vendor_http, now=self.now,
            )
        )  # fmt: skip

    async def fault(self, **switch: Any) -> None:
        (await self.vendor_http.put("/sandbox/faults", json=switch)).raise_for_status()

    async def calls(self, **query: str) -> list[dict[str, Any]]:
        answer = await self.vendor_http.get("/sandbox/calls", params=query)
        calls: list[dict[str, Any]] = answer.json()
        return calls

    async def parcels(self, ref: str) -> list[dict[str, Any]]:
        answer = await self.vendor_http.get("/sandbox/parcels", params={"ref": ref})
        parcels: list[dict[str, Any]] = answer.json()
        return parcels

    async def hand_over(self, waybill_no: str) -> None:
        path = f"/sandbox/parcels/{waybill_no}/hand-over"
        (await self.vendor_http.post(path)).raise_for_status()

    async def decide(self, waybill_no: str, fate: str) -> None:
        path = f"/sandbox/parcels/{waybill_no}/fate"
        (await self.vendor_http.put(path, json={"fate": fate})).raise_for_status()


def create_world(settings: SandboxSettings | None = None) -> World:
    """Ten seconds between scans unless the settings say otherwise."""
    world: World

    def receive(request: httpx.Request) -> httpx.Response:
        world.received.append(request)
        return world.answer(request)

    settings = settings or SandboxSettings(seconds_per_hop=10)
    callback = httpx.AsyncClient(transport=httpx.MockTransport(receive))
    app = create_sandbox(settings, callback, now=lambda: world.clock)
    vendor_http = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://sandbox"
    )
    start = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
    world = World(app, vendor_http, start, lambda _: httpx.Response(500))
    return world


def acknowledging(
    read: Callable[[httpx.Headers, bytes], PushAnswer],
) -> Callable[[httpx.Request], httpx.Response]:
    """Our side as it should be: read the push, answer what the vendor wants to hear."""

    def answer(request: httpx.Request) -> httpx.Response:
        push = read(request.headers, request.content)
        headers = {"content-type": push.content_type}
        return httpx.Response(push.status_code, content=push.body, headers=headers)

    return answer
