"""Whether a message is a genuine Standard Webhook of one of our shops.

Facts: wire-formats §1.8 (standardwebhooks.com specification).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from domain.shared.errors import CredentialsRefused, Rejected
from integrations.marketplaces.port import Pushed
from integrations.marketplaces.signing import own_genuine

WINDOW_S: Final = 300
_LONGEST_ID: Final = 128


def proven(pushed: Pushed, secrets: Sequence[str], now: datetime, system: str) -> str:
    """The message's id. Any of `secrets` may sign: while one is replaced, both are valid.

    Raises Rejected: `unsupported_media_type`, `missing_header`, `stale_timestamp`,
    `invalid_signature`; CredentialsRefused for a secret of ours that nobody could sign with.
    """
    given = pushed.headers
    if given.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Rejected(
            "the body must be application/json", code="unsupported_media_type", system=system
        )
    message_id = given.get("webhook-id", "")
    if not message_id or len(message_id) > _LONGEST_ID or not message_id.isprintable():
        raise Rejected("webhook-id is missing or unusable", code="missing_header", system=system)
    timestamp = _seconds(given.get("webhook-timestamp", ""), system)
    if abs(now.timestamp() - timestamp) > WINDOW_S:
        raise Rejected(
            "webhook-timestamp is too far from now", code="stale_timestamp", system=system
        )
    signatures = given.get("webhook-signature", "")
    try:
        genuine = own_genuine(signatures, secrets, message_id, timestamp, pushed.body)
    except ValueError as error:  # our own secret is none
        raise CredentialsRefused(str(error), code="unusable_secret", system=system) from error
    if not genuine:
        raise Rejected("no signature fits the body", code="invalid_signature", system=system)
    return message_id


def _seconds(text: str, system: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        told = "webhook-timestamp is missing or not Unix seconds"
        raise Rejected(told, code="missing_header", system=system)
    return int(text)
