"""Which rows `onhand_web` sees: those of its transaction's scope; without one, none.

Owner, worker and office see all: their policy is a constant that Postgres plans away, so that the
statements of people who see the whole company are planned as if there were none. What is asked row
by row is asked of functions: policies that ask each other's tables would go round in circles.
"""

# ruff: noqa: S608 (made of constants)

import hashlib
from typing import Final

from sqlalchemy import Connection, text


def _told(name: str) -> str:
    """The ids the transaction was told."""
    return f"CAST(coalesce(nullif(current_setting('onhand.{name}', true), ''), '{{}}') AS text[])"


# Looked up once a statement; the cast to what it is already makes `ANY` take it for an array.
_HERE: Final = f"ANY ((SELECT {_told('locations')})::text[])"
_OUR_SHOPS: Final = f"ANY ((SELECT {_told('shops')})::text[])"
_MOVED: Final = (
    "ANY ((SELECT coalesce(array_agg('location:' || one), '{}')"
    f" FROM unnest({_told('locations')}) AS one)::text[])"
)


def _order(id: str, shop_id: str) -> str:
    """Of our shops, or sent from here, sold here over the counter, or coming back here."""
    return (
        f"{shop_id} = {_OUR_SHOPS}"
        f" OR EXISTS (SELECT FROM shipment s WHERE s.order_id = {id} AND s.location_id = {_HERE})"
        f" OR EXISTS (SELECT FROM till_ticket t WHERE t.order_id = {id}"
        f" AND t.location_id = {_HERE})"
        f" OR EXISTS (SELECT FROM return_label b WHERE b.order_id = {id}"
        f" AND b.location_id = {_HERE})"
    )


def _function(name: str, parameter: str, query: str) -> str:
    """Looks as the owner, who sees all; the scope it compares with is the caller's."""
    return (
        f"CREATE OR REPLACE FUNCTION {name}({parameter} text) RETURNS boolean LANGUAGE sql"
        " STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = public, pg_temp"
        f" SET plan_cache_mode = force_generic_plan AS $$ {query} $$"
    )


_ALL: Final = (
    "onhand_sees_order(text), onhand_of_our_shops(text), onhand_sees_subject(text),"
    " onhand_owned(text[]), onhand_bought()"
)
_NAME: Final = "substr(asked, strpos(asked, '/') + 1)"
# What a row of the audit trail is about, by the word before its name; nothing else is seen.
_NAMED_BY: Final = (
    ("return", "sales_return", "return_no"),
    ("shipment", "shipment", "no"), ("claim", "carrier_claim", "claim_no"),
    ("wave", "wave", "no"), ("hand-over", "hand_over", "no"), ("invoice", "invoice", "no"),
    ("return_label", "return_label", "no"), ("attention", "attention", "id"),
    ("purchase", "purchase_order", "no"),
    ("receipt", "goods_receipt", "no"), ("receipt-case", "receipt_case", "no"),
    ("ship-notice", "ship_notice", "no"),
    ("transfer", "stock_transfer", "no"),
    ("count", "stock_count", "no"),
    ("dealer-report", "dealer_report", "no"),
)  # fmt: skip


def _limited_here(holder: str, key: str) -> str:
    """People and keys all of whose limits lie here."""
    return (
        f"(SELECT coalesce(bool_and(x.location_id = {_HERE}), false)"
        f" FROM {holder}_scope x WHERE x.{key} = {_NAME})"
    )


_SUBJECTS: Final = (
    (
        f"WHEN 'order' THEN EXISTS (SELECT FROM sales_order WHERE id = {_NAME})"
        f" OR EXISTS (SELECT FROM sales_order WHERE no = {_NAME}) "
    )
    + " ".join(
        f"WHEN '{word}' THEN EXISTS (SELECT FROM {table} WHERE {key} = {_NAME})"
        for word, table, key in _NAMED_BY
    )
    + (
        f" WHEN 'location' THEN {_NAME} = {_HERE}"
        f" WHEN 'shop' THEN {_NAME} = {_OUR_SHOPS}"
        f" WHEN 'account' THEN {_limited_here('account', 'account_id')}"
        f" WHEN 'key' THEN {_limited_here('api_key', 'key_id')}"
        " WHEN 'approval' THEN EXISTS (SELECT FROM approval a"
        f" WHERE a.id = {_NAME} AND onhand_sees_subject(a.subject))"
    )
)

