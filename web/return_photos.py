"""Photos of a return, for those who decide about it and inspect it."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.deps import Context, SessionsOf, VaultOf
from api.orders.photos import read_photos
from api.orders.return_photos import picture
from db.orders.return_photos import add_photos
from web.consumer_returns import Photos

router = APIRouter(include_in_schema=False)


@router.get("/returns/{return_no}/photos/{photo_id}")
async def photo(return_no: str, photo_id: str, sessions: SessionsOf, vault: VaultOf) -> Response:
    """One picture."""
    return await picture(sessions, vault, return_no, photo_id)


@router.post("/returns/{return_no}/do/photos")
async def send_photos(
    return_no: str,
    request: Request,
    context: Context,
    vault: VaultOf,
    photos: Photos = (),
) -> Response:
    """What the buyer sent by another way."""
    read = await read_photos(photos)
    async with context.sessions.begin() as session:
        await add_photos(session, vault, return_no, read, context.actor)
    return RedirectResponse(f"/returns/{return_no}", 303)
