"""Carrying the decision of a campaign to the steps that wait for it, to each once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity
from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from db.engine import Sessions
from db.platform.campaigns import CampaignRepository
from db.platform.corrections import keep_correction
from db.platform.inbox import AttentionInbox
from db.platform.notices import is_notice, settle_notice
from domain.orders.messages import Accepted, ResolveStep
from domain.platform.campaigns import CampaignTaken, CampaignTurn, DecideItem
from domain.platform.resolving import checked_decision
from domain.shared.errors import ActionNotAllowed, InvalidInput, Unavailable

_PATIENCE: Final = timedelta(seconds=10)
# Afterwards nobody asks again: what was asked may have been heard, and its result is watched for.
_MOST_ATTEMPTS: Final = 10


@dataclass(frozen=True, slots=True)
class CampaignActivities:
    """Campaigns as their workflows use them."""

    sessions: Sessions
    client: Client

    @activity.defn(name="campaign.advance")
    async def advance(self, turn: CampaignTurn) -> CampaignTaken:
        """See what became of those decided, and take the next ones when it is their turn."""
        async with self.sessions.begin() as session:
            return await CampaignRepository(session).advance(turn.campaign_id, turn.now)

    @activity.defn(name="campaign.decide")
    async def decide(self, asked: DecideItem) -> None:
        """Decide about one step. Asked again, its workflow gives its first answer: the update has
        the item's name."""
        async with self.sessions.begin() as session:
            item = await CampaignRepository(session).item(asked.campaign_id, asked.item_id)
            settled = await self._known(session, asked, item)
        if settled is None:
            state, detail = await self._tell(asked, item)
            settled = (state, detail)
        async with self.sessions.begin() as session:
            await CampaignRepository(session).settle(asked.campaign_id, asked.item_id, *settled)

    async def _known(
        self, session: AsyncSession, asked: DecideItem, item: Any
    ) -> tuple[str, str] | None:
        """What is to be said about it without asking its workflow."""
        if item.state != "deciding":
            return item.state, ""
        if item.resolved_at is not None:
            return _by_us_or_others(item)
        try:
            checked_decision(item.actions, item.input_fields, item.action, item.reason, item.given)
        except (ActionNotAllowed, InvalidInput) as error:
            return "refused", str(error)
        if is_notice(item.step_id):
            row = await AttentionInbox(session).row(item.id)
            assert row is not None
            await settle_notice(
                session, row, item.created_by, item.action, item.reason, _update_id(asked)
            )
            return "decided", ""
        return None

    async def _tell(self, asked: DecideItem, item: Any) -> tuple[str, str]:
        """Send the decision. Raises Unavailable, to be asked again, when nobody answers."""
        correction_id = await self._correction(asked, item)
        decision = ResolveStep(
            item.step_id, item.action, item.created_by, item.reason, correction_id
        )
        handle = self.client.get_workflow_handle(item.workflow_id)
        try:
            await handle.execute_update(
                "resolve_step", decision, id=_update_id(asked), result_type=Accepted,
                rpc_timeout=_PATIENCE,
            )  # fmt: skip
        except WorkflowUpdateFailedError as error:
            return await self._refused(asked, error)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return "gone", ""
            return _nobody_answers(error)
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            return _nobody_answers(error)
        return "decided", ""

    async def _refused(
        self, asked: DecideItem, error: WorkflowUpdateFailedError
    ) -> tuple[str, str]:
        kind = error.cause.type if isinstance(error.cause, ApplicationError) else ""
        async with self.sessions.begin() as session:
            item = await CampaignRepository(session).item(asked.campaign_id, asked.item_id)
        if kind == "StepNotParked":
            return _by_us_or_others(item)
        return "refused", str(error.cause)

    async def _correction(self, asked: DecideItem, item: Any) -> str:
        given: Mapping[str, str] = item.given
        if not given:
            return ""
        async with self.sessions.begin() as session:
            return await keep_correction(
                session, item.id, item.workflow_id, item.step_id, given,
                by=item.created_by, request_id=_update_id(asked),
            )  # fmt: skip


def _update_id(asked: DecideItem) -> str:
    return f"{asked.campaign_id}:{asked.item_id}"


def _by_us_or_others(item: Any) -> tuple[str, str]:
    """It was settled: by this campaign, whose answer was lost, or by somebody else."""
    ours = (item.resolved_by, item.resolution, item.note) == (
        item.created_by, item.action, item.reason,
    )  # fmt: skip
    return ("decided", "") if ours else ("gone", item.resolved_by)


def _nobody_answers(error: Exception) -> tuple[str, str]:
    if activity.info().attempt < _MOST_ATTEMPTS:
        raise Unavailable("the step's workflow does not answer", system="temporal") from error
    return "decided", "no answer"
