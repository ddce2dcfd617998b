"""The sandbox's controls: its journal of calls and pushes, its fault switches, its parcels."""

from dataclasses import asdict
from typing import Any, Final

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from integrations.sandbox.faults import ANY, Fault, FaultKind
from integrations.sandbox.framework import Sandbox
from integrations.sandbox.parcels import Fate, Parcel
from integrations.sandbox.pushes import PUSH

_OF_PUSHES: Final = (FaultKind.DUPLICATE_PUSH, FaultKind.OUT_OF_ORDER_PUSH)


class FaultSwitch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    vendor: str = Field(min_length=1)
    operation: str = ANY
    kind: FaultKind
    rate: float = Field(default=1.0, ge=0, le=1)
    times: int | None = Field(default=None, ge=1)
    delay_s: float = Field(default=30.0, ge=0, le=600)
    status: int = Field(default=503, ge=500, le=599)


class Sales(BaseModel):
    model_config = ConfigDict(extra="forbid")

    count: int = Field(default=1, ge=1, le=1000)
    masked: bool = False


class Decision(BaseModel):
    model_config = ConfigDict(extra="forbid")

    fate: Fate


def switch_on(sandbox: Sandbox, switch: FaultSwitch) -> None:
    """Make a vendor misbehave. Raises HTTPException for a switch that could never strike."""
    vendor = sandbox.vendors.get(switch.vendor)
    if vendor is None:
        raise HTTPException(422, f"there is no vendor {switch.vendor[:100]}")
    if switch.operation not in (ANY, PUSH, *vendor.operations):
        raise HTTPException(422, f"{vendor.name} has no operation {switch.operation[:100]}")
    of_pushes = switch.kind in _OF_PUSHES
    happens_to_both = switch.kind is FaultKind.DELAY or switch.operation == ANY
    if not happens_to_both and of_pushes != (switch.operation == PUSH):
        raise HTTPException(422, f"{switch.kind} cannot happen to {switch.operation}")
    sandbox.faults.put(Fault(**switch.model_dump()))


def calls_of(
    sandbox: Sandbox, vendor: str, operation: str, ref: str, limit: int
) -> list[dict[str, Any]]:
    """Requests as the vendor saw them, newest first."""
    rows = sandbox.store.rows(
        "SELECT * FROM call WHERE (?1 = '' OR vendor = ?1) AND (?2 = '' OR operation = ?2) "
        "AND (?3 = '' OR ref = ?3) ORDER BY id DESC LIMIT ?4",
        *(vendor, operation, ref, limit),
    )
    return [{**row, "executed": bool(row["executed"])} for row in rows]


def pushes_of(sandbox: Sandbox, vendor: str, ref: str, limit: int) -> list[dict[str, Any]]:
    """Pushes to us and our last answer, newest first."""
    rows = sandbox.store.rows(
        "SELECT * FROM push WHERE (?1 = '' OR vendor = ?1) AND (?2 = '' OR ref = ?2) "
        "ORDER BY id DESC LIMIT ?3",
        *(vendor, ref, limit),
    )
    return [{**row, "delivered": bool(row["delivered"])} for row in rows]


def controls_of(sandbox: Sandbox) -> APIRouter:
    """What programs and tests use, below /sandbox."""
    router = APIRouter(prefix="/sandbox", tags=["sandbox"])

    @router.get("/calls")
    async def calls(
        vendor: str = "", operation: str = "", ref: str = "", limit: int = 200
    ) -> list[dict[str, Any]]:
        """Requests as the vendor saw them, newest first."""
        return calls_of(sandbox, vendor, operation, ref, limit)

    @router.get("/pushes")
    async def pushes(vendor: str = "", ref: str = "", limit: int = 200) -> list[dict[str, Any]]:
        """Pushes to us and our last answer, newest first."""
        return pushes_of(sandbox, vendor, ref, limit)

    @router.put("/faults", status_code=204)
    async def put_fault(fault: FaultSwitch) -> None:
        """Make a vendor misbehave; operation * is every one, `push` its pushes."""
        switch_on(sandbox, fault)

    @router.get("/operations")
    async def operations() -> dict[str, tuple[str, ...]]:
        """What each vendor can be asked for, by the names that switches and the log use."""
        return {name: vendor.operations for name, vendor in sandbox.vendors.items()}

    @router.get("/faults")
    async def faults() -> list[dict[str, Any]]:
        return sandbox.faults.listed()

    @router.delete("/faults", status_code=204)
    async def switch_off(vendor: str = "") -> None:
        """Behave again: one vendor, or all."""
        sandbox.faults.clear(vendor)

    @router.post("/{vendor}/sales", status_code=204)
    async def sell(vendor: str, sales: Sales) -> None:
        """Buyers order in a shop."""
        if vendor not in sandbox.vendors:
            raise HTTPException(404, f"there is no vendor {vendor[:100]}")
        sandbox.vendors[vendor].sell(sales.count, masked=sales.masked)

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
