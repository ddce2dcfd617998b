"""What the description allows and what it forbids is sent: no failure, no undocumented answer.

Cases are made from our own OpenAPI description, the same ones every time. Temporal is away.
"""

from typing import Any, Final

import httpx
import pytest
import pytest_asyncio
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app
from db.engine import Sessions
from domain.platform.permissions import COLLEAGUES
from tests.api.orders.world import seed_order, seed_shipment, seed_shop
from tests.api.served import key_for, listening, settings_of

EXAMPLES: Final = 5  # per operation, of what is allowed and of what is not
KNOWN: Final = {"no": "O-1", "shipment_no": "O-1-1", "shop_id": "mini", "code": "sf"}
_CHECKS: Final = [status_code_conformance, content_type_conformance, response_schema_conformance]
_PATIENCE_S: Final = 60.0  # the whole description is put together once
_NOT_HTTP: Final = "Invalid HTTP request received."  # the server's word, not ours
_SAME_EVERY_TIME: Final = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest_asyncio.fixture
async def headers(sessions: Sessions, web_sessions: Sessions) -> dict[str, str]:
    """Of a caller with every role; there is an order with a shipment."""
    await seed_shop(sessions)
    await seed_order(sessions)
    await seed_shipment(sessions)
    return await key_for(web_sessions, *COLLEAGUES)


@pytest.mark.timeout(900)
@pytest.mark.campaign
def test_no_request_made_from_the_description_gets_a_failure_or_an_undocumented_answer(
    database_url: str, headers: dict[str, str]
) -> None:
    faults: list[str] = []
    with listening(create_app(settings_of(database_url))) as address:
        described = httpx.get(
            f"{address}/api/v1/openapi.json", headers=headers, timeout=_PATIENCE_S
        ).json()
        for found in schemathesis.openapi.from_dict(described).get_all_operations():
            operation: Any = found
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                faults += _faults(operation.ok(), mode, address, headers)

    assert not faults, "\n".join(faults)


def _faults(
    operation: Any, mode: GenerationMode, address: str, headers: dict[str, str]
) -> list[str]:
    """What is wrong with the answers of one operation; ids of the path are half the time real."""
    names = {parameter.name for parameter in operation.path_parameters}
    real = {name: value for name, value in KNOWN.items() if name in names}
    found: list[str] = []
    for path in [{}, {"path_parameters": real}] if real and set(real) == names else [{}]:

        @settings(_SAME_EVERY_TIME, max_examples=EXAMPLES)
        @given(case=operation.as_strategy(generation_mode=mode, **path))
        def send(case: Any) -> None:
            answer = case.call(base_url=address, headers=headers, timeout=20)
            request = f"{case.method} {case.formatted_path} {case.query} {case.body!r}"[:300]
            if answer.content == _NOT_HTTP.encode():  # files are no text
                return
            if answer.status_code == 500:
                found.append(f"{request}: {answer.text[:300]}")
                return
            try:
                case.validate_response(answer, checks=_CHECKS)
            except BaseExceptionGroup as group:
                found.extend(f"{request}: {error}"[:600] for error in group.exceptions)

        try:
            send()
        except Unsatisfiable:
            continue  # nothing about it can be wrong
    return found[:3]
