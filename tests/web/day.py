"""A day of the demo company as tables alone: orders in every state that a page can show."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from commands.demo import seed_demo
from db.engine import Sessions, create_engine
from db.engine import sessions as sessions_of
from db.inventory.repository import StockRepository
from db.logistics.intercepts import want_intercepts
from db.orders.receivers import Person
from db.orders.returns import Asked, insert_return
from db.orders.tables import (
    FulfilmentLineRow,
    OrderEventRow,
    OrderHoldRow,
    OrderLineRow,
    ParcelRow,
    SalesOrderRow,
    ShipmentLineRow,
    ShipmentRow,
    TrackingEventRow,
)
from db.orders.words import add_words, keep_words, of_claim, of_order, of_scan
from db.platform.tables import AttentionRow
from db.shared.returns_bench import Bench, Counted
from db.sql import run
from domain.inventory.stock import ReserveStock, StockKey, StockLine
from domain.orders.returns.model import ReturnKind, ReturnOrigin, ReturnReason
from domain.shared.ids import LocationId, Sku
from runtime.posting import Posting
from tests.api.served import settings_of
from tests.people import VAULT, receiver_row
from tests.web.desk_day import seed_desk
from tests.web.world import change, seed_tries

NOW: Final = datetime.now(UTC)
LONG: Final = "A-very-long-remark-without-any-blank-" * 6
_GOODS: Final = (
    ("TEA-LJ-100", "明前西湖龙井 100g 礼盒", 2, 53600),
    ("POT-ZS-220", "宜兴紫砂壶 西施 220ml", 1, 39900),
)


@dataclass(frozen=True, slots=True)
class Sold:
    """One order of the day; without `shipment` nothing is planned yet."""

    number: int
    status: str
    waits_for: str = ""
    shipment: str = ""
    shipment_waits: str = ""
    channel: tuple[str, str] = ("top", "tmall")
    location: str = "HQ-HZ"
    waybill: str = ""
    packed: bool = False
    hold: str = ""
    due_in_h: float | None = 20
    more: dict[str, Any] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)

    @property
    def no(self) -> str:
        return f"261126-D{self.number:06}"


DAY: Final = (
    Sold(1, "in_fulfilment", "picking", "picking", "picking", due_in_h=-2),
    Sold(2, "in_fulfilment", "label", "packed", "label", packed=True, due_in_h=3),
    Sold(3, "in_fulfilment", "hand_over", "labelled", "hand_over", waybill="SF1000000000003",
         packed=True, location="R-GZ"),
    Sold(4, "on_hold", "hold:risk", hold="risk", due_in_h=30,
         more={"gift": True},
         said={"buyer_remark": LONG, "invoice_request": "增值税专用发票"}),
    Sold(5, "on_hold", "hold:unpaid", hold="unpaid", due_in_h=None, channel=("own", "mini"),
         more={"captured_minor": 0, "paid_at": None}),
    Sold(6, "backordered", "stock", due_in_h=40, channel=("shopify", "shopify")),
    Sold(7, "shipped", "delivery", "in_transit", "delivery", waybill="SF1000000000007",
         packed=True),
    Sold(8, "delivered", "completion", "delivered", waybill="73100000000008", packed=True),
    Sold(9, "cancelled", "refund", more={"refund_due_minor": 93500}),
    Sold(10, "in_fulfilment", "picking", "picking", "picking", location="S-SH1"),
)  # fmt: skip


async def seed_day(database_url: str, sessions: Sessions) -> None:
    """The demo company with the orders of `DAY`; D2's waybill waits for somebody."""
    await seed_demo(database_url, settings_of(database_url, demo=True))
    async with sessions.begin() as session:
        # Who picks a unit with a number of its own scans it: a story of its own.
        await run(session, "UPDATE sku SET tracks_serials = false")
        for sold in DAY:
            session.add_all([_order(sold)])
            await session.flush()
            order_id = f"o{sold.number}"
            await keep_words(session, order_id, {of_order(order_id): sold.said})
            session.add(_receiver(sold))
            session.add_all(_lines(sold))
            await session.flush()
            session.add_all(_contents(sold))
            await session.flush()
            if sold.shipment:
                session.add(_shipment(sold))
                await session.flush()
                session.add_all(_shipped(sold))
                await session.flush()
            if sold.waybill or sold.packed:
                session.add(_parcel(sold))
                await session.flush()
            session.add_all([*_scans(sold), *_story(sold), *_hold(sold)])
            await session.flush()
            for n, (_, words) in enumerate(_carried(sold)):
                told = {"text": words, "place": "杭州市"}
                await add_words(
                    session, f"o{sold.number}", of_scan(f"{sold.no}-1.1", str(n)), **told
                )
        session.add(_stuck())
        await session.flush()
        await seed_desk(session, [f"o{sold.number}" for sold in DAY])
        place = LocationId("HQ-HZ")
        goods = tuple(StockLine(StockKey(Sku(sku), place), n) for sku, _, n, _ in _GOODS)
        await StockRepository(session).reserve_batch(
            [ReserveStock(f"{DAY[0].no}-1", goods, "o1", "shipment/o1")]
        )
        await _seed_returns(session)
        await _seed_claim(session)
        await want_intercepts(session, [f"{DAY[6].no}-1"], "买家拍错了", "kefu")


