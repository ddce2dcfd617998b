"""Rows of a stranger's file, read by a process of its own that may take so much memory and time.

`python -m integrations.guarded_reading FILE BYTES SECONDS` writes one JSON array a row.
"""

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from integrations.spreadsheet import BrokenRow, UnreadableFile, read_rows

MOST_BYTES: Final = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one reading may take: address space, and seconds of computing."""

    memory_bytes: int = 1024**3
    seconds: int = 60


BOUNDS = Bounds()

# Where a row stands and its cells; none when the row cannot be read.
GuardedRow = tuple[int, list[str] | None]


def read_guarded(content: bytes, most_rows: int) -> list[GuardedRow]:
    """All rows from the header on, without blank ones. Raises UnreadableFile.

    Blocks: call it in a thread.
    """
    if len(content) > MOST_BYTES:
        raise UnreadableFile(f"The file is larger than {MOST_BYTES // 1024**2} MB.")
    with tempfile.NamedTemporaryFile(prefix="onhand-", suffix=".rows") as file:
        file.write(content)
        file.flush()
        return _read_by_child(Path(file.name), most_rows)


def _read_by_child(path: Path, most_rows: int) -> list[GuardedRow]:
    bounds = [str(BOUNDS.memory_bytes), str(BOUNDS.seconds)]
    command = [sys.executable, "-m", "integrations.guarded_reading", str(path), *bounds]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=Path(__file__).parents[1]
    ) as child:
        assert child.stdout is not None
        rows: list[GuardedRow] = []
        for line in child.stdout:
            told = json.loads(line)
            if isinstance(told, str):
                child.kill()
                raise UnreadableFile(told.replace(path.name, "The file"))
            rows.append((told[0], told[1]))
            if len(rows) > most_rows + 1:
                child.kill()
                raise UnreadableFile(f"The file has more than {most_rows:,} rows; split it.")
        if child.wait() != 0:
            raise UnreadableFile("The file takes more memory or time than reading a list may.")
    if not rows:
        raise UnreadableFile("The file is empty.")
    return rows


def _encoding_of(path: Path) -> str:
    """UTF-8 where it is that; else what Chinese spreadsheets write."""
    if path.read_bytes()[:2] in (b"PK", b"\xff\xfe", b"\xfe\xff", b"\xfd7"):
        return ""
    try:
        path.read_text("utf-8")
    except UnicodeDecodeError:
        return "gb18030"
    return ""


def _lines(path: Path) -> Iterator[str]:
    try:
        for row in read_rows(path, _encoding_of(path)):
            yield json.dumps([row.row, None] if isinstance(row, BrokenRow) else row)
    except UnreadableFile as error:
        yield json.dumps(str(error))


def main() -> None:
    """Read one file, within bounds."""
    path, memory_bytes, seconds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    for line in _lines(path):
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
