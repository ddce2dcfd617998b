"""The simulated warehouse of the demo: works through the pick lists by the public API alone."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx
import structlog

log = structlog.get_logger()

_PAUSE_S: Final = 2.0  # between two rounds at speed 1: each brings a shipment one act further
_SHORTEST_PAUSE_S: Final = 0.2  # however fast: the API has others to answer too
_PACKING_G: Final = 120
_BOX_MM: Final = {"length_mm": 300, "width_mm": 200, "height_mm": 150}
_PAGE: Final = 100


async def run_warehouse(api_url: str, sandbox_url: str, key: str, speed: float) -> None:
    """Pick, pack and hand over for ever; at `speed` 1 a person can watch it, at 0 nothing moves."""
    headers = {"authorization": f"Bearer {key}"}
    async with (
        httpx.AsyncClient(base_url=api_url, headers=headers, timeout=10) as api,
        httpx.AsyncClient(base_url=sandbox_url, timeout=10) as carriers,
    ):
        while speed > 0:
            try:
                await work_once(api, carriers)
            except httpx.HTTPError as error:
                log.debug("warehouse.waits", why=str(error)[:200] or type(error).__name__)
            await asyncio.sleep(max(_PAUSE_S / speed, _SHORTEST_PAUSE_S))
        await asyncio.Event().wait()


async def work_once(api: httpx.AsyncClient, carriers: httpx.AsyncClient) -> None:
    """One act for every shipment that can be worked on. Raises httpx.HTTPError when nobody answers.

    A refused act is left for the next round: the order moved on meanwhile.
    """
    async for shipment in _shipments(api, "picking"):
        if shipment["picked_at"] is None:
            await _act(api, shipment, "pick", {})
        elif shipment["packed_at"] is None and any(line["picked"] for line in shipment["lines"]):
            await _act(api, shipment, "pack", {"boxes": [_box(shipment)]})
    async for shipment in _shipments(api, "labelled"):
        if not shipment["holds"]:
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


def _box(shipment: dict[str, Any]) -> dict[str, int]:
    goods_g = sum(line["weight_g"] * (line["picked"] or 0) for line in shipment["lines"])
    return {"weight_g": _PACKING_G + goods_g, **_BOX_MM}
