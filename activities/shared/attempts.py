"""What became of an outside call, written down before the failure goes on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from db.engine import Sessions
from db.platform.effects import Effect, EffectRepository
from domain.shared.errors import AnswerLost, IntegrationError, Rejected


@asynccontextmanager
async def attempt(
    sessions: Sessions, key: str, before: Effect | None = None
) -> AsyncIterator[None]:
    """Inside it the effect `key` is carried out: refused, or perhaps carried out, it says so.

    `before` is how it stood where nobody was asked since: when an earlier attempt may have been
    carried out, a refusal of this one says nothing about it.
    """
    try:
        yield
    except IntegrationError as error:
        state = "intended"
        if isinstance(error, AnswerLost) or (before is not None and before.may_exist):
            state = "unknown"
        elif isinstance(error, Rejected):
            state = "rejected"
        async with sessions.begin() as session:
            await EffectRepository(session).settle(key, state)
        raise
