"""The real worker, with carriers that answer at once from memory."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from activities.shared.adapters import Adapters
from domain.logistics.tracking import TrackingFact
from domain.shared.errors import Rejected
from integrations.carriers.errors import not_offered
from integrations.carriers.port import (
    Carrier,
    InterceptRequest,
    PushAnswer,
    Rate,
    RateRequest,
    Waybill,
    WaybillRequest,
)
from runtime import logs
from runtime.settings import Settings
from worker import serve


@dataclass
class CarrierInMemory:
    """One waybill per reference, whose number every worker would give it."""

    code: str
    waybills: dict[str, Waybill] = field(default_factory=dict)

    @property
    def signs_pushes(self) -> bool:
        return False

    async def quote(self, request: RateRequest) -> tuple[Rate, ...]:
        return ()

    async def create(self, request: WaybillRequest) -> Waybill:
        ref = request.order_ref
        if ref not in self.waybills:
            digest = hashlib.sha256(ref.encode()).hexdigest()
            self.waybills[ref] = Waybill(self.code, f"{self.code.upper()}{digest[:12]}", ref, "571")
        return self.waybills[ref]

    async def find(self, order_ref: str) -> Waybill | None:
        return self.waybills.get(order_ref)

    async def cancel(self, order_ref: str, waybill_no: str) -> None:
        self.waybills.pop(order_ref, None)

    async def intercept(self, request: InterceptRequest) -> str:
        raise not_offered(self.code, "intercepting")

    async def create_return(self, request: WaybillRequest) -> Waybill:
        raise not_offered(self.code, "returns")

    async def track(self, waybill_no: str, phone_last4: str) -> tuple[TrackingFact, ...]:
        return ()

    def read_push(self, headers: Mapping[str, str], body: bytes) -> PushAnswer:
        raise not_offered(self.code, "pushes: the driver brings the scans itself")

    def refuse_push(self, refusal: Rejected) -> PushAnswer:
        raise not_offered(self.code, "pushes: the driver brings the scans itself")


CARRIERS: dict[str, Carrier] = {}


class StubbedAdapters(Adapters):
    """Shops as they are; no carrier is called."""

    async def carrier(self, code: str) -> Carrier:
        return CARRIERS.setdefault(code, CarrierInMemory(code))


if __name__ == "__main__":
    logs.configure("WARNING", "console", process="worker")
    asyncio.run(serve(Settings.load(None), StubbedAdapters))
