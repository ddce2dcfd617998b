from typing import Any

import pytest

from db.channels.tables import ChannelSkuRow
from db.engine import Sessions
from tests.api.channels.app import client_of
from tests.seeds import seed_network
from tests.shops import seed_shops

LISTINGS = "/api/v1/shops/top-1/listings"


async def _seed(owner: Sessions) -> None:
    await seed_network(owner, skus=("A",))
    await seed_shops(owner)
    async with owner.begin() as session:
        for product in ("T-1", "T-2", "T-3"):
            session.add(ChannelSkuRow(shop_id="top-1", external_sku=product, sku="A"))


async def test_products_are_listed_page_by_page_with_their_rules(
    web_sessions: Sessions, owner_sessions: Sessions
) -> None:
    await _seed(owner_sessions)
    rule = {"buffer": 2, "share_percent": 80, "ids": {"num_iid": "77"}}

    async with client_of(web_sessions) as client:
        saved = await client.put(f"{LISTINGS}/T-2", json=rule)
        first = (await client.get(LISTINGS, params={"limit": 2})).json()
        rest = (await client.get(LISTINGS, params={"limit": 2, "after": "T-2"})).json()

    assert saved.status_code == 204
    assert [item["external_sku"] for item in first["items"]] == ["T-1", "T-2"]
    assert first["next_cursor"] == "T-2"
    told = first["items"][1]
    assert (told["rule"]["buffer"], told["rule"]["ids"], told["told"]) == (
        2,
        {"num_iid": "77"},
        None,
    )
    assert ([item["external_sku"] for item in rest["items"]], rest["next_cursor"]) == (["T-3"], "")


@pytest.mark.parametrize(
    "body",
    [
        {"buffer": -1},
        {"buffer": 1.5},
        {"buffer": "1"},
        {"share_percent": 101},
        {"most": 2**40},
        {"allowed": 1},
        {"price": 1},
        {"ids": {"a\x00": "1"}},
    ],
)
async def test_a_rule_that_means_nothing_is_refused(
    web_sessions: Sessions, owner_sessions: Sessions, body: dict[str, Any]
) -> None:
    await _seed(owner_sessions)

    async with client_of(web_sessions) as client:
        assert (await client.put(f"{LISTINGS}/T-1", json=body)).status_code == 422


async def test_a_product_the_shop_does_not_have_is_not_found(
    web_sessions: Sessions, owner_sessions: Sessions
) -> None:
    await _seed(owner_sessions)

    async with client_of(web_sessions) as client:
        assert (await client.put(f"{LISTINGS}/T-9", json={})).status_code == 404
