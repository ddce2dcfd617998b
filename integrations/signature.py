"""A signature drawn on a tablet: read, made small, and kept as a PNG of greys."""

import base64
import binascii
import io
from typing import Final

from PIL import Image, UnidentifiedImageError

from domain.shared.errors import InvalidInput

_PREFIX: Final = "data:image/png;base64,"
LONGEST: Final = 300_000  # characters of what a browser sends
_LARGEST: Final = (4000, 2000)
_KEPT: Final = (600, 240)
_INK: Final = 160  # darker than this is a stroke
_LEAST_INK: Final = 30  # dots


def read_signature(text: str) -> bytes:
    """The drawing as a small PNG. Raises InvalidInput when it cannot be read or nobody signed."""
    try:
        raw = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        with Image.open(io.BytesIO(raw), formats=["PNG"]) as image:
            if image.width > _LARGEST[0] or image.height > _LARGEST[1]:
                raise InvalidInput("the signature cannot be read")
            drawn = image.convert("RGBA")
    except (binascii.Error, ValueError, OSError, SyntaxError, UnidentifiedImageError):
        raise InvalidInput("the signature cannot be read") from None
    paper = Image.new("RGBA", drawn.size, "white")
    paper.alpha_composite(drawn)
    grey = paper.convert("L")
    if sum(grey.histogram()[:_INK]) < _LEAST_INK:
        raise InvalidInput("the driver has not signed")
    grey.thumbnail(_KEPT)
    kept = io.BytesIO()
    grey.save(kept, "PNG", optimize=True)
    return kept.getvalue()
