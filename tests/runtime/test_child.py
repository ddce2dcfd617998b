"""How long a process that does not stay up waits before it is started again."""

from runtime.child import Child


def test_pauses_double_up_to_a_limit() -> None:
    child = Child("worker", "worker")
    assert [child.plan_restart(1.0, 60.0, 30.0) for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]


def test_a_planned_restart_waits_for_its_time() -> None:
    child = Child("worker", "worker")
    child.plan_restart(100.0, 60.0, 30.0)
    assert not child.may_start(100.9)
    assert child.may_start(101.0)


def test_who_stayed_up_for_a_while_starts_again_soon() -> None:
    child = Child("worker", "worker")
    for _ in range(5):
        child.plan_restart(1.0, 60.0, 30.0)
    assert child.plan_restart(61.1, 60.0, 30.0) == 1
