"""Run by alembic, always on the connection that `db.migrate` prepared."""

from alembic import context

from db.all_tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
