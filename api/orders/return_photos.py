"""Photos of returns over the API."""

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import Base64Bytes, Field
from starlette.responses import Response

from api.deps import Context, SessionsOf, VaultOf
from api.orders.photos import MOST_BYTES, read_photo
from api.strict import Code, StrictBody
from db.orders.return_photos import add_photos, photo_jpeg, photos_of

router = APIRouter(tags=["returns"])

_PICTURE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"image/jpeg": {}}, "description": "The picture, upright"},
}
_LARGE: Final[dict[int | str, dict[str, Any]]] = {413: {"description": "Larger than 26 MB"}}


class PhotoView(StrictBody):
    """Width and height in pixels; `actor` is who sent it, `buyer` for the consumer's page."""

    id: str
    width: int
    height: int
    actor: str
    at: datetime


class PhotoSent(StrictBody):
    """A JPEG, PNG or WebP picture of at most 5 MB, as base64."""

    content: Annotated[Base64Bytes, Field(max_length=MOST_BYTES)]


class PhotosAdded(StrictBody):
    """How many are new; a photo that was kept already counts as none."""

    added: int


@router.get("/returns/{return_no}/photos")
async def list_photos(return_no: Code, sessions: SessionsOf) -> list[PhotoView]:
    """The photos of a return, in the order they came."""
    async with sessions.begin() as session:
        rows = await photos_of(session, return_no)
    return [
        PhotoView(id=row.id, width=row.width, height=row.height, actor=row.actor, at=row.at)
        for row in rows
    ]


@router.post("/returns/{return_no}/photos", responses=_LARGE)
async def send_photo(
    return_no: Code, body: PhotoSent, context: Context, vault: VaultOf
) -> PhotosAdded:
    """Add one photo, five a return at most."""
    photo = await read_photo(body.content)
    async with context.sessions.begin() as session:
        return PhotosAdded(
            added=await add_photos(session, vault, return_no, [photo], context.actor)
        )


@router.get("/returns/{return_no}/photos/{photo_id}", response_class=Response, responses=_PICTURE)
async def get_photo(
    return_no: Code, photo_id: Code, sessions: SessionsOf, vault: VaultOf
) -> Response:
    """One picture, a JPEG."""
    return await picture(sessions, vault, return_no, photo_id)


async def picture(sessions: SessionsOf, vault: VaultOf, return_no: str, photo_id: str) -> Response:
    """Raises ReturnNotFound."""
    async with sessions.begin() as session:
        jpeg = await photo_jpeg(session, vault, return_no, photo_id)
    return Response(jpeg, media_type="image/jpeg", headers={"cache-control": "private, no-store"})
