"""`onhand …` as people type it, on a test's database."""

import base64
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def variables(url: str, key: bytes, *older: bytes) -> dict[str, str]:
    """What a process needs to reach this database with these keys."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ONHAND_")}
    own = {
        "ONHAND_DATABASE_URL": url,
        "ONHAND_SECRET_KEY": base64.b64encode(key).decode(),
        "ONHAND_OLD_SECRET_KEYS": ",".join(base64.b64encode(one).decode() for one in older),
    }
    return kept | {"PYTHONPATH": str(ROOT)} | own


def typed(*words: str) -> list[str]:
    """The command line."""
    return [sys.executable, "-m", "cli", *words]


def ended(
    environment: dict[str, str], *words: str, says: str = ""
) -> "subprocess.CompletedProcess[str]":
    """The command, run to its end; `says` is what is answered to its question."""
    return subprocess.run(
        typed(*words), cwd=ROOT, env=environment, input=says, text=True,
        capture_output=True, timeout=120,
    )  # fmt: skip
