"""Waves of picking, for scanners and pages."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, TypeVar

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy.engine import Row

from api.deps import SessionsOf
from api.orders.warehouse import Actor
from api.strict import Code, SafeStr, StrictBody
from db.orders.waves import Waves
from domain.orders.waves import LeftWhy, WaveKind

router = APIRouter(tags=["warehouse"])

MOST_SHIPMENTS: Final = 200
WaveState = Literal["made", "released", "closed"]
Mode = Literal["batch", "single"]
Told = TypeVar("Told", bound=StrictBody)
Location = Annotated[str, Query(max_length=40, pattern=r"^[A-Za-z0-9_-]*$")]


class WaveSuggestion(StrictBody):
    """A wave that may be made: what its shipments have in common, and which they are."""

    kind: WaveKind
    carrier: str
    cutoff: datetime | None
    zone: str
    shipment_nos: list[str]


class NewWave(StrictBody):
    """batch: all shipments on one walk, sorted into their slots; single: one after the other."""

    location: Code
    shipment_nos: list[Code] = Field(min_length=1, max_length=MOST_SHIPMENTS)
    mode: Mode = "batch"
    rule: SafeStr = ""


class Release(StrictBody):
    """The log-in name of whoever picks it; empty = whoever comes."""

    picker: SafeStr = ""


class Removal(StrictBody):
    reason: Literal["not_found", "damaged", "later", "other"]


class WaveView(StrictBody):
    """A wave and how far it is; `units` are all that its shipments ask for."""

    no: str
    location: str
    mode: Mode
    state: WaveState
    rule: str
    picker: str
    shipments: int
    picked: int
    fallen_out: int
    units: int
    made_at: datetime
    released_at: datetime | None
    closed_at: datetime | None

    @classmethod
    def of(cls, row: Row[Any]) -> "WaveView":
        told = {**row._mapping, "location": row.location_id}
        return cls.model_validate({name: told[name] for name in cls.model_fields})


class WaveShipment(StrictBody):
    shipment_no: str
    slot: int
    status: str
    picked_at: datetime | None
    left_at: datetime | None
    left_why: str


class WaveLine(StrictBody):
    """What is picked for one shipment, in the order of the walk."""

    shipment_no: str
    sku: str
    name: str
    gtin: str
    quantity: int
    zone: str
    bin: str


class WholeWave(StrictBody):
    wave: WaveView
    shipments: list[WaveShipment]
    lines: list[WaveLine]


class Closed(StrictBody):
    """`fallen_out` were not picked: they are free for another wave."""

    no: str
    fallen_out: list[str]


@router.get("/wave-suggestions")
async def wave_suggestions(
    sessions: SessionsOf,
    location: Annotated[str, Query(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_-]+$")],
) -> list[WaveSuggestion]:
    """Waves that could be made now of all that waits at a location, the first to leave first.

    What must leave within two hours goes together; the rest by carrier and cut-off, single lines
    apart, and by zone.
    """
    async with sessions.begin() as session:
        found = await Waves(session).suggestions(location, datetime.now(UTC))
    return [
        WaveSuggestion(
            kind=one.kind, carrier=one.carrier, cutoff=one.cutoff, zone=one.zone,
            shipment_nos=list(one.shipment_nos),
        )
        for one in found
    ]  # fmt: skip


@router.get("/waves")
async def waves(
    sessions: SessionsOf,
    location: Location = "",
    state: Annotated[list[WaveState], Query(max_length=3)] = ["made", "released"],  # noqa: B006
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[WaveView]:
    """Waves with their progress, the newest first; without `state` those that are not closed."""
    async with sessions.begin() as session:
        return [WaveView.of(row) for row in await Waves(session).waves(location, state, limit)]


@router.post("/waves")
async def make_wave(body: NewWave, sessions: SessionsOf, actor: Actor = "system") -> WaveView:
    """Put shipments together; refused when one of them is not free for a wave here."""
    async with sessions.begin() as session:
        found = Waves(session, actor)
        no = await found.make(body.location, body.shipment_nos, body.mode, body.rule)
        return WaveView.of(await found.wave(no))


@router.get("/waves/{wave_no}")
async def wave(wave_no: Code, sessions: SessionsOf) -> WholeWave:
    """A wave with its shipments and what is picked for them."""
    async with sessions.begin() as session:
        found = Waves(session)
        head = WaveView.of(await found.wave(wave_no))
        members = await found.members(wave_no)
        lines = await found.lines([row.shipment_no for row in members if row.left_at is None])
    return WholeWave(
        wave=head,
        shipments=[_of(WaveShipment, row) for row in members],
        lines=[_of(WaveLine, row) for row in lines],
    )


@router.post("/waves/{wave_no}/release")
async def release(
    wave_no: Code, body: Release, sessions: SessionsOf, actor: Actor = "system"
) -> WaveView:
    """Give it to a picker; from now on it takes scans."""
    async with sessions.begin() as session:
        found = Waves(session, actor)
        await found.release(wave_no, body.picker)
        return WaveView.of(await found.wave(wave_no))


@router.post("/waves/{wave_no}/shipments/{shipment_no}/removal")
async def remove(
    wave_no: Code, shipment_no: Code, body: Removal, sessions: SessionsOf, actor: Actor = "system"
) -> WaveView:
    """What cannot be picked now falls out and goes on in another wave, or by itself."""
    async with sessions.begin() as session:
        found = Waves(session, actor)
        await found.drop(wave_no, shipment_no, LeftWhy(body.reason))
        return WaveView.of(await found.wave(wave_no))


@router.post("/waves/{wave_no}/close")
async def close(wave_no: Code, sessions: SessionsOf, actor: Actor = "system") -> Closed:
    """End it; what was not picked falls out."""
    async with sessions.begin() as session:
        return Closed(no=wave_no, fallen_out=await Waves(session, actor).close(wave_no))


def _of(kind: type[Told], row: Row[Any]) -> Told:
    return kind.model_validate({name: getattr(row, name) for name in kind.model_fields})
