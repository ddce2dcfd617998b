"""A new contract with a carrier, for administrators."""

import secrets as randomness
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StrictInt
from sqlalchemy.exc import IntegrityError

from api.channels.addresses import Address, carrier_pushes_to, outside_address
from api.channels.credentials import Secret, complete
from api.channels.ports import OutsideOf
from api.channels.settings import refuse_unfit
from api.deps import Context, SettingsOf
from api.strict import Code, Line, Moment, StrictBody
from db.logistics.tables import CarrierAccountRow
from db.platform.audit import audit
from db.platform.outbox import queue_signal
from db.shared.credentials import Credentials
from domain.orders.messages import GateOpened
from domain.shared.errors import ActionNotAllowed, InvalidInput
from domain.shared.ids import gate_workflow_id
from integrations.carriers.registry import BASE_URLS, CARRIERS, UNSIGNED
from integrations.schemas import schema_of_carrier
from integrations.secret_names import of_carrier

log = structlog.get_logger()

router = APIRouter(prefix="/api/v1", tags=["channels"])

_TAKEN: Final = "there is an account at this carrier already"
_CALLBACK: Final = "callback_url"  # of a carrier that is told our address with each parcel
_PUSH_SECRET_BYTES: Final = 24


class NewCarrier(StrictBody):
    """Without `base_url` the carrier's own. Of several that make return labels the one with the
    lowest `priority` is asked first."""

    code: Code
    name: Line
    base_url: Address = ""
    secrets: dict[Code, Secret] = Field(min_length=1, max_length=20)
    settings: dict[Code, Any] = Field(default_factory=dict, max_length=50)
    priority: Annotated[StrictInt, Field(ge=0, le=1000)] = 0
    expires_at: Moment | None = None


class AddedCarrier(BaseModel):
    """`pushes_to` is the address the carrier has to be told. Where the carrier does not sign, it
    is a secret itself."""

    code: str
    base_url: str
    pushes_to: str


@router.post("/carriers", status_code=201)
async def add_carrier(
    body: NewCarrier, request: Request, context: Context, outside: OutsideOf, ours: SettingsOf
) -> AddedCarrier:
    """Add our account at a carrier; its secrets are sealed at once."""
    if body.code not in CARRIERS:
        raise InvalidInput(f"there is no carrier {body.code}")
    secrets = complete(of_carrier(body.code), body.secrets)
    schema = schema_of_carrier(body.code)
    refuse_unfit(request, schema, body.settings)
    base_url = outside_address(body.base_url or BASE_URLS[body.code], ours.sandbox_base_url)
    push_secret = randomness.token_urlsafe(_PUSH_SECRET_BYTES) if body.code in UNSIGNED else ""
    pushes_to = carrier_pushes_to(ours.base_url, body.code, push_secret)
    told = {_CALLBACK: pushes_to} if _CALLBACK in schema.keys else {}
    system = f"carrier/{body.code}"
    try:
        async with outside.sessions.begin() as session:
            if await session.get(CarrierAccountRow, body.code) is not None:
                raise ActionNotAllowed(_TAKEN)
            session.add(
                CarrierAccountRow(
                    code=body.code, name=body.name, base_url=base_url,
                    settings=told | body.settings, push_secret=push_secret, priority=body.priority,
                )
            )  # fmt: skip
            await session.flush()
            await audit(
                session, context.actor, "carrier.add", system,
                after={
                    "name": body.name, "base_url": base_url, "priority": body.priority,
                    "settings": sorted(body.settings),
                },
                request_id=context.request_id,
            )  # fmt: skip
            await Credentials(session, outside.vault, system).change(
                secrets, expires_at=body.expires_at, now=datetime.now(UTC), by=context.actor,
                request_id=context.request_id,
            )  # fmt: skip
            await queue_signal(session, gate_workflow_id(system), "gate_shut", GateOpened(system))
    except IntegrityError as error:  # somebody added it this moment
        raise ActionNotAllowed(_TAKEN) from error
    log.info("carrier.added", code=body.code)
    return AddedCarrier(code=body.code, base_url=base_url, pushes_to=pushes_to)
