"""The description shows an example of everything that is sent and answered, and they are true."""

from typing import Any, Final

import jsonschema_rs
import pytest
from fastapi import FastAPI

from api.platform.docs import described
from api.platform.example_words import MAPS, WORDS
from api.platform.examples import add_examples, example_of
from db.engine import Sessions
from domain.platform.permissions import COLLEAGUES
from tests.api.served import browser, key_for

JSON: Final = "application/json"
_BARE: Final = str.maketrans("", "", "{}")


def _medias(description: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every JSON body that has a form, with where it stands."""
    found = []
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            bodies = {"asked": operation.get("requestBody", {}), **operation["responses"]}
            for what, body in bodies.items():
                media = body.get("content", {}).get(JSON)
                if media and media.get("schema"):
                    found.append((f"{method} {path} {what}", media))
    return found


def test_every_body_and_every_answer_has_an_example_that_keeps_to_its_form(app: FastAPI) -> None:
    description = described(app)
    faults = []
    medias = _medias(description)
    for where, media in medias:
        form = {**media["schema"], "components": description["components"]}
        checked = jsonschema_rs.Draft202012Validator(form, validate_formats=True)
        faults += [f"{where} {e.instance_path}: {e}" for e in checked.iter_errors(media["example"])]

    assert len(medias) > 300
    assert not faults, "\n".join(faults)


def test_every_field_has_a_word_of_its_own(app: FastAPI) -> None:
    """A field without one shows its own name; `example_words` is where its word belongs."""
    schemas = described(app)["components"]["schemas"]
    lacking = {
        name
        for schema in schemas.values()
        for name, field in schema.get("properties", {}).items()
        for form in [field, *field.get("anyOf", [])]
        if form.get("type") == "string"
        and not {"enum", "const", "format"} & set(form)
        and name not in WORDS
    }

    assert lacking - {"type", *MAPS} == set()


async def test_what_an_example_asks_is_understood_by_its_route(
    app: FastAPI, web_sessions: Sessions
) -> None:
    """That there is no such order is an answer; that the body has a wrong form is none."""
    faults = []
    async with browser(app, **await key_for(web_sessions, *COLLEAGUES)) as client:
        for path, operations in described(app)["paths"].items():
            for method, operation in operations.items():
                media = operation.get("requestBody", {}).get("content", {}).get(JSON)
                if media is None or not path.startswith("/api/v1/"):
                    continue
                place = path.replace("holds/{kind}", "holds/manual").replace("{currency}", "USD")
                answer = await client.request(method, place.translate(_BARE), json=media["example"])
                if answer.status_code in (415, 500) or "ValidationFailed" in answer.text:
                    faults.append(f"{method} {path} {answer.status_code} {answer.text[:300]}")

    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("form", "example"),
    [
        ({"type": "integer", "minimum": 7}, 7),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, "sku"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Line"}}, [{"quantity": 2}]),
        ({"enum": ["b", "a"]}, "b"),
    ],
)
def test_an_example_follows_the_form(form: dict[str, Any], example: object) -> None:
    line = {"type": "object", "properties": {"quantity": {"type": "integer"}}}
    assert example_of(form, {"Line": line}, "no such word") == (
        "no such word" if example == "sku" else example
    )


def test_examples_stand_at_json_only() -> None:
    body = {"content": {JSON: {"schema": {"type": "integer"}}, "text/csv": {"schema": {}}}}
    description = {
        "components": {"schemas": {}},
        "paths": {"/": {"get": {"responses": {"200": body}}}},
    }
    add_examples(description)

    assert body["content"] == {
        JSON: {"schema": {"type": "integer"}, "example": 1},
        "text/csv": {"schema": {}},
    }
