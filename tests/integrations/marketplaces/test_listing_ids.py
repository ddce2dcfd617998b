"""Orders bring the numbers that the stock calls of their channels want."""

import json

import pytest

from domain.orders.snapshot import OrderSnapshot
from integrations.marketplaces.lines import told_ids
from tests.integrations.marketplaces.readers import READERS
from tests.integrations.marketplaces.whole_messages import WHOLE


@pytest.mark.parametrize(
    ("channel", "names"),
    [
        ("top", {"num_iid", "sku_id"}),
        ("jd", {"sku_id"}),
        ("pdd", {"goods_id", "sku_id"}),
        ("douyin", {"product_id", "sku_id"}),
        ("wechat", {"product_id", "sku_id"}),
        ("own", set()),
    ],
)
def test_every_line_of_goods_names_what_was_sold(channel: str, names: set[str]) -> None:
    snapshot = READERS[channel](json.dumps(WHOLE[channel]).encode())

    assert isinstance(snapshot, OrderSnapshot)
    told = {name for line in snapshot.lines for name in line.listing_ids}
    assert told <= names
    assert bool(told) is bool(names)


def test_numbers_that_say_nothing_are_not_told() -> None:
    assert told_ids(goods_id="7", sku_id="0", other="") == {"goods_id": "7"}
