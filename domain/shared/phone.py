"""A phone in the one form that the same number always has, however people and channels write it."""

import re
import unicodedata
from typing import Final

_SHORTEST: Final = 7
_MOBILE: Final = re.compile(r"1[3-9]\d{9}")
_ABROAD: Final = re.compile(r"(?:\+|00)(?=[1-9])")
_CHINA: Final = "86"


def normal_phone(told: str) -> str:
    """+86 138-0000 0001, 008613800000001 and １３８００００００１ are 13800000001; numbers of
    elsewhere begin with a plus; an extension stays at the end. Empty for masks and what is none.
    """
    text = unicodedata.normalize("NFKC", told).strip()
    digits = "".join(character for character in text if character in "0123456789")
    if "*" in text or len(digits) < _SHORTEST:
        return ""
    if _ABROAD.match(re.sub(r"[^\d+]", "", text)):
        number = digits.removeprefix("00")
        if not number.startswith(_CHINA):
            return f"+{number}"
        return _at_home(number.removeprefix(_CHINA).removeprefix("0"))
    if digits.startswith(_CHINA) and _MOBILE.match(digits[len(_CHINA) :]):
        return digits[len(_CHINA) :]
    return digits


def is_mobile(normal: str) -> bool:
    """Whether this is a mobile of China, in its normal form."""
    return bool(_MOBILE.fullmatch(normal))


def last_four(told: str) -> str:
    """The digits that people say of a phone; of masks too, as platforms leave them."""
    text = unicodedata.normalize("NFKC", told)
    return "".join(character for character in text if character in "0123456789")[-4:]


def _at_home(number: str) -> str:
    """Within China, landlines are dialled with a zero before the area's code."""
    return number if _MOBILE.match(number) else f"0{number}"
