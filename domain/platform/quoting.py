"""What was opened of people is quoted to nobody: outside systems repeat in their refusals what they
were sent, and refusals are logged, kept and shown."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final
from urllib.parse import quote

from domain.platform.masking import mask_phone

_HIDDEN: Final = "***"
_SHORTEST: Final = 2  # a single character stands anywhere
_MOBILE: Final = re.compile(r"(?<![0-9A-Za-z])(?:\+?86[- ]?)?1[3-9][0-9]{9}(?![0-9A-Za-z])")

_opened: ContextVar[set[str] | None] = ContextVar("opened", default=None)


@contextmanager
def nobody_quoted() -> Iterator[None]:
    """From here on, what is opened of people is remembered until the end, to be left out."""
    token = _opened.set(set())
    try:
        yield
    finally:
        _opened.reset(token)


def opened(*words: str) -> None:
    """These name a person: a name, a phone, an address, what somebody wrote."""
    known = _opened.get()
    if known is not None:
        for word in words:
            if len(word) >= _SHORTEST:
                known.update((word, quote(word)))


def without_people(text: str) -> str:
    """The text without anything that was opened; whatever looks like a mobile phone is masked."""
    for word in sorted(_opened.get() or (), key=len, reverse=True):
        text = text.replace(word, _HIDDEN)
    return _MOBILE.sub(lambda found: mask_phone(found[0][-11:]), text)
