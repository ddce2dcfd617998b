"""A person is erased: nothing anywhere says any more who it was, and no sum or unit moves."""

import json

from fastapi import FastAPI

from db.audit import run as audited
from db.engine import Sessions
from db.finance.invoices import ask_invoice
from db.keys import order_key
from db.orders.notes import write_note
from db.orders.receivers import open_receiver, save_receiver, sealed_correction
from db.orders.return_acts import open_return
from db.orders.return_photos import Photo, add_photos
from db.orders.returns import Asked
from db.orders.tables import ParcelRow, TrackingEventRow
from db.orders.words import add_words, of_order, of_scan
from db.shared.intake import accept
from db.sql import run
from domain.finance.invoices import Buyer
from domain.orders.returns.model import ReturnKind, ReturnOrigin, ReturnReason
from domain.platform.permissions import Role
from domain.shared.address import Address, Contact
from tests.api.orders.world import PAID, rows, seed_order, seed_shipment, seed_shop
from tests.e2e import canaries
from tests.people import VAULT, buyer
from tests.web.world import person

PHONE = "13377770613"
CANARIES = (
    "金丝雀", PHONE, "羽毛街 77 号", "鸟笼科技", "鸟语留言",
    "remark-of-the-canary", "buyer-canary-77",
    "canary@birds.example", "羽毛税号 91330000", "canary-words-of-a-return", "canary-on-tracking",
"canary-sentence of a story", "canary-photo-bytes",
)  # fmt: skip
PLACE = Address(province="浙江省", city="杭州市", district="余杭区", detail=CANARIES[2])
SUMS = (
    "SELECT sum(payable_minor), sum(captured_minor), sum(refunded_minor) FROM sales_order",
    "SELECT sku, location_id, on_hand, reserved FROM stock_balance ORDER BY 1, 2",
    "SELECT city, count(*) FROM receiver GROUP BY city",
    "SELECT account, sum(debit_minor - credit_minor) FROM voucher_entry GROUP BY 1 ORDER BY 1",
)


async def seed_canary(sessions: Sessions, number: str, phone: str = PHONE) -> None:
    """A closed order whose person stands everywhere somebody can stand."""
    order_id = f"ord_{number}"
    await seed_order(sessions, number)
    await seed_shipment(sessions, number, status="delivered")
    told = Contact(CANARIES[0], phone, PLACE, CANARIES[3])
    raw = json.dumps({"name": CANARIES[0], "phone": phone}).encode()
    async with sessions.begin() as session:
        await save_receiver(session, VAULT, order_id, told)
        await run(
            session, "UPDATE sales_order SET buyer_digest = :buyer WHERE id = :id", id=order_id,
            buyer=buyer(CANARIES[6]),
        )  # fmt: skip
        await add_words(
            session, order_id, of_order(order_id), buyer_remark=CANARIES[4],
            seller_remark=CANARIES[5], buyer_ref=CANARIES[6], invoice_request=CANARIES[0],
        )  # fmt: skip
        key = await order_key(session, VAULT, order_id)
        await write_note(session, VAULT, order_id, f"note_{number}", CANARIES[0], "kefu")
        await run(
            session, "INSERT INTO correction (id, workflow_id, step_id, data, actor) VALUES"
            " (:id, :workflow, 'address', CAST(:data AS jsonb), 'kefu')",
            id=f"cor_{number}", workflow=f"order/own/mini/{number}",
            data=json.dumps(sealed_correction(key, f"cor_{number}", {"name": CANARIES[0]})),
        )  # fmt: skip
        await ask_invoice(
            session, VAULT, f"O-{number}", Buyer(CANARIES[3], CANARIES[8], CANARIES[7]), "kefu"
        )
        await accept(
            session, VAULT, source="own", shop_id="mini", channel="own", message_id=f"m{number}",
            topic="order", external_no=number, raw=raw,
        )  # fmt: skip
        asked = Asked(
            ReturnKind.RETURN, ReturnOrigin.CONSUMER, ReturnReason.DAMAGED,
            {f"{order_id}.1/A": 1}, CANARIES[9],
        )  # fmt: skip
        return_no = await open_return(session, order_id, asked)
        photo = Photo(CANARIES[12].encode(), CANARIES[12].encode(), 1, 1)
        await add_photos(session, VAULT, return_no, [photo], "buyer")
        await run(
            session, "INSERT INTO order_event (order_id, source, seq, kind, data, actor)"
            " VALUES (:id, 'order', 900, 'held', CAST(:data AS jsonb), 'kefu')",
            id=order_id, data=json.dumps({"kind": "manual", "reason": CANARIES[11]}),
        )  # fmt: skip
        parcel = f"O-{number}-1-P1"
        session.add(ParcelRow(id=parcel, shipment_no=f"O-{number}-1", carrier="sf"))
        await session.flush()
        session.add(
            TrackingEventRow(
                parcel_id=parcel,
                event_id="1",
                at=PAID,
                status="delivered",
                heard_at=PAID,
            )
        )
        await session.flush()
        await add_words(session, order_id, of_scan(parcel, "1"), text=CANARIES[10])
        await run(
            session, "UPDATE invoice SET state = 'cancelled', settled_at = now()"
            " WHERE order_id = :id", id=order_id,
        )  # fmt: skip
        await run(
            session, "UPDATE sales_return SET outcome = 'withdrawn', closed_at = now()"
            " WHERE order_id = :id", id=order_id,
        )  # fmt: skip
        await run(
            session, "UPDATE sales_order SET status = 'completed' WHERE id = :id", id=order_id
        )


