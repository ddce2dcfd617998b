"""Photos of a return: sealed like everything that may show a person, each kept once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.keys import OrderKey, order_key
from db.orders.returns import lock_return, tell
from db.sql import run
from db.vault import Vault, photo_context
from domain.shared.errors import ReturnClosed, ReturnNotFound, TooManyPhotos

MOST_PHOTOS: Final = 5
_DIGESTS: Final = "return photos"

_KEPT: Final = "SELECT place, digest FROM return_photo WHERE return_no = :return_no"
_KEEP: Final = """
INSERT INTO return_photo (id, return_no, place, sealed, digest, width, height, actor)
VALUES (:id, :return_no, :place, :sealed, :digest, :width, :height, :actor)
"""
_OF: Final = """
SELECT id, place, width, height, actor, at FROM return_photo
WHERE return_no = :return_no ORDER BY place
"""
_ONE: Final = """
SELECT p.sealed, r.order_id FROM return_photo p JOIN sales_return r USING (return_no)
WHERE p.return_no = :return_no AND p.id = :id
"""


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture as it was sent, and the JPEG that is kept of it; sizes in pixels."""

    sent: bytes
    jpeg: bytes
    width: int
    height: int


async def add_photos(
    session: AsyncSession, vault: Vault, return_no: str, photos: Sequence[Photo], actor: str
) -> int:
    """Keep those that are new, and say how many. Raises ReturnNotFound, ReturnClosed,
    TooManyPhotos: then none of them is kept."""
    row = await lock_return(session, return_no)
    if row.outcome:
        raise ReturnClosed(f"return {return_no} is over")
    key = await order_key(session, vault, row.order_id)
    kept = await run(session, _KEPT, return_no=return_no)
    known, place = {one.digest for one in kept}, max((one.place for one in kept), default=0)
    added = 0
    for photo in photos:
        digests = key.digests(photo.sent, _DIGESTS)
        if not known.isdisjoint(digests):
            continue
        place += 1
        if place > MOST_PHOTOS:
            raise TooManyPhotos(f"at most {MOST_PHOTOS} photos")
        await _keep(session, key, return_no, place, digests[0], photo, actor)
        known.add(digests[0])
        added += 1
    if added:
        told = {"return_no": return_no, "photos": str(added)}
        await tell(session, row.order_id, return_no, "return_photos", told, actor)
    return added


async def _keep(
    session: AsyncSession,
    key: OrderKey,
    return_no: str,
    place: int,
    digest: str,
    photo: Photo,
    actor: str,
) -> None:
    photo_id = new_id("pho")
    sealed = key.seal(photo.jpeg, photo_context(photo_id))
    await run(
        session, _KEEP, id=photo_id, return_no=return_no, place=place, sealed=sealed,
        digest=digest, width=photo.width, height=photo.height, actor=actor,
    )  # fmt: skip


async def photos_of(session: AsyncSession, return_no: str) -> Sequence[Row[Any]]:
    """What photos there are, in the order they came."""
    return await run(session, _OF, return_no=return_no)


async def photo_jpeg(session: AsyncSession, vault: Vault, return_no: str, photo_id: str) -> bytes:
    """The picture. Raises ReturnNotFound where the return has no such photo, PersonErased,
    CannotOpen."""
    rows = await run(session, _ONE, return_no=return_no, id=photo_id)
    if not rows:
        raise ReturnNotFound("the return has no such photo")
    key = await order_key(session, vault, rows[0].order_id)
    return key.open(bytes(rows[0].sealed), photo_context(photo_id))
