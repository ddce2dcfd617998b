"""One order: what its page says, and what people do to it from there."""

import re
from collections.abc import Mapping

import pytest
from fastapi import FastAPI
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from db.engine import Sessions
from db.logistics.intercepts import want_intercepts
from db.orders.platform_labels import keep_label
from db.orders.receivers import correct_receiver
from domain.orders.messages import AddressChanged, Cancel, PlaceHold, ReleaseHold
from domain.platform.permissions import Role
from tests.api.orders.world import rows
from tests.people import VAULT, change_receiver, receiver_of, say
from tests.web.world import (
    Engine,
    Person,
    change,
    person,
    seed_attention,
    seed_event,
    seed_hold,
    seed_parcel,
)
from web.static_files import BUILD

ADDRESS = {
    "name": "韩梅梅", "phone": "13900000002", "province": "浙江省", "city": "杭州市",
    "district": "西湖区", "detail": "文三路 1 号", "reason": "buyer called",
}  # fmt: skip
EVIL = "<img src=x onerror=alert(1)>{{7*7}}"


@pytest.mark.usefixtures("order")
async def test_the_page_says_what_the_order_waits_for_in_one_sentence(
    service: Person, sessions: Sessions
) -> None:
    async def waits() -> str:
        page = (await service.get("/orders/O-1")).text
        found = re.search(r'id="waits-title">[^<]*</h2><p>([^<]*)</p>', page)
        assert found is not None
        return found[1]

    async def shipment(waits_for: str) -> None:
        await change(sessions, "UPDATE shipment SET waits_for = :w", w=waits_for)

    await change(sessions, "UPDATE sales_order SET waits_for='picking', status='in_fulfilment'")
    assert await waits() == "Waiting for the warehouse to pick it."
    await shipment("label")
    assert await waits() == "Packed; waiting for a waybill from the carrier."
    await seed_attention(sessions)
    assert await waits() == "A step cannot go on by itself: somebody has to decide."
    await change(sessions, "UPDATE attention SET resolved_at = now()")
    await seed_hold(sessions, kind="presale")
    assert await waits() == "Pre-sale: waiting for the promised date."
    await change(sessions, "UPDATE sales_order SET status='cancelled', waits_for='refund'")
    assert await waits() == "Money is due back to the buyer: pay it, then record it here."
    await change(sessions, "UPDATE sales_order SET waits_for=''")
    assert await waits() == "The order is closed."


@pytest.mark.usefixtures("order")
async def test_parcels_money_and_story_are_there_and_the_receiver_is_masked(
    service: Person, sessions: Sessions
) -> None:
    await seed_parcel(sessions)
    await seed_event(sessions, 1, "allocated", {"location": "HQ", "shipment": "O-1-1"})

    page = (await service.get("/orders/o-1")).text

    for shown in ("SF1234567890123", "SF Express", "1.25 kg", "杭州中转场", "CN¥25.50", "O-1-1",
                  "Stock reserved at HQ for shipment O-1-1", "138****0001", "Goods A"):  # fmt: skip
        assert shown in page, shown
    for hidden in ("13800000001", "王小明", "文一西路"):
        assert hidden not in page, hidden


@pytest.mark.usefixtures("order")
async def test_whatever_buyers_write_is_shown_and_never_run(
    service: Person, staff: Person, sessions: Sessions
) -> None:
    await change(sessions, "UPDATE sales_order SET external_no = :e", e=EVIL)
    await say(sessions, "ord_1", buyer_remark=EVIL)
    await change(sessions, "UPDATE order_line SET title = :e", e=EVIL)
    await change_receiver(sessions, name=EVIL, city=EVIL, detail=EVIL)
    await change(sessions, "UPDATE shop SET name = :e", e=EVIL)
    await seed_hold(sessions, reason=EVIL)
    await seed_event(sessions, 1, "held", {"hold": "manual", "reason": EVIL})
    await seed_attention(sessions, error=EVIL)

    for client, path in (
        (service, "/orders"), (service, "/orders/O-1"), (service, "/orders/O-1/do/cancel"),
        (service, "/attention?group=label|zto|masked"), (service, "/attention/att_1"),
        (service, "/orders/O-1/do/release?kind=manual"), (service, "/orders/O-1/do/address"),
        (staff, "/warehouse"), (staff, "/warehouse/O-1-1"),
    ):  # fmt: skip
        page = await client.get(path)
        assert page.status_code == 200, path
        assert "<img" not in page.text.replace(f'<img src="/static/{BUILD}/icon.svg"', ""), path
        assert "49" not in re.findall(r"onerror=alert\(1\)&gt;(\d+)", page.text), path
    assert "&lt;img src=x onerror=alert(1)&gt;" in (await service.get("/orders/O-1")).text


