"""Transfers as people look them up, and what is on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.transfer_serials import serials_of_transfer
from db.inventory.transfers import Transfers
from db.platform.attention import waiting
from db.sql import run
from domain.shared.errors import TransferNotFound
from domain.shared.ids import transfer_workflow_id

# By whom something has to be done: whose state it is.
QUEUES: Final = ("approve", "ship", "receive", "decide")
_STATE_OF: Final = {
    "approve": "t.state = 'draft'",
    "ship": "t.state IN ('approved', 'reserved')",
    "receive": "t.state = 'shipped'",
    "decide": "t.waits_for = 'decision'",
    "closed": "t.closed_at IS NOT NULL",
    "": "t.closed_at IS NULL",
}

_HEAD: Final = """
SELECT t.*, f.name AS from_name, g.name AS to_name, u.lines, u.asked, u.shipped, u.on_the_way,
       u.skus
FROM stock_transfer t
LEFT JOIN location f ON f.id = t.from_location
LEFT JOIN location g ON g.id = t.to_location
CROSS JOIN LATERAL (
    SELECT count(*)::int AS lines, coalesce(sum(asked), 0)::bigint AS asked,
           coalesce(sum(shipped), 0)::bigint AS shipped,
           coalesce(sum(shipped - received - damaged - lost - returned), 0)::bigint AS on_the_way,
           string_agg(DISTINCT sku, ', ') AS skus
    FROM stock_transfer_line l WHERE l.transfer_no = t.no) u
"""

_LINES: Final = """
SELECT l.*, l.shipped - l.received - l.damaged - l.lost - l.returned AS on_the_way, k.name,
       k.tracks_serials,
       (SELECT sum(b.on_hand - b.reserved) FROM stock_balance b
        WHERE b.sku = l.sku AND b.location_id = :sender AND b.condition = l.condition
          AND b.owner = l.owner AND (l.lot = '' OR b.lot = l.lot))::bigint AS free
FROM stock_transfer_line l JOIN sku k ON k.code = l.sku
WHERE l.transfer_no = :no ORDER BY l.line_no
"""

_REPORTS: Final = """
SELECT * FROM stock_transfer_report WHERE transfer_no = :no ORDER BY at, id
"""

_COUNTED: Final = ", ".join(
    f"count(*) FILTER (WHERE {_STATE_OF[queue]})::int AS {queue}" for queue in QUEUES
)
_COUNTS: Final = f"""
SELECT {_COUNTED}, count(*)::int AS every FROM stock_transfer t WHERE t.closed_at IS NULL
"""  # noqa: S608 (made of constants)

_ON_THE_WAY: Final = """
SELECT t.no, t.from_location, t.to_location, t.transit_location, t.carrier, t.waybill_no,
       t.shipped_at, t.eta, l.sku, l.lot, l.condition, l.owner,
       sum(l.shipped - l.received - l.damaged - l.lost - l.returned)::bigint AS units
FROM stock_transfer t JOIN stock_transfer_line l ON l.transfer_no = t.no
WHERE t.state = 'shipped' AND (CAST(:skus AS text[]) IS NULL OR l.sku = ANY(CAST(:skus AS text[])))
GROUP BY t.no, l.sku, l.lot, l.condition, l.owner
HAVING sum(l.shipped - l.received - l.damaged - l.lost - l.returned) > 0
ORDER BY t.eta, t.no, l.sku, l.lot LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class TransferDetail:
    """Everything about one transfer."""

    row: Row[Any]
    lines: Sequence[Row[Any]]
    reports: Sequence[Row[Any]]
    differences: Sequence[Row[Any]]
    attention: Sequence[Row[Any]]
    serials: Mapping[int, Sequence[Row[Any]]]


async def transfer_queue(
    session: AsyncSession, queue: str = "", *, location: str = "", q: str = "", limit: int = 100
) -> Sequence[Row[Any]]:
    """Transfers of a queue, the most urgent first; `q` finds one by its number, a place or a SKU,
    closed ones too."""
    wanted = "true" if q else _STATE_OF[queue]
    return await run(
        session,
        f"{_HEAD} WHERE {wanted}"
        " AND (:location = '' OR :location IN (t.from_location, t.to_location))"
        " AND (:q = '' OR t.no ILIKE :like OR t.waybill_no ILIKE :like OR f.name ILIKE :like"
        " OR g.name ILIKE :like OR u.skus ILIKE :like)"
        " ORDER BY t.closed_at DESC NULLS FIRST, t.due_at NULLS LAST, t.created_at DESC, t.no"
        " LIMIT :limit",
        location=location, q=q, like=f"%{_plain(q)}%", limit=limit,
    )  # fmt: skip


async def transfer_counts(session: AsyncSession) -> dict[str, int]:
    """How many wait in each queue."""
    [row] = await run(session, _COUNTS)
    told = dict(row._mapping)
    return {**told, "": told.pop("every")}


async def transfer_detail(session: AsyncSession, no: str) -> TransferDetail:
    """One transfer. Raises TransferNotFound."""
    rows = await run(session, f"{_HEAD} WHERE t.no = :no", no=no)
    if not rows:
        raise TransferNotFound(f"there is no transfer {no[:50]!a}")
    row = rows[0]
    return TransferDetail(
        row,
        await run(session, _LINES, no=no, sender=row.from_location),
        await run(session, _REPORTS, no=no),
        await Transfers(session).differences(no),
        await waiting(session, transfer_workflow_id(no)),
        await serials_of_transfer(session, no),
    )


async def on_the_way(
    session: AsyncSession, skus: Sequence[str] | None = None, limit: int = 1000
) -> Sequence[Row[Any]]:
    """Units between two places, by transfer, lot and owner, with when they are expected."""
    asked = None if skus is None else list(skus)
    return await run(session, _ON_THE_WAY, skus=asked, limit=limit)


def _plain(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
