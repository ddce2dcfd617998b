"""Waybills of platforms that hide their buyers: one a box, whatever happens to the answers."""

from datetime import UTC, datetime

import pytest

from domain.shared.errors import AnswerLost, CredentialsRefused, RateLimited, Rejected
from tests.integrations.marketplaces.waybills import PLATFORMS, Counter, Platform, counter
from tests.integrations.sandbox.world import World


@pytest.fixture(params=list(PLATFORMS))
def desk(request: pytest.FixtureRequest, world: World) -> Counter:
    platform: Platform = PLATFORMS[request.param]
    world.clock = datetime.now(UTC)  # the clients that registry opens know no other
    return counter(world, platform)


async def test_a_masked_parcel_gets_a_waybill_that_its_carrier_brings(desk: Counter) -> None:
    number = await desk.order()
    parcel = await desk.parcel(number)

    key = await desk.waybills.reserve(parcel)
    waybill = await desk.waybills.create(parcel, key)

    (made,) = await desk.made()
    assert (made["waybill_no"], made["carrier"]) == (waybill.waybill_no, "sf")
    assert made["order_no"] == number
    assert waybill.print_data
    facts = await desk.world.carrier("sf").track(
        waybill.waybill_no, parcel.receiver.phone_mask[-4:]
    )
    assert facts == ()
    await desk.world.hand_over(waybill.waybill_no)
    await desk.world.pass_time(1)
    facts = await desk.world.carrier("sf").track(
        waybill.waybill_no, parcel.receiver.phone_mask[-4:]
    )
    assert len(facts) == 1


async def test_nothing_is_asked_twice_for_one_waybill(desk: Counter) -> None:
    parcel = await desk.parcel(await desk.order())
    before = len(await desk.world.calls())

    await desk.waybills.create(parcel, await desk.waybills.reserve(parcel))

    calls = await desk.world.calls()
    asked = [call["operation"] for call in calls[: len(calls) - before]]
    assert asked
    assert len(asked) == len(set(asked)), asked


async def test_the_same_key_gets_the_first_waybill_and_another_box_its_own(desk: Counter) -> None:
    number = await desk.order()
    first, second = await desk.parcel(number, 1), await desk.parcel(number, 2)
    keys = [await desk.waybills.reserve(parcel) for parcel in (first, second)]

    once = await desk.waybills.create(first, keys[0])
    again = await desk.waybills.create(first, keys[0])
    other = await desk.waybills.create(second, keys[1])

    assert once.waybill_no == again.waybill_no != other.waybill_no
    assert len(await desk.made()) == 2


async def test_after_a_lost_answer_the_same_key_gets_what_was_made(desk: Counter) -> None:
    parcel = await desk.parcel(await desk.order())
    key = await desk.waybills.reserve(parcel)
    await desk.fault(desk.platform.get, "error_after")

    with pytest.raises(AnswerLost):
        await desk.waybills.create(parcel, key)
    waybill = await desk.waybills.create(parcel, key)

    assert [one["waybill_no"] for one in await desk.made()] == [waybill.waybill_no]


async def test_an_answer_lost_before_anything_was_done_leaves_one_waybill_too(
    desk: Counter,
) -> None:
    parcel = await desk.parcel(await desk.order())
    key = await desk.waybills.reserve(parcel)
    await desk.fault(desk.platform.get, "error_before")

    with pytest.raises(AnswerLost):
        await desk.waybills.create(parcel, key)
    await desk.waybills.create(parcel, key)

    assert len(await desk.made()) == 1


async def test_told_to_slow_down_nothing_is_made(desk: Counter) -> None:
    parcel = await desk.parcel(await desk.order())
    key = await desk.waybills.reserve(parcel)
    await desk.fault(desk.platform.get, "throttle")

    with pytest.raises(RateLimited):
        await desk.waybills.create(parcel, key)

    assert await desk.made() == []


async def test_an_empty_account_is_said_in_the_platform_s_words_and_can_be_filled(
    desk: Counter,
) -> None:
    parcel = await desk.parcel(await desk.order())
    key = await desk.waybills.reserve(parcel)
    await desk.fill(0)

    with pytest.raises(Rejected, match="余额不足") as caught:
        await desk.waybills.create(parcel, key)
    assert caught.value.code == desk.platform.used_up
    assert not isinstance(caught.value, CredentialsRefused)
    await desk.fill(1)
    await desk.waybills.create(parcel, key)

    assert len(await desk.made()) == 1


async def test_voiding_twice_is_no_error_and_nothing_moves(desk: Counter) -> None:
    parcel = await desk.parcel(await desk.order())
    key = await desk.waybills.reserve(parcel)
    waybill = await desk.waybills.create(parcel, key)

    await desk.waybills.cancel(parcel, key, waybill.waybill_no)
    await desk.waybills.cancel(parcel, key, waybill.waybill_no)

    assert [one["void"] for one in await desk.made()] == [True]
    (parcel_there,) = (await desk.world.vendor_http.get("/sandbox/parcels")).json()
    assert parcel_there["cancelled"]


async def test_what_the_courier_has_cannot_be_voided(desk: Counter) -> None:
    parcel = await desk.parcel(await desk.order())
    key = await desk.waybills.reserve(parcel)
    waybill = await desk.waybills.create(parcel, key)
    await desk.world.hand_over(waybill.waybill_no)
    await desk.world.pass_time(1)

    with pytest.raises(Rejected, match="揽收"):
        await desk.waybills.cancel(parcel, key, waybill.waybill_no)


async def test_a_waybill_whose_number_never_came_is_voided_by_its_key(desk: Counter) -> None:
    parcel = await desk.parcel(await desk.order())
    key = await desk.waybills.reserve(parcel)
    await desk.fault(desk.platform.get, "error_after")
    with pytest.raises(AnswerLost):
        await desk.waybills.create(parcel, key)

    await desk.waybills.cancel(parcel, key, "")

    assert [one["void"] for one in await desk.made()] == [True]


async def test_where_nothing_was_made_nothing_is_left(desk: Counter) -> None:
    parcel = await desk.parcel(await desk.order())
    key = await desk.waybills.reserve(parcel)

    await desk.waybills.cancel(parcel, key, "")

    assert [one["void"] for one in await desk.made() if not one["void"]] == []


async def test_a_shop_says_what_it_lacks(desk: Counter) -> None:
    bare = counter(desk.world, desk.platform, waybills={"zto": {}})
    parcel = await desk.parcel(await desk.order())

    assert desk.waybills.missing("sf") == ""
    assert "waybills.ems" in desk.waybills.missing("ems")
    assert "waybills.zto" in bare.waybills.missing("zto")
    with pytest.raises(Rejected) as caught:
        await bare.waybills.create(parcel, "k")
    assert caught.value.code == "waybills_not_set_up"
    assert await desk.made() == []


@pytest.mark.parametrize("waybills", [None, [], "sf", {"sf": "yes"}, {"sf": None}])
async def test_a_nonsensical_setting_is_none(desk: Counter, waybills: object) -> None:
    odd = counter(desk.world, desk.platform, waybills=waybills)
    assert "sf" in odd.waybills.missing("sf")


async def test_who_gets_it_is_not_shown_by_accident(desk: Counter) -> None:
    parcel = await desk.parcel(await desk.order())
    waybill = await desk.waybills.create(parcel, await desk.waybills.reserve(parcel))

    assert parcel.receiver.oaid
    assert parcel.receiver.oaid not in repr(parcel)
    assert waybill.print_data not in repr(waybill)
