"""Linking the audit trail, and anchoring its head where the database cannot reach it."""

import asyncio
import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import structlog

from db.engine import Sessions
from db.platform.audit_chain import Head, head_of, link_committed

log = structlog.get_logger()


@dataclass(slots=True)
class Chaining:
    """Follows the audit trail. Each new head becomes a line of the file and of the log."""

    sessions: Sessions
    anchor: Path
    anchored: Head = field(default_factory=Head)

    async def once(self, limit: int) -> int:
        """Link what was committed meanwhile; returns how many rows."""
        async with self.sessions.begin() as session:
            linked = await link_committed(session, limit)
        async with self.sessions.begin() as session:
            head = await head_of(session)
        if head.seq > self.anchored.seq:
            await asyncio.to_thread(write_anchor, self.anchor, head)
            log.info("audit.anchored", seq=head.seq, hash=head.hash)
            self.anchored = head
        return linked


def write_anchor(path: Path, head: Head) -> None:
    """Add the head to the file; it is on the disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps({"at": f"{datetime.now(UTC):%FT%TZ}", "seq": head.seq, "hash": head.hash})
    with path.open("a", encoding="ascii") as file:
        file.write(f"{line}\n")
        file.flush()
        os.fsync(file.fileno())


def read_anchors(path: Path) -> dict[int, str]:
    """Every head that was kept; the half line of a power cut is none."""
    anchors: dict[int, str] = {}
    if path.is_file():
        for line in path.read_text("ascii", "replace").splitlines():
            try:
                told = json.loads(line)
                anchors.setdefault(int(told["seq"]), str(told["hash"]))
            except (ValueError, KeyError, TypeError):
                continue
    return anchors
