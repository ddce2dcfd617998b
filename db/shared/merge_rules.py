"""How long orders of a shop wait for others of the same receiver."""

from collections.abc import Sequence
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from domain.shared.errors import InvalidInput

_RULES: Final = """
SELECT s.id, s.name, w.window_minutes FROM shop s LEFT JOIN merge_rule w ON w.shop_id = s.id
ORDER BY s.id
"""
_SET: Final = """
INSERT INTO merge_rule (shop_id, window_minutes)
SELECT id, :minutes FROM shop WHERE id = :shop_id
ON CONFLICT (shop_id) DO UPDATE SET window_minutes = excluded.window_minutes
RETURNING shop_id
"""


async def merge_rules(session: AsyncSession) -> Sequence[Any]:
    """Every shop with its window in minutes, where it has one."""
    return await run(session, _RULES)


async def window_of(session: AsyncSession, shop_id: str) -> tuple[str, int | None]:
    """The shop's name and its window. Raises InvalidInput for a shop nobody knows."""
    row = next((one for one in await merge_rules(session) if one.id == shop_id), None)
    if row is None:
        raise InvalidInput("there is no such shop")
    return row.name, row.window_minutes


async def set_rule(session: AsyncSession, shop_id: str, minutes: int) -> None:
    """Orders of the shop wait so long. Raises InvalidInput for a shop nobody knows."""
    if not await run(session, _SET, shop_id=shop_id, minutes=minutes):
        raise InvalidInput("there is no such shop")


async def forget_rule(session: AsyncSession, shop_id: str) -> None:
    """Orders of the shop wait for nobody."""
    await run(session, "DELETE FROM merge_rule WHERE shop_id = :shop_id", shop_id=shop_id)
