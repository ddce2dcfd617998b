"""Other lines of an order before anything is picked: read, planned and carried out."""

from collections.abc import Sequence
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.repository import StockRepository
from db.orders import together
from db.orders.payments import difference_is_paid
from db.orders.repository import OrderRepository
from db.orders.returns import tell
from db.platform.outbox import queue_signal
from db.shared.giving_back import leave_queue
from db.shared.regrouping import STORY, taken_out
from db.sql import run
from domain.orders.companions import Waiting
from domain.orders.editing import (
    EditableLine,
    EditableOrder,
    EditedLine,
    EditPlan,
    Offered,
    plan_edit,
)
from domain.orders.intake import Judgement
from domain.orders.messages import LineUnits, StateChanged
from domain.orders.order import HoldKind
from domain.orders.splitting import Part
from domain.shared.ids import shipment_workflow_id
from domain.shared.money import Money

_ORDER: Final = """
SELECT channel, currency, payable_minor, captured_minor - refunded_minor - refund_due_minor
       - returning_minor AS received_minor
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
SELECT id, order_line_id, sku, quantity FROM fulfilment_line
WHERE order_line_id = ANY(:lines) ORDER BY id
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
SELECT id || '/' || external_sku, id, order_id, external_sku, quantity, 0 FROM line
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


async def edit_plan(session: AsyncSession, order_id: str, wanted: Sequence[LineUnits]) -> EditPlan:
    """What these lines instead would do now. Raises ActionNotAllowed, InvalidInput."""
    return plan_edit(await editable(session, order_id, wanted), wanted)


async def editable(
    session: AsyncSession, order_id: str, wanted: Sequence[LineUnits] = ()
) -> EditableOrder:
    """The order as its lines are changed, with the SKUs asked for. Raises OrderNotFound."""
    order = (await together.companions(session, order_id))[0]
    row = (await run(session, _ORDER, order_id=order_id))[0]
    lines = await run(session, _LINES, order_id=order_id)
    skus = [one.sku for one in wanted if one.sku]
    offered = await run(session, _OFFERED, skus=skus, currency=row.currency)
    return EditableOrder(
        order, row.channel, row.currency, row.payable_minor, row.received_minor,
        tuple(
            EditableLine(one.id, one.title, one.external_sku, one.quantity, one.payable_minor)
            for one in lines
        ),
        {one.code: Offered(one.code, one.name, one.price_minor) for one in offered},
    )  # fmt: skip


async def carry_out_edit(
    session: AsyncSession, order_id: str, plan: EditPlan, reason: str, actor: str
) -> None:
    """Change lines, stock and money together; the locks are held. What stays keeps its stock, what
    is new is reserved by the order's next step."""
    named = [line for line in plan.lines if line.line_id]
    await _give_back(session, order_id, named)
    for line in plan.lines:
        await _write(session, order_id, line)
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


async def _give_back(session: AsyncSession, order_id: str, lines: Sequence[EditedLine]) -> None:
    """Free what is promised for units that are not wanted any more."""
    fewer = {line.line_id: line for line in lines if line.quantity_after < line.quantity_before}
    rows = await run(session, _FULFILMENT, lines=list(fewer))
    if not rows:
        return
    await leave_queue(session, order_id, [row.id for row in rows])
    shipments = (await together.companions(session, order_id))[0].shipments
    placed = {row.id: _placed(shipments, row.id) for row in rows}
    over = {}
    for row in rows:
        line = fewer[row.order_line_id]
        kept = row.quantity // line.quantity_before * line.quantity_after
        over[row.id] = max(placed[row.id] - kept, 0)
    for one in reversed(shipments):
        part = _part(one, over)
        if part.lines:
            no = await taken_out(session, order_id, part)
            await run(session, _CANCELLED, no=no)
            await StockRepository(session).release(no)
            for number in {no, one.no}:
                news = StateChanged("lines", number)
                await queue_signal(session, shipment_workflow_id(number), "state_changed", news)


def _part(one: Waiting, over: dict[str, int]) -> Part:
    lines: list[tuple[str, str, int]] = []
    for piece in one.pieces:
        units = min(over.get(piece.line_id, 0), piece.quantity)
        if units:
            over[piece.line_id] -= units
            lines.append((piece.line_id, piece.sku, units))
    whole = sum(units for *_, units in lines) == sum(piece.quantity for piece in one.pieces)
    return Part(one.no, whole, tuple(lines))


def _placed(shipments: Sequence[Waiting], line_id: str) -> int:
    return sum(p.quantity for one in shipments for p in one.pieces if p.line_id == line_id)


async def _write(session: AsyncSession, order_id: str, line: EditedLine) -> None:
    if not line.line_id:
        values: dict[str, Any] = {
            "order_id": order_id, "sku": line.sku, "title": line.title,
            "quantity": line.quantity_after, "payable": line.payable_after_minor,
        }  # fmt: skip
        await run(session, _ADD, **values)
    elif line.quantity_after:
        await run(
            session, _CHANGE, line_id=line.line_id, before=line.quantity_before,
            after=line.quantity_after, payable=line.payable_after_minor,
        )  # fmt: skip
    else:
        await run(session, _REMOVE, line_id=line.line_id)


def _told(line: EditedLine) -> str:
    return f"{line.title} × {line.quantity_before} → {line.quantity_after}"
