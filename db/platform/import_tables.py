"""Files that somebody gave to be imported, and their rows until all is done and forgotten."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from db.types import JSON, TIMESTAMP

_NOW = {"server_default": text("now()")}


class ImportFileRow(SQLModel, table=True):
    """One file. The same bytes for the same list are one import, unless that was discarded."""

    __tablename__ = "import_file"
    __table_args__ = (
        CheckConstraint(
            "state IN ('checking','checked','applying','done','discarded')", name="import_state"
        ),
        Index(
            "one_import_per_file",
            "kind",
            "sha256",
            unique=True,
            postgresql_where=text("state <> 'discarded'"),
        ),
        Index("import_by_time", "at"),
    )
    id: str = Field(primary_key=True)
    kind: str
    name: str
    form: str  # csv | xlsx
    sha256: str
    header: list[str] = Field(default_factory=list, sa_type=JSON)
    rows: int
    state: str = "checking"
    wanted: bool = False  # to be applied as soon as it is checked
    partial: bool = False  # the good rows, though others are bad
    given_by: str
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    decided_by: str = ""
    decided_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    finished_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    # How many rows were what when it ended: new, changed, same, bad, applied, failed.
    result: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


class ImportRowRow(SQLModel, table=True):
    """One row of a file: its cells, what they mean and what they would change, sealed."""

    __tablename__ = "import_row"
    __table_args__ = (
        CheckConstraint(
            "state IN ('staged','bad','new','changed','same','applied','failed')",
            name="import_row_state",
        ),
        Index("import_row_in_order", "import_id", "row", unique=True),
        Index("import_row_by_state", "import_id", "state", "row"),
        Index("import_row_by_key", "import_id", "key"),
    )
    id: str = Field(primary_key=True)
    import_id: str = Field(foreign_key="import_file.id")
    row: int
    key: str = ""
    readable: bool = True
    state: str = "staged"
    faults: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    sealed: bytes = Field(sa_type=LargeBinary)
