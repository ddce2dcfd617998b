"""Pages from templates: the reader's language, their clock, and words for every code."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.auth import NOBODY, Principal
from api.errors import language_of
from api.language import translations
from api.orders.money import MoneyView
from api.strict import FIRST_STRONG, POP
from domain.logistics.incidents import fault_of
from domain.orders.effects import Effect, Undo
from domain.platform.masking import mask_detail, mask_name, mask_phone
from domain.platform.permissions import Permission
from domain.platform.routes import permission_of
from domain.shared.clock import COMPANY_ZONE
from domain.shared.money import Money
from web import words
from web.menu import menu_of
from web.refusals import said
from web.static_files import ADDRESS

_TEMPLATES: Final = Path(__file__).parent / "templates"
_SOON: Final = timedelta(days=7)  # before that nobody has to renew a token
_TURNS: Final = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_PATTERN: Final = {"zh": "M月d日 HH:mm", "en": "d MMM HH:mm"}
_PATTERN_OTHER_YEAR: Final = {"zh": "yyyy年M月d日 HH:mm", "en": "d MMM yyyy HH:mm"}


def isolated(value: Any) -> Any:
    """A text that turns the direction of writing, kept from turning what stands around it.

    Unicode UAX #9: FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE; `api.strict.clean` takes them
    off again when a form brings the text back.
    """
    if isinstance(value, str) and not isinstance(value, Markup) and _TURNS.search(value):
        return f"{FIRST_STRONG}{value}{POP}"
    return value


@cache
def environment(language: str) -> Environment:
    """The templates in one language."""
    found = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        finalize=isolated,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    catalogue = translations(language)
    found.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]
    in_words = _Words(language)
    found.globals.update(language=language, words=words, Permission=Permission)
    found.globals.update(permission_of=permission_of, menu_of=menu_of, static=ADDRESS)
    found.filters.update(
        word=in_words.word, money=in_words.money, amount=in_words.amount,
        number=in_words.number, when=in_words.when, ago=in_words.ago, story=in_words.story,
        waits=in_words.waits, step=in_words.step, fault=fault_of,
        mask_name=mask_name, mask_phone=mask_phone, mask_detail=mask_detail,
        weight=in_words.weight, system=in_words.system, said=in_words.said,
        effect=in_words.effect, step_effect=in_words.step_effect, undone=in_words.undone,
    )  # fmt: skip
    return found


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """A page, or a part of one, for whoever asks."""
    return HTMLResponse(fragment(request, template, **context), status, dict(headers or {}))


def fragment(request: Request, template: str, **context: Any) -> str:
    """The text of a template, in the reader's language."""
    who: Principal = getattr(request.state, "principal", NOBODY)
    return (
        environment(language_of(request))
        .get_template(template)
        .render(
            request=request,
            who=who,
            path=request.url.path,
            nonce=getattr(request.state, "nonce", ""),
            is_part="hx-request" in request.headers,
            demo=request.app.state.settings.demo,
            now=datetime.now(UTC),
            company_day=datetime.now(COMPANY_ZONE).date(),
            soon=datetime.now(UTC) + _SOON,
            **context,
        )
    )


