"""A day's tickets are uploaded as a file; notices are read and closed."""

from datetime import UTC, datetime

import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.engine import Sessions
from db.shared.tickets import TicketDesk
from integrations.marketplaces.pos_ticket import read_batch
from tests.api.orders.world import rows
from tests.tills import batch, seed_tills, ticket
from tests.web.test_shops import text
from tests.web.world import Person

ADDRESS = "/shops/tills/do/tickets"
FILE = """小票号,销售时间,商品编码,数量,单价,支付方式
0001,2026-11-20 18:30,A,2,10.00,现金
0002,2026-11-20 18:31,A,1,10.00,微信
0003,2026-11-20 18:32,A,x,10.00,微信
"""


@pytest_asyncio.fixture(autouse=True)
async def tills(app: FastAPI, web_sessions: Sessions) -> None:
    await seed_tills(web_sessions, app.state.vault)


async def _upload(client: Person, content: bytes, **values: str) -> tuple[int, str]:
    answer = await client.post(
        ADDRESS,
        data={"csrf_token": client.csrf_token, "store": "S1", **values},
        files={"file": ("day.csv", content, "text/csv")},
    )
    return answer.status_code, answer.text


async def test_a_file_of_a_day_is_kept_once_and_says_what_was_not_taken(
    service: Person, sessions: Sessions
) -> None:
    assert "Upload tickets" in await text(service, "/shops/tills")
    assert "Store S1" in await text(service, ADDRESS)

    first = await _upload(service, FILE.encode())
    again = await _upload(service, FILE.encode("gb18030"), encoding="gb18030")

    assert (first[0], again[0]) == (200, 200)
    assert "Row 4" in first[1]
    assert "quantity is not a number: x" in first[1]
    assert "Known before</dt><dd>2" in again[1]
    kept = await rows(sessions, "SELECT external_no FROM sales_order ORDER BY 1")
    assert kept == [("S1/1/0001",), ("S1/1/0002",)]


@pytest.mark.parametrize(
    ("content", "values"),
    [(b"", {}), (b"%PDF-1.7", {}), (b"a,b\n1,2\n", {}), (FILE.encode(), {"store": "HQ"})],
)
async def test_what_is_no_file_of_tickets_is_refused(
    service: Person, sessions: Sessions, content: bytes, values: dict[str, str]
) -> None:
    status, _ = await _upload(service, content, **values)
    assert status == 422
    assert await rows(sessions, "SELECT 1 FROM inbox") == []


async def test_a_shop_without_tills_takes_no_file(service: Person) -> None:
    assert (await service.get("/shops/nobody/do/tickets")).status_code == 404


async def test_two_contents_of_one_number_are_compared_and_closed_by_a_person(
    app: FastAPI, service: Person, sessions: Sessions
) -> None:
    desk = TicketDesk(sessions, app.state.vault, "tills")
    other = ticket(payments=[{"kind": "card", "amount_minor": 2000}])
    for told in read_batch(batch(ticket(), other), datetime.now(UTC)):
        assert told.ticket
        await desk.take(told.ticket, told.raw)
    [(item,)] = await rows(sessions, "SELECT id FROM attention")
    assert "The first one holds" in await text(service, f"/attention/{item}")

    unexplained = await service.send_form(f"/attention/{item}", action="done_by_hand")
    closed = await service.send_form(
        f"/attention/{item}", action="done_by_hand", reason="typed twice"
    )

    assert (unexplained.status_code, closed.status_code) == (409, 303)
    assert await rows(sessions, "SELECT resolution, note FROM attention") == [
        ("done_by_hand", "typed twice")
    ]
    assert await rows(sessions, "SELECT count(*) FROM inbox WHERE parked_reason <> ''") == [(0,)]
    trail = await rows(sessions, "SELECT action, reason FROM audit_log")
    assert trail == [("step.done_by_hand", "typed twice")]
