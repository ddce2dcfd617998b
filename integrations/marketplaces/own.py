"""The own channel: orders come as Standard Webhooks.

Facts: wire-formats §1.8 (standardwebhooks.com specification).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from domain.orders.snapshot import OrderSnapshot
from domain.shared.errors import Rejected
from integrations.marketplaces.own_order import parse_own_order, read_own_order
from integrations.marketplaces.port import Push, ShipConfirmation
from integrations.marketplaces.signing import own_genuine

WINDOW_S: Final = 300
TOPIC: Final = "order"
_LONGEST_ID: Final = 128


@dataclass(frozen=True, slots=True)
class OwnMarketplace:
    """One shop of ours. Any of `secrets` may sign: while one is replaced, both are valid."""

    shop: str
    secrets: tuple[str, ...]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def channel(self) -> str:
        return "own"

    def read_push(self, headers: Mapping[str, str], body: bytes) -> Push:
        """Raises Rejected: `missing_header`, `stale_timestamp`, `invalid_signature`; for a genuine
        message that does not follow the schema UnreadableOrder (`unreadable`, with `problems`)."""
        given = {name.lower(): value for name, value in headers.items()}
        message_id = given.get("webhook-id", "")
        if not message_id or len(message_id) > _LONGEST_ID or not message_id.isprintable():
            raise _refused("webhook-id is missing or unusable", "missing_header")
        timestamp = _seconds(given.get("webhook-timestamp", ""))
        if abs(self.now().timestamp() - timestamp) > WINDOW_S:
            raise _refused("webhook-timestamp is too far from now", "stale_timestamp")
        signatures = given.get("webhook-signature", "")
        if not own_genuine(signatures, self.secrets, message_id, timestamp, body):
            raise _refused("no signature fits the body", "invalid_signature")
        return Push(message_id, TOPIC, read_own_order(body).order_no)

    def snapshot(self, raw: bytes) -> OrderSnapshot:
        """Translate a stored message. Raises UnreadableOrder, a Rejected (`unreadable`)."""
        return parse_own_order(raw, self.shop)

    async def fetch_raw(self, external_no: str) -> bytes:
        """Always Rejected: who sends to the own channel cannot be asked, only send again."""
        raise _refused(f"order {external_no} cannot be asked for", "not_offered")

    async def confirm_shipment(self, confirmation: ShipConfirmation) -> None:
        """Nothing to do: `shipment.shipped` is an outgoing webhook, sent from the outbox."""


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise _refused("webhook-timestamp is missing or not Unix seconds", "missing_header")
    return int(text)


def _refused(text: str, code: str) -> Rejected:
    return Rejected(text, code=code, system="own")
