"""Our clients and the sandboxes speak the same protocol; the vectors prove it is the vendors'."""

from typing import Any

import httpx
import pytest

from domain.orders.payment import RefundStatus
from domain.shared.errors import (
    AnswerLost,
    CredentialsRefused,
    NotEnoughBalance,
    RateLimited,
    Rejected,
    Unavailable,
)
from integrations.payments.port import FORGED, STALE, Captured, RefundTold
from integrations.sandbox.demo_keys import private_pem, public_pem
from tests.integrations.payments.world import (
    PROVIDERS,
    Payments,
    open_payments,
    payments_world,
    request_for,
)

OPERATIONS = {
    "wechatpay": ("refund", "query"),
    "alipay": ("alipay.trade.refund", "alipay.trade.fastpay.refund.query"),
    "stripe": ("refund", "refunds"),
}


@pytest.fixture(params=PROVIDERS)
def payments(request: pytest.FixtureRequest) -> Payments:
    return payments_world(request.param)


async def settled(payments: Payments, payment: Any, refund_no: str = "RF1") -> RefundStatus:
    """Time passes until the provider has done it; what it says then."""
    await payments.world.pass_time(30)
    await payments.world.pass_time(30)
    state = await payments.client.query(request_for(payment, refund_no))
    assert state is not None
    return state.status


async def test_a_payment_is_told_with_its_order(payments: Payments) -> None:
    payment = await payments.pay("MP-1", "20.50")

    (notice,) = payments.notices
    assert isinstance(notice.news, Captured)
    assert notice.news.transaction_id == payment["transaction_id"]
    assert notice.news.order_no == "MP-1"
    assert notice.news.amount_minor == 2050
    assert notice.news.currency == payment["currency"]
    assert notice.news.captured_at == payments.world.now()


async def test_paying_again_is_a_second_payment_of_the_same_order(payments: Payments) -> None:
    await payments.pay("MP-1")
    await payments.pay("MP-1")

    first, second = (notice.news for notice in payments.notices)
    assert isinstance(first, Captured)
    assert isinstance(second, Captured)
    assert first.order_no == second.order_no == "MP-1"
    assert first.transaction_id != second.transaction_id


async def test_a_refund_is_made_found_and_told(payments: Payments) -> None:
    payment = await payments.pay()
    request = request_for(payment)

    state = await payments.client.refund(request)

    assert state.status in (RefundStatus.PROCESSING, RefundStatus.SUCCEEDED)
    assert await settled(payments, payment) is RefundStatus.SUCCEEDED
    told = [notice.news for notice in payments.notices if isinstance(notice.news, RefundTold)]
    assert [one.refund_no for one in told] == ["RF1"]
    assert not payments.refused


async def test_the_same_number_again_is_the_same_refund(payments: Payments) -> None:
    payment = await payments.pay()
    for _ in range(3):
        await payments.client.refund(request_for(payment))

    assert [one["amount"] for one in await payments.refunds()] == [500]


async def test_the_same_number_for_another_sum_is_refused(payments: Payments) -> None:
    payment = await payments.pay()
    await payments.client.refund(request_for(payment))

    with pytest.raises(Rejected):
        await payments.client.refund(request_for(payment, minor=501))

    assert [one["amount"] for one in await payments.refunds()] == [500]


async def test_an_unknown_number_is_not_there(payments: Payments) -> None:
    payment = await payments.pay()

    assert await payments.client.query(request_for(payment, "RF-none")) is None


async def test_more_than_was_paid_is_refused_for_good(payments: Payments) -> None:
    payment = await payments.pay()

    with pytest.raises(Rejected) as caught:
        await payments.client.refund(request_for(payment, minor=2001))

    assert not isinstance(caught.value, NotEnoughBalance)
    assert await payments.refunds() == []


async def test_too_small_a_balance_asks_for_a_top_up_and_then_works(payments: Payments) -> None:
    payment = await payments.pay()
    await payments.control("PUT", "balance", {"minor": 100})

    with pytest.raises(NotEnoughBalance) as caught:
        await payments.client.refund(request_for(payment))
    assert "NOT_ENOUGH" in caught.value.code or caught.value.code == "balance_insufficient"

    await payments.control("PUT", "balance", {"minor": 500})
    await payments.client.refund(request_for(payment))
    assert await settled(payments, payment) is RefundStatus.SUCCEEDED


async def test_a_lost_answer_is_found_by_our_number(payments: Payments) -> None:
    payment = await payments.pay()
    operation = OPERATIONS[payments.name][0]
    await payments.world.fault(
        vendor=payments.name, operation=operation, kind="error_after", times=1
    )

    with pytest.raises(AnswerLost):
        await payments.client.refund(request_for(payment))

    assert await settled(payments, payment) is RefundStatus.SUCCEEDED


@pytest.mark.parametrize("kind", ["error_before", "error_after"])
async def test_a_failure_of_theirs_may_have_been_done(payments: Payments, kind: str) -> None:
    payment = await payments.pay()
    operation, question = OPERATIONS[payments.name]
    for one in (operation, question):
        await payments.world.fault(vendor=payments.name, operation=one, kind=kind, times=1)

    with pytest.raises(AnswerLost):
        await payments.client.refund(request_for(payment))
    with pytest.raises(Unavailable) as caught:
        await payments.client.query(request_for(payment))
    assert not isinstance(caught.value, AnswerLost)


