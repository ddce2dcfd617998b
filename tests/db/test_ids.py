import re
from datetime import UTC, datetime
from uuid import UUID

from db.ids import new_id, new_order_no, new_refund_no


def test_ids_are_uuid7_and_sort_by_time() -> None:
    first = new_id("ord")
    while (later := new_id("ord"))[:16] == first[:16]:
        pass

    assert UUID(first.removeprefix("ord_")).version == 7
    assert first < later
    assert len({new_id("x") for _ in range(1000)}) == 1000


def test_an_order_number_starts_with_the_companys_date_and_can_be_read_out() -> None:
    number = new_order_no(datetime(2026, 2, 28, 16, 30, tzinfo=UTC))

    assert re.fullmatch(r"260301-[0-9A-HJKMNP-TV-Z]{7}", number)


def test_a_refund_number_is_one_all_providers_take() -> None:
    now = datetime(2026, 2, 28, 16, 30, tzinfo=UTC)

    assert re.fullmatch(r"RF260301-[0-9A-HJKMNP-TV-Z]{10}", new_refund_no(now))
    assert len({new_refund_no(now) for _ in range(1000)}) == 1000