async def seed_whole_day(database_url: str) -> None:
    """The day with a carrier that was tried in vain, and all of it in the books."""
    office = create_engine(database_url, "onhand_office", pool_size=2)
    worker = create_engine(database_url, "onhand_worker", pool_size=2)
    sessions = sessions_of(worker, VAULT)
    await seed_day(database_url, sessions_of(office, VAULT))
    await seed_tries(sessions, f"shipment/{DAY[1].no}-1", "sf")
    await change(
        sessions_of(office, VAULT),
        "UPDATE sku SET cost_minor = price_minor / 2 WHERE code < 'T'",
    )
    await Posting(sessions).all()
    await office.dispose()
    await worker.dispose()


CLAIM: Final = "CL261126-0000001"


async def _seed_claim(session: AsyncSession) -> None:
    """A parcel that arrived broken is claimed, and filed at its carrier."""
    await run(
        session,
        "INSERT INTO carrier_claim (claim_no, parcel_id, order_id, carrier, waybill_no, kind,"
        " origin, return_no, status, waits_for, outcome, currency, basis, goods_minor,"
        " freight_minor, ceiling_minor, limited_by, most_minor, claimed_minor, accepted_minor,"
        " received_minor, booked_off_minor, written_off_minor, despatched_at, file_by, filed_on,"
        " carrier_ref, answer, answer_reason, ended, ended_reason, ended_by, due_at, reminders,"
        " created_by)"
        " SELECT :no, p.id, 'o8', 'sf', p.waybill_no, 'damaged', 'return', :return_no,"
        " 'filed', 'answer', '', 'CNY', 'cost', 46000, 1200, 30000, 'limit', 31200, 31200, 0, 0, 0,"
        " 0, now() - interval '3 d', now() + interval '27 d', now(), 'SFLP-20261126-08', '', '',"
        " '', '', '', now() + interval '15 d', 1, 'system' FROM parcel p WHERE p.id = :parcel",
        no=CLAIM, return_no=RETURNS[0], parcel=f"{DAY[7].no}-1.1",
    )  # fmt: skip
    await add_words(session, "o8", of_claim(CLAIM), remark="外箱压扁")
    await run(
        session,
        "INSERT INTO claim_line (claim_no, fulfilment_line_id, sku, units, value_minor)"
        " VALUES (:no, 'o8.2/POT-ZS-220', 'POT-ZS-220', 1, 46000)",
        no=CLAIM,
    )


RETURNS: Final = ("RT261126-0000001", "RT261126-0000002")


