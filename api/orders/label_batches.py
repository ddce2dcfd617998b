"""Labels of a wave or of chosen shipments, printed together in the order they were picked."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import anyio.to_thread
from fastapi import APIRouter, Query
from starlette.responses import Response

from api.deps import Context, RequestContext
from api.errors import Problem
from api.orders.labels import RENDERERS, labels_of
from api.strict import StrictBody
from db.orders.labels import Printable, printable
from db.orders.platform_labels import platform_made
from db.orders.waves import Waves
from db.platform.audit import audit
from domain.shared.errors import (
    ActionNotAllowed,
    InvalidInput,
    OrderNotFound,
    PrintedElsewhere,
)
from integrations.labels import FontMissing, Label, render_label_pictures, render_labels
from integrations.zpl import zpl_of

router = APIRouter(tags=["warehouse"])

MOST_SHIPMENTS: Final = 200
_NONE_HERE: Final[dict[str, Any]] = {"description": "None of these labels can be printed here"}
_KIND: Final = {"pdf": "application/pdf", "zpl": "application/zpl"}
WaveNo = Annotated[str, Query(max_length=100)]
ShipmentNos = Annotated[list[str], Query(max_length=MOST_SHIPMENTS)]


class SkippedLabel(StrictBody):
    """no_waybill: there is nothing to print yet; platform: only its own print component prints it,
    with `print-data`; elsewhere: where its waybill was ordered; unknown: there is no such shipment.
    """

    shipment_no: str
    why: Literal["no_waybill", "platform", "elsewhere", "unknown"]


class LabelBatch(StrictBody):
    """What would be printed, in this order, and what would be left out."""

    shipment_nos: list[str]
    labels: int
    skipped: list[SkippedLabel]


@router.get("/label-batches")
async def label_batch(
    context: Context,
    wave_no: WaveNo = "",
    shipment_no: ShipmentNos = [],  # noqa: B006
) -> LabelBatch:
    """What can be printed of a wave, by its slots, or of shipments, as they are named."""
    found, skipped = await _batch(context, wave_no, shipment_no)
    labels = sum(len(one.boxes) for _, one in found)
    return LabelBatch(shipment_nos=[no for no, _ in found], labels=labels, skipped=skipped)


@router.get(
    "/label-batches/labels.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}, 409: _NONE_HERE},
)
async def print_pdf(
    context: Context,
    wave_no: WaveNo = "",
    shipment_no: ShipmentNos = [],  # noqa: B006
) -> Response:
    """One PDF with a page for each box. It is written down who printed what."""
    return await _printed(context, "pdf", wave_no, shipment_no, render_labels)


@router.get(
    "/label-batches/labels.zpl",
    response_class=Response,
    responses={200: {"content": {"application/zpl": {}}}, 409: _NONE_HERE},
)
async def print_zpl(
    context: Context,
    wave_no: WaveNo = "",
    shipment_no: ShipmentNos = [],  # noqa: B006
) -> Response:
    """The same for thermal printers: a bitmap for each box, 203 dpi."""
    return await _printed(context, "zpl", wave_no, shipment_no, _thermal)


def _thermal(labels: Sequence[Label]) -> bytes:
    return zpl_of(render_label_pictures(labels))


async def _printed(
    context: RequestContext,
    form: str,
    wave_no: str,
    shipment_nos: Sequence[str],
    render: Callable[[Sequence[Label]], bytes],
) -> Response:
    found, _ = await _batch(context, wave_no, shipment_nos, written_down=True)
    if not found:
        raise ActionNotAllowed("none of these labels can be printed here")
    now = datetime.now(UTC)
    labels = [label for _, one in found for label in labels_of(one, now)]
    try:
        sheet = await anyio.to_thread.run_sync(render, labels, limiter=RENDERERS)
    except FontMissing as error:
        raise Problem("LabelFontMissing", 503, str(error)) from error
    headers = {
        "content-disposition": f'inline; filename="{wave_no or "labels"}.{form}"',
        "cache-control": "no-store",
    }
    return Response(sheet, media_type=_KIND[form], headers=headers)


async def _batch(
    context: RequestContext,
    wave_no: str,
    shipment_nos: Sequence[str],
    *,
    written_down: bool = False,
) -> tuple[list[tuple[str, Printable]], list[SkippedLabel]]:
    """Raises InvalidInput when neither or both are named, WaveNotFound."""
    if bool(wave_no) == bool(shipment_nos):
        raise InvalidInput("name a wave or shipments")
    found: list[tuple[str, Printable]] = []
    skipped: list[SkippedLabel] = []
    async with context.sessions.begin() as session:
        nos = list(dict.fromkeys(shipment_nos))
        if wave_no:
            waves = Waves(session)
            await waves.wave(wave_no)
            members = await waves.members(wave_no)
            nos = [row.shipment_no for row in members if row.left_at is None]
        by_platform = await platform_made(session, nos)
        for no in nos:
            try:
                found.append((no, await printable(session, context.vault, no)))
            except OrderNotFound:
                skipped.append(SkippedLabel(shipment_no=no, why="unknown"))
            except PrintedElsewhere:
                why: Literal["platform", "elsewhere"] = (
                    "platform" if no in by_platform else "elsewhere"
                )
                skipped.append(SkippedLabel(shipment_no=no, why=why))
            except ActionNotAllowed:
                skipped.append(SkippedLabel(shipment_no=no, why="no_waybill"))
        for no, _ in found if written_down else ():
            await audit(
                session, context.actor, "label.printed", f"shipment/{no}",
                request_id=context.request_id,
            )  # fmt: skip
    return found, skipped
