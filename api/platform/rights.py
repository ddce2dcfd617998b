"""Who may do what, as one table made from the rules that the guard follows; and whose a shop is."""

from fastapi import APIRouter

from api.deps import Context
from api.errors import Problem
from api.strict import Code, StrictBody
from db.channels.tables import ShopRow
from db.inventory.tables import LocationRow
from db.platform.audit import audit
from domain.platform.permissions import ROLES_OF, Permission, Role
from domain.platform.routes import ROUTES
from domain.shared.errors import MoreThanOwn, UnknownLocation

router = APIRouter(tags=["accounts"])


class Right(StrictBody):
    """`routes` are what the permission opens: method and path."""

    permission: Permission
    roles: list[Role]
    routes: list[str]


class Rights(StrictBody):
    items: list[Right]


class Owner(StrictBody):
    """The dealer, store or region whose shop it is; none = the company's."""

    location_id: Code | None


@router.get("/rights")
async def rights() -> Rights:
    """Every permission with the roles that have it and the routes it opens."""
    return Rights(items=all_rights())


def all_rights() -> list[Right]:
    """In the order of the permissions; what everybody may do, logged in or not, comes first."""
    return [
        Right(
            permission=permission,
            roles=[role for role in Role if role in ROLES_OF.get(permission, frozenset(Role))],
            routes=sorted(route for route, asked in ROUTES.items() if asked is permission),
        )
        for permission in Permission
    ]


@router.put("/shops/{shop_id}/owner", status_code=204)
async def set_owner(shop_id: Code, body: Owner, context: Context) -> None:
    """Say whose shop it is: whoever is limited to that location sees its orders."""
    async with context.sessions.begin() as session:
        shop = await session.get(ShopRow, shop_id, with_for_update=True)
        scope = context.principal.scope
        if shop is None or not (scope.whole or shop_id in scope.shops):
            raise Problem("NotFound", 404)
        if not (scope.whole or (body.location_id and scope.covers(body.location_id))):
            raise MoreThanOwn("the shop would belong to a place that you do not see")
        if body.location_id is not None:
            place = await session.get(LocationRow, body.location_id)
            if place is None or place.kind == "transit":
                raise UnknownLocation("there is no such location")
        before, shop.belongs_to = shop.belongs_to, body.location_id
        await audit(
            session, context.actor, "shop.owner_changed", f"shop/{shop_id}",
            before={"location_id": before}, after={"location_id": body.location_id},
            request_id=context.request_id,
        )  # fmt: skip
