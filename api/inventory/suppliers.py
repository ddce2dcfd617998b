"""Suppliers over the API: how they perform, and their terms."""

from fastapi import APIRouter

from api.deps import Context, SessionsOf, VaultOf
from api.inventory.purchase_bodies import (
    SupplierItemBody,
    SupplierSummary,
    SupplierTerms,
    SupplierView,
)
from api.orders.returns import minor
from api.strict import Code
from db.inventory.purchase_queries import supplier_detail, suppliers
from db.inventory.supplier_terms import Item, Terms, save_item, save_terms, supplier_row
from db.platform.audit import audit

router = APIRouter(tags=["purchasing"])


@router.get("/suppliers")
async def list_suppliers(sessions: SessionsOf) -> list[SupplierSummary]:
    """All suppliers, with their open orders and how they performed in the last half year."""
    async with sessions.begin() as session:
        return [SupplierSummary.of(row) for row in await suppliers(session)]


@router.get("/suppliers/{code}")
async def get_supplier(code: Code, sessions: SessionsOf) -> SupplierView:
    """One supplier with its terms and open orders."""
    async with sessions.begin() as session:
        return SupplierView.whole(await supplier_detail(session, code))


@router.put("/suppliers/{code}/terms")
async def set_terms(
    code: Code, body: SupplierTerms, context: Context, vault: VaultOf
) -> SupplierView:
    """Set how it is worked with."""
    async with context.sessions.begin() as session:
        currency = (await supplier_row(session, code)).currency
        terms = Terms(
            body.lead_time_days, body.order_days, body.days_off, minor(body.minimum, currency),
            body.over_receipt_percent, body.acknowledge_hours, body.remind_days, body.port,
            body.address, body.secret,
            None if body.budget is None else minor(body.budget, currency),
        )  # fmt: skip
        await save_terms(session, vault, code, terms)
        await audit(
            session, context.actor, "supplier.terms", f"supplier/{code}",
            after=body.model_dump(mode="json", exclude={"secret", "address"}),
            request_id=context.update_id,
        )  # fmt: skip
    return await get_supplier(code, context.sessions)


@router.put("/suppliers/{code}/items/{sku:path}")
async def set_item(code: Code, sku: Code, body: SupplierItemBody, context: Context) -> SupplierView:
    """Set how one SKU is bought from it."""
    async with context.sessions.begin() as session:
        currency = (await supplier_row(session, code)).currency
        told = body.model_dump(exclude={"price"})
        await save_item(session, code, Item(sku, minor(body.price, currency), **told))
        await audit(
            session, context.actor, "supplier.item", f"supplier/{code}",
            after={"sku": sku, **body.model_dump(mode="json")}, request_id=context.update_id,
        )  # fmt: skip
    return await get_supplier(code, context.sessions)
