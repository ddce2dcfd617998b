"""Photos of a return: sent by the buyer, seen by those who decide; nothing else is kept of them."""

from io import BytesIO

import httpx
import pytest
import pytest_asyncio
from PIL import Image

from api.orders.photos import MOST_BYTES
from db.engine import Sessions
from tests.api.orders.world import rows
from tests.web.world import Person, change

KNOWN = {"no": "O-1", "last4": "0001"}
ASK = {**KNOWN, "order_no": "O-1", "reason": "damaged", "units.ord_1.1/A": "1"}
_ORIENTATION, _MAKER, _TURNED_RIGHT = 0x0112, 0x010F, 6


def picture(colour: str = "red", kind: str = "JPEG", size: tuple[int, int] = (40, 20)) -> bytes:
    out = BytesIO()
    exif = Image.Exif()
    exif[_MAKER] = "A telling camera"
    exif[_ORIENTATION] = _TURNED_RIGHT
    Image.new("RGB", size, colour).save(out, kind, exif=exif)
    return out.getvalue()


def files(*contents: bytes) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("photos", (f"{n}.jpg", content, "image/jpeg")) for n, content in enumerate(contents)]


@pytest_asyncio.fixture(autouse=True)
async def delivered(order: str, sessions: Sessions) -> None:
    await change(
        sessions, "UPDATE shipment SET status = 'delivered', delivered_at = now() - interval '1 d'"
    )


async def asked(anonymous: httpx.AsyncClient, sessions: Sessions) -> dict[str, str]:
    assert (await anonymous.post("/return/ask", data=ASK)).status_code == 200
    ((no,),) = await rows(sessions, "SELECT return_no FROM sales_return")
    return {**KNOWN, "return_no": no}


async def test_what_the_buyer_shows_is_seen_by_customer_service(
    anonymous: httpx.AsyncClient, service: Person, sessions: Sessions
) -> None:
    sent = await anonymous.post("/return/ask", data=ASK, files=files(picture(), picture("blue")))
    assert sent.status_code == 200, sent.text
    assert "2 of 5 photos are here" in sent.text
    kept = await rows(
        sessions,
        "SELECT return_no, id, width || 'x' || height, sealed FROM return_photo ORDER BY place",
    )
    assert [size for *_, size, _ in kept] == ["20x40", "20x40"]  # upright
    assert all(b"JFIF" not in sealed for *_, sealed in kept)

    (return_no, photo_id, *_), _ = kept
    page = await service.get(f"/returns/{return_no}")
    address = f"/returns/{return_no}/photos/{photo_id}"
    assert page.text.count(f'src="{address}"') == 1
    assert "2 photos came" in page.text
    shown = await service.get(address)
    assert (shown.headers["content-type"], shown.headers["cache-control"]) == (
        "image/jpeg", "private, no-store",
    )  # fmt: skip
    assert b"A telling camera" not in shown.content
    with Image.open(BytesIO(shown.content)) as image:
        assert (image.format, image.size) == ("JPEG", (20, 40))
        assert image.getexif() == {}
    api = await service.get(f"/api/v1{address}")
    assert api.content == shown.content
    assert (await anonymous.get(address)).status_code in (303, 401)


async def test_the_same_photo_is_kept_once_and_the_sixth_is_refused_with_its_fellows(
    anonymous: httpx.AsyncClient, sessions: Sessions
) -> None:
    known = await asked(anonymous, sessions)
    first = files(picture("red"), picture("red"), picture("green"))
    for _ in range(2):
        told = await anonymous.post("/return/photos", data=known, files=first)
        assert told.status_code == 200
    assert await rows(sessions, "SELECT count(*) FROM return_photo") == [(2,)]
    many = files(*(picture(colour) for colour in ("red", "blue", "black", "white", "yellow")))
    over = await anonymous.post("/return/photos", data=known, files=many)
    assert (over.status_code, 'role="alert">At most 5 photos<' in over.text) == (409, True)
    assert await rows(sessions, "SELECT count(*) FROM return_photo") == [(2,)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no picture at all",
        picture()[:200],
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        picture(kind="TIFF"),
        picture(kind="PNG", size=(10_000, 6_000)),
        picture() + b"x" * MOST_BYTES,
    ],
    ids=["empty", "text", "cut off", "svg", "tiff", "huge", "too large"],
)
async def test_what_is_no_photo_is_refused(
    content: bytes, anonymous: httpx.AsyncClient, sessions: Sessions
) -> None:
    known = await asked(anonymous, sessions)
    told = await anonymous.post("/return/photos", data=known, files=files(picture(), content))
    assert told.status_code == 422
    assert await rows(sessions, "SELECT count(*) FROM return_photo") == [(0,)]


async def test_only_who_knows_the_phone_adds_photos_and_only_to_an_own_open_return(
    anonymous: httpx.AsyncClient, sessions: Sessions
) -> None:
    known = await asked(anonymous, sessions)
    wrong = await anonymous.post(
        "/return/photos", data={**known, "last4": "9999"}, files=files(picture())
    )
    other = await anonymous.post(
        "/return/photos", data={**known, "return_no": "RT-1"}, files=files(picture())
    )
    await change(
        sessions, "UPDATE sales_return SET outcome = 'withdrawn', closed_at = now(), waits_for = ''"
    )
    late = await anonymous.post("/return/photos", data=known, files=files(picture()))
    assert (wrong.status_code, other.status_code, late.status_code) == (404, 409, 409)
    assert await rows(sessions, "SELECT count(*) FROM return_photo") == [(0,)]


async def test_customer_service_adds_what_came_by_chat(
    anonymous: httpx.AsyncClient, service: Person, sessions: Sessions
) -> None:
    known = await asked(anonymous, sessions)
    address = f"/returns/{known['return_no']}/do/photos"
    proof = {"csrf_token": service.csrf_token}
    sent = await service.post(address, data=proof, files=files(picture()))
    assert sent.status_code == 303
    page = await service.get(f"/returns/{known['return_no']}")
    assert page.text.count(f'src="/returns/{known["return_no"]}/photos/') == 1
