"""What the workflow engine keeps sealed, opened for who may: the codec server of `temporal`."""

import base64
import binascii
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from temporalio.api.common.v1 import Payload

from api.deps import VaultOf
from api.strict import SafeStr, StrictBody
from db.vault import CannotOpen
from domain.shared.errors import InvalidInput
from runtime.codec import opened

router = APIRouter(tags=["engine"])

Base64 = Annotated[SafeStr, Field(max_length=4_000_000)]


class EnginePayload(StrictBody):
    """A payload as Temporal tells it in JSON: bytes in base64."""

    metadata: dict[str, Base64] = Field(default_factory=dict, max_length=20)
    data: Base64 = ""


class EnginePayloads(StrictBody):
    payloads: list[EnginePayload] = Field(default_factory=list, max_length=1000)


@router.post("/temporal/decode")
async def decode(body: EnginePayloads, vault: VaultOf) -> EnginePayloads:
    """Payloads as they were before they were sealed; others come back as they are."""
    try:
        plain = opened(vault, [_read(payload) for payload in body.payloads])
    except (binascii.Error, CannotOpen) as error:
        raise InvalidInput("a payload is damaged, or needs a key that is not there") from error
    return EnginePayloads(payloads=[_told(payload) for payload in plain])


def _read(told: EnginePayload) -> Payload:
    metadata = {
        name: base64.b64decode(value, validate=True) for name, value in told.metadata.items()
    }
    return Payload(metadata=metadata, data=base64.b64decode(told.data, validate=True))


def _told(payload: Payload) -> EnginePayload:
    metadata = {name: base64.b64encode(value).decode() for name, value in payload.metadata.items()}
    return EnginePayload(metadata=metadata, data=base64.b64encode(payload.data).decode())
