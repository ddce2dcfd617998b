"""Goods of the demo company at the ramp: announced, late, being counted, and with a case."""

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.receipt_posting import ReceiptPosting
from db.inventory.receipt_scans import ReceiptScans, Sent
from db.inventory.receiving import Opening, Receiving
from db.inventory.ship_notices import Notice, NoticeLine, ShipNotices
from domain.inventory.receiving import Verdict
from domain.shared.clock import COMPANY_ZONE
from integrations.sandbox.demo_shop import PRODUCTS

_GOODS: Final = tuple(product.sku for product in PRODUCTS)
_TEA_HOUSE, _POTTERY = "山间茶厂", "景德镇瓷坊"
_WHO: Final = "cangku"


async def seed_receiving(session: AsyncSession) -> None:
    """One notice for today, one that is late, one receipt under way, one posted with two cases."""
    today = datetime.now(COMPANY_ZONE).date()
    notices = ShipNotices(session, "buyer", "demo")
    soon = today + timedelta(days=540)
    tea = (NoticeLine(_GOODS[0], 120, "C1", "L2611", expires_on=soon),
           NoticeLine(_GOODS[1], 60, "C2"))  # fmt: skip
    await notices.announce(Notice("ASN-1001", "HQ-HZ", today, tea, sender=_TEA_HOUSE, carrier="sf"))
    pots = (NoticeLine(_GOODS[2], 40, "C1"), NoticeLine(_GOODS[3], 40, "C2"))
    late = Notice("ASN-0988", "R-GZ", today - timedelta(days=2), pots, sender=_POTTERY)
    await notices.announce(late)
    receiving = Receiving(session, _WHO, "demo")
    counting = await receiving.open(Opening("R-GZ", remark="司机无单"))
    await _scan(session, counting, (_GOODS[4], 12, Verdict.ACCEPTED))
    short = await notices.announce(
        Notice("ASN-0990", "HQ-HZ", today - timedelta(days=1),
               (NoticeLine(_GOODS[1], 30), NoticeLine(_GOODS[3], 24)), sender=_POTTERY)
    )  # fmt: skip
    done = await receiving.open(Opening("HQ-HZ", notice_no=short))
    await _scan(
        session, done, (_GOODS[1], 28, Verdict.ACCEPTED), (_GOODS[1], 2, Verdict.REJECTED),
        (_GOODS[3], 20, Verdict.ACCEPTED),
    )  # fmt: skip
    await ReceiptPosting(session, _WHO, "demo-post").post(done)


async def _scan(session: AsyncSession, no: str, *goods: tuple[str, int, Verdict]) -> None:
    row = await Receiving(session).lock(no)
    now = datetime.now(UTC)
    sent = [
        Sent(f"demo-{no}-{n}", now, sku, units=units, verdict=verdict)
        for n, (sku, units, verdict) in enumerate(goods)
    ]
    await ReceiptScans(session, row, _WHO).hear(sent)
