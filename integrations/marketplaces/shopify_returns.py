"""Returns that a Shopify buyer asks for: told by webhook, answered through GraphQL Admin.

Facts: shopify.dev (returnApproveRequest, returnDeclineRequest, returnProcess, returnClose and their
inputs, ReturnStatus); the webhook's body and the fields of a return line as two public integrations
each have them.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Final, Protocol

from pydantic import AwareDatetime, BeforeValidator, TypeAdapter, ValidationError

from domain.orders.after_sale import AfterSale, AfterSaleKind, AfterSaleStage
from domain.shared.errors import Rejected
from domain.shared.money import minor_digits
from integrations.marketplaces.cases import Seen, answer_once, by_hand
from integrations.marketplaces.port import CaseVerdict, Push, Verdict
from integrations.marketplaces.reading import (
    Body,
    BodyT,
    Fee,
    Number,
    Text,
    or_empty,
    or_none,
    read_answer,
    read_body,
)
from integrations.marketplaces.shopify_graph_order import GraphBody

TOPICS: Final = frozenset(
    f"returns/{one}"
    for one in ("request", "approve", "decline", "cancel", "close", "reopen", "process", "update")
)
STAGES: Final = {
    "REQUESTED": AfterSaleStage.REQUESTED,
    "OPEN": AfterSaleStage.AGREED,
    "DECLINED": AfterSaleStage.REFUSED,
    "CANCELED": AfterSaleStage.CLOSED,
    "CLOSED": AfterSaleStage.DONE,
}
DECLINE_REASONS: Final = ("OTHER", "FINAL_SALE", "RETURN_PERIOD_ENDED")
_LONGEST_NOTE: Final = 500
_MONEY_IN: Final = ("SALE", "CAPTURE")
_TIME: Final = TypeAdapter(AwareDatetime)

RETURN_QUERY: Final = """query Return($id: ID!) {
  return(id: $id) {
    id status
    returnLineItems(first: 100) {
      nodes { ... on ReturnLineItem { id quantity refundableQuantity refundedQuantity } }
      pageInfo { hasNextPage }
    }
    order {
      transactions(first: 100) {
        id kind status amountSet { presentmentMoney { amount currencyCode } }
      }
    }
  }
}"""
APPROVE: Final = """mutation ReturnApprove($input: ReturnApproveRequestInput!) {
  answered: returnApproveRequest(input: $input) { userErrors { code field message } }
}"""
DECLINE: Final = """mutation ReturnDecline($input: ReturnDeclineRequestInput!) {
  answered: returnDeclineRequest(input: $input) { userErrors { code field message } }
}"""
PROCESS: Final = """mutation ReturnProcess($input: ReturnProcessInput!) {
  answered: returnProcess(input: $input) { userErrors { code field message } }
}"""
CLOSE: Final = """mutation ReturnClose($id: ID!) {
  answered: returnClose(id: $id) { userErrors { code field message } }
}"""


class Asks(Protocol):
    async def __call__(
        self, query: str, variables: Mapping[str, Any], *, changes: bool
    ) -> bytes: ...


class _Id(Body):
    id: Number


class _ToldFulfilled(Body):
    line_item: _Id


class _ToldLine(Body):
    fulfillment_line_item: _ToldFulfilled
    quantity: int = 0
    return_reason: Text = ""
    customer_note: Text = ""


class _ToldReturn(Body):
    id: Number
    status: Text = ""
    order: _Id
    return_line_items: Annotated[tuple[_ToldLine, ...], BeforeValidator(or_none)] = ()


class _Line(GraphBody):
    id: Number
    quantity: int = 0
    refundable_quantity: int = 0
    refunded_quantity: int = 0


class _PageInfo(GraphBody):
    has_next_page: bool = False


class _Lines(GraphBody):
    nodes: tuple[_Line, ...] = ()
    page_info: _PageInfo = _PageInfo()


class _Amount(GraphBody):
    amount: Fee
    currency_code: Text = ""


class _AmountSet(GraphBody):
    presentment_money: _Amount


class _Transaction(GraphBody):
    id: Number
    kind: Text = ""
    status: Text = ""
    amount_set: _AmountSet


class _Order(GraphBody):
    transactions: tuple[_Transaction, ...] = ()


class Return(GraphBody):
    id: Number
    status: Text = ""
    return_line_items: _Lines = _Lines()
    order: Annotated[_Order, BeforeValidator(or_empty)] = _Order()


class _ReturnAnswer(Body):
    data: dict[str, Any]


class _UserError(Body):
    code: Text = ""
    field: Annotated[tuple[str, ...], BeforeValidator(or_none)] = ()
    message: Text = ""


class _Answered(GraphBody):
    user_errors: tuple[_UserError, ...] = ()


class _AnsweredData(Body):
    answered: _Answered


class _MutationAnswer(Body):
    data: _AnsweredData


def is_return(raw: bytes) -> bool:
    """Whether a stored body is a return and not an order."""
    try:
        found: Any = json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "return_line_items" in found


def read_return(message_id: str, topic: str, triggered_at: str, body: bytes) -> Push:
    """The message of a return; one that cannot be read is kept for a person."""
    try:
        told = read_body(_ToldReturn, body, system="shopify")
        at = _TIME.validate_python(triggered_at)
    except (Rejected, ValidationError) as error:
        why = f"{error.code}: {error}" if isinstance(error, Rejected) else "no triggered-at"
        return Push(message_id, topic, "", parked_reason=why)
    lines = told.return_line_items
    notes = [line.customer_note or line.return_reason for line in lines]
    case = AfterSale(
        external_no=told.order.id,
        after_sale_no=told.id,
        kind=AfterSaleKind.RETURN if lines else AfterSaleKind.OTHER,
        stage=STAGES.get(told.status.upper(), AfterSaleStage.UNKNOWN),
        vendor_status=told.status[:100],
        modified=at,
        reason=next(filter(None, notes), "")[:500],
        external_line_nos=tuple(line.fulfillment_line_item.line_item.id for line in lines),
        line_units=tuple(max(line.quantity, 0) for line in lines),
    )
    return Push(message_id, topic, told.order.id, after_sale=case)


async def answer(verdict: CaseVerdict, ask: Asks, settings: Mapping[str, Any]) -> None:
    """Approve or decline the request; when the goods are here, process the return with the refund
    that was settled, and close it. The seller makes the refund."""
    gid = f"gid://shopify/Return/{verdict.after_sale_no}"

    async def read() -> Seen[Return]:
        raw = await ask(RETURN_QUERY, {"id": gid}, changes=False)
        found = _read(_ReturnAnswer, raw).data.get("return")
        if found is None:
            raise Rejected(f"no return {verdict.after_sale_no}", code="not_found", system="shopify")
        told = read_body(Return, json.dumps(found).encode(), system="shopify")
        return Seen(STAGES.get(told.status, AfterSaleStage.UNKNOWN), AfterSaleKind.RETURN, told)

    async def say(case: Seen[Return]) -> None:
        if verdict.verdict is Verdict.AGREE:
            await _tell(ask, APPROVE, {"input": {"id": gid, "notifyCustomer": True}})
        elif verdict.verdict is Verdict.REFUSE:
            told = {"id": gid, "declineReason": str(settings.get("decline_reason") or "OTHER")}
            note = {"declineNote": verdict.reason[:_LONGEST_NOTE]} if verdict.reason else {}
            await _tell(ask, DECLINE, {"input": {**told, **note, "notifyCustomer": True}})
        else:
            if not any(line.refunded_quantity for line in case.told.return_line_items.nodes):
                await _tell(ask, PROCESS, {"input": processing(verdict, case.told)})
            await _tell(ask, CLOSE, {"id": gid})

    await answer_once(verdict, read, say, "shopify")


def processing(verdict: CaseVerdict, told: Return) -> dict[str, Any]:
    """All units of the return, and the refund out of the payments that came in, first come first.

    Raises NotOffered where that cannot be said in one call.
    """
    if told.return_line_items.page_info.has_next_page:
        raise by_hand("this return has more lines than can be processed at once")
    lines = [
        {"id": line.id, "quantity": line.refundable_quantity}
        for line in told.return_line_items.nodes
        if line.refundable_quantity
    ]
    left, parts = verdict.refund_minor, []
    for one in told.order.transactions:
        money = one.amount_set.presentment_money
        if one.kind not in _MONEY_IN or one.status != "SUCCESS" or not left:
            continue
        digits = minor_digits(money.currency_code)
        taken = min(left, int(money.amount.scaleb(digits)))
        amount = {
            "amount": str(Decimal(taken).scaleb(-digits)), "currencyCode": money.currency_code,
        }  # fmt: skip
        parts.append({"parentId": one.id, "transactionAmount": amount})
        left -= taken
    if left or not lines:
        raise by_hand("the refund does not fit the payments that Shopify shows")
    return {
        "returnId": told.id,
        "returnLineItems": lines,
        "financialTransfer": {"issueRefund": {"orderTransactions": parts}},
        "notifyCustomer": True,
    }


async def _tell(ask: Asks, document: str, variables: Mapping[str, Any]) -> None:
    raw = await ask(document, variables, changes=True)
    for error in _read(_MutationAnswer, raw, changes=True).data.answered.user_errors:
        code = error.code or ".".join(error.field) or "userErrors"
        raise Rejected(error.message or "no reason given", code=code, system="shopify")


def _read(model: type[BodyT], raw: bytes, *, changes: bool = False) -> BodyT:
    return read_answer(model, raw, system="shopify", changes=changes)
