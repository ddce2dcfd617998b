"""Claims of a test company: what its carrier tells, and what people record."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from db.logistics.claim_acts import ClaimDecision, decide, plan_of
from db.logistics.claims import NewClaim, open_claim
from db.logistics.repository import record_facts
from domain.logistics.claim_plan import ClaimAction, ClaimPlan
from domain.logistics.claims import ClaimKind, ClaimOrigin
from domain.logistics.incidents import Incident
from domain.logistics.tracking import ParcelStatus, TrackingFact
from tests.workflows.test_refunds import opened, paid
from tests.workflows.world import Company, own_order

CLAIM = "SELECT status, outcome FROM carrier_claim"
WAITS = "SELECT waits_for FROM carrier_claim"
SUMS = "SELECT claimed_minor, accepted_minor, received_minor, written_off_minor FROM carrier_claim"
TODAY = date(2026, 11, 26)
FILE, ACCEPT, REFUSE = ClaimAction.FILE, ClaimAction.ACCEPT, ClaimAction.REFUSE
PAY, WRITE_OFF, SETTLE_FOUND = ClaimAction.PAY, ClaimAction.WRITE_OFF, ClaimAction.SETTLE_FOUND


@dataclass
class Claims:
    """One order on its way, and the claim of its parcel."""

    shop: Company
    no: str = ""  # of the claim
    parcel: str = ""
    waybill_no: str = ""
    acts: int = field(default=0)
    scans: int = field(default=0)

    async def sent(self, cost: int = 700, **settings: Any) -> None:
        """Two units of A for 20.00 left with freight of 12.00; a unit costs 7.00."""
        await opened(self.shop)
        async with self.shop.sessions.begin() as session:
            connection = await session.connection()
            await connection.exec_driver_sql(f"UPDATE sku SET cost_minor = {cost}")
            if settings:
                told = json.dumps(settings)
                await connection.exec_driver_sql(
                    f"UPDATE carrier_account SET settings = '{told}'::jsonb"
                )
        await self.shop.hear(own_order("1"))
        no = await self.shop.first_shipment()
        await paid(self.shop, 2000)
        await self.shop.ship(no)
        await self.left()

    async def left(self) -> None:
        """The order's only parcel is on its way."""
        await self.shop.status("shipped")
        row = await self.shop.row("SELECT id, waybill_no FROM parcel")
        self.parcel, self.waybill_no = row.id, row.waybill_no

    async def scanned(self, status: ParcelStatus, incident: Incident | None = None) -> None:
        """The carrier tells of the parcel."""
        self.scans += 1
        at = datetime.now(UTC) + timedelta(seconds=self.scans)
        fact = TrackingFact(
            self.waybill_no, f"scan{self.scans}", at, status, "1", "told", incident=incident
        )
        async with self.shop.sessions.begin() as session:
            assert (await record_facts(session, "sf", [fact])).unknown == ()

    async def lost(self) -> None:
        """The carrier lost it; the claim opens by itself."""
        await self.scanned(ParcelStatus.LOST, Incident.LOST)
        await self.is_at("opened")
        self.no = (await self.shop.row("SELECT claim_no FROM carrier_claim")).claim_no

    async def open(self, kind: ClaimKind = ClaimKind.LOST) -> str | None:
        """Customer service opens it by hand."""
        new = NewClaim(self.parcel, kind, ClaimOrigin.CUSTOMER_SERVICE, actor="kefu")
        async with self.shop.sessions.begin() as session:
            return await open_claim(session, new)

    async def plan(self, action: ClaimAction, amount: int = 0) -> ClaimPlan:
        async with self.shop.sessions.begin() as session:
            return await plan_of(session, self.no, ClaimDecision(action, amount))

    async def decide(
        self, action: ClaimAction, amount: int = 0, *, reference: str = "R1", reason: str = "so"
    ) -> ClaimPlan:
        """Preview and confirm."""
        shown = await self.plan(action, amount)
        self.acts += 1
        told = ClaimDecision(action, amount, None, reference, reason)
        async with self.shop.sessions.begin() as session:
            return await decide(
                session, self.no, told, shown.hash, "kefu", f"act{self.acts}", TODAY
            )

    async def is_at(self, status: str, outcome: str = "") -> None:
        await self.shop.until(CLAIM, status, outcome)

    async def waits(self, code: str) -> None:
        await self.shop.until(WAITS, code)
