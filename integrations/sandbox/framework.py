"""What all sandbox vendors share: the counter where calls are journalled and faults strike.

A vendor is one file with one `Vendor` subclass, listed in `app.VENDORS`. Its routes hand every
request to `Sandbox.serve` with the operation, our reference and a function that does the work:

    async def service(request: Request) -> Response:
        body = await request.body()
        call = Call("acme", operation="create", ref=..., request=body.decode("utf-8", "replace"))
        return await sandbox.serve(call, lambda: self._create(body), throttled=Reply(b"slow down"))

The function is synchronous, checks the signature itself and answers in the vendor's own envelope
with a `Reply`; `executed=False` marks a refusal. Records live in `sandbox.store` (`get`, `put`,
`all`, `next_number`). What a vendor tells us by itself goes through `sandbox.pushes.send`.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
from fastapi import APIRouter, FastAPI, HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from integrations.sandbox.faults import FaultKind, Faults
from integrations.sandbox.parcels import Parcel, Parcels, Scan
from integrations.sandbox.pushes import Outgoing, Pushes
from integrations.sandbox.settings import SandboxSettings
from integrations.sandbox.store import Store


@dataclass(frozen=True, slots=True)
class Call:
    """A request as the vendor saw it; `ref` is the number we gave it, for looking it up."""

    vendor: str
    operation: str
    ref: str
    request: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the vendor answers; `executed` False when it did not do what was asked."""

    body: bytes
    status: int = 200
    content_type: str = "application/json;charset=UTF-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    executed: bool = True

    def response(self) -> Response:
        headers = {**self.headers, "content-type": self.content_type}
        return Response(self.body, self.status, headers)


class Refusal(Exception):
    """For a vendor's own use: its code (empty where it is not known to us) and its words."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class Vendor(ABC):
    """One outside system. `name` is its path prefix, its name in faults and in the call log."""

    name: str

    def __init__(self, sandbox: "Sandbox") -> None:
        self.sandbox = sandbox

    @property
    @abstractmethod
    def operations(self) -> tuple[str, ...]:
        """What it can be asked for, by the names that fault switches and the call log use."""

    @abstractmethod
    def app(self) -> FastAPI:
        """The vendor's own endpoints, mounted under /{name}."""

    def controls(self) -> APIRouter | None:
        """What one may have its users do, served under /sandbox/{name}; most have nothing."""
        return None

    def sell(self, count: int, *, masked: bool = False) -> None:
        """Buyers order this often; HTTPException where the vendor has no buyers."""
        raise HTTPException(409, f"nobody buys from {self.name}")

    @abstractmethod
    def acknowledged(self, status: int, body: bytes) -> bool:
        """Whether our answer to a push is the one this vendor waits for."""

    def pass_time(self, now: datetime) -> None:  # noqa: B027 (most have nothing to do)
        """What happens by itself when time passes, again and again, in one transaction."""

    def signed_push(self, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
        """The headers of a push at the moment it is sent; most were signed when it was queued."""
        return headers

    def scan_push(self, parcel: Parcel, scan: Scan) -> Outgoing | None:
        """How a carrier tells us of a scan; other vendors have none."""
        return None

    def heard_of(self, parcel: Parcel, scan: Scan) -> Outgoing | None:
        """What an aggregator tells us of a scan of another's parcel; most know nothing of it."""
        return None


class Unanswered(Response):
    """Headers, then a closed connection: the caller never sees an answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


class Sandbox:
    """The vendors' common ground. `step` moves parcels and delivers pushes that are due."""

    def __init__(
        self, settings: SandboxSettings, client: httpx.AsyncClient, now: Callable[[], datetime]
    ) -> None:
        self.settings = settings
        self.now = now
        self.store = Store(settings.database)
        self.faults = Faults(settings.seed)
        self.parcels = Parcels(self.store, settings)
        self.vendors: dict[str, Vendor] = {}
        self.pushes = Pushes(self.store, self.faults, settings, client, now)
        self._client = client
        self._stepping = asyncio.Lock()

    async def aclose(self) -> None:
        await self._client.aclose()
        self.store.close()

    async def serve(
        self, call: Call, execute: Callable[[], Reply], *, throttled: Reply
    ) -> Response:
        """Journal the call, let faults strike, do the work in one transaction, answer."""
        call_id = self.store.execute(
            "INSERT INTO call (at, vendor, operation, ref, request) VALUES (?, ?, ?, ?, ?)",
            *(self.now().astimezone(UTC).isoformat(), call.vendor, call.operation),
            *(call.ref, call.request),
        )
        if (early := await self._before(call_id, call, throttled)) is not None:
            return early
        with self.store.transaction():
            reply = execute()
            self._close(call_id, reply, executed=reply.executed)
        return await self._after(call_id, call, reply)

    async def step(self) -> None:
        """Move every parcel that is due by one scan, tell us of it, deliver the pushes due."""
        async with self._stepping:
            with self.store.transaction():
                for parcel, scan in self.parcels.move_due(self.now()):
                    for name, vendor in self.vendors.items():
                        own = name == parcel.vendor
                        tell = vendor.scan_push if own else vendor.heard_of
                        if (outgoing := tell(parcel, scan)) is not None:
                            self.pushes.send(name, outgoing)
                for vendor in self.vendors.values():
                    vendor.pass_time(self.now())
            await self.pushes.deliver_due(self.vendors)

    async def _before(self, call_id: int, call: Call, throttled: Reply) -> Response | None:
        if delay := self.faults.strike(call.vendor, call.operation, FaultKind.DELAY):
            await asyncio.sleep(delay.delay_s)
        if self.faults.strike(call.vendor, call.operation, FaultKind.THROTTLE):
            self._close(call_id, throttled, executed=False, fault=FaultKind.THROTTLE)
            return throttled.response()
        if fault := self.faults.strike(call.vendor, call.operation, FaultKind.ERROR_BEFORE):
            broken = Reply(b"", fault.status)
            self._close(call_id, broken, executed=False, fault=FaultKind.ERROR_BEFORE)
            return broken.response()
        if fault := self.faults.strike(call.vendor, call.operation, FaultKind.TIMEOUT_BEFORE):
            self._mark(call_id, FaultKind.TIMEOUT_BEFORE)
            await asyncio.sleep(fault.delay_s)
            return Unanswered()
        return None

    async def _after(self, call_id: int, call: Call, reply: Reply) -> Response:
        if fault := self.faults.strike(call.vendor, call.operation, FaultKind.ERROR_AFTER):
            self._mark(call_id, FaultKind.ERROR_AFTER)
            return Reply(b"", fault.status).response()
        if fault := self.faults.strike(call.vendor, call.operation, FaultKind.TIMEOUT_AFTER):
            self._mark(call_id, FaultKind.TIMEOUT_AFTER)
            await asyncio.sleep(fault.delay_s)
            return Unanswered()
        return reply.response()

    def _close(self, call_id: int, reply: Reply, *, executed: bool, fault: str = "") -> None:
        self.store.execute(
            "UPDATE call SET executed = ?, status = ?, answer = ?, fault = ? WHERE id = ?",
            *(executed, reply.status, reply.body.decode("utf-8", "replace"), fault, call_id),
        )

    def _mark(self, call_id: int, fault: str) -> None:
        self.store.execute("UPDATE call SET fault = ? WHERE id = ?", fault, call_id)
