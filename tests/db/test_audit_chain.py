"""Nobody changes the audit trail unseen, not even who owns the tables."""

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy.exc import ProgrammingError

from db.engine import Sessions
from db.platform.audit import audit
from db.platform.audit_chain import Verdict, head_of, link_committed, verify
from db.sql import run
from domain.platform.audit_chain import BEGINNING
from runtime.chaining import Chaining, read_anchors


@pytest.fixture
def anchor(tmp_path: Path) -> Path:
    return tmp_path / "anchor.jsonl"


async def deeds(sessions: Sessions, first: int, last: int) -> None:
    for number in range(first, last + 1):
        async with sessions.begin() as session:
            await audit(
                session, "kefu", "order.held", f"order/{number}", reason=f"because {number}",
                before={"b": number, "a": 0.5}, after={"状态": "等待"}, request_id=f"r{number}",
            )  # fmt: skip


async def follow(sessions: Sessions, anchor: Path) -> int:
    return await Chaining(sessions, anchor).once(100)


async def verdict(sessions: Sessions, anchor: Path) -> Verdict:
    async with sessions.begin() as session:
        return await verify(session, read_anchors(anchor))


async def tamper(owner: Sessions, *statements: str) -> None:
    async with owner.begin() as session:
        for statement in statements:
            await run(session, statement)


async def test_what_is_committed_is_linked_once_and_proven(
    sessions: Sessions, anchor: Path
) -> None:
    assert (await verdict(sessions, anchor)).head.hash == BEGINNING
    await deeds(sessions, 1, 3)
    assert await follow(sessions, anchor) == 3
    assert await follow(sessions, anchor) == 0
    await deeds(sessions, 4, 5)
    assert await follow(sessions, anchor) == 2

    found = await verdict(sessions, anchor)

    assert (found.broken, found.head.seq) == ("", 5)
    assert read_anchors(anchor)[5] == found.head.hash
    assert set(read_anchors(anchor)) == {3, 5}


async def test_a_deed_that_is_committed_behind_later_ones_is_linked_too(
    sessions: Sessions, anchor: Path
) -> None:
    async with sessions.begin() as slow:
        await audit(slow, "kefu", "order.held", "order/0", request_id="slow")
        await deeds(sessions, 1, 2)  # nobody waits for it
        assert await follow(sessions, anchor) == 2
    assert await follow(sessions, anchor) == 1
    assert (await verdict(sessions, anchor)).broken == ""


async def test_two_followers_never_link_the_same(sessions: Sessions) -> None:
    await deeds(sessions, 1, 20)

    async def one() -> int:
        async with sessions.begin() as session:
            return await link_committed(session, 100)

    assert sum(await asyncio.gather(*(one() for _ in range(5)))) == 20


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE audit_log SET reason = 'x' WHERE subject = 'order/3'", "row 3 (order.held"),
        ("UPDATE audit_log SET actor = 'x' WHERE subject = 'order/3'", "row 3 (order.held"),
        ("UPDATE audit_log SET at = at + interval '1 s' WHERE id = 3", "row 3 (order.held"),
        ("UPDATE audit_log SET before = '{}' WHERE id = 3", "row 3 (order.held"),
        ("DELETE FROM audit_log WHERE id = 3", "row 3, link 3, is missing"),
        ("DELETE FROM audit_chain WHERE seq = 3", "link 3 is missing"),
        ("DELETE FROM audit_chain WHERE seq > 4", "it ends at 4, but 6 links were anchored"),
    ],
)
async def test_the_first_broken_row_is_named(
    sessions: Sessions, owner_sessions: Sessions, anchor: Path, statement: str, named: str
) -> None:
    await deeds(sessions, 1, 6)
    await follow(sessions, anchor)
    await tamper(owner_sessions, statement)

    assert named in (await verdict(sessions, anchor)).broken


async def test_a_tail_that_was_cut_off_or_written_anew_differs_from_the_anchor(
    sessions: Sessions, owner_sessions: Sessions, anchor: Path
) -> None:
    await deeds(sessions, 1, 6)
    await follow(sessions, anchor)
    await tamper(
        owner_sessions,
        "DELETE FROM audit_chain WHERE seq > 4",
        "DELETE FROM audit_log WHERE id > 4",
    )
    assert "6 links were anchored" in (await verdict(sessions, anchor)).broken

    # Linked anew by somebody who knows how: whole in itself, but not what was anchored.
    await deeds(sessions, 7, 8)
    async with sessions.begin() as session:
        await link_committed(session, 100)
    assert (await verdict(sessions, anchor.with_name("none"))).broken == ""
    assert "is not what was anchored" in (await verdict(sessions, anchor)).broken


async def test_a_row_put_in_between_is_noticed(
    sessions: Sessions, owner_sessions: Sessions, anchor: Path
) -> None:
    await deeds(sessions, 1, 2)
    await follow(sessions, anchor)
    await tamper(
        owner_sessions,
        "INSERT INTO audit_log (id, at, actor, action, subject, reason, before, after, request_id)"
        " VALUES (-20000, now() - interval '1 day', 'x', 'y', 'z', '', '{}', '{}', 'q')",
    )
    assert "was never linked" in (await verdict(sessions, anchor)).broken


async def test_serving_roles_can_change_neither_the_trail_nor_its_links(
    sessions: Sessions, web_sessions: Sessions, anchor: Path
) -> None:
    await deeds(sessions, 1, 1)
    await follow(sessions, anchor)
    for role in (sessions, web_sessions):
        for table in ("audit_log", "audit_chain"):
            for statement in (f"UPDATE {table} SET at = now()", f"DELETE FROM {table}"):
                with pytest.raises(ProgrammingError, match="permission denied"):
                    await tamper(role, statement)
    with pytest.raises(ProgrammingError, match="permission denied"):
        await tamper(web_sessions, "INSERT INTO audit_chain (seq, audit_id, hash) SELECT 9, 9, ''")
    async with sessions.begin() as session:
        assert (await head_of(session)).seq == 1


def test_half_a_line_of_a_power_cut_is_no_anchor(anchor: Path) -> None:
    anchor.write_text(json.dumps({"seq": 1, "hash": "a"}) + '\n{"seq": 2, "ha')
    assert read_anchors(anchor) == {1: "a"}
