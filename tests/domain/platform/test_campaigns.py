"""Turns of a campaign, whatever becomes of its steps."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from domain.platform.campaigns import CampaignState, Counts, Move, Pace, next_move

OUTCOMES = st.lists(st.sampled_from(["went_on", "parked_again", "refused", "gone"]), max_size=60)
PACES = st.builds(
    Pace,
    canary=st.integers(0, 10),
    stop_percent=st.integers(0, 100),
    rate_per_minute=st.integers(1, 600),
)


def _turn(state: CampaignState, counts: Counts, pace: Pace) -> tuple[Move, Counts]:
    move = next_move(state, counts, pace)
    return move, replace(
        counts, waiting=counts.waiting - move.take, decided=counts.decided + move.take
    )


@given(OUTCOMES, PACES)
def test_a_campaign_ends_decides_each_once_and_stops_when_too_many_fail(
    outcomes: list[str], pace: Pace
) -> None:
    state, counts, left = CampaignState.CANARY, Counts(waiting=len(outcomes)), list(outcomes)
    most_at_risk = 0
    for _ in range(10 * len(outcomes) + 10):
        move, counts = _turn(state, counts, pace)
        state = move.state
        assert counts.total == len(outcomes)
        assert move.wait_s > 0
        if state is CampaignState.CANARY:
            assert counts.proven + counts.pending <= pace.canary
        if state.is_over:
            break
        most_at_risk = max(most_at_risk, counts.decided)
        if left and counts.decided:
            outcome = left.pop()
            counts = replace(counts, decided=counts.decided - 1,
                             **{outcome: getattr(counts, outcome) + 1})  # fmt: skip
    assert state.is_over
    failed_too_often = counts.failed * 100 > pace.stop_percent * counts.proven
    if state is CampaignState.STOPPED:
        assert failed_too_often
    else:
        assert counts.waiting == counts.pending == 0


@given(st.integers(1, 600), st.integers(1, 10_000))
def test_no_more_are_taken_than_the_rate_allows(rate: int, waiting: int) -> None:
    move = next_move(CampaignState.RUNNING, Counts(waiting=waiting), Pace(rate_per_minute=rate))

    assert 1 <= move.take <= waiting
    assert move.take * 60 / move.wait_s <= rate + 1e-6


def test_those_that_are_gone_prove_nothing_so_others_are_tried_first() -> None:
    move = next_move(CampaignState.CANARY, Counts(waiting=9, went_on=2, gone=3), Pace(canary=5))

    assert (move.state, move.take) == (CampaignState.CANARY, 3)


def test_a_paused_campaign_takes_nothing() -> None:
    assert next_move(CampaignState.PAUSED, Counts(waiting=9), Pace()).take == 0


def test_percent_is_full_only_when_all_is_done() -> None:
    assert Counts(waiting=1, went_on=999).percent == 99
    assert Counts(went_on=3, left=2).percent == 100
    assert Counts(waiting=3).percent == 0
