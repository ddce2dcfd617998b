"""What was tried about a step, and what was sent: as people may read it who decide about it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy.engine import Row

from api.deps import RequestContext
from api.orders.effects import EffectsView, EffectView
from db.shared.step_now import step_now
from db.shared.tries import Try, tries_of
from domain.platform.masking import mask_detail, mask_name, mask_phone
from domain.platform.step_effects import Preview, previews
from domain.platform.tries import compared, shown

# Of what people typed in, that which is about somebody.
_MASKED: Any = {"name": mask_name, "phone": mask_phone, "detail": mask_detail, "email": mask_detail}
_NOTHING: Final[Mapping[str, Any]] = {}


class AttentionCall(BaseModel):
    """One call over the wire. status: theirs, 0 = no answer came; `request_id` is their own."""

    model_config = ConfigDict(from_attributes=True)
    at: datetime
    took_ms: int
    call: str
    status: int
    request_id: str


class AttentionTry(BaseModel):
    """A try that did not succeed, with their code and words. `attempt` counts those in a row,
    `waited_s` is how long it waited after the one before."""

    at: datetime
    waited_s: int | None
    attempt: int
    system: str
    cause: str
    code: str
    said: str
    calls: list[AttentionCall]


class SentValue(BaseModel):
    """A value that was sent; `path` says where it stands, such as receiver.phone."""

    model_config = ConfigDict(from_attributes=True)
    path: str
    value: str


class GivenValues(BaseModel):
    """What somebody corrected; `sent` is what had been sent before. People's data is masked."""

    at: datetime
    actor: str
    values: dict[str, str]
    sent: dict[str, str]


class StepPreview(BaseModel):
    """What a decision would do: what runs then, what it touches, and what is undone, one after the
    other."""

    action: str
    then: list[EffectView]
    undone: list[EffectView]
    effects: EffectsView

    @classmethod
    def of(cls, one: Preview) -> "StepPreview":
        return cls(
            action=one.action,
            then=[EffectView.of(line) for line in one.then],
            undone=[EffectView.of(line) for line in one.undone],
            effects=EffectsView.of(one.effects),
        )


@dataclass(frozen=True, slots=True)
class Tried:
    """Everything that was tried about one item, and what each decision would do now."""

    tries: list[AttentionTry]
    sent: list[SentValue]
    sent_at: datetime | None
    given: list[GivenValues]
    last: Mapping[str, Any]
    previews: tuple[Preview, ...]


async def tried(item: Any, before: Sequence[Row[Any]], given: Iterable[Any],
                context: RequestContext) -> Tried:  # fmt: skip
    """The tries of this item, what was sent last for the step, and what people corrected."""
    async with context.sessions.begin() as session:
        found = await tries_of(session, context.vault, item.workflow_id, item.step_id, item.system)
        now = await step_now(session, item)
    until = item.resolved_at
    closed = [
        one.resolved_at for one in before if one.resolved_at and one.first_seen < item.first_seen
    ]
    since = max(closed, default=None)
    of_item = [
        one
        for one in found
        if (since is None or one.at > since) and (until is None or one.at <= until)
    ]
    with_content = [one for one in found if one.sent and (until is None or one.at <= until)]
    last = with_content[-1] if with_content else None
    roles = context.principal.roles
    return Tried(
        _in_a_row(of_item),
        [SentValue.model_validate(one) for one in shown(last.sent, roles)] if last else [],
        last.at if last else None,
        [_corrected(one, found) for one in given],
        last.sent if last else _NOTHING,
        () if item.resolved_at else previews(now, item.actions),
    )


def shown_values(data: Mapping[str, Any]) -> dict[str, str]:
    """What somebody gave for a step, as others may read it."""
    if "sealed" in data:
        return {}
    return {name: _mask(name, str(value)) for name, value in data.items()}


def _in_a_row(tries: Sequence[Try]) -> list[AttentionTry]:
    told: list[AttentionTry] = []
    before: datetime | None = None
    for one in tries:
        calls = [AttentionCall.model_validate(call) for call in one.calls]
        waited = int((one.at - before).total_seconds()) if before else None
        told.append(
            AttentionTry(
                at=one.at, waited_s=waited, attempt=one.attempt, system=one.system,
                cause=one.cause, code=one.code, said=one.said, calls=calls,
            )
        )  # fmt: skip
        before = one.at
    return told


def _corrected(given: Any, tries: Sequence[Try]) -> GivenValues:
    """The corrected values beside those of the last try before."""
    sent = next((one.sent for one in reversed(tries) if one.at <= given.at and one.sent), _NOTHING)
    values = shown_values(given.data)
    before = {name: _mask(name, value) for name, value in compared(values, sent).items()}
    return GivenValues(at=given.at, actor=given.actor, values=values, sent=before)


def _mask(name: str, value: str) -> str:
    return str(_MASKED.get(name, str)(value))
