"""A Chromium for tests: the one that is here, else one that Playwright fetches, else none."""

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, async_playwright, expect

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FETCH: Final = (sys.executable, "-m", "playwright", "install", "chromium-headless-shell")
_FETCH_S: Final = 150
_PATIENT_MS: Final = 60_000  # two cores, and a whole stack on each
_QUIET: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A running browser; the test is skipped where there is none."""
    program = _program()
    expect.set_options(timeout=_PATIENT_MS)
    async with async_playwright() as playwright:
        if program is None and (why := _fetch(playwright.chromium.executable_path)):
            pytest.skip(f"no Chromium here, and none could be fetched: {why}")
        browser = await playwright.chromium.launch(executable_path=program, args=list(_QUIET))
        try:
            yield browser
        finally:
            await browser.close()


def _program() -> str | None:
    named = os.environ.get("CHROMIUM", "")
    return next(filter(None, map(shutil.which, (named, *_NAMES) if named else _NAMES)), None)


@functools.cache
def _fetch(program: str) -> str:
    """Why it could not be fetched, or nothing when it is there now."""
    if Path(program).exists():
        return ""
    try:
        done = subprocess.run(_FETCH, capture_output=True, text=True, timeout=_FETCH_S, check=False)
    except subprocess.TimeoutExpired:
        return f"not within {_FETCH_S} seconds"
    said = (done.stderr or done.stdout).strip().splitlines()
    if done.returncode == 0:
        return ""
    return next((line.strip() for line in said if "rror" in line), f"exit {done.returncode}")[:200]
