"""The desk's changes of orders: shown as a plan, confirmed by its hash, told to the workflow."""

import re
from datetime import date

import pytest
import pytest_asyncio

from db.engine import Sessions
from db.logistics.tables import CarrierAccountRow, TariffRow
from domain.orders.messages import ChangeByPlan, LineUnits
from tests.api.orders.world import seed_order, seed_shipment
from tests.web.world import Engine, Person, change

pytestmark = pytest.mark.usefixtures("both")


@pytest_asyncio.fixture
async def both(order: str, sessions: Sessions) -> None:
    """Two orders of one receiver on the pick list, and a carrier with a tariff."""
    await seed_order(sessions, "2")
    await seed_shipment(sessions, "2")
    await change(sessions, "UPDATE receiver SET whole_digest = 'same'")
    async with sessions.begin() as session:
        if await session.get(CarrierAccountRow, "zto") is None:
            session.add(CarrierAccountRow(code="zto", name="ZTO", base_url="http://zto"))
            await session.flush()
        session.add(
            TariffRow(
                id="zto-9", carrier="zto", product="9", first_g=1000, first_minor=1200,
                step_g=500, step_minor=300, valid_from=date(2020, 1, 1),
            )
        )  # fmt: skip


def hash_in(page: str) -> str:
    shown = re.search(r'name="plan_hash" value="([0-9a-f]{64})"', page)
    assert shown is not None, page
    return shown[1]


async def test_orders_of_one_receiver_are_suggested_shown_and_put_together(
    service: Person, engine: Engine
) -> None:
    assert "May go with another" in (await service.get("/orders")).text
    page = (await service.get("/orders/O-1")).text
    assert "2 parcels become 1, freight falls by CN¥6.00" in page
    form = (await service.get("/orders/O-1/do/merge")).text
    assert "O-2" in form
    told = {"plan_hash": hash_in(form), "other": "O-2", "reason": "one parcel"}

    answer = await service.send_form("/orders/O-1/do/merge", **told)

    assert answer.status_code == 303
    [(workflow_id, name, command)] = engine.told
    assert (workflow_id, name) == ("order/own/mini/1", "change")
    assert isinstance(command, ChangeByPlan)
    assert (command.kind, command.others) == ("merge", ("ord_2",))
    assert (command.plan_hash, command.reason) == (told["plan_hash"], "one parcel")


async def test_orders_in_one_parcel_say_so_and_are_parted(
    service: Person, staff: Person, sessions: Sessions, engine: Engine
) -> None:
    await change(sessions, "UPDATE shipment SET ships_with = 'O-1-1' WHERE no = 'O-2-1'")

    assert "In one parcel with" in (await service.get("/orders/O-2")).text
    lists = (await staff.get("/warehouse")).text
    assert "O-1 + O-2" in lists
    assert "/warehouse/O-2-1" not in lists
    form = (await service.get("/orders/O-2/do/unmerge")).text
    answer = await service.send_form(
        "/orders/O-2/do/unmerge", plan_hash=hash_in(form), reason="the buyer asked"
    )

    assert answer.status_code == 303
    [(_, _, command)] = engine.told
    assert (command.kind, command.plan_hash) == ("unmerge", hash_in(form))


async def test_a_part_goes_now_as_it_was_chosen(service: Person, engine: Engine) -> None:
    whole = (await service.get("/orders/O-1/do/split")).text
    assert "Choose less than everything" in whole
    chosen = "line_id=ord_1.1&units=1&line_id=ord_1.2&units=0"
    form = (await service.get(f"/orders/O-1/do/split?{chosen}")).text
    assert "1 units go now" in form

    answer = await service.send_form(
        "/orders/O-1/do/split", plan_hash=hash_in(form), reason="urgent", line_id="ord_1.1",
        units="1",
    )  # fmt: skip

    assert answer.status_code == 303
    [(_, _, command)] = engine.told
    assert (command.kind, command.lines) == ("split", (LineUnits("ord_1.1", 1),))


async def test_lines_are_changed_as_the_plan_said(
    service: Person, engine: Engine, sessions: Sessions
) -> None:
    chosen = "line_id=ord_1.1&units=3&line_id=ord_1.2&units=1"
    short = (await service.get("/orders/O-1/do/lines?line_id=ord_1.1&units=9000")).text
    assert re.search("Of A [0-9]+ are free, 8998 are needed", short)
    await change(
        sessions, "UPDATE stock_balance SET on_hand = reserved + 7 WHERE sku = 'A'"
        " AND location_id = 'HQ'",
    )  # fmt: skip
    form = (await service.get(f"/orders/O-1/do/lines?{chosen}")).text
    assert "The buyer owes CN¥10.00; the order is held until that is paid" in form
    assert "A: 1 needed; free now:" in form
    assert "What is new goes along with O-1-1" in form

    answer = await service.send_form(
        "/orders/O-1/do/lines", plan_hash=hash_in(form), reason="one more",
        line_id=["ord_1.1", "ord_1.2"], units=["3", "1"],
    )  # fmt: skip

    assert answer.status_code == 303
    [(_, _, command)] = engine.told
    assert command.lines == (LineUnits("ord_1.1", 3), LineUnits("ord_1.2", 1))


async def test_what_may_not_change_says_why(service: Person, sessions: Sessions) -> None:
    await change(sessions, "UPDATE sales_order SET channel = 'top'")
    form = (await service.get("/orders/O-1/do/lines")).text
    assert "Orders of this channel are changed where they were bought" in form
    await change(sessions, "UPDATE shipment SET picked_at = now()")
    for path in ("merge", "split"):
        page = (await service.get(f"/orders/O-1/do/{path}")).text
        assert 'name="plan_hash"' not in page


@pytest.mark.parametrize("values", [
    {"line_id": "ord_1.1", "units": "two"}, {"line_id": "ord_1.1"}, {"line_id": "x", "units": "1"},
    {"line_id": "ord_1.1", "units": "1", "plan_hash": "short", "reason": "r"},
])  # fmt: skip
async def test_a_form_that_makes_no_sense_is_refused(
    service: Person, engine: Engine, values: dict[str, str]
) -> None:
    for path in ("split", "lines"):
        answer = await service.send_form(f"/orders/O-1/do/{path}", **values)
        assert answer.status_code in (409, 422), path
    assert engine.told == []


async def test_goods_are_replaced_on_the_page(
    service: Person, engine: Engine, sessions: Sessions
) -> None:
    await change(
        sessions, "UPDATE stock_balance SET on_hand = reserved + 7 WHERE sku = 'B'"
        " AND location_id = 'HQ'",
    )  # fmt: skip
    await change(sessions, "UPDATE sku SET price_minor = 900, currency = 'CNY' WHERE code = 'B'")
    chosen = "line_id=ord_1.1&units=2&instead=B&line_id=ord_1.2&units=1&instead="
    form = (await service.get(f"/orders/O-1/do/lines?{chosen}")).text
    assert "B: 2 units are reserved at" in form

    await service.send_form(
        "/orders/O-1/do/lines", plan_hash=hash_in(form), reason="sold out",
        line_id=["ord_1.1", "ord_1.2"], units=["2", "1"], instead=["B", ""],
    )  # fmt: skip

    [(_, _, command)] = engine.told
    assert command.lines == (LineUnits("ord_1.1", 2, "B"), LineUnits("ord_1.2", 1))
