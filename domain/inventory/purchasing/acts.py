"""What may be done with a purchase order, and what it is afterwards. Nothing here has an effect."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from domain.inventory.purchasing.model import (
    OPEN_FOR_GOODS,
    OVER,
    Notice,
    Purchase,
    PurchaseLine,
    PurchaseState,
    SupplierAnswer,
)
from domain.shared.errors import ActionNotAllowed, InvalidInput, OverReceipt
from domain.shared.plans import hash_of

_S = PurchaseState
_ASKING = ("over_budget", "asks_approval")


class PurchaseAction(StrEnum):
    SUBMIT = "submit"  # for approval; below the limit it is approved with it
    APPROVE = "approve"
    REFUSE = "refuse"  # back to the buyer
    TAKE_BACK = "take_back"  # to correct it before it is sent
    ANSWER = "answer"  # what the supplier said, typed in
    EXPECT = "expect"  # another day
    AMEND = "amend"  # other lines or another day than the supplier knows
    CANCEL = "cancel"
    CLOSE = "close"  # what did not come is given up


@dataclass(frozen=True, slots=True)
class PurchaseEffect:
    """One thing a decision does. kind: over_budget | asks_approval | approves | sends | to_draft |
    promised | not_promised | refused_by_supplier | expects | gives_up | tells_supplier | keeps |
    over | adds | takes_off | drops | reprices | amends."""

    kind: str
    units: int = 0
    amount_minor: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class AmendedLine:
    """A line as it is wanted now; a new one has no number yet. Its price is known before a plan is
    made."""

    line_no: int
    sku: str
    units: int
    price_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of a purchase order. `units`: what the supplier promises, by line, where
    it is not all; `limit_minor`: what needs no second person, none where nothing does;
    `budget_minor`: what is left to be spent without one; `lines`: all that an amendment wants."""

    action: PurchaseAction
    units: Mapping[int, int] | None = None
    expected_on: date | None = None
    limit_minor: int | None = None
    budget_minor: int | None = None
    lines: tuple[AmendedLine, ...] = ()


@dataclass(frozen=True, slots=True)
class PurchasePlan:
    """What a decision does now; `hash` names exactly this plan."""

    action: PurchaseAction
    before: Purchase
    after: Purchase
    effects: tuple[PurchaseEffect, ...]

    @property
    def asks(self) -> bool:
        """Whether a second person has to say yes first."""
        return any(one.kind in _ASKING for one in self.effects)

    @property
    def hash(self) -> str:
        """Reminders and clocks do not change it."""
        told = [(line.line_no, line.ordered, line.price_minor, line.acknowledged, line.received,
                 line.cancelled) for line in self.after.lines]  # fmt: skip
        effects = [(e.kind, e.units, e.amount_minor, e.text) for e in self.effects]
        return hash_of([self.action, self.before.state, self.before.version, told, effects])


def plan(purchase: Purchase, wish: Wish) -> PurchasePlan:
    """What the decision would do. Raises ActionNotAllowed and InvalidInput."""
    if purchase.state in OVER:
        raise ActionNotAllowed("the purchase order is over")
    after, effects = _PLANS[wish.action](purchase, wish)
    return PurchasePlan(wish.action, purchase, after, tuple(effects))


def receive(purchase: Purchase, units: Mapping[int, int]) -> Purchase:
    """Units came in, by line; less than nothing corrects an earlier receipt.

    Raises ActionNotAllowed when nothing may come for it, OverReceipt beyond the tolerance,
    InvalidInput for unknown lines and when more is taken back than came.
    """
    if purchase.state not in OPEN_FOR_GOODS:
        words = "is over" if purchase.state in OVER else "was not sent yet"
        raise ActionNotAllowed(f"purchase order {purchase.no} {words}: nothing is received for it")
    known = {line.line_no for line in purchase.lines}
    if not units or set(units) - known or not any(units.values()):
        raise InvalidInput("no such line of the purchase order, or no units")
    lines = tuple(
        _received(line, units.get(line.line_no, 0), purchase.tolerance_percent)
        for line in purchase.lines
    )
    return replace(purchase, lines=lines, state=_state_by_goods(purchase, lines))


