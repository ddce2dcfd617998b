"""Connections to Postgres: every process serves under a role that does not own the tables."""

from typing import Literal

from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

Role = Literal["onhand_owner", "onhand_worker", "onhand_web"]
Sessions = async_sessionmaker[AsyncSession]

# reliability: a lock or a transaction that hangs must give way, not pile up behind itself.
_LIMITS = {
    "lock_timeout": "2s",
    "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "10s",
    "timezone": "UTC",
}


def driver_url(database_url: str) -> URL:
    """The address with our driver: psycopg 3."""
    url = make_url(database_url)
    return url.set(drivername="postgresql+psycopg")


def create_engine(database_url: str, role: Role, pool_size: int = 8) -> AsyncEngine:
    """A pool whose sessions act as `role`, with time limits on locks and statements."""
    settings = {"role": role, **_LIMITS}
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return create_async_engine(
        driver_url(database_url),
        pool_size=pool_size,
        max_overflow=8,
        pool_timeout=5,
        pool_pre_ping=True,
        connect_args={"options": options, "connect_timeout": 5},
    )


def sessions_of(engine: AsyncEngine) -> Sessions:
    """Sessions that keep loaded rows readable after the commit."""
    return async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
