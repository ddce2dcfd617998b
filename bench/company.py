"""A company for benchmarks: real servers on temporary data, real processes, the demo's goods."""

import base64
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from commands.demo import OWN_SECRET, seed_demo
from db.engine import create_engine, sessions
from db.inventory.repository import StockRepository
from db.migrate import migrate
from domain.inventory.stock import Document, StockKey, StockLine
from domain.shared.ids import LocationId, Sku
from integrations.sandbox.demo_shop import PRODUCTS
from runtime.embedded import EmbeddedPostgres, EmbeddedTemporal, free_port
from runtime.server_process import before_exec
from runtime.settings import PREFIX, Settings

SHOP: Final = "mini"
SECRET: Final = OWN_SECRET
_KEY: Final = base64.b64encode(bytes(32)).decode()
_READY_S: Final = 60.0
_PLENTY: Final = 10_000_000


@dataclass
class Company:
    """Handles of the servers and of the processes that were started beside them."""

    folder: Path
    postgres: EmbeddedPostgres
    temporal: EmbeddedTemporal
    port: int
    _processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def api_url(self) -> str:
        """Where the API process listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a process of this company is started with."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        return kept | {
            "ONHAND_DATABASE_URL": self.postgres.url,
            "ONHAND_TEMPORAL_ADDRESS": self.temporal.address,
            "ONHAND_SECRET_KEY": _KEY,
            "ONHAND_PORT": str(self.port),
            "ONHAND_DATA_DIR": str(self.folder / "data"),
            "ONHAND_LOG_LEVEL": "WARNING",
        }

    @property
    def settings(self) -> Settings:
        """The settings those processes read."""
        return Settings.model_validate(
            {
                name.removeprefix(PREFIX).lower(): value
                for name, value in self.environment.items()
                if name.startswith(PREFIX)
            }
        )

    async def seed(self) -> None:
        """The demo company, with more goods than any benchmark sells."""
        await seed_demo(self.postgres.url, self.settings)
        engine = create_engine(self.postgres.url, "onhand_worker", pool_size=1)
        lines = [
            StockLine(StockKey(Sku(product.sku), LocationId("HQ-HZ")), _PLENTY)
            for product in PRODUCTS
        ]
        async with sessions(engine).begin() as session:
            await StockRepository(session).receive(Document("grn", "BENCH", "bench"), lines)
        await engine.dispose()

    def start(self, name: str, *command: str) -> None:
        """Start `python -m command…` as a process of this company."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", *command], env=self.environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=before_exec(signal.SIGTERM, courteous=name != "api"),
            )  # fmt: skip

    def stop(self, name: str) -> None:
        """SIGTERM, then wait; insist after a while."""
        process = self._processes.pop(name)
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def wait_for_api(self) -> None:
        """Until the API answers. Raises TimeoutError with the end of its log."""
        until = time.monotonic() + _READY_S
        while time.monotonic() < until:
            with (
                contextlib.suppress(urllib.error.URLError, OSError),
                urllib.request.urlopen(f"{self.api_url}/healthz", timeout=2),
            ):
                return
            time.sleep(0.1)
        raise TimeoutError((self.folder / "api.log").read_text("utf-8")[-2000:])

    def kill_temporal(self) -> None:
        """As the power cord would; `temporal.start` brings it back on the same file."""
        for process in _children("temporal"):
            process.kill()
            process.wait()

    def cpu_ms(self) -> dict[str, float]:
        """Processor time so far of every process, with what its ended children used."""
        roots = {name: [psutil.Process(p.pid)] for name, p in self._processes.items()}
        servers = {"temporal": _children("temporal"), "postgres": _children("postgres")}
        used = {name: sum(map(cpu_s, found)) * 1000 for name, found in (roots | servers).items()}
        own = psutil.Process().cpu_times()
        return used | {"this driver": (own.user + own.system) * 1000}


@contextlib.contextmanager
def company() -> Iterator[Company]:
    """Servers on temporary data with everything durable; all is stopped and erased at the end,
    also when the benchmark is asked to end."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="onhand-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        postgres = EmbeddedPostgres(folder / "postgres", port=free_port())
        temporal = EmbeddedTemporal(folder / "temporal", free_port(), with_ui=False)
        running = Company(folder, postgres, temporal, free_port())
        try:
            postgres.start()
            temporal.start()
            migrate(postgres.url)
            yield running
        finally:
            for process in list(running._processes):
                running.stop(process)
            temporal.stop()
            postgres.stop()


def _children(name: str) -> list[psutil.Process]:
    return [p for p in psutil.Process().children() if name in p.name()]


def cpu_s(root: psutil.Process) -> float:
    """Of the process, its children and theirs; a backend that ended counts with its parent."""
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total
