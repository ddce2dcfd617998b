"""Scans of the warehouse floor: sent in their order, kept once, answered one by one."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints

from api.deps import SessionsOf
from api.orders.warehouse import Actor
from api.strict import Code, Count, Moment, SafeStr, StrictBody
from db.orders.picked_lots import line_lots
from db.orders.picked_serials import serials_in_box
from db.orders.scans import Answer, Scans, Sent
from db.orders.warehouse import Warehouse
from domain.inventory.serials import SerialState
from domain.orders.scanning import ShortReason, Verdict
from domain.shared.errors import InvalidInput, OrderNotFound
from integrations.gs1 import read_code

router = APIRouter(tags=["warehouse"])

MOST_AT_ONCE: Final = 100
_CLOCKS_DIFFER: Final = timedelta(days=2)
ScanKey = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9_-]{8,80}$")]
No = Annotated[SafeStr, Field(max_length=100)]


class ScanBody(StrictBody):
    """One scan. `key` is made by the scanner and never used twice; `at` is the scanner's clock.

    item: `code` is a GTIN, a GS1 code (send a group separator as ␝) or a SKU; `serial` is the
    number of the unit where the code does not say it. undo: `undoes` names the key of the item.
    done: the pick is confirmed; units may be missing only for a `reason`.
    """

    key: ScanKey
    station: Literal["pick", "pack"] = "pick"
    kind: Literal["item", "undo", "done"] = "item"
    at: Moment
    shipment_no: No = ""
    wave_no: No = ""
    code: No = ""
    units: Count = 1
    serial: Annotated[SafeStr, Field(max_length=40)] = ""
    undoes: No = ""
    reason: ShortReason | None = None


class ScanBatch(StrictBody):
    """Scans of one device, the first first."""

    scans: list[ScanBody] = Field(min_length=1, max_length=MOST_AT_ONCE)


class ScanAnswer(StrictBody):
    """What a scan did; the same for a scan that was sent again. `slot` is the place in the wave."""

    key: str
    verdict: Verdict
    shipment_no: str
    sku: str
    slot: int
    counted: int
    asked: int

    @classmethod
    def of(cls, answer: Answer) -> "ScanAnswer":
        return cls(**{name: getattr(answer, name) for name in cls.model_fields})


class ScanAnswers(StrictBody):
    answers: list[ScanAnswer]


class CountedLine(StrictBody):
    sku: str
    counted: int
    asked: int


class Counted(StrictBody):
    """What the scans of a shipment add up to."""

    shipment_no: str
    station: Literal["pick", "pack"]
    lines: list[CountedLine]


class LineLot(StrictBody):
    """Units of one lot in an order line; `lot` is empty where nobody knows it, `expires_on` is what
    its code said."""

    order_no: str
    order_line_id: str
    shipment_no: str
    sku: str
    lot: str
    units: int
    expires_on: date | None


@router.post("/scans")
async def scan(body: ScanBatch, sessions: SessionsOf, actor: Actor = "system") -> ScanAnswers:
    """Hear scans in their order. A scan is counted once, however often it is sent; one that is
    refused says why in its verdict, and the ones after it are heard all the same.

    A code that names another lot than the one that was reserved moves the reservation to it, when
    that lot has free units here; expired, kept back, promised or unknown lots are refused. Of a SKU
    that asks for serial numbers every unit is scanned by its own, and must be in stock here.
    """
    now = datetime.now(UTC)
    sent = [_read(one, now) for one in body.scans]
    async with sessions.begin() as session:
        answers = await Scans(session, actor).hear(sent)
    return ScanAnswers(answers=[ScanAnswer.of(one) for one in answers])


@router.get("/shipments/{shipment_no}/scans")
async def counted(
    shipment_no: Code,
    sessions: SessionsOf,
    station: Annotated[Literal["pick", "pack"], Query()] = "pick",
) -> Counted:
    """How far the scanning of a shipment is."""
    async with sessions.begin() as session:
        found = (await Scans(session).counts([shipment_no], station)).get(shipment_no)
    if found is None:
        raise OrderNotFound(f"there is no shipment {shipment_no}")
    return Counted(shipment_no=shipment_no, station=station, lines=_lines(found))


class PackedSerial(StrictBody):
    """A unit that goes, or went, in a parcel."""

    shipment_no: str
    sku: str
    serial: str
    lot: str
    state: SerialState


@router.get("/shipments/{shipment_no}/serials")
async def serials(shipment_no: Code, sessions: SessionsOf) -> list[PackedSerial]:
    """The units with serial numbers in a shipment and what rides in its parcel."""
    async with sessions.begin() as session:
        await Warehouse(session).shipment(shipment_no)
        rows = await serials_in_box(session, shipment_no)
    return [
        PackedSerial(**{name: getattr(row, name) for name in PackedSerial.model_fields})
        for row in rows
    ]


@router.get("/shipments/{shipment_no}/lots")
async def lots(shipment_no: Code, sessions: SessionsOf) -> list[LineLot]:
    """Which lots are in each order line of a shipment and of those in its parcel: as the ledger
    keeps them, and as they were scanned where the ledger keeps none."""
    async with sessions.begin() as session:
        if not (found := await line_lots(session, shipment_no)):
            raise OrderNotFound(f"there is no shipment {shipment_no}")
    return [LineLot(**{name: getattr(one, name) for name in LineLot.model_fields}) for one in found]


def _lines(found: Sequence[tuple[str, int, int]]) -> list[CountedLine]:
    return [CountedLine(sku=sku, counted=units, asked=asked) for sku, units, asked in found]


def _read(one: ScanBody, now: datetime) -> Sent:
    """Raises InvalidInput for a scan that says nothing, or whose clock is far off."""
    if one.kind == "item" and not one.code.strip():
        raise InvalidInput("a scanned item needs a code")
    if one.kind == "undo" and not one.undoes:
        raise InvalidInput("what is undone must be named")
    if bool(one.shipment_no) == bool(one.wave_no):
        raise InvalidInput("a scan is for a shipment or for a wave")
    if one.wave_no and one.station == "pack":
        raise InvalidInput("waves are picked, not packed")
    if abs(one.at - now) > _CLOCKS_DIFFER:
        raise InvalidInput("the scanner's clock is wrong by days")
    read = read_code(one.code)
    return Sent(
        one.key, one.station, one.kind, one.at.astimezone(UTC), one.shipment_no, one.wave_no,
        read.text, read.gtins, one.units, one.undoes, read.lot, one.serial.strip() or read.serial,
        read.expires_on, str(one.reason or ""),
    )  # fmt: skip
