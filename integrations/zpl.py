"""Labels for thermal printers that speak ZPL: each one bitmap (^GFA), so fonts do not matter."""

import io
from collections.abc import Sequence
from typing import Final

from PIL import Image

DOTS_PER_MM: Final = 8  # 203 dpi
_BLACK: Final = 128  # darker than this is printed
# How often the next digit comes: G to Y are 1 to 19, g to z are 20 to 400 in twenties.
_ONES: Final = "GHIJKLMNOPQRSTUVWXY"
_TWENTIES: Final = "ghijklmnopqrstuvwxyz"


def zpl_of(pages: Sequence[bytes]) -> bytes:
    """One label for each page, a PNG of 8 dots per millimetre; the same pages, the same bytes."""
    return "\n".join(_label(page) for page in pages).encode("ascii")


def _label(png: bytes) -> str:
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        grey = image.convert("L")
    width_bytes = -(-grey.width // 8)
    # In ZPL a set bit is black; beyond the picture nothing is printed.
    paper = Image.new("1", (width_bytes * 8, grey.height), 0)
    paper.paste(grey.point(lambda shade: 255 if shade < _BLACK else 0, "1"))
    raw = paper.tobytes()
    rows = [raw[at : at + width_bytes].hex().upper() for at in range(0, len(raw), width_bytes)]
    total = len(raw)
    return (
        f"^XA^PW{grey.width}^LL{grey.height}^LH0,0^FO0,0"
        f"^GFA,{total},{total},{width_bytes},{_packed(rows)}^FS^XZ"
    )


def _packed(rows: Sequence[str]) -> str:
    """Each row short: ':' repeats the one above, ',' fills up white, '!' black."""
    told, above = [], ""
    for row in rows:
        told.append(":" if row == above else _row(row))
        above = row
    return "".join(told)


def _row(row: str) -> str:
    for digit, mark in (("0", ","), ("F", "!")):
        kept = row.rstrip(digit)
        if len(kept) < len(row):
            return _counted(kept) + mark
    return _counted(row)


def _counted(digits: str) -> str:
    told, at = [], 0
    while at < len(digits):
        end = at
        while end < len(digits) and digits[end] == digits[at]:
            end += 1
        told.append(_times(end - at) + digits[at])
        at = end
    return "".join(told)


def _times(count: int) -> str:
    if count == 1:
        return ""
    twenties, ones = divmod(count, 20)
    most = _TWENTIES[-1] * (twenties // len(_TWENTIES))
    rest = twenties % len(_TWENTIES)
    return most + (_TWENTIES[rest - 1] if rest else "") + (_ONES[ones - 1] if ones else "")
