"""Returns of past orders that were replayed: opened once against the order they take back."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders.return_acts import open_return
from db.orders.returns import Asked, lock_order, returnable
from db.sql import run
from domain.orders.returns.model import ReturnKind, ReturnOrigin, ReturnReason

_ORDER: Final = """
SELECT id FROM sales_order
WHERE shop_id = :shop_id AND channel = 'own' AND external_no = :external_no
"""

_KNOWN: Final = "SELECT 1 FROM sales_return WHERE shop_id = :shop_id AND case_no = :case_no"


class Taken(StrEnum):
    """What became of a past return here."""

    OPENED = "opened"
    PARTLY = "opened_in_part"  # fewer units were sent, or others came back before
    KNOWN = "opened_before"
    NOT_SENT = "order_not_sent"
    NOT_HERE = "order_not_here"


async def open_past_return(
    session: AsyncSession, shop_id: str, order_no: str, case_no: str, units: Mapping[str, int]
) -> Taken:
    """Open the return of these units by SKU, once per `case_no`."""
    found = await run(session, _ORDER, shop_id=shop_id, external_no=order_no)
    if not found:
        return Taken.NOT_HERE
    order_id = found[0].id
    await lock_order(session, order_id)
    if await run(session, _KNOWN, shop_id=shop_id, case_no=case_no):
        return Taken.KNOWN
    left, asked = dict(units), dict[str, int]()
    for row in await returnable(session, order_id):
        taken = min(left.get(row.sku, 0), row.left_over)
        if taken:
            asked[row.id] = taken
            left[row.sku] -= taken
    if not asked:
        return Taken.NOT_SENT
    request = Asked(
        ReturnKind.RETURN, ReturnOrigin.IMPORT, ReturnReason.CHANGED_MIND, asked,
        case_no=case_no, actor="replay",
    )  # fmt: skip
    await open_return(session, order_id, request)
    return Taken.PARTLY if any(left.values()) else Taken.OPENED
