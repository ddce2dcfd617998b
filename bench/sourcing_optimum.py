"""The cheapest plan in which every line comes from one place, by HiGHS: nothing of our own in it
but the price of a parcel."""

from itertools import combinations
from typing import Any

import highspy
import numpy as np

from bench.sourcing_data import Case
from domain.orders.sourcing.parcel import parcel_cost


def whole_line_optimum(case: Case) -> int | None:
    """Minor units; None when some line is nowhere complete.

    One binary column per place and set of lines: each line is covered once, each place used once.
    """
    lines = len(case.demands)
    columns: list[tuple[int, list[int]]] = []
    for number, candidate in enumerate(case.candidates):
        there = [
            n for n, demand in enumerate(case.demands)
            if 0 < demand.quantity <= candidate.free.get(demand.sku, 0)
        ]  # fmt: skip
        for count in range(1, len(there) + 1):
            for chosen in combinations(there, count):
                parcel = [case.demands[n] for n in chosen]
                cost, _, _ = parcel_cost(
                    candidate,
                    sum(d.weight_g * d.quantity for d in parcel),
                    sum(d.volume_mm3 * d.quantity for d in parcel),
                    sum(d.quantity for d in parcel),
                )
                columns.append((cost, [*chosen, lines + number]))
    if {row for _, rows in columns for row in rows if row < lines} != set(range(lines)):
        return None
    return _solved(columns, lines, len(case.candidates))


def _solved(columns: list[tuple[int, list[int]]], lines: int, places: int) -> int | None:
    count = len(columns)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = count, lines + places
    model.col_cost_ = np.array([cost for cost, _ in columns], dtype=np.double)
    model.col_lower_, model.col_upper_ = np.zeros(count), np.ones(count)
    model.row_lower_ = np.concatenate([np.ones(lines), np.zeros(places)])
    model.row_upper_ = np.ones(lines + places)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.cumsum([0, *(len(rows) for _, rows in columns)])
    model.a_matrix_.index_ = np.array([row for _, rows in columns for row in rows])
    model.a_matrix_.value_ = np.ones(len(model.a_matrix_.index_))
    model.integrality_ = [highspy.HighsVarType.kInteger] * count
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.passModel(model)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    chosen = np.array(solver.getSolution().col_value) > 0.5
    return int(sum(cost for (cost, _), taken in zip(columns, chosen, strict=True) if taken))
