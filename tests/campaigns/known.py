"""What a running company has, as words a fuzzer may say: numbers of its orders, its SKUs, places.

Without them nearly every request ends at "not found", and nothing behind that is reached.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx

PROBABILITY: Final = 0.8  # the rest is made up: what is not there is asked for too
MOST: Final = 40  # values of a name
_LOOKED_INTO: Final = 5  # rows of a list
_PATIENCE_S: Final = 300.0
_BEFORE: Final = ("/api/v1/orders", "/api/v1/pick-lists", "/api/v1/attention")
_NAMES: Final = ("no", "id", "code", "sku", "name")  # what rows are called by, best first
FILE: Final = "schemathesis.toml"

Values = dict[str, list[str]]


def wait_for_trade(client: httpx.Client) -> None:
    """Until there are orders, shipments and something somebody has to decide about."""
    until = time.monotonic() + _PATIENCE_S
    while not all(rows(_answer(client, path)) for path in _BEFORE):
        assert time.monotonic() < until, "the company does not trade"
        time.sleep(1)


def write(client: httpx.Client, description: Mapping[str, Any], folder: Path) -> Path:
    """The tool's settings file, with the values that this company has now."""
    of_path, of_name = _harvest(client, description)
    lines = [*_dictionaries(of_path, of_name), *_fields(description, of_name)]
    for prefix, values in sorted(of_path.items()):
        if values:
            lines += _operations(prefix, description)
    file = folder / FILE
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return file


def rows(answer: object) -> list[dict[str, Any]]:
    """The rows of a list, however its answer calls them."""
    if isinstance(answer, list):
        return [row for row in answer if isinstance(row, dict)]
    if isinstance(answer, dict):
        for value in answer.values():
            if isinstance(value, list) and value and isinstance(value[0], dict):
                return value
    return []


def _answer(client: httpx.Client, path: str) -> object:
    answer = client.get(path)
    if not answer.is_success or "json" not in answer.headers.get("content-type", ""):
        return None
    return answer.json()


def _harvest(client: httpx.Client, description: Mapping[str, Any]) -> tuple[Values, Values]:
    """Values by the path in front of a parameter, and by the name of a field anywhere."""
    of_name: dict[str, dict[str, None]] = defaultdict(dict)
    lists: dict[str, list[dict[str, Any]]] = {}
    for path, operations in description["paths"].items():
        if "get" in operations and "{" not in path:
            answer = _answer(client, path)
            lists[path] = rows(answer)
            for name, value in _scalars(answer):
                of_name[name][value] = None
    of_path: Values = {}
    for path, (prefix, parameter) in sorted(_parameters(description["paths"])):
        found = lists.get(prefix, [])
        called = (
            _called(found, (parameter, parameter.rpartition("_")[2]))
            or list(of_name.get(parameter, ()))
            or _called(found, _NAMES)
        )
        of_path[prefix] = called[:MOST]
        if path == f"{prefix}/{{{parameter}}}" and "get" in description["paths"][path]:
            for value in called[:_LOOKED_INTO]:
                for name, inner in _scalars(_answer(client, f"{prefix}/{quote(value, safe='')}")):
                    of_name[name][inner] = None
    return of_path, {name: list(values)[:MOST] for name, values in of_name.items()}


def _scalars(value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str) and inner and inner.isprintable():
                yield name, inner
            else:
                yield from _scalars(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _scalars(inner)


def _parameters(paths: Iterable[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Each path with a parameter, what stands in front of its first one, and that one's name."""
    for path in paths:
        prefix, opened, rest = path.partition("/{")
        if opened:
            yield path, (prefix, rest.partition("}")[0].partition(":")[0])


def _called(found: list[dict[str, Any]], names: tuple[str, ...]) -> list[str]:
    """How the rows of a list are called, newest first."""
    for name in names:
        values = dict.fromkeys(str(row[name]) for row in found if row.get(name) not in (None, ""))
        if values:
            return list(values)
    return []


def _dictionaries(of_path: Values, of_name: Values) -> Iterator[str]:
    for name, values in sorted(of_path.items()):
        if values:
            yield from ("", f"[dictionaries.{_key(name)}]", f"values = {_quoted(values)}")
    for name, values in sorted(of_name.items()):
        yield from ("", f"[dictionaries.{_key('field ' + name)}]", f"values = {_quoted(values)}")


def _fields(description: Mapping[str, Any], of_name: Values) -> Iterator[str]:
    """One binding for each field of a path, query or body whose name some answer had."""
    bound: dict[str, str] = {}
    closed = set()  # choices from a list that stands elsewhere: the tool fails on binding them
    for operations in description["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                place, name = f"{parameter['in']}.{parameter['name']}", parameter["name"]
                if parameter["in"] in ("path", "query") and name in of_name:
                    bound[place] = name
                if "$ref" in str(parameter["schema"]):
                    closed.add(place)
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body:
                for place, name in _places(body["schema"], description, ()):
                    if name in of_name:
                        bound[f"body.{place}"] = name
    yield from ("", "[parameters]")
    for place, name in sorted(bound.items() - {(place, bound.get(place, "")) for place in closed}):
        yield f"{_key(place)} = {_binding('field ' + name)}"


def _places(
    schema: Mapping[str, Any], description: Mapping[str, Any], seen: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """Where the texts of a body stand, and what they are called."""
    if (reference := schema.get("$ref")) is not None:
        if reference not in seen:
            named = description["components"]["schemas"][reference.rpartition("/")[2]]
            yield from _places(named, description, (*seen, reference))
        return
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from _places(choice, description, seen)
    for name, inner in schema.get("properties", {}).items():
        if _is_text(inner):
            yield name, name
        for place, deeper in _places(inner, description, seen):
            yield (f"{name}{place}" if place.startswith("[*]") else f"{name}.{place}"), deeper
    if isinstance(items := schema.get("items"), dict):
        for place, deeper in _places(items, description, seen):
            yield f"[*].{place}", deeper


def _is_text(schema: Mapping[str, Any]) -> bool:
    kinds = [schema, *schema.get("anyOf", ())]
    return any(kind.get("type") == "string" and "enum" not in kind for kind in kinds)


def _operations(prefix: str, description: Mapping[str, Any]) -> Iterator[str]:
    """The first parameter of the paths behind a list is one of that list's rows."""
    fronts = dict(found for _, found in _parameters(description["paths"]))
    pattern = "^" + prefix + r"/\{" + fronts[prefix] + r"\}"
    yield from (
        "",
        "[[operations]]",
        f"include-path-regex = {_key(pattern)}",
        "[operations.parameters]",
        f"{_key('path.' + fronts[prefix])} = {_binding(prefix)}",
    )


def _binding(name: str) -> str:
    return f"{{ dictionary = {_key(name)}, probability = {PROBABILITY} }}"


def _quoted(values: list[str]) -> str:
    return "[" + ", ".join(_key(value) for value in values) + "]"


def _key(text: str) -> str:
    """A TOML basic string; the values are printable, so these two are all there is to escape."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
