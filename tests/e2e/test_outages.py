"""Servers stop answering while orders come in: acknowledged is kept, refused may come again."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from tests.e2e.company import Company, wait_until
from tests.e2e.running import environment, onhand, processes_of

PATIENCE_S = 90.0


@pytest.mark.campaign
@pytest.mark.timeout(400)
def test_orders_are_taken_in_without_temporal_and_refused_for_later_without_postgres(
    server_folder: Path,
) -> None:
    company = Company(environment(server_folder, ONHAND_SIMULATOR_SPEED="10"))
    with onhand(company.variables, server_folder / "up.log"):
        with _standing_still(_process(company, "temporal")):
            for number in range(10):
                started = time.monotonic()
                assert company.send_own(f"NO-ENGINE-{number}").status_code == 202
                assert time.monotonic() - started < 5
            assert httpx.get(f"{company.api}/readyz", timeout=5).status_code == 200
            assert _of(company, "NO-ENGINE", "received") == 10
        wait_until(
            lambda: _of(company, "NO-ENGINE", "delivered") == 10, PATIENCE_S, company.statuses
        )

        refused = _send_while_postgres_is_killed(company)
        wait_until(
            lambda: _is_ready(company), PATIENCE_S, lambda: (server_folder / "up.log").read_text()
        )
        for number in refused:
            assert company.send_own(f"NO-DATABASE-{number}").status_code == 202
        wait_until(
            lambda: _of(company, "NO-DATABASE", "delivered") == 30, PATIENCE_S, company.statuses
        )
        lines = (server_folder / "up.log").read_text("utf-8").splitlines()
        assert [line for line in lines if line.startswith("api") and "Traceback" in line] == []


def _send_while_postgres_is_killed(company: Company) -> list[int]:
    """Thirty orders, the server killed after the fifth; returns which of them were refused."""
    refused = []
    for number in range(30):
        if number == 5:
            _process(company, "postgres").kill()
        answer = company.send_own(f"NO-DATABASE-{number}")
        if answer.status_code != 202:
            assert answer.status_code == 503, answer.text
            assert answer.json()["code"] == "DatabaseUnavailable"
            assert int(answer.headers["retry-after"]) > 0
            refused.append(number)
        time.sleep(0.1)
    assert refused
    return refused


def _process(company: Company, name: str) -> psutil.Process:
    """The server itself, not the processes it made."""
    found = [one for one in processes_of(company.variables) if one.name() == name]
    (server,) = [one for one in found if one.ppid() not in {other.pid for other in found}]
    return server


@contextmanager
def _standing_still(process: psutil.Process) -> Iterator[None]:
    """It keeps its connections and answers nobody, which is worse than being gone."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def _of(company: Company, prefix: str, status: str) -> int:
    rows = company.rows(
        f"SELECT 1 FROM sales_order WHERE external_no LIKE '{prefix}%' AND status = '{status}'"
    )
    return len(rows)


def _is_ready(company: Company) -> bool:
    try:
        return httpx.get(f"{company.api}/readyz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
