"""What each action does to an order as it is now, computed from the order alone.

Actions that are confirmed by a plan say what the plan does in `domain.orders.plan_effects`; here
stands what is certain before anything was chosen.
"""

from collections.abc import Callable, Iterable
from typing import Final

from domain.orders.actions import Doing
from domain.orders.effects import UNDO, Effect, Effects, OrderNow, ShipmentNow, waybills_void
from domain.orders.lifecycle import BLOCKS_ALLOCATION
from domain.orders.order import HoldKind, ShipmentStatus

_LABELLED: Final = (ShipmentStatus.PACKED, ShipmentStatus.LABELLED)


def effects_of(doing: Doing, order: OrderNow, hold: str = "") -> Effects:
    """What this action does now; `hold` is the kind that is released."""
    if doing is Doing.RELEASE:
        return _release(order, hold)
    return _ALL[doing](order)


def _hold(order: OrderNow) -> Effects:
    return Effects(
        stock=_kept(order),
        parcels=(
            *(Effect("stops", one.no, other=one.status, place=one.place) for one in order.here),
            *(Effect("others_stop", no) for no in _mates(order.here)),
            *_go_on(order),
        ),
        undo=UNDO["hold"],
    )


def _release(order: OrderNow, hold: str) -> Effects:
    others = order.holds - {hold}
    return Effects(
        stock=(*_kept(order), *_reserved_then(order, others)),
        money=(
            (Effect("goes_unpaid", amount_minor=order.owed_minor, currency=order.currency),)
            if hold == HoldKind.UNPAID and order.owed_minor and not others
            else ()
        ),
        parcels=(Effect("holds_stay", quantity=len(others)),) if others else _move_on(order),
        undo=UNDO["release"],
    )


def _reserved_then(order: OrderNow, holds: frozenset[str]) -> tuple[Effect, ...]:
    """Holds that say what is sent, and where, keep it from being reserved; others do not."""
    if not order.open_units or BLOCKS_ALLOCATION & {HoldKind(kind) for kind in holds}:
        return ()
    if order.stock_given_back:
        return (Effect("reserved_once_paid", quantity=order.open_units),)
    return (Effect("will_be_reserved", quantity=order.open_units),)


def _address(order: OrderNow) -> Effects:
    """Before a new one was typed: what is labelled is labelled again, wherever it goes."""
    labelled = [one for one in order.here if one.waybills]
    return Effects(
        stock=_kept(order),
        money=(Effect("rated_again"),) if order.here else (),
        parcels=(
            *(Effect("void_label", waybill) for one in labelled for waybill in one.waybills),
            *(Effect("labelled_again", one.no, place=one.place) for one in labelled),
            *(Effect("leaves_box", no) for no in _mates(order.here)),
        ),
        messages=waybills_void(labelled),
        undo=UNDO["address"],
    )


def _cancel(order: OrderNow) -> Effects:
    return Effects(
        stock=(
            *(Effect("freed", one.no, one.units, one.place) for one in order.here),
            *_leaves_queue(order),
        ),
        money=_back(order),
        parcels=(
            *(Effect("void_label", waybill) for one in order.here for waybill in one.waybills),
            *(Effect("intercept", waybill) for one in order.left for waybill in one.waybills),
        ),
        messages=waybills_void(order.here),
    )


def _lines(order: OrderNow) -> Effects:
    return Effects(stock=_kept(order), money=(Effect("price_follows"),), undo=UNDO["lines"])


def _split(order: OrderNow) -> Effects:
    return Effects(
        stock=_kept(order),
        money=(Effect("freight_more"),),
        parcels=tuple(
            Effect("may_be_divided", one.no, one.units, one.place)
            for one in order.here
            if one.may_move and not one.goes_with
        ),
        undo=UNDO["split"],
    )


def _merge(order: OrderNow) -> Effects:
    return Effects(
        money=(Effect("freight_less"),),
        parcels=tuple(Effect("may_go_with", no) for no in order.goes_with),
        undo=UNDO["merge"],
    )


def _unmerge(order: OrderNow) -> Effects:
    shared = [one for one in order.here if one.goes_with]
    closed = [one for one in shared if one.status in _LABELLED]
    return Effects(
        money=(Effect("freight_more"),),
        parcels=(
            *(Effect("void_label", waybill) for one in closed for waybill in one.waybills),
            *(Effect("box_opened", one.no) for one in closed),
            *(Effect("leaves_box", no) for no in _mates(shared)),
        ),
        messages=waybills_void(closed),
        undo=UNDO["unmerge"],
    )


