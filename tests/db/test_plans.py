"""Statements of returns find their rows by index, however many orders there are."""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from db.engine import Sessions
from db.orders import allocating, cancelling, return_queries, returns, statements
from db.orders.return_acts import open_return
from db.orders.returns import Asked
from db.shared import replaying
from db.sql import run
from domain.orders.returns.model import ReturnKind, ReturnOrigin, ReturnReason
from tests.api.orders.world import seed_order, seed_shipment, seed_shop

# The rows of one order again, under other numbers.
AGAIN: Final = """
INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object({values}))).*
FROM {table} t CROSS JOIN generate_series(1, 4000) n
"""
SEED: Final = {
    "sales_order": "'id', 'o'||n, 'no', 'N'||n, 'external_no', 'E'||n, 'workflow_id', 'w'||n,"
    " 'buyer_digest', 'b'||n",
    "receiver": "'order_id', 'o'||n, 'phone_digest', 'd'||n",
    "order_line": "'id', 'l'||n, 'order_id', 'o'||n",
    "fulfilment_line": "'id', 'f'||n, 'order_line_id', 'l'||n, 'order_id', 'o'||n",
    "shipment": "'no', 's'||n, 'order_id', 'o'||n, 'workflow_id', 'shipment/'||n",
    "shipment_line": "'shipment_no', 's'||n, 'fulfilment_line_id', 'f'||n, 'order_line_id', 'l'||n",
    "sales_return": "'return_no', 'R'||n, 'order_id', 'o'||n, 'waybill_no', 'W'||n,"
    " 'case_no', 'C'||n",
    "sales_return_line": "'return_no', 'R'||n, 'fulfilment_line_id', 'f'||n",
}
# Of the rest there are few rows, or few of them fit at all.
MANY: Final = {
    "sales_order", "receiver", "order_line", "fulfilment_line", "shipment", "shipment_line",
    "sales_return", "sales_return_line",
}  # fmt: skip
ONE: Final = {"order_id": "o77"}
STATEMENTS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "returnable": (returns._RETURNABLE, ONE),
    "history": (returns._HISTORY, {**ONE, "return_no": "R77"}),
    "state of a return": (returns._STATE, {"return_no": "R77", "ours": ["own"]}),
    "by number": (return_queries._BY_NUMBER, {"q": "W77", "limit": 50}),
    "lines of a return": (return_queries._LINES, {"return_no": "R77"}),
    "refunds of a return": (return_queries._REFUNDS, {"return_no": "R77"}),
    "state of an order": (statements.STATE, ONE),
    "open lines": (allocating.OPEN_LINES, {"ids": ["o77"]}),
    "cancelling": (cancelling._LINES, ONE),
    "replayed": (replaying._OUTCOMES, {"shop_id": "mini", "numbers": ["E77"]}),
}


async def _seeded(sessions: Sessions, owner_sessions: Sessions) -> None:
    """One order of one line with its return, and four thousand like it."""
    await seed_shop(sessions)
    await seed_order(sessions)
    await seed_shipment(sessions, status="delivered")
    asked = Asked(ReturnKind.RETURN, ReturnOrigin.CONSUMER, ReturnReason.DAMAGED, {"ord_1.1/A": 1})
    async with sessions.begin() as session:
        await open_return(session, "ord_1", asked)
    async with owner_sessions.begin() as session:
        await run(session, "DELETE FROM shipment_line WHERE sku = 'B'")
        await run(session, "DELETE FROM fulfilment_line WHERE sku = 'B'")
        await run(session, "DELETE FROM order_line WHERE line_no = 2")
        for table, values in SEED.items():
            await run(session, AGAIN.format(table=table, values=values))
        await run(session, "ANALYZE")


def _scans(node: dict[str, Any]) -> Iterator[str]:
    """Tables of which the plan reads every row, or every entry of an index."""
    kind = node["Node Type"]
    by_index = "Index Cond" in node or kind == "Bitmap Heap Scan"
    if node.get("Relation Name") in MANY and not by_index:
        yield f"{kind} on {node['Relation Name']}"
    for below in node.get("Plans", []):
        yield from _scans(below)


@pytest.mark.parametrize("role", ["worker", "web"])
async def test_no_statement_reads_a_whole_table(
    sessions: Sessions, web_sessions: Sessions, owner_sessions: Sessions, role: str
) -> None:
    await _seeded(sessions, owner_sessions)
    found: dict[str, list[str]] = {}
    async with (sessions if role == "worker" else web_sessions).begin() as session:
        for name, (statement, parameters) in STATEMENTS.items():
            rows = await run(session, f"EXPLAIN (FORMAT JSON) {statement}", **parameters)
            if scans := list(_scans(rows[0][0][0]["Plan"])):
                found[name] = scans

    assert found == {}
