"""What migrations make is what the tables say, and roles may do no more than they need."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import errors
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

from db.all_tables import METADATA
from db.engine import Sessions, driver_url
from db.migrate import migrate
from db.migrations.grants import LEDGERS

CONFIG = Config()
CONFIG.set_main_option("script_location", "db/migrations")
SCRIPTS = ScriptDirectory.from_config(CONFIG)


def _newest() -> str:
    head = SCRIPTS.get_current_head()
    assert head is not None
    return head


def test_a_migrated_database_is_what_the_tables_say(database_url: str) -> None:
    engine = create_engine(driver_url(database_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_migrations_name_every_constraint_of_the_tables(database_url: str) -> None:
    asked = {
        (table.name, str(check.name))
        for table in METADATA.tables.values()
        for check in table.constraints
        if check.name is not None and type(check).__name__ == "CheckConstraint"
    }
    with psycopg.connect(database_url) as connection:
        made = connection.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint"
            " WHERE contype = 'c' AND conrelid <> 0"
        ).fetchall()
    assert set(made) == asked


def test_several_processes_may_migrate_at_once(empty_database_url: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(migrate, [empty_database_url] * 3))
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [
            (_newest(),)
        ]


def test_migrations_are_one_chain_in_the_order_of_their_numbers() -> None:
    chain = [script.revision for script in SCRIPTS.walk_revisions()]

    assert chain == sorted(chain, reverse=True)
    assert len(SCRIPTS.get_heads()) == 1


def test_the_application_owns_nothing_and_obeys_row_security(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        owners = connection.execute(
            "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        assert owners == [("onhand_owner",)]
        roles = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcanlogin FROM pg_roles"
            " WHERE rolname IN ('onhand_office', 'onhand_web', 'onhand_worker') ORDER BY 1"
        ).fetchall()
        assert roles == [
            ("onhand_office", False, False, False),
            ("onhand_web", False, False, False),
            ("onhand_worker", False, False, False),
        ]


@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize("role", ["onhand_worker", "onhand_web", "onhand_office"])
@pytest.mark.parametrize("change", ["UPDATE {} SET ctid = ctid", "DELETE FROM {}", "TRUNCATE {}"])
def test_a_ledger_only_grows(database_url: str, ledger: str, role: str, change: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(f"SET ROLE {role}".encode())
        column = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [ledger]
        ).fetchone()
        assert column is not None
        statement = change.format(ledger).replace("ctid", f'"{column[0]}"')
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement.encode())


async def test_the_key_of_a_balance_cannot_be_changed_by_the_application(
    sessions: Sessions,
) -> None:
    async with sessions() as session:
        with pytest.raises(ProgrammingError) as refused:
            await (await session.connection()).execute(
                text("UPDATE stock_balance SET sku = 'other'")
            )
    assert isinstance(refused.value.orig, errors.InsufficientPrivilege)


async def test_every_connection_has_its_role_utc_and_time_limits(
    sessions: Sessions,
) -> None:
    async with sessions() as session:
        row = (
            await (await session.connection()).execute(
                text(
                    "SELECT current_user, current_setting('timezone'),"
                    " current_setting('lock_timeout'), current_setting('statement_timeout'),"
                    " current_setting('idle_in_transaction_session_timeout')"
                )
            )
        ).one()
    assert tuple(row) == ("onhand_worker", "UTC", "2s", "5s", "10s")
