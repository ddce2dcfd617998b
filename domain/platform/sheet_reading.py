"""A file's rows as a list reads them: each good, or with what is wrong with it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from domain.platform.cells import BadCell, Value
from domain.platform.sheets import Sheet


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row: in which column (none: the whole row), a code, what it is about."""

    column: str
    code: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row as it was read: cells as they stand in the file, and what they mean when all is good.
    Cells that are empty have no value: they change nothing."""

    row: int
    cells: tuple[str, ...]
    key: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


class UnfitHeader(Exception):
    """The first row does not name what this list needs: `missing` columns, `twice` named ones."""

    def __init__(self, missing: Sequence[str], twice: Sequence[str] = ()) -> None:
        super().__init__(", ".join((*missing, *twice)))
        self.missing = tuple(missing)
        self.twice = tuple(twice)


def find_columns(sheet: Sheet, header: Sequence[str]) -> dict[str, int]:
    """Where each column of the list stands; others are left alone. Raises UnfitHeader."""
    names = {
        _plain(name): column.name
        for column in sheet.columns
        for name in (column.name, column.en, column.zh)
    }
    found: dict[str, int] = {}
    twice = []
    for place, heading in enumerate(header):
        name = names.get(_plain(heading), "")
        if name in found:
            twice.append(name)
        elif name:
            found[name] = place
    missing = [one.name for one in sheet.columns if one.needed and one.name not in found]
    if missing or twice:
        raise UnfitHeader(missing, twice)
    return found


def read_sheet(
    sheet: Sheet, header: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]]
) -> Iterator[SheetRow]:
    """Every row below the header, good or with what is wrong with it. Raises UnfitHeader."""
    columns = find_columns(sheet, header)
    seen: dict[tuple[str, str], int] = {}
    for row, cells in rows:
        read = read_row(sheet, columns, row, tuple(cells), len(header))
        yield _once(sheet, read, seen)


def read_row(
    sheet: Sheet, columns: Mapping[str, int], row: int, cells: tuple[str, ...], width: int
) -> SheetRow:
    """One row by itself; whether another one says the same is not asked."""
    if len(cells) > width and any(cells[width:]):
        return SheetRow(row, cells, faults=(Fault("", "more_cells"),))
    values: dict[str, Value] = {}
    faults: list[Fault] = []
    for column in sheet.columns:
        place = columns.get(column.name, width)
        cell = _unguarded(cells[place].strip()) if place < len(cells) else ""
        if not cell:
            if column.needed:
                faults.append(Fault(column.name, "missing"))
            continue
        try:
            values[column.name] = column.read(cell)
        except BadCell as error:
            faults.append(Fault(column.name, str(error)))
    key = "/".join(str(values.get(name, "")) for name in sheet.key)
    return SheetRow(row, cells, key, values, tuple(faults))


def _once(sheet: Sheet, read: SheetRow, seen: dict[tuple[str, str], int]) -> SheetRow:
    """What names a row stands in one row alone."""
    named = [] if sheet.grouped else [("", read.key)]
    named += [
        (one.name, str(read.values[one.name]))
        for one in sheet.columns
        if one.unique and one.name in read.values
    ]
    faults = list(read.faults)
    for name in named:
        earlier = seen.setdefault(name, read.row)
        if earlier != read.row:
            faults.append(Fault(name[0], "twice", str(earlier)))
    return SheetRow(read.row, read.cells, read.key, read.values, tuple(faults))


def _unguarded(cell: str) -> str:
    """Without the apostrophe that our own exports put before what would run as a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:2] in ("=", "+", "-", "@") else cell


def _plain(name: str) -> str:
    return "".join(character for character in name if character.isalnum()).casefold()
