"""What a platform encrypts goes through to its waybill as it came: sealed on the way, never opened
into a name, never stored plain."""

import json
from typing import Any
from urllib.parse import unquote_plus

from tests.e2e import canaries
from tests.people import receiver_of
from tests.workflows.test_with_sandbox import TWO_LINES, Market, market  # noqa: F401 (fixture)

_TEMPLATES = (
    "UPDATE shop SET settings = jsonb_build_object('waybill_user_id', '1', 'waybills',"
    " jsonb_build_object('sf', jsonb_build_object('template_url', 'http://print.example/1')))"
    " WHERE id = 'top' RETURNING id"
)


async def packed(sold: Market, channel: str, external_no: str) -> str:
    """The order is heard, picked and packed; its shipment."""
    await sold.stock(A="HQ", B="HQ")
    await sold.hear(channel, external_no)
    (no,) = await sold.shipments(1)
    await sold.company.pick(no)
    await sold.company.pack(no)
    return no


async def asked(sold: Market) -> list[dict[str, Any]]:
    """Every call that the outside heard."""
    calls: list[dict[str, Any]] = (await sold.sandbox.get("/sandbox/calls")).json()
    return calls


async def stands_anywhere(sold: Market, url: str, no: str, words: list[str]) -> list[str]:
    found = canaries.in_tables(url, words)
    history = await sold.company.shipment(no).fetch_history()
    told = b"".join(event.SerializeToString() for event in history.events)
    return found + [f"history: {word}" for word in words if word.encode() in told]


async def test_an_oaid_goes_sealed_from_the_trade_to_the_request_for_its_waybill(
    market: Market,  # noqa: F811
    database_url: str,
) -> None:
    await market.company.row(_TEMPLATES)
    (trade,) = await market.post("/sandbox/top/trades", {"lines": TWO_LINES, "masked": True})
    no = await packed(market, "top", str(trade["tid"]))
    await market.company.until(f"SELECT status FROM shipment WHERE no = '{no}'", "labelled")

    calls = await asked(market)
    (request,) = [c["request"] for c in calls if c["operation"] == "cainiao.waybill.ii.get"]
    assert trade["oaid"] in unquote_plus(request)
    known = await receiver_of(market.company.sessions)
    assert (known.kind, known.person.oaid) == ("masked", trade["oaid"])
    assert "*" in known.name
    assert "*" in known.phone
    assert [c["operation"] for c in calls if "decrypt" in c["operation"]] == []
    assert await stands_anywhere(market, database_url, no, [trade["oaid"], known.phone]) == []


async def test_what_jd_encrypts_waits_for_a_person_and_no_carrier_hears_it(
    market: Market,  # noqa: F811
    database_url: str,
) -> None:
    (order,) = await market.post("/sandbox/jd/orders", {"lines": TWO_LINES, "masked": True})
    no = await packed(market, "jd", str(order["orderId"]))
    await market.company.until(
        "SELECT cause FROM attention WHERE resolved_at IS NULL", "NeedsPlatformWaybill"
    )

    told = order["consigneeInfo"]
    ciphers = [told["fullname"], told["fullAddress"], told["mobile"]]
    known = await receiver_of(market.company.sessions)
    assert known.kind == "masked"
    assert told["fullname"] in json.dumps([known.person.name, known.person.oaid])
    assert (await market.sandbox.get("/sandbox/parcels")).json() == []
    assert {c["vendor"] for c in await asked(market)} == {"jd"}
    assert await stands_anywhere(market, database_url, no, ciphers) == []
