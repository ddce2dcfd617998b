"""Every route with the id of something that belongs to somebody, tried by people of another place:
for them it does not exist, whatever their role may do elsewhere. Made from the routes themselves.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, Final

import httpx
import pytest
from fastapi import FastAPI
from sqlmodel.ext.asyncio.session import AsyncSession

from api.app import create_app
from api.platform.docs import described
from db.engine import Sessions
from db.finance.goods_claim_tables import GoodsClaimRow
from db.finance.invoice_tables import InvoiceRow
from db.inventory.count_planning import CountPlan, CountPlanning
from db.inventory.dealer_reports import DealerReports, ReportDraft
from db.inventory.purchase_drafts import DraftLine as BoughtLine
from db.inventory.purchase_drafts import PurchaseDraft
from db.inventory.purchase_orders import PurchaseOrders
from db.inventory.transfers import DraftLine as TransferLine
from db.inventory.transfers import TransferDraft, Transfers
from db.logistics.claim_tables import CarrierClaimRow
from db.orders.floor_tables import WaveRow, WaveShipmentRow
from db.orders.return_acts import open_return
from db.orders.returns import Asked
from db.platform.audit import audit
from db.sql import run
from domain.inventory.dealer_reports import DealerLine
from domain.orders.returns.model import ReturnKind, ReturnOrigin, ReturnReason
from domain.platform.permissions import Permission, Role, may
from domain.platform.routes import ROUTES
from domain.platform.scopes import Limit
from runtime.settings import Settings
from tests.api.served import browser, key_for
from tests.companies import seed_company
from tests.web.world import Person, person, seed_attention

# What names something owned, with an id that nothing has.
ABSENT: Final = {
    "no": "O-999",
    "return_no": "RT-999",
    "shipment_no": "O-999-1",
    "parcel_id": "O-999-1-P1",
    "claim_no": "CL-999",
    "item_id": "att_999",
    "wave_no": "W-999",
    "location_id": "NOWHERE",
    "shop_id": "nobodys",
}
OTHERS: Final = {
    "kind": "manual", "invoice_no": "INV-1", "label_no": "L-1", "photo_id": "P-1",
    "inspection_id": "I-1", "action": "x",
}  # fmt: skip
# By page, as pages of forms know their own actions only.
ACTIONS: Final = {
    "orders": "hold", "returns": "approve", "claims": "file", "transfers": "cancel",
    "purchase-orders": "close", "dealer-reports": "correct",
}  # fmt: skip
# Vouchers and sessions have numbers too, but belong to the company or to a person; everybody is
# told of a recall, and answers for the units that he sees.
OTHER_NUMBERS: Final = ("/vouchers/", "/sessions/", "/recalls/")
WHERE: Final = [Limit("D2")]
_EACH_TIME: Final = re.compile(r'nonce="[^"]*"|("request_id":"|Request )[\w-]+|\b[0-9a-f]{32}\b')
PLACEHOLDER: Final = re.compile(r"{(\w+)(?::path)?}")
ROLES: Final = list(Role)


def _owned(prefix: str) -> Iterator[str]:
    for route in ROUTES:
        _, path = route.split(" ")
        if ROUTES[route] is Permission.PUBLIC or any(part in path for part in OTHER_NUMBERS):
            continue
        if path.startswith("/api/") is not (prefix == "api"):
            continue
        if set(PLACEHOLDER.findall(path)) & set(ABSENT):
            yield route


async def _seed(sessions: Sessions) -> dict[str, str]:
    """Of the first dealer: an order with shipment, parcel, claim, invoice, return, stuck step."""
    await seed_company(sessions)
    await seed_attention(sessions, "2")
    now = datetime.now(UTC)
    async with sessions.begin() as session:
        await run(session, "UPDATE shipment SET status = 'delivered', delivered_at = now()")
        await run(
            session,
            "INSERT INTO parcel (id, shipment_no, carrier, product, waybill_no, routing_code,"
            " sorting_code, status, weight_g, length_mm, width_mm, height_mm)"
            " VALUES ('O-2-1-P1', 'O-2-1', 'sf', '2', 'SF1', '', '', 'delivered', 900, 0, 0, 0)",
        )
        session.add(
            CarrierClaimRow(
                claim_no="CL-1", parcel_id="O-2-1-P1", order_id="ord_2", carrier="sf",
                waybill_no="SF1", kind="lost", origin="tracking", currency="CNY", basis="cost",
                goods_minor=0, freight_minor=0, most_minor=0, claimed_minor=0,
                despatched_at=now, file_by=now, created_by="system",
                created_at=now, updated_at=now,
            )
        )  # fmt: skip
        session.add(
            GoodsClaimRow(
                claim_no="CL-1", origin="receipt", document_no="GR-1", location_id="D1",
                debtor="supplier/S1", currency="CNY", claimed_minor=0, created_by="li",
                created_at=now,
            )
        )  # fmt: skip
        session.add(WaveRow(no="W-1", location_id="D1", state="released", made_by="x", made_at=now))
        await session.flush()
        session.add(WaveShipmentRow(wave_no="W-1", shipment_no="O-2-1", slot=1))
        session.add(InvoiceRow(no="INV-1", order_id="ord_2", currency="CNY", created_at=now))
    wanted = Asked(ReturnKind.RETURN, ReturnOrigin.CONSUMER, ReturnReason.DAMAGED, {"ord_2.1/A": 1})
    async with sessions.begin() as session:
        await open_return(session, "ord_2", wanted)
        [row] = await run(session, "SELECT return_no FROM sales_return")
    async with sessions.begin() as session:
        documents = await _seed_documents(session)
    return {
        **{f"no of {segment}": no for segment, no in documents.items()},
        "no": "O-2", "return_no": row.return_no, "shipment_no": "O-2-1",
        "parcel_id": "O-2-1-P1", "claim_no": "CL-1", "item_id": "att_1", "wave_no": "W-1",
        "location_id": "D1", "shop_id": "own-d1",
    }  # fmt: skip


async def _seed_documents(session: AsyncSession) -> dict[str, str]:
    """A transfer from the first dealer, goods bought for him, a count there, and his report."""
    supplier = """
        INSERT INTO supplier (code, name, contact, lead_time_days, currency, active, link)
        VALUES ('S1', 'S1', '', 7, 'CNY', true, '')
        """
    await run(session, supplier)
    goods = (TransferLine("A", 1),)
    bought = PurchaseDraft("S1", "D1", [BoughtLine("A", 1)])
    count = CountPlan("D1", "skus", date(2026, 11, 26), "li", ("A",))
    said = (DealerLine("A", 1),)
    told = ReportDraft("k", "D1", date(2026, 11, 26), said, "api", "li")
    return {
        "dealer-reports": (await DealerReports(session).file(told)).no,
        "transfers": await Transfers(session).draft(TransferDraft("D1", "HQ", goods)),
        "purchase-orders": await PurchaseOrders(session).draft(bought),
        "counts": await CountPlanning(session).plan(count) or "",
    }


def _address(route: str, ids: dict[str, str]) -> str:
    path = route.split(" ")[1]
    segment = path.removeprefix("/api/v1").split("/")[1]
    known = {**OTHERS, "action": ACTIONS.get(segment, "x"), **ids}
    known["no"] = ids.get(f"no of {segment}", ids["no"])
    return PLACEHOLDER.sub(lambda found: known.get(found[1], "x"), path)


def _told(answer: httpx.Response, ids: dict[str, str]) -> tuple[int, str]:
    """The answer without what differs between any two: the ids that were asked for."""
    text = answer.text
    for value in sorted(ids.values(), key=len, reverse=True):
        # As a whole: a token that is drawn may hold the letters of a short one.
        text = re.sub(rf"(?<![\w-]){re.escape(value)}(?![\w-])", "·", text)
    return answer.status_code, _EACH_TIME.sub("", text)


# Texts of a certain shape, by the beginning of the pattern that asks for it.
SHAPES: Final = {
    "^[0-9a-f]{64}": "0" * 64,
    "^[0-9]{1,9}": "1",
    "^\\+?[0-9]": "13800000001",
    "^[A-Za-z0-9_-]": "sf",
}
# Where the answer for what is not there is another one; it is the same for what one does not see.
NOT_404: Final = {
    "POST /api/v1/orders/{no}/return-labels/{label_no}/cancellation": 409,
    "POST /api/v1/orders/{no}/invoices/{invoice_no}/cancellation": 409,
    "POST /api/v1/orders/{no}/invoices/{invoice_no}/reversal": 422,
    "GET /api/v1/returns/{return_no}/photos": 200,  # none
    "POST /api/v1/returns/{return_no}/photos": 422,
    "POST /api/v1/attention/{item_id}/resolution": 409,
    "GET /parcels/{parcel_id}/do/claim": 200,  # a form that looks at nothing yet
}
# Forms of pages are sent without their fields: the bodies of the API stand for them.
UNREAD: Final = (404, 409, 422)


class _Bodies:
    """A body for each route of the API, made from its description."""

    @cached_property
    def _all(self) -> dict[str, Any]:
        return described(create_app(Settings()))

    def of(self, route: str) -> Any:
        method, path = route.split(" ")
        known = self._all["paths"][path][method.lower()]
        content = known.get("requestBody", {}).get("content", {})
        return self._made(content["application/json"]["schema"]) if content else None

    def query(self, route: str) -> dict[str, Any]:
        method, path = route.split(" ")
        asked = self._all["paths"][path][method.lower()].get("parameters", [])
        return {
            one["name"]: self._made(one["schema"])
            for one in asked
            if one["in"] == "query" and one.get("required")
        }

    def _made(self, schema: dict[str, Any]) -> Any:
        if "$ref" in schema:
            return self._made(self._all["components"]["schemas"][schema["$ref"].split("/")[-1]])
        if "anyOf" in schema:
            return self._made(schema["anyOf"][0])
        if "const" in schema or "enum" in schema:
            return schema.get("const", schema.get("enum", [None])[0])
        kind = schema.get("type")
        if kind == "object":
            known, needed = schema.get("properties", {}), schema.get("required", [])
            return {name: self._made(known[name]) for name in needed}
        if kind == "array":
            return [self._made(schema["items"])]
        if kind == "boolean":
            return True
        if kind in ("integer", "number"):
            return int(schema.get("minimum", 1))
        if schema.get("format") == "base64":
            return "AAAA"
        shape = schema.get("pattern", "")
        return next((text for begin, text in SHAPES.items() if shape.startswith(begin)), "x")


BODIES: Final = _Bodies()


@pytest.mark.parametrize("role", ROLES)
async def test_over_the_api_what_is_another_places_does_not_exist(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions, role: Role
) -> None:
    theirs = await _seed(sessions)
    headers = await key_for(web_sessions, role, limits=WHERE)
    wrong = []
    async with browser(app, **headers) as client:
        for route in _owned("api"):
            told = [_told(await _called(client, route, ids), ids) for ids in (theirs, ABSENT)]
            wrong += _wrong(route, role, told)
    assert wrong == [], "\n".join(wrong)


def _wrong(route: str, role: Role, told: list[tuple[int, str]]) -> list[str]:
    """The route, where what is there and not seen is answered otherwise than what is not there."""
    allowed = may(frozenset({role}), ROUTES[route])
    expected: tuple[int, ...] = (NOT_404.get(route, 404),) if allowed else (403,)
    if allowed and route.startswith("POST") and " /api/" not in route:
        expected = UNREAD
    if told[0] == told[1] and told[0][0] in expected:
        return []
    return [f"{route}: {told[0][0]} and {told[1][0]}, expected {expected}"]


async def _called(client: httpx.AsyncClient, route: str, ids: dict[str, str]) -> httpx.Response:
    return await client.request(
        route.split(" ")[0], _address(route, ids), params=BODIES.query(route), json=BODIES.of(route)
    )


@pytest.mark.parametrize("role", ROLES)
async def test_on_pages_what_is_another_places_does_not_exist(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions, role: Role
) -> None:
    theirs = await _seed(sessions)
    wrong = []
    async with await person(app, web_sessions, role, limits=WHERE) as client:
        for route in _owned("pages"):
            told = [await _opened(client, route, ids) for ids in (theirs, ABSENT)]
            wrong += _wrong(route, role, told)
    assert wrong == [], "\n".join(wrong)


async def _opened(client: Person, route: str, ids: dict[str, str]) -> tuple[int, str]:
    address = _address(route, ids)
    if route.startswith("GET"):
        return _told(await client.get(address), ids)
    return _told(await client.send_form(address, reason="because", action="retry"), ids)


async def test_whoever_sees_the_company_finds_all_of_it(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions
) -> None:
    theirs = await _seed(sessions)
    missing = []
    async with await person(app, web_sessions, Role.ADMIN) as client:
        for route in (*_owned("pages"), *_owned("api")):
            if not route.startswith("GET") or route.endswith("/events"):
                continue
            if (await client.get(_address(route, theirs))).status_code == 404:
                missing.append(route)
    # there is no photo, no label, no till, and no page to type a return in by this name
    absent = ("photo", "label", "tickets")
    assert {route for route in missing if not any(word in route for word in absent)} == set()


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMIN])
async def test_the_audit_trail_tells_of_what_one_sees_alone(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions, role: Role
) -> None:
    theirs = await _seed(sessions)
    about = {
        "order/ord_2", "return/" + theirs["return_no"], "shipment/O-2-1", "claim/CL-1", "wave/W-1",
        "invoice/INV-1", "attention/att_1", "location/D1", "shop/own-d1",
    }  # fmt: skip
    ours = {"order/ord_3", "location/D2"}
    async with sessions.begin() as session:
        for subject in about | ours | {"account/acc_x", "payment/wx"}:
            await audit(session, "li", "deed", subject, request_id=subject)

    async def told(client: httpx.AsyncClient) -> set[str]:
        pages = [(await client.get(page)).text for page in ("/audit", "/audit.csv")]
        items = (await client.get("/api/v1/audit?action=deed")).json()["items"]
        seen = {item["subject"] for item in items}
        for subject in about | ours | {"account/acc_x", "payment/wx"}:
            assert all((subject in page) == (subject in seen) for page in pages), subject
        return seen

    for limits, expected in (([Limit("D2")], ours), ([Limit("D1")], about)):
        async with await person(app, web_sessions, role, limits=limits) as client:
            assert await told(client) == expected
    async with await person(app, web_sessions, role) as client:
        secret = {"account/acc_x", "payment/wx"} if role is Role.ADMIN else set()
        assert await told(client) == about | ours | secret


async def test_lists_of_shops_and_places_show_ones_own(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions
) -> None:
    await _seed(sessions)
    for place, own in (("D1", {"own-d1"}), ("D2", set[str]())):
        async with await person(app, web_sessions, Role.ADMIN, limits=[Limit(place)]) as client:
            shops = (await client.get("/api/v1/shops")).json()["items"]
            assert {shop["id"] for shop in shops} == own
            people = (await client.get("/people")).text
            assert ("own-d1" in people) == (place == "D1")
            for page in ("/shops", "/stock", "/warehouse", "/people/new"):
                text = (await client.get(page)).text
                assert f">{'D2' if place == 'D1' else 'D1'}<" not in text, page
