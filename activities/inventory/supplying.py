"""What suppliers are told: an order once, its cancellation once, and reminders."""

from dataclasses import dataclass
from typing import Any, Final, Protocol

from temporalio import activity

from activities.inventory.purchasing import in_short
from activities.shared.attempts import attempt
from activities.shared.trying import sends
from db.engine import Sessions
from db.inventory.placing import placed_order
from db.inventory.purchase_orders import PurchaseOrders, effect_key
from db.platform.effects import Effect, EffectRepository
from db.platform.gates import Gates
from db.sql import run
from domain.inventory.purchasing.messages import PurchaseWork
from domain.inventory.purchasing.model import OVER, Notice, Purchase, PurchaseState
from domain.inventory.purchasing.placing import Letter
from domain.orders.work import OutsideStep
from domain.shared.errors import NotOffered, Rejected
from domain.shared.ids import ShipmentNo
from integrations.suppliers.port import SupplierPort

REFERENCE: Final = "supplier_ref"
_ASKED: Final = "asked"
_CORRECTION: Final = "SELECT data FROM correction WHERE id = :id"


class Suppliers(Protocol):
    """Clients of suppliers."""

    async def supplier(self, code: str) -> SupplierPort:
        """See `activities.shared.supplier_clients`."""
        ...


@dataclass(frozen=True, slots=True)
class SupplyActivities:
    """One outside call between two transactions. The order's effect key is the supplier's too."""

    sessions: Sessions
    suppliers: Suppliers
    gates: Gates

    @activity.defn(name="purchase.send")
    async def send(self, work: PurchaseWork) -> Purchase:
        """Place the order, or a later revision of it; asks first where an answer was lost. Where
        nobody can be asked, a person says whether it goes again. Raises the port's
        IntegrationError."""
        async with self.sessions.begin() as session:
            purchase, _ = await PurchaseOrders(session).locked(work.no)
            if not _is_to_be_sent(purchase):
                return in_short(purchase)
        system = f"supplier/{purchase.supplier}"
        async with self.gates.through(system, _outside(work)):
            port = await self.suppliers.supplier(purchase.supplier)
            async with self.sessions.begin() as session:
                purchase, row = await PurchaseOrders(session).locked(work.no)
                if not _is_to_be_sent(purchase):  # taken back at this moment
                    return in_short(purchase)
                revision, key = purchase.revision, effect_key(work.no, purchase.revision)
                order = await placed_order(session, row, key)
                effect = await EffectRepository(session).intend(
                    key, "purchase", system, f"purchase/{work.no}"
                )
            sends(order)
            reference = await self._earlier(port, work.no, revision, effect)
            if reference is None:
                if not port.can_be_asked:
                    await self._unknown_from_now_on(key, effect, system)
                async with attempt(self.sessions, key):
                    reference = await port.send(order)
        return await self._placed(work, reference, revision)

    @activity.defn(name="purchase.sent_by_hand")
    async def sent_by_hand(self, work: PurchaseWork) -> Purchase:
        """A person told the supplier; `supplier_ref` of the correction is its number there."""
        async with self.sessions.begin() as session:
            purchase, row = await PurchaseOrders(session).locked(work.no)
            given = await run(session, _CORRECTION, id=work.correction_id)
            key = effect_key(work.no, purchase.revision)
            await EffectRepository(session).intend(
                key, "purchase", f"supplier/{row.supplier}", f"purchase/{work.no}"
            )
        reference = str(given[0].data.get(REFERENCE, "")) if given else ""
        return await self._placed(work, reference[:100], purchase.revision, by_hand=True)

    @activity.defn(name="purchase.tell_cancelled")
    async def tell_cancelled(self, work: PurchaseWork) -> Purchase:
        """What has not come is not wanted any more: the supplier hears it once, if it ever heard of
        the order. Raises the port's IntegrationError."""
        async with self.sessions.begin() as session:
            purchase, row = await PurchaseOrders(session).locked(work.no)
            effect = await EffectRepository(session).find(effect_key(work.no))
        if purchase.notice is not Notice.WANTED:
            return in_short(purchase)
        if effect is None or not effect.may_exist:
            return await self._told(work, told=False)
        system, key = f"supplier/{purchase.supplier}", f"{effect_key(work.no)}:cancel"
        async with self.gates.through(system, _outside(work)):
            port = await self.suppliers.supplier(purchase.supplier)
            if effect.state != "confirmed" and not await self._has(port, work.no):
                return await self._told(work, told=False)
            letter = Letter(key, work.no, row.supplier_ref, row.ended_reason)
            sends(letter)
            async with self.sessions.begin() as session:
                await EffectRepository(session).intend(
                    key, "purchase_cancel", system, f"purchase/{work.no}"
                )
            async with attempt(self.sessions, key):
                await port.cancel(letter)
        return await self._told(work, told=True)

    @activity.defn(name="purchase.told_by_hand")
    async def told_by_hand(self, work: PurchaseWork) -> Purchase:
        """A person told the supplier that it is cancelled, or leaves it untold."""
        return await self._told(work, told=True, by_hand=True)

    @activity.defn(name="purchase.nudge")
    async def nudge(self, work: PurchaseWork) -> Purchase:
        """Ask the supplier for an answer, or for the goods, once for each reminder; who is told by
        telephone is telephoned by the buyer. Raises the port's IntegrationError."""
        async with self.sessions.begin() as session:
            purchase, row = await PurchaseOrders(session).find(work.no)
        if not row.port or purchase.waits not in ("answer", "goods"):
            return in_short(purchase)
        system = f"supplier/{purchase.supplier}"
        about = f"{purchase.waits}:{purchase.expected_on}:{purchase.reminders}"
        key = f"{effect_key(work.no, purchase.revision)}:remind:{about}"
        async with self.gates.through(system, _outside(work)):
            port = await self.suppliers.supplier(purchase.supplier)
            async with self.sessions.begin() as session:
                effect = await EffectRepository(session).intend(
                    key, "purchase_reminder", system, f"purchase/{work.no}"
                )
            if effect.state == "confirmed":
                return in_short(purchase)
            letter = Letter(
                key, work.no, row.supplier_ref, expected_on=purchase.expected_on
            )  # fmt: skip
            sends(letter)
            async with attempt(self.sessions, key):
                await port.remind(letter)
        async with self.sessions.begin() as session:
            await EffectRepository(session).settle(key, "confirmed")
        return in_short(purchase)

    async def _earlier(
        self, port: SupplierPort, no: str, revision: int, effect: Effect
    ) -> str | None:
        """What an earlier attempt made, where the supplier can be asked."""
        if effect.state == "confirmed":
            return str(effect.result.get("reference", ""))
        if effect.is_first:
            return None
        try:
            return await port.find(no, revision)
        except NotOffered:
            return None

    async def _unknown_from_now_on(self, key: str, effect: Effect, system: str) -> None:
        """Nobody can be asked what becomes of it: should we die now, a person decides.

        Raises Rejected once where an earlier attempt may have got through.
        """
        again = effect.state == "unknown" and not effect.result.get(_ASKED)
        async with self.sessions.begin() as session:
            await EffectRepository(session).settle(key, "unknown", {_ASKED: again})
        if again:
            text = "it may have been sent already: ask the supplier before it is sent again"
            raise Rejected(text, code="maybe_sent", system=system)

    async def _has(self, port: SupplierPort, no: str) -> bool:
        try:
            return await port.find(no) is not None
        except NotOffered:
            return True  # better told for nothing than left with an order nobody wants

    async def _placed(
        self, work: PurchaseWork, reference: str, revision: int, *, by_hand: bool = False
    ) -> Purchase:
        result: dict[str, Any] = {"reference": reference} | ({"by_hand": True} if by_hand else {})
        async with self.sessions.begin() as session:
            orders = PurchaseOrders(session)
            await orders.sent(work.no, reference, work.at, revision)
            key = effect_key(work.no, revision)
            await EffectRepository(session).settle(key, "confirmed", result)
            return in_short((await orders.find(work.no))[0])

    async def _told(self, work: PurchaseWork, *, told: bool, by_hand: bool = False) -> Purchase:
        key = f"{effect_key(work.no)}:cancel"
        async with self.sessions.begin() as session:
            orders = PurchaseOrders(session)
            await orders.told_enough(work.no, by_hand, told)
            if told:
                await EffectRepository(session).settle(key, "confirmed")
            return in_short((await orders.find(work.no))[0])


def _outside(work: PurchaseWork) -> OutsideStep:
    return OutsideStep(ShipmentNo(""), work.workflow_id, work.step_id)


def _is_to_be_sent(purchase: Purchase) -> bool:
    amended = purchase.is_amended and purchase.state not in OVER
    return amended or purchase.state is PurchaseState.APPROVED
