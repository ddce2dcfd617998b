"""Lots on a real Postgres: first expired first out, nothing that is kept back or too old."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.orders.ports import OrderRules
from activities.orders.sourcing import AllocationBatcher
from db.audit import audit
from db.channels.listings import Listings
from db.engine import Sessions
from db.inventory.lot_register import LotRegister
from db.inventory.remaining_life import wanted_by_shop
from db.inventory.repository import StockRepository
from db.inventory.stock_alerts import listed, look_through, put_off
from db.sql import run
from domain.inventory.expiry import FreeLot, ShelfLife, fits, today_at
from domain.inventory.stock import Document, Reserved, ReserveStock, StockKey, StockLine
from domain.shared.errors import ActionNotAllowed, LotDiffers, LotNotFound
from domain.shared.ids import LocationId, Lot, Sku
from tests.activities.orders.network import rows, seed_company, seed_order
from tests.clocks import another_day

EAST = LocationId("EAST")
TODAY = today_at("Asia/Shanghai", datetime.now(UTC))
LEASED = """
SELECT lot, quantity FROM reservation WHERE order_id = :id AND state = 'held' ORDER BY lot
"""


@pytest_asyncio.fixture(autouse=True)
async def company(sessions: Sessions) -> None:
    await seed_company(sessions)
    await sell(sessions)


async def execute(sessions: Sessions, statement: str, **values: Any) -> list[Any]:
    async with sessions.begin() as session:
        return list(await run(session, statement, **values))


async def sell(sessions: Sessions) -> None:
    await execute(
        sessions,
        "INSERT INTO channel_sku (shop_id, external_sku, sku, factor) VALUES ('shop','X','A',1)",
    )


async def receive(
    sessions: Sessions, lots: Mapping[str, tuple[int, int | None]], place: LocationId = EAST
) -> None:
    """Units by lot, with the days until it expires."""
    async with sessions.begin() as session:
        for lot, (units, days) in lots.items():
            ends = None if days is None else TODAY + timedelta(days=days)
            if lot:
                await LotRegister(session).know("A", lot, None, ends)
            document = Document("grn", lot, f"{place}:{lot}:{units}")
            line = StockLine(StockKey(Sku("A"), place, Lot(lot)), units)
            await StockRepository(session).receive(document, [line])


async def keep_back(sessions: Sessions, lot: str, place: str | None = None) -> None:
    async with sessions.begin() as session:
        await LotRegister(session).keep_back("A", lot, place, "smells", request_id=f"{lot}{place}")


async def let_go(sessions: Sessions, lot: str, place: str | None = None) -> None:
    async with sessions.begin() as session:
        await LotRegister(session).let_go("A", lot, place, "is fine", request_id=f"x{lot}{place}")


async def order(sessions: Sessions, number: str, quantity: int) -> dict[str, int]:
    """The lots that an order for so many units is promised."""
    batcher = AllocationBatcher(sessions, replace(OrderRules()))
    request = await seed_order(sessions, number, {"A": quantity})
    await batcher.allocate(request)
    found = await execute(sessions, LEASED, id=request.order_id)
    return {row.lot: row.quantity for row in found}


async def offered(sessions: Sessions) -> int:
    async with sessions.begin() as session:
        (offer,) = await Listings(session, "shop").offers()
        return int(offer.free[0])


async def shown(sessions: Sessions) -> int:
    async with sessions.begin() as session:
        return sum(level.available for level in await StockRepository(session).levels(["A"]))


async def test_first_expired_goes_first_and_expired_never(sessions: Sessions) -> None:
    await receive(sessions, {"OLD": (5, -1), "B-LATE": (5, 90), "C-SOON": (5, 20), "": (5, None)})

    assert await order(sessions, "1", 7) == {"C-SOON": 5, "B-LATE": 2}
    assert await order(sessions, "2", 6) == {"B-LATE": 3, "": 3}
    assert await order(sessions, "3", 3) == {"": 2}  # the third unit waits, the old ones stay
    assert await audit_is_clean(sessions)


async def audit_is_clean(sessions: Sessions) -> bool:
    async with sessions.begin() as session:
        return await audit(session) == []


async def test_a_shop_gets_no_lot_that_would_be_too_old_at_the_door(sessions: Sessions) -> None:
    await receive(sessions, {"SHORT": (5, 62), "JUST": (5, 63), "LONG": (5, 200)})
    await execute(
        sessions,
        "INSERT INTO life_rule (channel, shop_id, days, share_percent) VALUES ('own','',60,0)",
    )

    assert await offered(sessions) == 10  # three days to the door, 60 then
    assert await order(sessions, "1", 6) == {"JUST": 5, "LONG": 1}

    await execute(
        sessions,
        "INSERT INTO life_rule (channel, shop_id, days, share_percent) VALUES ('','shop',0,0)",
    )
    assert await offered(sessions) == 9  # what the shop says counts for more


async def test_a_share_of_the_shelf_life_holds_too(sessions: Sessions) -> None:
    await execute(sessions, "UPDATE sku SET shelf_life_days = 300, min_life_days = 10")
    await execute(
        sessions,
        "INSERT INTO life_rule (channel, shop_id, days, share_percent) VALUES ('','',0,33)",
    )
    await receive(sessions, {"SHORT": (5, 101), "JUST": (5, 102)})

    assert await offered(sessions) == 5
    assert await order(sessions, "1", 6) == {"JUST": 5}


async def test_a_lot_that_is_kept_back_is_neither_promised_nor_offered(sessions: Sessions) -> None:
    await receive(sessions, {"L1": (5, 30), "L2": (5, 60)})
    await receive(sessions, {"L1": (5, 30)}, LocationId("NORTH"))
    await keep_back(sessions, "L1", "EAST")
    assert (await offered(sessions), await shown(sessions)) == (10, 10)

    await keep_back(sessions, "L1")
    assert (await offered(sessions), await shown(sessions)) == (5, 5)
    assert await order(sessions, "1", 6) == {"L2": 5}

    await let_go(sessions, "L1")
    assert await offered(sessions) == 5 - 1  # NORTH's, less the unit that waits
    await let_go(sessions, "L1", "EAST")
    waiting = await rows(sessions, "SELECT state FROM backorder")
    assert waiting == [("filled",)]
    with pytest.raises(ActionNotAllowed):
        await let_go(sessions, "L1")


async def test_what_comes_to_a_place_later_is_kept_back_too(sessions: Sessions) -> None:
    await receive(sessions, {"L1": (1, 30)})
    await keep_back(sessions, "L1")

    await receive(sessions, {"L1": (9, 30)}, LocationId("SOUTH"))

    assert await offered(sessions) == 0
    assert await order(sessions, "1", 1) == {}


async def test_a_reservation_that_waits_for_the_hold_does_not_get_the_lot(
    sessions: Sessions,
) -> None:
    """Read before, reserved after: the row that is locked says it."""
    await receive(sessions, {"L1": (5, 30)})
    key = StockKey(Sku("A"), EAST, Lot("L1"))

    async def reserve() -> Reserved:
        async with sessions.begin() as session:
            asked = ReserveStock("r-1", (StockLine(key, 1),))
            return (await StockRepository(session).reserve_batch([asked]))["r-1"]

    async with sessions.begin() as session:
        await LotRegister(session).keep_back("A", "L1", None, "smells", request_id="1")
        waits = asyncio.create_task(reserve())
        await asyncio.sleep(0.3)
        assert not waits.done()
    assert await waits is Reserved.REFUSED


async def test_goods_that_are_brought_while_their_lot_is_held_are_held(sessions: Sessions) -> None:
    await receive(sessions, {"L1": (5, 30)})

    async with sessions.begin() as session:
        await LotRegister(session).keep_back("A", "L1", None, "smells", request_id="1")
        brings = asyncio.create_task(receive(sessions, {"L1": (9, 30)}, LocationId("NORTH")))
        await asyncio.sleep(0.3)
        assert not brings.done()
    await brings
    assert await rows(sessions, "SELECT DISTINCT frozen FROM stock_balance") == [(True,)]


async def test_those_whom_a_lot_is_too_old_for_do_not_get_it_from_the_queue(
    sessions: Sessions,
) -> None:
    await execute(
        sessions,
        "INSERT INTO life_rule (channel, shop_id, days, share_percent) VALUES ('','shop',60,0)",
    )
    assert await order(sessions, "1", 3) == {}
    await receive(sessions, {"SHORT": (5, 30)})
    assert await rows(sessions, "SELECT state FROM backorder") == [("waiting",)]

    await receive(sessions, {"LONG": (3, 300)})
    assert await rows(sessions, "SELECT state FROM backorder") == [("filled",)]


async def test_a_lot_keeps_its_dates(sessions: Sessions) -> None:
    await execute(sessions, "UPDATE sku SET shelf_life_days = 90 WHERE code = 'A'")
    async with sessions.begin() as session:
        register = LotRegister(session)
        assert await register.know("A", "L1") is None
        assert await register.know("A", "L1", date(2026, 1, 1)) == date(2026, 4, 1)
        assert await register.know("A", "L1", date(2026, 1, 1), date(2026, 4, 1))
        with pytest.raises(LotDiffers, match="expires on 2026-04-01 by the register"):
            await register.know("A", "L1", None, date(2026, 4, 2))
        with pytest.raises(LotNotFound):
            await register.keep_back("A", "L9", None, "smells", request_id="1")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    days=st.lists(st.none() | st.integers(-3, 40), min_size=1, max_size=6),
    life=st.integers(0, 40), least=st.integers(0, 20), rule=st.integers(0, 20),
    share=st.integers(0, 100),
)  # fmt: skip
async def test_the_lists_judge_as_the_rule_does(
    sessions: Sessions, days: list[int | None], life: int, least: int, rule: int, share: int
) -> None:
    """SQL and domain agree on every lot."""
    await execute(
        sessions,
        "INSERT INTO life_rule (channel, shop_id, days, share_percent) VALUES ('','',:d,:s)"
        " ON CONFLICT (channel, shop_id) DO UPDATE SET days = :d, share_percent = :s",
        d=rule, s=share,
    )  # fmt: skip
    await execute(
        sessions, "UPDATE sku SET shelf_life_days = :l, min_life_days = :m", l=life, m=least
    )
    await execute(sessions, "UPDATE stock_balance SET on_hand = 0")
    life_of = ShelfLife(life, least)
    lots = [
        FreeLot(f"L{n}", 2**n, None if d is None else TODAY + timedelta(days=d), life_of)
        for n, d in enumerate(days)
    ]
    for lot in lots:
        await execute(
            sessions,
            "INSERT INTO lot (sku, lot, expires_on) VALUES ('A', :lot, :ends)"
            " ON CONFLICT (sku, lot) DO UPDATE SET expires_on = :ends",
            lot=lot.lot, ends=lot.expires_on,
        )  # fmt: skip
        await execute(
            sessions,
            "INSERT INTO stock_balance (sku, location_id, lot, condition, owner, on_hand, reserved)"
            " VALUES ('A', 'EAST', :lot, 'good', 'own', :n, 0)"
            " ON CONFLICT (sku, location_id, lot, condition, owner) DO UPDATE SET on_hand = :n",
            lot=lot.lot, n=lot.units,
        )  # fmt: skip
    async with sessions.begin() as session:
        wanted = await wanted_by_shop(session, "shop")

    fit = sum(x.units for x in lots if fits(x, wanted, "Asia/Shanghai", datetime.now(UTC)))
    assert await offered(sessions) == fit


async def test_goods_that_age_are_found_once_a_night_and_can_be_put_off(
    sessions: Sessions,
) -> None:
    await receive(sessions, {"OVER": (3, -1), "SOON": (5, 20), "LATE": (5, 200)})
    async with sessions.begin() as session:
        assert await look_through(session) == 2
    async with sessions.begin() as session:
        assert await look_through(session) == 0  # this night is done
        found = [(a.lot, a.kind, a.units, a.advice) for a in await listed(session, "", 10)]
        assert found == [("OVER", "expired", 3, "destroy"), ("SOON", "near", 5, "return")]
        await put_off(session, ("A", "EAST", "SOON"), 14, "sale on Friday", "buyer", "1")
        assert [a.lot for a in await listed(session, "", 10)] == ["OVER"]
    await execute(sessions, "UPDATE stock_balance SET on_hand = 0 WHERE lot = 'OVER'")
    async with sessions.begin() as session:
        await run(session, "UPDATE stock_alert_night SET day = day + 1")
        assert await look_through(session, again=True) == 1
        assert [a.lot for a in await listed(session, "", 10, put_off=True)] == ["SOON"]


async def test_an_alert_is_put_off_by_the_days_of_its_place(
    sessions: Sessions, owner_sessions: Sessions
) -> None:
    zone, today = another_day()
    async with owner_sessions.begin() as session:
        await run(session, "UPDATE location SET zone = :zone", zone=zone)
    await receive(sessions, {"SOON": (5, 20)})
    async with sessions.begin() as session:
        await look_through(session)
        await put_off(session, ("A", "EAST", "SOON"), 1, "sale", "buyer", "1")
        (row,) = await run(session, "SELECT put_off_until FROM stock_alert")

    assert row.put_off_until == today + timedelta(days=1)
