"""Telling the channel that a parcel left, and deciding with which carrier it goes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from temporalio import activity

from activities.orders.ports import Adapters
from activities.shared.attempts import attempt
from activities.shared.trying import sends
from db.engine import Sessions
from db.logistics.tariffs import carriers_without_cash, price_list, shut_carriers
from db.orders.shipments import ShipmentRepository
from db.platform.effects import EffectRepository
from db.platform.gates import Gates, Waiting
from db.platform.outbox import queue_shop_webhook
from domain.logistics.tariff import best_quote, contract_day
from domain.orders.boxes import share_over_boxes
from domain.orders.work import OutsideStep, ShipmentFacts, ShipmentStep
from domain.shared.errors import ActionNotAllowed, CredentialsRefused
from domain.shared.ids import shipment_workflow_id
from integrations.carriers.registry import COLLECTS_CASH
from integrations.marketplaces.own_events import build_shipped_event
from integrations.marketplaces.port import PlatformWaybills, ShipConfirmation, ShippedLine

_CONFIRM: Final = """
SELECT p.id, p.carrier, p.waybill_no, o.external_no, o.shop_id,
       (SELECT jsonb_object_agg(g.external_line_no, g.quantity) FROM order_line g
        WHERE g.order_id = o.id AND g.kind = 'goods' AND NOT g.cancelled) AS goods,
       o.channel, coalesce(s.handed_over_at, now()) AS shipped_at,
       (SELECT jsonb_object_agg(x.external_line_no, x.quantity) FROM (
            SELECT l.external_line_no,
                   (l.quantity * sum(coalesce(y.picked_quantity, y.quantity))
                    / (SELECT sum(quantity) FROM fulfilment_line WHERE order_line_id = l.id)
                   )::bigint AS quantity
            FROM shipment_line y JOIN order_line l ON l.id = y.order_line_id
            WHERE y.shipment_no = s.no GROUP BY l.id) x
        WHERE x.quantity > 0) AS lines,
       CASE WHEN s.ships_with = '' THEN p.id ELSE s.no || ':' || p.id END AS told_as
FROM shipment s
JOIN parcel p ON p.shipment_no = coalesce(nullif(s.ships_with, ''), s.no)
JOIN sales_order o ON o.id = s.order_id
WHERE s.no = :no AND p.voided_at IS NULL
  -- its channel knows nothing of an order that we made to send goods anew
  AND NOT EXISTS (SELECT FROM sales_return r WHERE r.new_order_id = o.id)
ORDER BY p.id
"""

_TO_RATE: Final = """
SELECT p.id, p.weight_g, p.length_mm, p.width_mm, p.height_mm, p.carrier,
       r.division_code AS destination, l.division_code AS origin,
       s.carrier AS expected, s.product AS expected_product, o.cash_on_delivery
