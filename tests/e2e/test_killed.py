"""The power cord in the middle of orders: every one of them goes on to its end, none twice."""

import asyncio
from pathlib import Path

import httpx
import pytest

from db.audit import run as audit
from tests.e2e import canaries
from tests.e2e.company import Company, wait_until
from tests.e2e.running import environment, kill_everything, onhand

OF_EACH_SHOP = 6
PATIENCE_S = 160.0


@pytest.mark.timeout(400)
def test_every_order_is_delivered_once_though_everything_was_killed_meanwhile(
    server_folder: Path,
) -> None:
    company = Company(environment(server_folder, ONHAND_SIMULATOR_SPEED="4"))

    with onhand(company.variables, server_folder / "first.log"):
        company.buy("top/trades", OF_EACH_SHOP)
        company.buy("shopify/orders", OF_EACH_SHOP)
        for number in range(OF_EACH_SHOP):
            assert company.send_own(f"E2E-{number}").status_code == 202
        wait_until(lambda: company.statuses()["shipped"] > 0, PATIENCE_S, company.statuses)
        assert kill_everything(company.variables) >= 7

    with onhand(company.variables, server_folder / "second.log"):
        before = company.statuses()
        assert before["delivered"] < before.total()  # it was the middle
        wait_until(lambda: _all_delivered(company), PATIENCE_S, company.statuses)

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

    words = canaries.personal() + canaries.secret()
    assert canaries.in_files(server_folder, "*.log", words) == []
    assert canaries.in_files(server_folder / "data" / "temporal", "*", words) == []


def _all_delivered(company: Company) -> bool:
    """Also the orders that the demo's buyers placed meanwhile."""
    statuses = company.statuses()
    return statuses.total() >= 3 * OF_EACH_SHOP and set(statuses) == {"delivered"}


def _no_parcel_twice(company: Company) -> None:
    """As the carriers saw it: one waybill for each parcel of ours, and each of them known to us."""
    seen = httpx.get(f"{company.sandbox}/parcels", timeout=30).json()
    waybills = sorted(parcel["waybill_no"] for parcel in seen)
    references = [parcel["ref"] for parcel in seen]
    assert sorted(references) == sorted(set(references))
    assert [(no,) for no in waybills] == sorted(company.rows("SELECT waybill_no FROM parcel"))
