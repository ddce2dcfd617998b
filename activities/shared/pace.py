"""Vendors' limits as all processes keep them together: a bucket of calls per app and method.

A vendor that tells one process to wait is heard by all.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from db.engine import Sessions
from db.platform.pace import hold_calls, take_call
from domain.platform.quoting import without_people
from domain.shared.errors import IntegrationError, RateLimited
from integrations.access import Limit
from integrations.hearing import keeping_secret

# A shorter wait is spent here; a longer one gives the place to others.
PATIENCE_S: Final = 2.0
_HIDDEN: Final = "***"
# Shorter secrets are ids that also stand elsewhere, such as a customer number of six digits.
_LEAST_HIDDEN: Final = 8


@dataclass(frozen=True, slots=True)
class SharedPace:
    """The pace of one `app` at one vendor; methods without a documented limit only wait when the
    vendor says so. A vendor that repeats one of the `secrets`, or a person, in a refusal is not
    quoted with it.
    """

    sessions: Sessions
    vendor: str
    app: str
    limits: Mapping[str, Limit] = field(default_factory=dict)
    patience_s: float = PATIENCE_S
    secrets: Collection[str] = field(default=(), repr=False)

    def call(self, method: str) -> AbstractAsyncContextManager[None]:
        """See `integrations.access.Pace`."""
        return self._call(method)

    @asynccontextmanager
    async def _call(self, method: str) -> AsyncIterator[None]:
        left_s = self.patience_s
        while (wait_s := await self._take(method)) > 0:
            if wait_s > left_s:
                text = f"{method} may be called again in {wait_s:.0f} s"
                raise RateLimited(text, retry_after_s=wait_s, code="paced", system=self.vendor)
            left_s -= wait_s
            await asyncio.sleep(wait_s)
        try:
            with keeping_secret(self._hidden()):
                yield
        except IntegrationError as told:
            told.args = (without_people(self._without_secrets(str(told))),)
            if isinstance(told, RateLimited):
                async with self.sessions.begin() as session:
                    await hold_calls(session, self._key(method), told.retry_after_s)
            raise

    def _without_secrets(self, text: str) -> str:
        for secret in self._hidden():
            text = text.replace(secret, _HIDDEN)
        return text

    def _hidden(self) -> list[str]:
        return [secret for secret in self.secrets if len(secret) >= _LEAST_HIDDEN]

    async def _take(self, method: str) -> float:
        # `waybill:SF1` is a bucket of its own under the limit of `waybill`.
        kind = method.partition(":")[0]
        limit = self.limits.get(method) or self.limits.get(kind) or Limit(0, 1.0)
        async with self.sessions.begin() as session:
            return await take_call(session, self._key(method), limit.calls, limit.seconds)

    def _key(self, method: str) -> str:
        """Apps are named by a digest: their keys are nobody's business."""
        app = hashlib.sha256(self.app.encode()).hexdigest()[:16]
        return f"{self.vendor}/{app}/{method}"
