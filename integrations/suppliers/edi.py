"""Orders as signed JSON over HTTP: Standard Webhooks both ways, and one question by our number.

    POST {address}            purchase_order.placed | .changed | .cancelled | .reminder
                              → {"reference": "…"}
    GET  {address}/{no}       200 with {"reference": "…", "revision": 1} | 404

What the supplier says by itself comes to /webhooks/suppliers/{code}, signed with the same secret.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import httpx

from domain.inventory.purchasing.placing import Letter, PlacedOrder
from domain.shared.errors import Rejected
from integrations.http import Answer, exchange
from integrations.marketplaces.signing import own_headers
from integrations.webhooks import Resolve, address_of, check_target, resolve

_LONGEST_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class EdiSupplier:
    """One supplier that takes orders as JSON. `private` lets a demo call this machine."""

    code: str
    address: str
    secret: str = field(repr=False)
    client: httpx.AsyncClient = field(repr=False)
    private: bool = False
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    resolve: Resolve = resolve
    can_be_asked: bool = True

    async def send(self, order: PlacedOrder) -> str:
        """See SupplierPort."""
        kind = "purchase_order.placed" if order.revision == 1 else "purchase_order.changed"
        return await self._post(kind, order.key, told_of(order))

    async def find(self, no: str, revision: int = 1) -> str | None:
        """See SupplierPort."""
        key = f"find:{no}"
        answer = await self._call("GET", f"/{quote(no, safe='')}", key, b"", changes=False)
        if answer.status == httpx.codes.NOT_FOUND:
            return None
        body = self._done(answer)
        known = _read(body).get("revision", 1)
        return _reference(body) if isinstance(known, int) and known >= revision else None

    async def cancel(self, letter: Letter) -> None:
        """See SupplierPort."""
        await self._post("purchase_order.cancelled", letter.key, _letter(letter))

    async def remind(self, letter: Letter) -> None:
        """See SupplierPort."""
        await self._post("purchase_order.reminder", letter.key, _letter(letter))

    async def _post(self, kind: str, key: str, data: Mapping[str, Any]) -> str:
        told = {"type": kind, "timestamp": self.now().isoformat(), "data": data}
        body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        return _reference(self._done(await self._call("POST", "", key, body, changes=True)))

    async def _call(
        self, method: str, path: str, key: str, body: bytes, *, changes: bool
    ) -> Answer:
        target = check_target(f"{self.address}{path}", private=self.private)
        address = await address_of(target, private=self.private, resolve=self.resolve)
        headers = own_headers(self.secret, key, int(self.now().timestamp()), body)
        headers["host"] = target.netloc.decode("ascii")
        request = self.client.build_request(
            method, target.copy_with(host=address), content=body, headers=headers,
            extensions={"sni_hostname": target.host},
        )  # fmt: skip
        return await exchange(self.client, request, system=self._system, changes=changes)

    def _done(self, answer: Answer) -> bytes:
        if 200 <= answer.status < 300:
            return answer.body
        code, text = _problem(answer)
        raise Rejected(text, code=code, system=self._system)

    @property
    def _system(self) -> str:
        return f"supplier/{self.code}"


def told_of(order: PlacedOrder) -> dict[str, Any]:
    """An order in the words of the wire; sums are decimals in major units."""
    return {
        "no": order.no,
        "revision": order.revision,
        "buyer": order.buyer,
        "currency": order.currency,
        "wanted_on": order.wanted_on.isoformat() if order.wanted_on else None,
        "ship_to": {
            "name": order.place, "address": order.address, "contact": order.contact,
            "phone": order.phone,
        },
        "lines": [
            {
                "line_no": line.line_no, "sku": line.sku, "supplier_sku": line.supplier_sku,
                "name": line.name, "units": line.units, "price": str(line.price.major),
            }
            for line in order.lines
        ],
    }  # fmt: skip


def _letter(letter: Letter) -> dict[str, Any]:
    return {
        "no": letter.no,
        "reference": letter.reference,
        "reason": letter.reason,
        "expected_on": letter.expected_on.isoformat() if letter.expected_on else None,
    }


def _reference(body: bytes) -> str:
    told = _read(body).get("reference")
    return told[:_LONGEST_TEXT] if isinstance(told, str) else ""


def _problem(answer: Answer) -> tuple[str, str]:
    told = _read(answer.body)
    text = told.get("message") or told.get("detail") or f"answered HTTP {answer.status}"
    return str(told.get("code") or answer.status)[:100], str(text)[:_LONGEST_TEXT]


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
