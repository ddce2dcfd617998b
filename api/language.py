"""Which language somebody reads, and what our sentences are in it. Sources are English."""

import gettext
import io
from functools import cache
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES: Final = ("zh", "en")
DEFAULT: Final = "zh"
COOKIE: Final = "onhand_language"
LOCALES: Final = Path(__file__).parent.parent / "web" / "locales"


@cache
def translations(language: str) -> gettext.NullTranslations:
    """The catalogue of a language, read from its .po file once per process."""
    source = LOCALES / language / "LC_MESSAGES" / "messages.po"
    compiled = io.BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def translate(language: str, sentence: str, **values: object) -> str:
    """The sentence in this language, with `{name}` filled in."""
    told = translations(language).gettext(sentence)
    return told.format(**values) if values else told


def preferred(chosen: str, accept_language: str, account_language: str = "") -> str:
    """A choice made by hand wins, then the account's, then what the browser asks for."""
    for language in (chosen, account_language):
        if language in LANGUAGES:
            return language
    return accepted(accept_language) or DEFAULT


def accepted(header: str) -> str:
    """The best of our languages in an `Accept-Language` header, or nothing."""
    ranked: list[tuple[float, str]] = []
    for part in header[:500].split(","):
        tag, _, rest = part.strip().partition(";")
        language = tag.strip().lower().split("-")[0]
        if language in LANGUAGES:
            ranked.append((_quality(rest), language))
    best = max(ranked, key=lambda pair: pair[0], default=(0.0, ""))
    return best[1] if best[0] > 0 else ""


def N_(sentence: str) -> str:
    """Mark a sentence for the catalogue where it is not yet known who will read it."""
    return sentence


def _quality(text: str) -> float:
    name, _, value = text.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
