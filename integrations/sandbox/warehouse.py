"""The simulated warehouse of the demo: works through the pick lists by the public API alone."""

import asyncio
from typing import Any, Final

import httpx
import structlog

log = structlog.get_logger()

_PAUSE_S: Final = 2.0  # between two looks at speed 1
_PACKING_G: Final = 120


async def run_warehouse(api_url: str, sandbox_url: str, key: str, speed: float) -> None:
    """Pick, pack and hand over for ever; at `speed` 1 a person can watch it."""
    headers = {"authorization": f"Bearer {key}"}
    async with (
        httpx.AsyncClient(base_url=api_url, headers=headers, timeout=10) as api,
        httpx.AsyncClient(base_url=sandbox_url, timeout=10) as carriers,
    ):
        while True:
            try:
                await _once(api, carriers)
            except httpx.HTTPError as error:
                log.info("warehouse.waits", why=type(error).__name__)
            await asyncio.sleep(_PAUSE_S / speed)


async def _once(api: httpx.AsyncClient, carriers: httpx.AsyncClient) -> None:
    answer = await api.get("/api/v1/pick-lists", params={"limit": 50})
    answer.raise_for_status()
    for job in answer.json():
        await _work(api, carriers, job)


async def _work(api: httpx.AsyncClient, carriers: httpx.AsyncClient, job: dict[str, Any]) -> None:
    shipment = f"/api/v1/shipments/{job['shipment_no']}"
    match job["waits_for"]:
        case "picking":
            await api.post(f"{shipment}/pick", json={})
        case "packing":
            weight_g = _PACKING_G + sum(
                line["weight_g"] * (line["picked"] or 0) for line in job["lines"]
            )
            box = {"weight_g": weight_g, "length_mm": 300, "width_mm": 200, "height_mm": 150}
            await api.post(f"{shipment}/pack", json={"boxes": [box]})
        case "hand_over":
            await api.post(f"{shipment}/hand-over")
            for parcel in job["parcels"]:
                await carriers.post(f"/sandbox/parcels/{parcel['waybill_no']}/hand-over")
