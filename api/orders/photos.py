"""Photos that people send: told apart by their content, and drawn anew before anything keeps them.

What is kept is a new JPEG of the visible picture alone: no place, camera, name or hidden content of
the file that was sent.
"""

import asyncio
from collections.abc import Sequence
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps
from starlette.datastructures import UploadFile

from db.orders.return_photos import MOST_PHOTOS, Photo
from domain.shared.errors import TooManyPhotos, UnreadablePhoto

MOST_BYTES: Final = 5 * 1024 * 1024  # of one file
_KINDS: Final = ("JPEG", "PNG", "WEBP")
_MOST_PIXELS: Final = 50_000_000  # a small file can claim any number
_SIDE: Final = 1600
_QUALITY: Final = 85


async def read_photos(files: Sequence[UploadFile]) -> list[Photo]:
    """What a form sent, five at a time; a field that was left empty is none.

    Raises UnreadablePhoto, TooManyPhotos.
    """
    sent = [file for file in files if file.filename or file.size]
    if len(sent) > MOST_PHOTOS:
        raise TooManyPhotos(f"at most {MOST_PHOTOS} photos")
    return [await read_photo(await file.read(MOST_BYTES + 1)) for file in sent]


async def read_photo(content: bytes) -> Photo:
    """A picture of at most 5 MB; drawing it holds nobody up. Raises UnreadablePhoto."""
    if len(content) > MOST_BYTES:
        raise UnreadablePhoto("a photo has at most 5 MB")
    return await asyncio.to_thread(drawn_anew, content)


def drawn_anew(content: bytes) -> Photo:
    """The picture, upright, at most 1600 pixels wide and high. Raises UnreadablePhoto."""
    try:
        with Image.open(BytesIO(content), formats=_KINDS) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise UnreadablePhoto("a photo has at most 50 million pixels")
            image.draft("RGB", (_SIDE, _SIDE))
            image.load()
            upright = ImageOps.exif_transpose(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UnreadablePhoto("this is no JPEG, PNG or WebP picture") from error
    upright.thumbnail((_SIDE, _SIDE))
    canvas = Image.new("RGB", upright.size, "white")
    solid = upright.convert("RGBA")
    canvas.paste(solid, mask=solid)
    out = BytesIO()
    canvas.save(out, "JPEG", quality=_QUALITY)
    return Photo(content, out.getvalue(), canvas.width, canvas.height)
