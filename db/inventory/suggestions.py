"""The suggestions desk: what the planner would order, the most urgent first; what people say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from domain.inventory.purchasing.terms import MOST_MINOR
from domain.shared.errors import InvalidInput, SuggestionDecided, SuggestionNotFound
from domain.shared.money import Money

Sort = Literal["cover", "out", "money"]
SORTS: Final[dict[str, str]] = {
    "cover": "s.cover_days, s.id",
    "out": "s.out_on NULLS LAST, s.cover_days, s.id",
    "money": "s.quantity * s.unit_minor DESC, s.id",
}
TABS: Final = ("open", "snoozed", "approved", "dismissed")
MOST_UNITS: Final = 1_000_000_000

_LIST: Final = """
SELECT s.*, s.class AS class_, k.name, k.category, l.name AS location, f.name AS source,
       p.name AS supplier_name, coalesce(o.state, t.state, '') AS document_state
FROM suggestion s JOIN sku k ON k.code = s.sku JOIN location l ON l.id = s.location_id
LEFT JOIN location f ON f.id = s.source_id LEFT JOIN supplier p ON p.code = s.supplier
LEFT JOIN purchase_order o ON o.no = s.document_no AND s.kind = 'purchase'
LEFT JOIN stock_transfer t ON t.no = s.document_no AND s.kind <> 'purchase'
"""
_WHERE: Final = """
WHERE (CAST(:kind AS text) = '' OR s.kind = :kind)
  AND (CAST(:location_id AS text) = '' OR s.location_id = :location_id)
  AND (CAST(:supplier AS text) = '' OR s.supplier = :supplier)
  AND (CAST(:class AS text) = '' OR s.class = :class)
  AND (CAST(:q AS text) = '' OR s.sku = :q OR k.name ILIKE '%' || :like || '%')
"""
_IN_TAB: Final = {
    "open": " AND s.state = 'open' AND coalesce(s.snoozed_until, CAST(:today AS date)) <= :today",
    "snoozed": " AND s.state = 'open' AND s.snoozed_until > CAST(:today AS date)",
    "approved": " AND s.state = 'approved'",
    "dismissed": " AND s.state = 'dismissed'",
}
_COUNTS: Final = """
SELECT count(*) FILTER (WHERE state = 'open' AND coalesce(snoozed_until, :today) <= :today)
           AS waiting,
       count(*) FILTER (WHERE state = 'open' AND snoozed_until > :today) AS snoozed,
       count(*) FILTER (WHERE state = 'open' AND cover_days < 3
           AND coalesce(snoozed_until, :today) <= :today) AS urgent
FROM suggestion
"""
_MONEY: Final = """
SELECT currency, sum(quantity * unit_minor)::bigint AS minor FROM suggestion
WHERE state = 'open' AND kind = 'purchase' AND coalesce(snoozed_until, :today) <= :today
GROUP BY currency ORDER BY currency
"""
_SOLD: Final = """
SELECT location_id, sku, day, units, out FROM demand_day
WHERE (location_id, sku) IN (
    SELECT * FROM unnest(CAST(:locations AS text[]), CAST(:skus AS text[])))
  AND day >= :since
"""
_LOCK: Final = "SELECT * FROM suggestion WHERE id = ANY(:ids) ORDER BY id FOR UPDATE"
_EDIT: Final = "UPDATE suggestion SET quantity = :units, edited_by = :actor WHERE id = :id"
_AGREE: Final = """
UPDATE suggestion SET quantity = :units, agreed_by = :actor, agreed_at = clock_timestamp()
WHERE id = :id
"""
_SNOOZE: Final = "UPDATE suggestion SET snoozed_until = :until WHERE id = :id"
_DISMISS: Final = """
UPDATE suggestion SET state = 'dismissed', reason = :reason, decided_by = :actor,
    decided_at = clock_timestamp() WHERE id = :id
"""
_PLACES: Final = """
SELECT DISTINCT s.location_id AS id, l.name FROM suggestion s
JOIN location l ON l.id = s.location_id WHERE s.state = 'open' ORDER BY l.name
"""
_SUPPLIERS: Final = """
SELECT DISTINCT s.supplier AS id, p.name FROM suggestion s JOIN supplier p ON p.code = s.supplier
WHERE s.state = 'open' ORDER BY p.name
"""
_NIGHT: Final = """
SELECT max(finished_at) AS at, max(night) AS night, sum(policies) AS policies FROM planning_night
WHERE night = (SELECT max(night) FROM planning_night WHERE finished_at IS NOT NULL)
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which suggestions somebody wants to see."""

    tab: str = "open"
    kind: str = ""
    location_id: str = ""
    supplier: str = ""
    class_: str = ""
    q: str = ""
    sort: Sort = "cover"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many wait, are put off, what the purchases among them cost in each currency, and how
    many SKUs are gone within three days."""

    open: int
    snoozed: int
    money: tuple[Money, ...]
    urgent: int


