"""Lots of the demo company: one near its end, one over, one kept back, one recalled."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.lot_queries import SkuFacts, set_facts, set_rule
from db.inventory.lot_register import LotRegister
from db.inventory.quarantine import Apart, Quarantine, Wish
from db.inventory.repository import StockRepository
from db.shared import recall_acts
from domain.inventory.expiry import LifeRule, today_at
from domain.inventory.quarantine import QuarantineAct
from domain.inventory.stock import Document, StockKey, StockLine
from domain.shared.ids import NO_LOT, LocationId, Lot, Sku
from integrations.sandbox.demo_shop import PRODUCTS

_BUYER: Final = "buyer"
_APART: Final = (
    ("CUP-GW-150", "HQ-HZ", 14, "quarantine"), ("SET-TRAVEL", "R-GZ", 3, "damaged"),
    ("TEA-PE-357", "HQ-HZ", 6, "quarantine"),
)  # fmt: skip
_SNACKS: Final = tuple(one.sku for one in PRODUCTS if one.sku.startswith(("SNACK", "TEA")))
_WITH_LOTS: Final = _SNACKS[:2]
_OPENING: Final = Lot("B2600")
# lot, place, units, days until it ends
_LOTS: Final = (
    ("B2601", "HQ-HZ", 120, 320), ("B2512", "HQ-HZ", 60, 45), ("B2509", "R-GZ", 18, -3),
    ("B2511", "R-GZ", 40, 150), ("B2510", "R-CD", 24, 90),
)  # fmt: skip


def opening_lot(sku: str) -> Lot:
    """The lot of the opening stock, of goods that ask for one."""
    return _OPENING if sku in _WITH_LOTS else NO_LOT


async def seed_lots(session: AsyncSession) -> None:
    """Shelf lives, a rule of one channel, goods in lots, a hold and a recall under way."""
    today = today_at("Asia/Shanghai", datetime.now(UTC))
    register, stock = LotRegister(session, _BUYER), StockRepository(session)
    for sku in _WITH_LOTS:
        facts = SkuFacts(365, 15, tracks_lots=True)
        await set_facts(session, sku, facts, _BUYER, f"demo:life:{sku}")
        ends = today + timedelta(days=340)
        await register.know(sku, _OPENING, ends - timedelta(days=365), ends)
        for lot, place, units, days in _LOTS:
            ends = today + timedelta(days=days)
            await register.know(sku, lot, ends - timedelta(days=365), ends)
            line = StockLine(StockKey(Sku(sku), LocationId(place), Lot(lot)), units)
            key = f"demo:lot:{sku}:{lot}"
            document = Document("opening", f"OPEN-{lot}", key, "demo")
            await stock.receive(document, [line])
    await set_rule(session, "", "", LifeRule(30, 0), _BUYER, "demo:rule")
    await register.keep_back(
        _SNACKS[0], "B2511", "R-GZ", "外箱受潮，等待质检", request_id="demo:hold"
    )  # fmt: skip
    await _set_apart(session, stock)
    new = recall_acts.NewRecall(
        ((_SNACKS[1], "B2510"),), "供应商通知：该批次封口不良",
        "该批次封口不良，请停止食用，我们上门取回并退款。",
    )  # fmt: skip
    await recall_acts.start(session, new, "manager", "demo:recall")


async def _set_apart(session: AsyncSession, stock: StockRepository) -> None:
    """Goods that somebody put aside or broke, and one decision about such goods."""
    for sku, place, units, condition in _APART:
        good = StockKey(Sku(sku), LocationId(place))
        apart = replace(good, condition=condition)
        document = Document("adjustment", "验收", f"demo:apart:{sku}:{condition}", "cangku")
        await stock.sort_out(document, StockLine(good, units), apart)
    desk = Quarantine(session, "manager", "demo:apart")
    sku, place, _, condition = _APART[0]
    wish = Wish(
        Apart(sku, place, "", condition), QuarantineAct.RELEASE, 2, "外箱破损，内件完好"
    )  # fmt: skip
    await desk.carry_out(wish, (await desk.plan(wish)).hash)
