"""Whose earlier returns count: those of the same buyer, and never those of a stranger."""

import pytest

from db.engine import Sessions
from db.orders.receivers import Person
from db.orders.return_acts import open_return
from db.orders.returns import Asked, earlier_returns
from db.sql import run
from domain.orders.returns.model import ReturnKind, ReturnOrigin, ReturnReason
from tests.api.orders.world import seed_order, seed_shipment, seed_shop
from tests.people import buyer, columns_of

SEALED = """
UPDATE receiver SET sealed = :sealed, digest = :digest, phone_digest = :phone_digest,
    phone_last4 = :phone_last4, kind = :kind WHERE order_id = :order_id
"""
BUYER = "UPDATE sales_order SET buyer_digest = :ref WHERE id = :order_id"


@pytest.mark.parametrize(
    ("phones", "kind", "refs", "earlier"),
    [
        (("13800000001", "13800000001"), "contact", ("", ""), 1),
        (("13800000001", "+86 138 0000 0001"), "contact", ("", ""), 1),
        (("13800000001", "13900000001"), "contact", ("", ""), 0),
        (("138****0001", "138****0001"), "masked", ("", ""), 0),
        (("138****0001", "138****0001"), "contact", ("", ""), 0),
        (("", ""), "contact", ("", ""), 0),
        (("", ""), "contact", ("buyer 1", "buyer 1"), 1),
        (("138****0001", "138****0001"), "masked", ("buyer 1", "buyer 2"), 0),
    ],
)
async def test_earlier_returns_are_those_of_the_same_buyer(
    sessions: Sessions, phones: tuple[str, str], kind: str, refs: tuple[str, str], earlier: int
) -> None:
    await seed_shop(sessions)
    for number, phone, ref in zip("12", phones, refs, strict=True):
        await seed_order(sessions, number)
        await seed_shipment(sessions, number, status="delivered")
        order_id = f"ord_{number}"
        columns = columns_of(order_id, Person(phone=phone))
        asked = Asked(
            ReturnKind.RETURN, ReturnOrigin.CONSUMER, ReturnReason.DAMAGED, {f"{order_id}.1/A": 1}
        )
        async with sessions.begin() as session:
            await run(session, SEALED, order_id=order_id, kind=kind, **columns)
            await run(session, BUYER, order_id=order_id, ref=buyer(ref))
            number_of = await open_return(session, order_id, asked)

    async with sessions.begin() as session:
        assert await earlier_returns(session, number_of, "ord_2") == earlier
