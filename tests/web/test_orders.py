"""Finding orders: any number, filters that live in the address, pages, and the file."""

import csv
import html
import io
import re
from datetime import UTC, datetime, timedelta

import pytest

from db.engine import Sessions
from db.orders.tables import SalesOrderRow
from integrations.sheet_files import harmless
from tests.api.orders.world import seed_order, seed_shop
from tests.people import change_receiver
from tests.web.world import Person, change, seed_attention, seed_hold, seed_parcel
from web.orders import PAGE_SIZE


def _numbers(page: str) -> list[str]:
    return re.findall(r'<a class="no" href="/orders/([^"]+)"', page)


async def _seed_promises(sessions: Sessions, count: int) -> None:
    """Orders O-1…: the later the number, the earlier its promise; the last has none."""
    await seed_shop(sessions)
    soon = datetime.now(UTC) + timedelta(days=1)
    for number in range(1, count + 1):
        await seed_order(sessions, str(number))
        await change(
            sessions,
            "UPDATE sales_order SET ship_by = CAST(:at AS timestamptz) WHERE id = :id",
            at=None if number == count else soon + timedelta(hours=count - number),
            id=f"ord_{number}",
        )


async def test_the_earliest_promise_comes_first_and_what_has_left_is_not_in_the_way(
    service: Person, sessions: Sessions
) -> None:
    await _seed_promises(sessions, 4)
    await change(sessions, "UPDATE sales_order SET status = 'shipped' WHERE no = 'O-3'")

    assert _numbers((await service.get("/orders")).text) == ["O-2", "O-1", "O-4"]
    assert _numbers((await service.get("/orders?status=shipped")).text) == ["O-3"]
    assert _numbers((await service.get("/orders?status=all")).text) == ["O-3", "O-2", "O-1", "O-4"]


@pytest.mark.parametrize(
    "number",
    [
        "O-1", "o-1", " O-1 ", "TB-77", "O-1-1", "SF1234567890123", "sf1234567890123", "0001",
        "13800000001", "138 0000 0001", "+86 13800000001",
    ],
)  # fmt: skip
async def test_any_number_finds_the_order(
    service: Person, sessions: Sessions, order: str, number: str
) -> None:
    await seed_order(sessions, "2")
    await seed_parcel(sessions)
    await change(sessions, "UPDATE sales_order SET external_no = 'TB-77' WHERE id = 'ord_1'")
    await change_receiver(sessions, "ord_2", phone="13911112222")
    if number.startswith("+86"):
        await change_receiver(sessions, "ord_1", phone="+86 13800000001")

    page = await service.get("/orders", params={"q": number})

    assert _numbers(page.text) == [order]


@pytest.mark.usefixtures("order")
async def test_what_cannot_be_found_is_said_and_not_run(service: Person) -> None:
    for search in ("' OR 1=1--", "%", "_", "O-%", "<script>alert(1)</script>", "𠮷野家"):
        page = await service.get("/orders", params={"q": search})
        assert page.status_code == 200
        assert _numbers(page.text) == []
        assert "No order has this number" in page.text
        assert "<script>alert" not in page.text


@pytest.mark.usefixtures("order")
async def test_filters_narrow_and_stay_in_the_address(service: Person, sessions: Sessions) -> None:
    await seed_order(sessions, "2")
    await seed_hold(sessions, "2", "risk")
    await seed_attention(sessions)
    await change(sessions, "UPDATE sales_order SET ship_by = now() - interval '1 h' WHERE no='O-1'")

    for query, expected in (
        ("hold=risk", ["O-2"]), ("attention=1", ["O-1"]), ("late=1", ["O-1"]),
        ("shop=mini&channel=own", ["O-1", "O-2"]), ("shop=other", []), ("status=on_hold", ["O-2"]),
        ("hold=risk&attention=1", []),
    ):  # fmt: skip
        page = (await service.get(f"/orders?{query}")).text
        assert _numbers(page) == expected, query
        wanted = set(query.split("&")) - {"status=on_hold"} | {"status=shipped"}
        tabs = [
            set(html.unescape(tab).split("&"))
            for tab in re.findall(r'href="/orders\?([^"]*)', page)
        ]
        assert any(wanted <= tab for tab in tabs), query


