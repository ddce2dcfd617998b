"""A shop with two stores and their tills, and the batches they send."""

import json
import time
from typing import Any, Final

from db.channels.tables import ShopRow
from db.engine import Sessions
from db.inventory.repository import StockRepository
from db.inventory.tables import LocationRow, SkuRow
from db.vault import Vault, shop_context
from domain.inventory.stock import Document, StockKey, StockLine
from domain.shared.ids import LocationId, Sku
from integrations.marketplaces.signing import own_headers

TILL_SECRET: Final = "whsec_dGhlIHRpbGxzIG9mIG91ciBzdG9yZXM="
TICKETS: Final = "/webhooks/pos/tills"


def ticket(number: str = "0001", **changes: Any) -> dict[str, Any]:
    """Two of SKU A at till T1 of store S1, paid in cash."""
    told: dict[str, Any] = {
        "store": "S1",
        "till": "T1",
        "number": number,
        "sold_at": "2026-11-20T18:30:00+08:00",
        "lines": [{"sku": "A", "quantity": 2, "unit_price_minor": 1000}],
        "payments": [{"kind": "cash", "amount_minor": 2000}],
    }
    return told | changes


def batch(*tickets: dict[str, Any]) -> bytes:
    """What a till sends."""
    return json.dumps({"tickets": tickets}, ensure_ascii=False).encode()


def signed(body: bytes, secret: str = TILL_SECRET) -> dict[str, str]:
    """The headers that make it genuine, sent now."""
    return own_headers(secret, "b-1", int(time.time()), body)


async def seed_tills(sessions: Sessions, vault: Vault, **units: int) -> None:
    """Stores S1 and S2, a warehouse, SKUs A and B, the shop `tills`; `units` of each SKU in S1."""
    async with sessions.begin() as session:
        session.add(LocationRow(id="HQ", name="HQ", kind="hq"))
        await session.flush()
        for store in ("S1", "S2"):
            session.add(LocationRow(id=store, name=f"Store {store}", kind="store", parent_id="HQ"))
        for code, gtin in (("A", "6901234567892"), ("B", "")):
            session.add(SkuRow(code=code, name=f"SKU {code}", gtin=gtin, weight_g=500))
        secrets = vault.seal_secrets({"secret": TILL_SECRET}, shop_context("tills"))
        session.add(
            ShopRow(id="tills", channel="pos", external_id="tills", name="Tills", secrets=secrets)
        )
    for sku, quantity in units.items():
        await put_into_store(sessions, sku, quantity)


async def put_into_store(
    sessions: Sessions, sku: str, quantity: int, no: str = "G1", lot: str = ""
) -> None:
    """Goods come into S1."""
    line = StockLine(StockKey(Sku(sku), LocationId("S1"), lot), quantity)  # type: ignore[arg-type]
    async with sessions.begin() as session:
        document = Document("grn", no, f"{no}-{sku}-{lot}")
        await StockRepository(session).receive(document, [line])
