"""Whether a message about a closed order is news that somebody has to look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from activities.shared.adapters import Adapters
from db.shared.hand_over import HandOver
from db.vault import CannotOpen, Vault
from domain.orders.after_sale import AFTER_SALE_TOPIC, AfterSaleStage, read_facts
from domain.orders.order import OrderStatus
from domain.orders.snapshot import ChannelState, Version
from domain.shared.errors import IntegrationError

_EXPECTED: Final = {
    OrderStatus.CANCELLED: frozenset({ChannelState.CANCELLED}),
    OrderStatus.COMPLETED: frozenset(
        {ChannelState.PART_SHIPPED, ChannelState.SHIPPED, ChannelState.COMPLETED}
    ),
}


@dataclass(frozen=True, slots=True)
class LateFact:
    """What a late message says, and whether a person should read it."""

    text: str
    needs_person: bool


@dataclass(frozen=True, slots=True)
class LateFacts:
    """Reads messages that came after the end of their order."""

    adapters: Adapters
    vault: Vault

    async def judge(self, message: HandOver) -> LateFact:
        """Repeats, older versions and what we expect to hear need nobody; all else does."""
        if message.raw is None:
            return LateFact(f"{message.topic} (empty message)", True)
        try:
            raw = self.vault.open(message.raw, message.inbox_id)
            if message.topic == AFTER_SALE_TOPIC:
                return _of_case(read_facts(raw))
            snapshot = await self.adapters.snapshot(message.channel, message.shop_id, raw)
        except (IntegrationError, CannotOpen) as error:
            return LateFact(f"{message.topic} (cannot be read: {error})"[:300], True)
        if snapshot is None:
            return LateFact(message.topic, True)
        known = Version(message.version_revision, message.version_modified_us)
        expected = snapshot.state in _EXPECTED.get(message.status, frozenset())
        refund = any(line.refund_in_progress for line in snapshot.lines)
        news = snapshot.version > known or snapshot.state != message.channel_state
        text = f"{snapshot.state}, refund in progress" if refund else str(snapshot.state)
        return LateFact(text, news and (refund or not expected))


def _of_case(facts: Mapping[str, str]) -> LateFact:
    """A refund or return that is settled needs nobody; what stands open does."""
    number, stage = facts.get("after_sale_no", ""), facts.get("after_sale_stage", "")
    kind = facts.get("after_sale_kind", "")
    over = stage in frozenset(AfterSaleStage) and AfterSaleStage(stage).is_over
    return LateFact(f"after-sale case {number}: {kind} {stage}"[:300], not over)
