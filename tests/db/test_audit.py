"""The auditor finds every kind of damage, and nothing where there is none."""

import asyncio
import base64
from datetime import UTC, datetime

import pytest
import pytest_asyncio
import typer
from sqlalchemy import text

from commands.audit import command
from db.audit import CHECKS, audit, run
from db.engine import Sessions
from db.inventory.repository import StockRepository
from domain.inventory.stock import (
    AdjustmentReason,
    Document,
    ReserveStock,
    StockKey,
    StockLine,
)
from domain.shared.ids import LocationId, Sku
from runtime.posting import Posting
from tests.activities.inventory.orders import seed_orders
from tests.seeds import seed_network

A = StockKey(Sku("A"), LocationId("HQ"))
NOW = datetime(2026, 11, 24, tzinfo=UTC)

# What each check is for: damage that it alone must find. Constraints that would refuse the damage
# are dropped first, as a careless repair by hand might.
DAMAGE = {
    "ledger_equals_balance": "UPDATE stock_balance SET on_hand = on_hand + 1",
    "reserved_equals_reservations": "UPDATE stock_balance SET reserved = reserved - 1",
    "nothing_is_negative": """
        ALTER TABLE stock_balance DROP CONSTRAINT reserved_within_on_hand;
        INSERT INTO stock_move (verb, sku, lot, condition, owner, quantity, from_place, to_place,
            document_kind, document_no, idempotency_key, line_no, reason, actor)
        VALUES ('transfer', 'A', '', 'good', 'own', 9, 'location:HQ', 'customer', '', '', 'x', 0,
            '', '');
        UPDATE stock_balance SET on_hand = on_hand - 9""",
    "no_stock_held_for_closed_orders": "UPDATE sales_order SET status = 'cancelled'",
    "held_stock_has_an_order": "UPDATE reservation SET order_id = 'gone' WHERE state = 'held'",
    "served_backorder_holds_its_units": "UPDATE backorder SET quantity = 2 WHERE id = 'served'",
    "nobody_waits_for_free_goods": "UPDATE backorder SET quantity = 1 WHERE id = 'waits'",
    "lines_belong_to_their_order": "UPDATE shipment_line SET sku = 'B'",
    "posted_equals_issued": "UPDATE reservation SET posted_quantity = 1 WHERE state = 'posted'",
    "dealers_reported_their_goods": """
        INSERT INTO stock_balance (sku, location_id, lot, condition, owner, on_hand, reserved)
        VALUES ('A', 'HQ', '', 'good', 'dealer:D', 1, 0);
        INSERT INTO stock_move (verb, sku, lot, condition, owner, quantity, from_place, to_place,
            document_kind, document_no, idempotency_key, line_no, reason, actor)
        VALUES ('adjust', 'A', '', 'good', 'dealer:D', 1, 'adjustment', 'location:HQ',
            'dealer_report', 'DR-9', 'dr:9', 0, 'dealer_report', '')""",
    "shipped_within_ordered": "UPDATE shipment_line SET quantity = 11, picked_quantity = 11",
    "one_parcel_is_in_one_place": """
        INSERT INTO shipment (no, order_id, location_id, workflow_id, status, ships_with,
            allocation_id, seq, waits_for, carrier, product, freight_minor, weight_g)
        SELECT no || '-x', order_id, location_id, workflow_id || '-x', 'exception', no, '', 0, '',
            '', '', 0, 0 FROM shipment LIMIT 1""",
    "refunds_within_payments": "UPDATE sales_order SET refund_due_minor = 1001 WHERE id = 'ord_1'",
    "refunds_within_their_payment": "UPDATE payment SET refunded_minor = 0 WHERE id = 'pay_1'",
    "refunds_belong_to_their_order": "UPDATE refund SET order_id = 'ord_2'",
    "confirmed_refunds_are_written_down": "UPDATE effect SET key = 'RF2' WHERE key = 'RF1'",
    "promised_for_returns": "UPDATE sales_order SET returning_minor = 1 WHERE id = 'ord_1'",
    "returned_units_are_in_a_return": """
        UPDATE fulfilment_line SET returned_quantity = 1 WHERE id = 'ful_1'""",
    "returned_goods_entered_the_books": """
        INSERT INTO stock_balance (sku, location_id, lot, condition, owner, on_hand, reserved)
        VALUES ('A', 'HQ', '', 'quarantine', 'own', 1, 0);
        INSERT INTO stock_move (verb, sku, lot, condition, owner, quantity, from_place, to_place,
            document_kind, document_no, idempotency_key, line_no, reason, actor)
        VALUES ('receive', 'A', '', 'quarantine', 'own', 1, 'customer', 'location:HQ', 'return',
            'RT1', 'return:1', 0, '', '')""",
    "one_live_label_per_parcel": "UPDATE effect SET key = 'P-9' WHERE kind = 'waybill'",
    "goods_on_the_way_lie_in_transit": """
        INSERT INTO location (id, name, kind, zone, province, city, district, detail, division_code,
            company, contact_name, contact_phone, priority, handling_minor, ships, active)
        SELECT v.id, v.id, v.kind, '', '', '', '', '', '', '', '', '', 1, 0, false, true
        FROM (VALUES ('GZ', 'region'), ('GZ-transit', 'transit')) AS v(id, kind);
        INSERT INTO stock_transfer (no, from_location, to_location, transit_location, state, origin,
            remark, days, carrier, waybill_no, waits_for, reminders, created_by, approved_by,
            cancel_asked_by, cancel_reason, shipped_at)
        VALUES ('TF1', 'HQ', 'GZ', 'GZ-transit', 'shipped', 'manual', '', 3, '', '', '', 0, '', '',
            '', '', now());
        INSERT INTO stock_transfer_line (transfer_no, line_no, sku, lot, condition, owner, asked,
            shipped, received, damaged, lost, returned, short)
        VALUES ('TF1', 1, 'A', '', 'good', 'own', 1, 1, 0, 0, 0, 0, 0)""",
    "claims_are_what_their_ledger_says": """
        INSERT INTO claim_money (id, claim_no, kind, amount_minor, reference, value_on, actor)
        VALUES ('m3', 'CL1', 'received', 5, '', now(), '')""",
    "closed_claims_are_settled": "UPDATE carrier_claim SET most_minor = 400, claimed_minor = 400",
    "one_claim_a_parcel": "UPDATE shipment SET status = 'packed'",
    "money_of_claims_is_told_to_the_books": "UPDATE book_fact SET subject = 'gone'"
    " WHERE subject = 'm1'",
    "goods_claims_are_what_their_ledger_says": """
        INSERT INTO goods_claim_money (id, claim_no, kind, amount_minor, value_on, actor)
        VALUES ('g2', 'RC1', 'received', 5, now(), '')""",
    "goods_claims_are_told_to_the_books_once": "UPDATE book_fact SET subject = 'gone'"
    " WHERE subject = 'g1'",
    "what_is_credited_is_claimed": "UPDATE receipt_case SET state = 'replaced'",
    "vouchers_balance": """
        UPDATE voucher_entry SET debit_minor = debit_minor + 1
        WHERE account = 'cost_of_goods_sold'""",
    "sums_of_orders_are_told_to_the_books": """
        INSERT INTO book_fact (kind, subject, order_id, amount_minor)
        VALUES ('captured', 'made up', 'ord_1', 5)""",
    "money_is_told_to_the_books": "UPDATE book_fact SET subject = 'gone' WHERE kind = 'refund'",
    "goods_are_told_to_the_books": "UPDATE book_fact SET subject = 'gone' WHERE subject = 'C'",
    "told_money_is_booked": "UPDATE book_fact SET amount_minor = 1 WHERE kind = 'payment'",
    "sales_within_ordered": "UPDATE recognised SET units = 11",
    "shipments_became_sales": "DELETE FROM recognised WHERE order_line_id <> ''",
    "inventory_is_units_times_cost": "UPDATE stock_value SET cost_minor = cost_minor + 1",
    "books_know_the_stock": "INSERT INTO stock_value VALUES ('B', 1, 0, 'CNY')",
    "vouchers_go_to_their_erps": "DELETE FROM voucher_export",
    "invoices_say_what_is_kept": "UPDATE invoice SET total_minor = 9000000",
    "red_invoices_add_up": "UPDATE invoice SET red_minor = 1",
    "issued_invoices_were_ordered": "UPDATE effect SET state = 'unknown' WHERE kind = 'invoice'",
    "exported_vouchers_were_confirmed": """
        UPDATE voucher_export SET state = 'confirmed', settled_at = now()""",
    "ended_leases_gave_back": """
        UPDATE reservation SET expires_at = now() - interval '1 hour' WHERE state = 'held'
          AND reservation_id = 'R-2'""",
    "sums_equal_balances": """
        INSERT INTO stock_sum (brand, category, location_id, condition, owner, on_hand, reserved)
        VALUES ('', '', 'HQ', 'good', 'own', 1, 0)""",
    "serials_equal_units": """
        UPDATE sku SET tracks_serials = true WHERE code = 'B';
        INSERT INTO serial (sku, serial, location_id) VALUES ('B', 'B-1', 'HQ')""",
}

