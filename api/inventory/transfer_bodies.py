"""What is said of transfers over the API, and how they look there."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, StrictInt
from sqlalchemy.engine import Row

from api.strict import Code, Count, Moment, Reason, SafeStr, StrictBody, Switch
from db.inventory.transfer_queries import TransferDetail
from domain.inventory.transfers import Decision, Difference, TransferState

View = TypeVar("View", bound=StrictBody)
Some = Annotated[StrictInt, Field(ge=0, le=1_000_000)]
LineNo = Annotated[StrictInt, Field(ge=1, le=100_000)]
Number = Annotated[SafeStr, Field(min_length=1, max_length=40)]
Numbers = Annotated[list[Number], Field(default=[], max_length=1000)]
Days = Annotated[StrictInt, Field(ge=0, le=365)]
Condition = Literal["good", "quarantine", "damaged"]


class WantedLine(StrictBody):
    """Base units. Without a lot, those that leave first."""

    sku: Code
    quantity: Count
    lot: SafeStr = ""
    condition: Condition = "good"
    owner: SafeStr = "own"


class TransferRequest(StrictBody):
    """A transfer between two places; `days` is how long it usually travels. With `approve` its
    goods are promised at once, by whoever may approve transfers."""

    from_location: Code
    to_location: Code
    lines: list[WantedLine] = Field(min_length=1, max_length=500)
    days: Days = 3
    remark: SafeStr = ""
    receipt_no: SafeStr = ""
    approve: Switch = False


class LinesChanged(StrictBody):
    """Other lines instead of those there are."""

    lines: list[WantedLine] = Field(min_length=1, max_length=500)


class TransferReason(StrictBody):
    reason: Reason


class SentLine(StrictBody):
    """What left of a line; less than was promised leaves the rest free. Units of a SKU that asks
    for serial numbers are named by them."""

    line_no: LineNo
    quantity: Some
    serials: Numbers


class ShippingTold(StrictBody):
    """What left; lines that are not named left whole. Without `eta`, after the usual days."""

    lines: list[SentLine] = Field(default=[], max_length=500)
    carrier: SafeStr = ""
    waybill_no: SafeStr = ""
    eta: Moment | None = None


class ArrivedLine(StrictBody):
    """Base units; `missing` was looked for and is not there. Units of a SKU that asks for serial
    numbers are named by them; a number that was not sent is more than was sent."""

    line_no: LineNo
    good: Some = 0
    damaged: Some = 0
    missing: Some = 0
    serials: Numbers
    damaged_serials: Numbers


class ArrivalTold(StrictBody):
    """What came. `last`: nothing more will come, so what is still on the way is missing."""

    lines: list[ArrivedLine] = Field(default=[], max_length=500)
    last: Switch = False
    receipt_no: SafeStr = ""


class DifferenceDecided(StrictBody):
    """What became of the units; `reference` is the carrier's number of a claim. `serials` are the
    numbers of units of which more wait than are decided about."""

    decision: Decision
    units: Count
    reason: Reason
    reference: SafeStr = ""
    serials: Numbers


class TransferSummary(StrictBody):
    no: str
    from_location: str
    to_location: str
    state: TransferState
    waits_for: str
    asked: int
    shipped: int
    on_the_way: int
    carrier: str
    waybill_no: str
    eta: datetime | None
    created_by: str
    created_at: datetime

    @classmethod
    def told(cls, row: Row[Any]) -> dict[str, Any]:
        """The fields of a row."""
        return {
            name: value
            for name, value in row._mapping.items()
            if name in TransferSummary.model_fields
        }

    @classmethod
    def of(cls, row: Row[Any]) -> "TransferSummary":
        return cls(**cls.told(row))


class TransferUnitView(StrictBody):
    """A unit with a serial number: on the way, arrived, damaged, returned, lost, or over."""

    serial: str
    state: str


class TransferLineView(StrictBody):
    """Every shipped unit is received, damaged, lost, returned or on the way; `short` are those on
    the way that somebody missed."""

    line_no: int
    sku: str
    lot: str
    condition: str
    owner: str
    asked: int
    shipped: int
    received: int
    damaged: int
    lost: int
    returned: int
    short: int
    on_the_way: int
    numbers: list[TransferUnitView] = Field(default=[])


class DifferenceView(StrictBody):
    """`decision` is empty while a person has to decide."""

    id: str
    line_no: int
    kind: Difference
    units: int
    decision: str
    reason: str
    reference: str
    decided_by: str
    decided_at: datetime | None


class TransferView(TransferSummary):
    """A transfer with its lines; `transit_location` is where it lies on the way."""

    transit_location: str | None
    origin: str
    receipt_no: str
    remark: str
    approved_by: str
    shipped_at: datetime | None
    closed_at: datetime | None
    cancel_reason: str
    lines: list[TransferLineView]
    differences: list[DifferenceView]

    @classmethod
    def whole(cls, detail: TransferDetail) -> "TransferView":
        """With everything about it."""
        row = {
            name: value
            for name, value in detail.row._mapping.items()
            if name in cls.model_fields and name != "lines"
        }
        return cls(
            **row,
            lines=[
                _view(TransferLineView, line).model_copy(
                    update={
                        "numbers": [
                            TransferUnitView(serial=one.serial, state=one.state)
                            for one in detail.serials.get(line.line_no, [])
                        ]
                    }
                )
                for line in detail.lines
            ],
            differences=[_view(DifferenceView, one) for one in detail.differences],
        )


class OnTheWayView(StrictBody):
    """Units of a lot between two places."""

    no: str
    from_location: str
    to_location: str
    sku: str
    lot: str
    condition: str
    owner: str
    units: int
    carrier: str
    waybill_no: str
    eta: datetime | None

    @classmethod
    def of(cls, row: Row[Any]) -> "OnTheWayView":
        return _view(cls, row)


class Drafted(StrictBody):
    no: str


def _view(view: type[View], row: Row[Any]) -> View:
    told = {name: value for name, value in row._mapping.items() if name in view.model_fields}
    return view(**told)
