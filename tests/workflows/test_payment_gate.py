"""A payment provider that refuses us, or does not answer, is left alone; refunds wait and go on."""

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from db.platform import pausing
from db.sql import run
from domain.shared.errors import CredentialsRefused, Unavailable
from tests.workflows.test_refunds import opened, paid
from tests.workflows.world import Company, company, own_order

SYSTEM = "payment/wx"
ORDERS = 3


async def surplus(shop: Company) -> None:
    """Three payments too many come in for one order: three refunds."""
    await shop.hear(own_order("1"))
    await shop.status("in_fulfilment")
    for number in range(ORDERS + 1):
        await paid(shop, transaction=f"T{number}")


async def settled(shop: Company, env: WorkflowEnvironment) -> None:
    for _ in range(100):
        await env.sleep(timedelta(seconds=6))
        await shop.deliver_signals()
        row = await shop.row("SELECT count(*) FROM refund WHERE settled_at IS NULL")
        if row == (0,):
            return
    raise AssertionError("refunds still wait")


async def test_expired_credentials_are_one_item_and_a_pause_and_the_same_refunds_go_on(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await opened(shop)
        bank = shop.outside.bank
        bank.failures += [CredentialsRefused("certificate expired", code="SIGN_ERROR")] * 100
        await surplus(shop)
        await shop.until("SELECT count(*) FROM gate_wait WHERE system = 'payment/wx'", ORDERS)

        assert await shop.row("SELECT state, changed_by FROM gate WHERE system = 'payment/wx'") == (
            "holding",
            "credentials",
        )
        items = await shop.row("SELECT count(*), min(step_id), min(system) FROM attention")
        assert items == (1, "credentials", SYSTEM)
        numbers = await shop.row(
            "SELECT array_agg(refund_no ORDER BY refund_no) AS them FROM refund"
        )
        calls = len(bank.calls)
        await temporal_env.sleep(timedelta(hours=2))
        assert len(bank.calls) == calls  # nobody is asked until somebody renews them

        bank.failures.clear()
        async with shop.sessions.begin() as session:
            await pausing.credentials_renewed(session, SYSTEM, "admin")
        await settled(shop, temporal_env)

        assert sorted(bank.refunds) == list(numbers.them)
        assert set(bank.calls) == set(numbers.them)  # the same numbers before and after
        assert await shop.row("SELECT count(*) FROM attention WHERE resolved_at IS NULL") == (0,)
        assert await shop.row("SELECT state FROM gate WHERE system = 'payment/wx'") == ("flowing",)


async def test_a_provider_that_does_not_answer_is_tried_again_by_itself(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await opened(shop)
        shop.outside.bank.failures += [Unavailable("down")] * 1000
        await surplus(shop)
        shop.patience = 800
        await shop.until("SELECT state FROM gate WHERE system = 'payment/wx'", "holding")
        await shop.until("SELECT count(*) FROM gate_wait WHERE system = 'payment/wx'", ORDERS)
        assert await shop.row("SELECT count(*) FROM attention") == (0,)

        shop.outside.bank.failures.clear()
        async with shop.sessions.begin() as session:
            await run(session, "UPDATE gate SET changed_at = now() - interval '1 min'")
        await settled(shop, temporal_env)

        assert len(shop.outside.bank.refunds) == ORDERS
        row = await shop.row(
            "SELECT last_call_at IS NOT NULL FROM gate WHERE system = 'payment/wx'"
        )
        assert row == (True,)
