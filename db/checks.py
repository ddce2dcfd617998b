"""What a proof from the tables is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant: a sentence, and the query that finds what breaks it."""

    name: str
    sentence: str
    query: str