_STORY = """
INSERT INTO shipment (no, order_id, allocation_id, location_id, workflow_id, status, seq, waits_for,
    carrier, product, freight_minor, weight_g)
VALUES ('S-1', 'ord_1', '', 'HQ', 'shipment/S-1', 'handed_over', 0, '', '', '', 0, 0);
INSERT INTO shipment_line (shipment_no, fulfilment_line_id, order_line_id, sku, quantity)
VALUES ('S-1', 'ful_1', 'line_1', 'A', 2);
INSERT INTO parcel (id, shipment_no, carrier, product, waybill_no, routing_code, sorting_code,
    status, weight_g, length_mm, width_mm, height_mm)
VALUES ('P-1', 'S-1', 'sf', '', '1', '', '', 'labelled', 0, 0, 0, 0);
INSERT INTO effect (key, kind, system, subject, state, attempts, result)
VALUES ('P-1', 'waybill', 'carrier/sf', 'P-1', 'confirmed', 1, '{}'),
       ('IV1', 'invoice', 'invoice/n1', 'invoice/IV1', 'confirmed', 1, '{}'),
       ('RF1', 'refund', 'payment/wx', 'ord_1', 'confirmed', 1, '{}');
INSERT INTO invoice (no, order_id, kind, state, attempt, sealed, currency, total_minor, tax_minor,
    red_minor, lines, look_again, asked_by, settled_at)
SELECT 'IV1', id, 'blue', 'issued', 1, '', currency, 1, 0, 0, '[]', false, '', now()
FROM sales_order WHERE id = 'ord_1';
INSERT INTO erp_account (id, vendor, name, base_url, secrets, settings, active, exports_from)
VALUES ('k1', 'kingdee', 'K', '', '', '{}', true, '2000-01-01');
INSERT INTO payment_account (id, provider, shop_id, name, base_url, secrets, settings, active)
SELECT 'wx', 'wechatpay', shop_id, 'WX', '', '', '{}', true FROM sales_order WHERE id = 'ord_1';
INSERT INTO payment (id, account_id, provider, transaction_id, merchant_ref, shop_id, external_no,
    amount_minor, currency, captured_at, purpose, refunded_minor, refunding_minor)
SELECT 'pay_1', 'wx', 'wechatpay', 'T1', external_no, shop_id, external_no, 500, currency, now(),
       'order', 100, 0 FROM sales_order WHERE id = 'ord_1';
INSERT INTO refund (refund_no, payment_id, order_id, kind, amount_minor, currency, reason, state,
    vendor_refund_id, vendor_status, note, settled_at)
SELECT 'RF1', 'pay_1', 'ord_1', 'order', 100, currency, '', 'succeeded', '', '', '', now()
FROM sales_order WHERE id = 'ord_1';
INSERT INTO carrier_claim (claim_no, parcel_id, order_id, carrier, waybill_no, kind, origin,
    return_no, status, waits_for, outcome, currency, basis, goods_minor, freight_minor,
    limited_by, most_minor, claimed_minor, accepted_minor, received_minor, booked_off_minor,
    written_off_minor, despatched_at, file_by, carrier_ref, filed_on, answer, answer_reason, ended,
    ended_reason, ended_by, reminders, created_by, closed_at)
VALUES ('CL1', 'P-1', 'ord_1', 'sf', '1', 'lost', 'tracking', '', 'closed', '', 'paid', 'CNY',
    'cost', 300, 0, '', 300, 300, 300, 300, 0, 0, now(), now(), 'X', now(), 'accepted', '', '', '',
    '', 0, 'kefu', now());
INSERT INTO claim_money (id, claim_no, kind, amount_minor, reference, value_on, actor)
VALUES ('m1', 'CL1', 'accepted', 300, '', now(), 'kefu'),
       ('m2', 'CL1', 'received', 300, '', now(), 'kefu');
INSERT INTO goods_receipt (no, location_id, source_kind, source_no, sender, state, remark, why,
    opened_by, counted_by, posted_by, posted_at, corrected_by)
VALUES ('GR1', 'HQ', 'none', '', 'S1', 'posted', '', '', '', '', '', now(), '');
INSERT INTO receipt_case (no, receipt_no, line_no, location_id, trouble, sku, lot, units,
    value_minor, currency, source_line_no, state, reference, reason, decided_by, decided_at)
VALUES ('RC1', 'GR1', 0, 'HQ', 'short', 'A', '', 1, 50, 'CNY', 0, 'credited', '', 'x', 'li', now());
INSERT INTO goods_claim (claim_no, origin, document_no, location_id, debtor, never_came, currency,
    claimed_minor, accepted_minor, created_by)
VALUES ('RC1', 'receipt', 'GR1', 'HQ', 'supplier/S1', true, 'CNY', 50, 50, 'li');
INSERT INTO goods_claim_money (id, claim_no, kind, amount_minor, value_on, actor)
VALUES ('g1', 'RC1', 'accepted', 50, now(), 'li');
INSERT INTO backorder (id, order_id, fulfilment_line_id, workflow_id, sku, location_id, quantity,
    paid_at, adopted, state)
VALUES ('served', 'ord_3', 'ful_3', 'order/3', 'A', 'HQ', 1, now(), false, 'waiting'),
       ('waits', 'ord_3', 'ful_3', 'order/3', 'A', 'HQ', 5, now() + interval '1 s', false,
        'waiting')
"""


