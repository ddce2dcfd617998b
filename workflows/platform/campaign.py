"""A campaign: one decision carried to many steps that wait, a few of them first."""

import asyncio
from datetime import timedelta

from temporalio import workflow

from activities.platform.campaigns import CampaignActivities
from domain.platform.campaigns import CampaignMoved, CampaignRef, CampaignTurn, DecideItem
from workflows.shared.options import DATABASE, DECISION

_TURNS = 200


@workflow.defn(name="Campaign")
class CampaignWorkflow:
    """Where it stands is in the tables: any run goes on there. Ends when every step of it went on,
    was parked again, or is left."""

    @workflow.init
    def __init__(self, ref: CampaignRef) -> None:
        self._moved = False

    @workflow.run
    async def run(self, ref: CampaignRef) -> None:
        for _ in range(_TURNS):
            self._moved = False
            taken = await workflow.execute_local_activity_method(
                CampaignActivities.advance,
                CampaignTurn(ref.campaign_id, workflow.now()),
                **DATABASE,
            )
            if taken.over:
                return
            await asyncio.gather(*(self._decide(ref, item_id) for item_id in taken.item_ids))
            await self._rest(taken.wait_s)
            if workflow.info().is_continue_as_new_suggested():
                break
        workflow.continue_as_new(ref)

    @workflow.signal
    def campaign_moved(self, fact: CampaignMoved) -> None:
        """Somebody began, paused, resumed or stopped it."""
        self._moved = True

    async def _decide(self, ref: CampaignRef, item_id: str) -> None:
        await workflow.execute_activity_method(
            CampaignActivities.decide, DecideItem(ref.campaign_id, item_id), **DECISION
        )

    async def _rest(self, wait_s: float) -> None:
        try:
            await workflow.wait_condition(lambda: self._moved, timeout=timedelta(seconds=wait_s))
        except TimeoutError:
            return
