"""The servers that come along, for real: started, stopped, killed, started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest

from runtime import embedded
from runtime.embedded import EmbeddedPostgres, EmbeddedTemporal, free_port, in_the_way

PATIENCE_S = 20.0
OWNER = """
import sys, time
from pathlib import Path
from runtime.embedded import EmbeddedPostgres, EmbeddedTemporal
temporal = EmbeddedTemporal(Path(sys.argv[1]) / "temporal", 0, 0, with_ui=False)
temporal.launch()
postgres = EmbeddedPostgres(Path(sys.argv[1]) / "postgres")
postgres.start()
temporal.wait()
print(postgres.url, flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder(server_folder: Path) -> Path:
    return server_folder


def wait_for(condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and not condition():
        time.sleep(0.05)
    return condition()


def servers_of(folder: Path) -> list[int]:
    """Servers carry their folder in an argument of its own or after an option."""
    return [
        process.pid
        for process in psutil.process_iter(["name", "cmdline"])
        if process.info["name"] in ("postgres", "temporal")
        and any(str(folder) in word for word in process.info["cmdline"] or [])
    ]


def count(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM noted").fetchone()
    assert row is not None
    return int(row[0])


def test_what_was_written_is_there_after_a_stop_and_a_start(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "postgres", durable=False)
    server.start()
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE noted AS SELECT generate_series(1, 7)")
    assert EmbeddedPostgres(folder / "postgres").running_url() == server.url
    server.stop()
    assert EmbeddedPostgres(folder / "postgres").running_url() is None

    again = EmbeddedPostgres(folder / "postgres", durable=False)
    again.start()
    try:
        assert count(again.url) == 7
    finally:
        again.stop()


def test_servers_end_with_a_killed_owner_and_start_again_with_their_data(folder: Path) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout
    url = owner.stdout.readline().strip()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE noted AS SELECT generate_series(1, 40)")
    assert len(servers_of(folder)) >= 2
    owner.kill()
    owner.wait()

    server = EmbeddedPostgres(folder / "postgres")
    temporal = EmbeddedTemporal(folder / "temporal", 0, 0, with_ui=False)
    temporal.launch()
    server.start()
    try:
        temporal.wait()
        assert count(server.url) == 40
    finally:
        temporal.stop()
        server.stop()
    assert wait_for(lambda: servers_of(folder) == [])


def test_a_server_killed_with_the_power_cord_keeps_what_was_committed(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "postgres")
    server.start()
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE noted AS SELECT generate_series(1, 3)")
    for pid in servers_of(folder):
        os.kill(pid, signal.SIGKILL)
    assert wait_for(lambda: not server.is_running)
    server.start()
    try:
        assert count(server.url) == 3
    finally:
        server.stop()


def test_an_initialisation_that_was_cut_off_starts_over(folder: Path) -> None:
    half = folder / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server = EmbeddedPostgres(folder / "postgres", durable=False)
    server.start()
    server.stop()
    assert not half.exists()
    assert (folder / "postgres" / "data" / "PG_VERSION").read_text() == "18\n"


def test_another_port_is_taken_when_the_wished_one_is_in_use() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        assert in_the_way(taken)
        assert free_port(taken) != taken
    assert not in_the_way(taken)


def test_a_server_starts_though_somebody_takes_its_port_meanwhile(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        told = iter([taken])  # it was free when it was looked for
        monkeypatch.setattr(embedded, "free_port", lambda port: next(told, 0) or free_port(port))
        server = EmbeddedPostgres(folder, durable=False, port=taken)
        server.start()
        try:
            assert server.port != taken
            assert server.is_running
        finally:
            server.stop()
