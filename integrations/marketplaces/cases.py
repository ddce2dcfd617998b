"""What every channel's cases have in common: an answer is said while it is awaited, and once."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from domain.orders.after_sale import AfterSaleKind, AfterSaleStage
from domain.shared.errors import CredentialsRefused, NotOffered, Rejected
from integrations.marketplaces.port import CaseVerdict, Verdict
from integrations.settings import Schema, table, text

Told = TypeVar("Told")
# Where the goods go: the platform's number of our address, by our location or for all of them.
ADDRESSES: Final = Schema((text("return_address_id"), table("return_addresses", {"HQ": "123"})))
# While a case is so far, the answer is awaited.
_AWAITS: Final = {
    Verdict.AGREE: (AfterSaleStage.REQUESTED,),
    Verdict.REFUSE: (AfterSaleStage.REQUESTED, AfterSaleStage.ON_THE_WAY),
    Verdict.RECEIVED: (AfterSaleStage.AGREED, AfterSaleStage.ON_THE_WAY, AfterSaleStage.RECEIVED),
}


@dataclass(frozen=True, slots=True)
class Seen(Generic[Told]):
    """A case as the channel shows it now; `told` is the channel's own form of it."""

    stage: AfterSaleStage
    kind: AfterSaleKind
    told: Told


async def answer_once(
    verdict: CaseVerdict,
    read: Callable[[], Awaitable[Seen[Told]]],
    say: Callable[[Seen[Told]], Awaitable[None]],
    system: str,
) -> None:
    """Read the case, and say the answer if it is awaited. A refusal is no error where the case
    shows the answer by now: somebody said it meanwhile.

    Raises Rejected: what `_is_awaited` says, and the channel's own.
    """
    case = await read()
    if not _is_awaited(verdict, case, system):
        return
    try:
        await say(case)
    except CredentialsRefused:
        raise
    except Rejected:
        if not (await read()).stage.answers(verdict.verdict):
            raise


def return_address(verdict: CaseVerdict, settings: Mapping[str, Any]) -> str:
    """The platform's number of the address the goods go to; empty where none is set."""
    place = verdict.goods_to.location_id if verdict.goods_to else ""
    chosen = settings.get("return_addresses", {}).get(place) or settings.get("return_address_id")
    return str(chosen or "")


def must_be_set(settings: Mapping[str, Any], key: str, value: str = "") -> str:
    """The setting, or `value` where it is known otherwise. Raises Rejected (`no_…`)."""
    if not (found := value or str(settings.get(key) or "")):
        text = f"the shop's setting {key} is missing"
        raise Rejected(text, code=f"no_{key}", system="onhand")
    return found


def by_hand(why: str) -> NotOffered:
    """The channel has no call for this answer: a person gives it in its back office."""
    return NotOffered(why, code="not_offered", system="onhand")


def _pays(verdict: CaseVerdict) -> bool:
    return verdict.verdict is Verdict.RECEIVED or (
        verdict.verdict is Verdict.AGREE and not verdict.returns_goods
    )


def _is_awaited(verdict: CaseVerdict, case: Seen[Any], system: str) -> bool:
    """False where the channel has the answer, or needs it no more. Raises Rejected: `other_stage`
    where it takes no such answer now, `pays_whole_case` where it would pay more than was settled,
    `other_kind` where agreeing would pay for goods that are to come back, or call back goods that
    stay."""
    if case.stage not in _AWAITS[verdict.verdict]:
        if case.stage.answers(verdict.verdict):
            return False
        text = f"the case is {case.stage}, the answer {verdict.verdict} is not awaited"
        raise Rejected(text, code="other_stage", system=system)
    if verdict.partly and _pays(verdict):
        text = "the channel pays the whole case, and less than that was settled"
        raise Rejected(text, code="pays_whole_case", system="onhand")
    money_alone = case.kind is AfterSaleKind.REFUND
    if verdict.verdict is Verdict.AGREE and money_alone is verdict.returns_goods:
        text = f"the case is a {case.kind} by now; we decided about something else"
        raise Rejected(text, code="other_kind", system=system)
    return True
