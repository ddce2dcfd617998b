"""What a count or a case of a receipt does next, for every state, time and number of reminders."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.inventory import case_life, count_life
from domain.inventory.case_life import CaseFacts, CaseStep
from domain.inventory.count_life import CountFacts, CountStep, days_given
from domain.inventory.counting import CountState
from domain.inventory.receipt_cases import CaseState

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
DUES = st.none() | st.integers(-10_000, 10_000).map(lambda s: NOW + timedelta(seconds=s))
OVER = (CountState.POSTED, CountState.CANCELLED)


@given(st.sampled_from(CountState), DUES, st.booleans(), st.integers(0, 9))
def test_a_count_ends_when_it_is_over_and_books_only_what_is_counted_and_allowed(
    state: CountState, due: datetime | None, needs_two: bool, reminders: int
) -> None:
    facts = CountFacts("C", state, needs_two=needs_two, reminders=reminders, due_at=due)
    step = count_life.next_step(facts, NOW)

    assert (step is CountStep.END) == (state in OVER)
    assert (step is CountStep.POST) == (state is CountState.COUNTED and not needs_two)
    assert (step is CountStep.ASK) == (state is CountState.COUNTED and needs_two)
    late = due is not None and due <= NOW
    assert (step is CountStep.LATE) == (state is CountState.OPEN and late)


@given(st.sampled_from(CaseState), DUES, st.integers(0, 9))
def test_an_open_case_is_reminded_of_once_before_it_is_brought_to_people(
    state: CaseState, due: datetime | None, reminders: int
) -> None:
    step = case_life.next_step(CaseFacts("C", state, reminders=reminders, due_at=due), NOW)

    late = state is CaseState.OPEN and due is not None and due <= NOW
    assert (step is CaseStep.END) == (state is not CaseState.OPEN)
    assert (step is CaseStep.REMIND) == (late and reminders == 0)
    assert (step is CaseStep.ESCALATE) == (late and reminders > 0)


@given(st.text(max_size=6) | st.integers() | st.none())
def test_whatever_is_written_gives_from_one_to_thirty_days(value: object) -> None:
    assert 1 <= days_given(value) <= 30
    assert days_given("7") == 7
