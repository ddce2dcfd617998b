"""The page of promises, and what people read in the inbox about one."""

from datetime import UTC, datetime

import pytest

from db.engine import Sessions
from db.orders.promises import say
from domain.orders.promises import Promised, promises, to_say
from tests.web.world import Person, change

SOON = "UPDATE sales_order SET ship_by = now() + interval '3 h' WHERE no = 'O-1'"


@pytest.mark.usefixtures("order")
async def test_what_is_due_is_shown_with_its_clock(service: Person, sessions: Sessions) -> None:
    empty = (await service.get("/sla")).text
    assert "Nothing is due" in empty
    assert 'href="/sla"' in empty

    await change(sessions, SOON)
    page = (await service.get("/sla?hours=4")).text

    assert 'href="/orders/O-1"' in page
    assert "Pick by · Late" in page
    assert "Ship by · In time" in page
    assert "Pick by · Late" not in (await service.get("/sla?clock=ship_by")).text
    assert (await service.get("/sla?clock=teatime")).status_code == 422


@pytest.mark.usefixtures("order")
async def test_orders_at_risk_are_a_filter_of_the_list(service: Person, sessions: Sessions) -> None:
    assert 'href="/orders/O-1"' not in (await service.get("/orders?at_risk=1")).text
    await change(sessions, SOON)
    page = (await service.get("/orders?at_risk=1")).text
    assert 'href="/orders/O-1"' in page
    assert 'name="at_risk" value="1" checked' in page


@pytest.mark.usefixtures("order")
async def test_an_item_about_a_promise_offers_only_to_have_seen_it(
    service: Person, sessions: Sessions
) -> None:
    order = promises(Promised(datetime.now(UTC)))
    [said] = to_say(order, (), order[0].warn_at)
    async with sessions.begin() as session:
        await say(session, "ord_1", "mini", said)

    groups = (await service.get("/attention")).text
    assert "A promise is in danger" in groups
    assert "he order must be picked soon" in groups
    [item] = [one.split('"')[0] for one in groups.split('href="/attention?group=')[1:]]
    opened = (await service.get(f"/attention?group={item}")).text
    link = opened.split('href="/attention/att_')[1].split('"')[0]
    page = (await service.get(f"/attention/att_{link}")).text

    assert "Seen" in page
    assert "Try again" not in page
    sent = await service.send_form(
        f"/attention/att_{link}", action="done_by_hand", reason="called the warehouse"
    )
    assert sent.status_code == 303
    assert "Nothing waits for a person" in (await service.get("/attention")).text


@pytest.mark.usefixtures("order")
async def test_a_table_of_days_is_written_on_its_page(service: Person) -> None:
    empty = (await service.get("/sla/days")).text
    assert "Where nothing is said anywhere, 3 days count." in empty
    assert "新疆" in empty

    form = {"shop": "mini", "carrier": "", "days.": "4", "days.650000": " 9 ", "days.110000": ""}
    sent = await service.send_form("/sla/days", **form)

    assert (sent.status_code, sent.headers["location"]) == (303, "/sla/days?shop=mini&carrier=")
    page = (await service.get("/sla/days?shop=mini")).text
    assert page.count('value="9"') == 1
    assert "Mini" in page
    assert (await service.send_form("/sla/days", **{"days.": "soon"})).status_code == 422
    assert (await service.send_form("/sla/days", **{"days.": "99"})).status_code == 422
