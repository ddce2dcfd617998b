"""Names, phones and addresses as people see them who need not know them.

Which role sees what is one table: pages and API follow it. The whole receiver is for those who may
reveal him, with a reason.
"""

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Final

from domain.platform.permissions import Role

_STARS: Final = "***"


class Sight(IntEnum):
    """How much of a field one sees; the higher one holds for somebody with several roles."""

    NEVER = 0
    MASKED = 1
    PLAIN = 2


_N, _M, _P = Sight.NEVER, Sight.MASKED, Sight.PLAIN
_DESK: Final = {
    "name": _M, "company": _M, "phone": _M, "detail": _M, "remark": _P, "invoice_title": _P,
}  # fmt: skip
_PACKS: Final = {
    "name": _M, "company": _M, "phone": _M, "detail": _N, "remark": _P, "invoice_title": _N,
}  # fmt: skip
_BOOKS: Final = {
    "name": _M, "company": _M, "phone": _N, "detail": _N, "remark": _N, "invoice_title": _P,
}  # fmt: skip
SIGHT: Final[Mapping[Role, Mapping[str, Sight]]] = {
    Role.CUSTOMER_SERVICE: _DESK,
    Role.WAREHOUSE: _PACKS,
    Role.BUYER: dict.fromkeys(_DESK, _N),
    Role.FINANCE: _BOOKS,
    Role.DEALER: _PACKS,
    Role.MANAGER: _DESK,
    Role.ADMIN: _DESK,
}


def seen(field: str, value: str, roles: frozenset[Role]) -> str:
    """The field's value as somebody with these roles sees it; empty where he sees none."""
    sight = max((SIGHT.get(role, {}).get(field, _N) for role in roles), default=_N)
    if sight is Sight.PLAIN:
        return value
    return _MASKS[field](value) if sight is Sight.MASKED else ""


def mask_name(name: str) -> str:
    """The first character: 陈晓雯 → 陈***."""
    return name[:1] + _STARS if name else ""


def mask_phone(phone: str) -> str:
    """First three and last four digits of long numbers, the last four of others."""
    digits = "".join(character for character in phone if character.isdigit() or character == "*")
    if len(digits) < 7:
        return _STARS if digits else ""
    return f"{digits[:3]}****{digits[-4:]}"


def mask_detail(detail: str) -> str:
    """Street and house number are not shown at all."""
    return _STARS if detail else ""


_MASKS: Final[Mapping[str, Callable[[str], str]]] = {
    "name": mask_name, "company": mask_name, "phone": mask_phone, "detail": mask_detail,
}  # fmt: skip
