"""Orders bring the numbers that the stock calls of their channels want."""

import json

import pytest

from domain.orders.snapshot import LineKind, OrderSnapshot
from integrations.marketplaces.lines import told_ids
from integrations.marketplaces.registry import STOCKED
from tests.integrations.marketplaces.readers import READERS
from tests.integrations.marketplaces.whole_messages import WHOLE

# What the stock call of each channel cannot do without, and what it takes besides.
NUMBERS: dict[str, tuple[str, set[str]]] = {
    "top": ("num_iid", {"sku_id"}),
    "jd": ("sku_id", set()),
    "pdd": ("goods_id", {"sku_id"}),
    "douyin": ("product_id", {"sku_id"}),
    "wechat": ("product_id", {"sku_id"}),
    "shopify": ("variant_id", set()),
    "woocommerce": ("product_id", {"variation_id"}),
}


@pytest.mark.parametrize("channel", STOCKED)
def test_every_line_of_goods_names_what_was_sold(channel: str) -> None:
    snapshot = READERS[channel](json.dumps(WHOLE[channel]).encode())

    assert isinstance(snapshot, OrderSnapshot)
    goods = [line for line in snapshot.lines if line.kind is LineKind.GOODS]
    needed, besides = NUMBERS[channel]
    assert goods
    for line in goods:
        assert needed in line.listing_ids, line.external_line_no
        assert set(line.listing_ids) <= {needed} | besides


def test_what_is_told_no_stock_names_nothing() -> None:
    snapshot = READERS["own"](json.dumps(WHOLE["own"]).encode())

    assert isinstance(snapshot, OrderSnapshot)
    assert not any(line.listing_ids for line in snapshot.lines)


def test_numbers_that_say_nothing_are_not_told() -> None:
    assert told_ids(goods_id="7", sku_id="0", other="") == {"goods_id": "7"}
