"""Where a network keeps its safety stock: every place promises a service time and keeps it.

A place that promises to deliver within S days, hears from those above within SI days and needs T
days itself, has to cover SI + T - S days of demand from its stock: that costs its holding cost
times what demand is at most above its mean in that time, k·σ·√days (guaranteed service, Graves &
Willems 2000, Manufacturing & Service Operations Management 2(1)). Days are whole.

Trees are solved by their dynamic programme; any network as a mixed-integer programme whose choice
at each place is the number of days it covers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, sqrt
from typing import Any


@dataclass(frozen=True, slots=True)
class Stage:
    """A place or a step of production. `holding`: of a unit in the time the cost is told for;
    `inbound`: days within which somebody outside delivers; `promised`: the longest its own
    customers wait, none where it has none."""

    name: str
    days: int
    holding: float
    inbound: int = 0
    promised: int | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """Stages, who delivers to whom (from, to), and by what each stage's demand varies a day, times
    the safety factor."""

    stages: tuple[Stage, ...]
    arcs: tuple[tuple[str, str], ...]
    deviation: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Kept:
    """Of one stage: the days it promises, hears and covers, the units it keeps and their cost."""

    promised: int
    inbound: int
    covered: int
    units: float
    cost: float


@dataclass(frozen=True, slots=True)
class Placement:
    """What the cheapest promises keep at each stage."""

    stages: Mapping[str, Kept] = field(default_factory=dict)

    @property
    def cost(self) -> float:
        """Of all stages."""
        return sum(kept.cost for kept in self.stages.values())


def pooled(
    arcs: Sequence[tuple[str, str]], own: Mapping[str, float], names: Sequence[str]
) -> dict[str, float]:
    """By what the demand of each stage varies when the demands of customers do not depend on each
    other: the root of the squares of all it delivers to. Raises ValueError for a circle."""
    below: dict[str, set[str]] = {name: set() for name in names}
    for name in reversed(_in_order(names, arcs)):
        if own.get(name):
            below[name].add(name)
        for source, target in arcs:
            if source == name:
                below[name] |= below[target]
    return {name: sqrt(sum(own[one] ** 2 for one in below[name])) for name in names}


def longest(network: Network) -> dict[str, int]:
    """The days each stage takes when nobody keeps anything: no promise is longer."""
    stages = {stage.name: stage for stage in network.stages}
    found: dict[str, int] = {}
    for name in _in_order(list(stages), network.arcs):
        above = [found[source] for source, target in network.arcs if target == name]
        found[name] = max([stages[name].inbound, *above]) + stages[name].days
    return found


def is_tree(network: Network) -> bool:
    """Whether the network hangs together without a ring, whichever way its arcs point."""
    return len(network.arcs) == len(network.stages) - 1 and len(_reached(network)) == len(
        network.stages
    )


def place_stock(network: Network) -> Placement:
    """The cheapest promises, by whichever way fits the network. Raises ValueError for a circle."""
    return place_on_tree(network) if is_tree(network) else place_anywhere(network)


def place_on_tree(network: Network) -> Placement:
    """The dynamic programme of Graves & Willems for networks without a ring. Raises ValueError for
    others."""
    if not is_tree(network):
        raise ValueError("this network is no tree")
    return _TreeSearch(network).solve()


def place_anywhere(network: Network) -> Placement:
    """Any network, by HiGHS. Raises ValueError when it finds no best placement."""
    import highspy  # heavy, and only networks with rings need it

    model: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    model.setOptionValue("output_flag", False)
    model.setOptionValue("log_to_console", False)
    model.setOptionValue("threads", 1)  # one scheduler serves all models of a process
    model.setOptionValue("mip_rel_gap", 1e-9)
    model.setOptionValue("mip_abs_gap", 1e-7)
    most, stages = longest(network), {stage.name: stage for stage in network.stages}
    promise, hears, covers = {}, {}, {}
    for name, stage in stages.items():
        top = most[name] if stage.promised is None else min(stage.promised, most[name])
        promise[name] = model.addIntegral(lb=0, ub=top)
        hears[name] = model.addIntegral(lb=stage.inbound, ub=most[name] - stage.days)
        covers[name] = [
            model.addBinary(obj=_cost(network, stage, days)) for days in range(most[name] + 1)
        ]
        model.addConstr(sum(covers[name]) == 1)
        covered = sum(days * chosen for days, chosen in enumerate(covers[name]))
        model.addConstr(hears[name] + stage.days - promise[name] == covered)
    for source, target in network.arcs:
        model.addConstr(hears[target] >= promise[source])
    model.run()
    if model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise ValueError("no best placement was found")
    values = model.getSolution().col_value
    promised = {name: round(values[one.index]) for name, one in promise.items()}
    return _placement(network, promised)


def _placement(network: Network, promised: Mapping[str, int]) -> Placement:
    """What these promises keep where; nobody promises more days than it takes."""
    stages, found = {stage.name: stage for stage in network.stages}, dict[str, Kept]()
    for name in _in_order(list(stages), network.arcs):
        stage = stages[name]
        above = [found[source].promised for source, target in network.arcs if target == name]
        inbound = max([stage.inbound, *above])
        promise = min(promised[name], inbound + stage.days)
        covered = inbound + stage.days - promise
        units = network.deviation[name] * sqrt(covered)
        found[name] = Kept(promise, inbound, covered, units, _cost(network, stage, covered))
    return Placement({name: found[name] for name in stages})


def _cost(network: Network, stage: Stage, covered: int) -> float:
    return stage.holding * network.deviation[stage.name] * sqrt(covered)


def _in_order(names: Sequence[str], arcs: Sequence[tuple[str, str]]) -> list[str]:
    """Those above before those below. Raises ValueError for a circle."""
    waits = {name: sum(target == name for _, target in arcs) for name in names}
    ready, found = [name for name in names if not waits[name]], []
    while ready:
        found.append(ready.pop())
        for source, target in arcs:
            if source == found[-1]:
                waits[target] -= 1
                if not waits[target]:
                    ready.append(target)
    if len(found) < len(names):
        raise ValueError("the network goes round in a circle")
    return found


def _reached(network: Network) -> set[str]:
    """The stages that hang together with the first one."""
    found, open_ = set(), [network.stages[0].name]
    while open_:
        here = open_.pop()
        found.add(here)
        for source, target in network.arcs:
            for one, other in ((source, target), (target, source)):
                if one == here and other not in found:
                    open_.append(other)
    return found


class _TreeSearch:
    """From the leaves to one stage: the cost of a branch by what its root promises, where it
    delivers to the next stage, or hears, where it gets from there."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._stages = {stage.name: stage for stage in network.stages}
        self._most = longest(network)
        self._root = network.stages[0].name
        # Of each branch: by the days it is asked about, its cost and (promised, heard) of its root.
        self._known: dict[str, list[tuple[float, int, int]]] = {}
        self._heard: dict[str, int] = {}

    def solve(self) -> Placement:
        for name, towards in reversed(self._outwards()):
            self._known[name] = self._branch(name, towards)
        promised: dict[str, int] = {}
        for name, towards in self._outwards():
            promised[name] = self._chosen(name, towards, promised)
        return _placement(self._network, promised)

    def _outwards(self) -> list[tuple[str, str | None]]:
        """Every stage with its neighbour towards the root, the root first."""
        found: list[tuple[str, str | None]] = [(self._root, None)]
        for name, towards in found:
            found += [(other, name) for other in self._neighbours(name) if other != towards]
        return found

    def _neighbours(self, name: str) -> list[str]:
        return [t if s == name else s for s, t in self._network.arcs if name in (s, t)]

    def _delivers_to(self, name: str, other: str | None) -> bool:
        return (name, other) in self._network.arcs

    def _branch(self, name: str, towards: str | None) -> list[tuple[float, int, int]]:
        """The best of the branch by the longest promise it may make (it delivers towards the root)
        or the days within which it hears from there."""
        choices = list(self._choices(name, towards))
        if towards is None:
            return [min(choices)]
        delivers = self._delivers_to(name, towards)
        found = []
        for asked in range(max(self._most.values()) + 1):
            fitting = (one for one in choices if (one[1] <= asked if delivers else one[2] >= asked))
            found.append(min(fitting, default=(inf, 0, 0)))
        return found

    def _choices(self, name: str, towards: str | None) -> list[tuple[float, int, int]]:
        stage, found = self._stages[name], []
        branches = [other for other in self._neighbours(name) if other != towards]
        top = self._most[name] if stage.promised is None else stage.promised
        for heard in range(stage.inbound, self._most[name] - stage.days + 1):
            above = sum(
                self._known[one][heard][0] for one in branches if self._delivers_to(one, name)
            )
            for promised in range(min(top, heard + stage.days) + 1):
                below = sum(
                    self._known[one][promised][0]
                    for one in branches if self._delivers_to(name, one)
                )  # fmt: skip
                own = _cost(self._network, stage, heard + stage.days - promised)
                found.append((own + above + below, promised, heard))
        return found

    def _chosen(self, name: str, towards: str | None, promised: Mapping[str, int]) -> int:
        """What the stage promises, when the one towards the root was chosen already."""
        if towards is None:
            best = self._known[name][0]
        elif self._delivers_to(name, towards):
            best = self._known[name][self._heard[towards]]
        else:
            best = self._known[name][promised[towards]]
        self._heard[name] = best[2]
        return best[1]
