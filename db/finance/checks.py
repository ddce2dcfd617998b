"""Proofs about the books: complete, balanced, and equal to the facts. What waits to be posted is
no fault."""

from typing import Final

from db.checks import Check

BOOK_CHECKS: Final = (
    Check(
        "vouchers_balance",
        "Every voucher has two sides, and they are equal",
        """
        SELECT v.no, v.kind, v.document, sum(e.debit_minor) AS debit, sum(e.credit_minor) AS credit
        FROM voucher v LEFT JOIN voucher_entry e ON e.voucher_no = v.no
        GROUP BY v.no HAVING count(e.account) < 2 OR sum(e.debit_minor) <> sum(e.credit_minor)""",
    ),
    Check(
        "sums_of_orders_are_told_to_the_books",
        "What orders captured and refunded is what the books were told",
        """
        SELECT o.no, o.captured_minor, o.refunded_minor,
               coalesce(sum(f.amount_minor) FILTER (WHERE f.kind = 'captured'), 0) AS told,
               coalesce(sum(f.amount_minor) FILTER (WHERE f.kind = 'refunded'), 0) AS told_refunded
        FROM sales_order o
        LEFT JOIN book_fact f ON f.order_id = o.id AND f.kind IN ('captured', 'refunded')
        GROUP BY o.id
        HAVING o.captured_minor
                   <> coalesce(sum(f.amount_minor) FILTER (WHERE f.kind = 'captured'), 0)
            OR o.refunded_minor
                   <> coalesce(sum(f.amount_minor) FILTER (WHERE f.kind = 'refunded'), 0)""",
    ),
    Check(
        "money_is_told_to_the_books",
        "The books were told of every payment, of every refund that was paid, and of no other",
        """
        WITH money AS (
            SELECT 'payment' AS kind, id AS subject FROM payment
            UNION ALL
            SELECT 'refund', refund_no FROM refund WHERE state IN ('succeeded', 'by_hand')
            UNION ALL
            SELECT 'tender', order_id || '/' || line_no FROM till_payment
        ), told AS (
            SELECT kind, subject, id FROM book_fact WHERE kind IN ('payment', 'refund', 'tender'))
        SELECT kind, subject, t.id AS fact FROM money m FULL JOIN told t USING (kind, subject)
        WHERE t.id IS NULL OR m.subject IS NULL""",
    ),
    Check(
        "goods_are_told_to_the_books",
        "The books were told of all goods that came or went",
        """
        SELECT DISTINCT m.idempotency_key, m.document_kind, m.document_no FROM stock_move m
        WHERE (m.from_place NOT LIKE 'location:%' OR m.to_place NOT LIKE 'location:%')
          AND NOT EXISTS (SELECT FROM book_fact f
                          WHERE f.kind = 'stock' AND f.subject = m.idempotency_key)""",
    ),
    Check(
        "told_money_is_booked",
        "What was told of money is what its voucher says",
        """
        SELECT f.kind, f.subject, f.amount_minor, coalesce(b.minor, 0) AS booked
        FROM book_fact f
        LEFT JOIN sales_order o ON o.id = f.order_id
        LEFT JOIN (
            SELECT v.fact_id, sum(e.debit_minor) AS minor FROM voucher v
            JOIN voucher_entry e ON e.voucher_no = v.no GROUP BY v.fact_id) b ON b.fact_id = f.id
        WHERE f.posted_at IS NOT NULL AND NOT coalesce(o.test_order, false)
          AND f.kind IN ('captured', 'refunded', 'payment', 'refund', 'tender', 'claim',
                         'goods_claim')
          AND abs(f.amount_minor) <> coalesce(b.minor, 0)""",
    ),
    Check(
        "sales_within_ordered",
        "No more of a line became sales than was ordered",
        """
        SELECT r.order_line_id, sum(r.units) AS units, max(l.units) AS ordered
        FROM recognised r
        JOIN (SELECT order_line_id, sum(quantity) AS units FROM fulfilment_line
              GROUP BY order_line_id) l ON l.order_line_id = r.order_line_id
        GROUP BY r.order_line_id HAVING sum(r.units) > max(l.units)""",
    ),
    Check(
        "shipments_became_sales",
        "What left for a buyer became sales",
        """
        SELECT DISTINCT s.no, s.order_id, x.order_line_id FROM book_fact f
        JOIN stock_move m ON m.idempotency_key = f.subject AND m.to_place = 'customer'
        JOIN shipment s ON s.no = m.document_no
        JOIN sales_order o ON o.id = s.order_id AND NOT o.test_order
        JOIN shipment_line x
            ON x.shipment_no = s.no AND coalesce(x.picked_quantity, x.quantity) > 0
        WHERE f.kind = 'stock' AND f.posted_at IS NOT NULL
          AND NOT EXISTS (SELECT FROM recognised r
                          WHERE r.fact_id = f.id AND r.order_line_id = x.order_line_id)""",
    ),
    Check(
        "inventory_is_units_times_cost",
        "The inventory account is what lies there at its standard cost",
        """
        WITH account AS (
            SELECT v.currency, sum(e.debit_minor - e.credit_minor) AS minor
            FROM voucher v JOIN voucher_entry e ON e.voucher_no = v.no
            WHERE e.account = 'inventory' GROUP BY v.currency
        ), goods AS (
            SELECT currency, sum(units * cost_minor) AS minor FROM stock_value GROUP BY currency)
        SELECT currency, coalesce(a.minor, 0) AS booked, coalesce(g.minor, 0) AS goods
        FROM account a FULL JOIN goods g USING (currency)
        WHERE coalesce(a.minor, 0) <> coalesce(g.minor, 0)""",
    ),
    Check(
        "books_know_the_stock",
        "The units the books value are what the moves they were told of add up to",
        """
        WITH moved AS (
            SELECT sku, sum(quantity * ((to_place LIKE 'location:%')::int
                                        - (from_place LIKE 'location:%')::int)) AS units
            FROM stock_move m
            WHERE owner = 'own' AND NOT EXISTS (
                SELECT FROM book_fact f WHERE f.kind = 'stock' AND f.subject = m.idempotency_key
                  AND f.posted_at IS NULL)
            GROUP BY sku)
        SELECT sku, coalesce(m.units, 0) AS moved, coalesce(v.units, 0) AS valued
        FROM moved m FULL JOIN stock_value v USING (sku)
        WHERE coalesce(m.units, 0) <> coalesce(v.units, 0)""",
    ),
    Check(
        "vouchers_go_to_their_erps",
        "Every voucher of an ERP's days is on its way there or arrived",
        """
        SELECT a.id AS erp_id, v.no FROM erp_account a
        JOIN voucher v ON v.booked_on >= a.exports_from
        WHERE a.active AND NOT EXISTS (SELECT FROM voucher_export e
                                       WHERE e.erp_id = a.id AND e.voucher_no = v.no)""",
    ),
    Check(
        "invoices_say_what_is_kept",
        "No issued invoice says more than its order keeps, once the books know what went back",
        """
        SELECT i.no, i.total_minor, i.red_minor, o.captured_minor, o.refunded_minor
        FROM invoice i JOIN sales_order o ON o.id = i.order_id
        WHERE i.kind = 'blue' AND i.state = 'issued' AND NOT i.look_again
          AND i.total_minor - i.red_minor > o.captured_minor - o.refunded_minor
          AND NOT EXISTS (SELECT FROM book_fact f WHERE f.kind = 'refunded'
                            AND f.order_id = i.order_id AND f.posted_at IS NULL)""",
    ),
    Check(
        "red_invoices_add_up",
        "What a blue invoice says was taken back is what its red ones take",
        """
        SELECT b.no, b.red_minor, coalesce(sum(r.total_minor), 0) AS taken
        FROM invoice b LEFT JOIN invoice r ON r.blue_no = b.no
        WHERE b.kind = 'blue' GROUP BY b.no
        HAVING b.red_minor <> coalesce(sum(r.total_minor), 0)""",
    ),
    Check(
        "issued_invoices_were_ordered",
        "Whoever issues an invoice was asked to, under the key we wrote down before",
        """
        SELECT i.no, i.state, i.attempt, e.state AS effect FROM invoice i
        LEFT JOIN effect e ON e.kind = 'invoice'
            AND e.key = i.no || CASE i.attempt WHEN 1 THEN '' ELSE '-' || i.attempt END
        WHERE i.state IN ('processing', 'issued', 'failed')
          AND coalesce(e.state, '') <> 'confirmed'""",
    ),
    Check(
        "exported_vouchers_were_confirmed",
        "A voucher counts as exported exactly when its ERP confirmed it, and none without a key",
        """
        SELECT e.export_no, e.state, f.key, f.state AS effect FROM voucher_export e
        FULL JOIN (SELECT key, state FROM effect WHERE kind = 'voucher_export') f ON f.key = e.key
        WHERE e.export_no IS NULL
           OR e.state IN ('wanted', 'confirmed')
              AND (e.state = 'confirmed') <> (coalesce(f.state, '') = 'confirmed')""",
    ),
)
