"""Nobody gives others more than he has himself: permissions, and parts of the company."""

from collections.abc import Iterable, Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from api.deps import RequestContext
from api.errors import Problem
from db.platform.scopes import Holder, limits_of, reach_of
from db.platform.tables import AccountRow, ApiKeyRow
from domain.platform.permissions import Permission, Role, permissions_of
from domain.platform.scopes import Limit, Reach
from domain.shared.errors import MoreThanOwn


async def own_reach(session: AsyncSession, context: RequestContext) -> Reach:
    """What whoever asks may limit others to."""
    who = context.principal
    holder: Holder = "key" if who.kind == "key" else "account"
    return await reach_of(session, holder, who.id, who.scope)


async def refuse_more_than_own(
    session: AsyncSession,
    context: RequestContext,
    roles: Iterable[Role],
    limits: Sequence[Limit],
    only: Iterable[Permission] | None = None,
) -> None:
    """Somebody may be let do this there. Raises MoreThanOwn."""
    given = permissions_of(frozenset(roles))
    wanted = given if only is None else given & frozenset(only)
    own = context.principal
    if own.only is not None and not all(own.may(one) for one in wanted):
        raise MoreThanOwn("a key gives no permission that it does not have")
    if not (await own_reach(session, context)).covers(limits):
        raise MoreThanOwn("whoever is limited to places gives no others, and not all of them")


async def refuse_stranger(
    session: AsyncSession, context: RequestContext, holder: Holder, id: str
) -> None:
    """Whom somebody with limits does not see, he does not manage. Raises Problem 404, and
    MoreThanOwn for a key that would get hold of more permissions."""
    row: AccountRow | ApiKeyRow | None
    if holder == "account":
        row = await session.get(AccountRow, id)
    else:
        row = await session.get(ApiKeyRow, id)
    limits = (await limits_of(session, holder)).get(id, [])
    if row is None or not (await own_reach(session, context)).covers(limits):
        raise Problem("NotFound", 404)
    kept = row.permissions if isinstance(row, ApiKeyRow) else None
    only = None if kept is None else map(Permission, kept)
    await refuse_more_than_own(session, context, map(Role, row.roles), limits, only)
