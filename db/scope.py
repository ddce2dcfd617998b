"""Whose data a transaction may see: told to Postgres at its beginning, whoever opened it.

`onhand_web` sees no row of the tables in `db.migrations.row_security` until it is told a scope;
`onhand_office` is the same process working for somebody who sees the whole company.
"""

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import Session
from sqlmodel.ext.asyncio.session import AsyncSession

from db.engine import Sessions
from domain.platform.scopes import WHOLE, Scope

_INFO: Final = "scope"
# For this transaction alone: the connection goes back to the pool without it.
_TELL: Final = text(
    "SELECT set_config('onhand.locations', CAST(CAST(:locations AS text[]) AS text), true),"
    " set_config('onhand.shops', CAST(CAST(:shops AS text[]) AS text), true)"
)


class LimitedSession(Session):
    """A session of somebody who sees a part of the company."""


@event.listens_for(LimitedSession, "after_begin")
def _tell_scope(session: Session, transaction: Any, connection: Connection) -> None:
    scope: Scope = session.info[_INFO]
    shown = {"locations": list(scope.locations), "shops": list(scope.shops)}
    connection.execute(_TELL, shown)


@lru_cache(maxsize=200)
def limited(sessions: Sessions, scope: Scope) -> Sessions:
    """The sessions of `onhand_web`, each of whose transactions sees this scope and no more."""
    if scope.whole:
        raise ValueError("whoever sees the whole company works as onhand_office")
    known: dict[str, Any] = {**sessions.kw, "info": {**sessions.kw["info"], _INFO: scope}}
    return async_sessionmaker(class_=AsyncSession, sync_session_class=LimitedSession, **known)


def scope_in(session: AsyncSession) -> Scope:
    """What the session sees, for statements that look for it by index before Postgres checks."""
    found: Scope = session.info.get(_INFO, WHOLE)
    return found
