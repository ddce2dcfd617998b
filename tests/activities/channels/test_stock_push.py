"""A shop is told what it may sell: newest only, again after a loss, and no single product stops."""

import dataclasses
from dataclasses import dataclass, field

import pytest
from temporalio.testing import ActivityEnvironment

from activities.channels.stock_push import StockPushActivities
from db.channels.listings import Listings, SellPlaces
from db.channels.tables import ChannelSkuRow, ShopRow
from db.engine import Sessions
from db.inventory.repository import StockRepository
from db.inventory.tables import LocationRow
from db.platform import pausing
from db.shared.tries import tries_of
from db.sql import run
from domain.channels.messages import StockedShop, StockTold
from domain.channels.selling import RULE
from domain.inventory.stock import Document, StockKey, StockLine
from domain.shared.errors import CredentialsRefused, RateLimited, Rejected, Unavailable
from domain.shared.ids import LocationId, ShopId, Sku
from integrations.marketplaces.port import Listing, StockedMarketplace
from tests.people import VAULT
from tests.seeds import seed_network
from tests.shops import seed_shops


@dataclass
class FakeShop:
    """Remembers what it was told; `broken` maps a product to what telling it raises."""

    shows: dict[str, int] = field(default_factory=dict)
    told: list[tuple[str, int, str]] = field(default_factory=list)
    ids: dict[str, dict[str, str]] = field(default_factory=dict)
    broken: dict[str, Exception] = field(default_factory=dict)
    silent: bool = False

    async def stocked(self, shop_id: str) -> StockedMarketplace:
        return self  # type: ignore[return-value]

    async def set_available(self, listing: Listing, quantity: int, reference: str) -> None:
        if error := self.broken.get(listing.external_sku):
            raise error
        self.told.append((listing.external_sku, quantity, reference))
        self.ids[listing.external_sku] = dict(listing.ids)
        self.shows[listing.external_sku] = quantity

    async def available(self, listing: Listing) -> int | None:
        return None if self.silent else self.shows[listing.external_sku]


async def _round(sessions: Sessions, shop: FakeShop, attempt: int = 1) -> StockTold:
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, attempt=attempt)
    activities = StockPushActivities(sessions, shop, VAULT, round_s=0)
    result: StockTold = await environment.run(activities.push, StockedShop(ShopId("top-1")))
    return result


async def _receive(sessions: Sessions, sku: str, quantity: int, key: str) -> None:
    line = StockLine(StockKey(Sku(sku), LocationId("HQ")), quantity)
    async with sessions.begin() as session:
        await StockRepository(session).receive(Document("grn", key, key), [line])


async def _say(sessions: Sessions, statement: str) -> list[tuple[object, ...]]:
    async with sessions.begin() as session:
        return [tuple(row) for row in await run(session, statement)]


async def _world(sessions: Sessions, **settings: object) -> None:
    """Products T-A (one A) and T-KIT (two A and one B); 10 A and 4 B are there."""
    await seed_network(sessions, skus=("A", "B"))
    await seed_shops(sessions, read_settle_s=0, read_back_s=3600, **settings)
    async with sessions.begin() as session:
        for product, sku, factor in (("T-A", "A", 1), ("T-KIT", "A", 2), ("T-KIT", "B", 1)):
            session.add(
                ChannelSkuRow(shop_id="top-1", external_sku=product, sku=sku, factor=factor)
            )
    await _receive(sessions, "A", 10, "1")
    await _receive(sessions, "B", 4, "2")


async def test_a_shop_is_told_what_is_free_once_per_change(owner_sessions: Sessions) -> None:
    await _world(owner_sessions)
    shop = FakeShop()

    assert (await _round(owner_sessions, shop)).told == 2
    assert (await _round(owner_sessions, shop)).told == 0
    await _receive(owner_sessions, "B", 6, "3")
    assert (await _round(owner_sessions, shop)).told == 1

    assert [(product, quantity) for product, quantity, _ in sorted(shop.told)] == [
        ("T-A", 10),
        ("T-KIT", 4),
        ("T-KIT", 5),
    ]
    references = [reference for *_, reference in shop.told]
    assert len(set(references)) == len(references)