async def execute(sessions: Sessions, script: str) -> None:
    async with sessions.begin() as session:
        connection = await session.connection()
        for statement in script.split(";"):
            await connection.execute(text(statement))


@pytest_asyncio.fixture(autouse=True)
async def lived_in(sessions: Sessions, owner_sessions: Sessions) -> None:
    """Orders 1 (sent), 2 (holds 4 units) and 3 (got one unit from the queue, waits for five)."""
    await seed_network(sessions, skus=("A", "B"))
    await seed_orders(sessions, ("1", "2", "3"))
    await execute(
        owner_sessions,
        "UPDATE order_line SET payable_minor = 1000;"
        "UPDATE sku SET cost_minor = 70 WHERE code = 'A'",
    )
    async with sessions.begin() as session:
        stock = StockRepository(session)
        await stock.receive(Document("grn", "G1", "G1"), [StockLine(A, 10)])
        requests = [("S-1", "1", 3), ("R-2", "2", 4), ("R-x", "2", 3)]
        await stock.reserve_batch(
            [
                ReserveStock(no, (StockLine(A, quantity),), f"ord_{order}", f"order/{order}")
                for no, order, quantity in requests
            ]
        )
        await stock.short_pick("S-1", {"A": 2}, Document("shipment", "S-1", "short:S-1"))
        await stock.issue("S-1", Document("shipment", "S-1", "issue:S-1"))
    await execute(owner_sessions, _STORY)
    await Posting(sessions).all()
    async with sessions.begin() as session:
        stock = StockRepository(session)
        await stock.release("R-x")
        count = Document("count", "C", "C")
        await stock.adjust(count, [StockLine(A, -1)], AdjustmentReason.COUNT)
    assert await Posting(sessions).all() == 1


