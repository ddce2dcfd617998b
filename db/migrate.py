"""Bring a database to the newest form: roles, tables, grants. Safe to run again."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from db.engine import driver_url
from db.migrations.grants import create_roles, grants

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x0A11_0A4D  # one migration at a time


def configuration() -> Config:
    """Alembic's settings; everything is beside this file."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    return config


def migrate(database_url: str) -> None:
    """Create or upgrade everything, then renew the grants of the serving roles."""
    engine = create_engine(driver_url(database_url))
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            for statement in create_roles():
                connection.execute(text(statement))
            connection.execute(text("GRANT ALL ON SCHEMA public TO onhand_owner"))
            connection.execute(text("SET LOCAL ROLE onhand_owner"))
            config = configuration()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            names = connection.execute(
                text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            )
            tables = sorted(row[0] for row in names if row[0] != "alembic_version")
            for statement in grants(tables):
                connection.execute(text(statement))
    finally:
        engine.dispose()
