"""What may be set of a shop, a carrier or a payment account: every key, and what it may hold.

A module that opens a client declares its own in `SETTINGS`; nothing else is taken.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from domain.shared.errors import SettingsRefused

_LONGEST_TEXT: Final = 500
_MOST_ITEMS: Final = 200
_DEEPEST: Final = 5
_LONGEST_SHOWN: Final = 60
_WHOLE: Final = 1_000_000_000


class Rule(StrEnum):
    """Why a value is not taken, as a sentence about `{key}` with what is `{allowed}` instead."""

    UNKNOWN = "there is no setting {key}; there are: {allowed}"
    TEXT = "setting {key} must be text of at most {allowed} characters"
    NUMBER = "setting {key} must be a number: {allowed}"
    WHOLE = "setting {key} must be a whole number: {allowed}"
    YES_NO = "setting {key} must be one of: {allowed}"
    CHOICE = "setting {key} is not one we know; allowed: {allowed}"
    CODES = "setting {key} must be a list of codes, such as {allowed}"
    TABLE = "setting {key} must be an object of texts, such as {allowed}"
    MEANINGS = "setting {key} must be an object whose values are among: {allowed}"
    NESTED = "setting {key} must be an object with some of: {allowed}"
    OBJECTS = "setting {key} must be an object of objects, such as {allowed}"
    SEALED = "setting {key} is no place for a secret; enter it among the credentials: {allowed}"


class Input(StrEnum):
    """How a person fills a setting in."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Fault:
    """One setting that cannot be used."""

    key: str
    rule: Rule
    allowed: str

    def __str__(self) -> str:
        return self.rule.format(key=self.key, allowed=self.allowed)


@dataclass(frozen=True, slots=True)
class Setting:
    """One key. `allowed` says what it may hold, or gives an example; `choices` are all values
    that are possible where they can be counted; `least` and `most` bound numbers."""

    key: str
    rule: Rule
    allowed: str
    choices: tuple[str, ...] = ()
    least: float = 0.0
    most: float = 0.0
    parts: tuple["Setting", ...] = ()
    sealed: tuple[tuple[str, str], ...] = ()  # (part that is a secret, the secret it belongs to)

    @property
    def input(self) -> Input:
        """How it is asked for."""
        match self.rule:
            case Rule.TEXT:
                return Input.TEXT
            case Rule.NUMBER | Rule.WHOLE:
                return Input.NUMBER
            case Rule.YES_NO | Rule.CHOICE:
                return Input.CHOICE
            case _:
                return Input.JSON

    def read(self, text: str) -> Any:
        """The value that a person filled in; what cannot be read stays text and is refused."""
        if self.input is Input.TEXT or self.rule is Rule.CHOICE:
            return text
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text

    def faults(self, value: Any, within: str = "") -> tuple[Fault, ...]:
        """What is wrong with the value; nothing when it can be used."""
        key = within + self.key
        if self.rule is Rule.NESTED and isinstance(value, Mapping):
            return _faults(self.parts, value, f"{key}.")
        if not self._holds(value):
            return (Fault(key, self.rule, self.allowed),)
        return tuple(
            Fault(f"{key}.{name}.{part}", Rule.SEALED, secret)
            for part, secret in self.sealed
            for name, one in value.items()
            if part in one
        )

    def _holds(self, value: Any) -> bool:
        match self.rule:
            case Rule.TEXT:
                return _is_code(value)
            case Rule.NUMBER:
                is_number = isinstance(value, int | float) and not isinstance(value, bool)
                return is_number and self.least <= value <= self.most
            case Rule.WHOLE:
                is_whole = isinstance(value, int) and not isinstance(value, bool)
                return is_whole and self.least <= value <= self.most
            case Rule.YES_NO:
                return isinstance(value, bool)
            case Rule.CHOICE:
                return isinstance(value, str) and value in self.choices
            case Rule.CODES:
                return isinstance(value, list) and len(value) <= _MOST_ITEMS and all(
                    map(_is_code, value)
                )  # fmt: skip
            case Rule.TABLE | Rule.MEANINGS:
                return self._is_table(value)
            case Rule.OBJECTS:
                return isinstance(value, dict) and len(value) <= _MOST_ITEMS and all(
                    _is_name(name) and isinstance(one, dict) and _is_plain(one, _DEEPEST)
                    for name, one in value.items()
                )  # fmt: skip
            case _:
                return False

    def _is_table(self, value: Any) -> bool:
        if not isinstance(value, dict) or len(value) > _MOST_ITEMS:
            return False
        return all(
            _is_name(name)
            and (one in self.choices if self.rule is Rule.MEANINGS else _is_code(one))
            for name, one in value.items()
        )