async def test_throttling_is_told_as_such(payments: Payments) -> None:
    payment = await payments.pay()
    await payments.world.fault(
        vendor=payments.name, operation=OPERATIONS[payments.name][0], kind="throttle", times=1
    )

    with pytest.raises(RateLimited):
        await payments.client.refund(request_for(payment))


async def test_a_wrong_key_is_told_as_refused_credentials(payments: Payments) -> None:
    payment = await payments.pay()
    wrong = (
        {"secret_key": "wrong"}
        if payments.name == "stripe"
        else {"private_key": private_pem("somebody else")}
    )
    client = open_payments(payments.name, payments.world.vendor_http, payments.world.now, **wrong)

    with pytest.raises(CredentialsRefused):
        await client.refund(request_for(payment))

    assert await payments.refunds() == []


@pytest.mark.parametrize("name", ["wechatpay", "alipay"])
async def test_an_answer_somebody_else_signed_is_not_believed(name: str) -> None:
    payments = payments_world(name)
    payment = await payments.pay()
    theirs = "platform_key" if name == "wechatpay" else "alipay_key"
    client = open_payments(
        name, payments.world.vendor_http, payments.world.now, **{theirs: public_pem("merchant")}
    )

    with pytest.raises(AnswerLost) as caught:
        await client.refund(request_for(payment))

    assert caught.value.code == "unproven_answer"


@pytest.mark.parametrize("name", ["wechatpay", "stripe"])
async def test_a_refund_that_fails_is_told(name: str) -> None:
    payments = payments_world(name)
    payment = await payments.pay()
    await payments.control("PUT", "refund-fate", {"fate": "abnormal"})

    first = await payments.client.refund(request_for(payment))

    assert first.status is RefundStatus.PROCESSING
    expected = RefundStatus.ABNORMAL if name == "wechatpay" else RefundStatus.CLOSED
    assert await settled(payments, payment) is expected
    told = [notice.news for notice in payments.notices if isinstance(notice.news, RefundTold)]
    assert [one.state.status for one in told if one.state] == [expected]


async def test_an_abnormal_refund_is_mended_at_the_desk() -> None:
    payments = payments_world("wechatpay")
    payment = await payments.pay()
    await payments.control("PUT", "refund-fate", {"fate": "abnormal"})
    await payments.client.refund(request_for(payment))
    assert await settled(payments, payment) is RefundStatus.ABNORMAL

    await payments.control("POST", "refunds/RF1/mend")

    assert await settled(payments, payment) is RefundStatus.SUCCEEDED


async def test_a_notice_is_told_again_until_it_is_taken_and_is_fresh_every_time(
    payments: Payments,
) -> None:
    take, payments.world.answer = payments.world.answer, lambda _: httpx.Response(500)
    await payments.pay()
    assert payments.notices == []
    payments.world.answer = take

    for _ in range(10):
        await payments.world.pass_time(400)

    assert len(payments.notices) == 1
    assert not payments.refused


async def test_a_changed_notice_is_refused(payments: Payments) -> None:
    await payments.pay()
    (request,) = payments.world.received
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = request.content

    for changed in (body + b" ", body.replace(b"2", b"3"), b""):
        with pytest.raises(Rejected) as caught:
            payments.client.read_notification(headers, {}, changed)
        assert caught.value.code == FORGED
    if payments.name == "alipay":  # its signature is in the body
        return
    with pytest.raises(Rejected) as caught:
        payments.client.read_notification({}, {}, body)
    assert caught.value.code == FORGED
    assert payments.client.refuse(caught.value).status in (400, 401)


@pytest.mark.parametrize("name", ["wechatpay", "stripe"])
async def test_an_old_notice_is_refused(name: str) -> None:
    payments = payments_world(name)
    await payments.pay()
    (request,) = payments.world.received
    headers = {key.lower(): value for key, value in request.headers.items()}
    await payments.world.pass_time(299)
    payments.client.read_notification(headers, {}, request.content)
    await payments.world.pass_time(2)

    with pytest.raises(Rejected) as caught:
        payments.client.read_notification(headers, {}, request.content)

    assert caught.value.code == STALE


async def test_stripe_forgets_a_key_after_a_day_and_is_asked_first() -> None:
    payments = payments_world("stripe")
    payment = await payments.pay()
    await payments.client.refund(request_for(payment))
    await payments.world.pass_time(90_000)

    found = await payments.client.query(request_for(payment))

    assert found is not None
    assert found.status is RefundStatus.SUCCEEDED
    assert len(await payments.refunds()) == 1


async def test_stripe_reads_back_what_was_refunded_already() -> None:
    payments = payments_world("stripe")
    payment = await payments.pay()
    request = request_for(payment, minor=2000)
    await payments.client.refund(request)
    await payments.world.pass_time(90_000)  # the key is forgotten

    again = await payments.client.refund(request)

    assert again.status is RefundStatus.SUCCEEDED
    assert len(await payments.refunds()) == 1
