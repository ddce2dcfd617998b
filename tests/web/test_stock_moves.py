"""The ledger of a product at a place: every move, and a correction that is looked at first."""

import re

import pytest
from fastapi import FastAPI

from db.engine import Sessions
from domain.platform.permissions import Role
from domain.platform.scopes import Limit
from tests.api.orders.world import rows
from tests.web.world import Person, person

HERE = "/levels/moves?sku=A&location=HQ"


def numbers(page: str) -> list[str]:
    """What is named in the tiles."""
    return re.findall(r"<dt>[^<]+</dt><dd>([^<]+)<", page)


async def correction(staff: Person, **said: str) -> str:
    """The form with what it would do."""
    asked = {"sku": "A", "location": "HQ", "lot": "", **said}
    return (await staff.get("/levels/correction", params=asked)).text


async def book(staff: Person, page: str) -> int:
    """Press the button; returns the status."""
    said = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    return (await staff.post("/levels/correction", data=said, follow_redirects=False)).status_code


@pytest.mark.usefixtures("order")
async def test_a_correction_says_what_it_does_is_booked_once_and_stands_in_the_ledger(
    staff: Person, web_sessions: Sessions
) -> None:
    before = (await staff.get(HERE)).text
    looked = await correction(staff, units="+3", reason="found")
    unchanged = await rows(web_sessions, "SELECT sum(on_hand) FROM stock_balance WHERE sku = 'A'")
    first, again = await book(staff, looked), await book(staff, looked)
    after = (await staff.get(HERE)).text
    told = (await staff.get("/api/v1/stock/moves", params={"sku": "A", "location": "HQ"})).json()

    assert numbers(looked) == ["2 → 5", "2", "0 → 3"]
    assert unchanged == [(2,)]
    assert (first, again) == (303, 303)
    assert [(one["units"], one["lay_there"]) for one in told["moves"]][:2] == [(3, 5), (2, 2)]
    assert told["moves"][0]["reason"] == "found"
    assert "found again" in after
    assert "found again" not in before
    assert "/levels/moves?sku=A&amp;location=HQ" in (await staff.get("/stock/A")).text


@pytest.mark.usefixtures("order")
async def test_what_is_promised_is_not_taken_away(staff: Person, web_sessions: Sessions) -> None:
    looked = await correction(staff, units="-1", reason="lost")

    assert "What is promised stays" in looked
    assert await book(staff, looked) == 409
    assert await rows(web_sessions, "SELECT sum(on_hand) FROM stock_balance WHERE sku = 'A'") == [
        (2,)
    ]


@pytest.mark.usefixtures("order")
async def test_what_cannot_be_meant_is_refused_in_words(staff: Person) -> None:
    for units in ("0", "many", "1.5", "99999999", "٣"):
        asked = {"sku": "A", "location": "HQ", "units": units, "reason": "found"}
        assert (await staff.get("/levels/correction", params=asked)).status_code == 422, units
    for where in ("sku=NO&location=HQ", "sku=A&location=NO"):
        assert (await staff.get(f"/levels/moves?{where}")).status_code == 404, where
    assert (await staff.get(f"{HERE}&before=x")).status_code == 422


@pytest.mark.usefixtures("order")
async def test_the_ledger_is_read_page_by_page(staff: Person) -> None:
    for _ in range(3):
        await book(staff, await correction(staff, units="1", reason="found"))
    asked = {"sku": "A", "location": "HQ", "limit": "2"}
    first = (await staff.get("/api/v1/stock/moves", params=asked)).json()
    rest = (
        await staff.get("/api/v1/stock/moves", params={**asked, "before": first["next_before"]})
    ).json()

    assert [one["lay_there"] for one in first["moves"] + rest["moves"]] == [5, 4, 3, 2]


@pytest.mark.usefixtures("order")
async def test_whoever_is_limited_to_another_place_reads_nothing_of_it(
    app: FastAPI, web_sessions: Sessions
) -> None:
    elsewhere = [Limit("S1")]
    async with await person(app, web_sessions, Role.WAREHOUSE, limits=elsewhere) as clerk:
        answer = await clerk.get(HERE)

    assert answer.status_code == 404 or "Nothing of it ever came here" in answer.text
