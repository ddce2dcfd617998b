"""`onhand up` in the way of something says so in one sentence and leaves nothing running."""

import fcntl
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def up(folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("ONHAND_")
    }
    environment |= {"ONHAND_DATA_DIR": str(folder), "PYTHONPATH": str(ROOT)} | variables
    return subprocess.run(
        [sys.executable, "-m", "cli", "up"],
        cwd=folder.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_taken_port_is_told_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = up(tmp_path / "data", ONHAND_PORT=port)
    assert done.stderr == f"Port {port} is taken; stop what uses it or set ONHAND_PORT.\n"
    assert (done.returncode, done.stdout) == (1, "")
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["lock"]


@pytest.mark.parametrize("host", ["203.0.113.7", "nowhere.invalid"])
def test_an_address_of_another_machine_is_told_in_one_sentence(tmp_path: Path, host: str) -> None:
    done = up(tmp_path / "data", ONHAND_HOST=host)
    assert done.stderr == (
        f"This machine has no address {host}; set ONHAND_HOST to one of its own.\n"
    )
    assert (done.returncode, done.stdout) == (1, "")


def test_a_second_start_on_the_same_data_is_told_in_one_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = up(folder)
    assert done.stderr == f"Onhand is already running with the data in {folder}.\n"
    assert (done.returncode, done.stdout) == (1, "")


def test_a_data_folder_that_cannot_be_made_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    folder = tmp_path / "file" / "data"
    environment = {"ONHAND_DATA_DIR": str(folder)}
    done = up(tmp_path / "data", **environment)
    assert done.stderr == f"The folder {folder} cannot be written to.\n"
    assert (done.returncode, done.stdout) == (1, "")


def test_an_unknown_setting_stops_the_start_with_its_name(tmp_path: Path) -> None:
    done = up(tmp_path / "data", ONHAND_PROT="1")
    assert done.stderr == (
        "ONHAND_PROT in the environment is not a setting of Onhand; .env.example lists them all.\n"
    )
    assert done.returncode == 1
    assert not (tmp_path / "data").exists()


def test_a_process_ends_when_whoever_started_it_dies() -> None:
    """Standard input ends with the supervisor, however that ended."""
    code = (
        "import threading, time\n"
        "from commands.serve import _end_with_parent\n"
        "threading.Thread(target=_end_with_parent, daemon=True).start()\n"
        "print('up', flush=True)\n"
        "time.sleep(60)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdin is not None
    assert child.stdout.readline() == "up\n"
    assert child.poll() is None
    started = time.monotonic()
    child.stdin.close()
    assert child.wait(10) == -15
    assert time.monotonic() - started < 5
