"""What one may have buyers and sellers do in the TOP sandbox."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewLine(Strict):
    sku: str = Field(min_length=1, max_length=100)
    title: str = Field(default="", max_length=200)
    price: Decimal = Field(ge=0, le=1_000_000, decimal_places=2)
    num: int = Field(default=1, ge=1, le=100_000)


class NewTrades(Strict):
    """`count` trades with `lines`, or with some products of the demo shop."""

    count: int = Field(default=1, ge=1, le=1000)
    lines: list[NewLine] = Field(default=[], max_length=1000)
    post_fee: Decimal = Field(default=Decimal("8.00"), ge=0, le=10_000, decimal_places=2)
    paid: bool = True
    masked: bool = False
    presale: bool = False


class Payment(Strict):
    deposit_only: bool = False


class Receiver(Strict):
    receiver_name: str | None = None
    receiver_mobile: str | None = None
    receiver_state: str | None = None
    receiver_city: str | None = None
    receiver_district: str | None = None
    receiver_address: str | None = None


class Change(Receiver):
    """What buyers and sellers change; `status` sets any status, known to us or not."""

    status: str | None = None
    seller_memo: str | None = None
    buyer_message: str | None = None


class Refund(Strict):
    """`oid` empty: every line."""

    oid: str = ""
    refund_status: str = "WAIT_SELLER_AGREE"
    with_return: bool = False


class Stock(Strict):
    """Somebody changes a listing's count by hand."""

    quantity: int = Field(ge=0, le=1_000_000)


class Closing(Strict):
    oid: str = ""
