"""Every field of every body: a value of another form is refused before anything is done.

Bodies are the examples of our own description, each with one thing wrong. What is not JSON, too
big or nested is the same for all routes and tested at one (`test_input.py`).
"""

import json
from collections.abc import Iterator
from typing import Any, Final

import jsonschema_rs
import pytest
from fastapi import FastAPI

from api.platform.docs import described
from db.engine import Sessions
from domain.platform.permissions import COLLEAGUES
from tests.api.served import browser, key_for

_JSON: Final = "application/json"
_BARE: Final = str.maketrans("", "", "{}")
# Sent as JSON text: some of it no JSON library writes.
FOR_NUMBERS: Final = ("2147483648000", "-2147483648000", '"5"', "1.5", "1.0", "true", "NaN",
                      "Infinity", "-Infinity", "1e400", "1e20", "null", "[]", "{}")  # fmt: skip
FOR_TEXTS: Final = (r'"a\u0000b"', r'"\ud800"', r'"a\u001b[31m"', "5", "true", "[]", "{}", "NaN")
FOR_SWITCHES: Final = ('"true"', "1", "0", "[]", "null")
_MARK: Final = "the-field-that-is-wrong"

Path = tuple[str | int, ...]


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and value:
        for name, one in value.items():
            yield from _leaves(one, (*path, name))
    elif isinstance(value, list) and value:
        yield from _leaves(value[0], (*path, 0))
    else:
        yield path, value


def _objects(value: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict):
        yield path
        for name, one in value.items():
            yield from _objects(one, (*path, name))
    elif isinstance(value, list) and value:
        yield from _objects(value[0], (*path, 0))


def _allowed(checked: jsonschema_rs.Draft202012Validator, path: Path, body: str) -> bool:
    """Whether the description takes it after all: null, a cost as a text, settings of a vendor."""
    if any(c in body for c in (r"\u0000", r"\u001b", r"\ud800")) or body.count(": 1.0") > 0:
        return "cost" in path and r"\u" not in body
    try:
        value = json.loads(body, parse_constant=lambda _: "no number")
    except ValueError:
        return False
    return bool(checked.is_valid(value))


def _with(body: Any, path: Path, text: str) -> str:
    """The body as JSON, with that text in one place of it."""
    copy = json.loads(json.dumps(body))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = _MARK
    return json.dumps(copy).replace(f'"{_MARK}"', text)


def _wrong(body: Any) -> Iterator[tuple[str, Path, str]]:
    """What is wrong, where, with the body that has it."""
    for path, value in _leaves(body):
        if isinstance(value, bool):
            kinds: tuple[str, ...] = FOR_SWITCHES
        elif isinstance(value, int):
            kinds = FOR_NUMBERS
        elif isinstance(value, str):
            kinds = (*FOR_TEXTS, json.dumps("9" * 100_000))
        else:
            continue
        for text in kinds:
            yield f"{path} {text[:30]}", path, _with(body, path, text)
    for path in _objects(body):
        yield f"{path} unknown", path, _with(body, (*path, "is_admin"), "true")
        place = body
        for step in path:
            place = place[step]
        if place:
            name, value = next(iter(place.items()))
            twice = f"{json.dumps(value)}, {json.dumps(name)}: {json.dumps(value)}"
            yield f"{path} twice", (), _with(body, (*path, name), twice)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.campaign)])
async def test_no_field_takes_a_value_of_another_form(
    app: FastAPI, web_sessions: Sessions, every: int
) -> None:
    faults, made = [], 0
    description = described(app)
    async with browser(app, **await key_for(web_sessions, *COLLEAGUES)) as client:
        for path, operations in description["paths"].items():
            for method, operation in operations.items():
                media = operation.get("requestBody", {}).get("content", {}).get(_JSON)
                if media is None or not path.startswith("/api/v1/"):
                    continue
                place = path.replace("holds/{kind}", "holds/manual").translate(_BARE)
                form = {**media["schema"], "components": description["components"]}
                checked = jsonschema_rs.Draft202012Validator(form)
                for what, at, body in _wrong(media["example"]):
                    if not what.endswith("twice") and _allowed(checked, at, body):
                        continue
                    made += 1
                    if made % every:
                        continue
                    answer = await client.request(
                        method, place, content=body.encode("utf-8", "surrogatepass"),
                        headers={"Content-Type": _JSON},
                    )  # fmt: skip
                    if answer.status_code not in (400, 422):
                        faults.append(f"{method} {path} {what}: {answer.status_code}")

    assert made > 2_000
    assert not faults, "\n".join(faults)