async def sums(sessions: Sessions) -> list[list[tuple[object, ...]]]:
    return [await rows(sessions, statement) for statement in SUMS]


async def erase(app: FastAPI, web_sessions: Sessions, whom: str) -> str:
    """As an administrator does it on the page: look, then confirm."""
    async with await person(app, web_sessions, Role.ADMIN) as admin:
        shown = await admin.send_form("/privacy/erasure", whom=whom)
        assert shown.status_code == 200
        plan = shown.text.partition('name="plan" value="')[2].partition('"')[0]
        done = await admin.send_form(
            "/privacy/erasure/confirmation", whom=whom, plan=plan, reason="asked for it"
        )
    assert done.status_code == 200, done.text
    return done.text


async def test_of_an_erased_person_no_word_is_left_and_no_sum_moves(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions, database_url: str
) -> None:
    await seed_shop(sessions)
    await seed_canary(sessions, "7")
    await seed_canary(sessions, "8", "+86 133-7777-0613")
    await seed_order(sessions, "9")  # somebody else
    before, wrong = await sums(sessions), await audited(database_url)
    sealed = [sealed for (sealed,) in await rows(sessions, "SELECT sealed FROM receiver")]

    text = await erase(app, web_sessions, "１３３ ７７７７ ０６１３")

    assert "2 orders" in text
    assert canaries.in_tables(database_url, list(CANARIES)) == []
    assert await sums(sessions) == before
    assert await audited(database_url) == wrong
    left = await rows(
        sessions,
        "SELECT order_id FROM receiver WHERE sealed <> '' OR phone_digest || whole_digest <> ''",
    )
    assert left == [("ord_9",)]
    # A copy of the sealed bytes that somebody kept is of no use any more.
    assert await rows(sessions, "SELECT count(*) FROM order_key WHERE wrapped <> ''") == [(0,)]
    assert len(sealed) == 3
    [(actor, action, reason, after)] = await rows(
        sessions, "SELECT actor, action, reason, after FROM audit_log WHERE action LIKE 'person%'"
    )
    assert (action, reason, after) == (
        "person.erased", "asked for it", {"orders": ["ord_7", "ord_8"]}
    )  # fmt: skip
    assert actor


async def test_pages_say_that_a_person_is_erased_and_nothing_new_is_kept(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions
) -> None:
    await seed_shop(sessions)
    await seed_canary(sessions, "7")
    await erase(app, web_sessions, "O-7")

    async with await person(app, web_sessions, Role.CUSTOMER_SERVICE) as service:
        shown = (await service.get("/orders/O-7")).text
        assert "Erased: nobody knows any more who this was." in shown
        assert not any(word in shown for word in CANARIES)
        told = await service.send_form("/orders/O-7/receiver", reason="he called")
        assert told.status_code == 410
        found = await service.get("/orders.csv", params={"q": PHONE})
        assert "O-7" not in found.text
    async with sessions.begin() as session:
        known = await open_receiver(session, VAULT, "ord_7")
    assert known is not None
    assert known.erased
    async with await person(app, web_sessions, Role.ADMIN) as admin:
        assert (await admin.send_form("/privacy/erasure", whom=PHONE)).status_code == 404


async def test_as_long_as_an_order_is_open_nobody_is_erased(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions
) -> None:
    await seed_shop(sessions)
    await seed_canary(sessions, "7")
    await seed_canary(sessions, "8")
    async with sessions.begin() as session:
        await run(session, "UPDATE sales_order SET status = 'shipped' WHERE id = 'ord_8'")

    async with await person(app, web_sessions, Role.ADMIN) as admin:
        shown = await admin.send_form("/privacy/erasure", whom=PHONE)
        assert "not over yet" in shown.text
        assert 'name="plan"' not in shown.text
        await admin.send_form(
            "/privacy/erasure/confirmation", whom=PHONE, plan="x", reason="asked for it"
        )
    assert await rows(sessions, "SELECT count(*) FROM order_key WHERE wrapped = ''") == [(0,)]


async def test_what_is_erased_is_what_was_shown(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions
) -> None:
    await seed_shop(sessions)
    await seed_canary(sessions, "7")
    async with await person(app, web_sessions, Role.ADMIN) as admin:
        shown = await admin.send_form("/privacy/erasure", whom=PHONE)
        plan = shown.text.partition('name="plan" value="')[2].partition('"')[0]
        await seed_canary(sessions, "8")
        again = await admin.send_form(
            "/privacy/erasure/confirmation", whom=PHONE, plan=plan, reason="asked for it"
        )
    assert "Other orders are found now than were shown" in again.text
    assert await rows(sessions, "SELECT count(*) FROM order_key WHERE wrapped = ''") == [(0,)]
