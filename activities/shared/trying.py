"""Calls of steps to outside systems: what did not succeed is written down for who decides."""

import dataclasses
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from temporalio import activity

from db.engine import Sessions
from db.platform.gates import Gates, WaitingStep
from db.shared.tries import Try, keep_try
from db.vault import Vault
from domain.platform.quoting import opened, without_people
from domain.platform.tries import people_in
from domain.shared.errors import IntegrationError
from integrations.hearing import listening

MOST_CALLS: Final = 20
_SENT: ContextVar[dict[str, Any] | None] = ContextVar("onhand_sent", default=None)


def sends(request: Any = None, **asked: str) -> None:
    """What the step is about to ask of the outside; `asked` beside it, by the names under which
    people correct it."""
    if (sent := _SENT.get()) is not None:
        told = dataclasses.asdict(request) if request is not None else {}
        sent.clear()
        sent.update(json.loads(json.dumps(asked | told, default=str)))
        opened(*people_in(sent))


@dataclass(slots=True)
class TriedGates(Gates):
    """Gates whose callers' failures are written down: what was sent, and how it was answered.

    Their words go on without the people they may name: they are shown, and sent through the engine.
    """

    vault: Vault = field(kw_only=True, repr=False)

    @asynccontextmanager
    async def through(self, system: str, step: WaitingStep) -> AsyncIterator[None]:
        """See `Gates.through`."""
        tried = trying(self.sessions, self.vault, system, step)
        async with Gates.through(self, system, step), tried:
            yield


@asynccontextmanager
async def trying(
    sessions: Sessions, vault: Vault, system: str, step: WaitingStep
) -> AsyncIterator[None]:
    """Inside it a step asks the outside; a failure is written down before it goes on."""
    at = datetime.now(UTC)
    with listening() as heard, _sending() as sent:
        try:
            yield
        except IntegrationError as error:
            said = without_people(str(error))
            error.args = (said,)
            new = Try(
                at, system, _attempt(), type(error).__name__, error.code, said, sent,
                heard[-MOST_CALLS:],
            )  # fmt: skip
            async with sessions.begin() as session:
                await keep_try(session, vault, step.workflow_id, step.step_id, new)
            raise


@contextmanager
def _sending() -> Iterator[dict[str, Any]]:
    sent: dict[str, Any] = {}
    token = _SENT.set(sent)
    try:
        yield sent
    finally:
        _SENT.reset(token)


def _attempt() -> int:
    return activity.info().attempt if activity.in_activity() else 1
