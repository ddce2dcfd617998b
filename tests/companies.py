"""A company of two regions with a dealer each, and an order for every way to belong to somebody."""

from typing import Final

from db.channels.tables import ShopRow
from db.engine import Sessions
from db.ids import new_id
from db.inventory.tables import LocationRow
from db.platform.accounts import Accounts
from db.platform.scopes import limit, scope_of
from db.sql import run
from domain.platform.permissions import Role
from domain.platform.scopes import Limit, Scope
from tests.api.orders.world import seed_order, seed_shipment, seed_shop

# id, kind, the location above
PLACES: Final = (
    ("R1", "region", "HQ"),
    ("R2", "region", "HQ"),
    ("D1", "dealer", "R1"),
    ("D2", "dealer", "R2"),
)
# number of the order → its shop, and where it leaves from
ORDERS: Final = {
    "1": ("mini", "HQ"),
    "2": ("mini", "D1"),
    "3": ("mini", "D2"),
    "4": ("own-d1", "HQ"),  # a shop of the first dealer, served by headquarters
    "5": ("mini", "R1"),
}


async def seed_company(sessions: Sessions) -> None:
    """HQ above S1, R1 and R2, with D1 and D2 below those; five orders with a shipment each."""
    await seed_shop(sessions)
    async with sessions.begin() as session:
        for id, kind, above in PLACES:
            session.add(LocationRow(id=id, name=id, kind=kind, parent_id=above))
            await session.flush()
        session.add(
            ShopRow(id="own-d1", channel="own", external_id="own-d1", name="D1", belongs_to="D1")
        )
    for number, (shop, place) in ORDERS.items():
        await seed_order(sessions, number)
        async with sessions.begin() as session:
            await run(
                session, "UPDATE sales_order SET shop_id = :shop WHERE no = :no",
                shop=shop, no=f"O-{number}",
            )  # fmt: skip
        await seed_shipment(sessions, number, location=place)


async def scope_for(sessions: Sessions, role: Role, *limits: Limit) -> Scope:
    """What somebody of this role with these limits sees."""
    async with sessions.begin() as session:
        account = await Accounts(session).add(new_id("p"), "P", "seven-blue-kettles-91", [role])
        await limit(session, "account", account, limits)
        return await scope_of(session, "account", account, frozenset({role}))
