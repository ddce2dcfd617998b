from dataclasses import replace
from datetime import UTC, datetime, timedelta

from db.engine import Sessions
from db.orders.words import of_case
from db.shared.after_sales import keep_after_sale, take_after_sale
from db.sql import run
from domain.orders.after_sale import AfterSale, AfterSaleKind, AfterSaleStage
from tests.e2e import canaries
from tests.people import VAULT, said
from tests.shops import seed_shops

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)


def case(stage: AfterSaleStage, minutes: int) -> AfterSale:
    return AfterSale(
        "A-1", "R-1", AfterSaleKind.RETURN, stage, stage.upper(), AT + timedelta(minutes=minutes),
        amount_minor=1200, external_line_nos=("1", "2"),
    )  # fmt: skip


async def test_the_newest_version_of_a_case_counts_however_often_and_late_others_come(
    web_sessions: Sessions,
) -> None:
    await seed_shops(web_sessions)
    told = [
        (case(AfterSaleStage.REQUESTED, 0), True),
        (case(AfterSaleStage.DONE, 9), True),
        (case(AfterSaleStage.AGREED, 5), False),
        (case(AfterSaleStage.DONE, 9), False),
    ]

    for one, is_news in told:
        async with web_sessions.begin() as session:
            assert await keep_after_sale(session, "own", "own-1", one) is is_news

    async with web_sessions.begin() as session:
        rows = await run(
            session,
            "SELECT external_no, stage, vendor_status, amount_minor, external_line_nos"
            " FROM after_sale",
        )
    assert [tuple(row) for row in rows] == [("A-1", "done", "DONE", 1200, ["1", "2"])]


async def test_the_words_of_a_case_are_sealed_for_its_order_also_when_it_came_first(
    web_sessions: Sessions, database_url: str
) -> None:
    await seed_shops(web_sessions)
    told = replace(case(AfterSaleStage.REQUESTED, 0), reason="白头翁说不想要了")

    async with web_sessions.begin() as session:
        assert await take_after_sale(session, VAULT, "own", "own-1", told)

    assert canaries.in_tables(database_url, [told.reason]) == []
    words = await said(web_sessions, of_case("own", "own-1", told.after_sale_no))
    assert words == {"reason": told.reason}
