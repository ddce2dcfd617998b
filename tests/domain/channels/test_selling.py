"""What a channel may sell never is more than there is, and a rule only ever makes it less."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.channels.selling import (
    LARGEST_COUNT,
    Reading,
    SellRule,
    Why,
    explained,
    judge_reading,
    kits,
    sellable,
    sells_from,
)
from domain.shared.errors import InvalidInput

counts = st.integers(0, 10_000)
rules = st.builds(
    SellRule,
    allowed=st.booleans(),
    buffer=counts,
    threshold=counts,
    share_percent=st.integers(0, 100),
    most=st.none() | counts,
)
available = st.integers(-10_000, 100_000)


@given(rules, available)
def test_nothing_is_offered_that_is_not_there(rule: SellRule, free: int) -> None:
    assert 0 <= sellable(rule, free) <= max(free - rule.buffer, 0)


@given(rules, available, st.integers(0, 1000))
def test_more_stock_never_offers_less(rule: SellRule, free: int, more: int) -> None:
    assert sellable(rule, free + more) >= sellable(rule, free)


@given(rules, available)
def test_a_forbidden_product_is_never_offered(rule: SellRule, free: int) -> None:
    assert sellable(rule.over({"allowed": False}), free) == 0


@pytest.mark.parametrize(
    ("rule", "free", "offered"),
    [
        (SellRule(), 7, 7),
        (SellRule(buffer=2), 7, 5),
        (SellRule(threshold=5), 4, 0),
        (SellRule(threshold=5), 5, 5),
        (SellRule(buffer=3, threshold=5), 7, 0),
        (SellRule(share_percent=50), 7, 3),
        (SellRule(most=4), 7, 4),
        (SellRule(buffer=1, share_percent=50, most=2), 7, 2),
        (SellRule(), -3, 0),
        (SellRule(), 10**9, LARGEST_COUNT),
    ],
)
def test_rules_work_as_people_mean_them(rule: SellRule, free: int, offered: int) -> None:
    assert sellable(rule, free) == offered


@given(st.lists(st.tuples(st.integers(-50, 500), st.integers(1, 12)), min_size=1, max_size=5))
def test_a_kit_is_as_many_as_its_scarcest_part_allows(parts: list[tuple[int, int]]) -> None:
    made = kits(parts)

    assert all(made * factor <= max(free, 0) for free, factor in parts)
    assert made == 0 or any((made + 1) * factor > free for free, factor in parts)


def test_a_products_own_rule_goes_before_the_shops_and_none_means_as_there() -> None:
    shop = SellRule(buffer=5, share_percent=50)

    own = shop.over({"buffer": 0, "share_percent": None, "most": 9})

    assert own == SellRule(buffer=0, share_percent=50, most=9)


@pytest.mark.parametrize(
    "wrong", [{"buffer": -1}, {"most": -1}, {"share_percent": 101}, {"threshold": 10**7}]
)
def test_a_rule_that_means_nothing_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidInput):
        SellRule().over(wrong)


@pytest.mark.parametrize(
    ("told", "read", "before", "reading"),
    [
        (5, 5, None, Reading.IN_STEP),
        (5, 4, None, Reading.SOLD),
        (5, 3, 4, Reading.SOLD),
        (5, 4, 4, Reading.DRIFT),
        (5, 6, None, Reading.DRIFT),
        (0, 1, None, Reading.DRIFT),
    ],
)
def test_a_lower_count_is_a_sale_unless_it_stands_still(
    told: int, read: int, before: int | None, reading: Reading
) -> None:
    assert judge_reading(told, read, before) is reading


@given(rules, available)
def test_every_step_of_an_explanation_takes_away(rule: SellRule, free: int) -> None:
    steps = explained(rule, free)

    assert (steps[0].why, steps[0].units) == (Why.FREE, max(free, 0))
    assert [step.units for step in steps] == sorted((s.units for s in steps), reverse=True)
    assert steps[-1].units == sellable(rule, free) >= 0
    assert len({step.why for step in steps}) == len(steps)


def test_an_explanation_says_what_made_the_offer() -> None:
    rule = SellRule(buffer=10, threshold=5, share_percent=50, most=30)

    def told(free: int) -> list[tuple[str, int]]:
        return [(step.why, step.units) for step in explained(rule, free)]

    assert told(100) == [("free", 100), ("buffer", 90), ("share", 45), ("most", 30)]
    assert told(14) == [("free", 14), ("buffer", 4), ("threshold", 0)]
    assert told(8) == [("free", 8), ("buffer", 0), ("share", 0)]
    assert [s.why for s in explained(SellRule(allowed=False), 9)] == ["free", "not_sold"]


TREE = {"HQ": None, "EAST": "HQ", "S1": "EAST", "S2": "EAST", "WEST": "HQ"}


def test_the_nearest_word_about_a_place_counts() -> None:
    assert sells_from({}, TREE) == set(TREE)
    assert sells_from({"EAST": False}, TREE) == {"HQ", "WEST"}
    assert sells_from({"EAST": True}, TREE) == {"EAST", "S1", "S2"}
    assert sells_from({"EAST": True, "S1": False}, TREE) == {"EAST", "S2"}
    assert sells_from({"HQ": False, "S2": True}, TREE) == {"S2"}


@given(st.dictionaries(st.sampled_from(sorted(TREE)), st.booleans()))
def test_a_shop_sells_from_every_place_it_was_told_to_and_from_none_it_was_told_not_to(
    said: dict[str, bool],
) -> None:
    found = sells_from(said, TREE)

    assert {place for place, sells in said.items() if sells} <= found
    assert not {place for place, sells in said.items() if not sells} & found
    assert found <= set(TREE)
