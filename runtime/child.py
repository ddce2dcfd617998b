"""One process of Onhand under `onhand up`: its lines in the common stream, its restarts."""

import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import IO, Final

_COLOURS: Final = {"api": 36, "worker": 32, "sandbox": 35, "warehouse": 33}  # ANSI
_WIDTH: Final = max(map(len, _COLOURS))


@dataclass(slots=True)
class Child:
    """`onhand serve NAME`, whose code is in `module`."""

    name: str
    module: str
    stops_last: bool = False
    _process: subprocess.Popen[str] | None = field(default=None, init=False)
    _relay: threading.Thread | None = field(default=None, init=False)
    _started_at: float = field(default=0.0, init=False)
    _start_after: float = field(default=0.0, init=False)
    _restarts: int = field(default=0, init=False)

    @property
    def pid(self) -> int | None:
        """Of the running or last process."""
        return self._process.pid if self._process else None

    @property
    def code(self) -> int | None:
        """Exit code of the last process; negative = the signal that ended it."""
        return self._process.poll() if self._process else None

    @property
    def is_running(self) -> bool:
        """Whether it runs now."""
        return self._process is not None and self._process.poll() is None

    @property
    def ended_unnoticed(self) -> bool:
        """Whether it ended and no restart is planned yet."""
        return self._start_after < self._started_at

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches only the supervisor.

        It ends when its standard input ends, which is when the supervisor dies, however it does.
        """
        self._started_at = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cli", "serve", self.name, "--with-parent"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        assert self._process.stdout
        self._relay = threading.Thread(target=self._pass_on, args=(self._process.stdout,))
        self._relay.daemon = True
        self._relay.start()

    def plan_restart(self, now: float, steady_s: float, longest_s: float) -> float:
        """Seconds until it may start again: they double while it does not stay up."""
        if now - self._started_at > steady_s:
            self._restarts = 0
        pause = float(min(2**self._restarts, longest_s))
        self._restarts += 1
        self._start_after = now + pause
        return pause

    def may_start(self, now: float) -> bool:
        """Whether a planned pause is over."""
        return now >= self._start_after

    def ask_to_stop(self) -> None:
        """SIGTERM: finish what is in hand."""
        if self._process and self.is_running:
            self._process.send_signal(signal.SIGTERM)

    def wait(self, timeout_s: float) -> None:
        """Wait for the end, then insist."""
        if self._process is None:
            return
        try:
            self._process.wait(max(timeout_s, 0.1))
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
        if self._relay:
            self._relay.join(1)

    def kill(self) -> None:
        """End it now."""
        if self._process and self.is_running:
            self._process.kill()

    def _pass_on(self, lines: IO[str]) -> None:
        prefix = self.name.ljust(_WIDTH)
        if sys.stdout.isatty():
            prefix = f"\033[{_COLOURS.get(self.name, 37)}m{prefix}\033[0m"
        for line in lines:
            sys.stdout.write(f"{prefix} {line.rstrip()}\n")
            sys.stdout.flush()
