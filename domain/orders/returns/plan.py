"""A decision about a return as a plan: shown first, carried out only if it is still the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.orders.returns.model import Remedy, ReturnKind
from domain.orders.returns.money import Settlement
from domain.shared.plans import Plan


class ReturnAction(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    SETTLE = "settle"


@dataclass(frozen=True, slots=True)
class ReturnEffect:
    """One thing that happens. kind: expect_goods | goods_stay | goods_accepted | goods_refused |
    pay_goods | pay_postage | pay_less | pay_goodwill | pays_provider | pays_channel |
    pays_person | pays_nothing | send_anew | send_other | pays_new_goods | collect | let_go."""

    kind: str
    subject: str = ""
    quantity: int = 0
    amount_minor: int = 0


@dataclass(frozen=True, slots=True)
class ReturnPlan(Plan):
    """What a decision does, in order; `hash` names exactly this plan."""

    return_no: str
    action: ReturnAction
    currency: str
    refund_minor: int
    effects: tuple[ReturnEffect, ...]


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """Units of a return with what they are called."""

    part_id: str
    name: str
    asked: int
    accepted: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class OtherGoods:
    """Units of something else that the buyer gets, with what they cost together."""

    name: str
    quantity: int
    price_minor: int


@dataclass(frozen=True, slots=True)
class Planned:
    """What a plan is made from. `free_minor` is what known payments can give back."""

    return_no: str
    kind: ReturnKind
    currency: str
    lines: Sequence[PlannedLine]
    settlement: Settlement
    pays_channel: bool
    free_minor: int
    remedy: Remedy = Remedy.REFUND
    instead: Sequence[OtherGoods] = ()


def plan_decision(action: ReturnAction, about: Planned) -> ReturnPlan:
    """Everything the decision would do now."""
    effects: list[ReturnEffect] = []
    refund = 0
    if action is ReturnAction.REJECT:
        effects = [
            ReturnEffect("let_go", line.name, line.asked) for line in about.lines if line.asked
        ]
    else:
        refund = about.settlement.refund_minor
        effects = [*_goods(action, about), *_money(about.settlement)]
        if about.remedy is Remedy.REFUND or refund:
            effects += _payer(about, refund)
        if about.instead:
            effects += _other(about)
        elif about.remedy is not Remedy.REFUND:
            effects += _anew(action, about)
    return ReturnPlan(about.return_no, action, about.currency, refund, tuple(effects))


def _goods(action: ReturnAction, about: Planned) -> list[ReturnEffect]:
    if action is ReturnAction.SETTLE:
        told = [("goods_accepted", line.name, line.accepted) for line in about.lines]
        told += [("goods_refused", line.name, line.refused) for line in about.lines]
    else:
        kind = "expect_goods" if about.kind.needs_goods else "goods_stay"
        told = [(kind, line.name, line.asked) for line in about.lines]
    return [ReturnEffect(kind, name, units) for kind, name, units in told if units]


def _anew(action: ReturnAction, about: Planned) -> list[ReturnEffect]:
    settles = action is ReturnAction.SETTLE
    told = [(line.name, line.accepted if settles else line.asked) for line in about.lines]
    return [ReturnEffect("send_anew", name, units) for name, units in told if units]


def _other(about: Planned) -> list[ReturnEffect]:
    sent = [
        ReturnEffect("send_other", one.name, one.quantity, one.price_minor) for one in about.instead
    ]
    shares = {
        "pays_new_goods": about.settlement.exchanged_minor,
        "collect": sum(one.price_minor for one in about.instead) - about.settlement.exchanged_minor,
    }
    return sent + [
        ReturnEffect(kind, amount_minor=minor) for kind, minor in shares.items() if minor
    ]


def _money(paid: Settlement) -> list[ReturnEffect]:
    sums: Mapping[str, int] = {
        "pay_goods": paid.goods_minor,
        "pay_postage": paid.freight_minor,
        "pay_less": paid.deduction_minor,
        "pay_goodwill": paid.goodwill_minor,
    }
    return [ReturnEffect(kind, amount_minor=minor) for kind, minor in sums.items() if minor]


def _payer(about: Planned, refund: int) -> list[ReturnEffect]:
    if not refund:
        return [ReturnEffect("pays_nothing")]
    if about.pays_channel:
        return [ReturnEffect("pays_channel", amount_minor=refund)]
    through = min(refund, about.free_minor)
    shares = {"pays_provider": through, "pays_person": refund - through}
    return [ReturnEffect(kind, amount_minor=minor) for kind, minor in shares.items() if minor]
