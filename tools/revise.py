"""Writes the next migration: what the tables say and a migrated database does not have yet.

Run as `python -m tools.revise "What it is for"`, then read it. Check constraints and data
are not compared: add them by hand. What tables cannot say is in `grants.py`.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine

from db.engine import driver_url
from db.migrate import configuration, migrate
from runtime.embedded import EmbeddedPostgres


def revise(message: str) -> Path:
    """The new file, chained to the newest migration; an empty database is made for comparing."""
    with tempfile.TemporaryDirectory(prefix="onhand-revise-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres", durable=False)
        server.start()
        try:
            migrate(server.url, "heads")  # without rights: they speak of tables to come
            engine = create_engine(driver_url(server.url))
            with engine.connect() as connection:
                script = command.revision(
                    configuration(connection), message, autogenerate=True, rev_id=_next_number()
                )
            engine.dispose()
        finally:
            server.stop()
    assert script is not None
    assert not isinstance(script, list)
    written = Path(script.path)
    lines = written.read_text(encoding="utf-8").splitlines(keepends=True)
    written.write_text("".join(line for line in lines if "# ###" not in line), encoding="utf-8")
    return written


def _next_number() -> str:
    versions = Path(__file__).parents[1] / "db" / "migrations" / "versions"
    return f"{max(int(path.name[:4]) for path in versions.glob('0*.py')) + 1:04}"


if __name__ == "__main__":
    written = revise(" ".join(sys.argv[1:]))
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", str(written)], check=True)
    subprocess.run([sys.executable, "-m", "ruff", "check", "-q", "--fix", str(written)], check=True)
    sys.stdout.write(f"{written.name}\n")
