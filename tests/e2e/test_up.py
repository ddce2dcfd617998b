"""`onhand up` for real: ready, killed with everything, ready again, and a clean end."""

import signal
import urllib.request
from pathlib import Path

import psycopg
import pytest

from runtime.embedded import EmbeddedPostgres, in_the_way
from tests.e2e.running import environment, kill_everything, onhand, processes_of


@pytest.mark.campaign
@pytest.mark.timeout(240)
def test_killed_with_everything_it_starts_again_with_its_data_and_ends_cleanly(
    server_folder: Path,
) -> None:
    variables = environment(server_folder, ONHAND_DEMO="false")
    postgres = EmbeddedPostgres(server_folder / "data" / "postgres")
    port = int(variables["ONHAND_PORT"])

    with onhand(variables, server_folder / "first.log"):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            assert answer.status == 200
        url = postgres.running_url()
        assert url is not None
        with psycopg.connect(url) as connection:
            connection.execute("CREATE SCHEMA kept")
            connection.execute("CREATE TABLE kept.noted AS SELECT generate_series(1, 9) AS n")
        assert kill_everything(variables) >= 6  # up, PostgreSQL, Temporal, api, worker, sandbox

    with onhand(variables, server_folder / "second.log") as up:
        url = postgres.running_url()
        assert url is not None
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT sum(n) FROM kept.noted").fetchone()
        assert row == (45,)
        up.send_signal(signal.SIGINT)
        assert up.wait(60) == 0

    log = (server_folder / "second.log").read_text("utf-8")
    assert log.splitlines()[-1] == "Stopped."
    assert "Traceback" not in log
    assert processes_of(variables) == []
    assert not in_the_way(port)
