"""What people are told about promises: in time, once, and only as long as it is so."""

from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from domain.orders.messages import Accepted, PlaceHold, ReleaseHold
from tests.workflows.world import Company, own_order

H = timedelta(hours=1)
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
    assert "order.tell_promises" not in str(done)


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
