"""One decision for many orders, with a preview; carried out by a workflow of its own."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, model_validator
from sqlmodel.ext.asyncio.session import AsyncSession

from api.deps import Context, RequestContext, SessionsOf
from api.orders.money import MoneyView
from api.orders.notes import digest
from api.strict import Code, SafeStr, StrictBody
from db.orders import bulk
from db.orders.queries import OrderFilter, OrderQueries
from db.platform.audit import audit
from domain.orders.desk import MOST_AT_ONCE, BulkAction, Deed, tag_name
from domain.orders.order import HoldKind, OrderStatus, ShipmentStatus
from domain.shared.errors import ActionNotAllowed, InvalidInput

router = APIRouter(tags=["desk"])

_NAMED: Final = 50
Limit = Annotated[int, Query(ge=1, le=200)]
Place = Annotated[int, Query(ge=0, le=MOST_AT_ONCE)]


class Fitting(StrictBody):
    """Every order that fits; as in `GET /orders`."""

    q: SafeStr = ""
    status: list[OrderStatus] = Field(default_factory=list, max_length=len(OrderStatus))
    channel: SafeStr = ""
    shop: SafeStr = ""
    hold: HoldKind | None = None
    held_hours: Annotated[StrictInt, Field(ge=0, le=24 * 365)] = 0
    tag: SafeStr = ""
    attention: StrictBool = False
    late: StrictBool = False
    at_risk: StrictBool = False

    def filter(self) -> OrderFilter:
        return OrderFilter(
            self.q, tuple(self.status), channel=self.channel, shop_id=self.shop, hold=self.hold,
            held_hours=self.held_hours, tag=self.tag, attention=self.attention, late=self.late,
            at_risk=self.at_risk,
        )  # fmt: skip


class NewBulkJob(StrictBody):
    """What is done to which orders: those named, or all that fit. `hold` and `release` need a
    reason, `tag` and `untag` a tag; `hold` is the kind to release."""

    action: BulkAction
    order_nos: list[Code] = Field(default_factory=list, max_length=MOST_AT_ONCE)
    fitting: Fitting | None = None
    hold: HoldKind = HoldKind.MANUAL
    tag: SafeStr = ""
    reason: SafeStr = ""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.order_nos) == (self.fitting is not None):
            raise ValueError("either order_nos or fitting")
        return self

    def deed(self) -> Deed:
        """Raises InvalidInput."""
        marks = self.action in (BulkAction.TAG, BulkAction.UNTAG)
        return Deed(self.action, self.hold, tag_name(self.tag) if marks else "", self.reason)


class Impossible(BaseModel):
    order_no: str
    obstacle: str


class BulkWorth(BaseModel):
    """Orders of one currency: what was agreed, and what came in and does not go back."""

    orders: int
    payable: MoneyView
    received: MoneyView


class BulkSums(BaseModel):
    """What the possible orders come to: their money, the units reserved for them, and their
    shipments by where they are: still here, labelled (and here), or left already."""

    money: list[BulkWorth]
    reserved_units: int
    shipments_here: int
    shipments_labelled: int
    shipments_left: int

    @classmethod
    def of(cls, sums: bulk.Sums) -> "BulkSums":
        left = sum(count for status, count in sums.shipments.items() if status.has_left)
        return cls(
            money=[
                BulkWorth(
                    orders=one.orders, payable=MoneyView.of(one.payable_minor, one.currency),
                    received=MoneyView.of(one.received_minor, one.currency),
                )
                for one in sums.worth
            ],
            reserved_units=sums.reserved_units,
            shipments_here=sum(sums.shipments.values()) - left,
            shipments_labelled=sums.shipments.get(ShipmentStatus.LABELLED, 0),
            shipments_left=left,
        )  # fmt: skip


class BulkPreview(BaseModel):
    """What the job would do now: how many orders, what those come to for which it is possible, and
    which cannot, the first 50 by name."""

    orders: int
    possible: int
    impossible: int
    sums: BulkSums
    obstacles: dict[str, int]
    first_impossible: list[Impossible]


class BulkJob(BaseModel):
    """How far it is. `state`: running, done, or stopped."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    action: BulkAction
    hold: str
    tag: str
    reason: str
    actor: str
    state: Literal["running", "done", "stopped"]
    total: int
    done: int
    refused: int
    left_out: int
    waiting: int
    stop_asked_by: str
    at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> "BulkJob":
        return cls(**{**row._mapping, **row.detail})


class BulkJobs(BaseModel):
    items: list[BulkJob]


