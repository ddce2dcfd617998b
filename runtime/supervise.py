"""`onhand up`: every process of Onhand on one machine, one stream of logs, one clean end."""

import base64
import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, Final

from rich.console import Console
from rich.table import Table

from runtime.embedded import EmbeddedPostgres, EmbeddedTemporal, ServerDidNotStart, is_listening
from runtime.settings import Settings

GRACE_S: Final = 20.0
_COLOURS: Final = {"api": "cyan", "worker": "green", "sandbox": "magenta", "warehouse": "yellow"}


class CannotStart(Exception):
    """`onhand up` cannot run here; the text is one sentence."""


@dataclass(slots=True)
class Child:
    """One process of Onhand, started again when it dies."""

    name: str
    module: tuple[str, ...]
    process: subprocess.Popen[str] | None = field(default=None, init=False)
    restarts: int = field(default=0, init=False)
    started_at: float = field(default=0.0, init=False)

    def start(self, environment: dict[str, str], console: Console) -> None:
        """Start it and pass its lines on."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", *self.module],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        assert self.process.stdout
        threading.Thread(
            target=_pass_on, args=(self.name, self.process.stdout, console), daemon=True
        ).start()

    def stop(self) -> None:
        """Ask, wait, then insist."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass(slots=True)
class Supervisor:
    """Starts everything in order and stops it the other way round."""

    settings: Settings
    console: Console
    children: tuple[Child, ...]
    postgres: EmbeddedPostgres | None = field(default=None, init=False)
    temporal: EmbeddedTemporal | None = field(default=None, init=False)
    _stopping: threading.Event = field(default_factory=threading.Event, init=False)

    def run(self, prepare: Callable[[str, str], None]) -> None:
        """Run until Ctrl-C or SIGTERM. `prepare(database_url, temporal_address)` migrates.

        Raises CannotStart with one sentence when something is in the way.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stopping.set())
        started = time.monotonic()
        with self._lock():
            try:
                environment = self._servers(prepare)
                for child in self.children:
                    child.start(environment, self.console)
                self._wait_ready()
                if not self._stopping.is_set():
                    self._welcome(time.monotonic() - started)
                self._watch(environment)
            except ServerDidNotStart as error:
                raise CannotStart(str(error)) from error
            finally:
                self._stop()

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        folder = self.settings.data_dir
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = (folder / "lock").open("w")
        except OSError as error:
            raise CannotStart(f"The folder {folder} cannot be written to.") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotStart(f"Onhand is already running with the data in {folder}.") from error
        if is_listening(self.settings.port):
            raise CannotStart(
                f"Port {self.settings.port} is taken; stop what uses it or set ONHAND_PORT."
            )
        with lock:
            yield

    def _servers(self, prepare: Callable[[str, str], None]) -> dict[str, str]:
        settings = self.settings
        environment = dict(os.environ)
        with self.console.status("Starting PostgreSQL …") as status:
            if settings.database_url is None:
                self.postgres = EmbeddedPostgres((settings.data_dir / "postgres").resolve())
                self.postgres.start()
                environment["ONHAND_DATABASE_URL"] = self.postgres.url
            else:
                environment["ONHAND_DATABASE_URL"] = settings.database_url.get_secret_value()
            environment["ONHAND_SECRET_KEY"] = base64.b64encode(settings.encryption_key()).decode(
                "ascii"
            )
            status.update("Starting Temporal …")
            if settings.temporal_address is None:
                self.temporal = EmbeddedTemporal(
                    (settings.data_dir / "temporal").resolve(),
                    settings.temporal_port,
                    settings.temporal_ui_port,
                )
                self.temporal.start()
                environment["ONHAND_TEMPORAL_ADDRESS"] = self.temporal.address
            else:
                environment["ONHAND_TEMPORAL_ADDRESS"] = settings.temporal_address
            status.update("Bringing the database up to date …")
            prepare(environment["ONHAND_DATABASE_URL"], environment["ONHAND_TEMPORAL_ADDRESS"])
            status.update("Starting Onhand …")
        environment["PYTHONUNBUFFERED"] = "1"
        return environment

    def _wait_ready(self) -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until and not self._stopping.is_set():
            if is_listening(self.settings.port):
                return
            time.sleep(0.1)

    def _watch(self, environment: dict[str, str]) -> None:
        while not self._stopping.wait(0.5):
            for child in self.children:
                if child.process is None or child.process.poll() is None:
                    continue
                if time.monotonic() - child.started_at > 60:
                    child.restarts = 0
                child.restarts += 1
                pause = min(2.0 ** (child.restarts - 1), 30.0)
                self.console.print(
                    f"[red]{child.name} ended with code {child.process.returncode}; "
                    f"starting it again in {pause:.0f} s[/red]"
                )
                if self._stopping.wait(pause):
                    return
                child.start(environment, self.console)

    def _welcome(self, seconds: float) -> None:
        table = Table.grid(padding=(0, 2))
        table.add_row("Pages and API", self.settings.base_url)
        table.add_row("API description", f"{self.settings.base_url}/api/v1/openapi.json")
        if self.temporal:
            table.add_row("Temporal", f"http://localhost:{self.temporal.ui_port}")
        table.add_row("Stop", "Ctrl-C; everything goes on where it was with make up")
        self.console.rule(f"Onhand is ready after {seconds:.1f} s")
        self.console.print(table)
        self.console.rule()

    def _stop(self) -> None:
        self.console.print("Stopping …")
        for child in self.children:
            child.stop()
        if self.temporal:
            self.temporal.stop()
        if self.postgres:
            self.postgres.stop()
        self.console.print("Stopped; the data is in", str(self.settings.data_dir))


def _pass_on(name: str, lines: IO[str], console: Console) -> None:
    colour = _COLOURS.get(name, "white")
    for line in lines:
        console.print(f"[{colour}]{name:>9}[/{colour}] ", end="")
        console.print(line.rstrip("\n"), markup=False, highlight=False, soft_wrap=True)
