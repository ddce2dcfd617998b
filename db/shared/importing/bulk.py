"""A large list out of a file in one transaction: COPY into a staging table, judged set by set,
written in slices; all of it or, when the good rows alone are wanted, those."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.inventory.ledger import key_of
from db.inventory.repository import StockRepository
from db.platform.audit import audit
from db.shared.importing import bulk_statements as statements
from db.sql import run
from domain.platform.sheet_reading import Fault, SheetRow
from domain.platform.sheets import Kind

BULK: Final = frozenset({Kind.PRODUCTS, Kind.STOCK})
SLICE: Final = 100_000
_TELL: Final = 20_000  # rows read between two words about how far it is
SHOWN: Final = 20

# What is done, how far it is, and out of how many; none = nobody knows yet.
Told = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class BulkFile:
    """A file as it came; `partial`: its good rows are applied though others are bad."""

    kind: Kind
    name: str
    sha256: str
    header: tuple[str, ...]
    by: str
    partial: bool = False
    dry_run: bool = False  # only compared


@dataclass(slots=True)
class BulkResult:
    """What became of it. `applied` is false when the transaction has to be taken back."""

    import_id: str
    repeated: bool = False
    applied: bool = False
    rows: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    faults: list[tuple[int, Fault]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class BulkImport:
    """In the caller's transaction, which commits only a result that is applied."""

    session: AsyncSession
    told: Told

    async def bring_in(
        self, file: BulkFile, rows: Iterable[SheetRow], request_id: str
    ) -> BulkResult:
        """Stage, judge and apply; the same file again does nothing."""
        await run(self.session, statements.TIMEOUTS)
        result = BulkResult(new_id("imp"))
        kept = await run(
            self.session, statements.KEEP, id=result.import_id, kind=file.kind, name=file.name,
            sha256=file.sha256, header=json.dumps(file.header, ensure_ascii=False), by=file.by,
            partial=file.partial,
        )  # fmt: skip
        if not kept:
            result.repeated = True
            return result
        result.rows = await self._stage(file.kind, rows)
        bad = await self._judge(file.kind)
        result.counts = await self._counts(file.kind, bad)
        if file.dry_run or (bad and not file.partial):
            result.faults = await self._faults()
            return result
        await self._apply(file, result)
        late = await self._bad()
        result.faults = await self._faults()
        result.counts = self._ended(result.counts, bad, late)
        result.applied = not late or file.partial
        if result.applied:
            await self._keep(file, result, request_id)
        return result

    async def _stage(self, kind: Kind, rows: Iterable[SheetRow]) -> int:
        await run(self.session, statements.STAGES[kind])
        await run(self.session, statements.FAULTS)
        columns = statements.COLUMNS[kind]
        faults: list[tuple[int, str, str, str]] = []
        staged = 0

        def good() -> Iterator[tuple[Any, ...]]:
            nonlocal staged
            empty = statements.EMPTY[kind]
            for row in rows:
                staged += 1
                if staged % _TELL == 0:
                    self.told("reading", staged, None)
                if row.faults:
                    faults.extend((row.row, x.column, x.code, x.about) for x in row.faults)
                    continue
                yield (row.row, *(row.values.get(name, empty.get(name)) for name in columns))

        await self._copy("bulk_row", ("row", *columns), good())
        await self._copy("bulk_fault", statements.FAULT_COLUMNS, iter(faults))
        await run(self.session, "ANALYZE bulk_row")
        return staged

    async def _copy(
        self, table: str, columns: Iterable[str], rows: Iterator[tuple[Any, ...]]
    ) -> None:
        connection = await self.session.connection()
        raw = await connection.get_raw_connection()
        driver: Any = raw.driver_connection
        async with driver.cursor() as cursor:
            statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
            async with cursor.copy(statement) as copy:
                for row in rows:
                    await copy.write_row(row)

    async def _judge(self, kind: Kind) -> int:
        checks = statements.CHECKS[kind]
        for number, check in enumerate(checks):
            self.told("checking", number, len(checks))
            await run(self.session, check)
        await run(self.session, statements.DROP_BAD)
        await run(self.session, statements.GOOD[kind])
        await run(self.session, statements.INDEX_GOOD)
        await run(self.session, "ANALYZE bulk_good")
        return await self._bad()

    async def _bad(self) -> int:
        rows = await run(self.session, "SELECT count(DISTINCT row)::int AS rows FROM bulk_fault")
        return int(rows[0].rows)

    async def _counts(self, kind: Kind, bad: int) -> dict[str, int]:
        (row,) = await run(self.session, statements.COUNTS[kind])
        return {"new": row.new, "changed": row.changed, "same": row.same, "bad": bad}

    async def _apply(self, file: BulkFile, result: BulkResult) -> None:
        (good,) = await run(self.session, "SELECT count(*)::int AS rows FROM bulk_good")
        told = {"import_id": result.import_id, "by": file.by} if file.kind is Kind.STOCK else {}
        self.told("comparing", 0, good.rows)
        for prepare in statements.BEFORE[file.kind]:
            await run(self.session, prepare)
        for first in range(1, good.rows + 1, SLICE):
            self.told("applying", first - 1, good.rows)
            for write in statements.WRITES[file.kind]:
                names = {name: value for name, value in told.items() if f":{name}" in write}
                await run(self.session, write, first=first, last=first + SLICE - 1, **names)
        self.told("applying", good.rows, good.rows)
        if file.kind is Kind.STOCK:
            keys = [key_of(row) for row in await run(self.session, statements.AWAITED)]
            await StockRepository(self.session).fill_backorders(keys)

    async def _faults(self) -> list[tuple[int, Fault]]:
        rows = await run(self.session, statements.SHOWN_FAULTS, limit=SHOWN)
        return [(row.row, Fault(row.column, row.code, row.about)) for row in rows]

    def _ended(self, counts: dict[str, int], bad: int, late: int) -> dict[str, int]:
        failed = late - bad
        applied = counts["new"] + counts["changed"] - failed
        ended = {"applied": applied, "same": counts["same"], "bad": bad, "failed": failed}
        return {state: rows for state, rows in ended.items() if rows}

    async def _keep(self, file: BulkFile, result: BulkResult, request_id: str) -> None:
        await run(
            self.session, statements.ENDED, id=result.import_id, rows=result.rows,
            result=json.dumps(result.counts),
        )  # fmt: skip
        await audit(
            self.session, file.by, "import.applied", f"import/{result.import_id}",
            after={"kind": file.kind, "name": file.name, **result.counts}, request_id=request_id,
        )  # fmt: skip
