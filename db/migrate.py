"""Brings a database to the newest version; safe to run at every start and by several at once."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from db.engine import driver_url
from db.migrations import grants, row_security
from db.vault import Vault

_APP_ROLES = ("onhand_owner", "onhand_worker", "onhand_web", "onhand_office")
_ONE_AT_A_TIME = 0x0_0E_4A_4D  # any fixed number: the key of the advisory lock


def migrate(database_url: str, revision: str = "head", *, vault: Vault | None = None) -> None:
    """Creates the roles if needed, then runs the missing migrations as `onhand_owner` and renews
    what the serving roles may do.

    The login must own the database and may create roles, or find the four roles granted to it.
    Raises KeyNeeded when there are people to be sealed and no `vault` to do it with.
    """
    engine = create_engine(driver_url(database_url), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _ONE_AT_A_TIME})
            connection.commit()
            with connection.begin():
                for role in _APP_ROLES:
                    _ensure_role(connection, role)
                _office_is_web(connection)
                connection.execute(text("GRANT USAGE, CREATE ON SCHEMA public TO onhand_owner"))
            connection.execute(text("SET ROLE onhand_owner"))
            connection.commit()
            with connection.begin():
                command.upgrade(configuration(connection, vault), revision)
                # On the way to the newest there are not all tables yet that they speak of.
                for statement in grants.STATEMENTS if revision == "head" else ():
                    connection.execute(text(statement))
                if revision == "head":
                    row_security.secure(connection)
    finally:
        engine.dispose()


def configuration(connection: Connection, vault: Vault | None = None) -> Config:
    """What alembic needs to know, without a file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    config.attributes["vault"] = vault
    return config


def _ensure_role(connection: Connection, role: str) -> None:
    """Another migrator of the same cluster may create the role at the same moment."""
    connection.execute(
        text(
            f"""
            DO $$ BEGIN
                CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
                WHEN insufficient_privilege THEN
                    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
                        RAISE;
                    END IF;
            END $$
            """
        )
    )
    may_become = "SELECT pg_has_role(current_user, :role, 'SET')"
    if not connection.scalar(text(may_become), {"role": role}):
        connection.execute(text(f"GRANT {role} TO CURRENT_USER WITH INHERIT FALSE, SET TRUE"))


def _office_is_web(connection: Connection) -> None:
    """Office may do what web may, and sees every row."""
    if not connection.scalar(text("SELECT pg_has_role('onhand_office', 'onhand_web', 'USAGE')")):
        connection.execute(text("GRANT onhand_web TO onhand_office WITH INHERIT TRUE, SET FALSE"))