async def test_the_shops_rule_and_a_products_own_rule_count(owner_sessions: Sessions) -> None:
    await _world(owner_sessions, sell={"buffer": 3, "share_percent": 50})
    await _say(
        owner_sessions,
        "INSERT INTO listing (shop_id, external_sku, ids, allowed, push_no, push_error, drifts)"
        """ VALUES ('top-1', 'T-KIT', '{"num_iid": "77"}', false, 0, '', 0) RETURNING 1""",
    )
    shop = FakeShop()

    await _round(owner_sessions, shop)

    assert shop.shows == {"T-A": 3, "T-KIT": 0}
    assert shop.ids["T-KIT"] == {"num_iid": "77"}


async def test_a_product_the_channel_refuses_waits_for_a_person_and_the_others_go_on(
    owner_sessions: Sessions,
) -> None:
    await _world(owner_sessions)
    shop = FakeShop(broken={"T-A": Rejected("no such item", code="isv.item-not-exist")})

    told = await _round(owner_sessions, shop)
    assert (told.told, told.refused) == (1, 1)
    assert (await _round(owner_sessions, shop)).refused == 0, "not again at once"
    async with owner_sessions.begin() as session:
        [one] = await tries_of(session, VAULT, "stock-push/top-1", "stock.push/T-A")
    assert (one.system, one.cause) == ("shop/top-1", "Rejected")
    assert (one.sent["external_sku"], one.sent["quantity"]) == ("T-A", "10")

    rows = await _say(owner_sessions, "SELECT step_id, code, resolved_at FROM attention")
    assert rows == [("stock.push/T-A", "isv.item-not-exist", None)]
    shop.broken = {}
    await _say(owner_sessions, "UPDATE listing SET push_after = NULL RETURNING 1")
    await _round(owner_sessions, shop)
    assert await _say(owner_sessions, "SELECT 1 FROM attention WHERE resolved_at IS NULL") == []


async def test_an_answer_that_was_lost_is_asked_for_again_under_the_same_reference(
    owner_sessions: Sessions,
) -> None:
    await _world(owner_sessions)
    shop = FakeShop(broken={"T-A": Unavailable("down", code="timeout")})
    with pytest.raises(Unavailable):
        await _round(owner_sessions, shop)
    numbers = await _say(owner_sessions, "SELECT external_sku, push_no FROM listing ORDER BY 1")

    shop.broken = {}
    await _round(owner_sessions, shop)

    assert numbers == [("T-A", 1), ("T-KIT", 1)]
    assert [ref for product, _, ref in shop.told if product == "T-A"] == ["top-1:T-A:1"]


async def test_what_the_channel_lost_is_told_again_and_twice_in_a_row_is_shown(
    owner_sessions: Sessions,
) -> None:
    await _world(owner_sessions)
    shop = FakeShop()
    await _round(owner_sessions, shop)
    for expected in ([], ["stock.drift/T-A"]):
        shop.shows["T-A"] = 99
        await _say(owner_sessions, "UPDATE listing SET read_at = NULL RETURNING 1")
        assert (await _round(owner_sessions, shop)).drifted == 1
        await _round(owner_sessions, shop)
        assert shop.shows["T-A"] == 10
        open_items = "SELECT step_id FROM attention WHERE resolved_at IS NULL"
        assert [step for (step,) in await _say(owner_sessions, open_items)] == expected

    await _say(owner_sessions, "UPDATE listing SET read_at = NULL RETURNING 1")
    await _round(owner_sessions, shop)

    assert await _say(owner_sessions, "SELECT 1 FROM attention WHERE resolved_at IS NULL") == []
    references = [ref for product, _, ref in shop.told if product == "T-A"]
    assert len(set(references)) == len(references) == 3


async def test_a_sale_over_there_is_not_a_drift(owner_sessions: Sessions) -> None:
    await _world(owner_sessions)
    shop = FakeShop()
    await _round(owner_sessions, shop)
    shop.shows["T-A"] = 9
    await _say(owner_sessions, "UPDATE listing SET read_at = NULL RETURNING 1")

    told = await _round(owner_sessions, shop)

    assert (told.read, told.drifted) == (2, 0)
    assert shop.shows["T-A"] == 9


async def test_a_channel_that_cannot_be_asked_drifts_nowhere(owner_sessions: Sessions) -> None:
    await _world(owner_sessions)

    assert (await _round(owner_sessions, FakeShop(silent=True))).read == 0


