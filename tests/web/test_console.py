"""Deciding for many steps at once, looking closer at one, and the gates of outside systems."""

import pytest
from fastapi import FastAPI

from db.engine import Sessions
from db.platform.campaigns import CampaignRepository
from domain.platform.permissions import Role
from tests.api.orders.world import rows, seed_order, seed_shipment
from tests.web.world import Person, change, person, seed_attention


@pytest.mark.usefixtures("order")
async def test_all_steps_of_a_cause_are_decided_for_with_a_few_first(
    service: Person, sessions: Sessions
) -> None:
    assert "No campaigns yet" in (await service.get("/campaigns")).text
    await seed_order(sessions, "2")
    await seed_shipment(sessions, "2")
    await seed_attention(sessions)
    await seed_attention(sessions, "2", item="att_2")

    opened = (await service.get("/attention", params={"group": "label|zto|masked"})).text
    form = (await service.get("/campaigns/new?fingerprint=label|zto|masked")).text
    begun = await service.send_form(
        "/campaigns/new", fingerprint="label|zto|masked", action="retry", canary="1",
        stop_percent="10", rate_per_minute="60",
    )  # fmt: skip
    page = (await service.get(begun.headers["location"])).text

    assert "/campaigns/new?fingerprint=label%7Czto%7Cmasked" in opened
    assert "2 steps of 2 orders wait." in form
    assert 'value="compensate"' in form
    assert 'value="done_by_hand"' not in form  # each has a waybill number of its own
    assert begun.status_code == 303
    assert 'hx-trigger="every 2s"' in page
    assert "1 first, stops above 10 % that go no further, then 60 a minute" in page
    assert 'href="/orders/O-2"' in page
    assert "0 % of 2 steps are settled" in page


@pytest.mark.usefixtures("order")
async def test_a_campaign_is_stopped_with_a_reason_and_begun_again_for_the_rest(
    service: Person, sessions: Sessions
) -> None:
    await seed_attention(sessions)
    begun = await service.send_form("/campaigns/new", action="retry")
    at = begun.headers["location"]

    assert "1 step is not decided yet." in (await service.get(f"{at}/do/stop")).text
    assert (await service.send_form(f"{at}/do/stop", reason=" ")).status_code == 422
    assert (await service.send_form(f"{at}/do/explode", reason="x")).status_code == 422
    await service.send_form(f"{at}/do/pause", reason="wait")
    await service.send_form(f"{at}/do/resume")
    await service.send_form(f"{at}/do/stop", reason="wrong carrier")
    await change(sessions, "UPDATE campaign SET finished_at = now()")
    stopped = (await service.get(at)).text
    again = await service.send_form(f"{at}/do/failed")

    assert "Somebody stopped it; the rest was left as it was." in stopped
    assert "hx-trigger" not in stopped.split('id="campaign"')[1].split(">")[0]
    assert again.headers["location"] != at
    assert await rows(sessions, "SELECT action FROM audit_log ORDER BY id") == [
        ("campaign.begin",), ("campaign.pause",), ("campaign.resume",), ("campaign.stop",),
        ("campaign.begin",),
    ]  # fmt: skip


@pytest.mark.usefixtures("order")
@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 422),
        ({"action": "skip"}, 409),
        ({"action": "retry", "canary": "many"}, 422),
        ({"action": "retry", "rate_per_minute": "0"}, 422),
        ({"action": "retry", "hours": "x"}, 422),
        ({"action": "retry", "cause": "Nobody"}, 409),
        ({"action": "retry_with"}, 422),
    ],
)
async def test_a_campaign_that_lacks_something_is_refused(
    service: Person, sessions: Sessions, form: dict[str, str], status: int
) -> None:
    await seed_attention(sessions)

    assert (await service.send_form("/campaigns/new", **form)).status_code == status
    assert await rows(sessions, "SELECT 1 FROM campaign") == []


