"""Proofs about stock and money, from the tables alone. A finding is a row that should not exist."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from db.checks import Check
from db.engine import create_engine
from db.engine import sessions as sessions_of
from db.finance.checks import BOOK_CHECKS
from db.finance.goods_claim_checks import GOODS_CLAIM_CHECKS
from db.inventory.fitness import NEEDED, TODAY, rule_of
from db.inventory.level_checks import LEVEL_CHECKS
from db.logistics.claim_checks import CLAIM_CHECKS
from domain.orders.delivery import MOST_DAYS


@dataclass(frozen=True, slots=True)
class Finding:
    """A row that breaks an invariant."""

    check: str
    sentence: str
    row: dict[str, Any]


CHECKS: Final = (
    Check(
        "ledger_equals_balance",
        "What the moves add up to is what the balance says",
        """
        WITH ledger AS (
            SELECT sku, location_id, lot, condition, owner, sum(quantity) AS on_hand FROM (
                SELECT sku, substr(to_place, 10) AS location_id, lot, condition, owner, quantity
                FROM stock_move WHERE to_place LIKE 'location:%'
                UNION ALL
                SELECT sku, substr(from_place, 10), lot, condition, owner, -quantity
                FROM stock_move WHERE from_place LIKE 'location:%') m
            GROUP BY sku, location_id, lot, condition, owner)
        SELECT sku, location_id, lot, condition, owner,
               coalesce(l.on_hand, 0) AS ledger, coalesce(b.on_hand, 0) AS balance
        FROM ledger l FULL JOIN stock_balance b USING (sku, location_id, lot, condition, owner)
        WHERE coalesce(l.on_hand, 0) <> coalesce(b.on_hand, 0)""",
    ),
    Check(
        "reserved_equals_reservations",
        "What is reserved is the sum of the held reservations",
        """
        WITH held AS (
            SELECT sku, location_id, lot, condition, owner,
                   sum(quantity - voided_quantity) AS reserved
            FROM reservation WHERE state = 'held'
            GROUP BY sku, location_id, lot, condition, owner)
        SELECT sku, location_id, lot, condition, owner,
               coalesce(h.reserved, 0) AS reservations, coalesce(b.reserved, 0) AS balance
        FROM held h FULL JOIN stock_balance b USING (sku, location_id, lot, condition, owner)
        WHERE coalesce(h.reserved, 0) <> coalesce(b.reserved, 0)""",
    ),
    Check(
        "nothing_is_negative",
        "No stock is negative and none is promised twice",
        """
        SELECT sku, location_id, lot, on_hand, reserved FROM stock_balance
        WHERE on_hand < 0 OR reserved < 0 OR reserved > on_hand""",
    ),
    Check(
        "no_stock_held_for_closed_orders",
        "A closed order holds no stock",
        """
        SELECT r.reservation_id, r.sku, o.no, o.status
        FROM reservation r JOIN sales_order o ON o.id = r.order_id
        WHERE r.state = 'held' AND o.status IN ('completed', 'cancelled')""",
    ),
    Check(
        "held_stock_has_an_order",
        "Stock is only held for orders, transfers and earmarks that exist",
        """
        SELECT r.reservation_id, r.sku, r.order_id, r.workflow_id
        FROM reservation r LEFT JOIN sales_order o ON o.id = r.order_id
        LEFT JOIN stock_transfer t ON r.workflow_id = 'transfer/' || t.no
        WHERE r.state = 'held' AND o.id IS NULL
          AND NOT EXISTS (SELECT FROM earmark e WHERE e.id = r.reservation_id)
          AND (t.no IS NULL OR t.state IN ('closed', 'cancelled'))""",
    ),
    Check(
        "served_backorder_holds_its_units",
        "Who was served from the queue holds the units until a shipment takes them",
        """
        SELECT b.id, b.order_id, b.sku, b.quantity, coalesce(r.quantity, 0) AS held
        FROM backorder b
        LEFT JOIN reservation r ON r.reservation_id = b.id AND r.sku = b.sku AND r.state = 'held'
        WHERE b.state = 'filled' AND NOT b.adopted AND coalesce(r.quantity, 0) <> b.quantity""",
    ),
    Check(
        "nobody_waits_for_free_goods",
        "Nobody is first in a queue for goods that lie free at that location and stay good for"
        " long enough, however far they go",
        f"""
        WITH first AS (
            SELECT DISTINCT ON (sku, location_id) id, order_id, sku, location_id, quantity
            FROM backorder WHERE state = 'waiting' ORDER BY sku, location_id, paid_at, id)
        SELECT f.id, f.order_id, f.sku, f.location_id, f.quantity, s.on_hand - s.reserved AS free
        FROM first f JOIN stock_balance s USING (sku, location_id)
        JOIN location p ON p.id = s.location_id JOIN sku k ON k.code = s.sku
        JOIN sales_order o ON o.id = f.order_id
        LEFT JOIN lot t ON t.sku = s.sku AND t.lot = s.lot
        {rule_of("o.shop_id", "o.channel")}
        WHERE s.condition = 'good' AND s.owner = 'own' AND s.on_hand - s.reserved >= f.quantity
          AND NOT s.frozen AND coalesce(
              t.expires_on - greatest({TODAY}, (o.ship_by AT TIME ZONE p.zone)::date)
                  - {MOST_DAYS} >= {NEEDED}, true)""",  # noqa: S608 (made of constants)
    ),
    Check(
        "lines_belong_to_their_order",
        "What a shipment carries is what its order line asked for",
        """
        SELECT l.shipment_no, l.fulfilment_line_id, f.order_id, l.order_line_id
        FROM shipment_line l
        JOIN fulfilment_line f ON f.id = l.fulfilment_line_id
        JOIN order_line o ON o.id = f.order_line_id
        WHERE l.order_line_id <> f.order_line_id OR l.sku <> f.sku OR o.order_id <> f.order_id""",
    ),
    Check(
        "posted_equals_issued",
        "Goods that left on paper left the ledger, and the other way round",
        """
        WITH posted AS (
            SELECT reservation_id AS no, sku, sum(posted_quantity) AS quantity
            FROM reservation WHERE state = 'posted' GROUP BY reservation_id, sku
        ), issued AS (
            SELECT CASE WHEN verb = 'issue' THEN document_no ELSE idempotency_key END AS no, sku,
                   sum(quantity) AS quantity
            FROM stock_move WHERE verb = 'issue' AND to_place = 'customer'
               AND document_kind <> 'dealer_report'
               OR verb = 'transfer' AND starts_with(idempotency_key, 'transfer/') GROUP BY 1, 2)
        SELECT no, sku, coalesce(p.quantity, 0) AS posted, coalesce(i.quantity, 0) AS issued
        FROM posted p FULL JOIN issued i USING (no, sku)
        WHERE coalesce(p.quantity, 0) <> coalesce(i.quantity, 0)""",
    ),
    Check(
        "dealers_reported_their_goods",
        "What dealers own, and what left our stock for them, is in a report that counts or did",
        """
        SELECT m.document_no, m.sku, m.owner, sum(m.quantity) AS quantity FROM stock_move m
        WHERE m.document_kind = 'dealer_report' AND NOT EXISTS (
            SELECT FROM dealer_report r WHERE r.no = m.document_no
              AND m.from_place IN ('adjustment', 'location:' || r.location_id)
              AND m.to_place IN ('adjustment', 'customer', 'location:' || r.location_id)
              AND r.state IN ('accepted','replaced'))
        GROUP BY m.document_no, m.sku, m.owner""",
    ),
    Check(
        "shipped_within_ordered",
        "No more is in shipments than was ordered",
        """
        SELECT f.id, f.sku, f.quantity, sum(l.quantity) AS in_shipments
        FROM fulfilment_line f
        JOIN shipment_line l ON l.fulfilment_line_id = f.id
        JOIN shipment s ON s.no = l.shipment_no AND s.status <> 'cancelled'
        GROUP BY f.id, f.sku, f.quantity
        HAVING sum(coalesce(l.picked_quantity, l.quantity)) > f.quantity""",
    ),
    Check(
        "one_parcel_is_in_one_place",
        "What goes in the parcel of another shipment is where that one is, and as far",
        """
        SELECT s.no, s.ships_with, s.location_id, l.location_id AS at, s.status, l.status AS lead
        FROM shipment s JOIN shipment l ON l.no = s.ships_with
        WHERE s.status <> 'cancelled' AND (s.location_id <> l.location_id OR s.status <> l.status
                                           OR l.ships_with <> '')""",
    ),
    Check(
        "refunds_within_payments",
        "No order got back more than it paid",
        """
        SELECT no, captured_minor, refunded_minor, refund_due_minor, returning_minor
        FROM sales_order
        WHERE refunded_minor + refund_due_minor + returning_minor > captured_minor
           OR refunded_minor < 0""",
    ),
    Check(
        "refunds_within_their_payment",
        "What went back and what is on its way back is what the refunds of a payment say",
        """
        SELECT p.provider, p.transaction_id, p.amount_minor, p.refunded_minor, p.refunding_minor
        FROM payment p LEFT JOIN refund r ON r.payment_id = p.id
        GROUP BY p.id
        HAVING p.refunded_minor <> coalesce(sum(r.amount_minor)
                   FILTER (WHERE r.state IN ('succeeded', 'by_hand')), 0)
            OR p.refunding_minor <> coalesce(sum(r.amount_minor)
                   FILTER (WHERE r.settled_at IS NULL), 0)
            OR p.refunded_minor + p.refunding_minor > p.amount_minor""",
    ),
    Check(
        "refunds_belong_to_their_order",
        "A refund of an order is of a payment of that order, in its currency",
        """
        SELECT r.refund_no, r.kind, p.external_no, o.external_no AS order_no, r.currency
        FROM refund r JOIN payment p ON p.id = r.payment_id
        LEFT JOIN sales_order o ON o.id = r.order_id
        WHERE r.currency <> p.currency OR (r.kind = 'surplus') <> (p.purpose = 'surplus')
           OR (r.kind <> 'surplus' AND (o.id IS NULL OR o.external_no <> p.external_no
                                         OR o.shop_id <> p.shop_id
                                         OR o.currency <> r.currency))""",
    ),
    Check(
        "confirmed_refunds_are_written_down",
        "Every refund a provider confirmed is one we wrote down before asking",
        """
        SELECT e.key, e.subject, e.result FROM effect e
        WHERE e.kind = 'refund' AND e.state = 'confirmed'
          AND NOT EXISTS (SELECT FROM refund r WHERE r.refund_no = e.key)""",
    ),
    Check(
        "promised_for_returns",
        "What orders promise for returns is what returns have not paid yet",
        """
        SELECT o.no, o.returning_minor, coalesce(r.rest, 0) AS by_hand, coalesce(f.open, 0) AS open
        FROM sales_order o
        LEFT JOIN (SELECT order_id, sum(rest_minor) AS rest FROM sales_return GROUP BY order_id) r
            ON r.order_id = o.id
        LEFT JOIN (SELECT order_id, sum(amount_minor) AS open FROM refund
                   WHERE kind = 'return' AND settled_at IS NULL GROUP BY order_id) f
            ON f.order_id = o.id
        WHERE o.returning_minor <> coalesce(r.rest, 0) + coalesce(f.open, 0)""",
    ),
    Check(
        "returned_units_are_in_a_return",
        "Units that came back or are asked back are those of returns, and so are those paid back",
        """
        SELECT f.id, f.returned_quantity, f.refunded_quantity,
               coalesce(sum(l.claimed_quantity), 0) AS claimed,
               coalesce(sum(l.refunded_quantity), 0) AS refunded
        FROM fulfilment_line f
        LEFT JOIN sales_return_line l ON l.fulfilment_line_id = f.id
        GROUP BY f.id
        HAVING f.returned_quantity <> coalesce(sum(l.claimed_quantity), 0)
            OR f.refunded_quantity <> coalesce(sum(l.refunded_quantity), 0)""",
    ),
    Check(
        "returned_goods_entered_the_books",
        "What was received and inspected of returns is in the ledger, once",
        """
        WITH told AS (
            SELECT 'return:' || id AS key, quantity FROM return_receipt
            UNION ALL
            SELECT 'sort:' || id, quantity FROM return_inspection
            UNION ALL
            SELECT 'unsort:' || i.id, i.quantity FROM return_inspection_undo u
            JOIN return_inspection i ON i.id = u.inspection_id
        ), booked AS (
            SELECT idempotency_key AS key, sum(quantity) AS quantity FROM stock_move
            WHERE document_kind = 'return' AND to_place LIKE 'location:%'
            GROUP BY idempotency_key)
        SELECT key, coalesce(t.quantity, 0) AS told, coalesce(b.quantity, 0) AS booked
        FROM told t FULL JOIN booked b USING (key)
        WHERE coalesce(t.quantity, 0) <> coalesce(b.quantity, 0)""",
    ),
    Check(
        "one_live_label_per_parcel",
        "Every confirmed waybill belongs to a parcel",
        """
        SELECT e.key, e.subject, e.result FROM effect e
        WHERE e.kind = 'waybill' AND e.state = 'confirmed'
          AND NOT EXISTS (SELECT FROM parcel p WHERE p.id = e.key)""",
    ),
    Check(
        "goods_on_the_way_lie_in_transit",
        "What transfers have on the way lies at their places in transit",
        """
        SELECT t.transit_location, l.sku, l.lot, l.condition, l.owner,
               sum(l.shipped - l.received - l.damaged - l.lost - l.returned) AS on_the_way,
               coalesce(b.on_hand, 0) AS on_hand
        FROM stock_transfer t JOIN stock_transfer_line l ON l.transfer_no = t.no
        LEFT JOIN stock_balance b
          ON (b.sku, b.location_id, b.lot, b.condition, b.owner)
           = (l.sku, t.transit_location, l.lot, l.condition, l.owner)
        WHERE t.state = 'shipped'
        GROUP BY t.transit_location, l.sku, l.lot, l.condition, l.owner, b.on_hand
        HAVING sum(l.shipped - l.received - l.damaged - l.lost - l.returned)
               > coalesce(b.on_hand, 0)""",
    ),
    *CLAIM_CHECKS,
    *GOODS_CLAIM_CHECKS,
    *BOOK_CHECKS,
    *LEVEL_CHECKS,
)


async def audit(session: AsyncSession) -> list[Finding]:
    """Run every check; an empty list means that all of them hold."""
    findings: list[Finding] = []
    for check in CHECKS:
        findings += await found_by(session, check)
    return findings


async def found_by(session: AsyncSession, check: Check) -> list[Finding]:
    """Run one check."""
    rows = await (await session.connection()).execute(text(check.query))
    return [Finding(check.name, check.sentence, dict(row)) for row in rows.mappings()]


async def run(database_url: str) -> list[Finding]:
    """The audit of a database, on one consistent snapshot."""
    engine = create_engine(database_url, "onhand_worker", pool_size=1)
    try:
        async with sessions_of(engine).begin() as session:
            connection = await session.connection()
            await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            await connection.execute(text("SET LOCAL statement_timeout = 0"))
            await connection.execute(text("SET LOCAL enable_seqscan = on"))  # it reads everything
            return await audit(session)
    finally:
        await engine.dispose()
