"""Suppliers that take orders as signed JSON: prompt, short, late, refusing or silent, as one likes.

An order is placed at /suppliers/{code}; some seconds later the supplier answers. How each of them
behaves is changed at PUT /sandbox/suppliers/{code}.
"""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal

from fastapi import APIRouter, FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from integrations.marketplaces.signing import own_genuine, own_headers
from integrations.sandbox.framework import Call, Reply, Sandbox, Vendor
from integrations.sandbox.pushes import Outgoing
from integrations.sandbox.settings import SuppliersAccount

Behaviour = Literal["prompt", "short", "late", "refusing", "silent"]
_WINDOW_S: Final = 300
_LATE: Final = timedelta(days=9)
_SHORT_PERCENT: Final = 60


class Manner(BaseModel):
    """How a supplier behaves from now on."""

    model_config = ConfigDict(extra="forbid")

    behaviour: Behaviour


class SuppliersSandbox(Vendor):
    name = "suppliers"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._account: SuppliersAccount = sandbox.settings.suppliers

    @property
    def operations(self) -> tuple[str, ...]:
        return ("placed", "changed", "cancelled", "reminder", "find")

    def app(self) -> FastAPI:
        app = FastAPI(title="Suppliers sandbox", docs_url=None, redoc_url=None)

        @app.post("/{code}")
        async def told(code: str, request: Request) -> Response:
            body = await request.body()
            message = _read(body)
            data: dict[str, Any] = message.get("data") or {}
            operation = str(message.get("type", "")).rpartition(".")[2]
            text = body.decode("utf-8", "replace")
            call = Call(self.name, operation, str(data.get("no", "")), text)
            headers = dict(request.headers)
            return await self.sandbox.serve(
                call, lambda: self._hear(code, operation, data, headers, body), throttled=_THROTTLED
            )

        @app.get("/{code}/{no}")
        async def find(code: str, no: str, request: Request) -> Response:
            headers = dict(request.headers)
            return await self.sandbox.serve(
                Call(self.name, "find", no, ""), lambda: self._find(code, no, headers),
                throttled=_THROTTLED,
            )  # fmt: skip

        return app

    def controls(self) -> APIRouter:
        router = APIRouter(tags=["Suppliers"])
        store = self.sandbox.store

        @router.get("/orders")
        async def orders() -> list[dict[str, Any]]:
            return store.all(self.name, "order")

        @router.put("/{code}")
        async def behave(code: str, manner: Manner) -> Manner:
            """Be prompt, short, late, refusing or silent from now on."""
            if code not in self._account.behaviours:
                raise HTTPException(404, "no such supplier")
            store.put(self.name, "manner", code, manner.model_dump())
            return manner

        return router

    def acknowledged(self, status: int, body: bytes) -> bool:
        return 200 <= status < 300 or status in (404, 409, 422)

    def signed_push(self, headers: Any, body: bytes) -> dict[str, str]:
        now = int(self.sandbox.now().timestamp())
        return own_headers(self._account.secret, headers["webhook-id"], now, body)

    def pass_time(self, now: datetime) -> None:
        """Who got an order some seconds ago answers it."""
        for order in self.sandbox.store.all(self.name, "order"):
            due = datetime.fromisoformat(order["at"]) + timedelta(seconds=self._account.answer_s)
            if order["state"] == "placed" and due <= now:
                self._answer(order)

    def _hear(
        self, code: str, operation: str, data: dict[str, Any], headers: dict[str, str], body: bytes
    ) -> Reply:
        if not self._is_genuine(headers, body) or code not in self._account.behaviours:
            return Reply(_said("signature", "the signature is wrong"), 401, executed=False)
        if operation not in self.operations or not data.get("no"):
            return Reply(_said("unknown", "this is not understood"), 422, executed=False)
        key, store = f"{code}/{data['no']}", self.sandbox.store
        known = store.get(self.name, "order", key)
        if operation == "placed":
            return self._place(code, key, known, data)
        if known is None:
            return Reply(_said("unknown_order", "there is no such order"), 404, executed=False)
        if operation == "changed":
            return self._change(key, known, data)
        if operation == "cancelled":
            store.put(self.name, "order", key, known | {"state": "cancelled"})
        else:
            store.put(self.name, "order", key, known | {"reminders": known["reminders"] + 1})
        return Reply(json.dumps({"reference": known["reference"]}).encode())

    def _place(
        self, code: str, key: str, known: dict[str, Any] | None, data: dict[str, Any]
    ) -> Reply:
        """The same order again is the same order."""
        if known is None:
            number = self.sandbox.store.next_number(self.name, "order")
            known = {
                "code": code, "no": data["no"], "reference": f"{code.upper()}-{number:05d}",
                "at": self.sandbox.now().astimezone(UTC).isoformat(), "state": "placed",
                "wanted_on": data.get("wanted_on"), "lines": data.get("lines", []), "reminders": 0,
            }  # fmt: skip
            self.sandbox.store.put(self.name, "order", key, known)
        return Reply(json.dumps({"reference": known["reference"]}).encode())

    def _change(self, key: str, known: dict[str, Any], data: dict[str, Any]) -> Reply:
        """A later revision takes the place of what is known, and is answered anew."""
        if data.get("revision", 1) > known.get("revision", 1):
            now = self.sandbox.now().astimezone(UTC).isoformat()
            known |= {
                "revision": data["revision"], "at": now, "state": "placed",
                "wanted_on": data.get("wanted_on"), "lines": data.get("lines", []),
            }  # fmt: skip
            self.sandbox.store.put(self.name, "order", key, known)
        return Reply(json.dumps({"reference": known["reference"]}).encode())

    def _find(self, code: str, no: str, headers: dict[str, str]) -> Reply:
        if not self._is_genuine(headers, b""):
            return Reply(_said("signature", "the signature is wrong"), 401, executed=False)
        known = self.sandbox.store.get(self.name, "order", f"{code}/{no}")
        if known is None:
            return Reply(_said("unknown_order", "there is no such order"), 404, executed=False)
        told = {"reference": known["reference"], "revision": known.get("revision", 1)}
        return Reply(json.dumps(told).encode())

    def _answer(self, order: dict[str, Any]) -> None:
        manner = self.sandbox.store.get(self.name, "manner", order["code"]) or {}
        behaviour = manner.get("behaviour", self._account.behaviours[order["code"]])
        key = f"{order['code']}/{order['no']}"
        self.sandbox.store.put(self.name, "order", key, order | {"state": behaviour})
        if behaviour == "silent":
            return
        wanted = order["wanted_on"]
        day = date.fromisoformat(wanted) if wanted else self.sandbox.now().date()
        data = {
            "no": order["no"], "reference": order["reference"],
            "revision": order.get("revision", 1),
            "expected_on": (day + _LATE if behaviour == "late" else day).isoformat(),
            "lines": [
                {"line_no": line["line_no"], "units": line["units"] * _SHORT_PERCENT // 100}
                for line in order["lines"][:1]
            ] if behaviour == "short" else [],
            "reason": "缺货，无法供应" if behaviour == "refusing" else "",
        }  # fmt: skip
        refuses = behaviour == "refusing"
        kind = "purchase_order.refused" if refuses else "purchase_order.acknowledged"
        body = json.dumps({"type": kind, "data": data}, ensure_ascii=False).encode()
        revision = order.get("revision", 1)
        again = f"-r{revision}" if revision > 1 else ""
        headers = {"webhook-id": f"{order['reference']}-answer{again}"}
        path = f"suppliers/{order['code']}"
        self.sandbox.pushes.send(self.name, Outgoing(path, order["no"], body, headers))

    def _is_genuine(self, headers: dict[str, str], body: bytes) -> bool:
        timestamp = headers.get("webhook-timestamp", "")
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
            return False
        fresh = abs(self.sandbox.now().timestamp() - int(timestamp)) <= _WINDOW_S
        given, message_id = headers.get("webhook-signature", ""), headers.get("webhook-id", "")
        secrets = (self._account.secret,)
        return fresh and own_genuine(given, secrets, message_id, int(timestamp), body)


_THROTTLED: Final = Reply(b"", 429, executed=False)


def _read(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _said(code: str, text: str) -> bytes:
    return json.dumps({"code": code, "message": text}).encode()
