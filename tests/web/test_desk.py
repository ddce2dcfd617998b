"""The desk in pages: words on orders, saved lists, holds, and many orders at once."""

import re

from fastapi import FastAPI

from db.engine import Sessions
from domain.platform.permissions import Role
from tests.api.orders.world import rows, seed_order
from tests.web.world import Engine, Person, change, person, seed_hold


def _numbers(page: str) -> list[str]:
    return re.findall(r'<a class="no" href="/orders/([^"]+)"', page)


async def test_a_note_stands_on_the_page_and_in_the_story_until_it_is_taken_back(
    service: Person, order: str
) -> None:
    sent = await service.send_form(f"/orders/{order}/do/note", text="<b>call</b> 王小明\r\n周六")
    assert sent.status_code == 303
    page = (await service.get(f"/orders/{order}")).text

    assert page.count("&lt;b&gt;call&lt;/b&gt; 王小明") == 2
    assert "Wrote a note" in page
    [note] = set(re.findall(r'name="note_id" value="([^"]+)"', page))
    await service.send_form(f"/orders/{order}/do/unnote", note_id=note)
    page = (await service.get(f"/orders/{order}")).text
    assert "王小明\n周六" not in page
    assert "A note was taken back." in page


async def test_notes_are_not_for_buyers_of_goods(
    app: FastAPI, web_sessions: Sessions, service: Person, order: str
) -> None:
    await service.send_form(f"/orders/{order}/do/note", text="canary-of-a-note")
    async with await person(app, web_sessions, Role.BUYER) as buyer:
        assert "canary-of-a-note" not in (await buyer.get(f"/orders/{order}")).text
    async with await person(app, web_sessions, Role.WAREHOUSE) as staff:
        assert "canary-of-a-note" in (await staff.get(f"/orders/{order}")).text


async def test_a_tag_has_its_colour_filters_the_list_and_is_suggested(
    service: Person, sessions: Sessions, order: str
) -> None:
    await seed_order(sessions, "2")
    await service.send_form(f"/orders/{order}/do/tag", tag=" VIP  客户 ", colour="red")

    assert "mark-red" in (await service.get(f"/orders/{order}")).text
    assert _numbers((await service.get("/orders?tag=VIP 客户")).text) == [order]
    assert '<option value="VIP 客户">' in (await service.get("/orders/O-2/do/tag")).text
    bad = await service.send_form(f"/orders/{order}/do/tag", tag="x", colour="pink")
    assert bad.status_code == 422
    await service.send_form(f"/orders/{order}/do/untag", tag="VIP 客户")
    assert _numbers((await service.get("/orders?tag=VIP 客户")).text) == []


async def test_every_action_stands_there_with_its_effect_or_the_reason_why_not(
    service: Person, sessions: Sessions, order: str
) -> None:
    page = (await service.get(f"/orders/{order}")).text
    assert "Not now: Nothing of it has left yet." in page
    assert "Releasing takes it back." in page
    assert "This cannot be taken back." in page
    form = (await service.get(f"/orders/{order}/do/hold")).text
    for told in (
        "Stock", "units stay reserved at", "Money", "Parcels",
        "stops: To be picked", "Messages", "Nobody outside hears of it.",
        "Take back", "Releasing takes it back. At any time.",
    ):  # fmt: skip
        assert told in form, told

    await change(sessions, "UPDATE sales_order SET status = 'completed'")
    assert "Not now: The order is closed." in (await service.get(f"/orders/{order}")).text


async def test_a_list_is_saved_under_a_name_and_forgotten_by_its_owner(
    app: FastAPI, web_sessions: Sessions, service: Person
) -> None:
    saved = await service.send_form("/saved-filters/new", name="晚点", query="late=1", shared="1")
    assert (saved.status_code, saved.headers["location"]) == (303, "/orders?late=1")
    page = (await service.get("/orders?late=1")).text
    assert 'href="/orders?late=1" aria-current="true"' in page
    async with await person(app, web_sessions, Role.MANAGER, name="Han Meimei") as other:
        theirs = (await other.get("/orders")).text
        assert "晚点" in theirs
        assert "/forget" not in theirs
    [forget] = re.findall(r'action="(/saved-filters/[^"]+/forget)"', page)
    await service.send_form(forget)
    assert "晚点" not in (await service.get("/orders")).text
    refused = await service.send_form("/saved-filters/new", name="x", query="evil=1")
    assert refused.status_code == 422