FROM parcel p JOIN shipment s ON s.no = p.shipment_no JOIN sales_order o ON o.id = s.order_id
JOIN receiver r ON r.order_id = s.order_id JOIN location l ON l.id = s.location_id
WHERE p.shipment_no = :no AND p.voided_at IS NULL AND p.waybill_no = ''
"""


@dataclass(frozen=True, slots=True)
class TellingActivities:
    """What a shipment says to its channel, and which carrier it takes."""

    sessions: Sessions
    adapters: Adapters
    gates: Gates

    @activity.defn(name="shipment.rate")
    async def rate(self, step: ShipmentStep) -> ShipmentFacts:
        """The cheapest carrier of our tariff for each unlabelled parcel; a shut gate comes last.

        While the order is held nothing is decided. Raises ActionNotAllowed when no tariff row
        covers the way; GateHolding when the platform that has to make the waybill, so only some
        carriers come into question, cannot be called for.
        """
        async with self.sessions.begin() as session:
            facts = await ShipmentRepository(session).facts(step.shipment_no)
        platform = await self._platform_of(facts)
        async with self.sessions.begin() as session:
            shipments = ShipmentRepository(session)
            facts = await shipments.facts(step.shipment_no)
            if facts.blocked_by:
                return facts
            chosen = facts.carrier
            today = contract_day(datetime.now(UTC))
            prices, shut = await price_list(session, today), await shut_carriers(session)
            cashless = await carriers_without_cash(session, COLLECTS_CASH)
            for parcel in await shipments.run(_TO_RATE, {"no": step.shipment_no}):
                if parcel.carrier:
                    chosen = parcel.carrier
                    continue
                lines = prices.between(parcel.origin or "", parcel.destination or "", today)
                if parcel.cash_on_delivery:
                    lines = tuple(line for line in lines if line.carrier not in cashless)
                if platform is not None:
                    made = tuple(line for line in lines if not platform.missing(line.carrier))
                    lines = made or lines
                volume = parcel.length_mm * parcel.width_mm * parcel.height_mm
                hoped = (parcel.expected, parcel.expected_product)
                quote = best_quote(lines, parcel.weight_g, volume, shut, hoped)
                if quote is None:
                    raise ActionNotAllowed("no tariff of any carrier covers this way")
                chosen = quote.row.carrier
                choice = {"carrier": chosen, "product": quote.row.product}
                await shipments.run(
                    "UPDATE parcel SET carrier = :carrier, product = :product WHERE id = :id",
                    {**choice, "id": parcel.id},
                )
                await shipments.run(
                    "UPDATE shipment SET carrier = :carrier, product = :product,"
                    " freight_minor = freight_minor + :fee WHERE no = :no",
                    {**choice, "fee": quote.price_minor, "no": step.shipment_no},
                )
            return replace(facts, carrier=chosen)

    async def _platform_of(self, facts: ShipmentFacts) -> PlatformWaybills | None:
        """The waybills of the platform that hides the receiver, if it makes some."""
        if not facts.is_masked or facts.blocked_by:
            return None
        try:
            return await self.adapters.waybills(facts.shop_id)
        except CredentialsRefused as error:  # it waits where all calls of the shop do
            waiting = Waiting(shipment_workflow_id(facts.shipment_no), "rate")
            async with self.gates.through(f"shop/{facts.shop_id}", waiting):
                raise error

    @activity.defn(name="channel.confirm_shipment")
    async def confirm_shipment(self, step: OutsideStep) -> None:
        """Tell the channel every parcel's number, each once."""
        async with self.sessions.begin() as session:
            rows = await ShipmentRepository(session).run(_CONFIRM, {"no": step.shipment_no})
        if not rows:
            return
        boxes = share_over_boxes(dict(sorted((rows[0].lines or {}).items())), len(rows))
        for row, lines in zip(rows, boxes, strict=True):
            await self._confirm(step, row, lines)

    async def _confirm(self, step: OutsideStep, row: Any, lines: Mapping[str, int]) -> None:
        key, system = f"confirm:{row.told_as}", f"shop/{row.shop_id}"
        async with self.sessions.begin() as session:
            effect = await EffectRepository(session).intend(
                key, "ship_confirm", system, step.shipment_no
            )
        if effect.state == "confirmed":
            return
        confirmation = ShipConfirmation(
            row.external_no,
            row.id,
            row.carrier,
            row.waybill_no,
            tuple(ShippedLine(no, units) for no, units in lines.items()),
            partial=lines != row.goods,
        )
        async with attempt(self.sessions, key), self.gates.through(system, step):
            shop = await self.adapters.marketplace(row.shop_id)
            sends(confirmation)
            await shop.confirm_shipment(confirmation)
        async with self.sessions.begin() as session:
            if row.channel == "own":  # hears it as an event, queued with the mark that it was told
                event = build_shipped_event(row.shop_id, confirmation, row.shipped_at)
                await queue_shop_webhook(
                    session,
                    shop_id=row.shop_id,
                    event_id=event.id,
                    event_type=event.type,
                    body=event.body,
                )
            await EffectRepository(session).settle(key, "confirmed")
