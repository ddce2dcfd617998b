"""The sandbox: outside systems as they speak, on one port, and the switches that disturb them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

import httpx
import structlog
from fastapi import APIRouter, FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from integrations.sandbox.faults import ANY, Fault, FaultKind
from integrations.sandbox.framework import Sandbox, Vendor
from integrations.sandbox.parcels import Fate, Parcel
from integrations.sandbox.settings import SandboxSettings
from integrations.sandbox.sf import SfSandbox
from integrations.sandbox.shopify import ShopifySandbox
from integrations.sandbox.top import TopSandbox
from integrations.sandbox.zto import ZtoSandbox

log = structlog.get_logger()

VENDORS: Final[Mapping[str, Callable[[Sandbox], Vendor]]] = {
    "sf": SfSandbox,
    "zto": ZtoSandbox,
    "top": TopSandbox,
    "shopify": ShopifySandbox,
}
_TICK_S: Final = 0.1


class FaultSwitch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    vendor: str = Field(min_length=1)
    operation: str = ANY
    kind: FaultKind
    rate: float = Field(default=1.0, ge=0, le=1)
    times: int | None = Field(default=None, ge=1)
    delay_s: float = Field(default=30.0, ge=0, le=600)
    status: int = Field(default=503, ge=500, le=599)


class Decision(BaseModel):
    model_config = ConfigDict(extra="forbid")

    fate: Fate


def create_sandbox(
    settings: SandboxSettings,
    client: httpx.AsyncClient | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> FastAPI:
    """Every vendor under /{name} and the controls under /sandbox.

    `app.state.sandbox` is the `Sandbox`: tests drive it with `await sandbox.step()`; a server
    does so by itself from its lifespan.
    """
    sandbox = Sandbox(settings, client or httpx.AsyncClient(timeout=5.0), now)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        ticking = asyncio.create_task(_tick(sandbox))
        yield
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking
        await sandbox.aclose()

    app = FastAPI(title="Onhand sandbox", lifespan=lifespan)
    app.state.sandbox = sandbox
    app.include_router(_controls(sandbox))
    for name, vendor_class in VENDORS.items():
        vendor = vendor_class(sandbox)
        sandbox.vendors[name] = vendor
        app.mount(f"/{name}", vendor.app())
        if (controls := vendor.controls()) is not None:
            app.include_router(controls, prefix=f"/sandbox/{name}")
    return app


async def _tick(sandbox: Sandbox) -> None:
    while True:
        try:
            await sandbox.step()
        except Exception:
            log.exception("sandbox.step_failed")
        await asyncio.sleep(_TICK_S)


def _controls(sandbox: Sandbox) -> APIRouter:
    router = APIRouter(prefix="/sandbox", tags=["sandbox"])

    @router.get("/calls")
    async def calls(
        vendor: str = "", operation: str = "", ref: str = "", limit: int = 200
    ) -> list[dict[str, Any]]:
        """Requests as the vendor saw them, newest first."""
        rows = sandbox.store.rows(
            "SELECT * FROM call WHERE (?1 = '' OR vendor = ?1) AND (?2 = '' OR operation = ?2) "
            "AND (?3 = '' OR ref = ?3) ORDER BY id DESC LIMIT ?4",
            *(vendor, operation, ref, limit),
        )
        return [{**row, "executed": bool(row["executed"])} for row in rows]

    @router.get("/pushes")
    async def pushes(vendor: str = "", ref: str = "", limit: int = 200) -> list[dict[str, Any]]:
        """Pushes to us and our last answer, newest first."""
        rows = sandbox.store.rows(
            "SELECT * FROM push WHERE (?1 = '' OR vendor = ?1) AND (?2 = '' OR ref = ?2) "
            "ORDER BY id DESC LIMIT ?3",
            *(vendor, ref, limit),
        )
        return [{**row, "delivered": bool(row["delivered"])} for row in rows]

    @router.put("/faults", status_code=204)
    async def switch_on(fault: FaultSwitch) -> None:
        """Make a vendor misbehave; operation * is every one, `push` its pushes."""
        sandbox.faults.put(Fault(**fault.model_dump()))

    @router.get("/faults")
    async def faults() -> list[dict[str, Any]]:
        return sandbox.faults.listed()

    @router.delete("/faults", status_code=204)
    async def switch_off(vendor: str = "") -> None:
        """Behave again: one vendor, or all."""
        sandbox.faults.clear(vendor)

    @router.get("/parcels")
    async def parcels(vendor: str = "", ref: str = "") -> list[dict[str, Any]]:
        """Waybills the carriers know; two for one reference are a double label."""
        return [
            _shown(sandbox, parcel) for parcel in sandbox.parcels.listed(vendor=vendor, ref=ref)
        ]

    @router.post("/parcels/{waybill_no}/hand-over", status_code=204)
    async def hand_over(waybill_no: str) -> None:
        """Give the parcel to the courier; a second time changes nothing."""
        parcel = _known(sandbox, waybill_no)
        if parcel.cancelled:
            raise HTTPException(409, "the waybill is void")
        if not sandbox.parcels.scans(parcel):
            sandbox.parcels.hand_over(parcel, sandbox.now())

    @router.put("/parcels/{waybill_no}/fate", status_code=204)
    async def decide(waybill_no: str, decision: Decision) -> None:
        """Say how the parcel's journey ends."""
        sandbox.parcels.decide(_known(sandbox, waybill_no), decision.fate, sandbox.now())

    return router


def _known(sandbox: Sandbox, waybill_no: str) -> Parcel:
    parcel = sandbox.parcels.get(waybill_no)
    if parcel is None:
        raise HTTPException(404, "no such waybill")
    return parcel


def _shown(sandbox: Sandbox, parcel: Parcel) -> dict[str, Any]:
    scans = [asdict(scan) for scan in sandbox.parcels.scans(parcel)]
    return {**asdict(parcel), "scans": scans}
