"""Reading what carriers write: untrusted bytes in, checked values or an IntegrationError out."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError

from domain.shared.errors import AnswerLost, Rejected, Unavailable

JSON_TYPE: Final = "application/json;charset=UTF-8"
SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_CHINA_TIME: Final = "%Y-%m-%d %H:%M:%S"
_TEXT_LIMIT: Final = 1000


def _legible(text: str) -> str:
    """Without NUL, which no database keeps, and cut to a length one can show."""
    return text.replace("\x00", "")[:_TEXT_LIMIT]


def _blank(value: Any) -> Any:
    return "" if value is None else value


def read_china_time(text: str) -> datetime:
    """`yyyy-MM-dd HH:mm:ss` without a zone is Asia/Shanghai; returned in UTC. Raises ValueError."""
    try:
        return datetime.strptime(text, _CHINA_TIME).replace(tzinfo=SHANGHAI).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text} is out of range") from error


def write_china_time(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime(_CHINA_TIME)


def _scan_time(value: Any) -> datetime:
    """Unix milliseconds, or Chinese local time as older answers have it."""
    if isinstance(value, int) or (isinstance(value, str) and value.isascii() and value.isdigit()):
        try:
            return datetime.fromtimestamp(int(value) / 1000, UTC)
        except (OverflowError, OSError) as error:
            raise ValueError("out of range") from error
    return read_china_time(str(value))


Text = Annotated[str, BeforeValidator(_blank), AfterValidator(_legible)]
ChinaTime = Annotated[datetime, BeforeValidator(lambda value: read_china_time(str(value)))]
ScanTime = Annotated[datetime, BeforeValidator(_scan_time)]


class Message(BaseModel):
    """A vendor's body: unknown fields are ignored, numbers pass as text, null text is empty."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, frozen=True)


MessageT = TypeVar("MessageT", bound=Message)


def read_answer(model: type[MessageT], raw: bytes | str, *, system: str, changes: bool) -> MessageT:
    """Raises AnswerLost (code `unreadable`) when the call `changes` something, else Unavailable:
    a page of a proxy in place of the answer says nothing about what the vendor did."""
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        kind = AnswerLost if changes else Unavailable
        raise kind(_reason(error), code="unreadable", system=system) from None


def read_pushed(model: type[MessageT], raw: bytes | str, *, system: str) -> MessageT:
    """Raises Rejected (code `unreadable`)."""
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise Rejected(_reason(error), code="unreadable", system=system) from None


def _reason(error: ValidationError) -> str:
    """Where it is wrong, without the values: they may be names and addresses."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "body"
    return f"cannot read {place[:100]}: {first['msg'][:200]}"
