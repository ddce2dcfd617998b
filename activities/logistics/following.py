"""Where parcels are: asked of their carriers, or of an aggregator that follows everybody's."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog
from temporalio import activity

from activities.orders.ports import Adapters
from activities.shared.adapters import UNKNOWN_CARRIER
from db.engine import Sessions
from db.logistics.repository import record_facts
from db.platform.gates import Gates
from db.sql import parsed
from domain.logistics.tracking import TrackingFact
from domain.orders.silence import NOBODY_KNOWS
from domain.orders.work import OutsideStep
from domain.shared.errors import GateHolding, IntegrationError, Rejected
from integrations.carriers.registry import AGGREGATOR

_PARCELS: Final = """
SELECT p.id, p.carrier, p.waybill_no, r.phone_last4,
       coalesce(e.system LIKE 'platform/%' OR e.result->>'by_hand' = 'true', false) AS elsewhere,
       coalesce(c.active AND e.system IS DISTINCT FROM :aggregator, false) AS has_account
FROM parcel p
JOIN shipment s ON s.no = p.shipment_no
JOIN receiver r ON r.order_id = s.order_id
LEFT JOIN carrier_account c ON c.code = p.carrier
LEFT JOIN effect e ON e.key = p.id
WHERE p.shipment_no = :no AND p.voided_at IS NULL AND p.waybill_no <> ''
ORDER BY p.id
"""


_SCANS: Final = """
SELECT count(*) FROM tracking_event e JOIN parcel p ON p.id = e.parcel_id
WHERE p.shipment_no = :no AND p.voided_at IS NULL
"""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class FollowingActivities:
    """Parcels on their way. A parcel of a carrier we have no contract with, or whose label came
    from the aggregator, is followed by the aggregator."""

    sessions: Sessions
    adapters: Adapters
    gates: Gates

    @activity.defn(name="waybill.follow")
    async def follow(self, step: OutsideStep) -> None:
        """Have the aggregator tell of every scan of parcels that nobody else tells of.

        Where it cannot, the parcels are silent and are asked about like all others.
        """
        for row in await self._rows(step):
            if row.has_account:
                continue
            try:
                async with self.gates.through(f"carrier/{AGGREGATOR}", step):
                    aggregator = await self.adapters.aggregator()
                    await aggregator.follow(row.carrier, row.waybill_no, row.phone_last4)
            except (IntegrationError, GateHolding) as error:
                log.warning("tracking.not_followed", parcel_id=row.id, error=str(error)[:200])

    @activity.defn(name="waybill.ask")
    async def ask(self, step: OutsideStep) -> int:
        """Ask the carriers where silent parcels are, as a push may be lost; scans known then,
        `NOBODY_KNOWS` where there is nobody whom we could ask.

        A carrier that does not answer now is simply asked again after the next silence.
        """
        rows = await self._rows(step)
        unasked = 0
        for row in rows:
            try:
                facts = await self._facts(step, row)
            except (IntegrationError, GateHolding) as error:
                log.warning("tracking.not_answered", parcel_id=row.id, error=str(error)[:200])
                unasked += isinstance(error, Rejected) and error.code == UNKNOWN_CARRIER
                continue
            async with self.sessions.begin() as session:
                await record_facts(session, row.carrier, facts)
        if rows and unasked == len(rows):
            return NOBODY_KNOWS
        async with self.sessions.begin() as session:
            connection = await session.connection()
            known = await connection.execute(parsed(_SCANS), {"no": step.shipment_no})
            return int(known.scalar_one())

    async def _facts(self, step: OutsideStep, row: Any) -> tuple[TrackingFact, ...]:
        """Of a waybill that was ordered elsewhere its carrier may tell us nothing: then the
        aggregator is asked."""
        if row.has_account:
            try:
                facts = await self._of_carrier(step, row)
            except Rejected:
                if not row.elsewhere:
                    raise
                facts = ()
            if facts or not row.elsewhere:
                return facts
            with suppress(Rejected):  # there need not be an aggregator
                return await self._of_aggregator(step, row)
            return ()
        return await self._of_aggregator(step, row)

    async def _of_carrier(self, step: OutsideStep, row: Any) -> tuple[TrackingFact, ...]:
        async with self.gates.through(f"carrier/{row.carrier}", step):
            carrier = await self.adapters.carrier(row.carrier)
            return await carrier.track(row.waybill_no, row.phone_last4)

    async def _of_aggregator(self, step: OutsideStep, row: Any) -> tuple[TrackingFact, ...]:
        async with self.gates.through(f"carrier/{AGGREGATOR}", step):
            aggregator = await self.adapters.aggregator()
            return await aggregator.track_of(row.carrier, row.waybill_no, row.phone_last4)

    async def _rows(self, step: OutsideStep) -> Any:
        async with self.sessions.begin() as session:
            connection = await session.connection()
            asked = {"no": step.shipment_no, "aggregator": f"carrier/{AGGREGATOR}"}
            return (await connection.execute(parsed(_PARCELS), asked)).all()
