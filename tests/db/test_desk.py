"""Notes are sealed and can be taken back; tags, filters and bulk jobs are kept once."""

import pytest

from db.engine import Sessions
from db.orders import bulk
from db.orders.notes import notes_of, take_note_back, write_note
from db.orders.queries import OrderFilter, OrderQueries
from db.orders.saved_filters import forget_filter, save_filter, saved_filters
from db.orders.tags import all_tags, forget_tag, paint_tag, put_tag_on, tags_of, take_tag_off
from db.shared.erasing import erase_person, plan_erasure
from db.sql import run
from db.vault import CannotOpen, Vault
from domain.orders.desk import MOST_TAGS, BulkAction, Deed, Obstacle, TagColour
from domain.orders.order import HoldKind
from domain.shared.errors import (
    ActionNotAllowed,
    FilterNotFound,
    NoteNotFound,
    PersonErased,
    TagNotFound,
)
from tests.api.orders.world import rows, seed_order, seed_shop
from tests.people import VAULT
from tests.web.world import change, seed_hold

WORDS = "王小明 13800000001 要求周六送"


@pytest.fixture(autouse=True)
async def two(sessions: Sessions) -> None:
    await seed_shop(sessions)
    for number in ("1", "2"):
        await seed_order(sessions, number)


async def _write(sessions: Sessions, note: str = "n1", text: str = WORDS) -> bool:
    async with sessions.begin() as session:
        return await write_note(session, VAULT, "ord_1", note, text, "Li Lei")


async def test_a_note_is_read_again_and_stands_nowhere_in_plain_text(sessions: Sessions) -> None:
    assert await _write(sessions)
    assert not await _write(sessions)  # the same request once more

    async with sessions.begin() as session:
        [note] = await notes_of(session, VAULT, "ord_1")
        with pytest.raises(CannotOpen):
            await notes_of(session, Vault(bytes(31) + b"1"), "ord_1")
    assert (note.text, note.author, note.removed_at) == (WORDS, "Li Lei", None)
    [[sealed]] = await rows(sessions, "SELECT sealed FROM order_note")
    assert WORDS.encode() not in bytes(sealed)
    assert await rows(sessions, "SELECT source, kind, actor, data FROM order_event") == [
        ("desk", "noted", "Li Lei", {"note": "n1"})
    ]


async def test_a_note_is_taken_back_by_who_wrote_it_and_nothing_of_it_stays(
    sessions: Sessions,
) -> None:
    await _write(sessions)
    async with sessions.begin() as session:
        with pytest.raises(ActionNotAllowed):
            await take_note_back(session, "ord_1", "n1", "Han Meimei")
        with pytest.raises(NoteNotFound):
            await take_note_back(session, "ord_2", "n1", "Li Lei")
    for _ in range(2):
        async with sessions.begin() as session:
            await take_note_back(session, "ord_1", "n1", "Li Lei")

    async with sessions.begin() as session:
        [note] = await notes_of(session, VAULT, "ord_1")
    assert (note.text, note.removed_by) == ("", "Li Lei")
    assert note.removed_at is not None
    assert await rows(sessions, "SELECT sealed, removed_by FROM order_note") == [(b"", "Li Lei")]
    told = await rows(sessions, "SELECT kind FROM order_event ORDER BY seq")
    assert told == [("noted",), ("note_taken_back",)]


async def test_notes_go_with_the_person_they_may_name(
    sessions: Sessions, web_sessions: Sessions
) -> None:
    await _write(sessions)
    async with web_sessions.begin() as session:
        await run(session, "UPDATE sales_order SET status = 'completed'")
        found = await plan_erasure(session, VAULT, order_no="O-1")
        await erase_person(session, found, found.plan)
        [note] = await notes_of(session, VAULT, "ord_1")
        with pytest.raises(PersonErased):
            await write_note(session, VAULT, "ord_1", "n2", WORDS, "Li Lei")

    assert note.text == ""
    assert await rows(sessions, "SELECT sealed FROM order_note") == [(b"",)]


