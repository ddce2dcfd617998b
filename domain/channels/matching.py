"""Which of our SKUs a channel's unknown SKU probably is: the same code, barcode, or a like name."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SAME_CODE: Final = 100
SAME_BARCODE: Final = 95
LIKE_CODE: Final = 80
# A name alone is never as sure as a code.
BEST_NAME: Final = 70
LEAST: Final = 20
_NOT_IN_A_CODE: Final = re.compile(r"[\W_]+")
_GTIN: Final = re.compile(r"\d{8}|\d{12,14}")
_GTIN_DIGITS: Final = 14


class Because(StrEnum):
    """What speaks for a match."""

    CODE = "code"
    BARCODE = "barcode"
    LIKE_CODE = "like_code"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class OwnSku:
    """One of our SKUs as far as matching needs it."""

    code: str
    name: str
    gtin: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """One of our SKUs with how much speaks for it, of 100."""

    code: str
    name: str
    score: int
    because: Because


def suggest(
    external_sku: str, title: str, candidates: Iterable[OwnSku], most: int = 3
) -> tuple[Match, ...]:
    """The likeliest of our SKUs, the best first; none when nothing speaks for any."""
    found = [match for own in candidates if (match := judge(external_sku, title, own)) is not None]
    return tuple(sorted(found, key=lambda match: (-match.score, match.code))[:most])


def judge(external_sku: str, title: str, own: OwnSku) -> Match | None:
    """How much speaks for this SKU of ours; None when too little does."""
    if external_sku.strip() == own.code:
        return Match(own.code, own.name, SAME_CODE, Because.CODE)
    barcode = _barcode(external_sku)
    if barcode and barcode == _barcode(own.gtin):
        return Match(own.code, own.name, SAME_BARCODE, Because.BARCODE)
    code = plain(external_sku)
    if code and code == plain(own.code):
        return Match(own.code, own.name, LIKE_CODE, Because.LIKE_CODE)
    score = round(BEST_NAME * alike(title, own.name))
    return Match(own.code, own.name, score, Because.NAME) if score >= LEAST else None


def alike(one: str, other: str) -> float:
    """How much two names share, 0 to 1: pairs of neighbouring characters, so that it serves
    Chinese and Latin names alike."""
    first, second = _pairs(one), _pairs(other)
    if not first or not second:
        return 0.0
    return 2 * len(first & second) / (len(first) + len(second))


def plain(code: str) -> str:
    """A code without the marks that people and channels write differently."""
    return _NOT_IN_A_CODE.sub("", unicodedata.normalize("NFKC", code)).casefold()


def _barcode(text: str) -> str:
    """A GTIN in its longest form, empty when the text is none: UPC and EAN lead with zeros."""
    digits = text.strip()
    return digits.zfill(_GTIN_DIGITS) if _GTIN.fullmatch(digits) else ""


def _pairs(name: str) -> frozenset[str]:
    words = _NOT_IN_A_CODE.sub(" ", unicodedata.normalize("NFKC", name)).casefold().split()
    return frozenset(word[at : at + 2] for word in words for at in range(max(len(word) - 1, 1)))


def needles(title: str, most: int = 12) -> tuple[str, ...]:
    """Parts of a title that a like name would contain, for a first rough search."""
    pairs = sorted(pair for pair in _pairs(title) if len(pair) > 1)
    step = max(len(pairs) / most, 1.0)
    return tuple(pairs[int(at * step)] for at in range(min(len(pairs), most)))