@pytest.mark.parametrize(
    ("error", "attempt", "shown"),
    [
        (CredentialsRefused("expired", code="27"), 1, "credentials"),
        (Unavailable("down", code="503"), 1, ""),
        (Unavailable("down", code="503"), 3, "stock.push"),
        (RateLimited("slow", retry_after_s=5, code="7"), 3, ""),
    ],
)
async def test_a_shop_that_refuses_us_or_is_down_for_long_is_one_item(
    owner_sessions: Sessions, error: Exception, attempt: int, shown: str
) -> None:
    await _world(owner_sessions)
    shop = FakeShop(broken={"T-A": error, "T-KIT": error})

    with pytest.raises(type(error)):
        await _round(owner_sessions, shop, attempt)

    rows = await _say(owner_sessions, "SELECT step_id FROM attention")
    assert rows == ([(shown,)] if shown else [])


async def test_a_switched_off_shop_is_left_alone(owner_sessions: Sessions) -> None:
    await _world(owner_sessions)
    async with owner_sessions.begin() as session:
        row = await session.get(ShopRow, "top-1")
        assert row is not None
        row.active = False
        session.add(row)

    assert not (await _round(owner_sessions, FakeShop())).active


async def test_a_shop_that_is_left_alone_is_told_nothing_until_it_is_resumed(
    owner_sessions: Sessions,
) -> None:
    await _world(owner_sessions)
    shop = FakeShop()
    async with owner_sessions.begin() as session:
        await pausing.pause(session, "shop/top-1", "Li Lei", "stock-taking")

    assert await _round(owner_sessions, shop) == StockTold()
    assert shop.told == []

    async with owner_sessions.begin() as session:
        await pausing.resume(session, "shop/top-1", "Li Lei")
    assert (await _round(owner_sessions, shop)).told == 2


async def test_poller_and_stock_push_of_a_shop_ask_one_person_about_its_credentials(
    owner_sessions: Sessions,
) -> None:
    await _world(owner_sessions)
    refusal = CredentialsRefused("expired", code="27")
    shop = FakeShop(broken={"T-A": refusal, "T-KIT": refusal})

    with pytest.raises(CredentialsRefused):
        await _round(owner_sessions, shop)
    assert await _round(owner_sessions, shop) == StockTold()

    items = await _say(owner_sessions, "SELECT system, step_id, cause FROM attention")
    assert items == [("shop/top-1", "credentials", "CredentialsRefused")]


async def test_numbers_that_orders_tell_reach_the_stock_call_and_a_persons_count_more(
    owner_sessions: Sessions,
) -> None:
    await _world(owner_sessions)
    told = {"T-A": {"num_iid": "1", "sku_id": "2"}, "T-KIT": {"num_iid": "3"}, "T-X": {"a": "b"}}
    async with owner_sessions.begin() as session:
        listings = Listings(session, "top-1")
        await listings.save_rule("T-KIT", '{"num_iid": "99"}', dict.fromkeys(RULE))
        for _ in range(2):
            await listings.learn(told)
        await listings.save_rule("T-A", "{}", dict.fromkeys(RULE) | {"buffer": 1})
    shop = FakeShop()

    await _round(owner_sessions, shop)

    assert shop.ids == {"T-A": {"num_iid": "1", "sku_id": "2"}, "T-KIT": {"num_iid": "99"}}
    assert shop.shows["T-A"] == 9


async def test_a_refused_product_is_tried_at_once_when_its_number_becomes_known(
    owner_sessions: Sessions,
) -> None:
    await _world(owner_sessions)
    shop = FakeShop(broken={"T-A": Rejected("?", code="listing_unknown", system="onhand")})
    await _round(owner_sessions, shop)
    assert await _say(owner_sessions, "SELECT 1 FROM attention") == [], "nobody's mistake"
    shop.broken = {}
    assert (await _round(owner_sessions, shop)).told == 0

    async with owner_sessions.begin() as session:
        await Listings(session, "top-1").learn({"T-A": {"num_iid": "1"}})

    assert (await _round(owner_sessions, shop)).told == 1


async def test_a_shop_is_told_what_lies_at_the_places_it_sells_from(
    sessions: Sessions, web_sessions: Sessions
) -> None:
    await _world(sessions)
    async with sessions.begin() as session:
        session.add(LocationRow(id="S1", name="S1", kind="store", parent_id="HQ"))
        await session.flush()
        line = StockLine(StockKey(Sku("A"), LocationId("S1")), 3)
        await StockRepository(session).receive(Document("grn", "3", "3"), [line])
    shop = FakeShop()
    for said, units in (({}, 13), ({"S1": False}, 10), ({"S1": True}, 3), ({"HQ": False}, 0)):
        async with web_sessions.begin() as session:
            await SellPlaces(session, "top-1").keep({}, said)
        await _round(sessions, shop)
        assert shop.shows["T-A"] == units, said
