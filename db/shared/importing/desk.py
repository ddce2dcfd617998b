"""An import from the file to its end: each step is one transaction, taken up by whoever comes."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.platform.audit import audit
from db.platform.outbox import queue_signal
from db.sql import run
from db.vault import Vault, import_context
from domain.platform.importing import IMPORT_MOVED, ImportMoved
from domain.platform.sheet_reading import Fault, SheetRow
from domain.platform.sheets import Kind
from domain.shared.errors import ActionNotAllowed, ImportNotFound
from domain.shared.ids import import_workflow_id

_COPIED: Final = 5_000
_COPY: Final = (
    "COPY import_row (id, import_id, row, key, readable, state, faults, sealed) FROM STDIN"
)
_KEEP: Final = """
INSERT INTO import_file (id, kind, name, form, sha256, header, rows, state, wanted, partial,
                         given_by, decided_by, result)
VALUES (:id, :kind, :name, :form, :sha256, CAST(:header AS jsonb), :rows, 'checking', :wanted,
        :partial, :by, '', '{}')
ON CONFLICT (kind, sha256) WHERE state <> 'discarded' DO NOTHING RETURNING id
"""
_SAME: Final = """
SELECT id FROM import_file WHERE kind = :kind AND sha256 = :sha256 AND state <> 'discarded'
"""
_LOCK: Final = "SELECT * FROM import_file WHERE id = :id FOR UPDATE"
_FIND: Final = "SELECT * FROM import_file WHERE id = :id"
_LIST: Final = """
SELECT f.*, a.name AS given_by_name FROM import_file f
LEFT JOIN account a ON a.login = f.given_by
WHERE f.kind = ANY(:kinds) AND (CAST(:by AS text) = '' OR f.given_by = :by)
  AND (CAST(:before AS text) = '' OR f.id < :before)
ORDER BY f.id DESC LIMIT :limit
"""
_COUNTS: Final = """
SELECT state, count(*) AS rows FROM import_row WHERE import_id = :id GROUP BY state
"""
_NEXT: Final = """
SELECT id, row, key, state, faults, sealed FROM import_row
WHERE import_id = :id AND state = :state ORDER BY row LIMIT :limit
"""
# A group is never torn apart: who is among the next brings all rows of its key.
_NEXT_GROUPS: Final = """
SELECT id, row, key, state, faults, sealed FROM import_row
WHERE import_id = :id AND state = :state AND key IN (
    SELECT key FROM import_row WHERE import_id = :id AND state = :state ORDER BY row LIMIT :limit)
ORDER BY row
"""
_ROWS: Final = """
SELECT id, row, key, state, faults, sealed FROM import_row
WHERE import_id = :id AND row > :after AND (CAST(:states AS text[]) = '{}' OR state = ANY(:states))
ORDER BY row LIMIT :limit
"""
_MARK: Final = """
UPDATE import_row r SET state = m.state, faults = CAST(m.faults AS jsonb), sealed = m.sealed
FROM unnest(CAST(:ids AS text[]), CAST(:states AS text[]), CAST(:faults AS text[]),
            CAST(:sealed AS bytea[])) AS m(id, state, faults, sealed)
WHERE r.id = m.id
"""
_AGAIN: Final = """
UPDATE import_row SET state = 'staged', faults = '[]'
WHERE import_id = :id AND readable AND state IN ('new', 'changed', 'same', 'bad', 'failed')
"""
_CHECK: Final = """
UPDATE import_file SET state = 'checking', wanted = :wanted, partial = :partial,
       decided_by = :by, decided_at = clock_timestamp(), finished_at = NULL
WHERE id = :id
"""
_STATE: Final = """
UPDATE import_file SET state = CAST(:state AS text),
       result = CASE WHEN CAST(:result AS text) = '' THEN result ELSE CAST(:result AS jsonb) END,
       wanted = wanted AND CAST(:state AS text) <> 'checked',
       finished_at = CASE WHEN CAST(:state AS text) IN ('done', 'discarded')
                          THEN clock_timestamp() ELSE finished_at END