def sent(purchase: Purchase) -> Purchase:
    """The supplier has it; said again, or too late, it changes nothing."""
    return replace(purchase, state=_S.SENT) if purchase.state is _S.APPROVED else purchase


def told(purchase: Purchase, revision: int) -> Purchase:
    """The supplier knows this revision; a newer one may be to be sent."""
    newest = min(max(purchase.told_revision, revision), purchase.revision)
    return replace(purchase, told_revision=newest)


def closed(purchase: Purchase) -> Purchase:
    """All of it came and its time for corrections is over."""
    return replace(purchase, state=_S.CLOSED) if purchase.state is _S.RECEIVED else purchase


def is_editable(purchase: Purchase) -> bool:
    """Whether its lines may be changed."""
    return purchase.state is _S.DRAFT


def actions_of(purchase: Purchase) -> tuple[PurchaseAction, ...]:
    """What may be decided about it now."""
    a = PurchaseAction
    return {
        _S.DRAFT: (a.SUBMIT, a.CANCEL),
        _S.AWAITING_APPROVAL: (a.TAKE_BACK, a.CANCEL),
        _S.APPROVED: (a.TAKE_BACK, a.CANCEL),
        _S.SENT: (a.ANSWER, a.EXPECT, a.AMEND, a.CANCEL),
        _S.ACKNOWLEDGED: (a.ANSWER, a.EXPECT, a.AMEND, a.CANCEL),
        _S.PARTLY_RECEIVED: (a.EXPECT, a.CLOSE),
        _S.RECEIVED: (a.CLOSE,),
    }.get(purchase.state, ())


_Done = tuple[Purchase, list[PurchaseEffect]]


def _submit(purchase: Purchase, wish: Wish) -> _Done:
    _only_in(purchase, _S.DRAFT)
    if not purchase.lines:
        raise InvalidInput("a purchase order needs lines")
    total = purchase.total_minor
    why = _asks_for(total, wish)
    if why:
        return replace(purchase, state=_S.AWAITING_APPROVAL), why
    return replace(purchase, state=_S.APPROVED), [
        PurchaseEffect("approves", amount_minor=total),
        PurchaseEffect("sends"),
    ]


def _asks_for(total: int, wish: Wish) -> list[PurchaseEffect]:
    why = []
    if wish.budget_minor is not None and total > wish.budget_minor:
        why.append(PurchaseEffect("over_budget", amount_minor=wish.budget_minor))
    if wish.limit_minor is not None and total > wish.limit_minor:
        why.append(PurchaseEffect("asks_approval", amount_minor=total))
    return why


def _approve(purchase: Purchase, _: Wish) -> _Done:
    _only_in(purchase, _S.AWAITING_APPROVAL)
    return replace(purchase, state=_S.APPROVED), [
        PurchaseEffect("approves", amount_minor=purchase.total_minor),
        PurchaseEffect("sends"),
    ]


def _refuse(purchase: Purchase, _: Wish) -> _Done:
    _only_in(purchase, _S.AWAITING_APPROVAL)
    return replace(purchase, state=_S.DRAFT), [PurchaseEffect("to_draft")]


def _take_back(purchase: Purchase, _: Wish) -> _Done:
    _only_in(purchase, _S.AWAITING_APPROVAL, _S.APPROVED)
    return replace(purchase, state=_S.DRAFT), [PurchaseEffect("to_draft")]


