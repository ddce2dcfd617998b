"""Serial numbers of goods that move, as people scan them into pages and programs send them."""

import pytest
from fastapi import FastAPI

from db.engine import Sessions
from domain.platform.permissions import Role
from tests.api.orders.world import rows
from tests.web.test_transfers import admin, carried_on, goods, written
from tests.web.world import Person, person

__all__ = ("admin", "goods")


async def tracked(sessions: Sessions) -> None:
    await rows(sessions, "UPDATE sku SET tracks_serials = true WHERE code = 'TEA' RETURNING 1")
    await rows(
        sessions,
        "INSERT INTO serial (sku, serial, location_id) SELECT 'TEA', 'S' || n, 'W1'"
        " FROM generate_series(1, 10) n RETURNING 1",
    )


@pytest.mark.usefixtures("goods")
async def test_a_transfer_is_sent_received_and_decided_by_numbers(
    admin: Person, sessions: Sessions
) -> None:
    await tracked(sessions)
    no = await written(admin, "TEA 3")
    page = f"/transfers/{no}"
    await admin.send_form(f"{page}/approve")
    await carried_on(sessions, no)
    assert 'name="serials-1"' in (await admin.get(f"{page}/do/ship")).text
    refused = await admin.send_form(f"{page}/do/ship", **{"line-1": "3"})
    assert refused.status_code == 409
    assert "序列号" in refused.text
    sent = {"line-1": "", "serials-1": "S1\r\nS2\nS3\n"}
    assert (await admin.send_form(f"{page}/do/ship", **sent)).status_code == 303
    await carried_on(sessions, no)
    assert "S2" in (await admin.get(f"{page}/do/receive")).text
    came = {"good-1": "", "damaged-1": "", "serials-1": "S1", "broken-1": "S2", "last": "1"}
    assert (await admin.send_form(f"{page}/do/receive", **came)).status_code == 303
    await carried_on(sessions, no)
    view = (await admin.get(f"/api/v1{page}")).json()
    assert [(one["serial"], one["state"]) for one in view["lines"][0]["numbers"]] == [
        ("S1", "arrived"), ("S2", "damaged"), ("S3", "on_the_way"),
    ]  # fmt: skip
    [short] = [one["id"] for one in view["differences"] if one["kind"] == "short"]
    assert "S3" in (await admin.get(f"{page}/do/decide?difference={short}")).text
    lost = {"decision": "lost", "units": "1", "reason": "fell off", "numbers": "S3"}
    assert (await admin.send_form(f"{page}/do/decide/{short}", **lost)).status_code == 303
    await carried_on(sessions, no)
    found = await rows(sessions, "SELECT state FROM serial WHERE serial = 'S3'")
    assert found == [("gone",)]
    assert "S3" in (await admin.get(page)).text


@pytest.mark.usefixtures("goods")
async def test_a_correction_and_a_count_take_numbers(
    app: FastAPI, admin: Person, sessions: Sessions, web_sessions: Sessions
) -> None:
    await tracked(sessions)
    form = "/levels/correction?sku=TEA&location=W1&units=-1&reason=lost"
    assert 'name="numbers"' in (await admin.get(form)).text
    told = {"sku": "TEA", "location": "W1", "units": "-1", "reason": "lost", "document_no": "C1"}
    assert (await admin.send_form("/levels/correction", **told)).status_code == 409
    done = await admin.send_form("/levels/correction", **told, numbers="S1")
    assert done.status_code == 303, done.text

    answer = await admin.send_form("/counts/new", location="W1", kind="skus", skus="TEA")
    count = answer.headers["location"]
    assert 'name="numbers"' in (await admin.get(count)).text
    assert (await admin.send_form(f"{count}/look", code="TEA", units="8")).status_code == 303
    again = {"code": "TEA", "units": "", "numbers": "\n".join(f"S{n}" for n in range(3, 11))}
    refused = await admin.send_form(f"{count}/look", **again)
    assert refused.status_code == 409  # somebody else counts it a second time
    async with await person(app, web_sessions, Role.WAREHOUSE, name="Ben") as ben:
        assert (await ben.send_form(f"{count}/look", **again)).status_code == 303
    assert "S2" in (await admin.get(count)).text  # it is gone


