"""The money of one order: every payment and refund, with its provider's number."""

from datetime import UTC, datetime

import pytest

from db.engine import Sessions
from db.orders.payment_tables import PaymentAccountRow
from db.orders.payments import NewPayment, record_payment
from tests.web.world import Person


@pytest.mark.usefixtures("order")
async def test_a_payment_and_the_one_too_many_are_on_the_page_and_in_the_api(
    service: Person, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        account = PaymentAccountRow(
            id="wx", provider="wechatpay", shop_id="mini", name="WX", base_url="http://wx"
        )
        session.add(account)
        await session.flush()
        for transaction in ("T-FIRST", "T-AGAIN"):
            payment = NewPayment(
                "wx", "wechatpay", "mini", transaction, "ref", "1",
                2550, "CNY", datetime(2026, 5, 1, tzinfo=UTC),
            )  # fmt: skip
            await record_payment(session, payment)

    page = (await service.get("/orders/O-1")).text
    answer = (await service.get("/api/v1/orders/O-1")).json()

    for words in ("WeChat Pay", "T-FIRST", "T-AGAIN", "paid once too often", "being asked for"):
        assert words in page
    assert "goes back by itself" in page
    assert [one["purpose"] for one in answer["payments"]] == ["order", "surplus"]
    (refund,) = answer["refunds"]
    assert refund["refund_no"] in page
    assert (refund["state"], refund["amount"]["amount"]) == ("intended", "25.50")
