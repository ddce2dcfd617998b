"""What a channel tells of a case, and a carrier of a parcel, opens and moves returns by itself."""

from collections.abc import Mapping
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders.refunds import tell_return
from db.orders.return_acts import open_return, parcel_sent, withdraw
from db.orders.return_money import order_money
from db.orders.returns import Asked, lock_order, lock_return, return_state, returnable, tell
from db.sql import run
from domain.orders.after_sale import AfterSale, AfterSaleKind, AfterSaleStage
from domain.orders.returns.model import Decision, Outcome, ReturnKind, ReturnOrigin, ReturnReason
from domain.orders.returns.money import Terms, settle
from domain.shared.errors import DomainError

_ORDER: Final = """
SELECT id FROM sales_order
WHERE channel = :channel AND shop_id = :shop_id AND external_no = :external_no
"""

_OF_CASE: Final = "SELECT return_no FROM sales_return WHERE shop_id = :shop_id AND case_no = :no"

_CHANNEL_DECIDED: Final = """
UPDATE sales_return SET decision = :decision, decided_by = 'channel', to_tell = '',
    judged_at = coalesce(judged_at, clock_timestamp()), clock_left_s = NULL,
    updated_at = clock_timestamp()
WHERE return_no = :return_no AND decision = '' AND outcome = ''
"""

_NOTHING_TO_TELL: Final = """
UPDATE sales_return SET to_tell = '', updated_at = clock_timestamp() WHERE return_no = :return_no
"""

_SHIPMENT: Final = """
SELECT s.order_id, (SELECT min(p.carrier) FROM parcel p
                    WHERE p.shipment_no = s.no AND p.voided_at IS NULL) AS carrier,
       (SELECT min(p.waybill_no) FROM parcel p
        WHERE p.shipment_no = s.no AND p.voided_at IS NULL) AS waybill_no,
       (SELECT bool_or(p.incident = 'refused') FROM parcel p
        WHERE p.shipment_no = s.no AND p.voided_at IS NULL) AS refused
FROM shipment s WHERE s.no = :no
"""

_IN_IT: Final = """
SELECT fulfilment_line_id AS id, coalesce(picked_quantity, quantity) AS units
FROM shipment_line WHERE shipment_no = :no
"""

_GOODS_BACK: Final = (AfterSaleStage.AGREED, AfterSaleStage.ON_THE_WAY, AfterSaleStage.RECEIVED)


async def follow_case(
    session: AsyncSession, channel: str, shop_id: str, case: AfterSale
) -> str | None:
    """Open the return of a case about goods that were sent, or move the one it has; its number.

    What was not sent needs no return: the case keeps it here. A case whose kind is not told yet
    opens nothing; the channel is asked, and says more.
    """
    orders = await run(
        session, _ORDER, channel=channel, shop_id=shop_id, external_no=case.external_no
    )
    if not orders:
        return None
    order_id = orders[0].id
    await lock_order(session, order_id)
    known = await run(session, _OF_CASE, shop_id=shop_id, no=case.after_sale_no)
    number = known[0].return_no if known else await _opened(session, order_id, case)
    if number is not None:
        await _move(session, number, case)
    return number


async def came_back(session: AsyncSession, shipment_no: str) -> str | None:
    """The carrier brings a shipment back: a return of what is in it, which nobody has to ask for.

    None when all of it is in returns already.
    """
    shipments = await run(session, _SHIPMENT, no=shipment_no)
    if not shipments:
        return None
    shipment = shipments[0]
    units = await units_in(session, shipment_no, shipment.order_id)
    if not any(units.values()):
        return None
    reason = ReturnReason.REFUSED if shipment.refused else ReturnReason.RETURNED_TO_SENDER
    asked = Asked(
        ReturnKind.CAME_BACK, ReturnOrigin.TRACKING, reason, units,
        carrier=shipment.carrier or "", waybill_no=shipment.waybill_no or "",
    )  # fmt: skip
    return await open_return(session, shipment.order_id, asked)