@pytest.mark.usefixtures("order")
async def test_the_whole_receiver_is_shown_for_a_reason_that_is_written_down(
    service: Person, sessions: Sessions
) -> None:
    refused = await service.send_form("/orders/O-1/receiver", reason="  ")
    shown = await service.send_form("/orders/O-1/receiver", reason="calls back")

    assert refused.status_code == 422
    assert "王小明" not in refused.text
    assert "王小明" in shown.text
    assert "文一西路 969 号" in shown.text
    assert await rows(sessions, "SELECT action, reason FROM audit_log") == [
        ("receiver.disclosed", "calls back")
    ]


@pytest.mark.usefixtures("order")
async def test_a_hold_and_its_release_reach_the_order_with_their_reasons(
    service: Person, engine: Engine, sessions: Sessions
) -> None:
    held = await service.send_form("/orders/O-1/do/hold", reason="buyer asked")
    await seed_hold(sessions, kind="risk", reason="large amount")
    form = await service.get("/orders/O-1/do/release?kind=risk")
    released = await service.send_form("/orders/O-1/do/release", kind="risk", reason="looked")

    assert (held.status_code, held.headers["location"]) == (303, "/orders/O-1")
    assert "Large amount" in form.text
    assert released.status_code == 303
    (_, first, hold), (workflow, second, release) = engine.told
    assert (workflow, first, second) == ("order/own/mini/1", "hold", "release")
    assert isinstance(hold, PlaceHold)
    assert hold.reason == "buyer asked"
    assert isinstance(release, ReleaseHold)
    assert (release.kind, release.reason) == ("risk", "looked")


@pytest.mark.usefixtures("order")
async def test_a_cancellation_is_done_exactly_as_it_was_previewed(
    service: Person, engine: Engine
) -> None:
    whole = (await service.get("/orders/O-1/do/cancel")).text
    part = (await service.get("/orders/O-1/do/cancel?line_id=ord_1.2")).text

    assert "Free 3 units of shipment O-1-1" in whole
    assert "CN¥25.50 become due back to the buyer" in whole
    assert "Cancel line: Goods B × 1" in part
    assert "CN¥5.50 become due back to the buyer" in part
    shown = re.search(r'name="plan_hash" value="([^"]+)"', part)
    assert shown is not None
    answer = await service.send_form(
        "/orders/O-1/do/cancel", plan_hash=shown[1], line_id="ord_1.2", reason="too much"
    )
    assert answer.status_code == 303
    [(_, name, told)] = engine.told
    assert isinstance(told, Cancel)
    assert (name, told.plan_hash, told.line_ids) == ("cancel", shown[1], ("ord_1.2",))


@pytest.mark.usefixtures("order")
async def test_what_has_left_cannot_be_cancelled_and_the_form_says_so(
    service: Person, sessions: Sessions
) -> None:
    await change(sessions, "UPDATE shipment SET status = 'in_transit'")

    page = await service.get("/orders/O-1/do/cancel")

    assert page.status_code == 200
    assert "Everything asked for has already left" in page.text
    assert 'name="plan_hash"' not in page.text


@pytest.mark.usefixtures("order", "engine")
async def test_what_is_on_its_way_is_asked_back_and_shown_so(
    service: Person, sessions: Sessions, engine: Engine
) -> None:
    await seed_parcel(sessions)
    await change(sessions, "UPDATE shipment SET status = 'in_transit'")
    form = (await service.get("/orders/O-1/do/cancel")).text
    assert "Ask the carrier to bring parcel SF1234567890123 back" in form
    assert "units of shipment O-1-1 come back as a return" in form
    assert "Have it brought back" in form
    shown = re.search(r'name="plan_hash" value="([^"]+)"', form)
    assert shown is not None
    told = {"plan_hash": shown[1], "reason": "bought twice"}
    assert (await service.send_form("/orders/O-1/do/cancel", **told)).status_code == 303
    [(_, _, command)] = engine.told
    assert isinstance(command, Cancel)
    assert (command.intercept, command.line_ids) == (True, ())

    async with sessions.begin() as session:
        await want_intercepts(session, ["O-1-1"], "bought twice", "kefu")
    page = (await service.get("/orders/O-1")).text
    assert "to be asked back" in page
    assert "bought twice" in page
    await service.get("/language/zh?back=/orders/O-1")
    assert "待拦截" in (await service.get("/orders/O-1")).text


@pytest.mark.usefixtures("order")
async def test_an_order_that_moved_on_refuses_in_the_readers_words(
    app: FastAPI, web_sessions: Sessions, engine: Engine
) -> None:
    moved = ApplicationError("the order moved on since the plan was shown", type="PlanChanged")
    engine.refuses = WorkflowUpdateFailedError(moved)
    async with await person(app, web_sessions, Role.ADMIN, language="zh") as admin:
        answer = await admin.send_form("/orders/O-1/do/cancel", plan_hash="0" * 64, reason="算了")
        dialog = await admin.post(
            "/orders/O-1/do/hold",
            data={"csrf_token": admin.csrf_token, "reason": "等一下"},
            headers={"HX-Request": "true"},
        )

    assert answer.status_code == dialog.status_code == 409
    assert "显示方案之后订单又有进展" in answer.text
    assert "<html" not in dialog.text
    assert "显示方案之后订单又有进展" in dialog.text


