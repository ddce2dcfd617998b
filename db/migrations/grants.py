"""Who may do what in the database: the part of the schema that tables cannot say.

Worker and web own nothing and cannot bypass row security. Ledgers only grow. Nobody deletes, except
what is spent (queues, sessions) and reference data that an administrator edits.
"""

from typing import Final

LEDGERS: Final = (
    "stock_move",
    "audit_log",
    "audit_chain",
    "order_event",
    "order_late_fact",
    "order_change",
    "tracking_event",
    "sourcing_decision",
    "return_receipt",
    "return_inspection",
    "return_inspection_undo",
    "return_settlement",
    "voucher",
    "voucher_entry",
    "recognised",
    "claim_line",
    "claim_money",
    "goods_claim_money",
    "warehouse_scan",
    "attention_note",
    "stock_count_entry",
    "kit_order",
    "recall_end",
    "purchase_receipt",
    "purchase_event",
    "receipt_scan",
    "goods_receipt_line",
    "dealer_report_line",
    "dealer_verdict",
    "serial_event",
    "quarantine_act",
)
_ONLY_WEB_WRITES: Final = (
    "account", "login_session", "login_attempt", "api_key", "pending_login", "second_factor",
    "recovery_code", "oidc_identity",
    "account_scope", "api_key_scope", "account_setup",
)  # fmt: skip
_ONLY_WORKER_WRITES: Final = (
    "effect", "audit_chain", "platform_label", "voucher", "voucher_entry", "recognised",
    "stock_value", "step_try", "stock_sum", "stock_sum_change",
)  # fmt: skip
_SPENT: Final = (
    "outbox", "gate_wait", "idempotency_key", "login_session", "login_attempt", "pending_login",
    "second_factor", "recovery_code", "account_setup",
)  # fmt: skip
_SPENT_BY_WORKER: Final = (
    "stock_alert",
    "platform_label",
    "rate_bucket",
    "import_row",
    "webhook_try",
    "step_try",
    "order_tag",
    "stock_transfer_line",  # split by lot when its goods are promised
    "stock_transfer_serial",  # it was not sent after all
    "stock_sum_change",
)
_EDITED: Final = (
    "channel_sku", "blocked_buyer", "sell_place", "tariff", "tariff_zone", "sourcing_rule",
    "erp_code", "sku_tax", "stock_bin", "carton", "carrier_cutoff", "floor_rule", "handed_parcel",
    "order_tag", "tag", "saved_filter", "merge_rule", "delivery_time", "life_rule",
    "account_scope", "api_key_scope", "done_alone", "customer", "demand_calendar",
    "purchase_order_line", "supplier_item", "exchange_rate",
    "stock_transfer_line", "kit_component",
)  # fmt: skip

STATEMENTS: Final = (
    "GRANT USAGE ON SCHEMA public TO onhand_worker, onhand_web",
    "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO onhand_worker, onhand_web",
    "GRANT EXECUTE ON FUNCTION erase_words(text[]) TO onhand_web",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO onhand_worker, onhand_web",
    "REVOKE INSERT, UPDATE ON alembic_version FROM onhand_worker, onhand_web",
    f"REVOKE UPDATE ON {', '.join(LEDGERS)} FROM onhand_worker, onhand_web",
    f"REVOKE INSERT, UPDATE ON {', '.join(_ONLY_WEB_WRITES)} FROM onhand_worker",
    # People come in by files, which never say a password.
    "GRANT INSERT (id, login, name, roles, language, active) ON account TO onhand_worker",
    "GRANT UPDATE (name, roles, language, active) ON account TO onhand_worker",
    "GRANT INSERT, DELETE ON account_scope TO onhand_worker",
    "GRANT DELETE ON login_session, pending_login TO onhand_worker",
    "GRANT UPDATE (sealed) ON second_factor TO onhand_worker",  # sealed anew with another key
    f"REVOKE INSERT, UPDATE ON {', '.join(_ONLY_WORKER_WRITES)} FROM onhand_web",
    # A repair of the sums is one more change.
    "GRANT INSERT ON stock_sum_change TO onhand_web",
    "REVOKE INSERT, UPDATE ON shop_place FROM onhand_worker, onhand_web",  # triggers write it
    "REVOKE UPDATE ON stock_balance, reservation FROM onhand_worker, onhand_web",
    "GRANT UPDATE (on_hand, reserved, frozen) ON stock_balance TO onhand_worker, onhand_web",
    "REVOKE UPDATE ON book_fact FROM onhand_worker, onhand_web",
    "GRANT UPDATE (posted_at, due_at, error) ON book_fact TO onhand_worker",
    # A lease grows only by the units of another lot that it holds instead.
    "GRANT UPDATE (quantity, posted_quantity, voided_quantity, state, expires_at, resolved_at)"
    " ON reservation TO onhand_worker, onhand_web",
    f"GRANT DELETE ON {', '.join((*_SPENT, *_EDITED))} TO onhand_web",
    f"GRANT DELETE ON {', '.join((*_SPENT[:3], *_SPENT_BY_WORKER))} TO onhand_worker",
)
