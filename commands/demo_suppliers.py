"""The demo company's suppliers: four in the sandbox, one who is told by telephone."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.partner_tables import SupplierItemRow, SupplierRow
from db.inventory.purchase_drafts import DraftLine, PurchaseDraft
from db.inventory.purchase_orders import PurchaseOrders
from db.inventory.purchase_story import Decision
from db.platform.approvals import Asked, ask
from db.sql import run
from db.vault import Vault, supplier_context, supplier_link_context
from domain.inventory.purchasing.acts import PurchaseAction, Wish
from domain.platform.approvals import ApprovalKind
from domain.platform.permissions import Role
from integrations.sandbox.demo_shop import PRODUCTS
from integrations.sandbox.settings import SandboxSettings

# code, name, the brand it sells, lead time in days, days it takes orders on, port
_SUPPLIERS: Final = (
    ("shanjian", "山间茶业合作社", "山间茶事", 7, "12345", "json"),
    ("suqi", "素器陶瓷（德化）有限公司", "素器", 14, "135", "json"),
    ("yunling", "云岭普洱茶厂", "云岭", 10, "12345", "json"),
    ("xingzhi", "行止食品有限公司", "行止", 5, "1234567", "json"),
    ("laozhou", "老周包装（电话订货）", "", 3, "123456", ""),
)
_BUYER: Final = "caigou"
_CASE: Final = 12
_COST_PERCENT: Final = 55
_AT: Final = re.compile(r"^http://127\.0\.0\.1:[0-9]+(?=/suppliers/)")
# Of the past: supplier, days ago it was sent, days it took, units ordered and received.
_PAST: Final = (
    ("shanjian", 150, 7, 60, 60), ("shanjian", 110, 6, 48, 48), ("shanjian", 70, 9, 60, 60),
    ("shanjian", 35, 7, 72, 72), ("suqi", 120, 19, 60, 48), ("suqi", 60, 14, 60, 54),
    ("yunling", 90, 16, 96, 96), ("yunling", 45, 12, 60, 60), ("xingzhi", 50, 5, 120, 96),
)  # fmt: skip
_LATE_BY: Final = timedelta(days=3)


async def seed_suppliers(session: AsyncSession, vault: Vault, sandbox: str) -> None:
    """Whom the company buys from, and at what price."""
    secret = SandboxSettings().suppliers.secret
    for code, name, brand, days, order_days, port in _SUPPLIERS:
        link = {"address": f"{sandbox}/suppliers/{code}", "secret": secret} if port else {}
        contact = {"contact": "周师傅", "phone": "13900000000"}
        session.add(
            SupplierRow(
                code=code, name=name, lead_time_days=days, order_days=order_days, port=port,
                over_receipt_percent=5, minimum_minor=50_000, acknowledge_hours=24,
                contact=vault.seal_secrets(contact, supplier_context(code)),
                link=vault.seal_secrets(link, supplier_link_context(code)) if link else b"",
            )
        )  # fmt: skip
        await session.flush()
        for product in PRODUCTS:
            if product.brand == brand or not brand:
                session.add(
                    SupplierItemRow(
                        supplier=code, sku=product.sku, moq=_CASE, case_pack=_CASE,
                        supplier_sku=f"{code[:2].upper()}-{product.sku}", preferred=bool(brand),
                        price_minor=int(product.price * _COST_PERCENT),
                    )
                )  # fmt: skip
    await session.flush()


async def seed_purchases(session: AsyncSession) -> None:
    """One of every kind: the sandbox answers those that are sent by itself."""
    goods = {code: _goods(brand) for code, _, brand, *_ in _SUPPLIERS}
    await _drafted(session, "shanjian", "HQ-HZ", goods["shanjian"][:2], 48, "春茶上市备货")
    for code, place in (("shanjian", "HQ-HZ"), ("suqi", "HQ-HZ"), ("yunling", "R-GZ"),
                        ("xingzhi", "HQ-HZ")):  # fmt: skip
        no = await _drafted(session, code, place, goods[code], 60, "按补货计划")
        await _decided(session, no, Wish(PurchaseAction.SUBMIT))
    await _to_be_approved(session, goods["laozhou"])
    await _late(session, goods["laozhou"])
    for code, ago, took, ordered, received in _PAST:
        await _past(session, code, goods[code][0], ago, took, ordered, received)


async def follow_sandbox(session: AsyncSession, vault: Vault, sandbox: str) -> None:
    """The sandbox has another port at every start: who is called there is called at the new one."""
    for row in await run(session, "SELECT code, link FROM supplier WHERE port = 'json'"):
        context = supplier_link_context(row.code)
        link = vault.open_secrets(bytes(row.link), context)
        address = _AT.sub(sandbox, link.get("address", ""))
        if link and address != link.get("address"):
            sealed = vault.seal_secrets(link | {"address": address}, context)
            await run(
                session, "UPDATE supplier SET link = :link WHERE code = :code",
                link=sealed, code=row.code,
            )  # fmt: skip


def _goods(brand: str) -> list[str]:
    return [one.sku for one in PRODUCTS if one.brand == brand or not brand]


async def _drafted(
    session: AsyncSession, code: str, place: str, skus: Sequence[str], units: int, reason: str
) -> str:
    lines = [DraftLine(sku, units) for sku in skus]
    draft = PurchaseDraft(code, place, lines, reason=reason, actor=_BUYER)
    return await PurchaseOrders(session).draft(draft)


async def _decided(session: AsyncSession, no: str, wish: Wish) -> None:
    await PurchaseOrders(session).decide(no, Decision(wish, actor=_BUYER))


async def _to_be_approved(session: AsyncSession, skus: Sequence[str]) -> None:
    """One above the limit, on the page Approvals."""
    no = await _drafted(session, "laozhou", "HQ-HZ", skus, 240, "年货节礼盒包装")
    await _decided(session, no, Wish(PurchaseAction.SUBMIT, limit_minor=0))
    purchase, row = await PurchaseOrders(session).find(no)
    [buyer] = await run(session, "SELECT id, login FROM account WHERE roles ? 'buyer' LIMIT 1")
    asked = Asked(
        ApprovalKind.PURCHASE, f"purchase/{no}", {"no": no, "version": purchase.version},
        row.reason, f"account/{buyer.id}", buyer.login, frozenset({Role.BUYER}),
        purchase.total_minor, row.currency, 0,
    )  # fmt: skip
    now = datetime.now(UTC)
    await ask(session, asked, now, now + timedelta(days=30))


async def _late(session: AsyncSession, skus: Sequence[str]) -> None:
    """One whose goods should have been here some days ago."""
    no = await _drafted(session, "laozhou", "R-CD", skus[:3], 36, "电话下单")
    now = datetime.now(UTC)
    await run(
        session, "UPDATE purchase_order SET state = 'acknowledged', answer = 'accepted',"
        " sent_at = :sent, wanted_on = :day, expected_on = :day, supplier_ref = 'LZ-0311'"
        " WHERE no = :no", no=no, sent=now - timedelta(days=8), day=(now - _LATE_BY).date(),
    )  # fmt: skip


async def _past(
    session: AsyncSession, code: str, sku: str, ago: int, took: int, ordered: int, received: int
) -> None:
    """One that is over: its supplier's record."""
    no = await _drafted(session, code, "HQ-HZ", [sku], ordered, "")
    at = datetime.now(UTC) - timedelta(days=ago)
    values: dict[str, Any] = {"no": no, "at": at, "came": at + timedelta(days=took)}
    [terms] = await run(
        session, "SELECT lead_time_days FROM supplier WHERE code = :code", code=code
    )
    wanted = (at + timedelta(days=terms.lead_time_days)).date()
    await run(
        session, "UPDATE purchase_order_line SET acknowledged = ordered, received = :received,"
        " cancelled = ordered - :received WHERE purchase_no = :no", no=no, received=received,
    )  # fmt: skip
    await run(
        session, "INSERT INTO purchase_receipt (purchase_no, document, line_no, units, actor, at)"
        " VALUES (:no, :paper, 1, :received, 'cangku', :came)",
        received=received, no=no, paper=f"GR-{no}", came=values["came"],
    )  # fmt: skip
    await run(
        session, "UPDATE purchase_order SET state = 'closed', answer = 'accepted',"
        " created_at = :at, sent_at = :at, wanted_on = :wanted, expected_on = :wanted,"
        " received_at = :came, closed_at = :came WHERE no = :no", wanted=wanted, **values,
    )  # fmt: skip
