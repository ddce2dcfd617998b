"""The power cord in the middle of orders: every one of them goes on to its end, none twice."""

import asyncio
import signal
from collections import Counter
from pathlib import Path

import httpx
import pytest

from db.audit import run as audit
from tests.e2e import canaries
from tests.e2e.company import Company, wait_until
from tests.e2e.running import environment, kill_everything, onhand, processes_of

OF_EACH_SHOP = 6
PATIENCE_S = 240.0


@pytest.mark.campaign
@pytest.mark.timeout(720)
def test_every_order_is_delivered_once_though_everything_was_killed_meanwhile(
    server_folder: Path,
) -> None:
    company = Company(environment(server_folder, ONHAND_SIMULATOR_SPEED="4"))

    with onhand(company.variables, server_folder / "first.log"):
        company.buy("top/trades", OF_EACH_SHOP)
        company.buy("shopify/orders", OF_EACH_SHOP)
        for number in range(OF_EACH_SHOP):
            assert company.send_own(f"E2E-{number}").status_code == 202
        wait_until(lambda: _some_left(company), PATIENCE_S, company.statuses)
        assert kill_everything(company.variables) >= 7

    with onhand(company.variables, server_folder / "second.log") as up:
        of_before = {no for (no,) in company.rows("SELECT no FROM sales_order")}
        assert _under_way(company, of_before)  # it was the middle
        wait_until(lambda: _all_taken(company), PATIENCE_S, company.statuses)
        of_before = {no for (no,) in company.rows("SELECT no FROM sales_order")}
        wait_until(lambda: not _under_way(company, of_before), PATIENCE_S, company.statuses)

        orders = company.rows("SELECT channel, external_no FROM sales_order")
        assert sorted(orders) == sorted(set(orders))
        assert set(orders) >= {("own", f"E2E-{number}") for number in range(OF_EACH_SHOP)}
        for channel in ("top", "shopify"):
            assert len([one for one in orders if one[0] == channel]) >= OF_EACH_SHOP
        _no_parcel_twice(company)
        stuck = "SELECT step_id FROM attention WHERE resolved_at IS NULL AND order_id IS NOT NULL"
        assert company.rows(stuck) == []
        assert asyncio.run(audit(company.url())) == []
        assert canaries.in_tables(company.url(), canaries.personal() + canaries.secret()) == []
        up.send_signal(signal.SIGINT)
        assert up.wait(60) == 0

    assert (server_folder / "second.log").read_text("utf-8").splitlines()[-1] == "Stopped."
    assert processes_of(company.variables) == []
    words = canaries.personal() + canaries.secret()
    assert canaries.in_files(server_folder, "*.log", words) == []
    assert canaries.in_files(server_folder / "data" / "temporal", "*", words) == []


def _some_left(company: Company) -> bool:
    """At least one order is on its way, or there already."""
    statuses = company.statuses()
    return any(statuses[status] for status in ("shipped", "delivered", "completed"))


def _all_taken(company: Company) -> bool:
    """Also what was accepted and not yet an order when everything was killed."""
    orders = Counter(company.rows("SELECT channel FROM sales_order"))
    ours = company.rows("SELECT no FROM sales_order WHERE external_no LIKE 'E2E-%'")
    return len(ours) == OF_EACH_SHOP <= min(orders["top",], orders["shopify",])


def _under_way(company: Company, orders: set[str]) -> set[str]:
    """Which of them have not come to their end; the demo's buyers go on buying meanwhile."""
    query = "SELECT no FROM sales_order WHERE status NOT IN ('delivered', 'completed')"
    return orders & {no for (no,) in company.rows(query)}


def _no_parcel_twice(company: Company) -> None:
    """As the carriers saw it: one waybill for each parcel of ours, and each of them known to us."""
    seen = httpx.get(f"{company.sandbox}/parcels", timeout=30).json()
    waybills = {parcel["waybill_no"] for parcel in seen}
    references = [parcel["ref"] for parcel in seen]
    assert sorted(references) == sorted(set(references))

    def unknown() -> set[str]:
        return waybills - {no for (no,) in company.rows("SELECT waybill_no FROM parcel")}

    wait_until(lambda: not unknown(), PATIENCE_S, unknown)
