"""What may be decided about a step that waits, and with which values."""

import re
from collections.abc import Collection, Mapping
from typing import Final

from domain.platform.campaigns import OWN_NUMBERS, SHARED_VALUES
from domain.shared.errors import ActionNotAllowed, InvalidInput

NEED_A_REASON: Final = frozenset({"skip", "compensate", "done_by_hand"})
TAKE_VALUES: Final = frozenset({"retry_with", "done_by_hand"})
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
_LONGEST_VALUE: Final = 200


def checked_decision(
    actions: Collection[str],
    input_fields: Mapping[str, str],
    action: str,
    reason: str,
    values: Mapping[str, str],
) -> dict[str, str]:
    """The values as they are kept. Raises ActionNotAllowed or InvalidInput."""
    if action not in actions:
        raise ActionNotAllowed(f"{action} is not offered for this step")
    if action in NEED_A_REASON and not reason.strip():
        raise ActionNotAllowed("a reason is needed")
    given = {name: value.strip() for name, value in values.items() if value.strip()}
    if given and action not in TAKE_VALUES:
        raise InvalidInput(f"{action} takes no values")
    if strange := sorted(set(given) - set(input_fields)):
        raise InvalidInput(f"not asked for: {', '.join(strange)}")
    for name, value in given.items():
        number = input_fields[name] == "number"
        if len(value) > _LONGEST_VALUE or (number and not _NUMBER.fullmatch(value)):
            raise InvalidInput(f"{name} cannot be used")
    if action == "retry_with" and not given:
        raise InvalidInput("corrected values are needed")
    needs_waybill = action == "done_by_hand" and not OWN_NUMBERS.isdisjoint(input_fields)
    if needs_waybill and OWN_NUMBERS.isdisjoint(given):
        raise InvalidInput("waybill_no is needed: the number of the waybill you ordered")
    return given


def checked_for_all(action: str, reason: str, values: Mapping[str, str]) -> dict[str, str]:
    """The values of a decision about many steps. Raises ActionNotAllowed or InvalidInput."""
    given = {name: value.strip() for name, value in values.items() if value.strip()}
    if action in NEED_A_REASON and not reason.strip():
        raise ActionNotAllowed("a reason is needed")
    if given and action != "retry_with":
        raise InvalidInput(f"{action} takes no values")
    if strange := sorted(set(given) - SHARED_VALUES):
        raise InvalidInput(f"every order has its own: {', '.join(strange)}")
    if any(len(value) > _LONGEST_VALUE for value in given.values()):
        raise InvalidInput("a value is too long")
    if action == "retry_with" and not given:
        raise InvalidInput("corrected values are needed")
    return given
