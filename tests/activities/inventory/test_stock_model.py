"""Any sequence of verbs leaves the ledger as a simple model of it says."""

from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from db.audit import audit
from db.engine import Sessions, create_engine
from db.engine import sessions as sessions_of
from db.inventory.repository import StockRepository
from domain.inventory.stock import (
    AdjustmentReason,
    Document,
    Reserved,
    ReserveStock,
    StockKey,
    StockLine,
)
from domain.shared.errors import InsufficientStock, ReservationResolved
from domain.shared.ids import LocationId, Sku
from tests.activities.inventory.orders import seed_orders
from tests.seeds import seed_network

KEYS = [StockKey(Sku(sku), LocationId(at)) for sku in ("A", "B") for at in ("HQ", "WEST")]

_key = st.sampled_from(KEYS)
_quantity = st.integers(1, 6)
_line = st.builds(StockLine, _key, _quantity)
_no = st.sampled_from(["R1", "R2", "R3"])
_reserve = st.tuples(st.just("reserve"), _no, st.lists(_line, min_size=1, max_size=3))
_short_pick = st.tuples(st.just("short_pick"), _no, st.integers(1, 4))
_verb = st.one_of(
    _reserve,
    _reserve,
    _reserve,
    _short_pick,
    _short_pick,
    st.tuples(st.just("receive"), st.lists(_line, min_size=1, max_size=3)),
    st.tuples(st.just("adjust"), st.builds(StockLine, _key, st.sampled_from([-3, -1, 2]))),
    st.tuples(st.just("release"), _no),
    st.tuples(st.just("issue"), _no),
    st.tuples(st.just("issue"), _no),
    st.tuples(st.just("transfer"), _line),
)


@dataclass
class Model:
    """Counters in memory: what every verb means, said in the fewest words."""

    on_hand: Counter[StockKey] = field(default_factory=Counter)
    held: dict[str, Counter[StockKey]] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)  # units that left under the id

    def free(self, key: StockKey) -> int:
        return self.on_hand[key] - sum(held[key] for held in self.held.values())

    def reserve(self, no: str, asked: Counter[StockKey]) -> Reserved:
        if no in self.held or self.ended.get(no):
            return Reserved.ALREADY
        if no in self.ended:
            return Reserved.RESOLVED
        if any(quantity > self.free(key) for key, quantity in asked.items()):
            return Reserved.REFUSED
        self.held[no] = asked
        return Reserved.GRANTED

    def short_pick(self, no: str, found: int) -> dict[str, int]:
        """`found` units of each SKU; locations in key order are emptied first."""
        left, missing = {"A": found, "B": found}, Counter[str]()
        held = self.held.get(no, Counter())
        for key in sorted(held):
            here = min(left[key.sku], held[key])
            left[key.sku] -= here
            missing[key.sku] += held[key] - here
            self.on_hand[key] -= held[key] - here
            held[key] = here
        if no in self.held and not held.total():
            self.ended[no] = self.held.pop(no).total()
        return dict(+missing)

    def issue(self, no: str) -> int:
        if no in self.held:
            held = self.held.pop(no)
            self.on_hand.subtract(held)
            self.ended[no] = held.total()
        return self.ended.get(no, 0)


class Story:
    """Does the same to the model and to the database and compares every answer."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions, self.model, self.papers = sessions, Model(), 0

    def paper(self) -> Document:
        self.papers += 1
        return Document("test", str(self.papers), f"paper:{self.papers}")

    async def tell(self, verb: str, *arguments: object) -> None:
        async with self.sessions.begin() as session:
            await getattr(self, verb)(StockRepository(session), *arguments)

    async def receive(self, stock: StockRepository, lines: list[StockLine]) -> None:
        paper = self.paper()
        for _ in range(2):  # said twice, done once
            await stock.receive(paper, lines)
        for line in lines:
            self.model.on_hand[line.key] += line.quantity

    async def adjust(self, stock: StockRepository, line: StockLine) -> None:
        if -line.quantity > self.model.free(line.key):
            with pytest.raises(InsufficientStock):
                async with stock.session.begin_nested():
                    await stock.adjust(self.paper(), [line], AdjustmentReason.COUNT)
            return
        await stock.adjust(self.paper(), [line], AdjustmentReason.COUNT)
        self.model.on_hand[line.key] += line.quantity

    async def transfer(self, stock: StockRepository, line: StockLine) -> None:
        target = LocationId("WEST" if line.key.location_id == "HQ" else "HQ")
        if line.quantity > self.model.free(line.key):
            with pytest.raises(InsufficientStock):
                async with stock.session.begin_nested():
                    await stock.transfer(self.paper(), [line], target)
            return
        await stock.transfer(self.paper(), [line], target)
        self.model.on_hand[line.key] -= line.quantity
        self.model.on_hand[StockKey(line.key.sku, target)] += line.quantity

    async def reserve(self, stock: StockRepository, no: str, lines: list[StockLine]) -> None:
        asked = Counter[StockKey]()
        for line in lines:
            asked[line.key] += line.quantity
        request = ReserveStock(no, tuple(lines), "ord_1", "order/1")
        assert await stock.reserve_batch([request]) == {no: self.model.reserve(no, asked)}

    async def release(self, stock: StockRepository, no: str) -> None:
        await stock.release(no)
        if self.model.held.pop(no, None) is not None:
            self.model.ended[no] = 0

    async def issue(self, stock: StockRepository, no: str) -> None:
        paper = Document("shipment", no, f"issue:{no}")
        if expected := self.model.issue(no):
            assert await stock.issue(no, paper) == expected
            return
        with pytest.raises(ReservationResolved):
            await stock.issue(no, paper)

    async def short_pick(self, stock: StockRepository, no: str, found: int) -> None:
        picked = {"A": found, "B": found}
        assert await stock.short_pick(no, picked, self.paper()) == self.model.short_pick(no, found)

    async def compare(self) -> None:
        async with self.sessions.begin() as session:
            rows = await (await session.connection()).execute(
                text("SELECT sku, location_id, on_hand, reserved FROM stock_balance")
            )
            stored = {StockKey(r.sku, r.location_id): (r.on_hand, r.reserved) for r in rows}
            findings = await audit(session)
        for key in KEYS:
            free, on_hand = self.model.free(key), self.model.on_hand[key]
            assert stored.get(key, (0, 0)) == (on_hand, on_hand - free)
        assert findings == []


@settings(
    max_examples=30,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would outlast the time limit
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(verbs=st.lists(_verb, min_size=12, max_size=24))
async def test_every_verb_does_what_the_model_says(
    database_url: str, verbs: list[tuple[object, ...]]
) -> None:
    engine = create_engine(database_url, "onhand_worker", pool_size=2)
    owner = create_engine(database_url, "onhand_owner", pool_size=1)
    try:
        async with sessions_of(owner).begin() as session:
            connection = await session.connection()
            emptied = "location, sku, shop, sales_order, book_fact"
            await connection.execute(text(f"TRUNCATE {emptied} CASCADE"))
        await seed_network(sessions_of(engine), ("HQ", "WEST"), ("A", "B"))
        await seed_orders(sessions_of(engine), ("1",))
        story = Story(sessions_of(engine))
        await story.tell("receive", [StockLine(key, 5) for key in KEYS])
        for verb, *arguments in verbs:
            await story.tell(str(verb), *arguments)
        await story.compare()
    finally:
        await engine.dispose()
        await owner.dispose()
