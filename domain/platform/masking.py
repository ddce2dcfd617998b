"""Names, phones and addresses as people see them who need not know them."""

from typing import Final

_STARS: Final = "***"


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
