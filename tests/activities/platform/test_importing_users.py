"""People who log in come from files: with roles and places, never with a password."""

import pytest
from sqlalchemy.exc import DBAPIError

from db.engine import Sessions
from db.platform.accounts import Accounts
from domain.platform.permissions import Role
from domain.platform.sheets import Kind
from tests.activities.platform.test_importing import query
from tests.importing import csv_file, decided, given, rows_of, states_of, worked
from tests.seeds import seed_network

ACCOUNTS = "SELECT login, name, roles, language, active, password_hash FROM account ORDER BY login"
PLACES = (
    "SELECT a.login, s.location_id, s.with_below FROM account_scope s"
    " JOIN account a ON a.id = s.account_id ORDER BY 1, 2"
)


@pytest.fixture
async def network(sessions: Sessions) -> None:
    await seed_network(sessions, ("HQ", "S1"), ())


@pytest.mark.usefixtures("network")
async def test_new_people_come_in_without_a_password_and_a_second_time_nothing_happens(
    sessions: Sessions,
) -> None:
    content = csv_file(
        "账号,姓名,角色,限于（含下级）,限于（不含下级）,语言",
        "LiNa,李娜,仓库、客服,HQ,S1,中文", "wang,Wang,manager,全公司,,en",
    )  # fmt: skip
    import_id = await given(sessions, Kind.USERS, content)

    assert await worked(sessions, import_id) == "checked"
    assert await states_of(sessions, import_id) == ["new", "new"]
    assert await query(sessions, ACCOUNTS) == []
    assert await decided(sessions, import_id) == "done"

    assert await query(sessions, ACCOUNTS) == [
        ("lina", "李娜", ["customer_service", "warehouse"], "zh", True, ""),
        ("wang", "Wang", ["manager"], "en", True, ""),
    ]
    assert await query(sessions, PLACES) == [("lina", "HQ", True), ("lina", "S1", False)]
    again = await given(sessions, Kind.USERS, content + b"\n")
    assert await worked(sessions, again) == "checked"
    assert await states_of(sessions, again) == ["same", "same"]


@pytest.mark.usefixtures("network")
async def test_people_change_and_are_logged_out_when_their_rights_do(
    sessions: Sessions, web_sessions: Sessions
) -> None:
    async with web_sessions.begin() as session:
        account = await Accounts(session).add("han", "Han", "seven-blue-kettles-91", [Role.BUYER])
    [(before,)] = await query(sessions, "SELECT password_hash FROM account")
    await query(
        web_sessions,
        "INSERT INTO login_session (id, account_id, csrf_token, no, seen_at, expires_at)"
        " VALUES ('x', :id, 't', 'n', now(), now() + interval '1 day') RETURNING 1",
        id=account,
    )
    renamed = await given(sessions, Kind.USERS, csv_file("login,name", "han,Han Mei"), apply=True)
    assert await worked(sessions, renamed) == "done"
    assert await query(sessions, "SELECT count(*)::int FROM login_session") == [(1,)]

    lines = csv_file("login,roles,places,active", "han,finance,HQ,yes")
    changed = await given(sessions, Kind.USERS, lines, apply=True)
    assert await worked(sessions, changed) == "done"

    found = await query(sessions, ACCOUNTS)
    assert found == [("han", "Han Mei", ["finance"], "zh", True, before)]
    assert await query(sessions, PLACES) == [("han", "HQ", True)]
    assert await query(sessions, "SELECT count(*)::int FROM login_session") == [(0,)]
    lifted = await given(sessions, Kind.USERS, csv_file("login,places", "han,all"), apply=True)
    assert await worked(sessions, lifted) == "done"
    assert await query(sessions, PLACES) == []


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("a b,Li,buyer,HQ,", "login", "not_a_log_in_name"),
        ("li,Li,king,HQ,", "roles", "not_among"),
        ("li,Li,,HQ,", "roles", "missing"),
        ("li,,buyer,HQ,", "name", "missing"),
        ("li,Li,buyer,,", "places", "missing"),  # nobody gets the whole company by an empty cell
        ("li,Li,buyer,MARS,", "places", "unknown_location"),
        ("li,Li,buyer,,MARS", "places_alone", "unknown_location"),
        ("li,Li,dealer,all,", "places", "dealer_needs_place"),
        ("li,Li,buyer,all,HQ", "places_alone", "whole_company"),
        ("li,Li,buyer,HQ,HQ", "places_alone", "place_twice"),
    ],
)
async def test_what_is_wrong_with_a_person_stands_at_its_row_and_nobody_comes_in(
    sessions: Sessions, row: str, column: str, code: str
) -> None:
    content = csv_file("login,name,roles,places,places_alone", row, "wu,Wu,buyer,HQ,")
    import_id = await given(sessions, Kind.USERS, content, apply=True)

    assert await worked(sessions, import_id) == "checked"
    faults = (await rows_of(sessions, import_id))[0].faults
    assert [(fault.column, fault.code) for fault in faults] == [(column, code)]
    assert await query(sessions, ACCOUNTS) == []


@pytest.mark.usefixtures("network")
async def test_nobody_changes_his_own_rights_by_a_file(
    sessions: Sessions, web_sessions: Sessions
) -> None:
    async with web_sessions.begin() as session:
        await Accounts(session).add("boss", "Boss", "seven-blue-kettles-91", [Role.ADMIN])
    lines = csv_file("login,roles,places", "boss,finance,HQ")
    import_id = await given(sessions, Kind.USERS, lines, by="boss", apply=True)

    assert await worked(sessions, import_id) == "done"
    assert await states_of(sessions, import_id) == ["failed"]
    assert [row[2] for row in await query(sessions, ACCOUNTS)] == [["admin"]]


async def test_the_worker_that_reads_files_sets_no_password(
    sessions: Sessions, web_sessions: Sessions
) -> None:
    async with web_sessions.begin() as session:
        await Accounts(session).add("han", "Han", "seven-blue-kettles-91", [Role.ADMIN])
    for statement in (
        "UPDATE account SET password_hash = 'x' RETURNING 1",
        "INSERT INTO account (id, login, name, password_hash) VALUES ('a', 'b', 'c', 'd')"
        " RETURNING 1",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            await query(sessions, statement)
