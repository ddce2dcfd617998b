"""Examples of what is sent and answered, made from the description itself.

Every field says what it holds by its name (`example_words`), so that a new route has its example
by the same words. RFC and schema limits are kept: an example is taken by the route it stands at.
"""

from typing import Any, Final

from api.platform.example_words import MAPS, NUMBERS, WORDS

_DEEPEST: Final = 6  # what holds itself ends somewhere
_FORMATS: Final = {
    "date-time": "2026-11-26T08:30:00+08:00", "date": "2026-11-26", "time": "17:30:00",
    "password": "s3cret-of-the-vendor", "base64": "aGVsbG8=",
}  # fmt: skip
# One or the other is asked for, never both.
_LEFT_OUT: Final = {"NewBulkJob": ("fitting",), "Place": ("division_code",)}
_REF: Final = "#/components/schemas/"

Schemas = dict[str, Any]


def add_examples(described: dict[str, Any]) -> None:
    """Put an example at every JSON body, asked and answered, of every route."""
    schemas: Schemas = described["components"]["schemas"]
    for operations in described["paths"].values():
        for operation in operations.values():
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            for content in (body.get("content", {}) for body in bodies):
                for kind, media in content.items():
                    if kind == "application/json" and media.get("schema"):
                        media["example"] = example_of(media["schema"], schemas)


def example_of(schema: dict[str, Any], schemas: Schemas, name: str = "", deep: int = 0) -> Any:
    """A value that the schema allows; a field nobody has a word for says its name."""
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].removeprefix(_REF)], schemas, name, deep)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return _among(schema["enum"], name)
    if "anyOf" in schema:
        first = next(one for one in schema["anyOf"] if one.get("type") != "null")
        return example_of(first, schemas, name, deep)
    if "properties" in schema:
        return _object(schema, schemas, deep)
    return _value(schema, schemas, name, deep)


def _object(schema: dict[str, Any], schemas: Schemas, deep: int) -> dict[str, Any]:
    """All fields; deep inside only those that have to be there."""
    needed = schema.get("required", [])
    without = _LEFT_OUT.get(schema.get("title", ""), ())
    return {
        field: example_of(of, schemas, field, deep + 1)
        for field, of in schema["properties"].items()
        if field not in without and (field in needed or deep < _DEEPEST)
    }


def _value(schema: dict[str, Any], schemas: Schemas, name: str, deep: int) -> Any:
    match schema.get("type"):
        case "array":
            return [example_of(schema.get("items", {}), schemas, name, deep + 1)]
        case "object":
            return MAPS.get(name, {})
        case "boolean":
            return bool(schema.get("default", True))
        case "integer" | "number":
            return _number(schema, name)
        case "null":
            return None
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    return WORDS.get(name, name)


def _number(schema: dict[str, Any], name: str) -> int:
    number = NUMBERS.get(name, 1)
    return int(max(schema.get("minimum", number), min(schema.get("maximum", number), number)))


def _among(allowed: list[Any], name: str) -> Any:
    word = WORDS.get(name)
    return word if word in allowed else allowed[0]
