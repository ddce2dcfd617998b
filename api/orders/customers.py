"""The company's customer book: found by number, phone or its end, masked; and taken out of."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator

from api.deps import Context, RequestContext
from api.errors import Problem
from api.strict import Code, StrictBody, clean
from db.orders.customers import Customer, find_customers, take_out
from db.platform.audit import audit
from domain.platform.masking import seen
from domain.platform.permissions import Role

router = APIRouter(tags=["customers"])

Search = Annotated[str, Query(max_length=64), AfterValidator(clean)]
PAGE_SIZE = 50


class CustomerView(StrictBody):
    """As the caller's roles see people: masked."""

    code: str
    name: str
    phone: str
    province: str
    city: str
    district: str
    address: str

    @classmethod
    def of(cls, one: Customer, roles: frozenset[Role]) -> "CustomerView":
        told = one.told
        return cls(
            code=one.code, name=seen("name", told["name"], roles),
            phone=seen("phone", told["phone"], roles), province=told["province"],
            city=told["city"], district=told["district"],
            address=seen("detail", told["address"], roles),
        )  # fmt: skip


class CustomersView(StrictBody):
    """`following` is given as `skip` to get the next page; none at the end."""

    items: list[CustomerView]
    following: int | None


@router.get("/customers")
async def list_customers(
    context: Context, q: Search = "", skip: Annotated[int, Query(ge=0, le=10_000_000)] = 0
) -> CustomersView:
    """By customer number; `q` finds one by number, by the phone in any form, or by its last four
    digits."""
    async with context.sessions.begin() as session:
        found = await find_customers(session, context.vault, q.strip(), skip, PAGE_SIZE + 1)
    items = [CustomerView.of(one, context.principal.roles) for one in found[:PAGE_SIZE]]
    return CustomersView(items=items, following=skip + PAGE_SIZE if found[PAGE_SIZE:] else None)


@router.delete("/customers/{code}", status_code=204)
async def erase_customer(code: Code, context: Context) -> None:
    """Out of the book for good; orders stay as they are, erase the person for those."""
    await erased(context, code)


async def erased(context: RequestContext, code: str) -> None:
    """Raises Problem 404."""
    async with context.sessions.begin() as session:
        if not await take_out(session, code):
            raise Problem("NotFound", 404)
        await audit(
            session, context.actor, "customer.erased", f"customer/{code}",
            request_id=context.request_id,
        )  # fmt: skip
