"""Tills of our stores: they sell whether they are online or not, and send their last tickets again.

A till sends every new ticket with those before it, as one that was offline for a while does: the
same ticket comes many times and is one sale. What buyers do is done below /sandbox/tills.
"""

import json
import random
from decimal import Decimal
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, ConfigDict, Field

from integrations.marketplaces.signing import own_headers
from integrations.sandbox.demo_shop import some_basket
from integrations.sandbox.framework import Sandbox, Vendor
from integrations.sandbox.payments import Record
from integrations.sandbox.pushes import Outgoing

_SENT_AGAIN: Final = 10
_CASH: Final = 0.2
_KINDS: Final = ("wechat", "alipay", "card")


class NewTickets(BaseModel):
    """`count` sales of some products of the demo shop; what is carried out is always `paid`."""

    model_config = ConfigDict(extra="forbid")

    count: int = Field(default=1, ge=1, le=1000)
    paid: bool = True


class TillsSandbox(Vendor):
    name = "tills"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._account = sandbox.settings.tills
        self._chance = random.Random(sandbox.settings.seed)

    @property
    def operations(self) -> tuple[str, ...]:
        return ()  # a till only tells

    def app(self) -> FastAPI:
        return FastAPI(title="Till sandbox", docs_url=None, redoc_url=None)

    def acknowledged(self, status: int, body: bytes) -> bool:
        return status == 200

    def signed_push(self, headers: Any, body: bytes) -> dict[str, str]:
        now = int(self.sandbox.now().timestamp())
        return own_headers(self._account.secret, headers["webhook-id"], now, body)

    def controls(self) -> APIRouter:
        router = APIRouter(tags=["Tills"])

        @router.get("/tickets")
        async def tickets() -> list[Record]:
            return self.sandbox.store.all(self.name, "ticket")

        @router.post("/tickets", status_code=201)
        async def create(new: NewTickets) -> list[Record]:
            """Buyers pay and carry the goods out; the till sends its last tickets."""
            return [self._sell() for _ in range(new.count)]

        return router

    def sell(self, count: int, *, masked: bool = False) -> None:
        for _ in range(count):
            self._sell()

    def _sell(self) -> Record:
        store = self._chance.choice(self._account.stores)
        with self.sandbox.store.transaction():
            now = self.sandbox.now()
            number = f"{now:%y%m%d}-{self.sandbox.store.next_number(self.name, 'ticket'):06d}"
            told = {
                "store": store,
                "till": "1",
                "number": number,
                "sold_at": now.isoformat(timespec="seconds"),
                **self._basket(),
            }
            name = f"{store}/1/{number}"
            record: Record = {"ticket": name, "told": told}
            self.sandbox.store.put(self.name, "ticket", name, record)
            last = [
                one["told"]
                for one in self.sandbox.store.all(self.name, "ticket")
                if one["told"]["store"] == store
            ][-_SENT_AGAIN:]
            body = json.dumps({"tickets": last}, ensure_ascii=False).encode()
            headers = {"webhook-id": f"until-{number}"}
            self.sandbox.pushes.send(
                self.name, Outgoing(self._account.push_path, name, body, headers)
            )
        return record

    def _basket(self) -> dict[str, Any]:
        lines: list[dict[str, Any]] = [
            {
                "sku": product.sku,
                "title": product.title,
                "quantity": quantity,
                "unit_price_minor": int(product.price * Decimal(100)),
            }
            for product, quantity in some_basket(self._chance)
        ]
        total = sum(line["quantity"] * line["unit_price_minor"] for line in lines)
        rounded = total % 100  # 抹零: the cents are let go
        kind = "cash" if self._chance.random() < _CASH else self._chance.choice(_KINDS)
        return {
            "lines": lines,
            "discount_minor": rounded,
            "payments": [{"kind": kind, "amount_minor": total - rounded}],
        }
