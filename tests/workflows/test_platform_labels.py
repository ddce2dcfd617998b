"""Parcels for receivers whom the platform hides: labelled with its waybill, one for each box."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from db.logistics.tables import CarrierAccountRow, TariffRow
from db.orders.platform_labels import platform_labels
from db.orders.receivers import open_receiver, save_receiver
from db.platform.gates import REMEMBERED_S
from db.shared.regrouping import suggestion
from db.sql import run
from domain.logistics.tracking import ParcelStatus, TrackingFact
from domain.orders.messages import (
    Accepted,
    Cancel,
    GateOpened,
    HandedOver,
    ReleaseHold,
    StateChanged,
)
from domain.shared.address import MaskedReceiver
from domain.shared.errors import AnswerLost, CredentialsRefused, Rejected, SettingsRefused
from integrations.marketplaces.port import MaskedParcel, PlatformWaybill
from tests.fakes.outside import FakeAggregator, FakeWaybills
from tests.people import VAULT, hide_receiver
from tests.workflows.boxes import merged, packs, picks
from tests.workflows.test_order import order_id, plan_hash
from tests.workflows.test_waybills import decide, labelled, parked
from tests.workflows.world import NOW, Company, company, own_order


@pytest_asyncio.fixture
async def shop(temporal_env: WorkflowEnvironment, sessions: Sessions) -> AsyncIterator[Company]:
    async with company(temporal_env.client, sessions) as shop:
        await shop.seed()
        shop.outside.platform = FakeWaybills()
        yield shop


def platform_of(shop: Company) -> FakeWaybills:
    assert shop.outside.platform is not None
    return shop.outside.platform


async def packed(shop: Company) -> str:
    """An order whose receiver is hidden, packed; the number of its shipment."""
    await shop.hear(own_order("1"))
    return await pack(shop)


async def pack(shop: Company) -> str:
    no = await shop.first_shipment()
    await hide_receiver(shop.sessions, "oaid-1", "王**", "138****0001")
    await shop.pick(no)
    await shop.pack(no)
    return no


async def cancel(shop: Company) -> None:
    order = shop.client.get_workflow_handle("order/own/mini/1")
    plan = Cancel(await plan_hash(shop, await order_id(shop)), "changed mind", "kefu")
    await order.execute_update("cancel", plan, result_type=Accepted)


async def test_the_platform_makes_the_label_and_its_reference_is_passed_on(shop: Company) -> None:
    no = await packed(shop)
    await labelled(shop, no)

    (parcel,) = platform_of(shop).parcels
    assert parcel.reference == f"{no}-P1"
    assert (parcel.external_no, parcel.carrier, parcel.weight_g) == ("1", "sf", 900)
    assert (parcel.receiver.oaid, parcel.receiver.name_mask) == ("oaid-1", "王**")
    assert [(item.name, item.quantity) for item in parcel.items] == [("SKU A", 2)]
    assert shop.outside.sf.creates == 0
    assert await shop.row("SELECT carrier, waybill_no FROM parcel") == ("sf", "PW000000000001")
    assert await shop.row("SELECT state, system FROM effect") == ("confirmed", "platform/mini/sf")
    async with shop.sessions.begin() as session:
        (label,) = await platform_labels(session, VAULT, no)
    assert label.print_data == "ciphertext of PW000000000001"

    await shop.shipment(no).signal("handed_over", HandedOver())
    await shop.until("SELECT state FROM effect WHERE kind = 'ship_confirm'", "confirmed")
    assert [one.waybill_no for one in shop.outside.shop.confirmed] == ["PW000000000001"]
    await shop.deliver(no)
    await shop.until(f"SELECT status FROM shipment WHERE no = '{no}'", "delivered")


async def test_neither_the_reference_nor_the_label_is_in_a_history(shop: Company) -> None:
    no = await packed(shop)
    await labelled(shop, no)

    history = await shop.shipment(no).fetch_history()

    told = "".join(str(event) for event in history.events)
    assert "oaid-1" not in told
    assert "ciphertext" not in told
    row = await shop.row("SELECT sealed FROM platform_label")
    assert b"ciphertext" not in row.sealed


async def test_after_a_lost_answer_the_key_that_was_kept_is_used_again(shop: Company) -> None:
    platform_of(shop).lost.append(AnswerLost("no answer"))
    no = await packed(shop)
    await labelled(shop, no)

    assert (platform_of(shop).reserved, len(platform_of(shop).parcels)) == (1, 2)
    assert platform_of(shop).made == {"key-1": "PW000000000001"}


async def test_a_carrier_the_shop_has_no_account_for_is_set_up_by_a_person(shop: Company) -> None:
    platform_of(shop).carriers = ()
    no = await packed(shop)

    item = await parked(shop)

    assert (item.cause, item.code) == ("NeedsPlatformWaybill", "waybills_not_set_up")
    assert "enter waybills.sf in the settings of the shop and retry" in item.error
    platform_of(shop).carriers = ("sf",)
    await decide(shop, no, "retry")
    await labelled(shop, no)
    assert platform_of(shop).made == {"key-1": "PW000000000001"}


async def test_cash_is_never_left_uncollected_because_the_platform_cannot_collect_it(
    shop: Company,
) -> None:
    order = await shop.hear(own_order("1", state="unpaid", cash_on_delivery=True))
    await shop.until("SELECT waits_for FROM sales_order", "hold:cash_on_delivery")
    release = ReleaseHold("cash_on_delivery", "buyer confirmed", "kefu")
    await order.execute_update("release", release, result_type=Accepted)
    no = await pack(shop)

    item = await parked(shop)

    assert (item.cause, item.code) == ("NeedsPlatformWaybill", "cash_on_delivery")
    assert list(item.actions) == ["retry", "done_by_hand", "compensate"]
    assert platform_of(shop).parcels == []
    await decide(shop, no, "done_by_hand", waybill_no="73100000000001")
    await labelled(shop, no)


async def test_goods_that_are_insured_are_not_sent_without_it(shop: Company) -> None:
    await shop.row(
        "UPDATE carrier_account SET settings = '{\"insure_from_minor\": 0}' RETURNING code"
    )
    await packed(shop)

    item = await parked(shop)

    assert (item.cause, item.code) == ("NeedsPlatformWaybill", "declared_value")
    assert platform_of(shop).parcels == []


@pytest.mark.parametrize(
    ("why", "asked"),
    [
        (SettingsRefused("waybills: not a mapping", code="setting"), "settings"),
        (CredentialsRefused("shop mini has no app_key", code="no_secret"), "credentials"),
    ],
)
async def test_a_shop_that_cannot_be_called_is_asked_about_once_at_its_gate(
    shop: Company, why: CredentialsRefused, asked: str
) -> None:
    shop.outside.unusable.append(why)
    no = await packed(shop)

    await shop.until("SELECT system, step_id FROM gate_wait", "shop/mini", "rate")

    assert await shop.row("SELECT step_id FROM attention") == (asked,)
    shop.outside.unusable.clear()
    await gate(shop, "flowing")
    await shop.shipment(no).signal("gate_opened", GateOpened("shop/mini"))
    await labelled(shop, no)


async def test_a_number_typed_in_serves_as_well_and_is_tracked(
    shop: Company, temporal_env: WorkflowEnvironment
) -> None:
    platform_of(shop).carriers = ()
    shop.outside.follower = FakeAggregator()
    no = await packed(shop)
    await parked(shop)
    await decide(shop, no, "done_by_hand", carrier="yto", waybill_no="YT1234567890123")
    await labelled(shop, no)

    await shop.shipment(no).signal("handed_over", HandedOver())
    await shop.until("SELECT state FROM effect WHERE kind = 'ship_confirm'", "confirmed")

    (told,) = shop.outside.shop.confirmed
    assert (told.carrier, told.waybill_no) == ("yto", "YT1234567890123")
    await temporal_env.sleep(timedelta(minutes=1))
    assert shop.outside.follower.followed == [("yto", "YT1234567890123")]


async def test_of_the_carriers_only_those_the_platform_serves_are_chosen(shop: Company) -> None:
    platform_of(shop).carriers = ("zto",)
    async with shop.sessions.begin() as session:
        session.add(CarrierAccountRow(code="zto", name="ZTO", base_url="http://zto"))
        await session.flush()
        session.add(
            TariffRow(
                id="zto-1", carrier="zto", product="standard", first_g=1000, first_minor=2200,
                step_g=500, step_minor=300, valid_from=date(2020, 1, 1),
            )
        )  # fmt: skip

    no = await packed(shop)
    await labelled(shop, no)

    assert await shop.row("SELECT carrier, product FROM shipment") == ("zto", "standard")
    assert [parcel.carrier for parcel in platform_of(shop).parcels] == ["zto"]


async def test_a_cancelled_order_s_waybill_is_voided_at_the_platform(shop: Company) -> None:
    no = await packed(shop)
    await labelled(shop, no)

    await cancel(shop)
    await shop.status("cancelled")

    assert platform_of(shop).cancelled == ["PW000000000001"]
    assert shop.outside.sf.cancelled == []
    assert await shop.row("SELECT count(*) FROM platform_label") == (0,)
    assert await shop.row("SELECT state FROM effect WHERE kind = 'waybill'") == ("undone",)


async def test_a_waybill_whose_number_never_came_is_voided_by_its_key(shop: Company) -> None:
    platform_of(shop).lost.append(AnswerLost("no answer"))
    platform_of(shop).refused.append(Rejected("the account is empty", code="BALANCE"))
    await packed(shop)
    await shop.until("SELECT code FROM attention WHERE resolved_at IS NULL", "BALANCE")

    await cancel(shop)
    await shop.status("cancelled")

    assert platform_of(shop).cancelled == ["PW000000000001"]


@dataclass
class Watching(FakeWaybills):
    """Sees how far the effect is while the platform works on it."""

    shop: Company | None = None
    seen: list[str] = field(default_factory=list)

    async def create(self, parcel: MaskedParcel, key: str) -> PlatformWaybill:
        assert self.shop is not None
        self.seen.append((await self.shop.row("SELECT state FROM effect")).state)
        return await FakeWaybills.create(self, parcel, key)


async def test_while_the_platform_works_on_it_again_the_waybill_may_be_made(
    shop: Company,
) -> None:
    platform = shop.outside.platform = Watching(carriers=(), shop=shop)
    no = await packed(shop)
    await parked(shop)
    platform.carriers = ("sf",)

    await decide(shop, no, "retry")
    await labelled(shop, no)

    assert platform.seen == ["intended"]


async def test_a_refusal_says_nothing_about_an_attempt_that_nobody_heard_the_end_of(
    shop: Company,
) -> None:
    await shop.hear(own_order("1"))
    no = await shop.first_shipment()
    await hide_receiver(shop.sessions, "oaid-1", "王**", "138****0001")
    await shop.pick(no)
    await shop.row(
        "INSERT INTO effect (key, kind, system, subject, state, attempts, result) VALUES"
        f" ('{no}-P1', 'waybill', 'platform/mini/sf', '{no}', 'intended', 1,"
        f" jsonb_build_object('key', 'key-1', 'key_of', '{no}-P1')) RETURNING key"
    )
    platform_of(shop).made["key-1"] = "PW000000000001"
    platform_of(shop).refused.append(Rejected("the account is empty", code="BALANCE"))
    await shop.pack(no)
    await parked(shop)

    assert await shop.row("SELECT state FROM effect") == ("unknown",)
    await cancel(shop)
    await shop.status("cancelled")
    assert platform_of(shop).cancelled == ["PW000000000001"]


async def gate(shop: Company, state: str) -> None:
    await shop.row(
        "INSERT INTO gate (system, state, reason, calls, failures, changed_by)"
        f" VALUES ('shop/mini', '{state}', '', 0, 0, 'admin')"
        f" ON CONFLICT (system) DO UPDATE SET state = '{state}' RETURNING system"
    )
    await asyncio.sleep(REMEMBERED_S + 0.2)  # what workers remember of it is over


async def test_voiding_at_the_platform_goes_on_when_its_gate_opens(shop: Company) -> None:
    no = await packed(shop)
    await labelled(shop, no)
    await gate(shop, "holding")
    await cancel(shop)
    await shop.until("SELECT step_id FROM gate_wait", "void_label")

    await gate(shop, "flowing")
    await shop.shipment(no).signal("gate_opened", GateOpened("shop/mini"))
    await shop.status("cancelled")

    assert platform_of(shop).cancelled == ["PW000000000001"]


async def test_another_receiver_gets_a_new_waybill_and_the_old_one_is_void(shop: Company) -> None:
    no = await packed(shop)
    await labelled(shop, no)

    await hide_receiver(shop.sessions, "oaid-2", "李**", "139****0002")
    await shop.shipment(no).signal("state_changed", StateChanged("address"))
    await shop.until("SELECT waybill_no FROM parcel WHERE voided_at IS NULL", "PW000000000002")

    assert platform_of(shop).cancelled == ["PW000000000001"]
    assert [parcel.receiver.oaid for parcel in platform_of(shop).parcels] == ["oaid-1", "oaid-2"]
    assert await shop.row("SELECT count(*) FROM platform_label") == (1,)


async def on_its_way(shop: Company) -> str:
    no = await packed(shop)
    await labelled(shop, no)
    await shop.shipment(no).signal("handed_over", HandedOver())
    await shop.until(f"SELECT status FROM shipment WHERE no = '{no}'", "handed_over")
    return no


async def test_a_carrier_that_tells_nothing_of_the_platform_s_waybill_leaves_it_to_the_aggregator(
    shop: Company, temporal_env: WorkflowEnvironment
) -> None:
    signed = TrackingFact("PW000000000001", "k/1", NOW, ParcelStatus.DELIVERED, "3", "signed")
    shop.outside.follower = FakeAggregator(scans=(signed,))
    shop.outside.sf.deaf.append(Rejected("not a waybill of yours", code="S0004"))
    no = await on_its_way(shop)

    await temporal_env.sleep(timedelta(hours=25))
    await shop.until(f"SELECT status FROM shipment WHERE no = '{no}'", "delivered")

    assert await shop.row("SELECT count(*) FROM attention") == (0,)


async def test_of_a_parcel_nobody_tells_about_a_person_is_asked_once_it_should_be_there(
    shop: Company, temporal_env: WorkflowEnvironment
) -> None:
    no = await on_its_way(shop)
    await shop.row("UPDATE parcel SET carrier = 'ems' RETURNING id")  # no account, no aggregator

    await temporal_env.sleep(timedelta(days=5))
    assert await shop.row("SELECT count(*) FROM attention") == (0,)
    await temporal_env.sleep(timedelta(days=6))

    item = await parked(shop, "stalled")
    assert item.error == "nobody tells us where this parcel is: has it arrived?"
    await decide(shop, no, "done_by_hand", "stalled")
    await shop.until(f"SELECT status FROM shipment WHERE no = '{no}'", "delivered")


async def test_hidden_receivers_of_one_buyer_go_in_one_box_by_a_waybill_that_names_both_orders(
    shop: Company,
) -> None:
    for number in ("1", "2"):
        await shop.hear(own_order(number, buyer_ref="buyer-7"), "top")
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'picking'", 2)
    async with shop.sessions.begin() as session:
        rows = await run(session, "SELECT order_id FROM receiver ORDER BY order_id")
        for place, row in enumerate(rows):  # the platform gives each order an id of its own
            known = await open_receiver(session, VAULT, row.order_id)
            assert known is not None
            told = MaskedReceiver(f"oaid-{place}", "王**", "138****0001", known.address)
            assert await save_receiver(session, VAULT, row.order_id, told)

    order = shop.client.get_workflow_handle("order/top/mini/1")
    plan = await merged(shop, order)
    await picks(shop, plan.lead)
    await packs(shop, plan.lead)
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'labelled'", 2)

    (parcel,) = platform_of(shop).parcels
    assert {parcel.external_no, *parcel.others} == {"1", "2"}
    async with shop.sessions.begin() as session:  # by itself only what the platform names alike
        assert await suggestion(session, rows[0].order_id, certain=True) is None
