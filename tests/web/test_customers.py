"""The customer book: brought in and taken away as files, masked, found by phone, erased."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from db.engine import Sessions
from domain.platform.permissions import Role
from domain.platform.scopes import Limit
from tests.activities.platform.test_importing import query
from tests.api.orders.world import seed_order, seed_shop
from tests.importing import csv_file, rows_of, states_of, worked
from tests.seeds import seed_network
from tests.web.test_imports import upload
from tests.web.world import Person, change, person

PEOPLE = csv_file(
    "客户编号,姓名,电话,省,市,区,详细地址",
    "C001,王小明,+86 138 0000 0001,浙江省,杭州市,余杭区,文一西路 969 号",
    "C002,李雷,13900000002,浙江省,杭州市,,",
)
SECRETS = ("王小明", "李雷", "13800000001", "13900000002", "文一西路")


@pytest.fixture
async def service(app: FastAPI) -> AsyncIterator[Person]:
    async with await person(app, app.state.office, Role.CUSTOMER_SERVICE) as client:
        yield client


async def _apply(client: Person, sessions: Sessions, content: bytes, state: str = "done") -> str:
    address = await upload(client, content, "customers")
    import_id = address.rpartition("/")[2]
    assert await worked(sessions, import_id) == "checked"
    await client.send_form(f"{address}/decision", decision="apply")
    assert await worked(sessions, import_id) == state
    return import_id


@pytest.mark.usefixtures("engine")
async def test_customers_come_in_sealed_and_are_shown_masked_and_found_by_phone(
    sessions: Sessions, service: Person
) -> None:
    await _apply(service, sessions, PEOPLE)

    stored = str(await query(sessions, "SELECT * FROM customer"))
    assert not any(secret in stored for secret in SECRETS)
    page = (await service.get("/customers")).text
    assert "王***" in page
    assert "138****0001" in page
    assert not any(secret in page for secret in SECRETS)
    for typed in ("138-0000-0001", "0001", "C001"):
        found = (await service.get("/api/v1/customers", params={"q": typed})).json()["items"]
        assert [one["code"] for one in found] == ["C001"], typed
    assert (await service.get("/api/v1/customers?q=777")).json()["items"] == []


@pytest.mark.usefixtures("engine")
async def test_a_second_time_nothing_changes_and_faults_stand_at_their_rows(
    sessions: Sessions, service: Person
) -> None:
    await _apply(service, sessions, PEOPLE)
    again = await upload(service, PEOPLE + b"\n", "customers")
    assert await worked(sessions, again.rpartition("/")[2]) == "checked"
    assert await states_of(sessions, again.rpartition("/")[2]) == ["same", "same"]

    bad = csv_file(
        "code,name,phone", "C003,Wu,138 0000 0001", "C004,,13700000004", "C005,Wu,12",
        "C002,李***,", "C001,王大明,",
    )  # fmt: skip
    import_id = await _apply(service, sessions, bad, "checked")
    faults = [[fault.code for fault in row.faults] for row in await rows_of(sessions, import_id)]
    assert faults == [["phone_taken"], ["missing"], ["not_a_phone"], ["masked"], []]
    kept = str(await query(sessions, "SELECT key, faults FROM import_row"))
    assert not any(secret in kept for secret in SECRETS)
    told = (await service.get(f"/imports/{import_id}")).text
    assert "belongs to customer C001 already" in told


@pytest.mark.usefixtures("engine")
async def test_the_whole_book_is_taken_away_in_full_by_administrators_alone(
    app: FastAPI, sessions: Sessions, service: Person
) -> None:
    await _apply(service, sessions, PEOPLE)
    await seed_network(sessions, ("S1",), ())
    masked = (await service.get("/exports/customers?form=csv")).text
    assert "138****0001" in masked
    assert not any(secret in masked for secret in SECRETS)
    async with (
        await person(app, app.state.office, Role.ADMIN) as admin,
        await person(app, app.state.office, Role.ADMIN, limits=[Limit("S1")]) as regional,
        await person(app, app.state.office, Role.WAREHOUSE) as warehouse,
    ):
        whole = await admin.get("/exports/customers?form=csv")
        assert "王小明" in whole.text
        back = await upload(admin, whole.content, "customers")
        assert await worked(sessions, back.rpartition("/")[2]) == "checked"
        assert await states_of(sessions, back.rpartition("/")[2]) == ["same", "same"]
        for other in (regional, warehouse):
            assert (await other.get("/customers")).status_code == 403
            assert (await other.get("/exports/customers?form=csv")).status_code == 403
            assert 'value="customers"' not in (await other.get("/imports")).text


@pytest.mark.usefixtures("engine")
async def test_who_is_erased_is_gone_from_the_book_too(
    app: FastAPI, sessions: Sessions, service: Person
) -> None:
    await _apply(service, sessions, PEOPLE)
    await seed_shop(sessions)
    await seed_order(sessions)  # of 13800000001
    await change(sessions, "UPDATE sales_order SET status = 'completed'")
    async with await person(app, app.state.office, Role.ADMIN) as admin:
        assert (await service.send_form("/customers/erasure", code="C002")).status_code == 403
        assert (await admin.send_form("/customers/erasure", code="C002")).status_code == 303
        assert (await admin.send_form("/customers/erasure", code="C002")).status_code == 404
        headers = {"X-CSRF-Token": admin.csrf_token}
        whom = {"phone": "13800000001"}
        plan = (await admin.post("/api/v1/erasures/plan", json=whom, headers=headers)).json()
        assert (plan["customers"], [one["no"] for one in plan["orders"]]) == (["C001"], ["O-1"])
        shown = await admin.send_form("/privacy/erasure", whom="13800000001")
        assert "C001" in shown.text
        body = {**whom, "plan": plan["plan"], "reason": "asked to"}
        await admin.post("/api/v1/erasures", json=body, headers=headers)
    assert await query(sessions, "SELECT code FROM customer") == []