def _difference(order: OrderNow) -> Effects:
    others = order.holds - {HoldKind.DIFFERENCE, HoldKind.UNPAID}
    return Effects(
        stock=_reserved_then(order, others),
        money=(Effect("owed_now", amount_minor=order.owed_minor, currency=order.currency),),
        parcels=(Effect("holds_stay", quantity=len(others)),) if others else _move_on(order),
    )


def _return(order: OrderNow) -> Effects:
    units = sum(one.units for one in order.left)
    return Effects(
        stock=(Effect("inspected_first", quantity=units),),
        money=(Effect("decided_first"),),
        messages=(Effect("buyer_told_way"),) if order.is_ours else (Effect("channel_case"),),
        undo=UNDO["return"],
    )


def _return_label(order: OrderNow) -> Effects:
    delivered = [one for one in order.left if one.status is ShipmentStatus.DELIVERED]
    place = delivered[0].place if delivered else ""
    return Effects(
        stock=(Effect("inspected_first", quantity=sum(one.units for one in delivered)),),
        money=(Effect("way_back_costs"),),
        parcels=(Effect("waybill_back", place=place),),
        messages=(Effect("carrier_collects"),),
        undo=UNDO["return_label"],
    )


def _void_label(order: OrderNow) -> Effects:
    return Effects(
        parcels=(Effect("void_label", order.label_open),),
        messages=(Effect("carrier_cancels", order.label_open),),
        undo=UNDO["void_label"],
    )


def _invoice(order: OrderNow) -> Effects:
    kept = min(order.received_minor, order.payable_minor) if order.is_ours else order.payable_minor
    waits = not order.shipments or bool(order.here)
    return Effects(
        money=(Effect("invoiced_later" if waits else "invoiced_now", amount_minor=kept,
                      currency=order.currency),),
        messages=(Effect("issuer_sends"),),
        undo=UNDO["invoice"],
    )  # fmt: skip


def _cancel_invoice(order: OrderNow) -> Effects:
    return Effects(money=(Effect("not_issued", order.invoice_open),), undo=UNDO["cancel_invoice"])


def _reverse_invoice(order: OrderNow) -> Effects:
    return Effects(
        money=(Effect("red_invoice", order.invoice_open, amount_minor=order.invoice_minor,
                      currency=order.currency),),
        messages=(Effect("issuer_sends"),),
    )  # fmt: skip


def _words(doing: Doing) -> Callable[[OrderNow], Effects]:
    return lambda _: Effects(messages=(Effect("colleagues_read"),), undo=UNDO[doing])


def _kept(order: OrderNow) -> tuple[Effect, ...]:
    kept = tuple(Effect("kept", one.no, one.units, one.place) for one in order.here)
    awaited = order.awaited_units
    return (*kept, *([Effect("goes_on_waiting", quantity=awaited)] if awaited else ()))


def _leaves_queue(order: OrderNow) -> tuple[Effect, ...]:
    awaited = order.awaited_units
    return (Effect("leaves_queue", quantity=awaited),) if awaited else ()


def _back(order: OrderNow) -> tuple[Effect, ...]:
    if not order.received_minor:
        return ()
    if not order.is_ours:
        return (Effect("channel_refunds"),)
    return (Effect("refund_due", amount_minor=order.received_minor, currency=order.currency),)


def _go_on(order: OrderNow) -> tuple[Effect, ...]:
    return tuple(Effect("goes_on", one.no, other=one.status) for one in order.left)


def _move_on(order: OrderNow) -> tuple[Effect, ...]:
    """Parts that nobody works on yet wait for what is not in stock."""
    waits = bool(order.awaited_units)
    return tuple(
        Effect(
            "waits_for_rest" if waits and one.status is ShipmentStatus.ALLOCATED else "moves_on",
            one.no, other=one.status, place=one.place,
        )
        for one in order.here
    )  # fmt: skip


def _mates(shipments: Iterable[ShipmentNow]) -> list[str]:
    return sorted({no for one in shipments for no in one.goes_with})


_ALL: Final[dict[Doing, Callable[[OrderNow], Effects]]] = {
    Doing.HOLD: _hold,
    Doing.ADDRESS: _address,
    Doing.CANCEL: _cancel,
    Doing.LINES: _lines,
    Doing.SPLIT: _split,
    Doing.MERGE: _merge,
    Doing.UNMERGE: _unmerge,
    Doing.DIFFERENCE: _difference,
    Doing.RETURN: _return,
    Doing.RETURN_LABEL: _return_label,
    Doing.VOID_LABEL: _void_label,
    Doing.INVOICE: _invoice,
    Doing.CANCEL_INVOICE: _cancel_invoice,
    Doing.REVERSE_INVOICE: _reverse_invoice,
    Doing.NOTE: _words(Doing.NOTE),
    Doing.TAG: _words(Doing.TAG),
}
