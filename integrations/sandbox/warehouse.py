"""The simulated warehouse of the demo: works through the pick lists by the public API alone."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import httpx
import structlog

log = structlog.get_logger()

_PAUSE_S: Final = 2.0  # between two rounds at speed 1: each brings a shipment one act further
_SHORTEST_PAUSE_S: Final = 0.2  # however fast: the API has others to answer too
_PACKING_G: Final = 120
_BOX_MM: Final = {"length_mm": 300, "width_mm": 200, "height_mm": 150}
_PAGE: Final = 100
# Whoever tries the demo finds work here: at speed 1 it is theirs for a while, then done for them.
BY_HAND: Final = "R-GZ"
_LEFT_FOR_S: Final = 900.0


@dataclass(slots=True)
class Patience:
    """Leaves what lies at one place to people, each act for so long."""

    seconds: float = _LEFT_FOR_S
    now: Callable[[], float] = time.monotonic
    _seen: dict[tuple[str, bool, str], float] = field(default_factory=dict)

    def leaves(self, shipment: dict[str, Any]) -> bool:
        """Whether somebody may still want to do it himself."""
        if shipment["location"] != BY_HAND:
            return False
        act = (shipment["shipment_no"], shipment["picked_at"] is not None, shipment["status"])
        return self.now() - self._seen.setdefault(act, self.now()) < self.seconds


async def run_warehouse(api_url: str, sandbox_url: str, key: str, speed: float) -> None:
    """Pick, pack and hand over for ever; at `speed` 1 a person can watch it, at 0 nothing moves."""
    headers = {"authorization": f"Bearer {key}"}
    async with (
        httpx.AsyncClient(base_url=api_url, headers=headers, timeout=10) as api,
        httpx.AsyncClient(base_url=sandbox_url, timeout=10) as carriers,
    ):
        patience = Patience(_LEFT_FOR_S if speed <= 1 else 0)
        while speed > 0:
            try:
                await work_once(api, carriers, patience)
            except httpx.HTTPError as error:
                log.debug("warehouse.waits", why=str(error)[:200] or type(error).__name__)
            await asyncio.sleep(max(_PAUSE_S / speed, _SHORTEST_PAUSE_S))
        await asyncio.Event().wait()


async def work_once(
    api: httpx.AsyncClient, carriers: httpx.AsyncClient, patience: Patience | None = None
) -> None:
    """One act for every shipment that can be worked on. Raises httpx.HTTPError when nobody answers.

    A refused act is left for the next round: the order moved on meanwhile.
    """
    patience = patience or Patience(0)
    async for shipment in _shipments(api, "picking"):
        if patience.leaves(shipment):
            continue
        if shipment["picked_at"] is None:
            await _scan_units(api, shipment)
            await _act(api, shipment, "pick", {})
        elif shipment["packed_at"] is None and any(line["picked"] for line in shipment["lines"]):
            await _act(api, shipment, "pack", await _packing(api, shipment))
    async for shipment in _shipments(api, "labelled"):
        if not shipment["holds"] and not patience.leaves(shipment):
            await _act(api, shipment, "hand-over", None)
    # The courier is told until the first scan, so that no parcel is forgotten on the ramp.
    async for shipment in _shipments(api, "handed_over"):
        for parcel in shipment["parcels"]:
            await carriers.post(f"/sandbox/parcels/{parcel['waybill_no']}/hand-over")


async def _shipments(api: httpx.AsyncClient, status: str) -> AsyncIterator[dict[str, Any]]:
    """All of one status, as they were when each page was read."""
    after = ""
    while True:
        params = {"status": status, "after": after, "limit": str(_PAGE)}
        answer = await api.get("/api/v1/pick-lists", params=params)
        answer.raise_for_status()
        page = answer.json()
        for shipment in page:
            yield shipment
        if len(page) < _PAGE:
            return
        after = page[-1]["shipment_no"]


async def _act(api: httpx.AsyncClient, shipment: dict[str, Any], act: str, body: Any) -> None:
    no = shipment["shipment_no"]
    answer = await api.post(f"/api/v1/shipments/{no}/{act}", json=body)
    if answer.is_success:
        log.info("warehouse.did", act=act, shipment=no)
    else:
        log.info("warehouse.refused", act=act, shipment=no, status=answer.status_code)


async def _scan_units(api: httpx.AsyncClient, shipment: dict[str, Any]) -> None:
    """Of goods that ask for it, the serial number of every unit is scanned as it is picked."""
    no, scans = shipment["shipment_no"], []
    for line in shipment["lines"]:
        if not line["asks_serial"]:
            continue
        wanted = {"sku": line["sku"], "location": shipment["location"], "state": "in_stock"}
        limit = {"limit": str(min(2 * line["quantity"], 200))}
        answer = (await api.get("/api/v1/serials", params=wanted | limit)).raise_for_status()
        units = [one["serial"] for one in answer.json()["items"] if one["condition"] == "good"]
        scans += [
            {"key": _key(no, serial), "at": datetime.now(UTC).isoformat(), "shipment_no": no,
             "code": line["sku"], "serial": serial}
            for serial in units[: line["quantity"]]
        ]  # fmt: skip
    for first in range(0, len(scans), _PAGE):
        await api.post("/api/v1/scans", json={"scans": scans[first : first + _PAGE]})


def _key(no: str, serial: str) -> str:
    return sha256(f"{no}/{serial}".encode()).hexdigest()[:32]


async def _packing(api: httpx.AsyncClient, shipment: dict[str, Any]) -> dict[str, Any]:
    """Boxes as the place suggests them, weighing what they should; one where it suggests none."""
    answer = await api.get(f"/api/v1/shipments/{shipment['shipment_no']}/packing-advice")
    advised = answer.json()["cartons"] if answer.is_success else None
    if not advised:
        return {"boxes": [_box(shipment)], "reason": "a box of another kind"}
    boxes = [{"weight_g": one["weight_g"], "carton": one["code"]} for one in advised]
    return {"boxes": boxes}


def _box(shipment: dict[str, Any]) -> dict[str, int]:
    goods_g = sum(line["weight_g"] * (line["picked"] or 0) for line in shipment["lines"])
    return {"weight_g": _PACKING_G + goods_g, **_BOX_MM}
