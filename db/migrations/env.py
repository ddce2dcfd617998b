"""How alembic runs our migrations: as the owner role, in one transaction."""

from alembic import context
from sqlalchemy import Connection

from db.all_tables import metadata


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata(), compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