@pytest.mark.usefixtures("order")
async def test_a_corrected_address_is_kept_in_the_tables_and_told_by_its_id(
    service: Person, engine: Engine, sessions: Sessions
) -> None:
    answer = await service.send_form("/orders/O-1/do/address", **ADDRESS)

    assert answer.status_code == 303
    [(_, name, told)] = engine.told
    assert isinstance(told, AddressChanged)
    assert name == "change_address"
    [(kept,)] = await rows(
        sessions, "SELECT data::text FROM correction WHERE id = :id", id=told.correction_id
    )
    assert "韩梅梅" not in kept
    async with sessions.begin() as session:
        await correct_receiver(session, VAULT, "ord_1", told.correction_id)
    receiver = await receiver_of(sessions, "ord_1")
    assert (receiver.name, receiver.address.district) == ("韩梅梅", "西湖区")


@pytest.mark.usefixtures("order")
async def test_a_new_address_is_shown_with_what_it_does_and_confirmed_as_it_was_shown(
    service: Person, engine: Engine
) -> None:
    typed = {name: value for name, value in ADDRESS.items() if name != "reason"}

    page = (await service.send_form("/orders/O-1/do/address/plan", **typed)).text

    for told in ("This will happen", "units stay reserved at", "Until the carrier has the parcel.",
                 "The channel is not told, and does not overwrite it later", "韩梅梅"):  # fmt: skip
        assert told in page, told
    [plan_hash] = re.findall(r'name="plan_hash" value="([0-9a-f]{64})"', page)
    await service.send_form("/orders/O-1/do/address", **ADDRESS, plan_hash=plan_hash)
    [(_, _, told_command)] = engine.told
    assert told_command.plan_hash == plan_hash
    nowhere = typed | {"province": "", "city": "", "district": "", "detail": "somewhere"}
    refused = (await service.send_form("/orders/O-1/do/address/plan", **nowhere)).text
    assert "This address cannot be used." in refused
    assert 'name="plan_hash"' not in refused


BAD_FORMS: dict[str, tuple[str, Mapping[str, str]]] = {
    "hold without a reason": ("hold", {}),
    "hold with a blank reason": ("hold", {"reason": " \r\n "}),
    "hold with a NUL": ("hold", {"reason": "a\x00b"}),
    "hold with a novel": ("hold", {"reason": "a" * 501}),
    "release of nothing": ("release", {"reason": "x"}),
    "release of an unknown hold": ("release", {"kind": "moon", "reason": "x"}),
    "cancel without a reason": ("cancel", {"plan_hash": "x"}),
    "cancel without a plan": ("cancel", {"reason": "x"}),
    "address without a name": ("address", {**ADDRESS, "name": ""}),
    "address with letters for a phone": ("address", {**ADDRESS, "phone": "call me"}),
    "address with an escape": ("address", {**ADDRESS, "detail": "a\x1b[31m"}),
}


@pytest.mark.usefixtures("order")
@pytest.mark.parametrize("case", BAD_FORMS)
async def test_a_bad_form_is_refused_and_nothing_is_told(
    service: Person, engine: Engine, case: str
) -> None:
    action, values = BAD_FORMS[case]

    answer = await service.send_form(f"/orders/O-1/do/{action}", **values)

    assert answer.status_code == 422
    assert "<h1" in answer.text
    assert engine.told == []


@pytest.mark.usefixtures("order")
async def test_without_the_engine_a_command_says_that_nothing_was_changed(service: Person) -> None:
    answer = await service.send_form("/orders/O-1/do/hold", reason="x")

    assert answer.status_code == 503
    assert "nothing was changed" in answer.text
    assert answer.headers["retry-after"] == "5"


@pytest.mark.usefixtures("order")
async def test_actions_are_offered_only_while_they_mean_something(
    service: Person, staff: Person, sessions: Sessions
) -> None:
    def offered(page: str) -> set[str]:
        return set(re.findall(r'href="/orders/O-1/do/(\w+)', page))

    assert offered((await service.get("/orders/O-1")).text) == {
        "hold", "address", "cancel", "receiver", "invoice", "note", "tag", "split", "lines",
    }  # fmt: skip
    assert offered((await staff.get("/orders/O-1")).text) == {"note", "tag"}
    await change(sessions, "UPDATE shipment SET status = 'packed', picked_at = now()")
    packed = offered((await service.get("/orders/O-1")).text)
    assert packed == {"hold", "address", "cancel", "receiver", "invoice", "note", "tag"}
    await change(sessions, "UPDATE shipment SET status = 'in_transit'")
    assert "address" not in offered((await service.get("/orders/O-1")).text)
    await change(sessions, "UPDATE sales_order SET status = 'delivered'")
    last = offered((await service.get("/orders/O-1")).text)
    assert last == {"receiver", "invoice", "note", "tag", "return"}


