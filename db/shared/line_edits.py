"""Other lines of an order before anything is picked: read, planned and carried out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.inventory.repository import StockRepository
from db.orders import allocating, together
from db.orders.payments import difference_is_paid
from db.orders.repository import OrderRepository
from db.orders.returns import tell
from db.platform.outbox import queue_signal
from db.shared.giving_back import leave_queue
from db.shared.placing import request_of, reserve_placements
from db.shared.regrouping import STORY, taken_out
from db.shared.sourcing import Destination, Network
from db.sql import run
from domain.inventory.stock import Reserved
from domain.logistics.tariff import contract_day
from domain.orders.added_units import Added, FreeNow, Shelves, free_now, parts_given_back
from domain.orders.companions import Companion
from domain.orders.editing import (
    EditableLine,
    EditableOrder,
    EditedLine,
    EditPlan,
    Offered,
    plan_edit,
    units_more,
    units_over,
)
from domain.orders.intake import Judgement
from domain.orders.lifecycle import BLOCKS_ALLOCATION
from domain.orders.messages import LineUnits, StateChanged
from domain.orders.order import HoldKind
from domain.orders.sourcing.model import Placement, Strategy, Usual
from domain.shared.errors import PlanChanged
from domain.shared.ids import shipment_workflow_id
from domain.shared.money import Money

_ORDER: Final = """
SELECT channel, currency, payable_minor, captured_minor - refunded_minor - refund_due_minor
       - returning_minor AS received_minor, stock_given_back
FROM sales_order WHERE id = :order_id
"""
_LINES: Final = """
SELECT id, title, external_sku, quantity, payable_minor FROM order_line
WHERE order_id = :order_id AND kind = 'goods' AND NOT cancelled ORDER BY line_no
"""
_OFFERED: Final = """
SELECT code, name, CASE WHEN currency = :currency THEN price_minor ELSE 0 END AS price_minor
FROM sku WHERE code = ANY(:skus) AND active
"""
_FULFILMENT: Final = """
SELECT f.id, f.order_line_id, f.sku, f.quantity / l.quantity AS per_unit
FROM fulfilment_line f JOIN order_line l ON l.id = f.order_line_id
WHERE f.order_id = :order_id ORDER BY f.id
"""
_MEASURES: Final = """
SELECT code, weight_g, length_mm::bigint * width_mm * height_mm AS volume_mm3 FROM sku
WHERE code = ANY(:skus)
"""
_JOIN: Final = """
INSERT INTO shipment_line (shipment_no, fulfilment_line_id, order_line_id, sku, quantity)
SELECT :no, f.id, f.order_line_id, f.sku, CAST(:units AS bigint) FROM fulfilment_line f
WHERE f.id = :line
ON CONFLICT (shipment_no, fulfilment_line_id)
DO UPDATE SET quantity = shipment_line.quantity + excluded.quantity
"""
_CHANGE: Final = """
WITH line AS (
    UPDATE order_line l SET quantity = :after, payable_minor = :payable,
        list_minor = round(l.list_minor::numeric * :after / :before),
        discount_minor = round(l.discount_minor::numeric * :after / :before),
        tax_minor = round(l.tax_minor::numeric * :after / :before)
    WHERE id = :line_id RETURNING id)
UPDATE fulfilment_line f SET quantity = f.quantity / :before * :after, cancelled_quantity = 0
FROM line WHERE f.order_line_id = line.id
"""
_REMOVE: Final = """
WITH line AS (UPDATE order_line SET cancelled = true WHERE id = :line_id RETURNING id)
UPDATE fulfilment_line f SET cancelled_quantity = quantity FROM line
WHERE f.order_line_id = line.id
"""
_ADD: Final = """
WITH next AS (
    SELECT max(line_no) + 1 AS no FROM order_line WHERE order_id = :order_id
), line AS (
    INSERT INTO order_line (id, order_id, line_no, external_line_no, kind, external_sku, title,
                            quantity, list_minor, discount_minor, tax_minor, payable_minor,
                            refund_in_progress, cancelled, gift)
    SELECT CAST(:order_id AS text) || '.' || no, CAST(:order_id AS text), no, 'ours-' || no,
           'goods', CAST(:sku AS text), CAST(:title AS text), CAST(:quantity AS bigint),
           CAST(:payable AS bigint), 0, 0, CAST(:payable AS bigint), false, false, false
    FROM next RETURNING id, order_id, external_sku, quantity)