async def test_holds_stand_by_kind_with_their_clocks(
    service: Person, sessions: Sessions, order: str
) -> None:
    await seed_order(sessions, "2")
    await seed_hold(sessions, "1", "risk")
    await seed_hold(sessions, "2", "unmapped_sku")
    await change(
        sessions, "UPDATE order_hold SET placed_at = now() - interval '5 d', until = now()"
        " + interval '2 h', owner = 'customer_service' WHERE id = 'h1risk'",
    )  # fmt: skip

    page = (await service.get("/holds")).text
    assert _numbers(page) == [order, "O-2"]
    assert "in 2 hours" in page
    assert 'name="no"' not in page  # nobody releases holds of several kinds at once
    one = (await service.get("/holds?kind=risk&hours=24")).text
    assert _numbers(one) == [order]
    assert 'name="no" value="O-1"' in one
    assert 'value="hold=risk&amp;held_hours=24"' in one
    assert 'name="no"' not in (await service.get("/holds?kind=unmapped_sku")).text
    assert "Nothing is held" in (await service.get("/holds?shop=none")).text
    assert (await service.get("/holds?kind=none")).status_code == 422


async def test_many_orders_are_previewed_begun_watched_and_stopped(
    service: Person, sessions: Sessions, order: str, engine: Engine
) -> None:
    await seed_order(sessions, "2")
    await seed_hold(sessions, "2", "manual")

    seen = (await service.get("/bulk/new?action=hold&no=O-1&no=O-2")).text
    assert "It is held by hand already." in seen
    assert "Hold · 1" in seen
    whole = (await service.get("/bulk/new", params={"action": "hold", "whole": "1",
                                                    "query": "shop=mini"})).text  # fmt: skip
    assert "Hold · 1" in whole
    begun = await service.send_form(
        "/bulk/new", action="hold", no=["O-1", "O-2"], reason="recall <1>"
    )
    assert begun.status_code == 303, begun.text
    address = begun.headers["location"]
    page = (await service.get(address)).text
    assert _numbers(page) == [order]
    assert "recall &lt;1&gt;" in page
    assert "0 / 1" in page
    await service.send_form(f"{address}/stop")
    assert "It stops after the orders at hand." in (await service.get(f"{address}/now")).text
    await change(sessions, "UPDATE bulk_item SET state = 'done'")
    await change(sessions, "UPDATE bulk_job SET state = 'done', ended_at = now()")
    ended = (await service.get(address)).text
    assert "Release the same orders" in ended
    assert "hx-trigger" not in ended.partition('id="job"')[2]
    job = address.rpartition("/")[2]
    again = (await service.get(f"/bulk/new?action=release&job={job}")).text
    assert "It has no such hold." in again  # nobody held it in this world
    assert job in (await service.get("/bulk")).text
    assert await rows(sessions, "SELECT count(*)::int FROM audit_log WHERE action = 'bulk.hold'")


async def test_what_cannot_be_done_to_many_is_said(service: Person, order: str) -> None:
    none = await service.get("/bulk/new?action=hold&no=O-404")
    assert none.status_code == 200
    assert "Back" in none.text
    assert (await service.get("/bulk/new?action=drop&no=O-1")).status_code == 422
    assert (await service.send_form("/bulk/new", action="hold", no=order)).status_code == 422
    assert (await service.send_form("/bulk/new", action="tag", no=order)).status_code == 422
    both = await service.send_form(
        "/bulk/new", action="tag", no=order, tag="VIP", whole="1", query="shop=mini"
    )
    assert both.status_code in (303, 422)


async def test_names_of_sixty_characters_and_fifty_rows_fit_a_page(
    service: Person, sessions: Sessions, order: str
) -> None:
    await change(sessions, "UPDATE shop SET name = repeat('很', 60)")
    for number in range(2, 53):
        await seed_order(sessions, str(number))
    page = await service.get("/orders")
    assert len(page.content) < 120_000
    assert len(_numbers(page.text)) == 50


async def test_a_long_order_is_a_light_page(
    service: Person, sessions: Sessions, order: str
) -> None:
    """200 lines of names of sixty characters, 200 notes' worth of story: still under 200 KB."""
    await change(
        sessions,
        "INSERT INTO order_line (id, order_id, line_no, external_line_no, kind, external_sku,"
        " title, quantity, list_minor, discount_minor, tax_minor, payable_minor,"
        " refund_in_progress, cancelled, gift)"
        " SELECT 'many' || n, 'ord_1', n, n::text, 'goods', 'SKU-' || n, repeat('长', 60), 1, 0, 0,"
        " 0, 100, false, false, false FROM generate_series(10, 209) n",
    )
    await change(
        sessions,
        "INSERT INTO order_event (order_id, source, seq, kind, data, actor)"
        " SELECT 'ord_1', 'desk', n, 'tagged', '{\"tag\": \"VIP\"}', 'Li Lei'"
        " FROM generate_series(1, 200) n",
    )
    page = await service.get(f"/orders/{order}")
    assert page.text.count("长" * 60) >= 200
    assert len(page.content) < 200_000
