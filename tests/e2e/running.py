"""A real `onhand up` with everything it starts, on ports and data of its own."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from runtime.embedded import free_port

ROOT = Path(__file__).parents[2]
READY_S = 240.0  # a loaded machine


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Free ports, data under `folder`, and nothing of the caller's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ONHAND_")}
    ports = {
        f"ONHAND_{name}PORT": str(free_port())
        for name in ("", "TEMPORAL_", "TEMPORAL_UI_", "SANDBOX_")
    }
    own = {
        "ONHAND_DATA_DIR": str(folder / "data"), "PYTHONPATH": str(ROOT),
        "ONHAND_SIMULATOR_RETURNS": "0",
    }  # fmt: skip
    return kept | ports | own | {"PYTHONUNBUFFERED": "1"} | settings


@contextlib.contextmanager
def onhand(environment: dict[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A running `onhand up` that says it is ready; killed at the end if it still runs."""
    with log.open("wb") as output:
        up = subprocess.Popen(
            [sys.executable, "-m", "cli", "up"],
            cwd=log.parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + READY_S
        while "Onhand is ready" not in log.read_text("utf-8"):
            assert up.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < until, log.read_text("utf-8")
            time.sleep(0.1)
        yield up
    finally:
        if up.poll() is None:
            up.kill()
            up.wait()


def processes_of(environment: dict[str, str]) -> list[psutil.Process]:
    """Everything that was started with this data folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("ONHAND_DATA_DIR") == environment["ONHAND_DATA_DIR"]:
                found.append(process)
    return found


def kill_everything(environment: dict[str, str]) -> int:
    """The power cord; returns how many processes there were."""
    running = processes_of(environment)
    for process in running:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(running, 10)
    return len(running)
