"""What lies where, along the tree of locations."""

import re

import pytest

from db.engine import Sessions
from tests.web.world import Person, change


@pytest.mark.usefixtures("order")
async def test_a_sku_is_found_by_code_name_or_part_of_it(service: Person) -> None:
    for search in ("A", "a", "SKU A", "sku"):
        page = (await service.get("/stock", params={"q": search})).text
        assert 'href="/stock/A"' in page, search
    assert "No product fits" in (await service.get("/stock", params={"q": "%"})).text


@pytest.mark.usefixtures("order")
async def test_stock_is_rolled_up_along_the_tree(service: Person, sessions: Sessions) -> None:
    await change(sessions, "UPDATE location SET parent_id = 'HQ' WHERE id = 'S1'")

    page = (await service.get("/stock/A")).text

    tiles = re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", page)
    assert tiles == [("On hand", "2"), ("Reserved", "2"), ("Free", "0"), ("In transit", "0")]
    assert '<th scope="row" class="depth-0">HQ' in page
    assert '<th scope="row" class="depth-1">S1' in page


@pytest.mark.parametrize("sku", ["NO", "%00", "..%2f..%2fetc", "a%0ab", "x" * 500])
async def test_an_unknown_sku_is_not_found(service: Person, sku: str) -> None:
    answer = await service.get(f"/stock/{sku}")

    assert answer.status_code in (404, 422)
    assert "<h1" in answer.text


async def test_a_strange_search_is_refused(service: Person) -> None:
    assert (await service.get("/stock?q=%00")).status_code == 422
    assert (await service.get("/stock?q=" + "a" * 101)).status_code == 422
