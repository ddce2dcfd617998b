"""What `make up` says on a machine where it cannot work, and which Python it takes."""

import os
import select
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import bootstrap


def refusal(found: "list[bootstrap.Python]") -> str:
    with pytest.raises(SystemExit) as ended:
        bootstrap.choose(found)
    return str(ended.value)


def test_the_newest_supported_python_is_taken() -> None:
    found = [
        ("/usr/bin/python3", (3, 14), True),
        ("/usr/bin/python3.11", (3, 11), True),
        ("/opt/python3.13", (3, 13), True),
        ("/opt/python3.12", (3, 12), True),
    ]
    assert bootstrap.choose(found) == ("/opt/python3.13", (3, 13))


def test_a_newer_python_without_venv_gives_way_to_an_older_one_with_it() -> None:
    found = [("/usr/bin/python3.13", (3, 13), False), ("/opt/python3.11", (3, 11), True)]
    assert bootstrap.choose(found) == ("/opt/python3.11", (3, 11))


def test_a_too_old_python_is_told_in_one_sentence() -> None:
    assert refusal([("/usr/bin/python3", (3, 9), True), ("/opt/python", (3, 10), True)]) == (
        "Onhand needs Python 3.13, 3.12 or 3.11; found here: 3.9, 3.10."
    )


def test_a_missing_venv_module_is_told_with_the_package_that_brings_it() -> None:
    assert refusal([("/usr/bin/python3", (3, 11), False)]) == (
        "python3.11 has no venv module; install it first "
        "(Debian and Ubuntu: apt install python3.11-venv)."
    )


def test_a_program_that_only_looks_like_python_is_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shim = tmp_path / "python3.13"
    shim.write_text("#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
    shim.chmod(stat.S_IRWXU)
    real = tmp_path / "python3"
    real.symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bootstrap.candidates() == [(str(real), sys.version_info[:2], True)]


def test_a_folder_that_cannot_be_written_to_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bootstrap, "HERE", str(tmp_path / "gone"))
    with pytest.raises(SystemExit) as ended:
        bootstrap.main("run")
    assert str(ended.value) == (
        f"The folder {tmp_path / 'gone'} cannot be written to; clone Onhand somewhere else."
    )


def test_packages_are_installed_again_only_when_their_lock_changes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml"):
        (tmp_path / name).write_text(name)
    (tmp_path / "venv").mkdir()
    monkeypatch.setattr(bootstrap, "HERE", str(tmp_path))
    monkeypatch.setattr(bootstrap, "VENV", str(tmp_path / "venv"))
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(bootstrap, "pip", lambda *arguments: asked.append(arguments))
    monkeypatch.setattr(bootstrap, "compiled", lambda: None)

    bootstrap.install("develop")
    lock = os.path.join(str(tmp_path), "requirements-dev.lock")
    assert asked[0] == ("--require-hashes", "-r", lock)
    asked.clear()
    bootstrap.install("develop")
    bootstrap.install("run")
    assert asked == []

    (tmp_path / "requirements.lock").write_text("changed")
    bootstrap.install("run")
    assert asked[0][-1].endswith("requirements.lock")


def test_the_icons_are_made_anew_only_when_a_source_of_the_pages_changes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    vendor = tmp_path / "static" / "vendor"
    for folder in (vendor, tmp_path / "templates", tmp_path / "node_modules"):
        folder.mkdir(parents=True)
    page = tmp_path / "templates" / "page.html"
    page.write_text("{{ ui.icon('plus') }}")
    monkeypatch.setattr(bootstrap, "WEB", str(tmp_path))
    made: list[list[str]] = []
    answers = [0, 1, 0]

    def call(command: list[str], **_: object) -> int:
        made.append(command)
        return answers.pop(0)

    monkeypatch.setattr(subprocess, "call", call)

    bootstrap.icons()
    assert made == []  # their whole font is not here yet
    (tmp_path / "node_modules" / "@tabler" / "icons-webfont").mkdir(parents=True)
    bootstrap.icons()
    (tmp_path / "node_modules" / "other.js").write_text("not ours")
    bootstrap.icons()
    assert [command[1:] for command in made] == [["-m", "web.icons"]]

    page.write_text("{{ ui.icon('no-such') }}")
    with pytest.raises(SystemExit, match="icons of the pages could not be made"):
        bootstrap.icons()
    bootstrap.icons()
    assert len(made) == 3


def test_two_in_one_folder_go_one_after_the_other_and_the_second_says_that_it_waits(
    tmp_path: Path,
) -> None:
    program = (
        "import bootstrap, sys, time\n"
        f"bootstrap.HERE = {str(tmp_path)!r}\n"
        "with bootstrap.alone():\n"
        "    print('in', flush=True)\n"
        "    sys.stdin.readline()\n"
        "    print('out', flush=True)\n"
    )
    first, second = (
        subprocess.Popen(
            [sys.executable, "-c", program], cwd=bootstrap.HERE, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(2)
    )  # fmt: skip
    assert first.stdout
    assert second.stdout
    assert second.stderr
    leading, other = first, second
    if "waiting" in _first_words(first, second):
        leading, other = second, first
    assert leading.stdout
    assert other.stdout
    assert leading.stdout.readline() == "in\n"
    leading.communicate("go\n")
    assert leading.returncode == 0
    said, _ = other.communicate("go\n")
    assert said.split() == ["in", "out"]
    assert other.returncode == 0


def _first_words(first: "subprocess.Popen[str]", second: "subprocess.Popen[str]") -> str:
    """What the first one says before it is in; exactly one of the two has to wait."""
    assert first.stderr
    assert second.stderr
    ready, _, _ = select.select([first.stderr, second.stderr], [], [], 60)
    assert len(ready) == 1
    words = str(ready[0].readline())
    assert words == "Somebody else is setting up this folder; waiting until that is done ...\n"
    return words if ready[0] is first.stderr else ""
