"""What Onhand asks of whoever issues invoices: one file here and one sandbox server each."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.finance.invoices import Back, Buyer, InvoiceKind, InvoiceLine


class Told(StrEnum):
    """How far an invoice is, as its issuer says."""

    PROCESSING = "processing"
    ISSUED = "issued"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class BlueInvoice:
    """`key` is ours: fixed before the first call, unique for ever, at most 20 characters."""

    key: str
    at: datetime
    currency: str
    buyer: Buyer
    lines: tuple[InvoiceLine, ...]
    remark: str


@dataclass(frozen=True, slots=True)
class RedInvoice:
    """What is taken back of an issued invoice; with `whole` all of it, and nothing was before."""

    key: str
    at: datetime
    currency: str
    buyer: Buyer
    blue_number: str
    lines: tuple[InvoiceLine, ...]
    backs: tuple[Back, ...]
    whole: bool
    reason: str  # returned | rebate (money without goods) | mistake


@dataclass(frozen=True, slots=True)
class InvoiceNews:
    """`number` and `url` are there once it is issued, `cause` says why it is not."""

    told: Told
    ref: str = ""
    number: str = ""
    url: str = ""
    cause: str = ""


class InvoiceIssuer(Protocol):
    """Raises the IntegrationError family: AnswerLost when a sent order got no usable answer."""

    @property
    def vendor(self) -> str: ...

    async def issue(self, invoice: BlueInvoice) -> str:
        """Order a blue invoice; returns the issuer's reference, empty where the key was known."""
        ...

    async def reverse(self, invoice: RedInvoice) -> str:
        """Order a red invoice; returns the issuer's reference."""
        ...

    async def ask(self, kind: InvoiceKind, key: str, ref: str) -> InvoiceNews | None:
        """How far it is; None when the issuer does not know the key."""
        ...

    async def check(self) -> None:
        """A question that changes nothing: who we are there is right."""
        ...
