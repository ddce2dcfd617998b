"""The audit trail as a chain: each link's hash covers the row and the hash before it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

BEGINNING: Final = hashlib.sha256(b"onhand audit chain").hexdigest()


@dataclass(frozen=True, slots=True)
class AuditedDeed:
    """Who did what to what, as it stands in the audit trail."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    reason: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    request_id: str


def link(previous: str, seq: int, deed: AuditedDeed) -> str:
    """The hash of the `seq`th link, behind the one with the hash `previous`."""
    told = [
        previous, seq, deed.id, deed.at.astimezone(UTC).isoformat(), deed.actor, deed.action,
        deed.subject, deed.reason, dict(deed.before), dict(deed.after), deed.request_id,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
