"""Writes the first migration anew from the tables; until the first release it is the only one.

Run as `python -m db.migrations.regenerate`. What tables cannot say is in `grants.py`.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

from alembic.autogenerate import render_python_code
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import CreateIndexOp, CreateTableOp, MigrateOperation, UpgradeOps
from alembic.runtime.migration import MigrationContext
from sqlmodel.sql.sqltypes import AutoString

from db.all_tables import METADATA

TARGET = Path(__file__).parent / "versions" / "0001_first.py"

_FILE = '''"""The first tables. Written by `python -m db.migrations.regenerate`; do not edit."""
# ruff: noqa: E501

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates every table; `grants.py` says who may do what."""
    {body}
'''


def render() -> str:
    """The text of the first migration for the tables as they are now."""
    steps: list[MigrateOperation] = []
    for table in METADATA.sorted_tables:
        steps.append(CreateTableOp.from_table(table))
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        steps += [CreateIndexOp.from_index(index) for index in indexes]
    body = render_python_code(
        UpgradeOps(steps),
        render_item=_plain_strings,
        migration_context=MigrationContext.configure(dialect_name="postgresql"),
    )
    return _FILE.format(body=body.strip())


def _plain_strings(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    return "sa.String()" if kind == "type" and isinstance(item, AutoString) else False


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", str(TARGET)], check=True)
    subprocess.run([sys.executable, "-m", "ruff", "check", "-q", "--fix", str(TARGET)], check=True)
