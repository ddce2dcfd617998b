"""What was tried at an outside system: what it was sent, what it answered, as people read it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from domain.platform.masking import seen
from domain.platform.permissions import Role

_LONGEST: Final = 200
_MOST_SHOWN: Final = 60
# What tells of somebody, by the name of its field: how it is seen.
_OF_PEOPLE: Final[Mapping[str, str]] = {
    "phone": "phone", "detail": "detail", "company": "company", "title": "name",
    "tax_no": "phone", "email": "detail", "name_mask": "name", "phone_mask": "phone",
    "longitude": "detail", "latitude": "detail",
}  # fmt: skip
_NEVER: Final = frozenset({"oaid"})  # the platform's word for somebody; nobody reads it


@dataclass(frozen=True, slots=True)
class Heard:
    """One call over the wire: what was called and what came back; status 0 = no answer came."""

    at: datetime
    took_ms: int
    call: str
    status: int = 0
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """One value that was sent: `path` says where it stands, such as receiver.phone."""

    path: str
    value: str


def people_in(sent: Any) -> Iterator[str]:
    """Everything that names somebody in what is sent."""
    if isinstance(sent, Mapping):
        for name, value in sent.items():
            if _field(name, sent) and isinstance(value, str):
                yield value
            else:
                yield from people_in(value)
    elif isinstance(sent, Sequence) and not isinstance(sent, str):
        for one in sent:
            yield from people_in(one)


def shown(sent: Mapping[str, Any], roles: frozenset[Role]) -> tuple[Sent, ...]:
    """What was sent, for somebody with these roles; what is empty is left out."""
    told = (one for one in _flat(sent, roles) if one.value)
    return tuple(one for one, _ in zip(told, range(_MOST_SHOWN), strict=False))


def compared(given: Mapping[str, str], sent: Mapping[str, Any]) -> dict[str, str]:
    """For each corrected value what was sent under its name before; empty where nothing was."""
    return {name: _text(sent.get(name, "")) for name in given}


def _flat(told: Mapping[str, Any], roles: frozenset[Role], above: str = "") -> Iterator[Sent]:
    for name, value in told.items():
        path = f"{above}.{name}" if above else name
        if name in _NEVER:
            continue
        if field := _field(name, told):
            yield Sent(path, seen(field, _text(value), roles))
        elif isinstance(value, Mapping):
            yield from _flat(value, roles, path)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield Sent(path, "; ".join(filter(None, (_line(one, roles) for one in value))))
        else:
            yield Sent(path, _text(value))


def _line(told: Any, roles: frozenset[Role]) -> str:
    """One of several: goods with how many, else its values one after the other."""
    if not isinstance(told, Mapping):
        return _text(told)
    what = told.get("name") or told.get("external_line_no")
    units = told.get("quantity") or told.get("units")
    if what and units:
        return f"{what} × {units}"
    return " ".join(one.value for one in _flat(told, roles) if one.value)


def _field(name: str, beside: Mapping[str, Any]) -> str:
    """As what it is masked; goods have names too, people have one beside a phone."""
    if name == "name":
        return "name" if "phone" in beside else ""
    if name == "title":
        return "name" if "tax_no" in beside else ""
    return _OF_PEOPLE.get(name, "")


def _text(value: Any) -> str:
    """As people read it; nothing, zero and "no" are left out."""
    return str(value)[:_LONGEST] if value else ""
