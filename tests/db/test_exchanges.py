"""What is wanted instead: known, asked for once, and at a price that somebody agreed to."""

import pytest

from db.engine import Sessions
from db.orders.exchanges import WantedLine, priced
from db.sql import run
from domain.shared.errors import InvalidInput
from tests.seeds import seed_network


@pytest.mark.parametrize(
    ("currency", "asked"),
    [
        ("CNY", [WantedLine("A", 1, 100), WantedLine("A", 2, 100)]),
        ("CNY", [WantedLine("Z", 1, 100)]),
        ("USD", [WantedLine("A", 1)]),
        ("CNY", [WantedLine("A", 1, 0)]),
    ],
    ids=["twice", "unknown", "no price in this currency", "for nothing"],
)
async def test_what_cannot_be_priced_is_refused(
    currency: str, asked: list[WantedLine], sessions: Sessions
) -> None:
    await seed_network(sessions, locations=("HQ",), skus=("A", "B"))
    async with sessions.begin() as session:
        await run(session, "UPDATE sku SET price_minor = 1000, currency = 'CNY'")
        with pytest.raises(InvalidInput):
            await priced(session, currency, asked)


async def test_a_price_is_what_it_is_sold_for_unless_another_was_agreed(
    sessions: Sessions,
) -> None:
    await seed_network(sessions, locations=("HQ",), skus=("A", "B"))
    async with sessions.begin() as session:
        await run(session, "UPDATE sku SET price_minor = 1000, currency = 'CNY'")
        wanted, below = await priced(session, "CNY", [WantedLine("A", 2), WantedLine("B", 3, 900)])
    assert [(one.sku, one.price_minor) for one in wanted] == [("A", 2000), ("B", 2700)]
    assert below == 300
