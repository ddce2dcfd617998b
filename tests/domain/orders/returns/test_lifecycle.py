"""Where a return stands and what happens next, from its facts alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.returns.approval import Doubt, Request, doubts
from domain.orders.returns.lifecycle import (
    ReturnStep,
    ending_of,
    needs_person,
    next_step,
    status_of,
    waits_for,
    wake_at,
)
from domain.orders.returns.model import (
    Decision,
    Outcome,
    ReturnKind,
    ReturnPolicy,
    ReturnReason,
    ReturnState,
    ReturnStatus,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
ASKED = ReturnState("R1", "o1", ReturnKind.RETURN, judged=True, due_at=LATER)
APPROVED = replace(ASKED, decision=Decision.APPROVED, status=ReturnStatus.APPROVED)
RECEIVED = replace(APPROVED, received_units=2, status=ReturnStatus.RECEIVED)
INSPECTED = replace(RECEIVED, inspected_units=2, status=ReturnStatus.INSPECTED)
SETTLED = replace(INSPECTED, settled=True, planned_minor=100, status=ReturnStatus.REFUNDING)


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (replace(ASKED, judged=False), ReturnStep.JUDGE),
        (ASKED, ReturnStep.WAIT),
        (replace(ASKED, due_at=NOW), ReturnStep.ESCALATE),
        (replace(ASKED, due_at=NOW, clock_stopped=True), ReturnStep.WAIT),
        (replace(ASKED, due_at=NOW, escalated=True), ReturnStep.WAIT),
        (replace(ASKED, warn_at=NOW), ReturnStep.WARN),
        (replace(ASKED, warn_at=NOW, clock_stopped=True), ReturnStep.WAIT),
        (replace(ASKED, warn_at=NOW, due_at=NOW), ReturnStep.ESCALATE),
        (replace(ASKED, decision=Decision.APPROVED), ReturnStep.MOVE_ON),
        (replace(ASKED, decision=Decision.REJECTED), ReturnStep.CLOSE),
        (replace(APPROVED, decision=Decision.WITHDRAWN), ReturnStep.CLOSE),
        (replace(APPROVED, to_tell="agree"), ReturnStep.TELL_CHANNEL),
        (replace(APPROVED, due_at=NOW), ReturnStep.EXPIRE),
        (replace(APPROVED, sent=True), ReturnStep.MOVE_ON),
        (replace(RECEIVED, due_at=NOW), ReturnStep.ESCALATE),
        (INSPECTED, ReturnStep.SETTLE),
        (replace(INSPECTED, refused_units=1), ReturnStep.WAIT),
        (replace(INSPECTED, refused_units=1, settle_decided=True), ReturnStep.SETTLE),
        (replace(INSPECTED, reopened=True), ReturnStep.WAIT),
        (replace(INSPECTED, decision=Decision.REJECTED), ReturnStep.WAIT),
        (replace(SETTLED, refund_running=True), ReturnStep.WAIT),
        (replace(SETTLED, rest_minor=100), ReturnStep.PAY_BY_HAND),
        (replace(SETTLED, rest_minor=100, pays_channel=True), ReturnStep.WAIT),
        (replace(SETTLED, rest_minor=9, pays_channel=True, channel_done=True), ReturnStep.CLOSE),
        (SETTLED, ReturnStep.CLOSE),
        (replace(SETTLED, outcome=Outcome.REFUNDED), ReturnStep.END),
        (replace(ASKED, outcome=Outcome.REJECTED, to_tell="refuse"), ReturnStep.TELL_CHANNEL),
    ],
)
def test_the_next_step_follows_from_the_facts(state: ReturnState, step: ReturnStep) -> None:
    assert next_step(state, NOW) is step


def test_a_return_without_goods_is_paid_as_soon_as_it_is_approved() -> None:
    money = replace(ASKED, kind=ReturnKind.REFUND_ONLY, decision=Decision.APPROVED)

    assert status_of(money) is ReturnStatus.INSPECTED
    assert next_step(replace(money, status=ReturnStatus.INSPECTED), NOW) is ReturnStep.SETTLE


def test_nothing_paid_is_no_refund() -> None:
    assert ending_of(replace(SETTLED, planned_minor=0)) is Outcome.NOTHING_DUE


def test_the_clock_stops_while_the_buyer_is_asked() -> None:
    stopped = replace(ASKED, clock_stopped=True)

    assert wake_at(stopped) is None
    assert waits_for(stopped) == "buyer_answer"


states = st.builds(
    ReturnState,
    st.just("R1"),
    st.just("o1"),
    st.sampled_from(ReturnKind),
    st.sampled_from(ReturnStatus),
    st.sampled_from(Outcome),
    judged=st.booleans(),
    decision=st.sampled_from(Decision),
    clock_stopped=st.booleans(),
    due_at=st.sampled_from([None, NOW, LATER]),
    warn_at=st.sampled_from([None, NOW]),
    escalated=st.booleans(),
    sent=st.booleans(),
    received_units=st.integers(0, 2),
    inspected_units=st.integers(0, 2),
    refused_units=st.integers(0, 1),
    settle_decided=st.booleans(),
    settled=st.booleans(),
    reopened=st.booleans(),
    planned_minor=st.integers(0, 1),
    refund_running=st.booleans(),
    pays_channel=st.booleans(),
    rest_minor=st.integers(0, 1),
    to_tell=st.sampled_from(["", "agree"]),
    channel_done=st.booleans(),
)


@given(states)
def test_money_moves_only_for_goods_that_were_looked_at_or_were_not_asked_for(
    state: ReturnState,
) -> None:
    if next_step(state, NOW) is ReturnStep.SETTLE:
        assert not state.settled
        assert not needs_person(state)
        if state.kind.needs_goods:
            assert state.received_units == state.inspected_units > 0
        else:
            assert state.decision is Decision.APPROVED or state.received_units


@given(states)
def test_an_open_return_never_ends_while_money_is_on_its_way(state: ReturnState) -> None:
    open_one = replace(state, outcome=Outcome.OPEN)
    if next_step(open_one, NOW) is ReturnStep.CLOSE and state.settled:
        assert not state.refund_running or not state.planned_minor


PLAIN = Request(
    ReturnKind.RETURN, ReturnReason.CHANGED_MIND, 2000, 0, ("A",), NOW - timedelta(days=2), NOW
)


@pytest.mark.parametrize(
    ("request_", "found"),
    [
        (PLAIN, ()),
        (replace(PLAIN, delivered_at=None), (Doubt.NOT_DELIVERED,)),
        (replace(PLAIN, delivered_at=NOW - timedelta(days=7)), (Doubt.OUTSIDE_WINDOW,)),
        (
            replace(PLAIN, delivered_at=NOW - timedelta(days=7), reason=ReturnReason.DEFECTIVE),
            (),
        ),
        (replace(PLAIN, worth_minor=50_001), (Doubt.AMOUNT,)),
        (replace(PLAIN, earlier_returns=3), (Doubt.HISTORY,)),
        (replace(PLAIN, skus=("A", "FRESH")), (Doubt.GOODS,)),
        (replace(PLAIN, reason=ReturnReason.OTHER), (Doubt.REASON,)),
        (replace(PLAIN, kind=ReturnKind.REFUND_ONLY), (Doubt.WITHOUT_GOODS,)),
        (replace(PLAIN, goodwill_minor=1), (Doubt.GOODWILL,)),
        (replace(PLAIN, kind=ReturnKind.CAME_BACK, delivered_at=None, worth_minor=10**9), ()),
    ],
)
def test_the_rules_approve_what_raises_no_doubt(
    request_: Request, found: tuple[Doubt, ...]
) -> None:
    policy = ReturnPolicy(looked_at_skus=frozenset({"FRESH"}))

    assert doubts(request_, policy) == found