class _Words:
    """Filters of one language."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._gettext = translations(language).gettext

    def word(self, code: object, among: Mapping[str, str]) -> str:
        """The word for a code; a code without one is shown as it is."""
        found = among.get(str(code))
        return self._gettext(found) if found else str(code)

    def money(self, minor: int, currency: str) -> str:
        """`¥12.30`."""
        return format_currency(Money(minor, currency).major, currency, locale=self._language)

    def amount(self, one: MoneyView) -> str:
        """A sum as the API tells it: `¥12.30`."""
        return format_currency(Decimal(one.amount), one.currency, locale=self._language)

    def number(self, value: int) -> str:
        """With separators."""
        return format_decimal(value, locale=self._language)

    def weight(self, grams: int) -> str:
        """`1.25 kg`."""
        return f"{format_decimal(grams / 1000, '0.###', locale=self._language)} kg"

    def when(self, at: datetime | None) -> Markup | str:
        """Day and time on the company's clock; the exact moment when pointed at."""
        if at is None:
            return "–"
        local = at.astimezone(COMPANY_ZONE)
        this_year = local.year == datetime.now(COMPANY_ZONE).year
        pattern = (_PATTERN if this_year else _PATTERN_OTHER_YEAR)[self._language]
        shown = format_datetime(local, pattern, locale=self._language)
        return Markup('<time datetime="{}" title="{}">{}</time>').format(
            at.isoformat(), local.strftime("%Y-%m-%d %H:%M:%S %z"), shown
        )

    def _day(self, at: datetime | None) -> str:
        if at is None:
            return ""
        local = at.astimezone(COMPANY_ZONE)
        return format_datetime(local, _PATTERN[self._language], locale=self._language)

    def ago(self, at: datetime | None) -> str:
        """`3 hours ago`, `in 2 days`."""
        if at is None:
            return ""
        delta: timedelta = at - datetime.now(UTC)
        return format_timedelta(delta, add_direction=True, locale=self._language)

    def story(self, event: Any) -> str:
        """One line of an order's story as a sentence."""
        sentence = words.STORY.get(event.kind)
        if sentence is None:
            return str(event.kind).replace("_", " ")
        values = {
            name: self._gettext(text) if ours else text
            for name, (text, ours) in words.story_values(event.kind, event.data).items()
        }
        return self._gettext(sentence).format_map(_Forgiving(values))

    def waits(self, order: Any, steps: int = 0, stages: Sequence[str] = ()) -> str:
        """What an order waits for, in plain words: a person first, then its slowest shipment."""
        code = words.waits_code(order.waits_for, steps, stages)
        if code:
            return self.word(code, words.WAITS_FOR)
        closed = order.status in ("completed", "cancelled")
        return self._gettext(words.CLOSED if closed else words.NOTHING)

    def step_effect(self, line: Effect) -> str:
        """What follows from a decision about a step, as a sentence."""
        sentence = self._gettext(words.STEP_EFFECT.get(line.kind, line.kind))
        kind, _, name = line.other.partition("/")
        other = self.system(line.other) if name else self.word(kind, words.SYSTEM_KIND)
        amount = self.money(line.amount_minor, line.currency)
        return sentence.format(
            subject=line.subject, quantity=self.number(line.quantity), place=line.place or "–",
            other=other, amount=amount,
        )  # fmt: skip

    def said(self, sentence: str) -> str:
        """A sentence from below the pages, in the reader's language."""
        return said(self._language, sentence)

    def effect(self, one: Effect) -> str:
        """One thing an action does, as a sentence."""
        money = {
            name: self.money(minor, one.currency) if one.currency else ""
            for name, minor in (("amount", one.amount_minor), ("before", one.before_minor))
        }
        among = words.CARRIER if one.kind in words.TELLS_CARRIER else words.SHIPMENT_STATUS
        carried = one.kind in words.NAMES_CARRIER
        return self.word(one.kind, words.EFFECT_LINE).format(
            subject=self.word(one.subject, words.CARRIER) if carried else one.subject,
            quantity=self.number(one.quantity), place=one.place,
            other=self.word(one.other, among), at=self._day(one.at), earlier=self._day(one.before),
            **money,
        )  # fmt: skip

    def undone(self, undo: Undo | None) -> str:
        """What takes an action back, and until when."""
        if undo is None:
            return self.word("", words.UNDO)
        between = "" if self._language == "zh" else " "
        return self.word(undo.how, words.UNDO) + between + self.word(undo.until, words.UNTIL)

    def system(self, code: str) -> str:
        """An outside system by its name: `carrier/zto` is ZTO Express."""
        kind, _, name = code.partition("/")
        if kind == "promise":  # nobody outside: the role that is told
            return self.word(name, words.ROLE)
        return self.word(name or kind, words.CARRIER if kind == "carrier" else words.CHANNEL)

    def step(self, step_id: str) -> str:
        """The name of a step."""
        return self.word(words.step_kind(step_id), words.STEP)


class _Forgiving(dict[str, str]):
    """A line written by an older version may lack a value."""

    def __missing__(self, key: str) -> str:
        return "–"
