"""Whatever people write: kept as they wrote it, and unable to turn what stands around it."""

import pytest
from fastapi import FastAPI

from api.strict import clean
from db.engine import Sessions
from domain.platform.permissions import Role
from tests.api.served import browser, key_for
from tests.web.world import Person
from web.render import isolated

TEXTS = {
    "right to left": "abc\u202edef",
    "isolated already": "abc\u2067def\u2069ghi",
    "zero width": "a\u200bb\u200dc",
    "emoji": "👩‍👩‍👧 好评",
    "four bytes": "𠮷野家 𣲗",
    "both scripts": "裏面 里面 臺灣 台湾",
}


@pytest.mark.usefixtures("order")
@pytest.mark.parametrize("case", TEXTS)
async def test_a_note_is_stored_exactly_and_shown_by_itself(
    app: FastAPI, web_sessions: Sessions, service: Person, case: str
) -> None:
    async with browser(app, **await key_for(web_sessions, Role.CUSTOMER_SERVICE)) as client:
        sent = await client.post("/api/v1/orders/O-1/notes", json={"text": TEXTS[case]})
        notes = (await client.get("/api/v1/orders/O-1/notes")).json()["items"]
    page = (await service.get("/orders/O-1")).text

    assert sent.status_code == 200
    assert [note["text"] for note in notes] == [TEXTS[case]]
    turns = "\u202e" in TEXTS[case] or "\u2067" in TEXTS[case]
    assert (f"\u2068{TEXTS[case]}\u2069" in page) == turns
    assert TEXTS[case] in page


@pytest.mark.parametrize("case", TEXTS)
def test_what_a_form_brings_back_is_what_was_stored(case: str) -> None:
    assert clean(isolated(TEXTS[case])) == TEXTS[case]
