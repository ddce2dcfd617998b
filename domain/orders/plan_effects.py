"""What plans that people confirm do: the same lines as of every other action."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.orders.added_units import FreeNow
from domain.orders.cancellation import CancellationPlan
from domain.orders.editing import EditPlan
from domain.orders.effects import UNDO, Effect, Effects, OrderNow, waybills_void
from domain.orders.merging import MergePlan, PartingPlan
from domain.orders.readdressing import AddressPlan, Kept
from domain.orders.splitting import SplitPlan

# Under which heading the effects of a cancellation stand; the order they happen in stays.
_OF_STOCK = ("release_stock", "comes_back", "cancel_line")
_OF_MONEY = ("refund_due", "channel_refunds", "refund_after_return")


def effects_of_cancellation(plan: CancellationPlan, order: OrderNow) -> Effects:
    """Stock that is freed or comes back, money, parcels, and carriers that are asked."""
    told = [
        Effect(each.kind, each.subject, each.quantity, amount_minor=each.amount_minor,
               currency=each.currency)
        for each in plan.effects
    ]  # fmt: skip
    stopped = [one for one in order.here if one.no in plan.shipment_nos]
    asked = [one for one in order.left if one.no in plan.intercept_nos]
    return Effects(
        stock=tuple(one for one in told if one.kind in _OF_STOCK),
        money=tuple(one for one in told if one.kind in _OF_MONEY),
        parcels=tuple(one for one in told if one.kind not in _OF_STOCK + _OF_MONEY),
        messages=(
            *waybills_void(stopped),
            *(Effect("carrier_asked_back", waybill, other=one.carrier)
              for one in asked for waybill in one.waybills),
        ),
    )  # fmt: skip


def effects_of_merge(plan: MergePlan, places: Mapping[str, str], currency: str) -> Effects:
    """`places` are the names of locations; `currency` is the company's."""
    place = places.get(plan.location_id, plan.location_id)
    others = len(plan.order_nos) > 1
    return Effects(
        stock=tuple(Effect("reserved_instead", no, place=place) for no in plan.moved),
        money=_freight(plan, currency),
        parcels=(
            _count(plan),
            Effect("one_parcel", plan.lead, place=place),
            *(Effect("rides", no, other=plan.lead) for no in plan.riders),
        ),
        messages=(Effect("same_waybill"),) if others else (),
        undo=UNDO["merge"] if others else UNDO["split"],
    )


def effects_of_parting(plan: PartingPlan, order: OrderNow, currency: str) -> Effects:
    """A closed box is opened: its waybill is void and all of it is packed anew."""
    shared = [one for one in order.here if one.no in plan.shipments]
    closed = shared if plan.closed else []
    return Effects(
        stock=tuple(Effect("planned_again", one.no, one.units, one.place) for one in closed),
        money=_freight(plan, currency),
        parcels=(
            _count(plan),
            *(Effect("void_label", waybill) for one in closed for waybill in one.waybills),
            *(Effect("box_opened", one.no) for one in closed),
            *(Effect("leaves_box", no) for no in plan.others),
        ),
        messages=waybills_void(closed),
        undo=UNDO["unmerge"],
    )


def effects_of_split(plan: SplitPlan, places: Mapping[str, str], currency: str) -> Effects:
    """Now, later, and when it is there."""
    place = places.get(plan.location_id, plan.location_id)
    moved = sum(units for part in plan.parts for *_, units in part.lines) if place else 0
    return Effects(
        stock=(
            *([Effect("reserved_there", quantity=moved, place=place)] if moved else ()),
            *([Effect("goes_on_waiting", quantity=plan.units_awaited)]
              if plan.units_awaited else ()),
        ),
        money=_freight(plan, currency),
        parcels=(
            _count(plan),
            Effect("goes_now", quantity=plan.units_now),
            *([Effect("goes_later", quantity=plan.units_later)] if plan.units_later else ()),
        ),
        undo=UNDO["split"],
    )  # fmt: skip


def effects_of_edit(
    plan: EditPlan,
    order: OrderNow,
    free: Sequence[FreeNow],
    places: Mapping[str, str],
    currency: str,
) -> Effects:
    """Stock of what is added at every place, who owes what, and in which parcel it goes; `currency`
    is the company's."""
    fewer = [
        Effect("units_freed", line.title or line.sku, line.quantity_before - line.quantity_after)
        for line in plan.lines
        if line.quantity_after < line.quantity_before
    ]
    there = [
        Effect("free_at", one.sku, one.units, other=" · ".join(
            f"{places.get(place, place)} {units}" for place, units in one.places))
        for one in free
    ]  # fmt: skip
    taken = [
        Effect("reserved_of", sku, units, places.get(one.location_id, one.location_id))
        for one in plan.added
        for _, sku, units in one.lines
    ]
    later = [Effect("reserved_later", one.sku, one.units) for one in free if not plan.added]
    waits = [Effect("stops", one.no, other=one.status, place=one.place) for one in order.here]
    return Effects(
        (*fewer, *there, *taken, *later), _money_of_edit(plan, currency),
        (*_parcels_of_edit(plan, places), *(waits if plan.owed_minor else ())), (), UNDO["lines"],
    )  # fmt: skip


