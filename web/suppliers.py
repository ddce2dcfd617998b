"""Suppliers: how they deliver, their terms, and what is open with them."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from api.deps import Context, SessionsOf, VaultOf
from api.inventory import suppliers as api
from api.inventory.purchase_bodies import SupplierItemBody, SupplierTerms
from db.inventory.purchase_queries import supplier_detail, suppliers
from domain.shared.errors import InvalidInput
from domain.shared.money import Money
from web.input import Short, typed
from web.order_actions import body_of
from web.purchases import number_of
from web.render import page
from web.returns import sum_of, to_page

router = APIRouter(include_in_schema=False)
Long = Annotated[str, Form(max_length=5000)]


@router.get("/suppliers")
async def supplier_list(request: Request, sessions: SessionsOf) -> Response:
    """All suppliers, those who are late first."""
    async with sessions.begin() as session:
        rows = await suppliers(session)
    return page(request, "suppliers.html", rows=rows)


@router.get("/suppliers/{code}")
async def one(code: str, request: Request, sessions: SessionsOf) -> Response:
    """One supplier: how it delivers, its terms, its open orders."""
    async with sessions.begin() as session:
        detail = await supplier_detail(session, typed(code))
    return page(request, "supplier.html", detail=detail)


@router.get("/suppliers/{code}/terms")
async def terms_form(code: str, request: Request, sessions: SessionsOf) -> Response:
    """Its terms, to be changed."""
    async with sessions.begin() as session:
        detail = await supplier_detail(session, typed(code))
    terms = detail.terms
    minimum = str(Money(terms.minimum_minor, terms.currency).major)
    kept = terms.budget_minor
    budget = "" if kept is None else str(Money(kept, terms.currency).major)
    return page(request, "supplier_terms.html", detail=detail, minimum=minimum, budget=budget)


@router.post("/suppliers/{code}/terms")
async def terms(
    code: str,
    request: Request,
    context: Context,
    vault: VaultOf,
    lead_time_days: Short = "0",
    minimum: Short = "0",
    budget: Short = "",
    days_off: Long = "",
    over_receipt_percent: Short = "0",
    acknowledge_hours: Short = "48",
    remind_days: Short = "2",
    port: Short = "",
    address: Annotated[str, Form(max_length=500)] = "",
    secret: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Keep them."""
    form = await request.form()
    order_days = "".join(sorted(str(day) for day in form.getlist("order_days")))
    body = body_of(
        SupplierTerms, lead_time_days=number_of(lead_time_days), order_days=order_days,
        days_off=_days(days_off), minimum=sum_of(minimum),
        budget=sum_of(budget) if budget.strip() else None,
        over_receipt_percent=number_of(over_receipt_percent),
        acknowledge_hours=number_of(acknowledge_hours), remind_days=number_of(remind_days),
        port=port, address=address, secret=secret,
    )  # fmt: skip
    await api.set_terms(typed(code), body, context, vault)
    return to_page(request, f"/suppliers/{typed(code)}")


@router.get("/suppliers/{code}/items/{sku:path}")
async def item_form(code: str, sku: str, request: Request, sessions: SessionsOf) -> Response:
    """How one SKU is bought; `new` for another one."""
    async with sessions.begin() as session:
        detail = await supplier_detail(session, typed(code))
    known = next((one for one in detail.items if one.sku == typed(sku)), None)
    price = str(Money(known.price_minor, detail.terms.currency).major) if known else ""
    return page(request, "supplier_item.html", detail=detail, item=known, price=price)


@router.post("/suppliers/{code}/items")
async def item(
    code: str,
    request: Request,
    context: Context,
    sku: Short = "",
    price: Short = "",
    supplier_sku: Short = "",
    moq: Short = "1",
    multiple: Short = "1",
    case_pack: Short = "1",
    lead_time_days: Short = "",
    min_life_days: Short = "0",
    preferred: Short = "",
    active: Short = "",
) -> Response:
    """Keep it."""
    body = body_of(
        SupplierItemBody, price=sum_of(price), supplier_sku=supplier_sku, moq=number_of(moq),
        multiple=number_of(multiple), case_pack=number_of(case_pack),
        lead_time_days=number_of(lead_time_days) if lead_time_days.strip() else None,
        min_life_days=number_of(min_life_days or "0"),
        preferred=bool(preferred), active=bool(active),
    )  # fmt: skip
    if not typed(sku):
        raise InvalidInput("a SKU is needed")
    await api.set_item(typed(code), typed(sku), body, context)
    return to_page(request, f"/suppliers/{typed(code)}")


def _days(text: str) -> list[date]:
    """Days as people write them, one a line or between commas. Raises InvalidInput."""
    found: list[Any] = []
    for told in text.replace(",", "\n").split():
        try:
            found.append(date.fromisoformat(told))
        except ValueError:
            raise InvalidInput("a day must be a date, such as 2026-03-01") from None
    return found