async def test_an_undamaged_database_has_no_findings(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        assert await audit(session) == []


@pytest.mark.parametrize("check", DAMAGE)
async def test_damage_is_found_by_the_check_made_for_it(
    check: str, owner_sessions: Sessions, database_url: str
) -> None:
    await execute(owner_sessions, DAMAGE[check])

    findings = await run(database_url)

    assert {finding.check for finding in findings} == {check}
    assert all(finding.row for finding in findings)


async def test_the_command_shows_the_differing_rows_and_fails(
    owner_sessions: Sessions,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ONHAND_DATABASE_URL", database_url)
    monkeypatch.setenv("ONHAND_SECRET_KEY", base64.b64encode(bytes(32)).decode())
    monkeypatch.setenv("COLUMNS", "200")
    await asyncio.to_thread(command)
    assert "Everything adds up." in capsys.readouterr().out

    await execute(owner_sessions, DAMAGE["ledger_equals_balance"])

    with pytest.raises(typer.Exit) as ended:
        await asyncio.to_thread(command)
    assert ended.value.exit_code == 1
    shown = capsys.readouterr().out
    assert "sku A, location_id HQ" in shown
    assert "1 rows are not as they should be." in shown


def test_every_check_has_its_damage() -> None:
    assert [check.name for check in CHECKS] == list(DAMAGE)
