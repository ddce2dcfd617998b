"""What makes a password good enough: long, hard to guess, and nothing like its person's name."""

import asyncio
from typing import Final

from zxcvbn import zxcvbn

from domain.shared.errors import WeakPassword

SHORTEST: Final = 8
LONGEST: Final = 200
ADVISED: Final = 15
_LOOKED_AT: Final = 72  # what follows can only make it harder to guess
_GUESSED_SOON: Final = 2  # scores below: common ones, sequences, a name with a year


async def refuse_weak(password: str, *names: str) -> None:
    """Raises WeakPassword for what others would guess, who know these names of the person."""
    if not SHORTEST <= len(password) <= LONGEST or not password.isprintable():
        raise WeakPassword(f"a password has {SHORTEST} to {LONGEST} characters")
    if any(name and name.casefold() == password.casefold() for name in names):
        raise WeakPassword("a password is not the name of its person")
    judged = await asyncio.to_thread(zxcvbn, password[:_LOOKED_AT], user_inputs=list(names))
    if judged["score"] < _GUESSED_SOON:
        raise WeakPassword("this password is among the first that others would guess")
