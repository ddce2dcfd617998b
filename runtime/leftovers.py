"""Processes that a killed run left behind: found by pid and birth, so that no stranger is hit."""

import contextlib
import ctypes
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psutil

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h


def note(path: Path, pids: list[int], **facts: object) -> None:
    """Write down which processes run, and whatever else others need to reach them."""
    running = []
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            running.append({"pid": pid, "born": psutil.Process(pid).create_time()})
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps({"running": running, **facts}))
    draft.replace(path)


def noted(path: Path) -> dict[str, object]:
    """What `note` wrote, as long as one of its processes lives; else nothing."""
    return _read(path) if _alive(path) else {}


def stop(path: Path, timeout_s: float) -> None:
    """Stop the noted processes that still run: ask, wait, then insist."""
    stop_processes(_alive(path), signal.SIGTERM, timeout_s)
    path.unlink(missing_ok=True)


def stop_processes(processes: list[psutil.Process], ask: signal.Signals, timeout_s: float) -> None:
    """Ask with a signal, wait `timeout_s` in all, then kill."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(ask)
    _, stubborn = psutil.wait_procs(processes, timeout_s)
    for process in stubborn:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(stubborn, timeout_s)


def ending_with_its_parent(ask: signal.Signals) -> Callable[[], None] | None:
    """For `preexec_fn`: where the kernel can do it, the child gets `ask` when its parent dies."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)

    def prepare() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(ask))

    return prepare


def _read(path: Path) -> dict[str, object]:
    with contextlib.suppress(OSError, ValueError):
        content = json.loads(path.read_text())
        if isinstance(content, dict):
            return content
    return {}


def _alive(path: Path) -> list[psutil.Process]:
    alive = []
    running = _read(path).get("running")
    for one in running if isinstance(running, list) else []:
        with contextlib.suppress(psutil.Error, TypeError, KeyError):
            process = psutil.Process(one["pid"])
            same = abs(process.create_time() - one["born"]) < 1
            if same and process.status() != psutil.STATUS_ZOMBIE:
                alive.append(process)
    return alive
