"""What a marketplace has to hear of a return: that we agree, refuse, or have received it."""

from dataclasses import dataclass
from typing import Any, Final

from temporalio import activity

from activities.orders.ports import Adapters
from activities.shared.attempts import attempt
from activities.shared.trying import sends
from db.engine import Sessions
from db.orders.returns import lock_return, return_state, tell
from db.orders.words import of_return, said_about
from db.platform.effects import EffectRepository
from db.platform.gates import Gates
from db.sql import run
from domain.orders.returns.model import ReturnKind, ReturnState
from domain.orders.work import ReturnWork
from domain.shared.address import Address, Contact
from integrations.marketplaces.port import CaseVerdict, GoodsTo, Verdict

# Goods come back to the place they left from. Less than the case asks for is settled where units
# were not accepted, or something was taken off.
_ABOUT: Final = """
SELECT o.external_no, r.case_no, r.shop_id, r.kind, r.to_tell,
       coalesce(s.refund, 0)::bigint AS refund_minor,
       r.deduction_minor > 0 OR coalesce(s.deducted, false)
           OR (r.to_tell = 'received' AND coalesce(l.missing, false)) AS partly,
       p.id AS location_id, p.name, p.contact_name, p.contact_phone, p.province, p.city,
       p.district, p.detail
FROM sales_return r JOIN sales_order o ON o.id = r.order_id
LEFT JOIN LATERAL (
    SELECT sum(refund_minor) AS refund, bool_or(deduction_minor > 0) AS deducted
    FROM return_settlement WHERE return_no = r.return_no) s ON true
LEFT JOIN LATERAL (
    SELECT bool_or(accepted_quantity < quantity) AS missing
    FROM sales_return_line WHERE return_no = r.return_no) l ON true
LEFT JOIN LATERAL (
    SELECT location_id FROM shipment WHERE order_id = o.id
      AND status IN ('handed_over', 'in_transit', 'delivered', 'exception')
    ORDER BY no LIMIT 1) x ON true
LEFT JOIN location p ON p.id = x.location_id
WHERE r.return_no = :return_no
"""
_TOLD: Final = """
UPDATE sales_return SET to_tell = '', updated_at = clock_timestamp()
WHERE return_no = :return_no AND to_tell = :verdict
"""


@dataclass(frozen=True, slots=True)
class CaseAnswerActivities:
    """One method is one transaction, or one outside call between two."""

    sessions: Sessions
    adapters: Adapters
    gates: Gates

    @activity.defn(name="sales_return.tell_channel")
    async def tell_channel(self, work: ReturnWork) -> ReturnState:
        """Tell the channel once what it waits for. Raises the channel's IntegrationError;
        NotOffered where it has no call for it."""
        async with self.sessions.begin() as session:
            row = await lock_return(session, work.return_no)
            if not row.to_tell:
                return await return_state(session, work.return_no)
            key, system = f"case:{row.return_no}:{row.to_tell}", f"shop/{row.shop_id}"
            effect = await EffectRepository(session).intend(
                key, "case_answer", system, row.return_no
            )
            about = (await run(session, _ABOUT, return_no=row.return_no))[0]
            subject = of_return(row.return_no)
            words = (await said_about(session, {subject: row.order_id}))(subject)
            verdict = _verdict(about, words.get("decision_reason", ""), key)
        if effect.state != "confirmed":
            async with self.gates.through(system, work), attempt(self.sessions, key):
                sends(verdict)
                await (await self.adapters.cases(row.shop_id)).answer_case(verdict)
        return await self._keep(work.return_no, row.to_tell, key, "system")

    @activity.defn(name="sales_return.told_by_hand")
    async def told_by_hand(self, work: ReturnWork) -> ReturnState:
        """A person told the channel in its own back office."""
        async with self.sessions.begin() as session:
            row = await lock_return(session, work.return_no)
        return await self._keep(work.return_no, row.to_tell, "", work.actor)

    async def _keep(self, return_no: str, verdict: str, key: str, actor: str) -> ReturnState:
        async with self.sessions.begin() as session:
            row = await lock_return(session, return_no)
            if key:
                await EffectRepository(session).settle(key, "confirmed", {})
            if row.to_tell == verdict and verdict:
                await run(session, _TOLD, return_no=return_no, verdict=verdict)
                data = {"return_no": return_no, "verdict": verdict}
                await tell(session, row.order_id, return_no, "return_told", data, actor)
            return await return_state(session, return_no)


def _verdict(about: Any, reason: str, reference: str) -> CaseVerdict:
    goods_to = None
    if about.location_id is not None:
        place = Address(
            province=about.province, city=about.city, district=about.district, detail=about.detail
        )
        contact = Contact(about.contact_name or about.name, about.contact_phone, place)
        goods_to = GoodsTo(about.location_id, contact)
    return CaseVerdict(
        about.case_no, about.external_no, Verdict(about.to_tell), reason,
        ReturnKind(about.kind).needs_goods, goods_to, about.refund_minor, about.partly, reference,
    )  # fmt: skip