async def units_in(session: AsyncSession, shipment_no: str, order_id: str) -> dict[str, int]:
    """Units of a shipment that are in no return yet, by line. The order is locked from now on."""
    await lock_order(session, order_id)
    free = {row.id: row.left_over for row in await returnable(session, order_id)}
    return {
        row.id: min(row.units, free.get(row.id, 0))
        for row in await run(session, _IN_IT, no=shipment_no)
    }


async def _opened(session: AsyncSession, order_id: str, case: AfterSale) -> str | None:
    kinds = {
        AfterSaleKind.RETURN: ReturnKind.RETURN,
        AfterSaleKind.EXCHANGE: ReturnKind.RETURN,
        AfterSaleKind.REFUND: ReturnKind.REFUND_ONLY,
    }
    kind = kinds.get(case.kind)
    if kind is None or case.stage.is_over or case.stage is AfterSaleStage.UNKNOWN:
        return None
    units, goodwill = await _units(session, order_id, case, kind)
    if not units and not goodwill:
        return None
    asked = Asked(
        kind, ReturnOrigin.CHANNEL, ReturnReason.OTHER, units, case.reason[:500], goodwill,
        case.after_sale_no,
        remedy="exchange" if case.kind is AfterSaleKind.EXCHANGE else "refund",
        actor="channel",
    )  # fmt: skip
    try:
        return await open_return(session, order_id, asked)
    except DomainError:
        return None  # its units came back in another return: the case is shown on the order


async def _units(
    session: AsyncSession, order_id: str, case: AfterSale, kind: ReturnKind
) -> tuple[Mapping[str, int], int]:
    """Units of the case, all that was sent of its lines; or a sum, where it is less than these."""
    rows = [row for row in await returnable(session, order_id) if row.left_over]
    if case.external_line_nos:
        rows = [row for row in rows if row.external_line_no in case.external_line_nos]
    told = dict(zip(case.external_line_nos, case.line_units, strict=False))
    units = {
        row.id: min(int(row.left_over), told.get(row.external_line_no, int(row.left_over)))
        for row in rows
    }
    if kind.needs_goods or not units or not case.amount_minor:
        return units, 0
    worth = settle(await order_money(session, order_id), units, Terms()).refund_minor
    return (units, 0) if case.amount_minor >= worth else ({}, case.amount_minor)


async def _move(session: AsyncSession, return_no: str, case: AfterSale) -> None:
    row = await lock_return(session, return_no)
    if row.to_tell and case.stage.answers(row.to_tell):  # in the channel's own back office
        await run(session, _NOTHING_TO_TELL, return_no=return_no)
        await tell_return(session, return_no, row.order_id)
    if row.outcome != Outcome.OPEN:
        return
    if case.stage in (*_GOODS_BACK, AfterSaleStage.DONE):
        await _decided(session, row, Decision.APPROVED, "return_approve")
    elif case.stage is AfterSaleStage.REFUSED:
        await _decided(session, row, Decision.REJECTED, "return_reject")
    elif case.stage is AfterSaleStage.CLOSED:
        state = await return_state(session, return_no)
        if not state.received_units and not state.settled:
            await withdraw(session, return_no, "closed by the channel", "channel")
            return
    await _parcel(session, return_no, case)
    await tell_return(session, return_no, row.order_id)


async def _parcel(session: AsyncSession, return_no: str, case: AfterSale) -> None:
    """The parcel that the case names, if the return awaits one; a refused one awaits none."""
    row = await lock_return(session, return_no)
    awaited = ReturnKind(row.kind).needs_goods and row.decision == Decision.APPROVED
    if awaited and case.return_waybill_no:
        carrier, number = case.return_carrier[:100], case.return_waybill_no[:100]
        await parcel_sent(session, return_no, carrier, number, "channel")


async def _decided(session: AsyncSession, row: Any, decision: Decision, story: str) -> None:
    """The channel decided before we did."""
    if row.decision != Decision.NONE:
        return
    await run(session, _CHANNEL_DECIDED, return_no=row.return_no, decision=decision)
    data = {"return_no": row.return_no}
    await tell(session, row.order_id, row.return_no, story, data, "channel")
