"""How processes reach Postgres: one engine per process and role, with time limits on everything."""

import time
from typing import Any, Final, Literal, NewType

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from db.vault import KeyNeeded, Vault

Role = Literal["onhand_owner", "onhand_worker", "onhand_web", "onhand_office"]
ReadSession = NewType("ReadSession", AsyncSession)
WriteSession = NewType("WriteSession", AsyncSession)
Sessions = async_sessionmaker[AsyncSession]
_VAULT: Final = "vault"

# How the server plans statements for a role. The worker's are short, the same all day and find
# their rows by index: planned anew each time they cost a sixth of what Postgres does for an order,
# and a plan kept from when the tables were empty must not read whole tables later. What people look
# for in pages differs with every filter they set.
_PLANS: Final[dict[Role, dict[str, str]]] = {
    "onhand_worker": {"enable_seqscan": "off"},
    "onhand_web": {"plan_cache_mode": "force_custom_plan"},
    "onhand_office": {"plan_cache_mode": "force_custom_plan"},
    "onhand_owner": {},
}
# A server that was started again was away for longer than this.
_TRUSTED_S: Final = 1.0


def create_engine(
    database_url: str,
    role: Role,
    *,
    pool_size: int = 10,
    max_overflow: int = 6,
    statement_timeout_ms: int = 5_000,
    lock_timeout_ms: int = 2_000,
    application_name: str = "onhand",
) -> AsyncEngine:
    """An engine whose connections act as `role`, in UTC, and never wait for ever.

    `database_url` is any libpq URL of a login that may take the role (`db.migrate` grants it).
    """
    settings = {
        "role": role,
        "timezone": "UTC",
        "lock_timeout": lock_timeout_ms,
        "statement_timeout": statement_timeout_ms,
        "idle_in_transaction_session_timeout": 10_000,
        **_PLANS[role],
    }
    engine = create_async_engine(
        driver_url(database_url),
        pool_size=pool_size,
        max_overflow=max_overflow,
        hide_parameters=True,  # they name people, and errors are logged
        pool_use_lifo=True,  # the connection used last knows the statements best
        connect_args={
            "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
            "application_name": application_name,
        },
    )
    _ask_before_use(engine)
    return engine


def sessions(engine: AsyncEngine, vault: Vault | None = None) -> Sessions:
    """Makes sessions; `async with sessions.begin()` is one transaction.

    Without a `vault` what people said cannot be kept or read, see `vault_in`.
    """
    return async_sessionmaker(
        engine, class_=AsyncSession, expire_on_commit=False, info={_VAULT: vault}
    )


def vault_in(session: AsyncSession) -> Vault:
    """What words of people are sealed with in this session. Raises KeyNeeded."""
    vault: Vault | None = session.info.get(_VAULT)
    if vault is None:
        raise KeyNeeded("these sessions were made without the key that seals people's words")
    return vault


def _ask_before_use(engine: AsyncEngine) -> None:
    """A connection that rested for a while is asked first whether it still lives.

    Asking every time (`pool_pre_ping`) would cost each transaction a round trip.
    """
    pool, dialect = engine.sync_engine.pool, engine.sync_engine.dialect

    @event.listens_for(pool, "checkin")
    def _rests(connection: Any, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(pool, "checkout")
    def _is_used(connection: Any, record: Any, proxy: Any) -> None:
        rested = time.monotonic() - record.info.get("rests_since", time.monotonic())
        if rested < _TRUSTED_S:
            return
        try:
            dialect.do_ping(connection)
        except Exception as error:
            raise DisconnectionError(str(error)) from error


def driver_url(database_url: str) -> str:
    """The same address for SQLAlchemy with psycopg 3, whichever driver the given one names."""
    url = make_url(database_url).set(drivername="postgresql+psycopg")
    return url.render_as_string(hide_password=False)
