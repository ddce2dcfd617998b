"""What payment providers tell: proven genuine, committed, and only then acknowledged."""

import hashlib
from typing import Any, Final

import structlog
from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from api.channels.ports import OutsideOf, PaymentAccount
from api.channels.webhooks import read, refused
from db.orders.payments import NewPayment, record_payment
from db.orders.refunds import record_refund_news
from db.shared.notices import keep_notice
from domain.shared.errors import Rejected
from integrations.payments.port import Captured, NoticeAnswer, PaymentNotice, RefundTold

log = structlog.get_logger()

router = APIRouter(prefix="/webhooks/payments", tags=["webhooks"])

_NO_ACCOUNT: Final = "unknown_account"
_LONGEST_ORDER_NO: Final = 64
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "Not in the provider's form, or (Stripe) not genuine"},
    401: {"description": "Signature wrong, missing or too old"},
    404: {"description": "No such account"},
    413: {"description": "Larger than 1 MB"},
    503: {"description": "The account's credentials are missing here; send again later"},
}


@router.post("/{provider}/{account_id}", responses=_RESPONSES)
async def notify(provider: str, account_id: str, request: Request, outside: OutsideOf) -> Response:
    """A payment or a refund made a move; the answer is in the provider's form."""
    source = f"payments/{provider}/{account_id}"
    body = await read(request, source)
    try:
        account = await outside.adapters.payment_account(account_id)
    except Rejected as error:
        refused(request, source, error.code, str(error))
        return Response(status_code=404 if error.code == _NO_ACCOUNT else 503)
    client = account.provider
    if client.provider != provider:
        refused(request, source, _NO_ACCOUNT, "the account is another provider's")
        return Response(status_code=404)
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        notice = client.read_notification(headers, dict(request.query_params), body)
    except Rejected as error:
        refused(request, source, error.code, str(error))
        return _response(client.refuse(error))
    async with outside.sessions.begin() as session:
        outcome = await _apply(session, account, notice)
        await keep_notice(
            session, outside.vault, source=f"payment/{provider}", account_id=account.id,
            shop_id=account.shop_id,
            notice_id=notice.notice_id, topic=notice.topic, outcome=outcome, raw=body,
            external_no=notice.news.order_no if isinstance(notice.news, Captured) else "",
        )  # fmt: skip
    log.info(
        "payment.notice", provider=provider, account_id=account.id, topic=notice.topic[:100],
        outcome=outcome,
    )  # fmt: skip
    return _response(client.acknowledge())


async def _apply(session: AsyncSession, account: PaymentAccount, notice: PaymentNotice) -> str:
    """What became of it. Every part may come twice and in any order."""
    match notice.news:
        case Captured() as paid:
            purpose = await record_payment(session, _payment(account, paid))
            return f"payment:{purpose}" if purpose else "duplicate"
        case RefundTold(refund_no, state):
            status = state.status if state else None
            known = await record_refund_news(
                session, refund_no, account.id, status,
                vendor_refund_id=state.vendor_refund_id if state else "",
                vendor_status=state.vendor_status if state else "",
            )  # fmt: skip
            return "refund" if known else "unknown_refund"
        case _:
            return "ignored"


def _payment(account: PaymentAccount, paid: Captured) -> NewPayment:
    order_no = paid.order_no
    if len(order_no) > _LONGEST_ORDER_NO:  # nobody's order, but money: it is kept and found again
        order_no = "sha256:" + hashlib.sha256(order_no.encode()).hexdigest()[:48]
    return NewPayment(
        account.id,
        account.provider.provider,
        account.shop_id,
        paid.transaction_id,
        paid.merchant_ref,
        order_no,
        paid.amount_minor,
        paid.currency,
        paid.captured_at,
    )


def _response(answer: NoticeAnswer) -> Response:
    return Response(answer.body, answer.status, media_type=answer.content_type)