@pytest.mark.parametrize("sort", ["ship_by", "age"])
async def test_pages_follow_each_other_without_gaps_or_repeats(
    service: Person, sessions: Sessions, sort: str
) -> None:
    await _seed_promises(sessions, 3)
    now = datetime.now(UTC)
    async with sessions.begin() as session:
        for n in range(2 * PAGE_SIZE):
            session.add(
                SalesOrderRow(
                    id=f"x{n}", no=f"X-{n}", channel="own", shop_id="mini", external_no=f"x{n}",
                    workflow_id=f"order/x{n}", placed_at=now - timedelta(minutes=n // 2),
                    ship_by=now + timedelta(hours=n // 3), created_at=now, updated_at=now,
                )
            )  # fmt: skip

    seen, address = [], f"/orders?sort={sort}"
    while address:
        page = (await service.get(address)).text
        seen += _numbers(page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        address = following[1].replace("&amp;", "&") if following else ""

    assert len(seen) == len(set(seen)) == 2 * PAGE_SIZE + 3


@pytest.mark.parametrize(
    "query",
    [
        "sort=id;drop", "hold=none", "status=nothing", "cursor=AAAA", "cursor=%00", "q=%00",
        "q=" + "a" * 101, "attention=perhaps", "q=%ED%A0%80",
    ],
)  # fmt: skip
@pytest.mark.parametrize("page", ["/orders", "/orders.csv"])
async def test_a_strange_address_is_refused_in_a_page(
    service: Person, page: str, query: str
) -> None:
    answer = await service.get(f"{page}?{query}")

    if query == "q=%ED%A0%80":  # arrives as replacement characters: a search like any other
        assert answer.status_code == 200
    elif query == "cursor=AAAA" and page == "/orders.csv":
        assert answer.status_code == 200  # the file is never paged
    else:
        assert answer.status_code == 422
        assert "<h1" in answer.text


@pytest.mark.usefixtures("order")
async def test_the_file_runs_nothing_in_a_spreadsheet(service: Person, sessions: Sessions) -> None:
    evil = '=HYPERLINK("//evil","x")'
    await change(sessions, "UPDATE sales_order SET external_no = :evil WHERE no='O-1'", evil=evil)
    await change(sessions, "UPDATE shop SET name = '@SUM(A1)' WHERE id = 'mini'")

    answer = await service.get("/orders.csv?status=all")

    assert answer.headers["content-disposition"].startswith('attachment; filename="orders-')
    assert answer.text.startswith("\ufeff")
    table = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert table[0][:3] == ["Order", "Channel", "Shop"]
    assert table[1][:4] == ["O-1", "Own channel", "'@SUM(A1)", f"'{evil}"]
    assert "25.50" in table[1]


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"), ("+86 138", "'+86 138"), ("-2+3", "'-2+3"), ("@x", "'@x"),
        ("\tx", "'\tx"), ("\rx", "'\rx"), ("\0x", "'\0x"), ("-12.50", "-12.50"), ("x=1", "x=1"),
        ("", ""), ("–", "–"),
    ],
)  # fmt: skip
def test_only_what_a_spreadsheet_would_run_gets_an_apostrophe(cell: str, written: str) -> None:
    assert harmless(cell) == written


async def test_an_empty_list_says_why(service: Person) -> None:
    assert "Nothing to ship" in (await service.get("/orders")).text
    narrowed = (await service.get("/orders?late=1")).text
    assert "No order fits" in narrowed
    assert 'href="/orders">Show all orders to ship' in narrowed


async def test_the_box_leads_to_the_only_order_that_fits(
    service: Person, sessions: Sessions, order: str
) -> None:
    await seed_order(sessions, "2")

    only = await service.get("/orders", params={"q": "o-1", "jump": "1"})
    by_script = await service.get(
        "/orders", params={"q": "o-1", "jump": "1"}, headers={"HX-Request": "true"}
    )
    several = await service.get("/orders", params={"q": "0001", "jump": "1"})

    assert (only.status_code, only.headers["location"]) == (303, f"/orders/{order}")
    assert (by_script.status_code, by_script.headers["hx-redirect"]) == (204, f"/orders/{order}")
    assert sorted(_numbers(several.text)) == ["O-1", "O-2"]
    assert "by the phone" in several.text


async def test_every_page_has_the_box(service: Person, order: str) -> None:
    for path in ("/orders", f"/orders/{order}", "/returns", "/stock", "/attention", "/shops"):
        page = (await service.get(path)).text
        assert page.count('name="jump" value="1"') == page.count("data-search") == 1, path
