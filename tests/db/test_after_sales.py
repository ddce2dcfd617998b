from datetime import UTC, datetime, timedelta

from db.engine import Sessions
from db.shared.after_sales import keep_after_sale
from db.sql import run
from domain.orders.after_sale import AfterSale, AfterSaleKind, AfterSaleStage
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
