"""The compose file and the image speak of settings and commands that exist."""

import re
from pathlib import Path
from typing import Any

import yaml

from cli import COMMANDS
from commands.serve import PROCESSES
from runtime.settings import Settings, variable

ROOT = Path(__file__).parents[2]
KNOWN = {variable(name) for name in Settings.model_fields}


def services() -> dict[str, Any]:
    file: Any = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    found: dict[str, Any] = file["services"]
    return found


def test_every_setting_that_containers_get_exists() -> None:
    given = {name for one in services().values() for name in one.get("environment", {})}
    image = set(re.findall(r"\bONHAND_\w+", (ROOT / "Dockerfile").read_text("utf-8")))
    assert {name for name in given if name.startswith("ONHAND_")} | image <= KNOWN


def test_every_command_that_containers_run_exists() -> None:
    ours = [one["command"] for one in services().values() if one.get("image") == "onhand"]
    assert len(ours) == 5
    for program, command, *process in ours:
        assert (program, command in COMMANDS) == ("onhand", True)
        assert set(process) <= set(PROCESSES)


def test_what_containers_wait_for_is_there_and_can_tell_that_it_is_healthy() -> None:
    found = services()
    for one in found.values():
        for name, how in one.get("depends_on", {}).items():
            assert how["condition"] != "service_healthy" or "healthcheck" in found[name]
            assert how["condition"] != "service_completed_successfully" or (
                found[name]["restart"] in ("no", "on-failure:6")
            )


def test_the_image_runs_as_nobody_in_particular_and_gets_every_folder_of_code() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    assert "USER onhand" in lines
    sent = {
        line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if "!" in line
    }
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"bench", "tests"}
    assert packages <= sent
