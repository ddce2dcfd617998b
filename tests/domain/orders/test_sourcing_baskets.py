"""Real baskets with a proven optimum: what our plans cost beyond it."""

from dataclasses import replace
from pathlib import Path
from statistics import mean

from bench.sourcing import against_baskets
from bench.sourcing_data import baskets
from bench.sourcing_optimum import whole_line_optimum
from domain.orders.sourcing.source import source

_READ_RIGHT = 0.99999  # below it we would read the costs wrongly; optima come rounded


def test_plans_of_real_baskets_are_never_dearer_than_allowed(shared_data: Path) -> None:
    cases = baskets(shared_data)
    assert len(cases) == 210
    gaps = []
    for case in cases:
        decision = source(case.demands, case.candidates)
        assert case.optimum is not None
        assert not decision.missing
        assert decision.total_minor > case.optimum * _READ_RIGHT
        gaps.append((decision.total_minor - case.optimum) / case.optimum)
    assert mean(gaps) <= 0.0005
    assert max(gaps) <= 0.01


def test_no_basket_is_cheaper_with_every_line_kept_whole(shared_data: Path) -> None:
    compared = 0
    for case in baskets(shared_data)[:60]:
        if (optimum := whole_line_optimum(case)) is not None:
            assert source(case.demands, case.candidates).total_minor <= optimum
            compared += 1
    assert compared >= 50


def test_the_measure_sees_a_plan_that_is_too_dear(shared_data: Path) -> None:
    cases = [replace(c, optimum=(c.optimum or 0) * 98 // 100) for c in baskets(shared_data)[:20]]
    assert not against_baskets(cases).held