async def _seed_returns(session: AsyncSession) -> None:
    """The first waits for a decision; of the second, one unit came in and lies in quarantine."""
    service = ReturnOrigin.CUSTOMER_SERVICE
    asked = Asked(
        ReturnKind.RETURN, service, ReturnReason.DAMAGED,
        {"o8.2/POT-ZS-220": 1}, "壶嘴磕了一下", actor="kefu",
    )  # fmt: skip
    came = Asked(
        ReturnKind.CAME_BACK, ReturnOrigin.TRACKING, ReturnReason.REFUSED,
        {"o7.1/TEA-LJ-100": 2, "o7.2/POT-ZS-220": 1}, waybill_no="SF1000000000007",
    )  # fmt: skip
    await insert_return(session, RETURNS[0], "o8", asked)
    await insert_return(session, RETURNS[1], "o7", came)
    await run(
        session,
        'UPDATE sales_return SET judged_at = now(), doubts = \'["amount", "history"]\','
        " due_at = now() + interval '3 h' WHERE return_no = :no",
        no=RETURNS[0],
    )
    counted = [Counted("o7.1/TEA-LJ-100", 2, "2603A")]
    await Bench(session, "cangku").receive(RETURNS[1], "act1", "HQ-HZ", counted)
    await run(
        session,
        "UPDATE sales_return SET judged_at = now(), decision = 'approved', status = 'received',"
        " waits_for = 'inspection', due_at = now() - interval '2 h' WHERE return_no = :no",
        no=RETURNS[1],
    )


def _order(sold: Sold) -> SalesOrderRow:
    values: dict[str, Any] = {
        "goods_minor": 93500, "freight_minor": 800, "discount_minor": 800,
        "payable_minor": 93500, "captured_minor": 93500, "paid_at": NOW - timedelta(hours=4),
    } | sold.more  # fmt: skip
    channel, shop = sold.channel
    due = None if sold.due_in_h is None else NOW + timedelta(hours=sold.due_in_h)
    return SalesOrderRow(
        id=f"o{sold.number}", no=sold.no, channel=channel, shop_id=shop,
        external_no=f"26000000000{sold.number:05}", workflow_id=f"order/{sold.number}",
        status=sold.status, waits_for=sold.waits_for, channel_state="paid", seq=9, ship_by=due,
        placed_at=NOW - timedelta(hours=5, minutes=sold.number), created_at=NOW, updated_at=NOW,
        **values,
    )  # fmt: skip


def _receiver(sold: Sold) -> SQLModel:
    return receiver_row(
        f"o{sold.number}", Person("欧阳梓涵", "13812345678", detail="文一西路 969 号"),
        "masked" if sold.number == 2 else "contact", province="浙江省", city="杭州市",
        district="余杭区", division_code="330110",
    )  # fmt: skip


def _lines(sold: Sold) -> Sequence[OrderLineRow]:
    return [
        OrderLineRow(
            id=f"o{sold.number}.{n}", order_id=f"o{sold.number}", line_no=n,
            external_line_no=str(n), kind="goods", external_sku=sku, title=title,
            quantity=quantity, payable_minor=minor, cancelled=sold.status == "cancelled",
        )
        for n, (sku, title, quantity, minor) in enumerate(_GOODS, 1)
    ]  # fmt: skip


def _contents(sold: Sold) -> Sequence[FulfilmentLineRow]:
    return [
        FulfilmentLineRow(
            id=f"o{sold.number}.{n}/{sku}", order_line_id=f"o{sold.number}.{n}",
            order_id=f"o{sold.number}", sku=sku, quantity=quantity,
        )
        for n, (sku, _, quantity, _) in enumerate(_GOODS, 1)
    ]  # fmt: skip


def _shipment(sold: Sold) -> ShipmentRow:
    packed = NOW - timedelta(hours=2) if sold.packed else None
    left = NOW - timedelta(hours=1) if sold.status in ("shipped", "delivered") else None
    return ShipmentRow(
        no=f"{sold.no}-1", order_id=f"o{sold.number}", location_id=sold.location,
        workflow_id=f"shipment/{sold.no}-1", status=sold.shipment, waits_for=sold.shipment_waits,
        carrier="sf", product="2", ship_by=NOW + timedelta(hours=sold.due_in_h or 0),
        created_at=NOW - timedelta(hours=3), picked_at=packed, packed_at=packed,
        handed_over_at=left,
    )  # fmt: skip


