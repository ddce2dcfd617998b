"""What a lost engine forgot is started again slice by slice, however much of it there is."""

from datetime import timedelta
from typing import Any, cast

from temporalio.client import Client

from db.engine import Sessions
from db.sql import run
from runtime.redrive import Redrive, Redriven
from tests.activities.orders.network import seed_company, seed_order

NO_REST = timedelta(0)


class FakeEngine:
    """Remembers which workflows it was asked to start."""

    def __init__(self) -> None:
        self.started: list[str] = []

    async def start_workflow(self, name: str, argument: Any, *, id: str, **how: Any) -> None:
        self.started.append(id)


async def seed(sessions: Sessions, orders: int = 2, refunds: int = 5) -> None:
    """Orders that are open, and refunds of the first of them."""
    await seed_company(sessions, skus=("A",))
    for number in range(orders):
        await seed_order(sessions, str(number), {"A": 1})
    async with sessions.begin() as session:
        await run(
            session,
            "INSERT INTO payment_account (id, provider, shop_id, name, base_url, secrets, settings,"
            " active) VALUES ('w', 'wechatpay', 'shop', 'W', '', '', '{}', true)",
        )
        await run(
            session,
            "INSERT INTO payment (id, account_id, provider, transaction_id, merchant_ref, shop_id,"
            " external_no, amount_minor, currency, captured_at, purpose, refunded_minor,"
            " refunding_minor) VALUES ('p', 'w', 'wechatpay', 't', 'm', 'shop', '0', 1000, 'CNY',"
            " now(), 'order', 0, 0)",
        )
        for number in range(refunds):
            await run(
                session,
                "INSERT INTO refund (refund_no, payment_id, order_id, kind, amount_minor, currency,"
                " reason, state, vendor_refund_id, vendor_status, note) VALUES (:no, 'p', 'ord_0',"
                " 'order', 1, 'CNY', '', 'intended', '', '', '')",
                no=f"R{number}",
            )


async def seed_label(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await run(
            session,
            "INSERT INTO return_label (no, order_id, location_id, carrier, state, waybill_no,"
            " status, reason, asked_by)"
            " VALUES ('L1', 'ord_0', 'EAST', 'sf', 'ordered', 'R1', 'labelled', '', '')",
        )


async def test_a_slice_goes_on_where_the_last_one_ended_through_every_kind(
    sessions: Sessions,
) -> None:
    await seed(sessions)
    engine = FakeEngine()
    redrive = Redrive(sessions, cast(Client, engine), NO_REST)

    started = [await redrive.once(2) for _ in range(4)]

    assert started == [2, 2, 2, 1]
    assert engine.started == [*(f"refund/R{n}" for n in range(5)), "order/0", "order/1"]
    assert await redrive.once(2) == 2  # and from the beginning
    assert engine.started[-2:] == ["refund/R0", "refund/R1"]


async def test_all_is_every_kind_once(sessions: Sessions) -> None:
    await seed(sessions)
    await seed_label(sessions)
    engine = FakeEngine()

    done = await Redrive(sessions, cast(Client, engine), NO_REST).all()

    assert done == Redriven(orders=2, started=8)
    assert "return-label/L1" in engine.started


async def test_what_was_heard_of_a_moment_ago_has_its_run(sessions: Sessions) -> None:
    await seed(sessions, orders=1, refunds=1)
    await seed_label(sessions)
    engine = FakeEngine()
    redrive = Redrive(sessions, cast(Client, engine))

    await redrive.all()
    assert engine.started == ["order/0"]  # silent since long ago

    async with sessions.begin() as session:
        await run(session, "UPDATE return_label SET created_at = now() - interval '1 hour'")
    await redrive.all()
    assert "return-label/L1" in engine.started
