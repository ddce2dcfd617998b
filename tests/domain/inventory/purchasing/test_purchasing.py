"""Purchase orders: sums close, nothing comes beyond the tolerance, and clocks only move on."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.inventory.purchasing import acts
from domain.inventory.purchasing.acts import AmendedLine, Wish
from domain.inventory.purchasing.acts import PurchaseAction as A
from domain.inventory.purchasing.lifecycle import (
    AGAIN_AFTER,
    PurchaseStep,
    due,
    late_from,
    next_step,
    waits_for,
)
from domain.inventory.purchasing.model import (
    OVER,
    Notice,
    Purchase,
    PurchaseLine,
    SupplierAnswer,
)
from domain.inventory.purchasing.model import PurchaseState as S
from domain.inventory.purchasing.terms import ItemTerms, SupplierCalendar
from domain.shared.errors import ActionNotAllowed, DomainError, InvalidInput, OverReceipt

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
DAY = date(2026, 3, 10)
LATE = late_from(DAY, "Asia/Shanghai")


def purchase(*ordered: int, state: S = S.SENT, tolerance: int = 0) -> Purchase:
    lines = tuple(PurchaseLine(n, f"S{n}", units, 100) for n, units in enumerate(ordered, 1))
    return Purchase("PO1", "acme", state, lines, tolerance, expected_on=DAY, late_at=LATE,
                    sent_at=NOW)  # fmt: skip


def of(action: A, **told: object) -> Callable[[Purchase], Purchase]:
    return lambda one: acts.plan(one, Wish(action, **told)).after  # type: ignore[arg-type]


def wanted(units: dict[int, int]) -> tuple[AmendedLine, ...]:
    """Other units of lines; line 0 is a new one."""
    return tuple(AmendedLine(n, f"S{n}" if n else "new", count) for n, count in units.items())


ACTS = st.one_of(
    st.sampled_from([of(action) for action in A]),
    st.builds(lambda limit: of(A.SUBMIT, limit_minor=limit), st.integers(0, 20_000)),
    st.builds(
        lambda units: of(A.ANSWER, units=units),
        st.dictionaries(st.integers(1, 3), st.integers(0, 60), max_size=3),
    ),
    st.builds(
        lambda units: lambda one: acts.receive(one, units),
        st.dictionaries(st.integers(1, 3), st.integers(-20, 70), min_size=1, max_size=3),
    ),
    st.builds(
        lambda units: of(A.AMEND, lines=wanted(units)),
        st.dictionaries(st.integers(0, 3), st.integers(1, 60), min_size=1, max_size=4),
    ),
    st.sampled_from([acts.sent, acts.closed, lambda one: acts.told(one, one.revision)]),
)


@given(
    st.lists(st.integers(1, 50), min_size=1, max_size=3),
    st.integers(0, 30),
    st.lists(ACTS, max_size=25),
)
def test_whatever_happens_sums_close_and_nothing_comes_beyond_the_tolerance(
    ordered: list[int], tolerance: int, story: list[Callable[[Purchase], Purchase]]
) -> None:
    one = purchase(*ordered, state=S.DRAFT, tolerance=tolerance)
    for act in story:
        before = one
        try:
            one = act(one)
        except DomainError:
            continue
        assert one.told_revision <= one.revision
        assert not one.is_amended or waits_for(one) == ("" if one.state in OVER else "sending")
        assert before.state not in OVER or one == before, "what is over stays as it is"
        for line in one.lines:
            assert 0 <= line.received <= line.ordered * (100 + tolerance) // 100
            assert line.open == max(line.ordered - line.cancelled - line.received, 0)
            assert line.acknowledged is None or 0 <= line.acknowledged <= line.ordered
        if one.state in OVER | {S.RECEIVED}:
            assert all(line.received + line.cancelled >= line.ordered for line in one.lines)
        if one.state is S.CANCELLED:
            assert one.received_units == 0
        if one.state is S.PARTLY_RECEIVED:
            assert one.received_units > 0
            assert one.open_units > 0
        assert (one.answer is SupplierAnswer.PARTLY) <= any(line.short for line in one.lines)


@given(st.lists(ACTS, max_size=15), st.integers(0, 90))
def test_what_it_waits_for_is_always_said_and_its_clock_can_be_set(
    story: list[Callable[[Purchase], Purchase]], days: int
) -> None:
    one = purchase(10, 20, state=S.DRAFT)
    for act in story:
        try:
            one = act(one)
        except DomainError:
            continue
    one = replace(one, received_at=NOW if one.state is S.RECEIVED else None)
    told = replace(one, waits=waits_for(one), due_at=due(one))
    assert (waits_for(one) == "") == (one.state in OVER)
    step = next_step(told, NOW + timedelta(days=days))
    assert step is not PurchaseStep.MOVE_ON
    assert (step is PurchaseStep.END) == (one.state in OVER and one.notice is not Notice.WANTED)


def test_more_than_the_tolerance_is_refused_in_words_for_people() -> None:
    one = purchase(100, 7, tolerance=10)
    assert acts.receive(one, {1: 110}).lines[0].received == 110
    with pytest.raises(OverReceipt, match=r"line 1 \(S1\): 111 units .* at most 110 may"):
        acts.receive(one, {1: 111})
    with pytest.raises(OverReceipt):  # 10 % of 7 is no whole unit
        acts.receive(one, {2: 8})
    with pytest.raises(InvalidInput):
        acts.receive(one, {3: 1})
    with pytest.raises(InvalidInput):
        acts.receive(one, {1: -1})


def test_a_receipt_that_is_taken_back_opens_the_order_again() -> None:
    full = acts.receive(purchase(10), {1: 10})
    assert full.state is S.RECEIVED
    assert acts.receive(full, {1: -4}).state is S.PARTLY_RECEIVED
    assert acts.receive(full, {1: -10}).state is S.SENT
    with pytest.raises(ActionNotAllowed):
        acts.receive(acts.closed(full), {1: 1})


def test_above_the_limit_a_second_person_is_asked() -> None:
    draft = purchase(10, state=S.DRAFT)
    assert acts.plan(draft, Wish(A.SUBMIT, limit_minor=1000)).after.state is S.APPROVED
    waiting = acts.plan(draft, Wish(A.SUBMIT, limit_minor=999))
    assert waiting.after.state is S.AWAITING_APPROVAL
    assert [effect.kind for effect in waiting.effects] == ["asks_approval"]


def test_what_the_supplier_may_know_is_told_when_it_is_cancelled() -> None:
    told = {
        state: acts.plan(purchase(5, state=state), Wish(A.CANCEL)).after.notice
        for state in (S.DRAFT, S.APPROVED, S.SENT, S.ACKNOWLEDGED)
    }
    assert told == {S.DRAFT: Notice.NONE, S.APPROVED: Notice.WANTED, S.SENT: Notice.WANTED,
                    S.ACKNOWLEDGED: Notice.WANTED}  # fmt: skip
    partly = acts.receive(purchase(5), {1: 3})
    with pytest.raises(ActionNotAllowed):
        acts.plan(partly, Wish(A.CANCEL))
    short = acts.plan(partly, Wish(A.CLOSE)).after
    assert (short.state, short.lines[0].cancelled, short.notice) == (S.CLOSED, 2, Notice.WANTED)


def test_it_is_reminded_of_before_the_day_then_late_then_again() -> None:
    one = acts.plan(purchase(5), Wish(A.ANSWER)).after
    late = LATE
    assert late == datetime(2026, 3, 10, 16, tzinfo=UTC)  # the 11th begins in Shanghai
    told = [due(replace(one, reminders=n)) for n in range(4)]
    assert told == [late - timedelta(days=3), late, late + AGAIN_AFTER, late + 2 * AGAIN_AFTER]
    assert due(purchase(5)) == NOW + timedelta(hours=48)


def test_a_refusal_waits_for_a_decision_and_no_clock_runs() -> None:
    refused = acts.plan(purchase(5, 6), Wish(A.ANSWER, units={1: 0, 2: 0})).after
    assert (refused.answer, waits_for(refused), due(refused)) == ("refused", "decision", None)
    partly = acts.plan(purchase(5, 6), Wish(A.ANSWER, units={1: 0})).after
    assert (partly.answer, [line.short for line in partly.lines]) == ("partly", [5, 0])


@given(
    st.builds(ItemTerms, st.just("S"), st.just(1), st.integers(1, 500), st.integers(1, 60),
              st.integers(1, 60)),
    st.integers(0, 2000),
)  # fmt: skip
def test_what_may_be_ordered_is_enough_in_whole_steps_and_no_step_too_much(
    terms: ItemTerms, units: int
) -> None:
    best = terms.orderable(units)
    assert best % terms.multiple == best % terms.case_pack == 0
    assert best >= units
    assert (best == 0) == (units == 0)
    if units:
        assert best >= terms.moq
        assert best - terms.step < max(units, terms.moq)


def test_holidays_and_order_days_move_the_day_goods_are_here() -> None:
    monday = date(2026, 3, 2)
    assert SupplierCalendar().here_on(monday, 3) == date(2026, 3, 5)
    tuesdays = SupplierCalendar("2")
    assert tuesdays.here_on(monday, 3) == date(2026, 3, 6)
    holiday = SupplierCalendar("2", frozenset({date(2026, 3, 3), date(2026, 3, 11)}))
    assert holiday.here_on(monday, 3) == date(2026, 3, 14)


def test_an_amendment_says_what_changes_and_asks_only_for_what_costs_more() -> None:
    one = replace(purchase(100, 7), answer=SupplierAnswer.ACCEPTED)
    lines = (AmendedLine(1, "S1", 80), AmendedLine(0, "new", 5, 400))
    plan = acts.plan(one, Wish(A.AMEND, lines=lines, limit_minor=9_999, budget_minor=0))
    assert [(e.kind, e.units, e.text) for e in plan.effects] == [
        ("takes_off", 20, "S1"), ("drops", 0, "S2"), ("adds", 5, "new"), ("amends", 2, ""),
    ]  # fmt: skip
    after = plan.after
    assert (after.total_minor, after.revision, after.answer, waits_for(after)) == (
        10_000, 2, SupplierAnswer.NONE, "sending",
    )  # fmt: skip
    assert [(line.ordered, line.open, line.dropped) for line in after.lines] == [
        (80, 80, False), (7, 0, True), (5, 5, False),
    ]  # fmt: skip
    more = (AmendedLine(1, "S1", 101), AmendedLine(2, "S2", 7))
    for limits in ({"limit_minor": 10_799}, {"budget_minor": 99}):
        asked = acts.plan(one, Wish(A.AMEND, lines=more, **limits))  # type: ignore[arg-type]
        assert (asked.asks, asked.after) == (True, one)
    alone = acts.plan(one, Wish(A.AMEND, lines=more, limit_minor=10_800, budget_minor=100))
    assert alone.after.revision == 2
    same = (AmendedLine(1, "S1", 100), AmendedLine(2, "S2", 7))
    for wrong in (same, (), (AmendedLine(9, "S9", 1),), (AmendedLine(1, "S2", 1),)):
        with pytest.raises(InvalidInput):
            acts.plan(one, Wish(A.AMEND, lines=wrong))
    with pytest.raises(ActionNotAllowed):
        acts.plan(acts.receive(one, {1: 1}), Wish(A.AMEND, lines=lines))
