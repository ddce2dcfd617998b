"""What became of goods that were set apart."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from db.types import BIGINT, TIMESTAMP


class QuarantineActRow(SQLModel, table=True):
    """Units that were released, written off or sent back to their supplier; append-only."""

    __tablename__ = "quarantine_act"
    __table_args__ = (
        CheckConstraint("act IN ('release','write_off','to_supplier')", name="quarantine_act_kind"),
        CheckConstraint("units > 0", name="quarantine_act_units"),
        CheckConstraint("reason <> ''", name="quarantine_act_has_a_reason"),
        CheckConstraint(
            "act = 'to_supplier' OR supplier = '' AND claim_minor = 0",
            name="quarantine_claims_from_a_supplier",
        ),
        CheckConstraint("claim_minor >= 0", name="quarantine_claim"),
        Index("quarantine_act_at", "at"),
        Index("quarantine_act_of_supplier", "supplier", "at",
              postgresql_where=text("supplier <> ''")),
    )  # fmt: skip
    no: str = Field(primary_key=True)
    act: str
    sku: str = Field(foreign_key="sku.code")
    lot: str = ""
    location_id: str = Field(foreign_key="location.id")
    condition: str
    owner: str = "own"
    units: int = Field(sa_type=BIGINT)
    value_minor: int = Field(sa_type=BIGINT)
    currency: str
    supplier: str = ""
    claim_minor: int = Field(default=0, sa_type=BIGINT)
    reference: str = ""
    reason: str
    actor: str
    at: datetime = Field(
        sa_type=TIMESTAMP, sa_column_kwargs={"server_default": text("clock_timestamp()")}
    )
