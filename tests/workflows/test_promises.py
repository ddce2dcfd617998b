"""What people are told about promises: in time, once, and only as long as it is so."""

from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from db.platform.pausing import pause
from domain.orders.messages import Accepted, PlaceHold, ReleaseHold, ResolveStep, StateChanged
from domain.shared.errors import Rejected
from tests.workflows.test_lost_answers import LoseAnswer
from tests.workflows.world import Company, company, own_order

H = timedelta(hours=1)
PROMISED = "order.tell_promises"
SAID = (
    "SELECT coalesce(string_agg(code || ' ' || split_part(step_id, '/', 3) ||"
    " CASE WHEN resolved_at IS NULL THEN '' ELSE ' over' END, ', ' ORDER BY id), '')"
    " FROM attention WHERE cause = 'Late'"
)


async def _promised(shop: Company, env: WorkflowEnvironment) -> WorkflowHandle[Any, Any]:
    """To leave within ten hours: to be picked within six, which is said after four."""
    ship_by = await env.get_current_time() + 10 * H
    order = await shop.hear(own_order("1", ship_by=ship_by.isoformat()))
    await shop.status("in_fulfilment")
    return order


async def test_it_is_warned_then_escalated_and_closed_by_itself_when_it_is_done_late(
    shop: Company, temporal_env: WorkflowEnvironment
) -> None:
    await _promised(shop, temporal_env)
    no = await shop.first_shipment()
    await temporal_env.sleep(3.5 * H)
    assert await shop.row(SAID) == ("",)
    await temporal_env.sleep(H)
    await shop.until(SAID, "pick_by warning")
    assert await shop.row("SELECT system, actions FROM attention") == (
        "promise/customer_service", ["done_by_hand"],
    )  # fmt: skip

    await temporal_env.sleep(2 * H)
    await shop.until(SAID, "pick_by warning over, pick_by escalation")
    assert await shop.row("SELECT system FROM attention WHERE resolved_at IS NULL") == (
        "promise/manager",
    )

    await shop.pick(no)
    await shop.until(SAID, "pick_by warning over, pick_by escalation over")


async def test_an_order_that_keeps_its_promises_tells_nobody_and_does_nothing_more(
    shop: Company, temporal_env: WorkflowEnvironment
) -> None:
    order = await _promised(shop, temporal_env)
    no = await shop.first_shipment()
    await shop.ship(no)
    await shop.deliver(no)
    await shop.status("delivered")

    await temporal_env.sleep(timedelta(days=4))

    assert await shop.row(SAID) == ("",)
    done = [
        event.marker_recorded_event_attributes.details
        async for event in order.fetch_history_events()
        if event.HasField("marker_recorded_event_attributes")
    ]
    assert done
    assert PROMISED not in str(done)


async def test_a_hold_stops_our_clock_and_moves_it_but_the_channels_goes_on(
    shop: Company, temporal_env: WorkflowEnvironment
) -> None:
    order = await _promised(shop, temporal_env)
    await temporal_env.sleep(4.5 * H)
    await shop.until(SAID, "pick_by warning")
    await order.execute_update("hold", PlaceHold("look", "kefu"), result_type=Accepted)
    await shop.until(SAID, "pick_by warning over")

    await temporal_env.sleep(3 * H)
    assert await shop.row(SAID) == ("pick_by warning over",)
    await shop.row(
        "UPDATE order_hold SET placed_at = placed_at - interval '8 h' RETURNING 1"
    )  # the clock of the tables did not skip
    release = ReleaseHold("manual", "fine", "kefu")
    await order.execute_update("release", release, result_type=Accepted)
    await temporal_env.sleep(H)
    await shop.until(SAID, "pick_by warning over, ship_by warning")
    await temporal_env.sleep(2 * H)
    await shop.until(SAID, "pick_by warning over, ship_by warning over, ship_by escalation")

    await temporal_env.sleep(2 * H)
    await shop.until(
        SAID, "pick_by warning over, ship_by warning over, ship_by escalation, pick_by warning"
    )


async def test_nobody_is_kept_busy_by_an_order_that_was_cancelled(
    shop: Company, temporal_env: WorkflowEnvironment
) -> None:
    await _promised(shop, temporal_env)
    await temporal_env.sleep(4.5 * H)
    await shop.until(SAID, "pick_by warning")

    await shop.hear(own_order("1", 2, state="cancelled"))

    await shop.status("cancelled")
    await shop.until(SAID, "pick_by warning over")


async def test_who_saw_it_is_not_told_again_until_it_gets_worse(
    shop: Company, temporal_env: WorkflowEnvironment
) -> None:
    await _promised(shop, temporal_env)
    await temporal_env.sleep(4.5 * H)
    await shop.until(SAID, "pick_by warning")
    await shop.row("UPDATE attention SET resolved_at = now(), resolved_by = 'kefu' RETURNING 1")

    await temporal_env.sleep(H)
    assert await shop.row(SAID) == ("pick_by warning over",)
    await temporal_env.sleep(H)
    await shop.until(SAID, "pick_by warning over, pick_by escalation")


async def test_the_clocks_go_on_while_a_step_of_the_order_itself_waits_for_a_person(
    shop: Company, temporal_env: WorkflowEnvironment
) -> None:
    async def refuse(external_no: str) -> bytes:
        raise Rejected("there is no such order", code="404")

    shop.outside.shop.fetch_raw = refuse  # type: ignore[method-assign]
    order = await _promised(shop, temporal_env)
    await shop.row("UPDATE sales_order SET fetch_needed = true RETURNING 1")
    await order.signal("state_changed", StateChanged("test"))
    await shop.parked("fetch")

    await temporal_env.sleep(4.5 * H)
    await shop.until(SAID, "pick_by warning")
    await temporal_env.sleep(2 * H)
    await shop.until(SAID, "pick_by warning over, pick_by escalation")

    assert await shop.row("SELECT attempts FROM attention WHERE step_id = 'fetch'") == (1,)
    decision = ResolveStep("fetch", "skip", "kefu", "known by phone", "")
    await order.execute_update("resolve_step", decision, result_type=Accepted)
    await shop.until("SELECT count(*) FROM attention WHERE step_id = 'fetch'", 1)


async def test_they_go_on_at_a_shut_gate_and_a_hold_stops_them_there_too(
    shop: Company, temporal_env: WorkflowEnvironment
) -> None:
    order = await _promised(shop, temporal_env)
    await shop.row("UPDATE sales_order SET fetch_needed = true RETURNING 1")
    async with shop.sessions.begin() as session:
        await pause(session, "shop/mini", "Li Lei", "stock-taking")
    await order.signal("state_changed", StateChanged("test"))
    await shop.until("SELECT count(*) FROM gate_wait", 1)

    await temporal_env.sleep(4.5 * H)
    await shop.until(SAID, "pick_by warning")
    await order.execute_update("hold", PlaceHold("look", "kefu"), result_type=Accepted)
    await shop.until(SAID, "pick_by warning over")
    await temporal_env.sleep(3 * H)

    assert await shop.row(SAID) == ("pick_by warning over",)


async def test_a_warning_whose_answer_is_lost_is_said_once(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    losing = LoseAnswer(PROMISED)
    async with company(temporal_env.client, sessions, losing) as shop:
        await shop.seed()
        await _promised(shop, temporal_env)
        await temporal_env.sleep(4.5 * H)
        await shop.until(SAID, "pick_by warning")
        await temporal_env.sleep(2 * H)

        await shop.until(SAID, "pick_by warning over, pick_by escalation")
        assert losing.lost == 1
