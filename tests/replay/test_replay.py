"""Every kept history replays with the workflows as they are now."""

import base64
import gzip
import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from runtime.temporal import plugin
from tests.people import VAULT
from tests.replay.record import HISTORIES, personal_data
from tests.replay.stories import STORIES
from worker import WORKFLOWS

FILES = sorted(HISTORIES.glob("*.json*"))


def text_of(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode()


def test_every_story_was_recorded() -> None:
    recorded = {path.name.split(".")[0] for path in FILES}
    assert recorded == {story.__name__ for story in STORIES}, "run `make record`"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
async def test_a_kept_history_replays(path: Path) -> None:
    text = text_of(path)
    assert personal_data(text) == []
    history = WorkflowHistory.from_json(path.name, text)
    replayer = Replayer(workflows=WORKFLOWS, plugins=[plugin()])
    await replayer.replay_workflow(history)


async def test_a_history_from_before_payloads_were_sealed_replays_with_the_key() -> None:
    path = FILES[0]
    history = WorkflowHistory.from_json(path.name, text_of(path))
    await Replayer(workflows=WORKFLOWS, plugins=[plugin(VAULT)]).replay_workflow(history)


def test_personal_data_in_a_payload_would_be_found() -> None:
    data = base64.b64encode(json.dumps({"phone": "13800000001"}).encode()).decode()
    history = json.dumps({"events": [{"input": {"payloads": [{"metadata": {}, "data": data}]}}]})
    assert personal_data(history) == ["13800000001"]
