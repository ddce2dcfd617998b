"""People who log in, out of files: never their passwords. Whoever is new sets one up himself with a
code that is made for him."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.shared.importing.desk import Staged, Verdict
from db.shared.importing.target import Paper, judged, settled
from db.sql import run
from domain.platform.cells import WHOLE_COMPANY
from domain.platform.permissions import Role
from domain.platform.sheet_reading import Fault

_FIND: Final = """
SELECT a.id, a.login, a.name, a.language, a.active, a.roles,
       coalesce((SELECT array_agg(s.location_id ORDER BY s.location_id) FROM account_scope s
                 WHERE s.account_id = a.id AND s.with_below), '{}') AS places,
       coalesce((SELECT array_agg(s.location_id ORDER BY s.location_id) FROM account_scope s
                 WHERE s.account_id = a.id AND NOT s.with_below), '{}') AS places_alone
FROM account a WHERE a.login = ANY(:logins) ORDER BY a.login FOR UPDATE
"""
_PLACES: Final = "SELECT id FROM location WHERE id = ANY(:ids) AND kind <> 'transit'"
_WRITE: Final = """
INSERT INTO account (id, login, name, roles, language, active)
VALUES (:id, :login, :name, CAST(to_jsonb(CAST(:roles AS text[])) AS jsonb), :language, :active)
ON CONFLICT (login) DO UPDATE SET name = excluded.name, roles = excluded.roles,
    language = excluded.language, active = excluded.active
RETURNING id
"""
_UNLIMIT: Final = "DELETE FROM account_scope WHERE account_id = :id"
_LIMIT: Final = """
INSERT INTO account_scope (account_id, location_id, with_below)
SELECT :id, place, true FROM unnest(CAST(:places AS text[])) AS place
UNION ALL SELECT :id, place, false FROM unnest(CAST(:places_alone AS text[])) AS place
"""
_LOG_OUT: Final = (
    "DELETE FROM login_session WHERE account_id = :id",
    "DELETE FROM pending_login WHERE account_id = :id",
)
_RIGHTS: Final = ("roles", "places", "places_alone", "active")
_BLANK: Final[Mapping[str, Any]] = {
    "name": "", "roles": "", "language": "zh", "active": True, "places": "", "places_alone": "",
}  # fmt: skip


class Users:
    """Rows change what they name; empty cells leave the person as they are."""

    async def compare(self, session: AsyncSession, rows: Sequence[Staged]) -> list[Verdict]:
        known = await self._known(session, rows)
        asked = [place for row in rows for place in _places_of(row.values)]
        there = {row.id for row in await run(session, _PLACES, ids=asked)}
        return [self._judge(row, known.get(row.key), there) for row in rows]

    async def apply(
        self, session: AsyncSession, paper: Paper, rows: Sequence[Staged]
    ) -> list[Verdict]:
        """Nobody changes his own roles, places or closes himself, by a file neither."""
        known = await self._known(session, rows)
        verdicts = []
        for one in await self.compare(session, rows):
            touched = set(one.after or ()) & set(_RIGHTS)
            if one.state == "changed" and one.row.key == paper.by and touched:
                one = Verdict(one.row, "bad", (Fault("login", "own_account"),))
            if one.state in ("new", "changed"):
                before = known.get(one.row.key)
                told = {**(before or _BLANK), **(one.after or {})}
                await self._write(session, one.row.key, told, log_out=bool(touched))
            verdicts.append(one)
        return settled(verdicts)

    def _judge(
        self, row: Staged, before: Mapping[str, Any] | None, there: set[str]
    ) -> Verdict:  # fmt: skip
        given, faults = dict(row.values), list[Fault]()
        given.pop("login", None)
        if before is None:
            faults += [Fault(name, "missing") for name in ("name", "roles") if name not in given]
            if not given.keys() & {"places", "places_alone"}:
                faults.append(Fault("places", "missing"))
        if given.keys() & {"places", "places_alone"}:  # both together say all of it
            given = {"places": "", "places_alone": "", **given}
        if given.get("places") == WHOLE_COMPANY:
            if given["places_alone"]:
                faults.append(Fault("places_alone", "whole_company"))
            given["places"] = ""
        for name in ("places", "places_alone"):
            unknown = [one for one in _split(given.get(name, "")) if one not in there]
            if unknown:
                faults.append(Fault(name, "unknown_location"))
        after = given if before is not None else {**_BLANK, **given}
        whole = {**(before or {}), **after}
        is_dealer = Role.DEALER in _split(whole.get("roles", ""))
        if is_dealer and not (whole.get("places") or whole.get("places_alone")):
            faults.append(Fault("places", "dealer_needs_place"))
        if set(_split(whole.get("places", ""))) & set(_split(whole.get("places_alone", ""))):
            faults.append(Fault("places_alone", "place_twice"))
        return judged(row, {k: v for k, v in before.items() if k != "id"} if before else None,
                      after, faults)  # fmt: skip

    async def _known(self, session: AsyncSession, rows: Sequence[Staged]) -> dict[str, Any]:
        found = await run(session, _FIND, logins=[row.key for row in rows])
        return {row.login: _told(row) for row in found}

    async def _write(
        self, session: AsyncSession, login: str, told: Mapping[str, Any], *, log_out: bool
    ) -> None:
        [row] = await run(
            session, _WRITE, id=told.get("id") or new_id("acc"), login=login, name=told["name"],
            roles=_split(told["roles"]), language=told["language"], active=told["active"],
        )  # fmt: skip
        await run(session, _UNLIMIT, id=row.id)
        await run(
            session, _LIMIT, id=row.id, places=_split(told["places"]),
            places_alone=_split(told["places_alone"]),
        )  # fmt: skip
        for statement in _LOG_OUT if log_out else ():
            await run(session, statement, id=row.id)


def _told(row: Any) -> dict[str, Any]:
    return {
        "id": row.id, "name": row.name, "language": row.language, "active": row.active,
        "roles": ",".join(sorted(row.roles)), "places": ",".join(row.places),
        "places_alone": ",".join(row.places_alone),
    }  # fmt: skip


def _split(text: Any) -> list[str]:
    return [one for one in str(text).split(",") if one]


def _places_of(values: Mapping[str, Any]) -> list[str]:
    return _split(values.get("places", "")) + _split(values.get("places_alone", ""))
