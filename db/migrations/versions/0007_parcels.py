"""Why a parcel is in trouble, when it was labelled, what it is insured for, when it is fetched."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_INCIDENTS = (
    "incident IN ('', 'refused', 'unreachable', 'deliver_later', 'wrong_address',"
    " 'forbidden_goods', 'called_back', 'damaged', 'lost', 'misrouted', 'delayed', 'weather',"
    " 'customs', 'unexplained')"
)


def upgrade() -> None:
    """Adds them to parcels; each scan keeps the incident it told of."""
    for table in ("parcel", "tracking_event"):
        op.add_column(table, sa.Column("incident", sa.String(), nullable=False, server_default=""))
        op.create_check_constraint(f"{table}_incident", table, _INCIDENTS)
    for name in ("labelled_at", "pickup_from", "pickup_to"):
        op.add_column("parcel", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "parcel", sa.Column("insured_minor", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.create_check_constraint("parcel_insured", "parcel", "insured_minor >= 0")
    op.create_index(
        "parcel_labelled", "parcel", ["labelled_at"], postgresql_where=sa.text("voided_at IS NULL")
    )
