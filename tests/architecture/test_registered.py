"""What is written is also wired: workflows, activities, refusals, decisions, contracts."""

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import activities
import workflows
from api.errors import STATUS, TITLES
from domain.shared import errors
from domain.shared.errors import DomainError
from runtime.temporal import PASSED_THROUGH
from worker import (
    WORKFLOWS,
    World,
    activities_beside_orders,
    activities_of,
    audit_activities,
)

ROOT = Path(__file__).parents[2]
NUMBERED = re.compile(r"(\d{4})-[a-z0-9-]+\.md")


def modules_of(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)


def classes_of(package: ModuleType) -> Iterator[type]:
    for module in modules_of(package):
        for _, found in inspect.getmembers(module, inspect.isclass):
            if found.__module__ == module.__name__:
                yield found


def activity_names(methods: Any) -> set[str]:
    return {getattr(method, "__temporal_activity_definition").name for method in methods}


def test_every_workflow_is_run_by_the_worker() -> None:
    written = {c for c in classes_of(workflows) if hasattr(c, "__temporal_workflow_definition")}
    assert {c.__name__ for c in written} == {c.__name__ for c in WORKFLOWS}


def test_every_activity_is_done_by_the_worker() -> None:
    written = {
        method
        for c in classes_of(activities)
        for method in vars(c).values()
        if hasattr(method, "__temporal_activity_definition")
    }
    world: Any = World(None, None, None, None)  # type: ignore[arg-type]
    done = [
        *activities_of(world),
        *activities_beside_orders(world, world, world, world),
        *audit_activities(world, repairs=False),
    ]
    assert activity_names(written) == activity_names(done)
    assert len(activity_names(written)) == len(written), "names are global: no two may be equal"


def refusals(of: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    for refusal in of.__subclasses__():
        yield refusal
        yield from refusals(refusal)


def test_every_refusal_has_a_status_and_words() -> None:
    for package in (activities, workflows):
        list(modules_of(package))  # refusals of their own are known once they are imported
    codes = {c.__name__ for c in refusals() if c.__module__.startswith(("domain.", "api."))}
    assert errors.OrderNotFound.__name__ in codes
    assert codes - set(STATUS) == set()
    assert codes - set(TITLES) == set()


def test_workflows_keep_the_protection_of_the_sandbox() -> None:
    assert "workflows" not in PASSED_THROUGH
    assert {"domain", "activities", "workflows.shared"} <= set(PASSED_THROUGH)


def test_retries_and_time_limits_are_named_in_one_place() -> None:
    limit = re.compile(r"start_to_close_timeout|schedule_to_close_timeout|RetryPolicy\(")
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "workflows").rglob("*.py")
        if limit.search(path.read_text("utf-8"))
    }
    assert found == {"workflows/shared/options.py"}


def test_decisions_are_numbered_without_gaps_and_say_what_follows() -> None:
    files = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [match[1] for path in files if (match := NUMBERED.fullmatch(path.name))]
    assert len(numbers) == len(files)
    assert numbers == [f"{n:04}" for n in range(1, len(files) + 1)]
    for path in files:
        text = path.read_text("utf-8")
        for heading in ("Context", "Decision", "Consequences"):
            assert re.search(rf"^\W*{heading}", text, re.MULTILINE), f"{path.name}: {heading}"
        assert len(text.splitlines()) <= 60, f"{path.name} is longer than a screen"


def test_layers_are_kept() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def test_nothing_stays_half_done() -> None:
    mark = re.compile(r"#\s*(TODO|FIXME|XXX|HACK)\b")
    folders = ("domain", "workflows", "activities", "integrations", "db", "runtime", "api", "web")
    found = [
        str(path.relative_to(ROOT))
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if mark.search(path.read_text("utf-8"))
    ]
    assert found == []
