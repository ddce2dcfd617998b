"""Claims against carriers: what is claimed, who is reminded when, and that no cent is lost."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.logistics.claim_plan import ClaimAction, MoneyKind, plan
from domain.logistics.claim_value import ClaimedLine, LimitedBy, Share, claimable
from domain.logistics.claims import (
    Answer,
    Basis,
    ClaimOutcome,
    ClaimState,
    ClaimStatus,
    ClaimStep,
    ClaimTerms,
    ending_of,
    next_step,
    remind_at,
    status_of,
    terms_of,
    waits_for,
)
from domain.shared.errors import ActionNotAllowed, DomainError, InvalidInput

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
TEA = ClaimedLine("l1", "TEA", 2, 700, 2000)
POT = ClaimedLine("l2", "POT", 1, 0, 900)  # nobody said what it costs
TERMS = ClaimTerms()
STATE = ClaimState("CL1", "ord_1", most_minor=3500, claimed_minor=3500)
FILED = replace(STATE, filed=True)


def test_goods_are_claimed_at_cost_or_at_what_was_paid_where_no_cost_is_known() -> None:
    told = claimable([TEA, POT], 1200, 0, TERMS)
    assert (told.goods_minor, told.freight_minor, told.claimed_minor) == (2300, 1200, 3500)
    sales = claimable([TEA, POT], 1200, 0, replace(TERMS, basis=Basis.SALES, freight=False))
    assert (sales.goods_minor, sales.claimed_minor) == (2900, 2900)


@pytest.mark.parametrize(
    ("insured", "terms", "claimed", "by"),
    [
        (1000, TERMS, 1000 + 1200, LimitedBy.INSURED),
        (9000, replace(TERMS, limit_minor=100), 2300 + 1200, LimitedBy.INSURED),
        (0, replace(TERMS, limit_minor=500), 500 + 1200, LimitedBy.LIMIT),
        (0, replace(TERMS, freight_times=1), 1200 + 1200, LimitedBy.FREIGHT),
        (0, replace(TERMS, freight_times=3, limit_minor=2000), 2000 + 1200, LimitedBy.LIMIT),
        (0, TERMS, 2300 + 1200, LimitedBy.NOTHING),
    ],
)
def test_a_claim_stays_within_what_the_carrier_answers_for(
    insured: int, terms: ClaimTerms, claimed: int, by: LimitedBy
) -> None:
    told = claimable([TEA, POT], 1200, insured, terms)
    assert (told.claimed_minor, told.limited_by) == (claimed, by)


@given(st.lists(st.integers(1, 30_000), min_size=1, max_size=6), st.integers(0, 10**9))
def test_parcels_of_a_shipment_never_claim_more_than_it_was_worth(
    weights: list[int], worth: int
) -> None:
    line = ClaimedLine("l", "A", 1, worth, 0)
    shares = [Share(weight, sum(weights)) for weight in weights]
    claimed = [claimable([line], 0, 0, TERMS, share).claimed_minor for share in shares]
    assert worth - len(weights) < sum(claimed) <= worth


def test_terms_are_settings_of_the_carriers_account() -> None:
    assert terms_of({}) == ClaimTerms()
    told = terms_of({"claim_within_days": 7, "claim_basis": "sales", "claim_limit_minor": 30_000,
                     "claim_freight": False, "claim_freight_times": 3})  # fmt: skip
    assert told.file_within == timedelta(days=7)
    assert (told.basis, told.limit_minor, told.freight_times) == (Basis.SALES, 30_000, 3)
    assert not told.freight


def test_the_time_limit_is_warned_of_before_it_is_over_and_told_when_it_is() -> None:
    file_by = NOW + timedelta(days=30)
    assert remind_at("filing", NOW, file_by, 0, TERMS) == NOW + timedelta(days=23)
    warned = NOW + timedelta(days=23)
    assert remind_at("filing", warned, file_by, 1, TERMS) == file_by
    assert remind_at("filing", file_by, file_by, 2, TERMS) == file_by + timedelta(days=7)
    late = file_by + timedelta(days=3)  # opened when it was over
    assert remind_at("filing", late, file_by, 0, TERMS) < late
    assert remind_at("filing", late, file_by, 1, TERMS) == late + timedelta(days=7)


def test_silence_about_an_answer_or_money_is_reminded_of_again_and_again() -> None:
    assert remind_at("answer", NOW, NOW, 0, TERMS) == NOW + timedelta(days=15)
    assert remind_at("money", NOW, NOW, 0, TERMS) == NOW + timedelta(days=30)
    assert remind_at("money", NOW, NOW, 4, TERMS) == NOW + timedelta(days=7)


STANDS = [
    (STATE, ClaimStatus.OPENED, "filing"),
    (FILED, ClaimStatus.FILED, "answer"),
    (replace(FILED, answer=Answer.ACCEPTED, accepted_minor=3500), ClaimStatus.ACCEPTED, "money"),
    (replace(FILED, answer=Answer.PARTLY, accepted_minor=100, received_minor=100),
     ClaimStatus.ACCEPTED, "rest"),
    (replace(FILED, answer=Answer.REFUSED), ClaimStatus.REFUSED, "decision"),
    (replace(FILED, found=True), ClaimStatus.FILED, "found"),
    (replace(FILED, outcome=ClaimOutcome.PAID), ClaimStatus.CLOSED, ""),
]  # fmt: skip


@pytest.mark.parametrize(("state", "status", "waits"), STANDS)
def test_where_a_claim_stands_follows_from_its_facts(
    state: ClaimState, status: ClaimStatus, waits: str
) -> None:
    assert (status_of(state), waits_for(state)) == (status, waits)


def test_one_thing_is_done_after_the_other() -> None:
    assert next_step(STATE, NOW) is ClaimStep.MOVE_ON
    waiting = replace(STATE, waits="filing", due_at=NOW + timedelta(days=1))
    assert next_step(waiting, NOW) is ClaimStep.WAIT
    assert next_step(waiting, NOW + timedelta(days=1)) is ClaimStep.REMIND
    assert next_step(replace(STATE, found=True), NOW) is ClaimStep.CLOSE
    assert next_step(replace(STATE, outcome=ClaimOutcome.FOUND), NOW) is ClaimStep.END


def test_a_part_that_was_not_accepted_is_never_given_up_by_itself() -> None:
    partly = plan(ClaimAction.ACCEPT, FILED, 1000).after
    paid = plan(ClaimAction.PAY, partly, 1000).after
    assert ending_of(paid) is ClaimOutcome.OPEN
    given_up = plan(ClaimAction.WRITE_OFF, paid)
    assert given_up.moves == ()  # nobody owed it
    assert given_up.after.written_off_minor == 2500
    assert ending_of(given_up.after) is ClaimOutcome.WRITTEN_OFF


def test_money_that_comes_after_the_write_off_takes_it_back() -> None:
    accepted = plan(ClaimAction.ACCEPT, FILED, 2000).after
    closed = replace(plan(ClaimAction.WRITE_OFF, accepted).after, outcome=ClaimOutcome.WRITTEN_OFF)
    assert closed.booked_off_minor == 2000
    late = plan(ClaimAction.PAY, closed, 3500)
    assert late.moves == (
        (MoneyKind.ACCEPTED, 1500), (MoneyKind.WRITTEN_OFF, -2000), (MoneyKind.RECEIVED, 3500),
    )  # fmt: skip
    assert (late.after.outcome, late.after.written_off_minor) == (ClaimOutcome.PAID, 0)


def test_a_parcel_that_turns_up_settles_its_claim_and_its_money() -> None:
    paid = plan(ClaimAction.PAY, plan(ClaimAction.ACCEPT, FILED).after, 3500).after
    found = replace(paid, found=True)
    back = plan(ClaimAction.SETTLE_FOUND, found, 3000)
    assert back.moves == ((MoneyKind.ACCEPTED, -3000), (MoneyKind.RECEIVED, -3000))
    assert (back.after.received_minor, back.after.written_off_minor) == (500, 3000)
    with pytest.raises(ActionNotAllowed):
        plan(ClaimAction.SETTLE_FOUND, found, 3501)
    with pytest.raises(ActionNotAllowed):
        plan(ClaimAction.WRITE_OFF, found)


@pytest.mark.parametrize(
    ("action", "state", "amount", "error"),
    [
        (ClaimAction.FILE, STATE, 3501, ActionNotAllowed),
        (ClaimAction.ACCEPT, STATE, 100, ActionNotAllowed),
        (ClaimAction.ACCEPT, FILED, 3501, ActionNotAllowed),
        (ClaimAction.PAY, STATE, 100, ActionNotAllowed),
        (ClaimAction.PAY, FILED, 0, InvalidInput),
        (ClaimAction.PAY, FILED, 3501, ActionNotAllowed),
        (ClaimAction.PAY, FILED, -1, InvalidInput),
        (ClaimAction.SETTLE_FOUND, FILED, 0, ActionNotAllowed),
        (ClaimAction.REFUSE, replace(FILED, accepted_minor=1, received_minor=1), 0,
         ActionNotAllowed),
        (ClaimAction.FILE, replace(STATE, outcome=ClaimOutcome.PAID), 0, ActionNotAllowed),
        (ClaimAction.PAY, replace(FILED, outcome=ClaimOutcome.FOUND), 1, ActionNotAllowed),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(
    action: ClaimAction, state: ClaimState, amount: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        plan(action, state, amount)


def test_a_plan_is_the_same_after_a_reminder_and_another_after_money_came() -> None:
    one = plan(ClaimAction.PAY, FILED, 100)
    reminded = replace(FILED, reminders=3, due_at=NOW, waits="answer")
    assert plan(ClaimAction.PAY, reminded, 100).hash == one.hash
    assert plan(ClaimAction.PAY, one.after, 100).hash != one.hash


DEEDS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(list(ClaimAction)), st.integers(0, 4000)),
        st.just(("found", 0)),
    ),
    max_size=14,
)


@given(st.integers(0, 4000), DEEDS)
def test_whatever_happens_no_cent_is_lost_and_nothing_is_received_that_nobody_owes(
    claimed: int, deeds: list[tuple[str, int]]
) -> None:
    state = ClaimState("CL1", "o", most_minor=claimed, claimed_minor=claimed)
    ledger = dict.fromkeys(MoneyKind, 0)
    for deed, amount in deeds:
        if deed == "found":
            reopened = state.received_minor > 0 and state.outcome is not ClaimOutcome.OPEN
            state = replace(state, found=True)
            if reopened:
                state = replace(state, outcome=ClaimOutcome.OPEN, ended=ClaimOutcome.OPEN)
        else:
            try:
                done = plan(ClaimAction(deed), state, amount)
            except DomainError:
                continue
            state = done.after
            for kind, minor in done.moves:
                ledger[kind] += minor
                owed = (ledger[MoneyKind.ACCEPTED] - ledger[MoneyKind.RECEIVED]
                        - ledger[MoneyKind.WRITTEN_OFF])  # fmt: skip
                assert deed == "settle_found" or owed >= 0
        if state.outcome is ClaimOutcome.OPEN and (end := ending_of(state)):
            rest = state.claimed_minor - state.received_minor
            state = replace(state, outcome=end, written_off_minor=rest)
        _holds(state, ledger)


def _holds(state: ClaimState, ledger: dict[MoneyKind, int]) -> None:
    assert ledger[MoneyKind.ACCEPTED] == state.accepted_minor <= state.claimed_minor
    assert ledger[MoneyKind.RECEIVED] == state.received_minor >= 0
    assert ledger[MoneyKind.WRITTEN_OFF] == state.booked_off_minor >= 0
    assert state.receivable_minor >= 0
    assert state.booked_off_minor <= state.written_off_minor
    assert state.received_minor + state.written_off_minor <= state.claimed_minor
    if state.outcome is not ClaimOutcome.OPEN:
        assert state.received_minor + state.written_off_minor == state.claimed_minor
        assert state.receivable_minor == 0
