"""The attention inbox: grouped by cause, and every way out of a stuck step."""

import pytest
from fastapi import FastAPI

from db.engine import Sessions
from db.platform.corrections import keep_correction
from domain.orders.messages import ResolveStep
from domain.platform.permissions import Role
from tests.api.orders.world import rows, seed_order, seed_shipment
from tests.web.world import Engine, Person, change, person, seed_attention, seed_tries

PATH = "/attention/att_1"


@pytest.mark.usefixtures("order")
async def test_steps_are_grouped_by_their_cause_and_opened_one_by_one(
    service: Person, sessions: Sessions
) -> None:
    assert "Nothing waits for a person" in (await service.get("/attention")).text
    assert (await service.get("/attention/count")).text.strip() == ""
    await seed_order(sessions, "2")
    await seed_shipment(sessions, "2")
    await seed_attention(sessions)
    await seed_attention(sessions, "2", item="att_2")

    groups = (await service.get("/attention")).text
    opened = (await service.get("/attention", params={"group": "label|zto|masked"})).text

    assert '<span class="group-count">2</span>' in groups
    assert "The platform hides the receiver: order the waybill there" in groups
    assert "ZTO Express" in groups
    assert "O-1" not in groups
    assert 'href="/orders/O-1"' in opened
    assert 'href="/attention/att_2"' in opened
    assert ">2<" in (await service.get("/attention/count")).text


@pytest.mark.usefixtures("order")
async def test_each_way_out_says_what_it_does(service: Person, sessions: Sessions) -> None:
    await seed_attention(sessions)

    page = (await service.get(PATH)).text

    for words in (
        "The same call once more; nothing is done twice.",
        "Correct what was wrong, then the step runs with your values.",
        "Leave the step out for good; the order goes on without it.",
        "You did it yourself outside; record the result and the order goes on.",
        "Undo the work back to before this step; the stock is free again.",
    ):
        assert words in page
    assert 'name="value.waybill_no"' in page
    for words in (
        "ZTO Express is asked for the waybills of O-1-1.",
        "3 units at HQ stay reserved.",
        "Then it is decided anew where the goods come from; a new shipment begins.",
        "Shipment O-1-1 is cancelled; picked goods go back to the shelf.",
    ):
        assert words in page, words
    told = (await service.get(f"/api/v1{PATH}")).json()["previews"]
    assert [one["action"] for one in told] == [
        "retry", "retry_with", "done_by_hand", "skip", "compensate",
    ]  # fmt: skip
    assert [one["kind"] for one in told[-1]["undone"]] == ["cancel_shipment", "free_units"]


@pytest.mark.usefixtures("order")
@pytest.mark.parametrize(
    ("action", "values", "kept"),
    [
        ("retry", {}, None),
        ("retry_with", {"value.carrier": "sf"}, {"carrier": "sf"}),
        ("skip", {"reason": "buyer fetched it"}, None),
        (
            "done_by_hand",
            {"value.waybill_no": "SF1", "reason": "by phone"},
            {"waybill_no": "SF1"},
        ),
        ("compensate", {"reason": "sold elsewhere"}, None),
        # values typed for another way out are not sent along
        ("retry", {"value.carrier": "sf"}, None),
    ],
)
async def test_a_decision_reaches_the_step_with_its_values_and_reason(
    service: Person,
    engine: Engine,
    sessions: Sessions,
    action: str,
    values: dict[str, str],
    kept: dict[str, str] | None,
) -> None:
    await seed_attention(sessions)

    answer = await service.send_form(PATH, action=action, **values)

    assert (answer.status_code, answer.headers["location"]) == (303, "/orders/O-1")
    [(workflow, name, told)] = engine.told
    assert (workflow, name) == ("shipment/O-1-1", "resolve_step")
    assert isinstance(told, ResolveStep)
    assert (told.step_id, told.action) == ("label", action)
    assert told.reason == values.get("reason", "")
    found = await rows(sessions, "SELECT id, data FROM correction")
    assert found == ([(told.correction_id, kept)] if kept else [])


@pytest.mark.usefixtures("order")
@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({}, 422),
        ({"action": "explode"}, 422),
        ({"action": "skip"}, 409),
        ({"action": "compensate", "reason": "  "}, 409),
        ({"action": "retry_with"}, 422),
        ({"action": "done_by_hand", "reason": "x"}, 422),
        ({"action": "retry_with", "value.carrier": "x" * 201}, 422),
        ({"action": "retry", "reason": "a\x00b"}, 422),
        ({"action": "retry_with", "value.carrier": "a\x00b"}, 422),
    ],
)
async def test_a_decision_that_lacks_something_is_refused_and_not_told(
    service: Person, engine: Engine, sessions: Sessions, values: dict[str, str], status: int
) -> None:
    await seed_attention(sessions)

    answer = await service.send_form(PATH, **values)

    assert answer.status_code == status
    assert engine.told == []
    assert await rows(sessions, "SELECT 1 FROM correction") == []


@pytest.mark.usefixtures("order")
async def test_what_is_not_offered_or_settled_already_cannot_be_done(
    service: Person, engine: Engine, sessions: Sessions
) -> None:
    await seed_attention(sessions, actions=["retry"])
    not_offered = await service.send_form(PATH, action="skip", reason="x")
    await change(
        sessions,
        "UPDATE attention SET resolved_at = now(), resolved_by = 'Lucy', resolution = 'skip'",
    )
    settled = await service.send_form(PATH, action="retry")
    page = (await service.get(PATH)).text

    assert (not_offered.status_code, settled.status_code) == (409, 409)
    assert "Settled by Lucy: Skip" in page
    assert 'name="action"' not in page
    assert engine.told == []


@pytest.mark.usefixtures("order")
async def test_a_step_shows_every_answer_and_what_was_sent_masked_by_role(
    app: FastAPI, service: Person, web_sessions: Sessions, sessions: Sessions
) -> None:
    await seed_attention(sessions)
    await seed_tries(sessions, "shipment/O-1-1")
    async with sessions.begin() as session:
        await keep_correction(
            session, "att_1", "shipment/O-1-1", "label", {"carrier": "sf"}, by="Lucy",
            request_id="r",
        )  # fmt: skip

    page = (await service.get(PATH)).text
    told = (await service.get(f"/api/v1{PATH}")).json()
    async with await person(app, web_sessions, Role.FINANCE) as finance:
        to_finance = (await finance.get(f"/api/v1{PATH}")).json()

    for words in (
        "HTTP 200", "no answer", "R-7", "8057", "after 61 s", "王*** is unknown", "138****0001",
        "1200.50", "<del>zto</del> → <b>sf</b>",
    ):  # fmt: skip
        assert words in page, words
    assert "13800000001" not in page
    assert [(one["cause"], one["waited_s"]) for one in told["tries"]] == [
        ("Rejected", None), ("AnswerLost", 61),
    ]  # fmt: skip
    assert told["given"][0]["values"] == {"carrier": "sf"}
    assert told["given"][0]["sent"] == {"carrier": "zto"}
    phones = [one["value"] for one in told["sent"] if one["path"] == "receiver.phone"]
    assert phones == ["138****0001"]
    assert "receiver.phone" not in [one["path"] for one in to_finance["sent"]]
