"""Who may speak on the own channel, and what we tell it."""

import base64
import json
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from domain.shared.errors import Rejected
from integrations.marketplaces.own import OwnMarketplace
from integrations.marketplaces.own_events import (
    EventType,
    build_delivered_event,
    build_shipped_event,
)
from integrations.marketplaces.own_order import UnreadableOrder
from integrations.marketplaces.port import Push, Pushed, ShipConfirmation, ShippedLine
from integrations.marketplaces.signing import own_headers
from tests.integrations.marketplaces.messages import message, raw

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
SECRET = f"whsec_{base64.b64encode(b'a secret of ours').decode()}"
OLD_SECRET = f"whsec_{base64.b64encode(b'an older one').decode()}"
BODY = raw(message())


def own(*secrets: str) -> OwnMarketplace:
    return OwnMarketplace("mini", secrets or (SECRET,), now=lambda: NOW)


def signed(body: bytes = BODY, secret: str = SECRET, late_s: int = 0) -> dict[str, str]:
    at = NOW - timedelta(seconds=late_s)
    return own_headers(secret, "msg_1", int(at.timestamp()), body)


def pushed(headers: dict[str, str], body: bytes = BODY) -> Pushed:
    return Pushed({name.lower(): value for name, value in headers.items()}, body)


def refusal(headers: dict[str, str], body: bytes = BODY, *secrets: str) -> str:
    with pytest.raises(Rejected) as caught:
        own(*secrets).read_pushes(pushed(headers, body))
    return caught.value.code


def test_a_signed_message_is_read_whatever_the_case_of_its_headers() -> None:
    headers = {name.upper(): value for name, value in signed().items()}

    assert own().read_pushes(pushed(headers)) == (Push("msg_1", "order", "M-1"),)
    assert own().snapshot(BODY).external_no == "M-1"


def test_while_a_secret_is_replaced_both_are_good() -> None:
    headers = signed(secret=OLD_SECRET)

    assert own(SECRET, OLD_SECRET).read_pushes(pushed(headers))[0].message_id == "msg_1"
    assert refusal(headers, BODY, SECRET) == "invalid_signature"


@pytest.mark.parametrize("late_s", [-300, 300])
def test_five_minutes_are_near_enough(late_s: int) -> None:
    assert own().read_pushes(pushed(signed(late_s=late_s)))[0].external_no == "M-1"


@pytest.mark.parametrize("late_s", [-301, 301, 10**9])
def test_a_message_from_another_time_is_refused(late_s: int) -> None:
    assert refusal(signed(late_s=late_s)) == "stale_timestamp"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"webhook-id": ""}, "missing_header"),
        ({"webhook-id": "msg\n1"}, "missing_header"),
        ({"webhook-id": "m" * 129}, "missing_header"),
        ({"webhook-timestamp": ""}, "missing_header"),
        ({"webhook-timestamp": "now"}, "missing_header"),
        ({"webhook-timestamp": "-1"}, "missing_header"),
        ({"webhook-timestamp": "１７７７６３６８００"}, "missing_header"),
        ({"webhook-timestamp": "9" * 400}, "missing_header"),
        ({"webhook-id": "msg_2"}, "invalid_signature"),
        ({"webhook-signature": ""}, "invalid_signature"),
        ({"webhook-signature": "v1,\udcff签"}, "invalid_signature"),
        ({"webhook-signature": "v1"}, "invalid_signature"),
    ],
)
def test_headers_that_prove_nothing_are_refused(changes: dict[str, str], code: str) -> None:
    assert refusal({**signed(), **changes}) == code


def test_a_body_changed_on_the_way_is_refused_before_it_is_read() -> None:
    assert refusal(signed(), BODY.replace(b"M-1", b"M-2")) == "invalid_signature"
    assert refusal(signed(), b"\xff") == "invalid_signature"


def test_a_genuine_message_that_is_no_order_says_what_is_wrong() -> None:
    body = raw(message(revision=0))

    with pytest.raises(UnreadableOrder) as caught:
        own().read_pushes(pushed(signed(body), body))

    assert [one.field for one in caught.value.problems] == ["revision"]


def test_the_senders_code_in_the_guide_signs_as_we_check() -> None:
    guide = Path(__file__).parents[3] / "docs" / "own-channel.md"
    code = guide.read_text().split("```python\n")[1].split("```")[0]
    signing = code.replace("int(time.time())", str(int(NOW.timestamp())))
    names: dict[str, Any] = {}
    exec(signing, names)
    heard: list[urllib.request.Request] = []

    class Answer:
        status = 202

        def __enter__(self) -> "Answer":
            return self

        def __exit__(self, *_: object) -> None: ...

    def hear(request: urllib.request.Request) -> Answer:
        heard.append(request)
        return Answer()

    names["urllib"] = SimpleNamespace(
        request=SimpleNamespace(Request=urllib.request.Request, urlopen=hear)
    )

    assert names["send"]("http://onhand.test", SECRET, "msg_1", BODY) == 202
    assert own().read_pushes(pushed(dict(heard[0].header_items())))[0].external_no == "M-1"


async def test_the_sender_cannot_be_asked_for_an_order() -> None:
    with pytest.raises(Rejected) as caught:
        await own().fetch_raw("M-1")

    assert caught.value.code == "not_offered"


def parcel(reference: str = "pcl_1", **changes: Any) -> ShipConfirmation:
    fields: dict[str, Any] = {
        "external_no": "M-1",
        "reference": reference,
        "carrier": "sf",
        "waybill_no": "SF7000000000001",
        "lines": (ShippedLine("1", 2),),
        "partial": False,
    }
    return ShipConfirmation(**{**fields, **changes})


def test_a_shipment_is_told_as_a_cloud_event() -> None:
    event = build_shipped_event("mini", parcel(), NOW)

    assert json.loads(event.body) == {
        "specversion": "1.0",
        "id": event.id,
        "source": "/shops/mini",
        "type": "shipment.shipped",
        "subject": "M-1",
        "time": "2026-05-01T12:00:00.000Z",
        "datacontenttype": "application/json",
        "data": {
            "order_no": "M-1",
            "parcel": "pcl_1",
            "carrier": "sf",
            "waybill_no": "SF7000000000001",
            "partial": False,
            "lines": [{"line_no": "1", "quantity": 2}],
        },
    }


def test_an_event_built_again_is_the_same_event() -> None:
    shipped = build_shipped_event("mini", parcel(), NOW)

    assert build_shipped_event("mini", parcel(), NOW) == shipped
    assert build_shipped_event("mini", parcel(waybill_no="SF8"), NOW).id == shipped.id
    others = {
        build_shipped_event("mini", parcel("pcl_2"), NOW).id,
        build_shipped_event("pos", parcel(), NOW).id,
        build_delivered_event("mini", "M-1", NOW).id,
    }
    assert len(others | {shipped.id}) == 4


def test_a_delivered_order_is_told_once_per_order() -> None:
    event = build_delivered_event("mini", "M-1", NOW)

    assert event.type is EventType.ORDER_DELIVERED
    assert json.loads(event.body)["data"] == {"order_no": "M-1"}