class BulkResult(BaseModel):
    """What became of one order: waiting, done, refused with a code, or left_out by a stop."""

    model_config = ConfigDict(from_attributes=True)
    place: int
    no: str
    state: str
    code: str
    told: str
    at: datetime | None


class BulkResults(BaseModel):
    """`next_after` is the place to go on from; null at the end."""

    items: list[BulkResult]
    next_after: int | None


@router.post("/bulk-jobs/preview")
async def preview_bulk_job(body: NewBulkJob, context: Context) -> BulkPreview:
    """How many orders it is, and which cannot and why; nothing happens yet."""
    async with context.sessions.begin() as session:
        seen = await bulk.preview(session, body.deed(), await chosen_ids(session, context, body))
        sums = await bulk.sums_of(session, [one.id for one in seen.possible])
    obstacles: dict[str, int] = {}
    for one in seen.impossible:
        obstacles[str(one.obstacle)] = obstacles.get(str(one.obstacle), 0) + 1
    return BulkPreview(
        orders=len(seen.orders), possible=len(seen.possible), impossible=len(seen.impossible),
        sums=BulkSums.of(sums), obstacles=obstacles,
        first_impossible=[
            Impossible(order_no=one.no, obstacle=str(one.obstacle))
            for one in seen.impossible[:_NAMED]
        ],
    )  # fmt: skip


@router.post("/bulk-jobs")
async def start_bulk_job(body: NewBulkJob, context: Context) -> BulkJob:
    """Do it, with every order that it is possible for now; each by its own command."""
    job_id, deed = f"blk_{digest(context, 'bulk')}", body.deed()
    async with context.sessions.begin() as session:
        seen = await bulk.preview(session, deed, await chosen_ids(session, context, body))
        if not seen.possible:
            raise ActionNotAllowed("none of these orders can")
        ids = [one.id for one in seen.possible]
        await bulk.open_job(session, job_id, deed, ids, context.actor)
        await audit(
            session, context.actor, f"bulk.{deed.action}", f"bulk/{job_id}", reason=deed.reason,
            after={"orders": len(ids), "tag": deed.tag}, request_id=context.request_id,
        )  # fmt: skip
        return BulkJob.of(await bulk.job_of(session, job_id))


@router.get("/bulk-jobs")
async def list_bulk_jobs(sessions: SessionsOf, limit: Limit = 50) -> BulkJobs:
    """The latest of everybody."""
    async with sessions.begin() as session:
        rows = await bulk.latest_jobs(session, limit)
    return BulkJobs(items=[BulkJob.of(row) for row in rows])


@router.get("/bulk-jobs/{job_id}")
async def get_bulk_job(job_id: Code, sessions: SessionsOf) -> BulkJob:
    """How far it is."""
    async with sessions.begin() as session:
        return BulkJob.of(await bulk.job_of(session, job_id))


@router.get("/bulk-jobs/{job_id}/orders")
async def list_bulk_results(
    job_id: Code,
    sessions: SessionsOf,
    state: Literal["", "waiting", "done", "refused", "left_out"] = "",
    after: Place = 0,
    limit: Limit = 100,
) -> BulkResults:
    """What became of its orders, in their order."""
    async with sessions.begin() as session:
        await bulk.job_of(session, job_id)
        rows = await bulk.results_of(session, job_id, state, after, limit)
    return BulkResults(
        items=[BulkResult.model_validate(row) for row in rows],
        next_after=rows[-1].place if len(rows) == limit else None,
    )


@router.post("/bulk-jobs/{job_id}/stop")
async def stop_bulk_job(job_id: Code, context: Context) -> BulkJob:
    """No further order is begun; what is done stays done."""
    async with context.sessions.begin() as session:
        await bulk.ask_to_stop(session, job_id, context.actor)
        return BulkJob.of(await bulk.job_of(session, job_id))


async def chosen_ids(
    session: AsyncSession, context: RequestContext, body: NewBulkJob
) -> Sequence[str]:
    """The orders it is about. Raises InvalidInput when they are none or too many."""
    if body.fitting is None:
        ids: Sequence[str] = await bulk.ids_of(session, body.order_nos)
    else:
        ids = await OrderQueries(session).ids(
            body.fitting.filter(), context.vault, datetime.now(UTC), MOST_AT_ONCE + 1
        )
    if not ids:
        raise InvalidInput("there are no such orders")
    if len(ids) > MOST_AT_ONCE:
        raise InvalidInput(f"these are more than {MOST_AT_ONCE} orders; narrow them first")
    return ids
