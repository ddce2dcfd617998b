"""What is possible with an order at the desk, and what words on it look like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.desk import (
    HOLDABLE,
    LONGEST_NOTE,
    LONGEST_TAG,
    MOST_TAGS,
    BulkAction,
    Deed,
    Obstacle,
    Standing,
    note_text,
    obstacle,
    tag_name,
)
from domain.orders.order import NOT_RELEASED_BY_HAND, HoldKind, OrderStatus
from domain.shared.errors import InvalidInput

HOLD = Deed(BulkAction.HOLD, reason="call")
STATUS = st.sampled_from(OrderStatus)
HOLDS = st.frozensets(st.sampled_from(HoldKind))


@pytest.mark.parametrize(
    ("status", "holds", "why"),
    [
        ("received", (), None),
        ("in_fulfilment", ("risk",), None),
        ("on_hold", ("manual",), "held_already"),
        ("shipped", (), "has_left"),
        ("delivered", (), "has_left"),
        ("completed", (), "closed"),
        ("cancelled", ("manual",), "closed"),
    ],
)
def test_an_order_is_held_once_and_before_it_leaves(
    status: str, holds: tuple[str, ...], why: str | None
) -> None:
    assert obstacle(HOLD, Standing(OrderStatus(status), frozenset(holds))) == why


@given(STATUS, HOLDS, st.sampled_from(HoldKind))
def test_a_hold_is_released_where_it_is_and_a_person_may(
    status: OrderStatus, holds: frozenset[HoldKind], kind: HoldKind
) -> None:
    release = Deed(BulkAction.RELEASE, kind, reason="paid")

    may = obstacle(release, Standing(status, holds)) is None

    assert may == (not status.is_closed and kind in holds and kind not in NOT_RELEASED_BY_HAND)


@given(STATUS, HOLDS)
def test_what_can_be_held_can_be_released_after_it(
    status: OrderStatus, holds: frozenset[HoldKind]
) -> None:
    if obstacle(HOLD, Standing(status, holds)) is None:
        assert status in HOLDABLE
        held = Standing(status, holds | {HoldKind.MANUAL})
        assert obstacle(Deed(BulkAction.RELEASE, reason="ok"), held) is None


def test_tags_go_on_once_and_not_without_end() -> None:
    put_on, take_off = Deed(BulkAction.TAG, tag="vip"), Deed(BulkAction.UNTAG, tag="vip")
    bare = Standing(OrderStatus.COMPLETED)
    marked = Standing(OrderStatus.COMPLETED, tags={"vip"})
    full = Standing(OrderStatus.COMPLETED, tags={str(n) for n in range(MOST_TAGS)})

    assert obstacle(put_on, bare) is None
    assert obstacle(put_on, marked) is Obstacle.TAGGED_ALREADY
    assert obstacle(put_on, full) is Obstacle.TOO_MANY_TAGS
    assert obstacle(take_off, marked) is None
    assert obstacle(take_off, bare) is Obstacle.NOT_TAGGED


@pytest.mark.parametrize("deed", ["hold", "release"])
def test_a_decision_that_stops_or_starts_orders_has_a_reason(deed: str) -> None:
    with pytest.raises(InvalidInput):
        Deed(BulkAction(deed), reason=" ")


def test_a_tag_is_one_short_line() -> None:
    assert tag_name("  催单   VIP ") == "催单 VIP"
    for typed in ("", "  ", "x" * (LONGEST_TAG + 1), "a\x00b", "\u202eabc"):
        with pytest.raises(InvalidInput):
            tag_name(typed)


@given(st.text())
def test_a_note_is_kept_as_it_was_typed_or_refused(typed: str) -> None:
    try:
        kept = note_text(typed)
    except InvalidInput:
        assert not typed.strip() or len(typed) > LONGEST_NOTE // 4
    else:
        assert kept == note_text(kept)
        assert 1 <= len(kept) <= LONGEST_NOTE
