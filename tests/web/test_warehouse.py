"""Pick, pack, weigh and hand over, as the warehouse does it on a tablet."""

import pytest

from db.engine import Sessions
from tests.api.orders.world import move, rows, seed_order, seed_shipment, told
from tests.web.world import Person, change, seed_attention, seed_hold, seed_parcel

PATH = "/warehouse/O-1-1"


@pytest.mark.usefixtures("order")
async def test_a_shipment_goes_from_the_pick_list_to_the_carrier(
    staff: Person, sessions: Sessions
) -> None:
    assert "Confirm the pick" in (await staff.get(PATH)).text

    picked = await staff.send_form(f"{PATH}/pick", **{"picked.A": "2", "picked.B": "1"})
    assert (picked.status_code, picked.headers["location"]) == (303, PATH)
    assert "Boxes are closed" in (await staff.get(PATH)).text

    packed = await staff.send_form(f"{PATH}/pack", weight=["1.25", "0,5", ""])
    assert packed.status_code == 303
    weights = await rows(sessions, "SELECT weight_g FROM parcel ORDER BY id")
    assert weights == [(1250,), (500,)]
    waiting = (await staff.get(PATH)).text
    assert "The waybill is being ordered" in waiting
    assert 'hx-trigger="every 3s"' in waiting

    await change(sessions, "UPDATE parcel SET waybill_no = 'SF' || id, carrier = 'sf'")
    await move(sessions, "O-1-1", "labelled")
    labelled = (await staff.get(PATH)).text
    assert "The carrier has taken them" in labelled
    assert "every 3s" not in labelled

    handed = await staff.send_form(f"{PATH}/hand-over")
    assert (handed.status_code, handed.headers["location"]) == (303, "/warehouse")
    assert [name for _, name, _ in await told(sessions)] == ["picked", "packed", "handed_over"]


@pytest.mark.usefixtures("order")
async def test_less_than_asked_for_is_a_short_pick(staff: Person, sessions: Sessions) -> None:
    answer = await staff.send_form(f"{PATH}/pick", **{"picked.A": "1", "picked.B": "1"})

    assert answer.status_code == 303
    assert await rows(sessions, "SELECT sku, picked_quantity FROM shipment_line ORDER BY sku") == [
        ("A", 1),
        ("B", 1),
    ]
    assert '<b class="late">1</b> / 2' in (await staff.get(PATH)).text


@pytest.mark.usefixtures("order")
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"picked.A": "2"},
        {"picked.A": "3", "picked.B": "1"},
        {"picked.A": "-1", "picked.B": "1"},
        {"picked.A": "1.5", "picked.B": "1"},
        {"picked.A": "", "picked.B": "1"},
        {"picked.A": "²", "picked.B": "1"},
        {"picked.A": "99999999", "picked.B": "1"},
        {"picked.A": "2", "picked.B": "1", "picked.C": "1"},
        {"picked.A": "2", "picked.B": "1", "picked.\x00": "1"},
    ],
)
async def test_a_pick_that_does_not_fit_the_list_is_refused(
    staff: Person, sessions: Sessions, values: dict[str, str]
) -> None:
    answer = await staff.send_form(f"{PATH}/pick", **values)

    assert answer.status_code == 422
    assert await told(sessions) == []


@pytest.mark.usefixtures("order")
@pytest.mark.parametrize(
    "weight", ["", "0", "-1", "abc", "1.2345", "12345", "1e3", "½", ".", "1.2.3", "NaN"]
)
async def test_a_box_needs_a_weight_one_can_believe(
    staff: Person, sessions: Sessions, weight: str
) -> None:
    await staff.send_form(f"{PATH}/pick", **{"picked.A": "2", "picked.B": "1"})

    answer = await staff.send_form(f"{PATH}/pack", weight=[weight])

    assert answer.status_code == 422
    assert await rows(sessions, "SELECT 1 FROM parcel") == []


@pytest.mark.usefixtures("order")
async def test_acts_out_of_order_are_refused(staff: Person, sessions: Sessions) -> None:
    early_pack = await staff.send_form(f"{PATH}/pack", weight=["1"])
    early_hand_over = await staff.send_form(f"{PATH}/hand-over")

    assert (early_pack.status_code, early_hand_over.status_code) == (409, 409)
    assert await told(sessions) == []


@pytest.mark.usefixtures("order")
async def test_a_held_or_stuck_shipment_says_so_and_is_not_handed_over(
    staff: Person, sessions: Sessions
) -> None:
    await seed_parcel(sessions)
    await change(
        sessions, "UPDATE shipment SET status='labelled', picked_at=now(), packed_at=now()"
    )
    await seed_hold(sessions)

    page = (await staff.get(PATH)).text
    refused = await staff.send_form(f"{PATH}/hand-over")
    await seed_attention(sessions)
    stuck = (await staff.get(PATH)).text

    assert "not handed over before the hold is released" in page
    assert "The carrier has taken them" not in page
    assert refused.status_code == 409
    assert "The platform hides the receiver" in stuck
    assert "Customer service or an administrator decides about it." in stuck


@pytest.mark.usefixtures("order")
async def test_a_location_once_chosen_is_remembered(staff: Person, sessions: Sessions) -> None:
    await seed_order(sessions, "2")
    await seed_shipment(sessions, "2", location="S1")

    chosen = (await staff.get("/warehouse?location=S1")).text
    again = (await staff.get("/warehouse")).text
    everywhere = (await staff.get("/warehouse?location=")).text

    for page in (chosen, again):
        assert 'href="/warehouse/O-2-1"' in page
        assert 'href="/warehouse/O-1-1"' not in page
    assert 'href="/warehouse/O-1-1"' in everywhere


@pytest.mark.usefixtures("order")
async def test_a_scanned_number_opens_its_shipment(staff: Person) -> None:
    answer = await staff.get("/warehouse", params={"find": " o-1-1 "})
    away = await staff.get("/warehouse", params={"find": "//evil.example"})

    assert answer.headers["location"] == PATH
    assert away.headers["location"] == "/warehouse/%2F%2FEVIL.EXAMPLE"
    assert (await staff.get(PATH)).status_code == 200
