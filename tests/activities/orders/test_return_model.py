"""Whatever happens to an order in whatever sequence: no money goes back that did not come in, no
unit twice, and the books and the shelf say the same."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, note, settings
from hypothesis import strategies as st

from db.audit import audit
from db.channels.tables import ShopRow
from db.engine import Sessions, create_engine
from db.engine import sessions as sessions_of
from db.inventory.repository import StockRepository
from db.orders.payment_tables import PaymentAccountRow
from db.orders.tables import (
    FulfilmentLineRow,
    OrderLineRow,
    ParcelRow,
    SalesOrderRow,
    ShipmentLineRow,
    ShipmentRow,
)
from db.sql import run
from domain.inventory.stock import Document, ReserveStock, StockKey, StockLine
from domain.orders.payment import RefundStatus
from domain.orders.returns.plan import ReturnAction
from domain.shared.ids import LocationId, Sku
from runtime.posting import Posting
from tests.activities.orders.return_story import LINES, ORDER, SHIPMENTS, Story
from tests.people import VAULT, receiver_row
from tests.seeds import seed_network

PAYABLE = 1852
ORDERED = {"A": (3, 1001), "B": (2, 550)}  # units and what they cost; postage is 301
SENT = ({"A": 2}, {"A": 1, "B": 2})
STOCK = 20
EMPTIED = "location, sku, shop, sales_order, book_fact, stock_value, attention, effect, gate"

_n = st.integers(0, 3)
_line = st.integers(0, 1)
_units = st.integers(1, 3)
_fate = st.sampled_from(
    [RefundStatus.SUCCEEDED, RefundStatus.PROCESSING, RefundStatus.ABNORMAL, RefundStatus.CLOSED]
)
_fails = st.sampled_from(["", "", "before", "after"])


def _verb(name: str, *drawn: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(st.just(name), *drawn)


_sums = st.sampled_from([(0, 0), (0, 0), (100, 0), (0, 250), (5000, 900)])
_decided = _verb("decide", _n, st.sampled_from([*ReturnAction]), _sums)
_pay = _verb("pay", st.integers(1, 3), st.sampled_from([PAYABLE, PAYABLE, 1000, 852]))
_ship = _verb("ship", _line)
_ask = _verb(
    "ask", st.integers(0, 5), st.integers(0, 2), st.tuples(st.integers(0, 3), st.integers(0, 2)),
    st.sampled_from([0, 0, 300]), st.booleans(),
)  # fmt: skip
_receive = _verb("receive", _n, _line, _units)
_disposition = st.sampled_from([0, 0, 0, 1, 2, 3, 4])
_inspect = _verb("inspect", _n, _line, _units, _disposition)
_work = _verb("work", _n)
_refund = _verb("refund", _n, _fate, _fails)
_anything = st.one_of(
    _pay, _ship, _ask, _ask, _decided, _decided, _receive, _receive, _inspect, _inspect, _work,
    _work, _refund, _refund,
    _verb("parcel", _line, st.sampled_from(["delivered", "delivered", "lost", "returned"])),
    _verb("cancel", st.integers(0, 2)),
    _verb("start_refund"),
    _verb("send", _n),
    _verb("withdraw", _n),
    _verb("undo", _n),
    _verb("late", _n),
    _verb("pay_rest", _n, st.booleans()),
    _verb("bank_moves", _n, _fate, st.booleans()),
    _verb("by_hand", _n, st.sampled_from([RefundStatus.BY_HAND, RefundStatus.SKIPPED])),
    _verb("replace", _n),
)  # fmt: skip

# Most stories begin as most orders do, so that they get to what is rare.
_asked = _verb(
    "ask", st.integers(0, 5), st.integers(0, 2), st.tuples(st.integers(1, 3), st.integers(0, 1)),
    st.sampled_from([0, 0, 300]), st.just(False),
)  # fmt: skip
_first, _all = st.just(0), st.sampled_from([1, 2, 3])
_begun = st.tuples(
    _pay, _verb("ship", _first), _verb("ship", st.just(1)), _asked, _verb("work", _first),
    _verb("decide", _first, st.just(ReturnAction.APPROVE), _sums),
    _verb("receive", _first, _first, _all), _verb("inspect", _first, _first, _units, _disposition),
    _verb("work", _first), _verb("decide", _first, st.just(ReturnAction.SETTLE), _sums), _refund,
)  # fmt: skip
_steps = st.tuples(
    st.one_of(_begun, _begun, _begun, st.just(())), st.lists(_anything, min_size=8, max_size=24)
)

# One as they should be: two units come back, one of them is sent to the buyer again.
PLAIN: Sequence[tuple[Any, ...]] = (
    ("pay", 1, PAYABLE), ("ship", 0), ("ship", 1), ("ask", 0, 0, (2, 0), 0, False), ("work", 0),
    ("decide", 0, ReturnAction.APPROVE, (0, 0)), ("work", 0), ("receive", 0, 0, 2),
    ("inspect", 0, 0, 1, 0), ("inspect", 0, 0, 1, 4), ("work", 0),
    ("decide", 0, ReturnAction.SETTLE, (0, 0)), ("refund", 0, RefundStatus.PROCESSING, "after"),
)  # fmt: skip

# All is promised back already when somebody gives goodwill on top.
RIVALS: Sequence[tuple[Any, ...]] = (
    ("pay", 1, PAYABLE), ("ship", 0), ("ship", 1), ("ask", 3, 0, (3, 2), 0, False),
    ("decide", 0, ReturnAction.APPROVE, (0, 0)), ("ask", 3, 0, (0, 0), 300, False),
    ("decide", 1, ReturnAction.APPROVE, (0, 900)), ("decide", 1, ReturnAction.APPROVE, (0, 300)),
    ("refund", 0, RefundStatus.CLOSED, ""), ("replace", 0),
    ("refund", 0, RefundStatus.SUCCEEDED, ""),
)  # fmt: skip

_MONEY = """
SELECT o.captured_minor, o.refunded_minor, o.refund_due_minor, o.returning_minor,
       coalesce((SELECT sum(amount_minor) FROM refund r WHERE r.order_id = o.id
                 AND r.kind <> 'surplus' AND r.state IN ('succeeded', 'by_hand')), 0)::int AS told,
       coalesce((SELECT sum(exchanged_minor) FROM return_settlement s
                 WHERE s.order_id = o.id), 0)::int AS exchanged
