"""Small worlds for tests."""

from collections.abc import Sequence

from db.engine import Sessions
from db.inventory.tables import LocationRow, SkuRow


async def seed_network(
    sessions: Sessions, locations: Sequence[str] = ("HQ",), skus: Sequence[str] = ("A",)
) -> None:
    """Locations in one province and SKUs of 500 g."""
    async with sessions.begin() as session:
        for number, name in enumerate(locations):
            kind = "hq" if number == 0 else "region"
            session.add(
                LocationRow(
                    id=name,
                    name=name,
                    kind=kind,
                    province="浙江省",
                    city="杭州市",
                    district="余杭区",
                    detail="仓前街道 1 号",
                    division_code="330110",
                    longitude=120.0 + number,
                    latitude=30.3,
                    contact_name="仓库",
                    contact_phone="0571-88888888",
                )
            )
        for code in skus:
            session.add(SkuRow(code=code, name=f"SKU {code}", weight_g=500, price_minor=1000))
