"""`onhand up` for real: ready, killed with everything, ready again, and a clean end."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from runtime.embedded import EmbeddedPostgres, free_port, is_free

ROOT = Path(__file__).parents[2]
READY_S = 60.0


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ONHAND_")}
    ports = {
        f"ONHAND_{name}PORT": str(free_port())
        for name in ("", "TEMPORAL_", "TEMPORAL_UI_", "SANDBOX_")
    }
    folder = {"ONHAND_DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": str(ROOT)}
    return kept | ports | folder | {"ONHAND_DEMO": "false", "PYTHONUNBUFFERED": "1"}


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


@pytest.mark.timeout(240)
def test_killed_with_everything_it_starts_again_with_its_data_and_ends_cleanly(
    environment: dict[str, str], tmp_path: Path
) -> None:
    postgres = EmbeddedPostgres(tmp_path / "data" / "postgres")
    port = int(environment["ONHAND_PORT"])

    with onhand(environment, tmp_path / "first.log"):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            assert answer.status == 200
        url = postgres.running_url()
        assert url is not None
        with psycopg.connect(url) as connection:
            connection.execute("CREATE SCHEMA kept")
            connection.execute("CREATE TABLE kept.noted AS SELECT generate_series(1, 9) AS n")
        running = processes_of(environment)
        assert len(running) >= 6  # up, PostgreSQL, Temporal, api, worker, sandbox
        for process in running:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(running, 10)

    with onhand(environment, tmp_path / "second.log") as up:
        url = postgres.running_url()
        assert url is not None
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT sum(n) FROM kept.noted").fetchone()
        assert row == (45,)
        up.send_signal(signal.SIGINT)
        assert up.wait(60) == 0

    log = (tmp_path / "second.log").read_text("utf-8")
    assert log.splitlines()[-1] == "Stopped."
    assert "Traceback" not in log
    assert processes_of(environment) == []
    assert is_free(port)
