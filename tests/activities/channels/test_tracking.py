import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlmodel import col, select

from db.engine import Sessions
from db.logistics.repository import Recorded, record_facts
from db.orders.tables import ParcelRow, TrackingEventRow
from db.platform.tables import OutboxRow
from db.shared.intake import accept
from db.sql import run
from domain.logistics.incidents import Incident
from domain.logistics.tracking import ParcelStatus, TrackingFact
from tests.seeds import seed_network
from tests.shops import VAULT, seed_shops

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def fact(status: ParcelStatus, minutes: int, waybill: str = "SF1", event: str = "") -> TrackingFact:
    name = event or f"{waybill}/{status}/{minutes}"
    at = NOON + timedelta(minutes=minutes)
    return TrackingFact(waybill, name, at, status, "50", "已收件", "杭州市")


async def seed_parcels(sessions: Sessions, *waybills: str) -> None:
    """One shipment with a parcel per waybill."""
    await seed_shops(sessions)
    await seed_network(sessions)
    async with sessions.begin() as session:
        accepted = await accept(
            session, VAULT, source="own", shop_id="own-1", channel="own", message_id="m-1",
            topic="order", external_no="A-1", raw=b"{}",
        )  # fmt: skip
        await run(
            session,
            "INSERT INTO shipment (no, order_id, allocation_id, location_id, workflow_id, status,"
            " seq, waits_for, carrier, product, freight_minor, weight_g)"
            " VALUES ('S1', :order_id, '', 'HQ', 'shipment/S1', 'labelled', 0, '', 'sf', '', 0, 0)",
            order_id=accepted.order_id,
        )
        for waybill in waybills:
            session.add(
                ParcelRow(id=f"p-{waybill}", shipment_no="S1", carrier="sf", waybill_no=waybill)
            )


async def _record(sessions: Sessions, *facts: TrackingFact) -> Recorded:
    async with sessions.begin() as session:
        return await record_facts(session, "sf", facts)


async def _told(sessions: Sessions) -> list[tuple[str, str, dict[str, str]]]:
    async with sessions.begin() as session:
        rows = (await session.exec(select(OutboxRow).order_by(col(OutboxRow.id)))).all()
    return [(row.target, row.name, row.payload) for row in rows]


async def _parcel(sessions: Sessions, waybill: str = "SF1") -> ParcelRow:
    async with sessions.begin() as session:
        row = await session.get(ParcelRow, f"p-{waybill}")
    assert row is not None
    return row


async def test_a_scan_moves_the_parcel_and_tells_its_shipment(sessions: Sessions) -> None:
    await seed_parcels(sessions, "SF1")

    recorded = await _record(sessions, fact(ParcelStatus.PICKED_UP, 1))

    assert recorded == Recorded(1, ())
    parcel = await _parcel(sessions)
    assert (parcel.status, parcel.last_fact_at) == ("picked_up", NOON + timedelta(minutes=1))
    assert await _told(sessions) == [("shipment/S1", "tracked", {"status": "in_transit"})]


async def test_the_same_scan_twice_is_one_event_and_one_signal(sessions: Sessions) -> None:
    await seed_parcels(sessions, "SF1")
    scan = fact(ParcelStatus.PICKED_UP, 1)

    await asyncio.gather(*(_record(sessions, scan, scan) for _ in range(6)))

    async with sessions.begin() as session:
        assert len((await session.exec(select(TrackingEventRow))).all()) == 1
    assert len(await _told(sessions)) == 1


async def test_an_older_scan_that_comes_late_is_kept_but_moves_nothing_back(
    sessions: Sessions,
) -> None:
    await seed_parcels(sessions, "SF1")
    await _record(sessions, fact(ParcelStatus.DELIVERED, 60))

    recorded = await _record(sessions, fact(ParcelStatus.IN_TRANSIT, 30))

    assert recorded == Recorded(1, ())
    parcel = await _parcel(sessions)
    assert (parcel.status, parcel.last_fact_at) == ("delivered", NOON + timedelta(minutes=60))
    assert [payload for _, _, payload in await _told(sessions)] == [{"status": "delivered"}]


async def test_a_shipment_is_delivered_when_all_its_parcels_are(sessions: Sessions) -> None:
    await seed_parcels(sessions, "SF1", "SF2")

    await _record(sessions, fact(ParcelStatus.DELIVERED, 10))
    await _record(sessions, fact(ParcelStatus.DELIVERED, 20, "SF2"))

    assert [payload["status"] for _, _, payload in await _told(sessions)] == [
        "in_transit",
        "delivered",
    ]


async def test_an_unknown_waybill_is_named_and_leaves_nothing(sessions: Sessions) -> None:
    await seed_parcels(sessions, "SF1")

    recorded = await _record(
        sessions, fact(ParcelStatus.DELIVERED, 1, "SF9"), fact(ParcelStatus.PICKED_UP, 1)
    )

    assert recorded == Recorded(1, ("SF9",))
    async with sessions.begin() as session:
        (event,) = (await session.exec(select(TrackingEventRow))).all()
    assert event.parcel_id == "p-SF1"


async def test_a_code_nobody_knows_is_kept_and_moves_nothing(sessions: Sessions) -> None:
    await seed_parcels(sessions, "SF1")

    assert (await _record(sessions, fact(ParcelStatus.UNKNOWN, 1))).new == 1

    assert (await _parcel(sessions)).status == "labelled"
    assert await _told(sessions) == []


async def test_an_aggregator_tells_of_the_parcel_of_the_carrier_it_names(
    sessions: Sessions,
) -> None:
    await seed_parcels(sessions, "SF1")
    scan = fact(ParcelStatus.PICKED_UP, 1)

    async with sessions.begin() as session:
        others = await record_facts(session, "kuaidi100", [replace(scan, carrier="yto")])
        ours = await record_facts(session, "kuaidi100", [replace(scan, carrier="sf")])

    assert (others.new, others.unknown) == (0, ("SF1",))
    assert (ours.new, ours.unknown) == (1, ())
    assert (await _parcel(sessions)).status == "picked_up"


async def test_a_parcel_keeps_what_went_wrong_last(sessions: Sessions) -> None:
    await seed_parcels(sessions, "SF1")
    weather = replace(fact(ParcelStatus.EXCEPTION, 5), incident=Incident.WEATHER)
    refused = replace(fact(ParcelStatus.EXCEPTION, 9, event="late"), incident=Incident.REFUSED)

    await _record(sessions, refused)
    await _record(sessions, weather)
    await _record(sessions, fact(ParcelStatus.OUT_FOR_DELIVERY, 12))

    parcel = await _parcel(sessions)
    assert (parcel.status, parcel.incident) == ("out_for_delivery", "refused")


async def test_no_facts_change_nothing(sessions: Sessions) -> None:
    assert await _record(sessions) == Recorded(0, ())
