"""`onhand up`: every process of Onhand on one machine, one stream of logs, one clean end."""

import base64
import contextlib
import fcntl
import os
import signal
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from runtime import leftovers
from runtime.child import Child
from runtime.embedded import (
    EmbeddedPostgres,
    EmbeddedTemporal,
    free_port,
    in_the_way,
    is_listening,
)
from runtime.reach import embedded_postgres, embedded_temporal
from runtime.settings import Settings, StartRefused, variable

_READY_S: Final = 60.0
_STOP_S: Final = 20.0
_LEFT_OVER_S: Final = 5.0
_STEADY_S: Final = 60.0
_LONGEST_PAUSE_S: Final = 30.0

Login = tuple[str, str, str]  # what they do, name, password


@dataclass(slots=True)
class Supervisor:
    """Starts everything in order and stops it the other way round.

    `prepare(settings, database_url)` migrates and seeds; `reconcile` starts what exists once per
    shop, when both servers answer.
    """

    settings: Settings
    children: Sequence[Child]
    prepare: Callable[[Settings, str], None]
    reconcile: Callable[[Settings, str], None]
    logins: Sequence[Login] = ()
    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))
    _postgres: EmbeddedPostgres | None = field(default=None, init=False)
    _temporal: EmbeddedTemporal | None = field(default=None, init=False)
    _stopping: threading.Event = field(default_factory=threading.Event, init=False)
    _sandbox_port: int = field(default=0, init=False)

    def run(self) -> None:
        """Run until Ctrl-C or SIGTERM; StartRefused when something is in the way.

        Call it in the main thread. A second Ctrl-C waits for nobody.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        started = time.monotonic()
        with self._only_one():
            try:
                self._start()
                if self._wait_until_ready():
                    self._welcome(time.monotonic() - started)
                self._watch()
            except _Interrupted:
                pass
            finally:
                self._stop()

    @property
    def _note(self) -> Path:
        return self.settings.data_dir / "children.json"

    def _on_signal(self, *_: object) -> None:
        for child in self.children if self._stopping.is_set() else ():
            child.kill()
        self._stopping.set()

    @contextlib.contextmanager
    def _only_one(self) -> Iterator[None]:
        """Hold the data folder; what a killed run left behind goes first."""
        folder, port = self.settings.data_dir, self.settings.port
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = (folder / "lock").open("w")
        except OSError as error:
            raise StartRefused(f"The folder {folder.absolute()} cannot be written to.") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise StartRefused(
                    f"Onhand is already running with the data in {folder.absolute()}."
                ) from error
            leftovers.stop(self._note, _LEFT_OVER_S)
            if obstacle := in_the_way(port, self.settings.host):
                raise StartRefused(obstacle)
            yield

    def _start(self) -> None:
        settings = self.settings
        environment = {
            "PYTHONUNBUFFERED": "1",
            variable("secret_key"): base64.b64encode(settings.encryption_key()).decode("ascii"),
        }
        if settings.temporal_address is None:
            self._step("Starting Temporal")
            self._temporal = embedded_temporal(settings)
            self._temporal.launch()
            environment[variable("temporal_address")] = self._temporal.address
        if settings.database_url is None:
            self._step("Starting PostgreSQL")
            self._postgres = embedded_postgres(settings)
            self._postgres.start()
            url = self._postgres.url
        else:
            url = settings.database_url.get_secret_value()
        environment[variable("database_url")] = url
        if settings.sandbox:
            self._sandbox_port = free_port(settings.sandbox_port, settings.host)
            environment[variable("sandbox_port")] = str(self._sandbox_port)
        if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
            environment["FORCE_COLOR"] = "1"
        os.environ.update(environment)  # seeding and the children read the same settings
        self._step("Bringing the database up to date")
        self.prepare(Settings.load(), url)
        if self._temporal is not None:
            self._temporal.wait()
        self.reconcile(Settings.load(), url)
        self._step("Starting Onhand")
        for child in self.children:
            child.start()
        self._remember()

    def _step(self, text: str) -> None:
        if self._stopping.is_set():
            raise _Interrupted
        self.console.print(f"[dim]{text} …[/dim]")

    def _wait_until_ready(self) -> bool:
        """Until the API answers that it is ready, and the sandbox at all; False when they do not,
        or at Ctrl-C."""
        address = f"http://127.0.0.1:{self.settings.port}/readyz"
        until = time.monotonic() + _READY_S
        while time.monotonic() < until and not self._stopping.wait(0.1):
            self._revive()
            with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=2):
                if self._sandbox_answers():
                    return True
        return False

    def _sandbox_answers(self) -> bool:
        """It lets others go first while they start, so it may be the last one."""
        is_ours = any(child.name == "sandbox" for child in self.children)
        return not is_ours or is_listening(self._sandbox_port)

    def _watch(self) -> None:
        while not self._stopping.wait(0.3):
            self._revive()

    def _revive(self) -> None:
        """Start again what died: servers at once, children after a pause that doubles."""
        if self._postgres is not None and not self._postgres.is_running:
            self.console.print("[red]PostgreSQL ended; starting it again.[/red]")
            self._postgres.start()
        if self._temporal is not None and not self._temporal.is_running:
            self.console.print("[red]Temporal ended; starting it again.[/red]")
            self._temporal.start()
        for child in self.children:
            if child.is_running or not child.may_start(time.monotonic()):
                continue
            if child.ended_unnoticed:
                pause = child.plan_restart(time.monotonic(), _STEADY_S, _LONGEST_PAUSE_S)
                self.console.print(
                    f"[red]{child.name} ended with code {child.code}; "
                    f"starting it again in {pause:.0f} s.[/red]"
                )
                continue
            child.start()
            self._remember()

    def _remember(self) -> None:
        leftovers.note(self._note, [child.pid for child in self.children if child.pid])

    def _welcome(self, seconds: float) -> None:
        base = self.settings.base_url
        table = Table.grid(padding=(0, 2))
        table.add_row("Pages and API", f"[bold]{base}[/bold]")
        table.add_row("API docs", f"{base}/docs")
        if self._temporal:
            table.add_row("Temporal UI", f"http://localhost:{self._temporal.ui_port}")
        if self._sandbox_port:
            table.add_row("Sandbox", f"http://localhost:{self._sandbox_port}")
        for does, name, password in self.logins:
            table.add_row(f"Log in as {does}", f"[bold]{name}[/bold]  {password}")
        table.add_row("Stop", "Ctrl-C; make up goes on from there")
        self.console.rule(f"Onhand is ready ({seconds:.1f} s)")
        self.console.print(table)
        self.console.rule()

    def _stop(self) -> None:
        """Who takes requests first, then who works, then the servers they need."""
        self.console.print("[dim]Stopping …[/dim]")
        for last in (False, True):
            group = [child for child in self.children if child.stops_last is last]
            for child in group:
                child.ask_to_stop()
            until = time.monotonic() + _STOP_S
            for child in group:
                child.wait(until - time.monotonic())
        self._note.unlink(missing_ok=True)
        if self._temporal:
            self._temporal.stop()
        if self._postgres:
            self._postgres.stop()
        self.console.print("[dim]Stopped.[/dim]")


class _Interrupted(Exception):
    """Ctrl-C while starting."""