FROM sales_order o WHERE o.id = 'ord_1'
"""

_OVER = """
SELECT p.transaction_id FROM payment p LEFT JOIN refund r ON r.payment_id = p.id
GROUP BY p.id HAVING p.refunded_minor < 0 OR p.refunding_minor < 0
    OR p.refunded_minor + p.refunding_minor > p.amount_minor
    OR coalesce(sum(r.amount_minor) FILTER (
        WHERE r.settled_at IS NULL OR r.state IN ('succeeded', 'by_hand')), 0) > p.amount_minor
"""

# By line: units sent; settled in all rounds; received, and of these gone back to the buyer.
_UNITS = """
SELECT f.id, f.returned_quantity, f.refunded_quantity,
       coalesce((SELECT sum(l.quantity) FROM shipment_line l JOIN shipment s ON s.no = l.shipment_no
                 WHERE l.fulfilment_line_id = f.id AND s.handed_over_at IS NOT NULL), 0)::int
           AS sent,
       coalesce((SELECT sum((s.lines->f.id->>0)::int) FROM return_settlement s), 0)::int AS settled,
       coalesce((SELECT sum(quantity) FROM return_receipt WHERE fulfilment_line_id = f.id), 0)::int
           AS received,
       coalesce((SELECT sum(quantity) FROM return_inspection i WHERE i.fulfilment_line_id = f.id
                 AND i.disposition = 'to_customer' AND NOT EXISTS (
                     SELECT FROM return_inspection_undo u WHERE u.inspection_id = i.id)), 0)::int
           AS given_back
FROM fulfilment_line f WHERE f.order_id = 'ord_1' ORDER BY f.id
"""

_OPEN_RETURNS = """
SELECT number::int, coalesce((SELECT received_quantity - inspected_quantity FROM sales_return_line l
                              WHERE l.return_no = r.return_no AND sku = 'A'), 0) AS a,
       coalesce((SELECT received_quantity - inspected_quantity FROM sales_return_line l
                 WHERE l.return_no = r.return_no AND sku = 'B'), 0) AS b
