"""Two people: one asks, another one with the right says yes or no, and it happens once or not."""

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI

from db.engine import Sessions
from db.sql import run
from domain.platform.permissions import Role
from domain.shared.errors import PlanChanged
from tests.api.orders.world import rows, seed_order, seed_shipment, seed_shop
from tests.api.served import browser, key_for
from tests.web.world import Engine, Person, change, person

A = "ord_1.1/A"
_STOCK = "SELECT coalesce(sum(on_hand), 0)::int FROM stock_balance"


@pytest.fixture
async def delivered(sessions: Sessions) -> None:
    await seed_shop(sessions)
    await seed_order(sessions)
    await seed_shipment(sessions, status="delivered")
    async with sessions.begin() as session:
        await run(session, "UPDATE shipment SET delivered_at = now() - interval '1 day'")


@pytest.fixture
async def manager(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[Person]:
    async with await person(app, web_sessions, Role.MANAGER, name="Wang") as client:
        yield client


@pytest.fixture
async def admin(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[Person]:
    async with await person(app, web_sessions, Role.ADMIN) as client:
        yield client


def _limits(app: FastAPI, **limits: int) -> None:
    app.state.settings = app.state.settings.model_copy(update=limits)


async def _send(client: Person, path: str, body: Any = None) -> httpx.Response:
    headers = {"X-CSRF-Token": client.csrf_token}
    return await client.post(f"/api/v1{path}", json=body, headers=headers)


async def _yes(client: Person, approval_id: str, decision: str = "approve") -> httpx.Response:
    body = {"decision": decision, "reason": "seen"}
    return await _send(client, f"/approvals/{approval_id}/decision", body)


def _adjustment(units: int, no: str = "C1") -> dict[str, Any]:
    return {
        "location": "HQ", "document_no": no, "reason": "found",
        "lines": [{"sku": "A", "quantity": units}],
    }  # fmt: skip


async def _asked(client: Person, units: int = 50, no: str = "C1") -> str:
    answer = await _send(client, "/adjustments", _adjustment(units, no))
    assert (answer.status_code, answer.json()["code"]) == (202, "ApprovalAsked")
    address: str = answer.headers["location"]
    return address.rpartition("/")[2]


@pytest.mark.usefixtures("delivered")
async def test_a_large_correction_of_stock_waits_and_is_done_once_another_said_yes(
    app: FastAPI, staff: Person, manager: Person, sessions: Sessions
) -> None:
    _limits(app, two_person_stock_units=10)
    assert (await _send(staff, "/adjustments", _adjustment(10, "C0"))).status_code == 200
    before = await rows(sessions, _STOCK)
    asked = await _asked(staff)
    assert await _asked(staff) == asked  # pressed twice
    assert await rows(sessions, _STOCK) == before

    page = (await manager.get(f"/approvals/{asked}")).text
    assert "+50" in page
    done = await _yes(manager, asked)

    assert (done.status_code, done.json()["state"]) == (200, "done")
    assert (await rows(sessions, _STOCK))[0][0] == before[0][0] + 50
    assert (await _yes(manager, asked)).json()["code"] == "ApprovalOver"
    moved = await rows(sessions, "SELECT DISTINCT actor FROM stock_move WHERE document_no = 'C1'")
    told = await rows(sessions, "SELECT actor, action FROM audit_log ORDER BY id")
    assert [action for _, action in told] == [
        "approval.asked", "approval.asked", "approval.approved",
    ]  # fmt: skip
    assert moved == [(told[0][0],)]
    assert told[0][0] != told[2][0]


@pytest.mark.usefixtures("delivered")
async def test_nobody_approves_his_own_whatever_his_roles_and_no_program_approves(
    app: FastAPI, admin: Person, manager: Person, web_sessions: Sessions, sessions: Sessions
) -> None:
    _limits(app, two_person_stock_units=10)
    before = await rows(sessions, _STOCK)
    asked = await _asked(admin)

    own = await _yes(admin, asked)
    assert (own.status_code, own.json()["code"]) == (409, "OwnApproval")
    assert (
        await admin.send_form(f"/approvals/{asked}/decide", decision="approve")
    ).status_code == 409
    assert 'value="approve"' not in (await admin.get(f"/approvals/{asked}")).text
    async with browser(app, **await key_for(web_sessions, Role.ADMIN)) as program:
        body = {"decision": "approve"}
        answer = await program.post(f"/api/v1/approvals/{asked}/decision", json=body)
        assert answer.status_code == 403
    assert await rows(sessions, _STOCK) == before
    with pytest.raises(Exception, match="two_people"):
        await change(
            sessions,
            "UPDATE approval SET state = 'done', decided_by_id = asked_by_id WHERE id = :id",
            id=asked,
        )


@pytest.mark.usefixtures("delivered")
async def test_who_has_not_the_right_neither_sees_nor_decides(
    app: FastAPI, staff: Person, service: Person, web_sessions: Sessions
) -> None:
    _limits(app, two_person_stock_units=10)
    asked = await _asked(staff)

    async with await person(app, web_sessions, Role.FINANCE) as finance:
        for stranger in (service, finance):  # finance decides about money, not about stock
            assert (await _yes(stranger, asked)).status_code == 404
            assert (await stranger.get(f"/approvals/{asked}")).status_code == 404
            assert asked not in (await stranger.get("/approvals")).text
    assert asked in (await staff.get("/approvals")).text


@pytest.mark.usefixtures("delivered")
async def test_refused_withdrawn_and_late_wishes_are_over(
    app: FastAPI, staff: Person, manager: Person, sessions: Sessions
) -> None:
    _limits(app, two_person_stock_units=10)
    before = await rows(sessions, _STOCK)
    refused, withdrawn, late = [await _asked(staff, 50, no) for no in ("C1", "C2", "C3")]
    bare = {"decision": "refuse"}
    assert (await _send(manager, f"/approvals/{refused}/decision", bare)).status_code == 409
    assert (await _yes(manager, refused, "refuse")).json()["state"] == "refused"
    assert (await _send(manager, f"/approvals/{withdrawn}/withdrawal")).status_code == 403
    assert (await staff.send_form(f"/approvals/{withdrawn}/withdraw")).status_code == 303
    await change(sessions, "UPDATE approval SET expires_at = now() WHERE id = :id", id=late)

    for over in (refused, withdrawn, late):
        assert (await _yes(manager, over)).json()["code"] == "ApprovalOver"
    assert (await manager.get(f"/api/v1/approvals/{late}")).json()["state"] == "expired"
    assert await _asked(staff, 50, "C3") != late  # asked anew
    assert await rows(sessions, _STOCK) == before


@pytest.mark.usefixtures("delivered")
async def test_a_large_refund_of_a_return_needs_two(
    app: FastAPI, service: Person, manager: Person, sessions: Sessions
) -> None:
    _limits(app, two_person_refund_minor=1_999)
    wish = {"kind": "return", "reason": "damaged", "lines": [{"line_id": A, "quantity": 2}]}
    no = (await _send(service, "/orders/O-1/returns", wish)).json()["return_no"]
    plan = (await service.get(f"/api/v1/returns/{no}/plan?action=approve")).json()
    form = await service.send_form(
        f"/returns/{no}/do/decide", action="approve", plan_hash=plan["plan_hash"]
    )
    assert form.status_code == 303
    address = form.headers["location"]
    assert address.startswith("/approvals/apr_")
    decided = "SELECT decision FROM sales_return"
    assert await rows(sessions, decided) == [("",)]

    page = (await manager.get(address)).text
    assert "¥20.00" in page
    answer = await manager.send_form(f"{address}/decide", decision="approve")

    assert answer.status_code == 303
    assert await rows(sessions, decided) == [("approved",)]
    assert "carried out" in (await service.get(address)).text


@pytest.mark.usefixtures("delivered")
async def test_what_moved_on_meanwhile_is_not_done_and_ends(
    app: FastAPI, service: Person, manager: Person, sessions: Sessions
) -> None:
    _limits(app, two_person_refund_minor=1_999)
    wish = {"kind": "return", "reason": "damaged", "lines": [{"line_id": A, "quantity": 2}]}
    no = (await _send(service, "/orders/O-1/returns", wish)).json()["return_no"]
    plan = (await service.get(f"/api/v1/returns/{no}/plan?action=approve")).json()
    decision = {"action": "approve", "plan_hash": plan["plan_hash"]}
    answer = await _send(service, f"/returns/{no}/decision", decision)
    asked = answer.headers["location"].rpartition("/")[2]
    await _send(service, f"/returns/{no}/withdrawal", {"text": "keeps it"})

    assert (await _yes(manager, asked)).status_code == 409
    assert (await manager.get(f"/api/v1/approvals/{asked}")).json()["state"] == "failed"


@pytest.mark.usefixtures("order")
async def test_a_large_cancellation_needs_two(
    app: FastAPI, engine: Engine, service: Person, manager: Person
) -> None:
    _limits(app, two_person_refund_minor=2_000)
    plan = (await service.get("/api/v1/orders/O-1/cancellation-plan")).json()
    body = {"plan_hash": plan["plan_hash"], "reason": "bought elsewhere"}
    answer = await _send(service, "/orders/O-1/cancellation", body)
    assert answer.status_code == 202
    assert engine.told == []

    done = await _yes(manager, answer.headers["location"].rpartition("/")[2])

    assert done.json()["state"] == "done"
    assert [name for _, name, _ in engine.told] == ["cancel"]


async def test_the_encryption_key_leaves_wrapped_and_only_with_two_administrators(
    app: FastAPI, admin: Person, manager: Person, web_sessions: Sessions
) -> None:
    safe = rsa.generate_private_key(65537, 3072)
    pem = safe.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    weak = rsa.generate_private_key(65537, 2048).public_key()
    weak_pem = weak.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    body = {"public_key": pem, "reason": "for the safe"}
    for bad in (weak_pem, "x" * 200):
        assert (await _send(admin, "/key-exports", {**body, "public_key": bad})).status_code == 422
    assert (await _send(manager, "/key-exports", body)).status_code == 403
    asked = (await _send(admin, "/key-exports", body)).headers["location"].rpartition("/")[2]
    assert (await _yes(admin, asked)).status_code == 409
    assert (await _yes(manager, asked)).status_code == 404

    async with await person(app, web_sessions, Role.ADMIN) as second:
        done = (await _yes(second, asked)).json()

    wrapped = base64.b64decode(done["result"])
    opened = safe.decrypt(wrapped, padding.OAEP(padding.MGF1(SHA256()), SHA256(), None))
    assert opened == app.state.settings.encryption_key()


@pytest.mark.usefixtures("order")
async def test_a_large_change_of_lines_needs_two(
    app: FastAPI, engine: Engine, service: Person, manager: Person
) -> None:
    _limits(app, two_person_refund_minor=999)
    wish = {"lines": [{"line_id": "ord_1.1", "quantity": 1}]}
    plan = (await _send(service, "/orders/O-1/lines-plan", wish)).json()
    assert plan["refund"]["amount"] == "10.00"
    form = await service.send_form(
        "/orders/O-1/do/lines", plan_hash=plan["plan_hash"], reason="one less",
        line_id="ord_1.1", units="1",
    )  # fmt: skip
    address = form.headers["location"]
    assert address.startswith("/approvals/apr_")
    assert engine.told == []

    page = (await manager.get(address)).text
    assert "2 → 1" in page
    assert "¥10.00" in page
    assert "moved on" not in page
    await manager.send_form(f"{address}/decide", decision="approve")

    [(_, name, command)] = engine.told
    assert (name, command.kind, command.plan_hash) == ("change", "lines", plan["plan_hash"])
    assert "carried out" in (await service.get(address)).text


async def _cancel(client: Person, line: str) -> httpx.Response:
    plan = (await client.get(f"/api/v1/orders/O-1/cancellation-plan?line_id={line}")).json()
    body = {"plan_hash": plan["plan_hash"], "reason": "bought elsewhere", "line_ids": [line]}
    return await _send(client, "/orders/O-1/cancellation", body)


@pytest.mark.usefixtures("order")
async def test_small_refunds_of_one_order_add_up_whoever_gives_them(
    app: FastAPI, engine: Engine, service: Person, admin: Person
) -> None:
    _limits(app, two_person_refund_minor=2_549)  # 20.00 + 5.50 is one cent too much
    assert (await _cancel(service, "ord_1.2")).status_code == 200
    assert (await _cancel(admin, "ord_1.1")).status_code == 202
    assert len(engine.told) == 1

    _limits(app, two_person_refund_minor=2_550)
    assert (await _cancel(admin, "ord_1.1")).status_code == 200


@pytest.mark.usefixtures("order")
async def test_two_refunds_at_the_same_time_do_not_pass_the_limit_together(
    app: FastAPI, engine: Engine, service: Person, admin: Person
) -> None:
    _limits(app, two_person_refund_minor=2_549)
    answers = await asyncio.gather(_cancel(service, "ord_1.2"), _cancel(admin, "ord_1.1"))

    assert sorted(answer.status_code for answer in answers) == [200, 202]
    assert len(engine.told) == 1


@pytest.mark.usefixtures("order")
async def test_what_the_order_refuses_is_not_counted_and_what_moved_on_is_not_sent(
    app: FastAPI, engine: Engine, service: Person
) -> None:
    _limits(app, two_person_refund_minor=2_000)
    engine.refuses = PlanChanged("the order moved on")
    for _ in range(2):
        assert (await _cancel(service, "ord_1.1")).status_code == 409
    engine.refuses = None
    other = {"plan_hash": "0" * 64, "reason": "bought elsewhere", "line_ids": ["ord_1.1"]}
    answer = await _send(service, "/orders/O-1/cancellation", other)
    assert (answer.status_code, answer.json()["code"]) == (409, "PlanChanged")
    assert engine.told == []

    assert (await _cancel(service, "ord_1.1")).status_code == 200


@pytest.mark.usefixtures("delivered")
async def test_a_return_counts_what_was_given_back_of_its_order_before(
    app: FastAPI, service: Person, sessions: Sessions
) -> None:
    _limits(app, two_person_refund_minor=2_549)
    await change(
        sessions,
        "INSERT INTO done_alone (act, what, much, at)"
        " VALUES ('earlier', 'refund/ord_1', 550, now() - interval '1 year')",
    )
    wish = {"kind": "return", "reason": "damaged", "lines": [{"line_id": A, "quantity": 2}]}
    no = (await _send(service, "/orders/O-1/returns", wish)).json()["return_no"]
    plan = (await service.get(f"/api/v1/returns/{no}/plan?action=approve")).json()
    decision = {"action": "approve", "plan_hash": plan["plan_hash"]}

    assert (await _send(service, f"/returns/{no}/decision", decision)).status_code == 202
    assert await rows(sessions, "SELECT decision FROM sales_return") == [("",)]
    _limits(app, two_person_refund_minor=2_550)
    assert (await _send(service, f"/returns/{no}/decision", decision)).status_code == 200
    counted = await rows(sessions, "SELECT sum(much)::int FROM done_alone")
    assert counted == [(2_550,)]


@pytest.mark.usefixtures("delivered")
async def test_small_corrections_of_one_person_add_up_for_a_day(
    app: FastAPI, staff: Person, admin: Person, sessions: Sessions
) -> None:
    _limits(app, two_person_stock_units=10)
    before = await rows(sessions, _STOCK)
    answers = await asyncio.gather(
        *(_send(staff, "/adjustments", _adjustment(4, f"C{n}")) for n in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 200, 202, 202, 202]
    assert (await rows(sessions, _STOCK))[0][0] == before[0][0] + 8
    assert (await _send(admin, "/adjustments", _adjustment(4, "M1"))).status_code == 200
    other = {**_adjustment(4, "C8"), "lines": [{"sku": "B", "quantity": 4}]}
    assert (await _send(staff, "/adjustments", other)).status_code == 200

    await change(sessions, "UPDATE done_alone SET at = at - interval '1 day'")
    assert (await _send(staff, "/adjustments", _adjustment(4, "C9"))).status_code == 200