def _answer(purchase: Purchase, wish: Wish) -> _Done:
    _only_in(purchase, _S.SENT, _S.ACKNOWLEDGED)
    if purchase.is_amended:
        raise ActionNotAllowed("the supplier does not know the newest revision yet")
    units = wish.units or {}
    if set(units) - {line.line_no for line in purchase.lines}:
        raise InvalidInput("no such line of the purchase order")
    if any(count < 0 for count in units.values()):
        raise InvalidInput("units must not be negative")
    lines = tuple(
        line if line.dropped
        else replace(line, acknowledged=min(units.get(line.line_no, line.ordered), line.ordered))
        for line in purchase.lines
    )  # fmt: skip
    promised = sum(line.acknowledged or 0 for line in lines)
    short = sum(line.short for line in lines)
    answer = SupplierAnswer.PARTLY if short else SupplierAnswer.ACCEPTED
    answer = answer if promised else SupplierAnswer.REFUSED
    expected = wish.expected_on or purchase.expected_on
    after = replace(
        purchase, state=_S.ACKNOWLEDGED, lines=lines, answer=answer, expected_on=expected
    )
    effects = [PurchaseEffect("promised", units=promised)] if promised else []
    if not promised:
        effects.append(PurchaseEffect("refused_by_supplier"))
    elif short:
        effects.append(PurchaseEffect("not_promised", units=short))
    return after, effects + _expects(purchase, expected)


def _expect(purchase: Purchase, wish: Wish) -> _Done:
    _only_in(purchase, _S.SENT, _S.ACKNOWLEDGED, _S.PARTLY_RECEIVED)
    if wish.expected_on is None:
        raise InvalidInput("a day is needed")
    return replace(purchase, expected_on=wish.expected_on), _expects(purchase, wish.expected_on)


def _amend(purchase: Purchase, wish: Wish) -> _Done:
    """What is wanted instead, as a new revision; above the limit nothing is changed yet."""
    _only_in(purchase, _S.SENT, _S.ACKNOWLEDGED)
    if purchase.received_units:
        raise ActionNotAllowed("goods came already: it can be closed short")
    lines, effects = _amended(purchase, wish.lines)
    expected = wish.expected_on or purchase.expected_on
    effects += _expects(purchase, expected)
    if not effects:
        raise InvalidInput("nothing is changed")
    after = replace(
        purchase, state=_S.SENT, answer=SupplierAnswer.NONE, lines=lines, expected_on=expected,
        revision=purchase.revision + 1,
    )  # fmt: skip
    more = after.total_minor - purchase.total_minor
    if more > 0:
        budget = wish.budget_minor if wish.budget_minor is None else wish.budget_minor + (
            after.total_minor - more
        )  # fmt: skip
        why = _asks_for(after.total_minor, replace(wish, budget_minor=budget))
        if why:
            return purchase, [*effects, *why]
    effects.append(PurchaseEffect("amends", units=after.revision, amount_minor=after.total_minor))
    return after, effects


def _amended(
    purchase: Purchase, wanted: tuple[AmendedLine, ...]
) -> tuple[tuple[PurchaseLine, ...], list[PurchaseEffect]]:
    known = {line.line_no: line for line in purchase.lines}
    named = [one.line_no for one in wanted if one.line_no]
    if not wanted or len(set(named)) < len(named) or set(named) - set(known):
        raise InvalidInput("no such line of the purchase order, or no units")
    of = {one.line_no: one for one in wanted if one.line_no}
    lines, effects = [], []
    for line in purchase.lines:
        one = of.get(line.line_no)
        if one is not None and one.sku != line.sku:
            raise InvalidInput("a line keeps its SKU; add another line")
        lines.append(_line_now(line, one))
        effects += _said_of(line, one)
    number = max(known, default=0)
    for one in wanted:
        if not one.line_no:
            number += 1
            lines.append(PurchaseLine(number, one.sku, one.units, one.price_minor or 0))
            effects.append(PurchaseEffect("adds", units=one.units, text=one.sku))
    return tuple(lines), effects


def _line_now(line: PurchaseLine, one: AmendedLine | None) -> PurchaseLine:
    if one is None:
        return replace(line, cancelled=line.ordered, acknowledged=None, dropped=True)
    return replace(
        line, ordered=one.units, price_minor=_price(line, one), cancelled=0, acknowledged=None,
        dropped=False,
    )  # fmt: skip


