"""The main menu: which pages there are, in groups, and which of them somebody may open."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from api.auth import Principal
from api.language import N_
from domain.platform.routes import permission_of

# A phone has room for this many beside "More".
QUICK: Final = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the menu. `also` are pages that belong to it; a `counted` one has `/count`."""

    address: str
    icon: str
    text: str
    also: tuple[str, ...] = ()
    counted: bool = False

    def holds(self, path: str) -> bool:
        """Whether somebody who reads this path is in this part."""
        return any(path == one or path.startswith(f"{one}/") for one in (self.address, *self.also))


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as somebody sees it; the `quick` ones are those a phone always shows."""

    entry: Entry
    is_current: bool
    quick: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Pages of one kind of work, the most used first."""

    title: str
    entries: tuple[Entry, ...]


MENU: Final = (
    Group(
        N_("Service"),
        (
            Entry("/orders", "clipboard-list", N_("Orders")),
            Entry("/attention", "alert-circle", N_("Attention"), ("/campaigns", "/gates"), True),
            Entry("/returns", "receipt-refund", N_("Returns")),
            Entry("/claims", "package-off", N_("Claims")),
            Entry("/sla", "clock-hour-4", N_("Promises")),
        ),
    ),
    Group(
        N_("Goods"),
        (
            Entry("/warehouse", "building-warehouse", N_("Warehouse")),
            Entry("/receiving", "scan", N_("Receiving"), also=("/ship-notices",)),
            Entry("/stock", "packages", N_("Stock"), also=("/levels",)),
            Entry("/transfers", "arrows-exchange", N_("Transfers"), also=("/counts", "/kits")),
            Entry("/replenishment", "truck-loading", N_("Replenishment")),
            Entry(
                "/lots", "calendar-event", N_("Lots"), also=("/recalls", "/serials", "/quarantine")
            ),
            Entry("/purchase-orders", "truck-delivery", N_("Purchasing"), ("/suppliers",)),
        ),
    ),
    Group(
        N_("Business"),
        (
            Entry(
                "/shops",
                "building-store",
                N_("Shops"),
                also=("/payment-accounts", "/carriers", "/subscribers"),
            ),
            Entry("/dealer-reports", "clipboard-check", N_("Dealer reports")),
            Entry("/finance", "report-money", N_("Books")),
            Entry("/approvals", "user-check", N_("Approvals")),
        ),
    ),
    Group(
        N_("Company"),
        (
            Entry("/customers", "address-book", N_("Customers")),
            Entry("/imports", "table-import", N_("Files"), also=("/exports",)),
            Entry("/people", "users", N_("People")),
            Entry("/audit", "history", N_("Audit trail"), also=("/privacy",)),
        ),
    ),
)


def menu_of(who: Principal, path: str) -> list[tuple[str, list[Shown]]]:
    """The groups with what they hold for somebody; groups that would be empty are left out."""
    open_to = [
        (group.title, [entry for entry in group.entries if _may(who, entry)]) for group in MENU
    ]
    entries = [entry for _, some in open_to for entry in some]
    quick = frozenset(_quick(who, entries))
    return [
        (title, [Shown(entry, entry.holds(path), entry in quick) for entry in some])
        for title, some in open_to
        if some
    ]


def _may(who: Principal, entry: Entry) -> bool:
    permission = permission_of("GET", entry.address)
    return permission is not None and who.may(permission)


def _quick(who: Principal, entries: Sequence[Entry]) -> Sequence[Entry]:
    """All, when no more than one would be behind "More"."""
    return entries if len(entries) <= QUICK + 1 else _first(who, entries)[:QUICK]


def _first(who: Principal, entries: Sequence[Entry]) -> Sequence[Entry]:
    """Who works in a warehouse begins there, everybody else in the order of the menu."""
    if len(who.roles) == 1 and "warehouse" in who.roles:
        return sorted(entries, key=lambda entry: entry.address != "/warehouse")
    return entries
