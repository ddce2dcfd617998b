"""Claims against carriers, as the service desk and finance use them, in both languages."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.audit import audit
from db.engine import Sessions
from db.sql import run
from domain.platform.permissions import Role
from runtime.posting import Posting
from tests.api.orders.world import rows
from tests.web.world import Person, person

PARCEL = "/parcels/O-1-1-P1/do/claim"


@pytest_asyncio.fixture
async def sent(order: str, sessions: Sessions) -> str:
    """Order `O-1` left in one parcel, SF100, with freight of 8.00."""
    async with sessions.begin() as session:
        await run(
            session,
            "UPDATE shipment SET status = 'in_transit', freight_minor = 800, carrier = 'sf',"
            " handed_over_at = now() - interval '1 day'",
        )
        await run(
            session,
            "INSERT INTO parcel (id, shipment_no, carrier, product, waybill_no, routing_code,"
            " sorting_code, status, weight_g, length_mm, width_mm, height_mm)"
            " SELECT no || '-P1', no, 'sf', '2', 'SF100', '', '', 'in_transit', 900, 0, 0, 0"
            " FROM shipment ON CONFLICT (id) DO UPDATE SET waybill_no = 'SF100', carrier = 'sf'",
        )
    return order


@pytest_asyncio.fixture
async def finance(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[Person]:
    async with await person(app, web_sessions, Role.FINANCE, language="zh") as client:
        yield client


async def opened(client: Person, kind: str = "lost") -> str:
    """Claim the parcel by its form; the claim's number."""
    answer = await client.send_form(PARCEL, kind=kind, remark="never came")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rpartition("/")[2]


async def decide(client: Person, no: str, action: str, amount: str = "", **more: str) -> int:
    """Look at the form, then press its button; the status of the answer."""
    form = (await client.get(f"/claims/{no}/do/{action}?amount={amount}")).text
    plan_hash = form.partition('name="plan_hash" value="')[2][:64]
    told = {"action": action, "amount": amount, "plan_hash": plan_hash, **more}
    return (await client.send_form(f"/claims/{no}/do/decide", **told)).status_code


@pytest.mark.usefixtures("sent")
async def test_a_claim_is_opened_on_the_parcel_and_stands_in_its_queue(service: Person) -> None:
    assert PARCEL in (await service.get("/orders/O-1")).text
    assert 'value="damaged"' in (await service.get(PARCEL)).text
    no = await opened(service)

    assert no in (await service.get("/claims?queue=file")).text
    assert no in (await service.get("/claims?q=SF100")).text
    assert no not in (await service.get("/claims?queue=closed")).text
    order = (await service.get("/orders/O-1")).text
    assert f"/claims/{no}" in order
    assert PARCEL not in order
    page = (await service.get(f"/claims/{no}")).text
    assert "Somebody has to file it" in page or "goes on by itself" in page
    assert "CN¥33.50" in page
    assert "Write off" not in page  # finance and managers may
    sheet = (await service.get(f"/claims/{no}/sheet")).text
    assert "SF100" in sheet
    assert "CN¥33.50" in sheet
    assert await opened(service, "damaged") == no  # there is one claim a parcel


@pytest.mark.usefixtures("sent")
async def test_each_step_shows_its_money_and_is_then_recorded(
    service: Person, finance: Person, sessions: Sessions
) -> None:
    no = await opened(service)
    assert "CN¥33.50 are claimed" in (await service.get(f"/claims/{no}/do/file")).text
    assert await decide(service, no, "file", reference="C-1", on="2026-01-02") == 303
    assert "CN¥3.50 are not accepted" in (
        await service.get(f"/claims/{no}/do/accept?amount=30")
    ).text  # fmt: skip
    assert await decide(service, no, "accept", "30") == 303
    assert await decide(finance, no, "pay", "12.5", reference="B-1") == 303
    form = (await finance.get(f"/claims/{no}/do/write_off")).text
    assert "¥21.00 不再追讨" in form
    refused = (await service.get(f"/claims/{no}/do/write_off")).text
    assert "Claims are given up by finance or a manager" in refused
    assert await decide(finance, no, "write_off", reason="too small") == 303
    page = (await finance.get(f"/claims/{no}")).text
    assert "已到账" in page or "到账" in page
    assert "too small" in page
    sums = await rows(sessions, "SELECT received_minor, written_off_minor FROM carrier_claim")
    assert sums == [(1250, 2100)]
    await Posting(sessions).all()
    async with sessions.begin() as session:
        assert await audit(session) == []
    assert "1221.02" in (await finance.get("/finance?from=2026-01-01")).text


@pytest.mark.usefixtures("sent")
async def test_the_list_is_a_file_with_sums_and_no_formulas(
    service: Person, finance: Person
) -> None:
    no = await opened(service)
    text = (await finance.get("/claims.csv?queue=file&carrier=sf")).text
    assert no in text
    assert '"SF100"' in text
    assert '"33.50"' in text
    assert "承运商" in text
    assert no not in (await finance.get("/claims.csv?queue=file&carrier=zto")).text
    assert (await finance.get("/claims.csv?queue=none")).status_code == 422


@pytest.mark.usefixtures("sent")
async def test_bad_input_on_the_pages_is_answered_in_words(service: Person) -> None:
    no = await opened(service)
    assert (await service.get("/claims/CL-none")).status_code == 404
    assert (await service.get("/claims?queue=none")).status_code == 422
    assert (await service.get(f"/claims/{no}/do/dance")).status_code == 422
    assert "more than the carrier answers for" in (
        await service.get(f"/claims/{no}/do/file?amount=99999")
    ).text.lower()  # fmt: skip
    assert "This is no number" in (await service.get(f"/claims/{no}/do/file?amount=abc")).text
    assert (await service.send_form(PARCEL, kind="stolen")).status_code == 422
    assert await decide(service, no, "file") == 422
    assert await decide(service, no, "file", reference="x", on="31.2.2026") == 422


@pytest.mark.usefixtures("sent")
async def test_what_the_bench_finds_broken_is_claimed(
    service: Person, staff: Person, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        await run(session, "UPDATE shipment SET status = 'delivered', delivered_at = now()")
    told = {"kind": "return", "reason": "changed_mind", "units.ord_1.1/A": "2"}
    answer = await service.send_form("/orders/O-1/do/return", **told)
    number = answer.headers["location"].rpartition("/")[2]
    async with sessions.begin() as session:
        await run(session, "UPDATE sales_return SET decision = 'approved'")
    count = {"deed": "receive", "act": "a1", "location": "HQ", "count.ord_1.1/A": "2"}
    await staff.send_form(f"/warehouse/returns/{number}", **count)
    verdict = {
        "deed": "inspect", "act": "a2", "location": "HQ", "becomes.scrap.ord_1.1/A": "1",
        "becomes.resell.ord_1.1/A": "1", "damaged_on_the_way": "yes",
    }  # fmt: skip
    answer = await staff.send_form(f"/warehouse/returns/{number}", **verdict)
    assert answer.status_code == 303

    found = "SELECT c.kind, c.origin, c.return_no, l.units FROM carrier_claim c"
    assert await rows(sessions, f"{found} JOIN claim_line l USING (claim_no)") == [
        ("damaged", "bench", number, 1)
    ]
    assert "/claims/CL" in (await service.get(f"/returns/{number}")).text
