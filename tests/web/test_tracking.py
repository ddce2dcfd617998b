"""Where is my parcel: for anybody with an order number and the end of the phone."""

import re

import httpx
import pytest

from db.engine import Sessions
from db.platform.attempts import ATTEMPTS
from tests.web.world import change, seed_parcel


async def _track(client: httpx.AsyncClient, no: str, last4: str) -> httpx.Response:
    return await client.post("/track", data={"no": no, "last4": last4})


@pytest.mark.usefixtures("order")
async def test_the_parcel_is_shown_without_name_phone_or_address(
    anonymous: httpx.AsyncClient, sessions: Sessions
) -> None:
    await seed_parcel(sessions)
    await change(sessions, "UPDATE sales_order SET external_no = 'TB-77' WHERE no = 'O-1'")

    for number in ("O-1", "o-1", " O-1 ", "TB-77"):
        page = await _track(anonymous, number, "0001")
        assert page.status_code == 200, number
        assert "SF1234567890123" in page.text
        assert "On its way" in page.text
        for hidden in ("王小明", "文一西路", "13800000001", "25.50"):
            assert hidden not in page.text


@pytest.mark.usefixtures("order")
async def test_a_wrong_number_and_a_wrong_phone_get_the_same_answer(
    anonymous: httpx.AsyncClient,
) -> None:
    wrong_phone = await _track(anonymous, "O-1", "9999")
    wrong_number = await _track(anonymous, "O-9", "0001")

    assert wrong_phone.status_code == wrong_number.status_code == 404
    neutral = wrong_number.text.replace("O-9", "O-1").replace("0001", "9999")
    nonce = r'nonce="[^"]*"'
    assert re.sub(nonce, "", neutral) == re.sub(nonce, "", wrong_phone.text)


@pytest.mark.usefixtures("order")
async def test_guessing_comes_to_an_end(anonymous: httpx.AsyncClient) -> None:
    for guess in range(ATTEMPTS):
        assert (await _track(anonymous, "O-1", f"{guess + 100:04}")).status_code == 404

    assert (await _track(anonymous, "O-1", "0001")).status_code == 429


@pytest.mark.parametrize(
    ("no", "last4"),
    [("", ""), ("O-1", ""), ("O-1", "00001"), ("O-1", "١٢٣٤"), ("%", "____")],
)
@pytest.mark.usefixtures("order")
async def test_a_strange_question_finds_nothing(
    anonymous: httpx.AsyncClient, no: str, last4: str
) -> None:
    assert (await _track(anonymous, no, last4)).status_code == 404


async def test_a_question_that_is_too_long_is_refused(anonymous: httpx.AsyncClient) -> None:
    assert (await _track(anonymous, "O" * 101, "0001")).status_code == 422


async def test_a_question_that_cannot_be_read_is_refused(anonymous: httpx.AsyncClient) -> None:
    assert (await _track(anonymous, "\x00", "0001")).status_code == 422


@pytest.mark.usefixtures("order")
async def test_an_order_that_has_not_left_is_being_prepared(anonymous: httpx.AsyncClient) -> None:
    assert "Being prepared in the warehouse." in (await _track(anonymous, "O-1", "0001")).text