def _money_of_edit(plan: EditPlan, currency: str) -> tuple[Effect, ...]:
    costs = Effect(
        "costs", amount_minor=plan.payable_after_minor, before_minor=plan.payable_before_minor,
        currency=plan.currency,
    )  # fmt: skip
    owed = Effect("owed", amount_minor=plan.owed_minor, currency=plan.currency)
    back = Effect("refund_due", amount_minor=plan.refund_minor, currency=plan.currency)
    carriage = sum(one.cost_minor for one in plan.added)
    more = Effect("carriage_more", amount_minor=carriage, currency=currency)
    return (
        costs,
        *([owed] if plan.owed_minor else ()),
        *([back] if plan.refund_minor else ()),
        *([more] if carriage else ()),
    )


def _parcels_of_edit(plan: EditPlan, places: Mapping[str, str]) -> tuple[Effect, ...]:
    return tuple(
        Effect("goes_along", one.shipment_no, place=places.get(one.location_id, one.location_id))
        if one.shipment_no
        else Effect("new_shipment", one.carrier,
                    place=places.get(one.location_id, one.location_id))
        for one in plan.added
    )  # fmt: skip


def effects_of_address(
    plan: AddressPlan,
    places: Mapping[str, str],
    currency: str,
    deliver_by: tuple[datetime | None, datetime | None],
) -> Effects:
    """`deliver_by` is the promise before and then."""
    before, after = plan.freight_before_minor, plan.freight_after_minor
    due, then = deliver_by
    void = [(waybill, one.carrier_before) for one in plan.kept for waybill in one.waybills]
    void += [(waybill, one.carrier) for one in plan.given for waybill in one.waybills]
    return Effects(
        stock=(
            *(Effect("kept", one.no, one.units, places.get(one.location_id, one.location_id))
              for one in plan.kept),
            *(Effect("planned_again" if one.opened else "freed", one.no, one.units,
                     places.get(one.location_id, one.location_id)) for one in plan.given),
            *(Effect("reserved_new", quantity=sum(units for *_, units in one.lines),
                     place=places.get(one.location_id, one.location_id)) for one in plan.sent),
        ),
        money=(
            (Effect("freight", amount_minor=after, before_minor=before, currency=currency),)
            if plan.kept or plan.given
            else ()
        ),
        parcels=(
            *(Effect("void_label", waybill) for waybill, _ in void),
            *(_way(one, places) for one in plan.kept),
            *(Effect("not_served", one.no, place=places.get(one.location_id, one.location_id))
              for one in plan.given if not one.opened),
            *(Effect("box_opened", one.no) for one in plan.given if one.opened),
            *(Effect("leaves_box", no) for one in plan.kept for no in one.others),
            *(Effect("new_shipment", one.carrier,
                     place=places.get(one.location_id, one.location_id)) for one in plan.sent),
            *([Effect("deliver_by" if due != then else "deliver_by_still", at=then, before=due)]
              if due and then else ()),
        ),
        messages=(
            *(Effect("carrier_cancels", waybill, other=carrier) for waybill, carrier in void),
            Effect("channel_not_told"),
        ),
        undo=UNDO["address"],
    )  # fmt: skip


def _way(one: Kept, places: Mapping[str, str]) -> Effect:
    place = places.get(one.location_id, one.location_id)
    if one.waybills:
        return Effect("labelled_with", one.no, place=place, other=one.carrier_after)
    if one.carrier_after == one.carrier_before:
        return Effect("goes_there_too", one.no, place=place, other=one.carrier_after)
    return Effect("goes_there_with", one.no, place=place, other=one.carrier_after)


def _freight(plan: MergePlan | PartingPlan | SplitPlan, currency: str) -> tuple[Effect, ...]:
    before, after = plan.freight_before_minor, plan.freight_after_minor
    return (Effect("freight", amount_minor=after, before_minor=before, currency=currency),)


def _count(plan: MergePlan | PartingPlan | SplitPlan) -> Effect:
    return Effect("parcels", quantity=plan.parcels_after, other=str(plan.parcels_before))
