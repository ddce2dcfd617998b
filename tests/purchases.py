"""A supplier and its purchase orders, for tests."""

from typing import Any

from db.engine import Sessions
from db.inventory.partner_tables import SupplierItemRow, SupplierRow
from db.inventory.purchase_drafts import DraftLine, PurchaseDraft
from db.inventory.purchase_orders import PurchaseOrders
from db.inventory.purchase_story import Decision
from db.sql import run
from domain.inventory.purchasing.acts import PurchaseAction, Wish
from tests.seeds import seed_network


async def seed_supplier(sessions: Sessions, port: str = "", **told: Any) -> None:
    """Acme, who sells A in cases of ten and B one by one, to HQ and R1."""
    await seed_network(sessions, ("HQ", "R1"), ("A", "B"))
    async with sessions.begin() as session:
        usual: dict[str, Any] = {"lead_time_days": 7, "over_receipt_percent": 10}
        session.add(SupplierRow(code="acme", name="Acme", port=port, **(usual | told)))
        await session.flush()
        for sku, price, pack in (("A", 250, 10), ("B", 90, 1)):
            session.add(
                SupplierItemRow(
                    supplier="acme", sku=sku, price_minor=price, moq=pack, case_pack=pack,
                    preferred=True,
                )
            )  # fmt: skip


async def draft_purchase(
    sessions: Sessions, supplier: str = "acme", *, a: int = 100, b: int = 10
) -> str:
    """A draft for HQ."""
    async with sessions.begin() as session:
        draft = PurchaseDraft(supplier, "HQ", [DraftLine("A", a), DraftLine("B", b)], actor="buyer")
        return await PurchaseOrders(session).draft(draft)


async def sent_purchase(sessions: Sessions) -> str:
    """A purchase order that the supplier has."""
    await seed_supplier(sessions)
    no = await draft_purchase(sessions)
    async with sessions.begin() as session:
        decision = Decision(Wish(PurchaseAction.SUBMIT), actor="buyer")
        await PurchaseOrders(session).decide(no, decision)
        await run(
            session,
            "UPDATE purchase_order SET state = 'sent', sent_at = clock_timestamp() WHERE no = :no",
            no=no,
        )
    return no
