"""Tills of our stores: a day's tickets come at once, as one Standard Webhook."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from domain.orders.snapshot import OrderSnapshot
from domain.shared.errors import Rejected
from integrations.access import ShopAccess
from integrations.marketplaces.port import DoorAnswer, Pushed, ShipConfirmation
from integrations.marketplaces.pos_ticket import ToldTicket, parse_ticket, read_batch
from integrations.marketplaces.reading import UNREADABLE
from integrations.marketplaces.standard_webhook import proven
from integrations.settings import Schema

SECRETS: Final = ("secret",)
OPTIONAL_SECRETS: Final = ("secret_old",)
SIGNING_SECRETS: Final = (*SECRETS, *OPTIONAL_SECRETS)  # as Standard Webhooks have them
SETTINGS: Final = Schema()
TOPIC: Final = "ticket"
_STATUS: Final = {UNREADABLE: 422, "unsupported_media_type": 415}


def open_shop(access: ShopAccess) -> "PosMarketplace":
    """Secret `secret`, `secret_old` while it is being replaced."""
    return PosMarketplace(access.shop_id, access.secrets.both("secret"))


@dataclass(frozen=True, slots=True)
class PosMarketplace:
    """The tills of one shop of ours, in any number of stores."""

    shop: str
    secrets: tuple[str, ...]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def channel(self) -> str:
        return "pos"

    def read_tickets(self, pushed: Pushed) -> tuple[ToldTicket, ...]:
        """The tickets of a genuine batch. Raises Rejected as `standard_webhook.proven` does, and
        UnreadableBatch (`unreadable`)."""
        proven(pushed, self.secrets, self.now(), self.channel)
        return read_batch(pushed.body, self.now())

    def refuse(self, refusal: Rejected) -> DoorAnswer:
        """A problem (RFC 9457) about the batch as a whole: nothing of it was kept."""
        status = _STATUS.get(refusal.code, 401)
        problem = {
            "type": "about:blank",
            "status": status,
            "code": refusal.code,
            "detail": str(refusal),
        }
        return DoorAnswer(status, json.dumps(problem).encode(), "application/problem+json")

    def snapshot(self, raw: bytes) -> OrderSnapshot:
        """Translate a kept ticket. Raises Rejected (`unreadable`, `returned_goods`)."""
        return parse_ticket(raw, self.shop)

    async def fetch_raw(self, external_no: str) -> bytes:
        """Always Rejected: a till cannot be asked, it only sends again."""
        text = f"ticket {external_no} cannot be asked for"
        raise Rejected(text, code="not_offered", system=self.channel)

    async def confirm_shipment(self, confirmation: ShipConfirmation) -> None:
        """Nothing to do: the buyer has the goods."""
