"""How a location's warehouse works: waves, tolerances, cartons, cut-offs and bins."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, StrictInt

from api.deps import Context, SessionsOf
from api.strict import Code, Day, Hour, SafeStr, StrictBody, Switch
from db.orders.floor import Bin, Floor, FloorRule
from db.orders.packing import PackStation
from domain.orders.cartons import Carton
from domain.orders.visits import WorkDays
from domain.shared.errors import InvalidInput

router = APIRouter(tags=["warehouse"])

MOST_BINS = 20_000
Weekday = Annotated[StrictInt, Field(ge=1, le=7)]
Side = Annotated[StrictInt, Field(ge=1, le=10_000)]


class Rule(StrictBody):
    """Shipments of a wave, and how far a weight may be off: the wider tolerance holds."""

    wave_size: Annotated[StrictInt, Field(ge=1, le=200)] = 20
    tolerance_g: Annotated[StrictInt, Field(ge=0, le=100_000)] = 50
    tolerance_percent: Annotated[StrictInt, Field(ge=0, le=100)] = 5


class CartonKind(StrictBody):
    """Inner sides in millimetres, its own weight and what it carries in grams."""

    code: Code
    length_mm: Side
    width_mm: Side
    height_mm: Side
    tare_g: Annotated[StrictInt, Field(ge=0, le=100_000)] = 0
    most_g: Annotated[StrictInt, Field(ge=1, le=1_000_000)] = 30_000


class Cutoff(StrictBody):
    """When a carrier comes, on the location's clock."""

    carrier: Code
    at: Hour


class OtherDay(StrictBody):
    """A single day on which the place works though it is none of its days, or the other way
    round."""

    day: Day
    works: Switch


class FloorSettings(StrictBody):
    """How a location works; without a `rule` weights are not compared. Carriers come on the days of
    the week (Monday is 1) and the single days on which it works."""

    rule: Rule | None = None
    cartons: list[CartonKind] = Field(default=[], max_length=100)
    cutoffs: list[Cutoff] = Field(default=[], max_length=50)
    works_on: list[Weekday] = Field(default=[1, 2, 3, 4, 5, 6, 7], max_length=7)
    other_days: list[OtherDay] = Field(default=[], max_length=400)


class BinPlace(StrictBody):
    """Where a SKU lies; an empty bin forgets it."""

    sku: Code
    bin: SafeStr
    zone: SafeStr = ""


class Bins(StrictBody):
    bins: list[BinPlace] = Field(max_length=MOST_BINS)


class SuggestedCarton(StrictBody):
    """A carton with what goes into it."""

    code: str
    weight_g: int
    contents: dict[str, int]


class PackingAdvice(StrictBody):
    """`expected_g` are the goods without cartons, null where a SKU's weight is not known; `cartons`
    is null where nothing can be suggested."""

    shipment_no: str
    expected_g: int | None
    checked: bool
    cartons: list[SuggestedCarton] | None


@router.get("/locations/{location_id}/floor")
async def floor(location_id: Code, sessions: SessionsOf) -> FloorSettings:
    """How its warehouse works."""
    async with sessions.begin() as session:
        found = Floor(session)
        rule = await found.rule(location_id)
        cartons, cutoffs = await found.cartons(location_id), await found.cutoffs(location_id)
    return FloorSettings(
        rule=Rule(
            wave_size=rule.wave_size, tolerance_g=rule.tolerance_g,
            tolerance_percent=rule.tolerance_percent,
        ) if rule.checked else None,
        cartons=[_told(carton) for carton in cartons.values()],
        cutoffs=[Cutoff(carrier=carrier, at=at) for carrier, at in cutoffs.items()],
        works_on=[int(digit) for digit in rule.works_on],
        other_days=sorted(
            [OtherDay(day=day, works=False) for day in rule.days_off]
            + [OtherDay(day=day, works=True) for day in rule.days_on],
            key=lambda one: one.day,
        ),
    )  # fmt: skip


@router.put("/locations/{location_id}/floor")
async def keep_floor(location_id: Code, body: FloorSettings, context: Context) -> FloorSettings:
    """Replace how its warehouse works."""
    codes = [carton.code for carton in body.cartons]
    carriers = [cutoff.carrier for cutoff in body.cutoffs]
    if len(set(codes)) < len(codes) or len(set(carriers)) < len(carriers):
        raise InvalidInput("a carton or carrier is given twice")
    if len({one.day for one in body.other_days}) < len(body.other_days):
        raise InvalidInput("a day is given twice")
    days = WorkDays(
        "".join(str(day) for day in sorted(set(body.works_on))),
        frozenset(one.day for one in body.other_days if not one.works),
        frozenset(one.day for one in body.other_days if one.works),
    )
    rule = FloorRule(**body.rule.model_dump()) if body.rule else None
    cutoffs = {cutoff.carrier: cutoff.at.replace(tzinfo=None) for cutoff in body.cutoffs}
    async with context.sessions.begin() as session:
        await Floor(session, context.actor).keep(
            location_id, rule, [_kept(one) for one in body.cartons], cutoffs, days,
            context.request_id,
        )  # fmt: skip
    return body


@router.get("/locations/{location_id}/bins")
async def bins(location_id: Code, sessions: SessionsOf) -> Bins:
    """Where its SKUs lie, in the order of the walk."""
    async with sessions.begin() as session:
        found = Floor(session)
        await found.rule(location_id)
        rows = await found.bins(location_id)
    return Bins(bins=[BinPlace(sku=row.sku, zone=row.zone, bin=row.bin) for row in rows])


@router.put("/locations/{location_id}/bins")
async def keep_bins(location_id: Code, body: Bins, context: Context) -> Bins:
    """Say where SKUs lie: all or none; those that are not named stay where they are."""
    async with context.sessions.begin() as session:
        await Floor(session, context.actor).keep_bins(
            location_id, [Bin(one.sku, one.bin, one.zone) for one in body.bins], context.request_id
        )
    return body


@router.get("/shipments/{shipment_no}/packing-advice")
async def packing_advice(shipment_no: Code, sessions: SessionsOf) -> PackingAdvice:
    """What a shipment should weigh, and which cartons it fits into."""
    async with sessions.begin() as session:
        station = PackStation(session)
        expected = await station.expected(shipment_no)
        found = await station.suggestion(shipment_no)
    cartons = None
    if found is not None:
        cartons = [
            SuggestedCarton(code=one.carton.code, weight_g=one.weight_g, contents=one.contents())
            for one in found
        ]
    return PackingAdvice(
        shipment_no=shipment_no, expected_g=expected.goods_g, checked=expected.checked,
        cartons=cartons,
    )  # fmt: skip


def _told(carton: Carton) -> CartonKind:
    length_mm, width_mm, height_mm = carton.sides
    return CartonKind(
        code=carton.code, length_mm=length_mm, width_mm=width_mm, height_mm=height_mm,
        tare_g=carton.tare_g, most_g=carton.most_g,
    )  # fmt: skip


def _kept(kind: CartonKind) -> Carton:
    sides = (kind.length_mm, kind.width_mm, kind.height_mm)
    return Carton(kind.code, sides, kind.tare_g, kind.most_g)
