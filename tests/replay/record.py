"""`make record`: live every story once and keep the histories of its workflows.

`python -m tests.replay.record NAME …` lives these stories alone and leaves other histories as they
are.
"""

import asyncio
import base64
import gzip
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
from temporalio.testing import WorkflowEnvironment

from db.engine import create_engine, sessions
from db.migrate import migrate
from runtime.embedded import EmbeddedPostgres, executable
from runtime.temporal import plugin
from tests.people import VAULT
from tests.replay.stories import STORIES, Story
from tests.workflows.world import company

HISTORIES: Final = Path(__file__).parent / "histories"
_OF_THE_MACHINE: Final = ("identity", "stackTrace", "binaryChecksum")
LARGE: Final = 100_000  # bytes; larger ones are kept compressed
# What identifies a buyer in the stories; none of it may cross the engine.
PERSONAL: Final = ("王小明", "13800000001", "文一西路", "\\u738b")


async def _live(story: Story, url: str) -> dict[str, str]:
    """The histories of a story's workflows, by file name."""
    engine = create_engine(url, "onhand_worker", pool_size=16)
    try:
        async with (
            await WorkflowEnvironment.start_time_skipping(
                plugins=[plugin()], test_server_existing_path=executable("temporal-test-server")
            ) as env,
            company(env.client, sessions(engine, VAULT)) as shop,
        ):
            await shop.seed()
            told: dict[str, str] = {}
            for handle in await story(shop):
                history = await handle.fetch_history()
                kind = handle.id.split("/")[0]
                told[f"{story.__name__}.{kind}.json"] = history.to_json()
            return told
    finally:
        await engine.dispose()


def personal_data(text: str) -> list[str]:
    """Words of a buyer in a history; payloads are read as the engine keeps them, in base64."""
    told = [text, *_payloads(json.loads(text))]
    return [word for word in PERSONAL if any(word in part for part in told)]


def _payloads(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("data"), str) and "metadata" in node:
            yield base64.b64decode(node["data"]).decode("utf-8", "replace")
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from _payloads(part)


def nobodys(text: str) -> str:
    """The history without the machine it was recorded on: names of processes, paths of files."""

    def scrub(node: Any) -> Any:
        if isinstance(node, list):
            return [scrub(part) for part in node]
        if isinstance(node, dict):
            kept = {key: scrub(part) for key, part in node.items() if key not in _OF_THE_MACHINE}
            return kept | ({"identity": "worker"} if "identity" in node else {})
        return node

    return json.dumps(scrub(json.loads(text)), ensure_ascii=False, indent=1) + "\n"


def _keep(name: str, text: str) -> None:
    text = nobodys(text)
    if found := personal_data(text):
        raise SystemExit(f"{name} holds personal data: {found}")
    data = text.encode()
    if len(data) > LARGE:
        (HISTORIES / f"{name}.gz").write_bytes(gzip.compress(data, mtime=0))
    else:
        (HISTORIES / name).write_bytes(data)


def main(*names: str) -> None:
    """Replace every kept history, or those of the named stories."""
    stories = [story for story in STORIES if not names or story.__name__ in names]
    if len(stories) < len(names):
        raise SystemExit(f"stories are {', '.join(story.__name__ for story in STORIES)}")
    folder = Path(tempfile.mkdtemp(prefix="onhand-record-"))
    folder.chmod(0o755)
    postgres = EmbeddedPostgres(folder / "postgres", durable=False)
    postgres.start()
    try:
        kept: dict[str, str] = {}
        for story in stories:
            with psycopg.connect(postgres.url, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {story.__name__}".encode())
            url = f"{postgres.url.rsplit('/', 1)[0]}/{story.__name__}"
            migrate(url)
            kept |= asyncio.run(_live(story, url))
            sys.stdout.write(f"{story.__name__}\n")
        for story in stories:
            for path in HISTORIES.glob(f"{story.__name__}.*"):
                path.unlink()
        if not names:  # those of stories that are no longer told go too
            shutil.rmtree(HISTORIES, ignore_errors=True)
            HISTORIES.mkdir()
        for name, text in kept.items():
            _keep(name, text)
        sys.stdout.write(f"{len(kept)} histories in {HISTORIES}\n")
    finally:
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
