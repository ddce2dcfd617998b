"""What a marketplace has to hear of a return: that we agree, refuse, or have received it."""

from dataclasses import dataclass
from typing import Final

from temporalio import activity

from activities.orders.ports import Adapters
from activities.shared.attempts import attempt
from db.engine import Sessions
from db.orders.returns import lock_return, return_state, tell
from db.platform.effects import EffectRepository
from db.platform.gates import Gates
from db.sql import run
from domain.orders.returns.model import ReturnKind, ReturnState
from domain.orders.work import ReturnWork
from integrations.marketplaces.port import CaseVerdict, Verdict

_ORDER: Final = "SELECT external_no FROM sales_order WHERE id = :order_id"
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
            external_no = (await run(session, _ORDER, order_id=row.order_id))[0].external_no
            key, system = f"case:{row.return_no}:{row.to_tell}", f"shop/{row.shop_id}"
            effect = await EffectRepository(session).intend(
                key, "case_answer", system, row.return_no
            )
        if effect.state != "confirmed":
            verdict = CaseVerdict(
                row.case_no, external_no, Verdict(row.to_tell), row.decision_reason,
                ReturnKind(row.kind).needs_goods,
            )  # fmt: skip
            async with self.gates.through(system, work), attempt(self.sessions, key):
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