@pytest.mark.usefixtures("order")
@pytest.mark.parametrize("path", ["fly", "hold?kind=moon", "..%2f..%2fetc"])
async def test_there_are_no_other_actions(service: Person, path: str) -> None:
    assert (await service.get(f"/orders/O-1/do/{path}")).status_code in (404, 422)


@pytest.mark.usefixtures("order")
async def test_a_parcel_in_trouble_says_why_and_whose_fault_it_is(
    service: Person, sessions: Sessions
) -> None:
    await seed_parcel(sessions)
    await change(sessions, "UPDATE parcel SET status = 'exception', incident = 'refused'")
    await change(
        sessions,
        "INSERT INTO tracking_event (parcel_id, event_id, at, status, vendor_code)"
        " VALUES ('O-1-1.1', '3', now(), 'unknown', 'X99')",
    )

    page = (await service.get("/orders/o-1")).text

    for shown in ("Refused by the receiver", "Receiver&#39;s fault", "X99"):
        assert shown in page, shown


@pytest.mark.usefixtures("order")
async def test_a_return_label_is_ordered_and_voided_from_the_order_s_page(
    service: Person, sessions: Sessions
) -> None:
    assert "Return label" not in (await service.get("/orders/O-1")).text
    await change(sessions, "UPDATE shipment SET status = 'delivered'")
    await change(
        sessions,
        "INSERT INTO carrier_account (code, name, base_url, secrets, settings, push_secret, active,"
        " priority) VALUES ('jdl', 'JDL', 'http://jdl', '', '{}', '', true, 0)",
    )
    assert "Order a return label" in (await service.get("/orders/O-1")).text
    form = (await service.get("/orders/O-1/do/return_label")).text
    assert "Return label for order O-1" in form

    await service.send_form("/orders/O-1/do/return_label", reason="too small")

    page = (await service.get("/orders/O-1")).text
    assert "Return label is being ordered" in page
    assert "too small" in page
    form = (await service.get("/orders/O-1/do/return_label")).text
    assert "Void return label O-1-B1" in form
    await service.send_form(
        "/orders/O-1/do/cancel_return_label", label_no="O-1-B1", reason="he keeps it"
    )
    assert "Return label is being voided" in (await service.get("/orders/O-1")).text
    assert await rows(sessions, "SELECT reason, state FROM return_label") == [
        ("too small", "cancelling")
    ]


@pytest.mark.usefixtures("order")
async def test_who_prints_a_label_is_said_where_it_is_printed(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions
) -> None:
    await seed_parcel(sessions)
    await change(sessions, "UPDATE shipment SET status = 'labelled'")
    async with await person(app, web_sessions, Role.ADMIN) as admin:

        async def link() -> tuple[str, str]:
            pages = [(await admin.get(path)).text for path in ("/orders/O-1", "/warehouse/O-1-1")]
            told = {
                "label.pdf": "Print labels",
                "print-data": "Data for the platform",
                "elsewhere": "The label is printed where its waybill was ordered.",
            }
            found = [{name for name, words in told.items() if words in page} for page in pages]
            assert all(len(one) == 1 for one in found), found
            return found[0].pop(), found[1].pop()

        assert await link() == ("label.pdf", "label.pdf")
        await change(sessions, "UPDATE receiver SET kind = 'masked'")
        assert await link() == ("elsewhere", "elsewhere")
        async with sessions.begin() as session:
            await keep_label(session, VAULT, "O-1-1.1", "ciphertext")
        assert await link() == ("print-data", "print-data")


async def test_what_is_waited_for_says_when_it_is_expected(
    order: str, service: Person, sessions: Sessions
) -> None:
    waiting = """
        INSERT INTO backorder (id, order_id, fulfilment_line_id, workflow_id, sku, location_id,
                               quantity, paid_at, state, adopted, expected_on)
        SELECT 'b' || l.id, l.order_id, l.id, 'w', l.sku, 'HQ', 1, now(), 'waiting', false,
               '2026-12-05'
        FROM fulfilment_line l WHERE l.sku = 'A'
        """
    await change(sessions, waiting)
    known = (await service.get(f"/orders/{order}")).text
    await change(sessions, "UPDATE backorder SET expected_on = NULL")
    unknown = (await service.get(f"/orders/{order}")).text

    assert "expected on 2026-12-05" in known
    assert "expected on" not in unknown
