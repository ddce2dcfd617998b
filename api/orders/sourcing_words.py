"""Why an order is sent from where it is, in sentences people read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from babel.lists import format_list
from babel.numbers import format_currency, format_decimal

from api.language import N_, translate
from db.orders.sourcing import Names
from domain.orders.sourcing.explain import Reason, explain
from domain.orders.sourcing.model import Decision
from domain.shared.money import Money

CARRIER: Final = {
    "sf": N_("SF Express"),
    "zto": N_("ZTO Express"),
    "yto": N_("YTO Express"),
    "sto": N_("STO Express"),
    "jdl": N_("JD Logistics"),
    "yunda": N_("Yunda Express"),
    "ems": N_("China Post EMS"),
    "jt": N_("J&T Express"),
    "deppon": N_("Deppon Express"),
    "kuaidi100": N_("Kuaidi100"),
}
OVERTAKEN: Final = N_("Other orders were faster each time; everything waits for stock now.")
SENTENCES: Final = {
    "nothing_to_send": N_("There is nothing to send."),
    "chosen.cheapest": N_("Sent from {locations}: freight and handling cost least, {total_minor}."),
    "chosen.nearest": N_("Sent from {locations}: the shortest way to the receiver."),
    "chosen.inventory_first": N_(
        "Sent from {locations}: the fewest parcels, from where most stays in stock."
    ),
    "chosen.priority": N_("Sent from {locations}: the first in the company's own order."),
    "sends": N_("{location} × {units}, {distance_m} away: {cost_minor}."),
    "sends.with": N_("{location} × {units}, {distance_m} away: {cost_minor} with {carrier}."),
    "line_split": N_("{sku} is split between {locations}."),
    "missing": N_("Missing: {sku} × {quantity}."),
    "over_parcel_cap": N_(
        "There is more in stock elsewhere, but no more than {cap} parcels are allowed."
    ),
    "rejected.dearer": N_("Not from {locations}: {by} dearer."),
    "rejected.farther": N_("Not from {locations}: {by} farther."),
    "rejected.less_stock_left": N_("Not from {locations}: less would be left there."),
    "rejected.lower_priority": N_("Not from {locations}: later in the company's order."),
    "rejected.tied": N_("Not from {locations}: just as good, but later in the company's order."),
    "rejected.short": N_("Not from {locations}, the nearest: it does not have enough of {skus}."),
    "rejected.over_parcel_cap": N_(
        "Not from {locations}: that takes {parcels} parcels, more than allowed."
    ),
}
NOT_PROVEN: Final = N_("The order is too large to try every plan; this is the best one found.")


@dataclass(frozen=True, slots=True)
class Told:
    """Why it is sent from there, with every parcel and what is missing; and what was not taken."""

    why: list[str]
    rejected: list[str]

    @property
    def words(self) -> list[str]:
        """All sentences."""
        return [*self.why, *self.rejected]


def tell(decision: Decision | None, names: Names, currency: str, language: str) -> Told:
    """The decision in the language of whoever asks."""
    if decision is None:
        return Told([translate(language, OVERTAKEN)], [])
    shown = _Shown(names, currency, language)
    why: list[str] = []
    rejected: list[str] = []
    for reason in explain(decision):
        told = rejected if reason.code.startswith("rejected.") else why
        told.append(shown.sentence(reason))
    if decision.plan and not decision.proven:
        why.append(translate(language, NOT_PROVEN))
    return Told(why, rejected)


class _Shown:
    """Ids as names and numbers with their units, in one language."""

    def __init__(self, names: Names, currency: str, language: str) -> None:
        self._language = language
        self._currency = currency
        self._names = names
        self._show: Mapping[str, Callable[[Any], str]] = {
            "location": lambda id: names.places.get(id, id),
            "locations": lambda ids: self._list(names.places.get(id, id) for id in ids),
            "sku": lambda sku: names.goods.get(sku, sku),
            "skus": lambda skus: self._list(names.goods.get(sku, sku) for sku in skus),
            "carrier": lambda code: (
                translate(language, CARRIER[code])
                if code in CARRIER
                else names.carriers.get(code, code)
            ),
            "distance_m": self._distance,
            "cost_minor": self._money,
            "total_minor": self._money,
            "units": self._number,
            "quantity": self._number,
        }

    def sentence(self, reason: Reason) -> str:
        code, given = reason.code, reason.params
        if code == "sends" and given["carrier"]:
            code = "sends.with"
        by: Callable[[Any], str] = self._distance if code == "rejected.farther" else self._money
        shown = {
            name: (by if name == "by" else self._show.get(name, str))(value)
            for name, value in given.items()
        }
        return translate(self._language, SENTENCES[code], **{"by": by(0), **shown})

    def _list(self, names: Any) -> str:
        return format_list(list(names), locale=self._language)

    def _money(self, minor: int) -> str:
        return format_currency(
            Money(minor, self._currency).major, self._currency, locale=self._language
        )

    def _distance(self, metres: int) -> str:
        if metres >= 10_000:
            return f"{self._number(round(metres / 1000))} km"
        return f"{format_decimal(metres / 1000, '0.#', locale=self._language)} km"

    def _number(self, value: int) -> str:
        return format_decimal(value, locale=self._language)