FUNCTIONS: Final = (
    _function(
        "onhand_sees_order",
        "asked",
        "SELECT EXISTS (SELECT FROM sales_order o WHERE o.id = asked"
        f" AND ({_order('o.id', 'o.shop_id')}))",
    ),
    _function(
        "onhand_of_our_shops",
        "asked",
        "SELECT EXISTS (SELECT FROM sales_order o WHERE o.id = asked"
        f" AND o.shop_id = {_OUR_SHOPS})",
    ),
    # What of SKUs the company owns, wherever it lies: a cost is the company's, not a place's.
    "CREATE OR REPLACE FUNCTION onhand_owned(asked text[]) RETURNS TABLE (sku text, units bigint)"
    " LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$"
    " SELECT b.sku, sum(b.on_hand)::bigint FROM stock_balance b"
    " WHERE b.sku = ANY(asked) AND b.owner = 'own' GROUP BY b.sku $$",
    # What was bought this month, wherever it goes: a budget is the company's, not a place's.
    "CREATE OR REPLACE FUNCTION onhand_bought() RETURNS TABLE (supplier text, currency text,"
    " minor bigint) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$"
    " SELECT p.supplier, p.currency, sum((l.ordered - l.cancelled) * l.price_minor)::bigint"
    " FROM purchase_order p JOIN purchase_order_line l ON l.purchase_no = p.no"
    " WHERE p.state NOT IN ('draft','cancelled') AND p.created_at >="
    " date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai'"
    " GROUP BY 1, 2 $$",
    # Looks as its caller, who sees the object or not.
    "CREATE OR REPLACE FUNCTION onhand_sees_subject(asked text) RETURNS boolean LANGUAGE sql STABLE"
    " PARALLEL SAFE SET search_path = public, pg_temp AS $$"
    f" SELECT CASE split_part(asked, '/', 1) {_SUBJECTS} ELSE false END $$",
    f"REVOKE ALL ON FUNCTION {_ALL} FROM PUBLIC",
    f"GRANT EXECUTE ON FUNCTION {_ALL} TO onhand_web",
    "GRANT EXECUTE ON FUNCTION onhand_owned(text[]), onhand_bought() TO onhand_worker",
)

_WITH_ORDER: Final = "onhand_sees_order(order_id)"
# What is stuck of goods that come or go belongs to no order: who sees their papers sees it.
_OF_A_MOVE: Final = (
    " OR order_id IS NULL AND split_part(workflow_id, '/', 1) IN ('purchase', 'transfer')"
    " AND onhand_sees_subject(workflow_id)"
)
_HAS_SHOPS: Final = "(SELECT nullif(current_setting('onhand.shops', true), '{}')) <> ''"
_AT_PLACE: Final = f"location_id = {_HERE} OR ({_HAS_SHOPS} AND onhand_of_our_shops(order_id))"
_BOOKS: Final = "false"  # the books are the company's


def _with(parent: str, key: str, column: str = "") -> str:
    """Seen with the row it is a part of."""
    return f"EXISTS (SELECT FROM {parent} above WHERE above.{key} = {{table}}.{column or key})"


_OF_EXTERNAL: Final = (
    "EXISTS (SELECT FROM sales_order o WHERE o.channel = after_sale.channel"
    " AND o.shop_id = after_sale.shop_id AND o.external_no = after_sale.external_no)"
)
_OF_PAID: Final = (
    "EXISTS (SELECT FROM sales_order o WHERE o.shop_id = payment.shop_id"
    " AND o.external_no = payment.external_no)"
)

