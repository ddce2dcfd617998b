"""What a barcode on goods says: a GTIN alone, or GS1 elements with lot, days and serial number."""

from dataclasses import dataclass
from datetime import date
from typing import Final

import biip

# Scanners that type send the group separator as a control character; pages send this instead.
SEPARATOR_SHOWN: Final = "␝"
_SEPARATOR: Final = "\x1d"
_LENGTHS: Final = (14, 13, 12, 8)
_LONGEST_LOT: Final = 20


@dataclass(frozen=True, slots=True)
class ReadCode:
    """`gtins` are all lengths under which the same trade item may be known; `text` is what it says
    when it is no GTIN."""

    text: str
    gtins: tuple[str, ...] = ()
    lot: str = ""
    expires_on: date | None = None
    produced_on: date | None = None
    serial: str = ""


def read_code(code: str) -> ReadCode:
    """What was scanned. Something that is no GS1 code is the text itself, such as a SKU."""
    text = code.strip()
    parsed = biip.parse(text.replace(SEPARATOR_SHOWN, _SEPARATOR))
    gtin = parsed.gtin.value if parsed.gtin else ""
    lot, expires_on, produced_on, serial = "", None, None, ""
    message = parsed.gs1_message
    if gtin and message and message.element_strings.get(ai="01"):
        if found := message.element_strings.get(ai="10"):
            lot = found.value[:_LONGEST_LOT]
        if found := message.element_strings.get(ai="17"):
            expires_on = found.date
        if found := message.element_strings.get(ai="11"):
            produced_on = found.date
        if found := message.element_strings.get(ai="21"):
            serial = found.value[:_LONGEST_LOT]
    return ReadCode(text, _lengths(gtin), lot, expires_on, produced_on, serial)


def _lengths(gtin: str) -> tuple[str, ...]:
    """Without the zeros in front that a longer form begins with."""
    digits = gtin.lstrip("0")
    return tuple(gtin.zfill(14)[-n:] for n in _LENGTHS if gtin and len(digits) <= n)
