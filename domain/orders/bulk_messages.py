"""What crosses Temporal for bulk jobs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BulkRef:
    """Input of `Bulk`: everything else is read from the tables."""

    job_id: str


@dataclass(frozen=True, slots=True)
class BulkAsked:
    """`Bulk.bulk_asked`: there is something to do."""

    job_id: str


@dataclass(frozen=True, slots=True)
class BulkWent:
    """After some of its orders; `ended` = nothing of it waits any more."""

    ended: bool
