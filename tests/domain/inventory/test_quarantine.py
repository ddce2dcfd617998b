"""What may become of goods that are set apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.inventory.quarantine import QuarantineAct, SetApart, plan_of
from domain.shared.errors import ActionNotAllowed, InvalidInput

KEY = ("A", "HQ", "L1", "quarantine", "own")
ACTS = st.sampled_from(list(QuarantineAct))
LIES = st.builds(
    SetApart, units=st.integers(0, 50), bound=st.integers(0, 60), cost_minor=st.integers(0, 900),
    expired=st.booleans(), frozen=st.booleans(), ours=st.booleans(), moving=st.booleans(),
)  # fmt: skip


@given(act=ACTS, lies=LIES, units=st.integers(-2, 60), claim=st.integers(0, 500))
def test_no_more_is_decided_about_than_lies_there_free_and_nothing_bad_is_sold(
    act: QuarantineAct, lies: SetApart, units: int, claim: int
) -> None:
    try:
        plan = plan_of(act, KEY, lies, units, claim)
    except (ActionNotAllowed, InvalidInput):
        return
    assert 0 < plan.units <= lies.units - lies.bound
    assert plan.stay >= lies.bound
    assert plan.units + plan.stay == lies.units
    assert plan.value_minor == plan.units * lies.cost_minor
    if act is QuarantineAct.RELEASE:
        assert not lies.expired
        assert not lies.frozen
        assert not claim


def test_another_state_of_the_goods_is_another_plan() -> None:
    act = QuarantineAct.WRITE_OFF
    shown = plan_of(act, KEY, SetApart(5, cost_minor=10), 2)
    assert shown.hash == plan_of(act, KEY, SetApart(5, cost_minor=10), 2).hash
    assert shown.hash != plan_of(act, KEY, SetApart(4, cost_minor=10), 2).hash
    assert shown.hash != plan_of(act, KEY, SetApart(5, cost_minor=11), 2).hash
    with pytest.raises(InvalidInput, match="3 units can be decided about here, not 4"):
        plan_of(act, KEY, SetApart(5, bound=2), 4)