WHERE id = :id
"""
_FORGET: Final = """
DELETE FROM import_row WHERE id IN (
    SELECT r.id FROM import_row r JOIN import_file f ON f.id = r.import_id
    WHERE coalesce(f.finished_at, f.at) < clock_timestamp() - CAST(:age AS interval)
    LIMIT 1000)
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Given:
    """A file as it came. `apply` has it applied at once when no row is bad."""

    kind: Kind
    name: str
    form: str
    content_sha256: str
    header: tuple[str, ...]
    by: str
    apply: bool = False
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """`repeated`: the same file came before; nothing was kept a second time."""

    import_id: str
    repeated: bool


@dataclass(frozen=True, slots=True)
class Staged:
    """A row that waits to be compared or applied."""

    id: str
    row: int
    key: str
    state: str
    cells: tuple[str, ...]
    values: Mapping[str, Any]
    faults: tuple[Fault, ...] = ()
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a row; `before` and `after` hold what differs."""

    row: Staged
    state: str
    faults: tuple[Fault, ...] = ()
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


def sha256_of(content: bytes) -> str:
    """What makes the same file the same."""
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, slots=True)
class ImportDesk:
    """Imports as one transaction sees them."""

    session: AsyncSession
    vault: Vault

    async def take(self, given: Given, rows: Sequence[SheetRow], request_id: str) -> Taken:
        """Keep the file and its rows; its workflow begins after the commit."""
        import_id = new_id("imp")
        kept = await run(
            self.session, _KEEP, id=import_id, kind=given.kind, name=given.name, form=given.form,
            sha256=given.content_sha256, header=json.dumps(given.header, ensure_ascii=False),
            rows=len(rows), wanted=given.apply, partial=given.partial, by=given.by,
        )  # fmt: skip
        if not kept:
            same = await run(
                self.session, _SAME, kind=given.kind, sha256=given.content_sha256
            )  # fmt: skip
            return Taken(same[0].id, repeated=True)
        await self._copy(import_id, rows)
        await audit(
            self.session, given.by, "import.given", f"import/{import_id}",
            after={"kind": given.kind, "name": given.name, "rows": len(rows)},
            request_id=request_id,
        )  # fmt: skip
        await self._wake(import_id)
        return Taken(import_id, repeated=False)

    async def find(self, import_id: str) -> Row[Any]:
        """The file. Raises ImportNotFound."""
        for row in await run(self.session, _FIND, id=import_id):
            return row
        raise ImportNotFound("there is no such import")

    async def history(
        self, kinds: Sequence[str], limit: int = 50, before: str = "", by: str = ""
    ) -> Sequence[Row[Any]]:
        """Files of these kinds, or those of them that somebody gave, the latest first."""
        return await run(self.session, _LIST, kinds=list(kinds), limit=limit, before=before, by=by)

    async def counts(self, import_id: str) -> dict[str, int]:
        """How many rows are what now."""
        rows = await run(self.session, _COUNTS, id=import_id)
        return {row.state: row.rows for row in rows}

    async def rows(
        self, import_id: str, states: Sequence[str] = (), after: int = 0, limit: int = 1000
    ) -> list[Staged]:
        """Rows in the order of the file, with what they would change."""
        found = await run(
            self.session, _ROWS, id=import_id, states=list(states), after=after, limit=limit
        )  # fmt: skip
        return [self._open(row) for row in found]

    async def decide(
        self, import_id: str, by: str, *, apply: bool, partial: bool, request_id: str
    ) -> None:
        """Have the file compared again, and applied when nothing is in the way.

        Raises ImportNotFound, ActionNotAllowed when it is busy or over.
        """
        file = await self._lock(import_id, ("checked",))
        await run(self.session, _AGAIN, id=import_id)
        await run(
            self.session, _CHECK, id=import_id, wanted=apply, partial=partial, by=by
        )  # fmt: skip
        await audit(
            self.session, by, "import.decided", f"import/{import_id}",
            after={"kind": file.kind, "apply": apply, "partial": partial}, request_id=request_id,
        )  # fmt: skip
        await self._wake(import_id)

    async def discard(self, import_id: str, by: str, *, request_id: str) -> None:
        """Nothing of the file is applied; the same file may come again.

        Raises as `decide` does.
        """
        await self._lock(import_id, ("checked",))
        result = json.dumps(await self.counts(import_id))
        await run(self.session, _STATE, id=import_id, state="discarded", result=result)
        await audit(
            self.session, by, "import.discarded", f"import/{import_id}", request_id=request_id
        )  # fmt: skip

    async def lock(self, import_id: str) -> Row[Any]:
        """The file, ours for this transaction. Raises ImportNotFound."""
        for row in await run(self.session, _LOCK, id=import_id):
            return row
        raise ImportNotFound("there is no such import")

    async def next(
        self, import_id: str, states: Sequence[str], limit: int, *, grouped: bool
    ) -> list[Staged]:
        """The next rows that are all in one of these states; a group comes whole."""
        statement = _NEXT_GROUPS if grouped else _NEXT
        for state in states:
            found = await run(self.session, statement, id=import_id, state=state, limit=limit)
            if found:
                return [self._open(row) for row in found]
        return []

    async def mark(self, verdicts: Sequence[Verdict]) -> None:
        """Write down what became of these rows."""
        if not verdicts:
            return
        await run(
            self.session, _MARK,
            ids=[one.row.id for one in verdicts],
            states=[one.state for one in verdicts],
            faults=[_faults(one.faults) for one in verdicts],
            sealed=[self._seal(one.row.id, one.row, one.before, one.after) for one in verdicts],
        )  # fmt: skip

    async def enter(self, import_id: str, state: str) -> None:
        """The file is in this state now, with the counts of its rows."""
        counts = json.dumps(await self.counts(import_id))
        await run(self.session, _STATE, id=import_id, state=state, result=counts)

    async def _lock(self, import_id: str, allowed: Sequence[str]) -> Row[Any]:
        file = await self.lock(import_id)
        if file.state not in allowed:
            raise ActionNotAllowed("the import is busy or over")
        return file

    async def _copy(self, import_id: str, rows: Sequence[SheetRow]) -> None:
        """COPY in slices: each is far from the time that a statement may take."""
        connection = await self.session.connection()
        raw = await connection.get_raw_connection()
        driver: Any = raw.driver_connection
        for start in range(0, len(rows), _COPIED):
            async with driver.cursor().copy(_COPY) as copy:
                for values in self._staged(import_id, rows[start : start + _COPIED]):
                    await copy.write_row(values)

    def _staged(self, import_id: str, rows: Sequence[SheetRow]) -> Iterator[tuple[Any, ...]]:
        for row in rows:
            row_id = f"{import_id}/{row.row}"
            good = not row.faults
            yield (
                row_id, import_id, row.row, row.key, good, "staged" if good else "bad",
                _faults(row.faults), self._seal(row_id, row),
            )  # fmt: skip

    def _seal(
        self,
        row_id: str,
        row: SheetRow | Staged,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> bytes:
        told = {"c": row.cells, "v": dict(row.values), "b": before, "a": after}
        return self.vault.seal(
            json.dumps(told, ensure_ascii=False).encode(), import_context(row_id)
        )  # fmt: skip

    def _open(self, row: Row[Any]) -> Staged:
        told = json.loads(self.vault.open(bytes(row.sealed), import_context(row.id)))
        faults = tuple(Fault(**one) for one in row.faults)
        return Staged(
            row.id, row.row, row.key, row.state, tuple(told["c"]), told["v"], faults,
            told.get("b"), told.get("a"),
        )  # fmt: skip

    async def _wake(self, import_id: str) -> None:
        await queue_signal(
            self.session, import_workflow_id(import_id), IMPORT_MOVED, ImportMoved(import_id)
        )  # fmt: skip


async def forget_rows(session: AsyncSession, age: timedelta) -> int:
    """Erase up to 1,000 rows of files that ended, or were left alone, longer than `age` ago."""
    return len(await run(session, _FORGET, age=age))


def _faults(faults: Sequence[Fault]) -> str:
    return json.dumps([asdict(fault) for fault in faults], ensure_ascii=False)
