"""JD and Pinduoduo ship whole orders: of several parcels they hear the first."""

import pytest

from domain.orders.snapshot import ChannelState
from tests.integrations.marketplaces.shops import jd, parcel, pdd, sell
from tests.integrations.marketplaces.test_whole_orders import THREE_LINES, Open
from tests.integrations.sandbox.world import World


@pytest.mark.parametrize(("vendor", "open_shop"), [("jd", jd), ("pdd", pdd)])
async def test_of_several_parcels_the_first_ships_the_order(
    world: World, vendor: str, open_shop: Open
) -> None:
    (number,) = await sell(world, vendor, lines=THREE_LINES)
    shop = open_shop(world)

    await shop.confirm_shipment(parcel(number, "SF1", partial=True))
    await shop.confirm_shipment(parcel(number, "SF2", partial=True))

    snapshot = shop.snapshot(await shop.fetch_raw(number))
    assert snapshot is not None
    assert snapshot.state is ChannelState.SHIPPED
    (kept,) = (await world.vendor_http.get(f"/sandbox/{vendor}/orders")).json()
    assert (kept.get("waybill") or kept.get("tracking_number")) == "SF1"
