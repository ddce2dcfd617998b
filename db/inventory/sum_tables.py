"""Stock added up by brand and category: kept by triggers on `stock_balance` and `sku`, so that a
question about many goods need not read every balance.

The truth of a sum is `stock_sum` and all its `stock_sum_change` together. A transaction that moves
stock only adds rows to the second, so nobody waits for a sum; the relay puts them into the first.
"""

from sqlalchemy import BigInteger, Column, Identity, Index
from sqlmodel import Field, SQLModel

from db.types import BIGINT


class StockSumRow(SQLModel, table=True):
    """What lies at a place of all products of a brand in a category."""

    __tablename__ = "stock_sum"
    __table_args__ = (Index("stock_sum_by_category", "category"),)
    brand: str = Field(primary_key=True)
    category: str = Field(primary_key=True)
    location_id: str = Field(primary_key=True)
    condition: str = Field(primary_key=True)
    owner: str = Field(primary_key=True)
    on_hand: int = Field(default=0, sa_type=BIGINT)
    reserved: int = Field(default=0, sa_type=BIGINT)


class StockSumChangeRow(SQLModel, table=True):
    """What a transaction added to a sum, or took from it."""

    __tablename__ = "stock_sum_change"
    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    brand: str
    category: str
    location_id: str
    condition: str
    owner: str
    on_hand: int = Field(sa_type=BIGINT)
    reserved: int = Field(sa_type=BIGINT)