@dataclass(frozen=True, slots=True)
class Schema:
    """Everything that may be set of one kind of shop, carrier or account."""

    settings: tuple[Setting, ...] = ()

    def __add__(self, other: "Schema") -> "Schema":
        return Schema(self.settings + other.settings)

    @property
    def keys(self) -> frozenset[str]:
        """The keys that exist."""
        return frozenset(setting.key for setting in self.settings)

    def faults(self, given: Mapping[str, Any]) -> tuple[Fault, ...]:
        """Everything in it that cannot be used, in the order it was given."""
        return _faults(self.settings, given, "")

    def check(self, given: Mapping[str, Any], owner: str) -> None:
        """Raises SettingsRefused, naming the first key that cannot be used."""
        if faults := self.faults(given):
            key = faults[0].key
            raise SettingsRefused(str(faults[0]), code=f"setting:{key}"[:100], system=owner)


def text(key: str) -> Setting:
    """Free text."""
    return Setting(key, Rule.TEXT, str(_LONGEST_TEXT))


def number(key: str, least: float, most: float) -> Setting:
    """A number, seconds for the most part."""
    return Setting(key, Rule.NUMBER, f"{least:g} – {most:g}", least=least, most=most)


def whole(key: str, least: int = 0, most: int = _WHOLE) -> Setting:
    """A whole number."""
    return Setting(key, Rule.WHOLE, f"{least} – {most}", least=least, most=most)


def yes_no(key: str) -> Setting:
    """On or off."""
    return Setting(key, Rule.YES_NO, "true, false", ("true", "false"))


def choice(key: str, among: Iterable[str]) -> Setting:
    """One of few values."""
    choices = tuple(str(one) for one in among)
    return Setting(key, Rule.CHOICE, ", ".join(choices), choices)


def codes(key: str, example: Sequence[str]) -> Setting:
    """A list of a vendor's codes."""
    return Setting(key, Rule.CODES, json.dumps(list(example)))


def table(key: str, example: Mapping[str, str]) -> Setting:
    """Names of ours and what the vendor calls them."""
    return Setting(key, Rule.TABLE, json.dumps(dict(example), ensure_ascii=False))


def meanings(key: str, among: Iterable[str]) -> Setting:
    """A vendor's words and what each means to us."""
    choices = tuple(str(one) for one in among)
    return Setting(key, Rule.MEANINGS, ", ".join(choices), choices)


def nested(key: str, *parts: Setting) -> Setting:
    """Settings of one thing that belong together."""
    return Setting(key, Rule.NESTED, ", ".join(part.key for part in parts), parts=parts)


def objects(
    key: str, example: Mapping[str, Mapping[str, str]], sealed: Mapping[str, str] | None = None
) -> Setting:
    """Named objects in the vendor's own form. `sealed` parts are refused: each is (in) a secret."""
    shown = json.dumps(example, ensure_ascii=False)
    return Setting(key, Rule.OBJECTS, shown, sealed=tuple((sealed or {}).items()))


# What a vendor's refusals mean; its own table counts where nothing is said.
CODES: Final = Schema(
    (
        codes("retry_codes", ["500"]),
        codes("throttle_codes", ["429"]),
        codes("credential_codes", ["403"]),
    )
)


def _faults(
    settings: Sequence[Setting], given: Mapping[str, Any], within: str
) -> tuple[Fault, ...]:
    known = {setting.key: setting for setting in settings}
    found: list[Fault] = []
    for key, value in given.items():
        if (setting := known.get(key)) is None:
            allowed = ", ".join(sorted(known)) or "–"
            found.append(Fault(within + _shown(key), Rule.UNKNOWN, allowed))
        else:
            found.extend(setting.faults(value, within))
    return tuple(found)


def _shown(key: object) -> str:
    """A key somebody made up, so that it can be printed anywhere."""
    return str(key).encode("ascii", "backslashreplace").decode()[:_LONGEST_SHOWN]


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_TEXT and value.isprintable()


def _is_code(value: Any) -> bool:
    """Text of one line; a number does for a code that looks like one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value) <= _WHOLE * _WHOLE
    return isinstance(value, str) and len(value) <= _LONGEST_TEXT and value.isprintable()


def _is_plain(value: Any, deep: int) -> bool:
    """JSON of small size that any vendor and any table takes."""
    match value:
        case dict():
            fits = deep > 0 and len(value) <= _MOST_ITEMS
            return fits and all(_is_name(k) and _is_plain(v, deep - 1) for k, v in value.items())
        case list():
            fits = deep > 0 and len(value) <= _MOST_ITEMS
            return fits and all(_is_plain(one, deep - 1) for one in value)
        case bool() | None:
            return True
        case float():
            return abs(value) <= _WHOLE
        case _:
            return _is_code(value)