async def test_a_tag_marks_filters_and_goes_again(web_sessions: Sessions) -> None:
    async with web_sessions.begin() as session:
        assert await put_tag_on(session, "ord_1", "VIP", "Li Lei", TagColour.RED)
        assert not await put_tag_on(session, "ord_1", "VIP", "Li Lei", TagColour.BLUE)
        await put_tag_on(session, "ord_2", "later", "Li Lei")
        page = await OrderQueries(session).page(OrderFilter(tag="VIP"), VAULT)
        assert [(row.no, row.tags) for row in page.rows] == [("O-1", [["VIP", "red"]])]
        assert [(t.name, t.colour, t.orders) for t in await all_tags(session)] == [
            ("VIP", "red", 1), ("later", "grey", 1),
        ]  # fmt: skip
        await paint_tag(session, "VIP", TagColour.GREEN)
        assert [t.colour for t in await tags_of(session, "ord_1")] == ["green"]
        with pytest.raises(ActionNotAllowed):
            await forget_tag(session, "VIP")
        with pytest.raises(TagNotFound):
            await paint_tag(session, "none", TagColour.RED)

        assert await take_tag_off(session, "ord_1", "VIP", "Li Lei")
        assert not await take_tag_off(session, "ord_1", "VIP", "Li Lei")
        await forget_tag(session, "VIP")
        assert [t.name for t in await all_tags(session)] == ["later"]


async def test_an_order_has_only_so_many_tags(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        for number in range(MOST_TAGS):
            await put_tag_on(session, "ord_1", f"t{number}", "Li Lei")
    with pytest.raises(ActionNotAllowed):
        async with sessions.begin() as session:
            await put_tag_on(session, "ord_1", "one more", "Li Lei")
    assert await rows(sessions, "SELECT count(*) FROM order_tag") == [(MOST_TAGS,)]


async def test_filters_are_ones_own_or_shared(web_sessions: Sessions) -> None:
    async with web_sessions.begin() as session:
        mine = await save_filter(session, "li", "late", "late=1", shared=False)
        await save_filter(session, "li", "late", "late=1&shop=mini", shared=True)
        await save_filter(session, "han", "secret", "tag=vip", shared=False)
        assert [(f.name, f.query) for f in await saved_filters(session, "li")] == [
            ("late", "late=1&shop=mini")
        ]
        assert [f.name for f in await saved_filters(session, "han")] == ["secret", "late"]
        with pytest.raises(FilterNotFound):
            await forget_filter(session, "han", mine.id)
        await forget_filter(session, "li", mine.id)
        assert [f.name for f in await saved_filters(session, "han")] == ["secret"]


async def test_a_preview_says_which_orders_cannot_and_why(sessions: Sessions) -> None:
    await seed_hold(sessions, "1")
    async with sessions.begin() as session:
        ids = await bulk.ids_of(session, ["o-2", "O-1", "O-1", "O-404"])
        hold = await bulk.preview(session, Deed(BulkAction.HOLD, reason="x"), ids)
        release = await bulk.preview(
            session, Deed(BulkAction.RELEASE, HoldKind.MANUAL, reason="x"), ids
        )

    assert [(o.no, o.obstacle) for o in hold.orders] == [
        ("O-2", None), ("O-1", Obstacle.HELD_ALREADY),
    ]  # fmt: skip
    assert [o.no for o in release.possible] == ["O-1"]
    assert [o.obstacle for o in release.impossible] == [Obstacle.NOT_HELD]


async def test_a_job_is_opened_once_and_started_by_its_own_news(sessions: Sessions) -> None:
    deed = Deed(BulkAction.TAG, tag="VIP")
    for _ in range(2):
        async with sessions.begin() as session:
            await bulk.open_job(session, "blk_1", deed, ["ord_1", "ord_2"], "Li Lei")

    async with sessions.begin() as session:
        job = await bulk.job_of(session, "blk_1")
        assert bulk.deed_of(job) == deed
        assert (job.total, job.waiting, job.done, job.state) == (2, 2, 0, "running")
        await bulk.tell_result(session, "blk_1", 1, "done")
        await bulk.tell_result(session, "blk_1", 1, "refused", "x")  # told once
        await bulk.ask_to_stop(session, "blk_1", "Han")
        await bulk.end_job(session, "blk_1", stopped=True)
        job = await bulk.job_of(session, "blk_1")
        assert (job.state, job.done, job.refused, job.left_out) == ("stopped", 1, 0, 1)
        found = await bulk.results_of(session, "blk_1")
        assert [(r.no, r.state) for r in found] == [("O-1", "done"), ("O-2", "left_out")]
        assert [r.no for r in await bulk.results_of(session, "blk_1", "left_out")] == ["O-2"]
    assert await rows(sessions, "SELECT target, name FROM outbox") == [("bulk/blk_1", "bulk_asked")]


async def test_the_web_may_take_tags_off_and_the_worker_too(
    sessions: Sessions, web_sessions: Sessions
) -> None:
    for made in (sessions, web_sessions):
        async with made.begin() as session:
            await put_tag_on(session, "ord_1", "VIP", "Li Lei")
            await take_tag_off(session, "ord_1", "VIP", "Li Lei")
    await change(sessions, "UPDATE sales_order SET status = 'completed'")
    async with web_sessions.begin() as session:
        await run(session, "DELETE FROM saved_filter")
