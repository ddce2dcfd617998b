"""Whatever a browser sends to whichever page: an answer, never a failure of ours."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any, Final
from urllib.parse import quote_from_bytes, urlencode

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from db.engine import Sessions
from domain.platform.permissions import COLLEAGUES
from tests.web.test_returns import delivered, opened
from tests.web.world import Engine, Person, change, person, seed_attention

__all__ = ["delivered"]

BAD: Final = {
    "NUL": b"a\x00b",
    "too long": b"9" * 10_000,
    "surrogate": b"\xed\xa0\x80",
    "negative": b"-1",
    "neither number nor day": b"2026-99-99",
}
# What else the parameter is among is good, so that the bad one is looked at.
GOOD: Final = {
    "wave_no": "W-1", "hand_over_no": "H-1", "sku": "A",
    "no": "O-1", "shipment_no": "O-1-1", "shop_id": "mini", "code": "sf",
    "item_id": "att_1", "account": "sales", "account_id": "main", "language": "en",
    "reason": "because", "text": "said", "kind": "manual", "last4": "0001", "order_no": "O-1",
    "waybill_no": "SF123", "deed": "receive", "act": "abc", "location": "HQ", "factor": "1",
    "start": "2026-01-01", "end": "2026-01-02", "external_sku": "X", "cost": "1",
    "channel": "own", "carrier": "sf", "provider": "alipay", "name": "Li", "phone": "13800000001",
}  # fmt: skip
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
ACTIONS: Final = {"/orders": "hold", "/returns": "approve", "/shops": "pause",
                  "/campaigns": "pause", "/gates": "close"}  # fmt: skip
# Fields that forms name after what they speak of; no page reads two of one row.
NAMED_AFTER: Final = (
    ("units.ord_1.1/A", "picked.A", "count.1", "weight", "secret.app_key", "value.carrier"),
    ("lot.1", "becomes.restock.1", "setting.location_id", "store"),
    ("expires", "encoding"),
)


@dataclass(frozen=True)
class Route:
    """A page with everything that its address and its form may name."""

    method: str
    path: str
    in_query: tuple[str, ...]
    in_form: tuple[str, ...]

    @property
    def in_path(self) -> list[str]:
        return re.findall(r"{(\w+)", self.path)

    @property
    def pattern(self) -> re.Pattern[str]:
        """What a request line of this page looks like."""
        return re.compile(f"{self.method} {re.sub('{[^}]*}', '[^/]+', self.path)}")

    def address(self, there: str, **bad: bytes) -> str:
        """With what is there in all places but one."""
        known = {**GOOD, "return_no": there}
        known["action"] = ACTIONS.get("/" + self.path.split("/")[1], "")

        def put(found: re.Match[str]) -> str:
            value = bad.get(found[1], known.get(found[1], "x").encode())
            return quote_from_bytes(value, safe="")

        return re.sub(r"{(\w+)[^}]*}", put, self.path)


def pages(app: FastAPI) -> Iterator[Route]:
    """Every page of ours; one that never ends is asked for what is not there only."""
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        path = context.path or ""
        if not isinstance(route, APIRoute) or not route.endpoint.__module__.startswith("web."):
            continue
        query = tuple(_named(route.dependant, "query_params"))
        form = tuple(_named(route.dependant, "body_params"))
        for method in context.methods or ():
            yield Route(method, path, query, form if method == "POST" else ())


def _named(asked: Dependant, kind: str) -> Iterator[str]:
    yield from (one.alias for one in getattr(asked, kind))
    for deeper in asked.dependencies:
        yield from _named(deeper, kind)


async def _faults(
    client: Person, route: Route, return_no: str, values: Iterator[bytes]
) -> list[str]:
    """Every place of the page gets the next bad value, one after the other."""
    plain = route.address(return_no)
    sent: list[tuple[str, dict[str, bytes]]] = [
        (route.address(return_no, **{name: next(values)}), {}) for name in route.in_path
    ]
    sent += [(f"{plain}?{urlencode({name: next(values)})}", {}) for name in route.in_query]
    if route.method == "POST":
        sent += [(plain, {name: next(values)}) for name in route.in_form]
        sent += [(plain, dict.fromkeys(names, next(values))) for names in NAMED_AFTER]
        sent += [
            (plain, {f"{kind}{next(values).decode('latin-1')}": b"1"})
            for kind in ("units.", "count.")
        ]
    good = {name: GOOD[name] for name in route.in_form if name in GOOD}
    good |= {"csrf_token": client.csrf_token}
    if "return_no" in route.in_form:
        good["return_no"] = return_no
    found = []
    for address, form in sent:
        told: dict[str, Any] = {"content": urlencode({**good, **form}), "headers": _FORM}
        answer = await client.request(
            route.method, address, **(told if route.method == "POST" else {})
        )
        if answer.status_code == 500:
            found.append(f"{route.method} {address[:100]} {list(form)}")
    return found


@pytest.mark.timeout(900)  # some hundred pages, each with a bad value in every place
@pytest.mark.usefixtures("delivered", "engine")
@pytest.mark.parametrize(
    "cases",
    [list(BAD), *(pytest.param([case], marks=pytest.mark.campaign) for case in BAD)],
    ids=lambda cases: " or ".join(cases),
)
async def test_no_page_fails_at_what_is_sent_to_it(
    app: FastAPI, web_sessions: Sessions, sessions: Sessions, engine: Engine, cases: list[str]
) -> None:
    await seed_attention(sessions)
    faults: list[str] = []
    looked_at, values = 0, cycle(BAD[case] for case in cases)
    async with await person(app, web_sessions, *COLLEAGUES) as client:
        return_no = await opened(client)
        for route in pages(app):
            if route.path == "/logout":
                continue  # nothing is told it
            looked_at += 1
            faults += await _faults(client, route, return_no, values)
            await change(web_sessions, "DELETE FROM login_attempt")  # guessing is counted
    assert looked_at > 90
    assert not faults, "\n".join(faults)