# What a row must be for a scope to see and to write it.
POLICIES: Final[dict[str, str]] = {
    # names: of one's own, and of those one works with
    "location": (
        f"id = {_HERE} OR EXISTS (SELECT FROM shop_place w"
        f" WHERE w.location_id = location.id AND w.shop_id = {_OUR_SHOPS})"
    ),
    "shop": (
        f"id = {_OUR_SHOPS} OR EXISTS (SELECT FROM shop_place w"
        f" WHERE w.shop_id = shop.id AND w.location_id = {_HERE})"
    ),
    "sell_place": f"shop_id = {_OUR_SHOPS}",
    "preorder_rule": f"shop_id = {_OUR_SHOPS}",
    "shop_place": f"location_id = {_HERE} OR shop_id = {_OUR_SHOPS}",
    "customer": "false",  # the company's book
    "audit_log": "onhand_sees_subject(subject)",
    # stock
    "stock_balance": f"location_id = {_HERE}",
    "stock_sum": f"location_id = {_HERE}",
    "stock_sum_change": f"location_id = {_HERE}",
    "dealer": f"location_id = {_HERE}",
    "reservation": f"location_id = {_HERE}",
    "earmark": "EXISTS (SELECT FROM reservation r WHERE r.reservation_id = {table}.id)",
    "backorder": f"location_id = {_HERE}",
    # planning
    **dict.fromkeys(
        ("demand_day", "stock_policy", "planning_night", "suggestion"), f"location_id = {_HERE}"
    ),
    "demand_calendar": f"location_id IS NULL OR location_id = {_HERE}",
    "stock_alert": f"location_id = {_HERE}",
    "quarantine_act": f"location_id = {_HERE}",
    "lot_hold": f"location_id IS NULL OR location_id = {_HERE}",
    "recall_unit": f"location_id = {_HERE} OR {_WITH_ORDER}",
    "recall_end": _with("recall_unit", "id", "unit_id"),
    "stock_move": f"from_place = {_MOVED} OR to_place = {_MOVED}",
    # purchasing
    "purchase_order": f"location_id = {_HERE}",
    **dict.fromkeys(
        ("purchase_order_line", "purchase_receipt", "purchase_event"),
        _with("purchase_order", "no", "purchase_no"),
    ),
    **dict.fromkeys(("dealer_rule", "dealer_report"), f"location_id = {_HERE}"),
    **dict.fromkeys(
        ("dealer_report_line", "dealer_verdict"), _with("dealer_report", "no", "report_no")
    ),
    "kit_order": f"location_id = {_HERE}",
    "stock_count": f"location_id = {_HERE}",
    **dict.fromkeys(
        ("stock_count_line", "stock_count_entry"), _with("stock_count", "no", "count_no")
    ),
    # between places
    "stock_transfer": f"from_location = {_HERE} OR to_location = {_HERE}",
    **dict.fromkeys(
        (
            "stock_transfer_line", "stock_transfer_report", "stock_transfer_difference",
            "stock_transfer_serial",
        ),
        _with("stock_transfer", "no", "transfer_no"),
    ),
    # orders
    "sales_order": _order("sales_order.id", "sales_order.shop_id"),
    **dict.fromkeys(
        (
            "receiver", "order_line", "fulfilment_line", "order_hold", "order_event",
            "order_late_fact", "step_try", "refund", "till_payment", "invoice",
            "carrier_claim", "sales_return", "return_settlement", "order_key", "order_note",
            "order_tag", "order_change", "bulk_item", "sealed_words",
        ),
        _WITH_ORDER,
    ),
    "attention": _WITH_ORDER + _OF_A_MOVE,
    "after_sale": _OF_EXTERNAL,
    "payment": _OF_PAID,
    "till_ticket": _AT_PLACE,
    "inbox": f"shop_id = {_OUR_SHOPS}",
    # Names the stock and the costs of every location that was thought of.
    "sourcing_decision": "false",
    # shipments
    "shipment": _AT_PLACE,
    "shipment_line": _with("shipment", "no", "shipment_no"),
    "parcel": _with("shipment", "no", "shipment_no"),
    "intercept": _with("shipment", "no", "shipment_no"),
    "platform_label": _with("parcel", "id", "parcel_id"),
    "tracking_event": _with("parcel", "id", "parcel_id"),
    "claim_line": _with("carrier_claim", "claim_no"),
    "claim_money": _with("carrier_claim", "claim_no"),
    # the floor
    **dict.fromkeys(
        ("stock_bin", "floor_rule", "carton", "carrier_cutoff", "wave", "hand_over"),
        f"location_id = {_HERE}",
    ),
    # receiving
    **dict.fromkeys(("ship_notice", "goods_receipt", "receipt_case"), f"location_id = {_HERE}"),
    "goods_claim": f"location_id = {_HERE}",
    "goods_claim_money": _with("goods_claim", "claim_no"),
    "ship_notice_line": _with("ship_notice", "no", "notice_no"),
    "receipt_scan": _with("goods_receipt", "no", "receipt_no"),
    "goods_receipt_line": _with("goods_receipt", "no", "receipt_no"),
    "wave_shipment": _with("wave", "no", "wave_no"),
    "handed_parcel": _with("hand_over", "no", "hand_over_no"),
    "warehouse_scan": " OR ".join(
        (_with("shipment", "no", "shipment_no"), _with("wave", "no", "wave_no"))
    ),
    # returns
    "return_label": _AT_PLACE,
    "sales_return_line": _with("sales_return", "return_no"),
    "return_wanted": _with("sales_return", "return_no"),
    "return_receipt": _with("sales_return", "return_no"),
    "return_inspection": _with("sales_return", "return_no"),
    "return_photo": _with("sales_return", "return_no"),
    "return_inspection_undo": _with("return_inspection", "id", "inspection_id"),
    # books
    "voucher": _BOOKS,
    "voucher_entry": _BOOKS,
    "recognised": _BOOKS,
    "stock_value": _BOOKS,
    "book_fact": _BOOKS,
}  # fmt: skip
# The columns by which a table tells whose it is, and tables that have one and need no policy.
OWNED_BY: Final = frozenset(
    {
        "order_id",
        "location_id",
        "shipment_no",
        "return_no",
        "claim_no",
        "parcel_id",
        "purchase_no",
        "receipt_no",
        "report_no",
        "notice_no",
    }
)
OPEN: Final = {
    "serial": "a unit that lies elsewhere must be known; lists look for the scope",
    "serial_event": "a unit that lies elsewhere must be known; lists look for the scope",
    "account_scope": "who may see what is looked up before there is a scope",
    "api_key_scope": "who may see what is looked up before there is a scope",
}
# Triggers tell the books what happened, and everybody the audit trail, whoever reads them.
_TOLD_BY_ALL: Final = ("book_fact", "audit_log")