def _shipped(sold: Sold) -> Sequence[ShipmentLineRow]:
    return [
        ShipmentLineRow(
            shipment_no=f"{sold.no}-1", fulfilment_line_id=f"o{sold.number}.{n}/{sku}",
            order_line_id=f"o{sold.number}.{n}", sku=sku, quantity=quantity,
            picked_quantity=quantity if sold.packed else None,
        )
        for n, (sku, _, quantity, _) in enumerate(_GOODS, 1)
    ]  # fmt: skip


def _parcel(sold: Sold) -> ParcelRow:
    status = {"shipped": "in_transit", "delivered": "delivered"}.get(sold.status, "labelled")
    return ParcelRow(
        id=f"{sold.no}-1.1", shipment_no=f"{sold.no}-1", carrier="sf", product="2",
        waybill_no=sold.waybill, routing_code="571A-036", status=status, weight_g=1120,
    )  # fmt: skip


def _scans(sold: Sold) -> Sequence[TrackingEventRow]:
    return [
        TrackingEventRow(
            parcel_id=f"{sold.no}-1.1", event_id=str(n), at=NOW - timedelta(minutes=60 - n),
            status=status, heard_at=NOW,
        )
        for n, (status, _) in enumerate(_carried(sold))
    ]  # fmt: skip


def _carried(sold: Sold) -> Sequence[tuple[str, str]]:
    if sold.status not in ("shipped", "delivered"):
        return []
    told = [("picked_up", "顺丰速运 已收取快件"), ("in_transit", "快件在【杭州中转场】完成分拣")]
    if sold.status == "delivered":
        told.append(("delivered", "快件已签收，感谢使用"))
    return told


def _story(sold: Sold) -> Sequence[OrderEventRow]:
    lines: list[tuple[str, dict[str, Any]]] = [("received", {"channel": sold.channel[0]})]
    if sold.hold:
        lines.append(("held", {"hold": sold.hold, "reason": "large amount"}))
    if sold.status == "backordered":
        lines.append(("backordered", {"missing": "POT-ZS-220 × 1"}))
    if sold.shipment:
        place = {"location": sold.location, "shipment": f"{sold.no}-1"}
        lines += [("allocated", place), ("pick_list", place)]
    if sold.packed:
        lines += [("picked", {}), ("packed", {})]
    if sold.waybill:
        lines.append(("labelled", {"waybills": sold.waybill}))
    return [
        OrderEventRow(
            order_id=f"o{sold.number}", seq=n, at=NOW - timedelta(minutes=240 - 10 * n), kind=kind,
            data=data,
        )
        for n, (kind, data) in enumerate(lines, 1)
    ]  # fmt: skip


def _hold(sold: Sold) -> Sequence[OrderHoldRow]:
    if not sold.hold:
        return []
    return [
        OrderHoldRow(
            id=f"h{sold.number}", order_id=f"o{sold.number}", kind=sold.hold,
            reason="large amount" if sold.hold == "risk" else "",
            auto_release="payment" if sold.hold == "unpaid" else "", placed_at=NOW,
        )
    ]  # fmt: skip


def _stuck() -> AttentionRow:
    no = DAY[1].no
    return AttentionRow(
        id="att_1", workflow_id=f"shipment/{no}-1", step_id="label", order_id="o2",
        shipment_no=f"{no}-1", system="carrier/sf", cause="NeedsPlatformWaybill", code="masked",
        error="the platform hides the receiver: order the waybill there, record it as by hand",
        fingerprint="label|sf|masked",
        attempts=3, actions=["retry", "retry_with", "done_by_hand", "compensate"],
        input_fields={"carrier": "text", "waybill_no": "text"},
        first_seen=NOW - timedelta(hours=2), last_seen=NOW,
    )  # fmt: skip