async def suggestions(
    session: AsyncSession, wanted: Wanted, today: date, limit: int, skip: int = 0
) -> Sequence[Any]:
    """A list of the desk. Raises InvalidInput for a tab or an order that there is not."""
    if wanted.tab not in _IN_TAB or wanted.sort not in SORTS:
        raise InvalidInput("there is no such list")
    order = "s.decided_at DESC, s.id" if wanted.tab in TABS[2:] else SORTS[wanted.sort]
    like = wanted.q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return await run(
        session,
        f"{_LIST}{_WHERE}{_IN_TAB[wanted.tab]} ORDER BY {order} LIMIT :limit OFFSET :skip",
        **{"class": wanted.class_}, kind=wanted.kind, location_id=wanted.location_id,
        supplier=wanted.supplier, q=wanted.q, like=like, limit=limit, skip=skip,
        **({"today": today} if wanted.tab in TABS[:2] else {}),
    )  # fmt: skip


async def counts(session: AsyncSession, today: date) -> Counts:
    """What waits at the desk."""
    (row,) = await run(session, _COUNTS, today=today)
    money = await run(session, _MONEY, today=today)
    return Counts(
        row.waiting, row.snoozed, tuple(Money(one.minor, one.currency) for one in money), row.urgent
    )


async def choices(session: AsyncSession) -> tuple[Sequence[Any], Sequence[Any], Any]:
    """Locations and suppliers to filter by, and when was planned last."""
    places, suppliers = await run(session, _PLACES), await run(session, _SUPPLIERS)
    return places, suppliers, (await run(session, _NIGHT))[0]


async def suggestion_of(session: AsyncSession, id: str) -> Any:
    """One suggestion. Raises SuggestionNotFound."""
    rows = await run(session, f"{_LIST} WHERE s.id = :id", id=id)
    if not rows:
        raise SuggestionNotFound("there is no such suggestion")
    return rows[0]


async def sold_lately(
    session: AsyncSession, keys: Sequence[tuple[str, str]], since: date
) -> dict[tuple[str, str], dict[date, tuple[int, bool]]]:
    """Units by day for (location, SKU), and whether it was out at the end of the day."""
    rows = await run(
        session, _SOLD, locations=[key[0] for key in keys], skus=[key[1] for key in keys],
        since=since,
    )  # fmt: skip
    found: dict[tuple[str, str], dict[date, tuple[int, bool]]] = {}
    for row in rows:
        found.setdefault((row.location_id, row.sku), {})[row.day] = (row.units, row.out)
    return found


async def locked(session: AsyncSession, ids: Sequence[str]) -> Sequence[Any]:
    """These suggestions, held until the end of the transaction. Raises SuggestionNotFound."""
    rows = await run(session, _LOCK, ids=list(ids))
    if len(rows) < len(set(ids)):
        raise SuggestionNotFound("there is no such suggestion")
    return rows


async def edit(session: AsyncSession, id: str, units: int, actor: str) -> None:
    """Another quantity; the supplier's steps are a hint. Raises SuggestionNotFound,
    SuggestionDecided, InvalidInput."""
    row = await _open(session, id)
    if not 0 < units <= MOST_UNITS:
        raise InvalidInput("units must be positive")
    if units * row.unit_minor > MOST_MINOR:
        raise InvalidInput(f"units or price of {row.sku} cannot be ordered")
    await run(session, _EDIT, id=id, units=units, actor=actor)


async def agree(session: AsyncSession, id: str, units: int, actor: str) -> Any:
    """A dealer wants what was suggested to him; the planner leaves it alone from then on. Raises as
    `edit` does, and SuggestionNotFound for one that is no dealer's."""
    row = await _open(session, id)
    if row.kind != "dealer":
        raise SuggestionNotFound("there is no such suggestion")
    if not 0 < units <= MOST_UNITS:
        raise InvalidInput("units must be positive")
    await run(session, _AGREE, id=id, units=units, actor=actor)
    return row


async def agreed_to(session: AsyncSession, ids: Sequence[str]) -> str:
    """Who said yes to those of dealers; nobody where one of them was not asked yet."""
    rows = await run(
        session,
        "SELECT DISTINCT agreed_by FROM suggestion WHERE kind = 'dealer' AND id = ANY(:ids)",
        ids=list(ids),
    )  # fmt: skip
    names = sorted(row.agreed_by for row in rows)
    return ", ".join(names) if all(names) else ""


async def snooze(session: AsyncSession, id: str, until: date | None, today: date) -> None:
    """Not before that day; without one it is back at once. Raises as `edit` does."""
    await _open(session, id)
    if until is not None and (until <= today or (until - today).days > 366):
        raise InvalidInput("it is put off until a day of the next twelve months")
    await run(session, _SNOOZE, id=id, until=until)


async def dismiss(session: AsyncSession, id: str, reason: str, actor: str) -> None:
    """Nothing is ordered; the next night may suggest it again. Raises as `edit` does."""
    await _open(session, id)
    if not reason.strip():
        raise InvalidInput("a reason is needed")
    await run(session, _DISMISS, id=id, reason=reason, actor=actor)


async def _open(session: AsyncSession, id: str) -> Any:
    (row,) = await locked(session, [id])
    if row.state != "open":
        raise SuggestionDecided(f"the suggestion is {row.state}")
    return row