@pytest.mark.usefixtures("goods")
async def test_kits_are_put_together_and_taken_apart_by_numbers(
    admin: Person, sessions: Sessions
) -> None:
    await tracked(sessions)
    await rows(
        sessions,
        "INSERT INTO sku (code, name, gtin, weight_g, length_mm, width_mm, height_mm, price_minor,"
        " currency, active) VALUES ('GIFT', '礼盒', '', 0, 0, 0, 0, 0, 'CNY', true) RETURNING 1",
    )
    made = {"code": "GIFT", "kind": "assembled", "components": "TEA 2"}
    assert (await admin.send_form("/kits/new", **made)).status_code == 303
    form = await admin.get("/kits/GIFT/work")
    assert 'name="serials-0"' in form.text
    told = {"location": "W1", "kind": "assemble", "quantity": "1"}
    refused = await admin.send_form("/kits/GIFT/work", **told, **{"serials-0": "S1"})
    assert refused.status_code == 409
    assert "序列号" in refused.text
    done = await admin.send_form("/kits/GIFT/work", **told, **{"serials-0": "S1\r\nS2"})
    assert done.status_code == 303, done.text
    unit = await admin.get("/serials/one?sku=TEA&serial=S1")
    assert "在组合中" in unit.text
    assert "/serials?state=built_in" in (await admin.get("/serials")).text

    apart = {"location": "W1", "kind": "disassemble", "quantity": 1}
    numbers = [{"sku": "TEA", "serials": ["S1", "S3"]}]
    to, sent = "/api/v1/kits/GIFT/orders", {"X-CSRF-Token": admin.csrf_token}
    api = await admin.post(
        to, json={**apart, "numbers": numbers}, headers={**sent, "Idempotency-Key": "kit-1"}
    )
    assert (api.status_code, api.json()["code"]) == (409, "SerialTaken")
    numbers = [{"sku": "TEA", "serials": ["S1", "S2"]}]
    api = await admin.post(
        to, json={**apart, "numbers": numbers}, headers={**sent, "Idempotency-Key": "kit-2"}
    )
    assert api.status_code == 201, api.text
    found = await rows(sessions, "SELECT DISTINCT state FROM serial WHERE sku = 'TEA'")
    assert found == [("in_stock",)]


@pytest.mark.usefixtures("goods")
async def test_units_that_are_looked_for_are_listed_until_somebody_looked(
    admin: Person, sessions: Sessions
) -> None:
    await tracked(sessions)
    await rows(
        sessions, "UPDATE serial SET sought_by = 'SH-7' WHERE serial IN ('S1', 'S2') RETURNING 1"
    )
    await rows(
        sessions, "UPDATE stock_balance SET on_hand = 9 WHERE location_id = 'W1' RETURNING 1"
    )
    listed = (await admin.get("/serials?state=sought")).text
    assert ("SH-7" in listed, "serial=S1" in listed, "serial=S3" in listed) == (True, True, False)
    unit = "/serials/one?sku=TEA&serial=S1"
    assert "不在这里" in (await admin.get(unit)).text
    told = {
        "sku": "TEA", "serial": "S1", "state": "in_stock", "location": "W1", "condition": "good",
        "reason": "looked",
    }  # fmt: skip
    assert (await admin.send_form("/serials/one", **told)).status_code == 303
    assert "不在这里" not in (await admin.get(unit)).text
    # One is missing, and it is none of those that lie there: it was the other one.
    found = await rows(sessions, "SELECT serial, state FROM serial WHERE state = 'gone'")
    assert found == [("S2", "gone")]
    assert "SH-7" not in (await admin.get("/serials?state=sought")).text
