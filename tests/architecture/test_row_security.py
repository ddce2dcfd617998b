"""A table by whose rows one can tell whose they are says who sees them."""

from db.all_tables import METADATA
from db.migrations.row_security import OPEN, OWNED_BY, POLICIES


def test_every_table_that_belongs_to_somebody_is_listed_with_a_policy() -> None:
    owned = {
        name for name, table in METADATA.tables.items() if OWNED_BY & set(table.columns.keys())
    }

    assert owned == (owned & set(POLICIES)) | set(OPEN)
    assert set(POLICIES) <= set(METADATA.tables)
    assert not set(OPEN) & set(POLICIES)