def statements_of(table: str) -> tuple[str, ...]:
    """Secure one table anew."""
    seen = POLICIES[table].replace("{table}", table)
    tells = (
        (
            f"DROP POLICY IF EXISTS told ON {table}",
            f"CREATE POLICY told ON {table} FOR INSERT TO onhand_web WITH CHECK (true)",
        )
        if table in _TOLD_BY_ALL
        else ()
    )
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS everything ON {table}",
        f"CREATE POLICY everything ON {table}"
        " TO onhand_owner, onhand_worker, onhand_office USING (true) WITH CHECK (true)",
        f"DROP POLICY IF EXISTS scope ON {table}",
        f"CREATE POLICY scope ON {table} TO onhand_web USING ({seen})",
        *tells,
    )


_KNOWN: Final = text(
    "SELECT c.relname, obj_description(p.oid, 'pg_policy') FROM pg_policy p"
    " JOIN pg_class c ON c.oid = p.polrelid WHERE p.polname = 'scope'"
)


def secure(connection: Connection) -> None:
    """Bring every table's policy to what is said here; one that says it already is left alone, as
    a change waits for whoever uses the table."""
    for statement in FUNCTIONS:
        connection.exec_driver_sql(statement)
    known = {str(table): digest for table, digest in connection.execute(_KNOWN)}
    for table in POLICIES:
        statements = statements_of(table)
        digest = hashlib.sha256("\n".join(statements).encode()).hexdigest()[:16]
        if known.get(table) == digest:
            continue
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"COMMENT ON POLICY scope ON {table} IS '{digest}'")
