"""Plans that a person is shown and confirms: what was shown is carried out, or it is refused."""

import hashlib
import json
from dataclasses import asdict
from typing import Any


class Plan:
    """What a dataclass is that people confirm: its hash stands for every word of it."""

    __slots__ = ()

    @property
    def hash(self) -> str:
        """SHA-256 of the plan's canonical JSON."""
        return hash_of(asdict(self))  # type: ignore[call-overload]


def hash_of(facts: Any) -> str:
    """SHA-256 of their canonical JSON."""
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
