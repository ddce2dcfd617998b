"""What somebody decides about a purchase order, and what its story keeps of that."""

from dataclasses import dataclass
from typing import Final

from domain.inventory.purchasing import acts
from domain.inventory.purchasing.acts import PurchaseAction, PurchasePlan, Wish

STORY: Final = {
    PurchaseAction.APPROVE: "approved",
    PurchaseAction.REFUSE: "refused",
    PurchaseAction.TAKE_BACK: "taken_back",
    PurchaseAction.ANSWER: "answered",
    PurchaseAction.EXPECT: "expected",
    PurchaseAction.AMEND: "amended",
    PurchaseAction.CANCEL: "cancelled",
    PurchaseAction.CLOSE: "closed_short",
}
_CHANGES: Final = ("adds", "takes_off", "drops")


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decides, with the hash of the plan that was shown."""

    wish: Wish
    plan_hash: str | None = None  # none = decided without looking, as programs and suppliers do
    reason: str = ""
    reference: str = ""  # the supplier's number of the order
    actor: str = "system"


def said(shown: PurchasePlan, decision: Decision) -> dict[str, str]:
    """What the story keeps of a decision."""
    promised = sum(line.acknowledged or 0 for line in shown.after.lines)
    told = {
        "reason": decision.reason,
        "reference": decision.reference,
        "amount_minor": str(shown.after.total_minor),
        "answer": str(shown.after.answer),
        "promised": str(promised),
        "ordered": str(sum(line.ordered for line in shown.after.lines)),
        "expected_on": shown.after.expected_on.isoformat() if shown.after.expected_on else "",
        "revision": str(shown.after.revision) if shown.action is PurchaseAction.AMEND else "",
        "changes": "; ".join(_in_words(one) for one in shown.effects if one.kind in _CHANGES),
        "given_up": str(sum(line.cancelled for line in shown.after.lines)),
    }
    return {name: value for name, value in told.items() if value}


def _in_words(effect: acts.PurchaseEffect) -> str:
    """As the story keeps a change of a line, in no language."""
    if effect.kind == "drops":
        return f"{effect.text} × 0"
    sign = "−" if effect.kind == "takes_off" else "+"
    return f"{effect.text} {sign}{effect.units}"