FROM (SELECT *, row_number() OVER (ORDER BY created_at, return_no) - 1 AS number
      FROM sales_return) r WHERE outcome = '' ORDER BY number
"""

_SHELF = "SELECT sku, sum(on_hand)::int AS units FROM stock_balance GROUP BY sku"

_TRIAL = """
SELECT v.currency, sum(e.debit_minor - e.credit_minor)::int AS all_accounts,
       coalesce(sum(e.debit_minor - e.credit_minor)
                FILTER (WHERE e.account = 'cash_at_provider'), 0)::int AS at_provider
FROM voucher v JOIN voucher_entry e ON e.voucher_no = v.no GROUP BY v.currency
"""


async def seed(sessions: Sessions, told_by_channel: bool) -> None:
    """An order of two lines in two shipments that nobody began; goods for many more."""
    await seed_network(sessions, ("HQ",), tuple(ORDERED))
    at = datetime.now(UTC) - timedelta(hours=1)
    place = LocationId("HQ")
    async with sessions.begin() as session:
        await run(session, "UPDATE sku SET cost_minor = 70")
        session.add(ShopRow(id="mini", channel="own", external_id="mini", name="Mini"))
        await session.flush()
        session.add(PaymentAccountRow(
            id="s1", provider="stripe", shop_id="mini", name="S", base_url="http://s"
        ))  # fmt: skip
        session.add(SalesOrderRow(
            id=ORDER, no="O-1", channel="own", shop_id="mini", external_no="1",
            workflow_id="order/own/mini/1", status="in_fulfilment", payable_minor=PAYABLE,
            captured_minor=PAYABLE if told_by_channel else 0, freight_minor=301, paid_at=at,
            placed_at=at, channel_state="paid", created_at=at, updated_at=at,
        ))  # fmt: skip
        await session.flush()
        session.add(receiver_row(ORDER))
        for number, (units, minor) in enumerate(ORDERED.values(), 1):
            session.add(OrderLineRow(
                id=f"{ORDER}.{number}", order_id=ORDER, line_no=number,
                external_line_no=str(number), kind="goods", quantity=units, payable_minor=minor,
            ))  # fmt: skip
        await session.flush()
        for number, (sku, (units, _)) in enumerate(ORDERED.items(), 1):
            session.add(FulfilmentLineRow(
                id=LINES[number - 1], order_line_id=f"{ORDER}.{number}", order_id=ORDER, sku=sku,
                quantity=units,
            ))  # fmt: skip
        goods = [StockLine(StockKey(Sku(sku), place), STOCK) for sku in ORDERED]
        stock = StockRepository(session)
        await stock.receive(Document("grn", "G-1", "G-1"), goods)
        for no, lines in zip(SHIPMENTS, SENT, strict=True):
            session.add(ShipmentRow(
                no=no, order_id=ORDER, location_id="HQ", workflow_id=f"shipment/{no}",
                status="allocated", waits_for="", created_at=at,
            ))  # fmt: skip
            await session.flush()
            session.add(ParcelRow(id=f"{no}-P1", shipment_no=no, carrier="sf", waybill_no=no))
            for sku, units in lines.items():
                line = LINES[0] if sku == "A" else LINES[1]
                session.add(ShipmentLineRow(
                    shipment_no=no, fulfilment_line_id=line, order_line_id=line.partition("/")[0],
                    sku=sku, quantity=units,
                ))  # fmt: skip
            held = tuple(
                StockLine(StockKey(Sku(sku), place), units) for sku, units in lines.items()
            )
            await stock.reserve_batch([ReserveStock(no, held, ORDER, f"shipment/{no}")])


async def holds(story: Story) -> None:
    """What is true after every step."""
    (money,) = await story.rows(_MONEY)
    promised = money.refund_due_minor + money.returning_minor
    assert min(money.refunded_minor, money.refund_due_minor, money.returning_minor) >= 0
    assert money.refunded_minor + promised <= money.captured_minor
    assert money.refunded_minor == money.told + money.exchanged + story.by_hand_minor
    assert await story.rows(_OVER) == []
    for transaction, minor in story.bank.captured.items():
        assert story.bank.paid_out(transaction) <= minor
    units = await story.rows(_UNITS)
    for line in units:
        assert line.settled == line.refunded_quantity <= line.returned_quantity <= line.sent
        assert line.received - line.given_back <= line.sent
    shelf = {row.sku: row.units for row in await story.rows(_SHELF)}
    for sku, line in zip(ORDERED, units, strict=True):
        assert shelf[sku] == STOCK - line.sent + line.received


async def comes_to_rest(story: Story) -> None:
    """The provider answers, people decide what waits, and everything ends."""
    await story.open_gates()
    for _ in range(8):
        for number in range(len(story.bank.known)):
            await story.tell("bank_moves", number, RefundStatus.SUCCEEDED, True)
        await story.tell("start_refund")
        returns = await story.rows(_OPEN_RETURNS)
        refunds = await story.rows("SELECT refund_no FROM refund WHERE settled_at IS NULL")
        (order,) = await story.rows(_MONEY)
        if not returns and not refunds and not order.refund_due_minor:
            return
        for _refund in refunds:
            await story.tell("replace", 0)
            await story.tell("refund", 0, RefundStatus.SUCCEEDED, "")
        for number, *lying in returns:
            await story.tell("work", number)
            await story.tell("decide", number, ReturnAction.REJECT, (0, 0))
            for line, units in enumerate(lying):
                if units:
                    await story.tell("inspect", number, line, units, 0)
            await story.tell("work", number)
            await story.tell("decide", number, ReturnAction.SETTLE, (0, 0))
            await story.tell("withdraw", number)  # a parcel that never comes
            await story.tell("work", number)
            await story.tell("pay_rest", number, True)
            await story.tell("work", number)
            await holds(story)
    raise AssertionError(f"never comes to rest: {returns} {refunds} {order}")


async def books_agree(story: Story) -> None:
    """The audit finds nothing, before and after what happened is posted; the sums are zero."""
    async with story.sessions.begin() as session:
        assert await audit(session) == []
    await Posting(story.sessions).all()
    failed = "SELECT kind, subject, error FROM book_fact WHERE posted_at IS NULL"
    assert await story.rows(failed) == []
    async with story.sessions.begin() as session:
        assert await audit(session) == []
    paid_back = sum(
        asked.minor
        for no, asked in story.bank.known.items()
        if asked.status is RefundStatus.SUCCEEDED and no not in story.against_the_bank
    )
    for row in await story.rows(_TRIAL):
        assert row.all_accounts == 0
        assert row.at_provider == sum(story.bank.captured.values()) - paid_back


async def told(database_url: str, told_by_channel: bool, steps: Sequence[tuple[Any, ...]]) -> Story:
    """Tell a story on an empty database."""
    engine = create_engine(database_url, "onhand_worker", pool_size=2)
    owner = create_engine(database_url, "onhand_owner", pool_size=1)
    try:
        async with sessions_of(owner).begin() as session:
            await run(session, f"TRUNCATE {EMPTIED} CASCADE")
        await seed(sessions_of(engine, VAULT), told_by_channel)
        story = Story(sessions_of(engine, VAULT), sessions_of(owner))
        for verb, *arguments in steps:
            await story.tell(verb, *arguments)
            await holds(story)
        await comes_to_rest(story)
        await books_agree(story)
        return story
    finally:
        await engine.dispose()
        await owner.dispose()


@pytest.fixture
def stories(request: pytest.FixtureRequest) -> int:
    """How many stories are drawn."""
    return int(request.config.getoption("--stories"))


def test_whatever_happens_nothing_goes_back_twice(database_url: str, stories: int) -> None:
    seen: list[Story] = []

    @settings(
        max_examples=stories,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would outlast the limit
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @example(told_by_channel=True, steps=(PLAIN, ()))
    @example(told_by_channel=False, steps=(RIVALS, ()))
    @given(told_by_channel=st.booleans(), steps=_steps)
    def tell(
        told_by_channel: bool, steps: tuple[Sequence[tuple[Any, ...]], Sequence[tuple[Any, ...]]]
    ) -> None:
        told_in_full = [*steps[0], *steps[1]]
        note(f"{told_by_channel=} {told_in_full}")
        seen.append(asyncio.run(told(database_url, told_by_channel, told_in_full)))

    tell()
    assert sum(story.settled_as_shown for story in seen) > 0, "no plan was ever carried out"
    assert any(story.bank.known for story in seen), "the provider was never asked"