def _said_of(line: PurchaseLine, one: AmendedLine | None) -> list[PurchaseEffect]:
    before = 0 if line.dropped else line.ordered
    if one is None:
        return [PurchaseEffect("drops", text=line.sku)] if before else []
    more = one.units - before
    found = []
    if more:
        kind = "adds" if more > 0 else "takes_off"
        found.append(PurchaseEffect(kind, units=abs(more), text=line.sku))
    if _price(line, one) != line.price_minor:
        found.append(PurchaseEffect("reprices", amount_minor=_price(line, one), text=line.sku))
    return found


def _price(line: PurchaseLine, one: AmendedLine) -> int:
    return line.price_minor if one.price_minor is None else one.price_minor


def _cancel(purchase: Purchase, _: Wish) -> _Done:
    if purchase.received_units or purchase.state is _S.RECEIVED:
        raise ActionNotAllowed("goods came already: it can be closed short")
    return _give_up(purchase, _S.CANCELLED)


def _close(purchase: Purchase, _: Wish) -> _Done:
    _only_in(purchase, _S.PARTLY_RECEIVED, _S.RECEIVED)
    after, effects = _give_up(purchase, _S.CLOSED)
    return after, [*effects, PurchaseEffect("keeps", units=purchase.received_units)]


def _give_up(purchase: Purchase, state: PurchaseState) -> _Done:
    rest = purchase.open_units
    lines = tuple(replace(line, cancelled=line.cancelled + line.open) for line in purchase.lines)
    may_know = purchase.state not in (_S.DRAFT, _S.AWAITING_APPROVAL) and rest > 0
    after = replace(
        purchase, state=state, lines=lines, notice=Notice.WANTED if may_know else purchase.notice
    )
    effects = [PurchaseEffect("gives_up", units=rest)] if rest else []
    if may_know and purchase.state is not _S.APPROVED:
        effects.append(PurchaseEffect("tells_supplier"))
    return after, [*effects, PurchaseEffect("over")]


def _expects(purchase: Purchase, day: date | None) -> list[PurchaseEffect]:
    if day is None or day == purchase.expected_on:
        return []
    return [PurchaseEffect("expects", text=day.isoformat())]


def _only_in(purchase: Purchase, *states: PurchaseState) -> None:
    if purchase.state not in states:
        raise ActionNotAllowed("the purchase order has another state now")


def _received(line: PurchaseLine, units: int, tolerance: int) -> PurchaseLine:
    received = line.received + units
    if received < 0:
        raise InvalidInput(f"line {line.line_no}: more would be taken back than came")
    if units > 0 and received > line.most(tolerance):
        raise OverReceipt(
            f"line {line.line_no} ({line.sku}): {received} units would have come in all,"
            f" at most {line.most(tolerance)} may ({line.ordered - line.cancelled} ordered,"
            f" {tolerance} % more is tolerated)"
        )
    return replace(line, received=received)


def _state_by_goods(purchase: Purchase, lines: tuple[PurchaseLine, ...]) -> PurchaseState:
    if not any(line.open for line in lines):
        return _S.RECEIVED
    if any(line.received for line in lines):
        return _S.PARTLY_RECEIVED
    return _S.SENT if purchase.answer is SupplierAnswer.NONE else _S.ACKNOWLEDGED


_PLANS = {
    PurchaseAction.SUBMIT: _submit,
    PurchaseAction.APPROVE: _approve,
    PurchaseAction.REFUSE: _refuse,
    PurchaseAction.TAKE_BACK: _take_back,
    PurchaseAction.ANSWER: _answer,
    PurchaseAction.EXPECT: _expect,
    PurchaseAction.AMEND: _amend,
    PurchaseAction.CANCEL: _cancel,
    PurchaseAction.CLOSE: _close,
}
