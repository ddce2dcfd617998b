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

    assert answer.headers["location"] == f"{PATH}/scan"
    assert away.headers["location"] == "/warehouse/%2F%2FEVIL.EXAMPLE"
    assert (await staff.get(PATH)).status_code == 200


SETUP = {
    "checked": "yes", "tolerance_g": "50", "tolerance_percent": "1", "wave_size": "20",
    "cartons": "S, 200, 150, 100, 80\r\nM\t300\t250\t200\t150\t10000", "cutoffs": "sf, 18:30",
}  # fmt: skip


@pytest.mark.usefixtures("order")
async def test_a_weight_that_is_off_is_shown_again_with_a_field_for_the_reason(
    staff: Person, sessions: Sessions
) -> None:
    assert (await staff.send_form("/warehouse/setup/HQ", **SETUP)).status_code == 303
    await staff.send_form(f"{PATH}/pick", **{"picked.A": "2", "picked.B": "1"})

    off = await staff.send_form(f"{PATH}/pack", weight=["9", ""], carton=["S", ""])

    assert off.status_code == 409
    assert "The boxes weigh 9000 g, 1580 g are expected" in off.text
    assert 'value="9"' in off.text
    assert await rows(sessions, "SELECT 1 FROM parcel") == []
    said = await staff.send_form(f"{PATH}/pack", weight=["9"], carton=["S"], reason="gift")
    assert said.status_code == 303
    assert await rows(sessions, "SELECT weight_g, length_mm FROM parcel") == [(9000, 200)]


@pytest.mark.usefixtures("order")
async def test_a_place_shows_how_it_works_and_refuses_lines_it_cannot_read(staff: Person) -> None:
    await staff.send_form("/warehouse/setup/HQ", **SETUP)
    await staff.send_form("/warehouse/setup/HQ/bins", bins="A, Z1, 01-01\nB\tZ2\t02-01\n")

    shown = (await staff.get("/warehouse/setup?location=HQ")).text

    for text in ("M, 300, 250, 200, 150, 10000", "sf, 18:30", "A, Z1, 01-01", "B, Z2, 02-01"):
        assert text in shown
    for bad in ({"cartons": "S, 1"}, {"cartons": "S, a, b, c"}, {"cutoffs": "sf, 99:99"}):
        assert (await staff.send_form("/warehouse/setup/HQ", **SETUP | bad)).status_code == 422
    unknown = await staff.send_form("/warehouse/setup/HQ/bins", bins="NO, Z, 1")
    assert (unknown.status_code, "NO" in unknown.text) == (404, True)
    assert (await staff.send_form("/warehouse/setup/NO", **SETUP)).status_code == 404


@pytest.mark.usefixtures("order")
async def test_the_pack_station_finds_a_shipment_by_number_slot_or_its_only_goods(
    staff: Person, sessions: Sessions
) -> None:
    found = await staff.get("/warehouse/pack?find=o-1-1")
    assert (found.status_code, found.headers["location"]) == (303, PATH)
    made = await staff.send_form("/warehouse/waves", location="HQ", shipment_no="O-1-1")
    slot = made.headers["location"].rsplit("/", 1)[1] + "-1"
    assert (await staff.get(f"/warehouse/pack?find={slot}")).headers["location"] == PATH

    await staff.send_form(f"{PATH}/pick", **{"picked.A": "2", "picked.B": "1"})
    assert "Nothing to pack goes by this code" in (await staff.get("/warehouse/pack?find=A")).text
    await change(sessions, "UPDATE shipment_line SET sku = 'A'")
    await change(sessions, "UPDATE sku SET gtin = '9312345678907' WHERE code = 'A'")
    for code in ("A", "9312345678907", "0109312345678907"):
        assert (await staff.get(f"/warehouse/pack?find={code}")).headers["location"] == PATH
