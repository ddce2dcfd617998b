"""What crosses Temporal for imports. Ids and small facts only; fields are only ever added."""

from dataclasses import dataclass
from typing import Final

IMPORT_MOVED: Final = "import_moved"


@dataclass(frozen=True, slots=True)
class ImportRef:
    """What the workflow of an import is started with."""

    import_id: str


@dataclass(frozen=True, slots=True)
class ImportMoved:
    """`Import.import_moved`: there is something to do; look at the tables."""

    import_id: str


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """Where an import stands; while it is `busy` there is a next step."""

    state: str
    busy: bool
