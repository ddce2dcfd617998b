"""Reading what marketplaces write: untrusted bytes in, checked values or Rejected out."""

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from domain.orders.snapshot import Version
from domain.shared.errors import AnswerLost, Rejected, Unavailable
from domain.shared.money import Money

UNREADABLE: Final = "unreadable"
LARGEST_AMOUNT: Final = Decimal(10) ** 12
LARGEST_QUANTITY: Final = 1_000_000
_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_CHINA_TIME: Final = "%Y-%m-%d %H:%M:%S"
_TEXT_LIMIT: Final = 2000
_UNIX_DIGITS: Final = 11
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def blank(value: Any) -> Any:
    """Null as empty text."""
    return "" if value is None else value


def _absent(value: Any) -> Any:
    return None if value == "" else value


def _untold(value: Any) -> Any:
    return None if value in ("", 0, "0") and value is not False else value


def zero(value: Any) -> Any:
    """Null and empty text as nought."""
    return 0 if value is None or value == "" else value


def or_empty(value: Any) -> Any:
    """A part that is not told as one without content."""
    return {} if value is None else value


def or_none(value: Any) -> Any:
    """A list that is not told as one of nothing."""
    return () if value is None else value


def _legible(text: str) -> str:
    """Without NUL, which no database keeps, and cut to a length one can show."""
    return text.replace("\x00", "")[:_TEXT_LIMIT]


def _plain(text: str) -> str:
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
    """`yyyy-MM-dd HH:mm:ss` without a zone is Asia/Shanghai; returned in UTC. Raises ValueError."""
    return _utc(datetime.strptime(text, _CHINA_TIME).replace(tzinfo=_SHANGHAI))


def read_unix_time(value: Any) -> datetime:
    """Unix seconds, as a number or as text. Raises ValueError."""
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) <= _UNIX_DIGITS):
        raise ValueError("must be Unix seconds")
    return datetime.fromtimestamp(int(text), UTC)


def read_promise(text: str) -> datetime | None:
    """A promised time may be a time, a date (its last second) or words, which cannot be kept."""
    for written in (text, f"{text} 23:59:59"):
        with suppress(ValueError):
            return read_china_time(written)
    return None


def write_china_time(at: datetime) -> str:
    return at.astimezone(_SHANGHAI).strftime(_CHINA_TIME)


def version_of(modified: datetime) -> Version:
    """The version of a snapshot whose vendor tells when the order was last changed."""
    elapsed = modified - _EPOCH
    return Version(
        modified_us=(elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds
    )


def minor(amount: Decimal, currency: str) -> int:
    """Minor units of an amount in major units."""
    return Money.of(amount, currency).minor


Text = Annotated[str, BeforeValidator(blank), AfterValidator(_legible)]
Number = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_plain)]
Amount = Annotated[Decimal, Field(ge=-LARGEST_AMOUNT, le=LARGEST_AMOUNT)]
OptionalAmount = Annotated[Amount | None, BeforeValidator(_absent)]
Fee = Annotated[Decimal, Field(ge=0, le=LARGEST_AMOUNT)]
OptionalFee = Annotated[Fee | None, BeforeValidator(_absent)]
Quantity = Annotated[int, Field(ge=1, le=LARGEST_QUANTITY)]
ChinaTime = Annotated[datetime, BeforeValidator(lambda value: read_china_time(str(value)))]
OptionalChinaTime = Annotated[ChinaTime | None, BeforeValidator(_absent)]
UnixTime = Annotated[datetime, BeforeValidator(read_unix_time)]
OptionalUnixTime = Annotated[UnixTime | None, BeforeValidator(_untold)]
Code = Annotated[int, BeforeValidator(zero)]
Fen = Annotated[int, BeforeValidator(zero), Field(ge=0, le=int(LARGEST_AMOUNT) * 100)]
ZonedTime = Annotated[datetime, AfterValidator(_utc)]


class Body(BaseModel):
    """A vendor's words: unknown fields are ignored, numbers pass as text, null text is empty."""

    model_config = ConfigDict(
        extra="ignore", coerce_numbers_to_str=True, frozen=True, allow_inf_nan=False
    )


BodyT = TypeVar("BodyT", bound=Body)


def read_body(model: type[BodyT], raw: bytes, *, system: str) -> BodyT:
    """Raises Rejected (code `unreadable`) saying where it is wrong."""
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise Rejected(why(error), code=UNREADABLE, system=system) from None


def read_answer(model: type[BodyT], raw: bytes, *, system: str, changes: bool) -> BodyT:
    """Raises AnswerLost (code `unreadable`) when the call `changes` something, else Unavailable:
    a page of a proxy in place of the answer says nothing about what the vendor did."""
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        kind = AnswerLost if changes else Unavailable
        raise kind(why(error), code=UNREADABLE, system=system) from None


def why(error: ValidationError) -> str:
    """Where it is wrong, without values (they may be names), save for a code we do not know."""
    first = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "body"
    problem = first["msg"][:200]
    if first["type"] == "enum":
        problem = f"{str(first['input'])[:60]!a} is not a value we know"
    return f"cannot read {place[:100]}: {problem}"
