"""Every table, so that migrations and tests see the whole database."""

from sqlalchemy import MetaData
from sqlmodel import SQLModel

import db.channels.tables
import db.inventory.tables
import db.logistics.tables
import db.orders.tables
import db.platform.tables  # noqa: F401


def metadata() -> MetaData:
    """The tables as the code knows them."""
    return SQLModel.metadata