INSERT INTO fulfilment_line (id, order_line_id, order_id, sku, quantity, cancelled_quantity)
SELECT l.id || '/' || coalesce(k.sku, l.external_sku), l.id, l.order_id,
       coalesce(k.sku, l.external_sku), l.quantity * coalesce(k.quantity, 1), 0
FROM line l LEFT JOIN kit t ON t.code = l.external_sku AND t.kind = 'virtual'
LEFT JOIN kit_component k ON k.kit = t.code
RETURNING id
"""
_HEADER: Final = """
UPDATE sales_order SET payable_minor = :after, goods_minor = goods_minor + :after - :before,
    refund_due_minor = refund_due_minor + :refund, lines_edited = true,
    updated_at = clock_timestamp()
WHERE id = :order_id
"""
_CANCELLED: Final = """
UPDATE shipment SET status = 'cancelled', waits_for = ''
WHERE no = :no AND status IN ('allocated', 'picking') AND picked_at IS NULL
"""


NO_RULE: Final = Usual()


async def edit_plan(
    session: AsyncSession, order_id: str, wanted: Sequence[LineUnits], usual: Usual
) -> EditPlan:
    """What these lines instead would do now. Raises ActionNotAllowed, InvalidInput."""
    return plan_edit(await editable(session, order_id, wanted, usual), wanted)


async def edit_preview(
    session: AsyncSession, order_id: str, wanted: Sequence[LineUnits], usual: Usual
) -> tuple[EditPlan, tuple[FreeNow, ...]]:
    """The plan, and what is free of the SKUs it adds. Raises ActionNotAllowed, InvalidInput."""
    what = await editable(session, order_id, wanted, usual)
    plan = plan_edit(what, wanted)
    return plan, free_now(units_more(what, plan.lines), what.shelves)


async def editable(
    session: AsyncSession,
    order_id: str,
    wanted: Sequence[LineUnits] = (),
    usual: Usual = NO_RULE,
) -> EditableOrder:
    """The order as its lines are changed, with the SKUs asked for, and what of them is free where.

    Raises OrderNotFound.
    """
    order = (await together.companions(session, order_id))[0]
    row = (await run(session, _ORDER, order_id=order_id))[0]
    parts: dict[str, list[tuple[str, str, int]]] = {}
    for part in await run(session, _FULFILMENT, order_id=order_id):
        parts.setdefault(part.order_line_id, []).append((part.id, part.sku, int(part.per_unit)))
    lines = tuple(
        EditableLine(
            one.id, one.title, one.external_sku, one.quantity, one.payable_minor,
            tuple(parts.get(one.id, ())),
        )
        for one in await run(session, _LINES, order_id=order_id)
    )  # fmt: skip
    skus = [one.sku for one in wanted if one.sku]
    offered = await run(session, _OFFERED, skus=skus, currency=row.currency)
    picked = {sku for line in lines for _, sku, _ in line.parts}
    return EditableOrder(
        order, row.channel, row.currency, row.payable_minor, row.received_minor, lines,
        {one.code: Offered(one.code, one.name, one.price_minor) for one in offered},
        await _shelves(
            session, order, sorted({*skus, *picked}), usual, given_back=row.stock_given_back
        ),
    )  # fmt: skip


async def _shelves(
    session: AsyncSession, order: Companion, skus: Sequence[str], usual: Usual, *, given_back: bool
) -> Shelves:
    row = (await run(session, allocating.ORDERS, ids=[order.order_id]))[0]
    network = await Network.read(session, skus, contract_day(datetime.now(UTC)), [order.order_id])
    to = Destination(row.division_code or "", row.longitude, row.latitude)
    measures = {
        one.code: (one.weight_g, one.volume_mm3)
        for one in await run(session, _MEASURES, skus=list(skus))
    }
    return Shelves(
        network.candidates((), to), Strategy(row.strategy or usual.strategy),
        row.max_parcels or usual.max_parcels,
        not given_back and not BLOCKS_ALLOCATION & set(order.holds), measures,
    )  # fmt: skip


async def carry_out_edit(
    session: AsyncSession, order_id: str, plan: EditPlan, change_id: str, reason: str, actor: str
) -> None:
    """Change lines, stock and money together; the locks are held. What stays keeps its stock, what
    is new is reserved. Raises PlanChanged when others were faster."""
    what = await editable(session, order_id)
    await _give_back(session, order_id, what, plan)
    refs: dict[str, str] = {}
    for place, line in enumerate(plan.lines):
        if added := await _write(session, order_id, line):
            refs[f"+{place}"] = added
    await _reserve(session, order_id, plan, change_id, refs, actor)
    await run(
        session, _HEADER, order_id=order_id, after=plan.payable_after_minor,
        before=plan.payable_before_minor, refund=plan.refund_minor,
    )  # fmt: skip
    await difference_is_paid(session, order_id)
    if plan.owed_minor:
        owed = Money(plan.owed_minor, plan.currency)
        hold = Judgement(HoldKind.DIFFERENCE, f"the buyer owes {owed} for the changed lines")
        orders = OrderRepository(session)
        await orders.place_holds(order_id, [hold])
        await orders.wake_shipments(order_id, "hold")
    told = ", ".join(_told(line) for line in plan.lines)
    await tell(session, order_id, STORY, "lines_edited", {"lines": told, "reason": reason}, actor)


async def _give_back(
    session: AsyncSession, order_id: str, what: EditableOrder, plan: EditPlan
) -> None:
    """Free what is promised for units that are not wanted any more."""
    over = units_over(what, plan.lines)
    if not over:
        return
    await leave_queue(session, order_id, list(over))
    for part in parts_given_back(what.order.shipments, over):
        no = await taken_out(session, order_id, part)
        await run(session, _CANCELLED, no=no)
        await StockRepository(session).release(no)
        for number in {no, part.shipment_no}:
            await _tell(session, number)


async def _reserve(
    session: AsyncSession,
    order_id: str,
    plan: EditPlan,
    change_id: str,
    refs: Mapping[str, str],
    actor: str,
) -> None:
    if not plan.added:
        return
    skus = {sku for one in plan.added for _, sku, _ in one.lines}
    network = await Network.read(session, skus, contract_day(datetime.now(UTC)), [order_id])
    added = [
        replace(one, lines=tuple((refs.get(line, line), sku, units) for line, sku, units
                                 in one.lines))
        for one in plan.added
    ]  # fmt: skip
    for one in added:
        if one.shipment_no:
            await _go_along(session, order_id, one, network)
    await reserve_placements(
        session, order_id, f"{order_id}:{change_id}",
        [Placement(one.location_id, one.lines, one.cost_minor, 0, one.carrier, one.product)
         for one in added if not one.shipment_no],
        network, actor,
    )  # fmt: skip


async def _go_along(session: AsyncSession, order_id: str, one: Added, network: Network) -> None:
    """Into a shipment that lies where the units are."""
    place = Placement(one.location_id, one.lines, 0)
    asked = request_of(new_id("mov"), order_id, place, network)
    stock = StockRepository(session)
    answers = await stock.reserve_batch([asked])
    if answers[asked.reservation_id] is not Reserved.GRANTED:
        raise PlanChanged("others were faster: it is not free any more")
    units: dict[str, int] = {}
    for line, sku, quantity in one.lines:
        units[sku] = units.get(sku, 0) + quantity
        await run(session, _JOIN, no=one.shipment_no, line=line, units=quantity)
    await stock.hand_on(
        asked.reservation_id, one.shipment_no, units, order_id,
        shipment_workflow_id(one.shipment_no),
    )  # fmt: skip
    await _tell(session, one.shipment_no)


async def _tell(session: AsyncSession, shipment_no: str) -> None:
    news = StateChanged("lines", shipment_no)
    await queue_signal(session, shipment_workflow_id(shipment_no), "state_changed", news)


async def _write(session: AsyncSession, order_id: str, line: EditedLine) -> str:
    """What is picked for a line that is new."""
    if not line.line_id:
        values: dict[str, Any] = {
            "order_id": order_id, "sku": line.sku, "title": line.title,
            "quantity": line.quantity_after, "payable": line.payable_after_minor,
        }  # fmt: skip
        return str((await run(session, _ADD, **values))[0].id)
    if line.quantity_after:
        await run(
            session, _CHANGE, line_id=line.line_id, before=line.quantity_before,
            after=line.quantity_after, payable=line.payable_after_minor,
        )  # fmt: skip
    else:
        await run(session, _REMOVE, line_id=line.line_id)
    return ""


def _told(line: EditedLine) -> str:
    return f"{line.title} × {line.quantity_before} → {line.quantity_after}"
