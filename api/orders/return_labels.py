"""Return labels: a waybill with which a consumer sends goods of a delivered order back."""

from fastapi import APIRouter

from api.deps import Context
from api.strict import Code, Reason, StrictBody
from db.logistics.return_labels import cancel_label, want_label
from db.platform.audit import audit
from integrations.carriers.registry import RETURNS

router = APIRouter(tags=["orders"])


class ReturnWish(StrictBody):
    """Why the goods come back, or stay after all."""

    reason: Reason


class ReturnLabel(StrictBody):
    """The number the carrier knows it by."""

    label_no: str


@router.post("/orders/{no}/return-labels")
async def order_return_label(no: Code, body: ReturnWish, context: Context) -> ReturnLabel:
    """Order a return label for what was delivered; its waybill appears on the order."""
    async with context.sessions.begin() as session:
        label_no = await want_label(session, no, RETURNS, reason=body.reason, by=context.actor)
        await audit(
            session, context.actor, "return_label.wanted", f"return_label/{label_no}",
            reason=body.reason, request_id=context.request_id,
        )  # fmt: skip
    return ReturnLabel(label_no=label_no)


@router.post("/orders/{no}/return-labels/{label_no}/cancellation")
async def cancel_return_label(
    no: Code, label_no: Code, body: ReturnWish, context: Context
) -> ReturnLabel:
    """Void a return label; possible until its carrier has the parcel."""
    async with context.sessions.begin() as session:
        await cancel_label(session, no, label_no)
        await audit(
            session, context.actor, "return_label.cancelled", f"return_label/{label_no}",
            reason=body.reason, request_id=context.request_id,
        )  # fmt: skip
    return ReturnLabel(label_no=label_no)
