"""What `make test` takes of something long, so that `make campaigns` has the rest."""

from collections.abc import Iterable
from typing import Any, Final

import pytest

CAMPAIGN: Final = pytest.mark.campaign


def first_of(cases: Iterable[Any]) -> list[Any]:
    """The first case always; the others in campaigns."""
    first, *others = cases
    return [first, *(in_campaigns(case) for case in others)]


def in_campaigns(case: Any) -> Any:
    """A case, or a tuple of what a case is made of."""
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=CAMPAIGN)
