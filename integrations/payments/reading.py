"""Reading what payment providers write: untrusted bytes in, checked values or errors out."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from domain.shared.errors import AnswerLost, IntegrationError, Rejected, Unavailable

UNREADABLE: Final = "unreadable"
LARGEST_MINOR: Final = 10**14
_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_CHINA_TIME: Final = "%Y-%m-%d %H:%M:%S"
_TEXT_LIMIT: Final = 500


def _blank(value: Any) -> Any:
    return "" if value is None else value


def _legible(text: str) -> str:
    """Without what no database keeps, and cut to a length one can show."""
    clean = text.encode("utf-8", "replace").decode().replace("\x00", "")
    return clean[:_TEXT_LIMIT]


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be printable")
    return text


def _utc(time: datetime) -> datetime:
    if time.tzinfo is None:
        raise ValueError("must have a zone")
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is out of range") from error


def read_china_time(text: str) -> datetime:
    """`yyyy-MM-dd HH:mm:ss` is Asia/Shanghai; returned in UTC. Raises ValueError."""
    return _utc(datetime.strptime(text, _CHINA_TIME).replace(tzinfo=_SHANGHAI))


def write_china_time(at: datetime) -> str:
    return at.astimezone(_SHANGHAI).strftime(_CHINA_TIME)


Text = Annotated[str, BeforeValidator(_blank), AfterValidator(_legible)]
Number = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_printable)]
Minor = Annotated[int, Field(gt=0, le=LARGEST_MINOR)]
ZonedTime = Annotated[datetime, AfterValidator(_utc)]
ChinaTime = Annotated[datetime, BeforeValidator(lambda value: read_china_time(str(value)))]


class Body(BaseModel):
    """A vendor's words: unknown fields are ignored, numbers pass as text, null text is empty."""

    model_config = ConfigDict(
        extra="ignore", coerce_numbers_to_str=True, frozen=True, allow_inf_nan=False
    )


BodyT = TypeVar("BodyT", bound=Body)


def read_answer(model: type[BodyT], raw: bytes, *, system: str, changes: bool) -> BodyT:
    """Raises AnswerLost (`unreadable`) when the call `changes` something, else Unavailable: an
    answer nobody can read says nothing about what the vendor did."""
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise lost(why(error), UNREADABLE, system=system, changes=changes) from None


def read_notice(model: type[BodyT], raw: bytes | dict[str, Any], *, system: str) -> BodyT:
    """Raises Rejected (`unreadable`)."""
    try:
        if isinstance(raw, bytes):
            return model.model_validate_json(raw)
        return model.model_validate(raw)
    except ValidationError as error:
        raise Rejected(why(error), code=UNREADABLE, system=system) from None


def lost(text: str, code: str, *, system: str, changes: bool) -> IntegrationError:
    """No usable answer: whoever changed something has to ask before sending it again."""
    return (AnswerLost if changes else Unavailable)(text, code=code, system=system)


def why(error: ValidationError) -> str:
    """Where it is wrong, without the values: they may be about people."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "body"
    return f"cannot read {place[:100]}: {first['msg'][:200]}"
