"""The list of orders as a file in the reader's language."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy.engine import Row

from api.language import N_, translate
from db.engine import Sessions
from db.orders.queries import OrderFilter, OrderQueries, Sort
from db.shared.exporting import SLICE, be_patient
from db.vault import Vault
from domain.shared.clock import COMPANY_ZONE
from domain.shared.money import Money
from web import words

HEADINGS: Final = (
    N_("Order"), N_("Channel"), N_("Shop"), N_("Channel's number"), N_("Status"), N_("Holds"),
    N_("Waits for a person"), N_("Sum"), N_("Currency"), N_("Ordered"), N_("Paid"), N_("Ship by"),
)  # fmt: skip


async def order_slices(
    sessions: Sessions, vault: Vault, wanted: OrderFilter, sort: Sort, now: datetime, language: str
) -> AsyncIterator[list[list[Any]]]:
    """All orders of the list, a slice at a time, as they were at one moment."""
    async with sessions.begin() as session:
        await be_patient(session)
        queries = OrderQueries(session)
        async for found in queries.stream(wanted, vault, sort, SLICE, now):
            yield [_cells(row, language) for row in found]


def _cells(row: Row[Any], language: str) -> list[Any]:
    holds = ", ".join(translate(language, words.HOLD.get(hold, hold)) for hold in row.holds)
    return [
        row.no,
        translate(language, words.CHANNEL.get(row.channel, row.channel)),
        row.shop,
        row.external_no,
        translate(language, words.ORDER_STATUS.get(row.status, row.status)),
        holds,
        row.attention,
        Money(row.payable_minor, row.currency).major,
        row.currency,
        *(_local(at) for at in (row.placed_at, row.paid_at, row.ship_by)),
    ]


def _local(at: Any) -> str:
    return at.astimezone(COMPANY_ZONE).strftime("%Y-%m-%d %H:%M:%S") if at else ""
