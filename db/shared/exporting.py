"""Lists to be taken away: read through a cursor of the server, slice by slice."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from db.engine import Sessions
from db.orders.customers import opened
from db.sql import run
from db.vault import Vault, dealer_context, supplier_context
from domain.platform.cells import WHOLE_COMPANY
from domain.platform.masking import mask_detail, mask_name, mask_phone
from domain.shared.money import Money

SLICE: Final = 2_000
# Whoever loads a list slowly keeps its picture for so long.
_PATIENCE: Final = (
    "SET LOCAL idle_in_transaction_session_timeout = '10min'",
    "SET LOCAL statement_timeout = '60s'",
)
_PRODUCTS: Final = "SELECT * FROM sku ORDER BY code"
_STOCK: Final = """
SELECT location_id AS location, sku, lot, condition, on_hand, reserved FROM stock_balance
WHERE owner = 'own' ORDER BY location_id, sku, lot, condition
"""
_SUPPLIERS: Final = "SELECT * FROM supplier ORDER BY code"
_SUPPLIER_ITEMS: Final = """
SELECT i.*, s.currency FROM supplier_item i JOIN supplier s ON s.code = i.supplier
ORDER BY i.supplier, i.sku
"""
_DEALERS: Final = "SELECT * FROM dealer ORDER BY code"

_USERS: Final = """
SELECT a.login, a.name, a.roles, a.language, a.active,
       (SELECT string_agg(s.location_id, ', ' ORDER BY s.location_id) FROM account_scope s
        WHERE s.account_id = a.id AND s.with_below) AS places,
       (SELECT string_agg(s.location_id, ', ' ORDER BY s.location_id) FROM account_scope s
        WHERE s.account_id = a.id AND NOT s.with_below) AS places_alone
FROM account a ORDER BY a.login
"""

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Listed:
    """A list that may be exported: its statement, and how a row becomes the columns of a file."""

    statement: str
    record: Callable[[Any, Vault, bool], Record]


def _product(row: Any, vault: Vault, people: bool) -> Record:
    told = dict(row._mapping)
    return told | {
        "sku": row.code,
        "price": Money(row.price_minor, row.currency).major,
        "cost": Money(row.cost_minor, row.currency).major,
    }


def _stock(row: Any, vault: Vault, people: bool) -> Record:
    return dict(row._mapping) | {"counted": row.on_hand}


def _supplier(row: Any, vault: Vault, people: bool) -> Record:
    contact = vault.open_secrets(bytes(row.contact), supplier_context(row.code))
    return dict(row._mapping) | _contact(contact, people)


def _supplier_item(row: Any, vault: Vault, people: bool) -> Record:
    return dict(row._mapping) | {"price": Money(row.price_minor, row.currency).major}


def _dealer(row: Any, vault: Vault, people: bool) -> Record:
    contact = vault.open_secrets(bytes(row.contact), dealer_context(row.code))
    limit = Money(row.credit_limit_minor, row.currency).major
    return dict(row._mapping) | {"location": row.location_id or "", "credit_limit": limit} | (
        _contact(contact, people)
    )  # fmt: skip


def _customer(row: Any, vault: Vault, people: bool) -> Record:
    told = dict(opened(row, vault).told)
    if not people:
        told |= {
            "name": mask_name(told["name"]), "phone": mask_phone(told["phone"]),
            "address": mask_detail(told["address"]),
        }  # fmt: skip
    return {"code": row.code, **told}


def _user(row: Any, vault: Vault, people: bool) -> Record:
    unlimited = not (row.places or row.places_alone)
    return dict(row._mapping) | {
        "roles": ", ".join(sorted(row.roles)),
        "places": WHOLE_COMPANY if unlimited else row.places,
    }


def _contact(contact: Mapping[str, str], people: bool) -> dict[str, str]:
    told = {name: contact.get(name, "") for name in ("contact", "phone", "email", "address")}
    if people:
        return told
    return {
        "contact": mask_name(told["contact"]), "phone": mask_phone(told["phone"]),
        "email": mask_detail(told["email"]), "address": mask_detail(told["address"]),
    }  # fmt: skip


LISTS: Final[Mapping[str, Listed]] = {
    "products": Listed(_PRODUCTS, _product),
    "stock": Listed(_STOCK, _stock),
    "suppliers": Listed(_SUPPLIERS, _supplier),
    "supplier_items": Listed(_SUPPLIER_ITEMS, _supplier_item),
    "dealers": Listed(_DEALERS, _dealer),
    "users": Listed(_USERS, _user),
    "customers": Listed("SELECT * FROM customer ORDER BY code", _customer),
}


async def slices(
    sessions: Sessions, vault: Vault, name: str, columns: Sequence[str], *, people: bool
) -> AsyncIterator[list[list[Any]]]:
    """The list's rows as these columns, in slices; what is read is of one moment."""
    listed = LISTS[name]
    async with sessions.begin() as session:
        await be_patient(session)
        connection = await session.connection()
        streamed = await connection.stream(
            text(listed.statement), execution_options={"yield_per": SLICE}
        )
        async for rows in streamed.partitions(SLICE):
            records = (listed.record(row, vault, people) for row in rows)
            yield [[record.get(column) for column in columns] for record in records]


async def be_patient(session: AsyncSession) -> None:
    """This transaction may take as long as somebody needs to load a long list."""
    for statement in _PATIENCE:
        await run(session, statement)
