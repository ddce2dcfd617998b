"""The own channel: orders come as Standard Webhooks.

Facts: wire-formats §1.8 (standardwebhooks.com specification).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from domain.orders.snapshot import OrderSnapshot
from domain.shared.errors import Rejected
from integrations.access import ShopAccess
from integrations.marketplaces.own_order import UnreadableOrder, parse_own_order, read_own_order
from integrations.marketplaces.port import (
    MISMATCH,
    DoorAnswer,
    Push,
    Pushed,
    ShipConfirmation,
)
from integrations.marketplaces.reading import UNREADABLE
from integrations.marketplaces.standard_webhook import proven
from integrations.settings import Schema, yes_no

SECRETS: Final = ("secret",)
OPTIONAL_SECRETS: Final = ("secret_old",)
SIGNING_SECRETS: Final = (*SECRETS, *OPTIONAL_SECRETS)  # as Standard Webhooks have them
SETTINGS: Final = Schema((yes_no("return_labels"),))  # have approved returns collected
TOPIC: Final = "order"
_STATUS: Final = {UNREADABLE: 422, "unsupported_media_type": 415, MISMATCH: 409}


def open_shop(access: ShopAccess) -> "OwnMarketplace":
    """Secret `secret`, `secret_old` while it is being replaced."""
    return OwnMarketplace(access.shop_id, access.secrets.both("secret"))


@dataclass(frozen=True, slots=True)
class OwnMarketplace:
    """One shop of ours. Any of `secrets` may sign: while one is replaced, both are valid."""

    shop: str
    secrets: tuple[str, ...]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def channel(self) -> str:
        return "own"

    def read_pushes(self, pushed: Pushed) -> tuple[Push, ...]:
        """Raises Rejected: `unsupported_media_type`, `missing_header`, `stale_timestamp`,
        `invalid_signature`; for a genuine message that does not follow the schema UnreadableOrder
        (`unreadable`, with `problems`)."""
        message_id = proven(pushed, self.secrets, self.now(), "own")
        return (Push(message_id, TOPIC, read_own_order(pushed.body).order_no),)

    def acknowledge(self, pushed: Pushed, *, duplicate: bool = False) -> DoorAnswer:
        """202 with the message's id; `duplicate` when it was kept before."""
        kept = {"id": pushed.headers["webhook-id"], "duplicate": duplicate}
        return DoorAnswer(202, json.dumps(kept).encode())

    def refuse(self, refusal: Rejected) -> DoorAnswer:
        """A problem (RFC 9457) whose `problems` name field and problem of an unreadable order."""
        status = _STATUS.get(refusal.code, 401)
        problem = {
            "type": "about:blank",
            "status": status,
            "code": refusal.code,
            "detail": str(refusal),
        }
        if isinstance(refusal, UnreadableOrder):
            problem["problems"] = [
                {"field": one.field, "problem": one.problem} for one in refusal.problems
            ]
        return DoorAnswer(status, json.dumps(problem).encode(), "application/problem+json")

    def snapshot(self, raw: bytes) -> OrderSnapshot:
        """Translate a stored message. Raises UnreadableOrder, a Rejected (`unreadable`)."""
        return parse_own_order(raw, self.shop)

    async def fetch_raw(self, external_no: str) -> bytes:
        """Always Rejected: who sends to the own channel cannot be asked, only send again."""
        raise _refused(f"order {external_no} cannot be asked for", "not_offered")

    async def confirm_shipment(self, confirmation: ShipConfirmation) -> None:
        """Nothing to do: `shipment.shipped` is an outgoing webhook, sent from the outbox."""


def _refused(text: str, code: str) -> Rejected:
    return Rejected(text, code=code, system="own")
