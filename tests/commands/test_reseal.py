"""`onhand reseal`: one command, and the old key can go."""

import base64

import pytest
import typer
from pydantic import SecretStr

from commands import reseal
from db.engine import Sessions
from db.orders.receivers import open_receiver
from db.vault import Vault
from runtime.settings import Settings
from tests.api.orders.world import seed_order, seed_shop

OLD, NEW = bytes(32), bytes(reversed(range(32)))  # people are seeded with the old one


def text(key: bytes) -> str:
    return base64.b64encode(key).decode()


async def test_people_are_sealed_anew_and_a_second_time_changes_nothing(
    sessions: Sessions, database_url: str
) -> None:
    await seed_shop(sessions)
    await seed_order(sessions)
    settings = Settings(
        secret_key=SecretStr(text(NEW)),
        old_secret_keys=SecretStr(f"{text(OLD)}, "),
        database_url=SecretStr(database_url),
    )

    assert await reseal.reseal_all(settings, database_url) == []
    assert await reseal.reseal_all(settings, database_url) == []

    async with sessions.begin() as session:
        assert await open_receiver(session, Vault(NEW), "ord_1") is not None


async def test_without_the_old_key_the_rows_are_named(
    sessions: Sessions, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await seed_shop(sessions)
    await seed_order(sessions)
    settings = Settings(secret_key=SecretStr(text(NEW)), database_url=SecretStr(database_url))

    assert "receiver ord_1" in await reseal.reseal_all(settings, database_url)


def test_a_lost_row_ends_the_command_with_code_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lost(*_: object) -> list[str]:
        return ["receiver ord_1"]

    monkeypatch.setenv("ONHAND_SECRET_KEY", text(NEW))
    monkeypatch.setattr(reseal, "reseal_all", lost)
    monkeypatch.setattr(reseal, "database_url", lambda settings: "")
    with pytest.raises(typer.Exit) as ended:
        reseal.command()
    assert ended.value.exit_code == 1


@pytest.mark.parametrize("keys", ["short", "AAAA,", text(NEW) + ";" + text(OLD)])
def test_old_keys_that_are_none_stop_the_start(keys: str) -> None:
    with pytest.raises(ValueError, match="32 bytes in Base64"):
        Settings(old_secret_keys=SecretStr(keys))
