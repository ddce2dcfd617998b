"""What one may have buyers and the shop do in the Shopify sandbox."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewLine(Strict):
    sku: str = Field(min_length=1, max_length=100)
    title: str = Field(default="", max_length=200)
    price: Decimal = Field(ge=0, le=1_000_000, decimal_places=3)
    quantity: int = Field(default=1, ge=1, le=100_000)


class NewOrders(Strict):
    """`count` orders with `lines`, or with some products of the demo shop."""

    count: int = Field(default=1, ge=1, le=1000)
    lines: list[NewLine] = Field(default=[], max_length=1000)
    currency: str = Field(default="CNY", pattern="^[A-Z]{3}$")
    shipping: Decimal = Field(default=Decimal(10), ge=0, le=10_000, decimal_places=3)
    paid: bool = True


class Change(Strict):
    """What the buyer or the shop changes; `held` keeps back the fulfilment order."""

    note: str | None = None
    shipping_address: dict[str, str] | None = None
    held: bool | None = None


class Refund(Strict):
    """`amount` None: all that was paid; `with_return`: the goods came back."""

    amount: Decimal | None = Field(default=None, gt=0, le=10_000_000, decimal_places=3)
    with_return: bool = False


class Stock(Strict):
    """Somebody changes a count by hand."""

    available: int = Field(ge=-1_000_000, le=1_000_000)
