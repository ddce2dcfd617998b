"""Why an order is looked at by a person before it goes out."""

from collections.abc import Sequence


def risk_reasons(
    payable_minor: int, limit_minor: int, blocked_for: Sequence[str]
) -> tuple[str, ...]:
    """From what has to be paid (no limit when it is 0) and why its buyer is blocked, if at all."""
    reasons = ["large amount"] if 0 < limit_minor <= payable_minor else []
    return (*reasons, *(f"blocked buyer: {reason}" for reason in blocked_for))
