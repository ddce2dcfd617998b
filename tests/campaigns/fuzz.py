"""Requests made from our own description, in all phases, against a whole running Onhand.

`python -m tests.campaigns.fuzz --examples 200 --seed 1` starts a demo company of its own, asks as
nobody, as every role and as all of them, and prints a line for each caller. The company trades
meanwhile, and most requests speak of what it has. Exit code 1 when an answer was a failure of ours
or was not as described. What was sent is kept under `--report`.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
from rich.console import Console
from rich.table import Table

from db.engine import create_engine
from db.engine import sessions as sessions_of
from db.platform.accounts import Accounts
from domain.platform.permissions import COLLEAGUES, Role
from runtime.embedded import EmbeddedPostgres
from tests.campaigns import known
from tests.e2e.running import environment, onhand

PHASES: Final = "examples,coverage,fuzzing,stateful"
NOBODY: Final = "nobody"
EVERY_ROLE: Final = "every role"
CALLERS: Final = (NOBODY, *map(str, Role), EVERY_ROLE)
_DESCRIPTION: Final = "openapi.json"
_PATIENCE_S: Final = 60.0  # the whole description is put together once
# What says that a request should have been refused or taken is judged by people: ids and stock of
# a demo company decide about it as much as the description does.
_CHECKS: Final = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance,ignored_auth,unsupported_method,"
    "allow_header_conformance"
)


def main() -> int:
    """Run for the chosen callers; the number that goes to the shell."""
    asked = _arguments()
    asked.report.mkdir(parents=True, exist_ok=True)
    table = Table("caller", "seconds", "result", "report", title=f"seed {asked.seed}")
    failed = False
    with _company() as (address, keys):
        whole = {"Authorization": f"Bearer {keys[EVERY_ROLE]}"}
        with httpx.Client(base_url=address, headers=whole, timeout=_PATIENCE_S) as client:
            described = client.get("/api/v1/openapi.json").raise_for_status()
            (asked.report / _DESCRIPTION).write_bytes(described.content)
            known.wait_for_trade(client)
            known.write(client, described.json(), asked.report)
        for caller in asked.callers:
            began = time.monotonic()
            report = asked.report / f"{caller.replace(' ', '-')}.txt"
            code = _run(address, keys.get(caller, ""), report, asked)
            failed = failed or code != 0
            took = f"{time.monotonic() - began:.0f}"
            table.add_row(caller, took, "clean" if code == 0 else "faults", str(report))
    Console().print(table)
    return int(failed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--examples", type=int, default=200, help="for each operation")
    parser.add_argument("--seed", type=int, default=20260101)
    parser.add_argument("--callers", nargs="+", default=list(CALLERS), choices=CALLERS)
    parser.add_argument("--report", type=Path, default=Path("fuzz-report"))
    parser.add_argument("--phases", default=PHASES)
    parser.add_argument("--only", default="", help="a pattern for paths")
    return parser.parse_args()


@contextmanager
def _company() -> Iterator[tuple[str, dict[str, str]]]:
    """A running demo company; its address and a key for each caller that has one."""
    with tempfile.TemporaryDirectory(prefix="onhand-fuzz-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        variables = environment(folder, ONHAND_SIMULATOR_SPEED="5")
        with onhand(variables, folder / "up.log"):
            url = EmbeddedPostgres(folder / "data" / "postgres").running_url()
            assert url is not None
            yield f"http://127.0.0.1:{variables['ONHAND_PORT']}", asyncio.run(_keys(url))


async def _keys(database_url: str) -> dict[str, str]:
    engine = create_engine(database_url, "onhand_web")
    callers = {str(role): (role,) for role in Role} | {EVERY_ROLE: tuple(COLLEAGUES)}
    async with sessions_of(engine).begin() as session:
        made = {
            caller: (await Accounts(session).add_key(f"fuzz {caller}", roles))[1]
            for caller, roles in callers.items()
        }
    await engine.dispose()
    return made


def _run(address: str, key: str, report: Path, asked: argparse.Namespace) -> int:
    """The exit code of the tool; what it says goes to the report."""
    command = [
        str(Path(sys.executable).with_name("st")),
        "--config-file", str(asked.report / known.FILE), "run", str(asked.report / _DESCRIPTION),
        "--url", address,
        "--phases", asked.phases, "--checks", _CHECKS, "--seed", str(asked.seed),
        "--max-examples", str(asked.examples), "--continue-on-failure", "--no-shrink",
        "--request-timeout", "30", "--suppress-health-check", "all",
    ]  # fmt: skip
    if key:
        command += ["--header", f"Authorization: Bearer {key}"]
    if asked.only:
        command += ["--include-path-regex", asked.only]
    with report.open("wb") as output:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            env={**os.environ, "NO_COLOR": "1"}, check=False,
        )  # fmt: skip
    return done.returncode


if __name__ == "__main__":
    raise SystemExit(main())
