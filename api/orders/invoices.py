"""Invoices of orders: asked for, cancelled while they wait, taken back when they are wrong."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.channels.ports import OutsideOf
from api.deps import Context, SessionsOf
from api.orders.money import MoneyView
from api.strict import Code, Line, Reason, SafeStr, StrictBody
from db.finance.invoice_queries import invoices_of
from db.finance.invoices import ask_invoice, cancel_invoice, reverse_invoice
from db.orders.queries import OrderQueries
from db.platform.audit import audit
from domain.finance.invoices import Buyer
from domain.shared.errors import OrderNotFound

router = APIRouter(tags=["orders"])

TaxNo = Annotated[SafeStr, Field(pattern=r"^([0-9A-Z]{15,20})?$")]
Email = Annotated[SafeStr, Field(pattern=r"^([^@\s]{1,100}@[^@\s]{1,100}\.[^@\s]{1,50})?$")]


class InvoiceWish(StrictBody):
    """Whom the invoice is for; without a tax number he is a person."""

    title: Line
    tax_no: TaxNo = ""
    email: Email = ""


class InvoiceReason(StrictBody):
    reason: Reason


class InvoiceNo(BaseModel):
    """Our number of an invoice."""

    invoice_no: str


class InvoiceView(BaseModel):
    """An invoice; whom it is for is kept sealed and told to its issuer alone. `number` is the tax
    bureau's, `taken_back` what red invoices take of a blue one."""

    invoice_no: str
    kind: str
    takes_back: str
    state: str
    total: MoneyView
    tax: MoneyView
    taken_back: MoneyView
    reason: str
    number: str
    url: str
    cause: str
    asked_by: str
    created_at: datetime
    settled_at: datetime | None


class InvoiceList(BaseModel):
    items: list[InvoiceView]


@router.get("/orders/{no}/invoices")
async def list_invoices(no: Code, sessions: SessionsOf) -> InvoiceList:
    """Invoices of an order, the first first."""
    async with sessions.begin() as session:
        order = await OrderQueries(session).find(no)
        if order is None:
            raise OrderNotFound(f"there is no order {no[:50]}")
        rows = await invoices_of(session, order.id)
    return InvoiceList(items=[_view(row) for row in rows])


@router.post("/orders/{no}/invoices", status_code=201)
async def ask_for_invoice(
    no: Code, body: InvoiceWish, context: Context, outside: OutsideOf
) -> InvoiceNo:
    """Ask for an invoice; it is issued as soon as the goods have left."""
    buyer = Buyer(body.title, body.tax_no, body.email)
    async with context.sessions.begin() as session:
        invoice_no = await ask_invoice(session, outside.vault, no, buyer, context.actor)
        await audit(
            session, context.actor, "invoice.wanted", f"invoice/{invoice_no}",
            after={"order": no}, request_id=context.request_id,
        )  # fmt: skip
    return InvoiceNo(invoice_no=invoice_no)


@router.post("/orders/{no}/invoices/{invoice_no}/cancellation")
async def cancel_wish(
    no: Code, invoice_no: Code, body: InvoiceReason, context: Context
) -> InvoiceNo:
    """Nobody wants it any more; possible until the goods have left."""
    async with context.sessions.begin() as session:
        await cancel_invoice(session, no, invoice_no)
        await audit(
            session, context.actor, "invoice.cancelled", f"invoice/{invoice_no}",
            reason=body.reason, request_id=context.request_id,
        )  # fmt: skip
    return InvoiceNo(invoice_no=invoice_no)


@router.post("/orders/{no}/invoices/{invoice_no}/reversal", status_code=201)
async def reverse(no: Code, invoice_no: Code, body: InvoiceReason, context: Context) -> InvoiceNo:
    """Take all that is left of a wrong invoice back; afterwards another one may be asked for."""
    async with context.sessions.begin() as session:
        red_no = await reverse_invoice(session, no, invoice_no, context.actor)
        await audit(
            session, context.actor, "invoice.reversed", f"invoice/{invoice_no}",
            after={"red": red_no}, reason=body.reason, request_id=context.request_id,
        )  # fmt: skip
    return InvoiceNo(invoice_no=red_no)


def _view(row: Any) -> InvoiceView:
    return InvoiceView(
        invoice_no=row.no, kind=row.kind, takes_back=row.blue_no or "", state=row.state,
        total=MoneyView.of(row.total_minor, row.currency),
        tax=MoneyView.of(row.tax_minor, row.currency),
        taken_back=MoneyView.of(row.red_minor, row.currency), reason=row.reason,
        number=row.number, url=row.url, cause=row.cause, asked_by=row.asked_by,
        created_at=row.created_at, settled_at=row.settled_at,
    )  # fmt: skip