@pytest.mark.usefixtures("order")
async def test_a_step_is_looked_at_closer_without_seeing_who_gets_it(
    service: Person, sessions: Sessions
) -> None:
    await seed_attention(sessions)
    await change(
        sessions,
        "INSERT INTO effect (key, kind, system, subject, state, attempts, result) VALUES"
        " ('O-1-1.1', 'waybill', 'carrier/zto', 'O-1-1', 'unknown', 3, '{}')",
    )
    await change(
        sessions,
        "INSERT INTO attention (id, workflow_id, step_id, cause, code, error, fingerprint, system,"
        " attempts, actions, input_fields, resolved_at, resolved_by, resolution, note, outcome)"
        " VALUES ('att_0', 'shipment/O-9-1', 'label', 'NeedsPlatformWaybill', 'masked', 'x',"
        " 'label|zto|masked', 'carrier/zto', 1, '[]', '{}', now(), 'Lucy', 'retry', '', 'went_on')",
    )

    page = (await service.get("/attention/att_1")).text

    assert "Sent, but no answer came" in page
    assert "Try again → Went on" in page
    assert "王***" in page
    assert "138****0001" in page
    for hidden in ("王小明", "13800000001", "文一西路"):
        assert hidden not in page


@pytest.mark.usefixtures("order")
async def test_somebody_takes_a_step_over_and_notes_what_he_found(
    service: Person, sessions: Sessions
) -> None:
    await seed_attention(sessions)

    await service.send_form("/attention/att_1/notes", text="called ZTO: Monday")
    await service.send_form("/attention/att_1/assignee", assignee="lucy")
    page = (await service.get("/attention/att_1")).text
    hers = (await service.get("/attention?assignee=lucy&hours=0")).text
    old = (await service.get("/attention?hours=72")).text

    assert "called ZTO: Monday" in page
    assert "<b>lucy</b>" in page
    assert '<span class="group-count">1</span>' in hers
    assert "Nothing waits that fits" in old
    assert (await service.send_form("/attention/att_1/notes", text=" ")).status_code == 422


@pytest.mark.usefixtures("order")
async def test_a_gate_says_what_shutting_it_stops_and_is_shut_with_a_reason(
    service: Person, sessions: Sessions
) -> None:
    form = (await service.get("/gates/shop/mini/do/close")).text
    without = await service.send_form("/gates/shop/mini/do/close")
    shut = await service.send_form("/gates/shop/mini/do/close", reason="stock-taking")
    page = (await service.get("/gates")).text
    rate = await service.send_form("/gates/shop/mini/do/rate", at_once="20", reason="they can")
    opened = await service.send_form("/gates/shop/mini/do/open", reason="done")

    assert "The shop is neither pulled nor told anything" in form
    assert "nothing is lost" in form
    assert [without.status_code, shut.status_code, rate.status_code, opened.status_code] == [
        422, 303, 303, 303,
    ]  # fmt: skip
    assert "stock-taking" in page
    assert await rows(sessions, "SELECT state, at_once FROM gate") == [("flowing", 20)]


@pytest.mark.usefixtures("order")
async def test_finance_shuts_no_shop(app: FastAPI, web_sessions: Sessions) -> None:
    async with await person(app, web_sessions, Role.FINANCE) as finance:
        answer = await finance.send_form("/gates/shop/mini/do/close", reason="x")
        page = (await finance.get("/gates")).text

    assert answer.status_code == 403
    assert "/gates/shop/mini/do/close" not in page


@pytest.mark.usefixtures("order")
async def test_a_thousand_steps_are_paged_and_counted(service: Person, sessions: Sessions) -> None:
    await change(
        sessions,
        "INSERT INTO attention (id, workflow_id, step_id, cause, code, error, fingerprint, system,"
        " attempts, actions, input_fields, resolved_by, resolution, note)"
        " SELECT 'att_' || to_char(n, 'FM0000'), 'shipment/' || n, 'label', 'Rejected', '8057',"
        " 'no such product ' || repeat('long ', 60), 'f' || n % 60, 'carrier/sf', 1,"
        """ '["retry"]', '{}', '', '', '' FROM generate_series(1, 1000) n""",
    )

    first = (await service.get("/attention")).text
    second = (await service.get("/attention?than=16&beyond=f5")).text
    opened = (await service.get("/attention?group=f1")).text
    begun = await service.send_form("/campaigns/new", cause="Rejected", action="retry")

    assert first.count('class="group-count"') == 50
    assert 'class="group-count"' in second
    assert "than=16" in first
    assert len(opened) < 200_000
    assert "1,000" in (await service.get(begun.headers["location"])).text
    async with sessions.begin() as session:
        campaign = (await rows(sessions, "SELECT id FROM campaign"))[0][0]
        assert (await CampaignRepository(session).counts(campaign)).waiting == 1000
