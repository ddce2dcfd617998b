"""What programs say and are told about receiving."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints
from sqlalchemy.engine import Row

from api.orders.money import MoneyView
from api.strict import Code, Count, Day, Moment, Reason, SafeStr, StrictBody, Sum
from db.inventory.receipt_cases import offered
from db.inventory.receipt_scans import Answer, Heard, Sent
from db.inventory.receiving import Picture
from db.inventory.ship_notices import Notice, NoticeLine
from domain.inventory.receipt_cases import CaseState
from domain.inventory.receipt_plan import ReceiptPlan
from domain.inventory.receiving import ReceiptLine, ReceiptState, SourceKind, Trouble, Verdict
from integrations.gs1 import read_code

MOST_LINES = 5000
ScanKey = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9_-]{8,80}$")]
Name = Annotated[SafeStr, Field(max_length=100)]
Short = Annotated[SafeStr, Field(max_length=40)]


class NoticedLine(StrictBody):
    """Base units of one lot in one carton; as many serial numbers as units, or none."""

    sku: Code
    units: Count
    carton: Name = ""
    lot: Short = ""
    produced_on: Day | None = None
    expires_on: Day | None = None
    serials: list[Code] = Field(default=[], max_length=1000)


class ShipNoticeBody(StrictBody):
    """What is on its way. `external_no` is the sender's number: it is said once. Goods of no order
    of ours have the kind `none`."""

    external_no: Code
    location: Code
    expected_on: Day
    lines: list[NoticedLine] = Field(min_length=1, max_length=MOST_LINES)
    source_kind: SourceKind = SourceKind.NONE
    source_no: Name = ""
    sender: Name = ""
    carrier: Name = ""
    waybill_no: Name = ""

    def notice(self) -> Notice:
        """As the tables take it."""
        return Notice(
            self.external_no, self.location, self.expected_on,
            tuple(
                NoticeLine(
                    line.sku, line.units, line.carton, line.lot, line.produced_on,
                    line.expires_on, tuple(line.serials),
                )
                for line in self.lines
            ),
            self.source_kind, self.source_no, self.sender, self.carrier, self.waybill_no,
        )  # fmt: skip


class ShipNoticeKept(StrictBody):
    """Our number of a ship notice."""

    notice_no: str


class ShipNoticeView(StrictBody):
    """A ship notice as it stands."""

    notice_no: str
    external_no: str
    sender: str
    location: str
    source_kind: SourceKind
    source_no: str
    expected_on: date
    carrier: str
    waybill_no: str
    state: Literal["expected", "arrived", "cancelled"]
    lines: list[NoticedLine]

    @classmethod
    def of(cls, row: Row[Any], lines: Any) -> "ShipNoticeView":
        names = ("sku", "units", "carton", "lot", "produced_on", "expires_on", "serials")
        return cls.model_validate(
            {
                "notice_no": row.no, "location": row.location_id,
                **{
                    name: getattr(row, name)
                    for name in ("external_no", "sender", "source_kind", "source_no",
                                 "expected_on", "carrier", "waybill_no", "state")
                },
                "lines": [{name: getattr(line, name) for name in names} for line in lines],
            }
        )  # fmt: skip


class ShipNoticeSummary(StrictBody):
    """A ship notice without its cartons."""

    notice_no: str
    external_no: str
    sender: str
    location: str
    source_kind: SourceKind
    source_no: str
    expected_on: date
    state: Literal["expected", "arrived", "cancelled"]
    units: int

    @classmethod
    def of(cls, row: Row[Any]) -> "ShipNoticeSummary":
        return cls(
            notice_no=row.no, external_no=row.external_no, sender=row.sender,
            location=row.location_id, source_kind=row.source_kind, source_no=row.source_no,
            expected_on=row.expected_on, state=row.state, units=row.units,
        )  # fmt: skip


class ShipNoticePage(StrictBody):
    """A page of ship notices; `next` is where the following one begins."""

    notices: list[ShipNoticeSummary]
    next: str


class ReceiptOpening(StrictBody):
    """What begins to be received: goods of an order or transfer, of a ship notice, or of neither
    (`none`)."""

    location: Code
    source_kind: SourceKind = SourceKind.NONE
    source_no: Name = ""
    notice_no: Name = ""
    remark: SafeStr = ""


class ReceiptOpened(StrictBody):
    receipt_no: str


class ReceiptScan(StrictBody):
    """Units of one code. `key` is made by the device and never used twice; `at` is its clock.

    `code` is a GTIN, a GS1 code (send a group separator as ␝) or a SKU; lot, expiry and serial
    number are read from it where they are not said. `undoes` names the key of an earlier scan that
    is taken back.
    """

    key: ScanKey
    at: Moment
    code: Name = ""
    units: Count = 1
    verdict: Verdict = Verdict.ACCEPTED
    lot: Short = ""
    produced_on: Day | None = None
    expires_on: Day | None = None
    serial: Short = ""
    bin: Short = ""
    undoes: Name = ""

    def sent(self) -> Sent:
        """As the tables take it."""
        read = read_code(self.code) if self.code else None
        return Sent(
            self.key, self.at, read.text if read else "", read.gtins if read else (), self.units,
            self.verdict, self.lot or (read.lot if read else ""),
            self.produced_on or (read.produced_on if read else None),
            self.expires_on or (read.expires_on if read else None),
            self.serial or (read.serial if read else ""), self.bin, self.undoes,
        )  # fmt: skip


class ReceiptScans(StrictBody):
    """Scans of one device, the first first."""

    scans: list[ReceiptScan] = Field(min_length=1, max_length=100)


class ReceiptScanAnswer(StrictBody):
    """What a scan did; the same for one that was sent again. `counted` are all units of the SKU so
    far, in whatever state."""

    key: str
    answer: Heard
    sku: str
    counted: int

    @classmethod
    def of(cls, one: Answer) -> "ReceiptScanAnswer":
        return cls(key=one.key, answer=one.answer, sku=one.sku, counted=one.counted)


class ReceiptScanAnswers(StrictBody):
    answers: list[ReceiptScanAnswer]


class ReceiptLineView(StrictBody):
    """Units alike. Until it is posted: what a posting would make of them."""

    line_no: int
    source_line_no: int
    sku: str
    units: int
    verdict: Verdict
    trouble: Trouble
    lot: str
    produced_on: date | None
    expires_on: date | None
    bin: str

    @classmethod
    def of(cls, line: "ReceiptLine | Row[Any]") -> "ReceiptLineView":
        return cls(**{name: getattr(line, name) for name in cls.model_fields})


class MissingView(StrictBody):
    """Announced, and not there."""

    sku: str
    units: int


class ReceiptView(StrictBody):
    """A goods receipt. `plan_hash` confirms exactly these lines; it is empty once posted."""

    receipt_no: str
    location: str
    source_kind: SourceKind
    source_no: str
    notice_no: str
    sender: str
    state: ReceiptState
    remark: str
    why: str
    opened_by: str
    opened_at: datetime
    posted_by: str
    posted_at: datetime | None
    corrected_by: str
    corrected_at: datetime | None
    lines: list[ReceiptLineView]
    missing: list[MissingView]
    plan_hash: str

    @classmethod
    def of(cls, picture: Picture, posted: Any = None) -> "ReceiptView":
        row, found = picture.row, picture.found
        is_posted = row.posted_at is not None
        lines = posted if is_posted else found.lines
        names = (
            "source_kind", "source_no", "sender", "state", "remark", "why", "opened_by",
            "opened_at", "posted_by", "posted_at", "corrected_by", "corrected_at",
        )  # fmt: skip
        return cls.model_validate(
            {
                "receipt_no": row.no, "location": row.location_id,
                "notice_no": row.notice_no or "",
                **{name: getattr(row, name) for name in names},
                "lines": [ReceiptLineView.of(line) for line in lines],
                "missing": [] if is_posted else [
                    MissingView(sku=one.sku, units=one.units) for one in found.missing
                ],
                "plan_hash": "" if is_posted else ReceiptPlan(row.no, found).hash,
            }
        )  # fmt: skip


class ReceiptSummary(StrictBody):
    """A goods receipt in a list; `cases` are those that are open."""

    receipt_no: str
    location: str
    source_kind: SourceKind
    source_no: str
    sender: str
    state: ReceiptState
    units: int
    cases: int
    opened_at: datetime
    posted_at: datetime | None

    @classmethod
    def of(cls, row: Row[Any]) -> "ReceiptSummary":
        names = set(cls.model_fields) - {"receipt_no", "location"}
        told = {name: getattr(row, name) for name in names}
        return cls.model_validate({"receipt_no": row.no, "location": row.location_id, **told})


class ReceiptPage(StrictBody):
    """The newest first; `next` is the cursor of older ones, empty at the end."""

    receipts: list[ReceiptSummary]
    next: str


class ReceiptPosting(StrictBody):
    """With `plan_hash`, what was shown is posted or nothing."""

    plan_hash: Annotated[SafeStr, Field(max_length=64)] = ""


class ReceiptPosted(StrictBody):
    """What came of it: units by verdict, cases that were opened, orders whose wait is over."""

    receipt_no: str
    accepted: int
    quarantine: int
    rejected: int
    missing: int
    cases: list[str]
    served: int


class WithReason(StrictBody):
    reason: Reason


class CaseDecided(StrictBody):
    """How a case ends; `reference` is the supplier's credit note or the number of the return.
    `amount` is what he credits, without tax; without it what the goods cost by the order.
    `serials` name the units where more of the receipt wait than the case has. `lot` is that of
    goods that came without one and are accepted, `expires_on` the last good day on them."""

    decision: Literal["accepted", "returned", "credited", "replaced", "destroyed"]
    reason: Reason
    reference: Name = ""
    amount: Sum | None = None
    serials: list[Annotated[SafeStr, Field(min_length=1, max_length=40)]] = Field(
        default_factory=list, max_length=1000
    )
    lot: Annotated[SafeStr, Field(max_length=40)] = ""
    expires_on: Day | None = None


class ReceiptCaseView(StrictBody):
    """Goods that came otherwise than agreed, or did not come; `choices` are how it may end now.
    `serials` are the numbers of the units that wait for it, or for another case of the receipt.
    `lacks_lot`: its SKU asks for a lot, and is accepted with one only."""

    case_no: str
    receipt_no: str
    location: str
    trouble: Trouble
    sku: str
    lot: str
    lacks_lot: bool
    units: int
    value: MoneyView
    source_kind: SourceKind
    source_no: str
    sender: str
    state: CaseState
    choices: list[CaseState]
    serials: list[str]
    reference: str
    reason: str
    opened_at: datetime
    decided_by: str
    decided_at: datetime | None

    @classmethod
    def of(cls, row: Row[Any]) -> "ReceiptCaseView":
        names = set(cls.model_fields) - {"case_no", "location", "value", "choices"}
        return cls.model_validate(
            {
                "case_no": row.no, "location": row.location_id, "choices": list(offered(row)),
                "value": MoneyView.of(row.value_minor, row.currency),
                **{name: getattr(row, name) for name in names},
            }
        )  # fmt: skip


class ReceiptCasePage(StrictBody):
    """The newest first; `next` is the cursor of older ones, empty at the end."""

    cases: list[ReceiptCaseView]
    next: str


class ExpectedView(StrictBody):
    """What is still to come; `receipt_no` where it is being received."""

    source_kind: SourceKind
    source_no: str
    notice_no: str
    sender: str
    location: str
    expected_on: date | None
    late: bool
    units: int
    receipt_no: str


class ExpectedPage(StrictBody):
    expected: list[ExpectedView]
