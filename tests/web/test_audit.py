"""The audit trail is read by who, what, subject and day, on a page, as a file and over the API."""

from pathlib import Path

from fastapi import FastAPI

from db.engine import Sessions
from db.platform.audit import audit
from domain.platform.permissions import Role
from runtime.chaining import Chaining
from tests.web.world import person


async def seed(sessions: Sessions, tmp_path: Path) -> None:
    for actor, action, subject in (
        ("kefu", "order.held", "order/ord_1"), ("kefu", "receiver.disclosed", "order/ord_1"),
        ("boss", "order.held", "order/ord_2"), ("boss", "=cmd|' /C calc'!A0", "order/ord_2"),
    ):  # fmt: skip
        async with sessions.begin() as session:
            await audit(
                session, actor, action, subject, reason=f"{actor} {subject}",
                before={"status": "picking"}, request_id=f"{actor}{action}{subject}",
            )  # fmt: skip
    await Chaining(sessions, tmp_path / "anchor").once(100)


async def test_deeds_are_found_by_who_what_subject_and_day(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions, tmp_path: Path, order: str
) -> None:
    await seed(sessions, tmp_path)
    async with await person(app, web_sessions, Role.MANAGER) as manager:

        async def found(**filters: str) -> list[str]:
            answer = await manager.get("/api/v1/audit", params=filters)
            assert answer.status_code == 200
            return [f"{one['actor']} {one['action']}" for one in answer.json()["items"]]

        assert len(await found()) == 4
        assert await found(actor="kefu") == ["kefu receiver.disclosed", "kefu order.held"]
        assert await found(action="receiver") == ["kefu receiver.disclosed"]
        assert len(await found(subject="O-1")) == 2
        assert len(await found(subject="order/ord_2", action="order.held")) == 1
        assert await found(day="2020-01-01") == []
        assert await found(day="9999-12-31") == await found()
        first = (await manager.get("/api/v1/audit", params={"limit": "3"})).json()
        rest = await manager.get("/api/v1/audit", params={"cursor": first["next_cursor"]})
        assert [one["id"] for one in rest.json()["items"]] == [1]
        assert [one["link"] for one in first["items"]] == [4, 3, 2]
        assert (await manager.get("/api/v1/audit?cursor=x")).status_code == 422
        page = (await manager.get("/audit", params={"actor": "kefu"})).text
        assert "receiver.disclosed" in page
        assert "boss" not in page


async def test_the_file_runs_nothing_in_a_spreadsheet(
    app: FastAPI, sessions: Sessions, web_sessions: Sessions, tmp_path: Path
) -> None:
    await seed(sessions, tmp_path)
    async with await person(app, web_sessions, Role.ADMIN) as admin:
        text = (await admin.get("/audit.csv", params={"actor": "boss"})).text
    assert text.count("\n") == 3
    assert "\"'=cmd|" in text


async def test_others_do_not_read_it(app: FastAPI, web_sessions: Sessions) -> None:
    async with await person(app, web_sessions, Role.CUSTOMER_SERVICE) as service:
        assert (await service.get("/api/v1/audit")).status_code == 403
        assert (await service.get("/audit")).status_code == 403
