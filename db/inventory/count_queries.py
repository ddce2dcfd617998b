"""Counts as people look them up. What the books have is shown only when everything is counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.count_serials import CountSerials
from db.inventory.counts import Counts
from db.platform.attention import waiting
from db.sql import run
from domain.inventory.counting import Counted
from domain.shared.errors import CountNotFound, UnknownSku
from domain.shared.ids import count_workflow_id

_LIST: Final = """
SELECT c.*, p.name AS place, u.lines, u.counted, u.again, u.rest
FROM stock_count c JOIN location p ON p.id = c.location_id
CROSS JOIN LATERAL (
    SELECT count(*)::int AS lines, count(*) FILTER (WHERE state = 'agreed')::int AS counted,
           count(*) FILTER (WHERE state = 'recount')::int AS again,
           coalesce(sum(rest), 0)::bigint AS rest
    FROM stock_count_line l WHERE l.count_no = c.no) u
"""
_OPEN: Final = "c.state IN ('open', 'counted', 'short')"


@dataclass(frozen=True, slots=True)
class CountDetail:
    """One count with every look that was taken."""

    row: Row[Any]
    lines: Sequence[Row[Any]]
    looks: dict[int, list[Counted]]
    attention: Sequence[Row[Any]]
    numbers: dict[int, Row[Any]]

    @property
    def is_blind(self) -> bool:
        """Whether somebody may still count, so that nobody is told what the books have."""
        return bool(self.row.state == "open")

    def gone(self, line_no: int) -> list[str]:
        """Serial numbers that should have been there and were not, once nobody counts."""
        last = None if self.is_blind else self.numbers.get(line_no)
        return list(last.serials_gone) if last else []

    def found(self, line_no: int) -> list[str]:
        """Serial numbers that the register did not have there, once nobody counts."""
        last = None if self.is_blind else self.numbers.get(line_no)
        return list(last.serials_found) if last else []


async def counts(
    session: AsyncSession, *, closed: bool = False, location: str = "", limit: int = 100
) -> Sequence[Row[Any]]:
    """Open counts, the oldest first, or closed ones, the newest first."""
    order = "c.planned_on DESC, c.no DESC" if closed else "c.planned_on, c.no"
    return await run(
        session,
        f"{_LIST} WHERE {'NOT ' if closed else ''}({_OPEN})"
        " AND (:location = '' OR c.location_id = :location)"
        f" ORDER BY {order} LIMIT :limit",
        location=location, limit=limit,
    )  # fmt: skip


async def count_detail(session: AsyncSession, no: str) -> CountDetail:
    """One count. Raises CountNotFound."""
    rows = await run(session, f"{_LIST} WHERE c.no = :no", no=no)
    if not rows:
        raise CountNotFound(f"there is no count {no[:50]!a}")
    here = Counts(session)
    return CountDetail(
        rows[0], await here.lines(no), await here.looks(no),
        await waiting(session, count_workflow_id(no)), await CountSerials(session, no).last(),
    )  # fmt: skip


async def sku_of_code(session: AsyncSession, code: str, gtins: Sequence[str]) -> str:
    """The SKU that a scanned or typed code names. Raises UnknownSku."""
    rows = await run(
        session,
        "SELECT code FROM sku WHERE code = :code OR gtin <> '' AND gtin = ANY(:gtins)"
        " ORDER BY code <> :code LIMIT 1",
        code=code, gtins=[*gtins, code],
    )  # fmt: skip
    if not rows:
        raise UnknownSku("nothing we keep has this code")
    return str(rows[0].code)
