"""Settings: what is wrong is named, and nothing is ignored."""

import base64
import re
import stat
from pathlib import Path

import pytest

from runtime.settings import Settings, SettingsError, variable

EXAMPLE = Path(__file__).parents[2] / ".env.example"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.upper().startswith("ONHAND_"):
            monkeypatch.delenv(name)


def problems(env_file: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refusal:
        Settings.load(env_file)
    return refusal.value.problems


def test_a_misspelt_variable_stops_the_start_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONHAND_PROT", "8000")
    assert problems() == (
        "ONHAND_PROT in the environment is not a setting of Onhand; .env.example lists them all.",
    )


def test_a_misspelt_line_of_the_env_file_stops_the_start_with_its_name(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("POSTGRES_PASSWORD=for compose\nONHAND_WAREHOUSE=1\n")
    assert problems(file) == (
        f"ONHAND_WAREHOUSE in {file} is not a setting of Onhand; .env.example lists them all.",
    )


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "ONHAND_PORT",
            "70000",
            "ONHAND_PORT cannot be used: input should be less than or equal to 65535.",
        ),
        (
            "ONHAND_MODULES",
            "orders,inventory,sales",
            "ONHAND_MODULES cannot be used: there is no module sales.",
        ),
        (
            "ONHAND_MODULES",
            "orders",
            "ONHAND_MODULES cannot be used: inventory cannot be left out.",
        ),
        (
            "ONHAND_TEMPORAL_ADDRESS",
            "temporal",
            "ONHAND_TEMPORAL_ADDRESS cannot be used: it must be host:port.",
        ),
        (
            "ONHAND_LOG_FORMAT",
            "xml",
            "ONHAND_LOG_FORMAT cannot be used: input should be 'console' or 'json'.",
        ),
        (
            "ONHAND_SECRET_KEY",
            "hunter2",
            "ONHAND_SECRET_KEY cannot be used: it must be 32 bytes in Base64.",
        ),
    ],
)
def test_a_malformed_value_is_told_in_one_sentence_without_the_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    assert problems() == (sentence,)


def test_every_fault_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONHAND_HOTS", "x")
    monkeypatch.setenv("ONHAND_PORT", "x")
    monkeypatch.setenv("ONHAND_DEMO", "perhaps")
    assert [sentence.split(" ")[0] for sentence in problems()] == [
        "ONHAND_HOTS",
        "ONHAND_PORT",
        "ONHAND_DEMO",
    ]


def test_a_database_of_ones_own_needs_a_key_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONHAND_DATABASE_URL", "postgresql://onhand:pw@db/onhand")
    assert problems() == ("ONHAND_SECRET_KEY is required when ONHAND_DATABASE_URL is set.",)


def test_the_environment_wins_over_the_env_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / ".env"
    file.write_text("ONHAND_PORT=9001\nONHAND_HOST=0.0.0.0\n")
    monkeypatch.setenv("ONHAND_PORT", "9002")
    settings = Settings.load(file)
    assert (settings.port, settings.host) == (9002, "0.0.0.0")


def test_the_embedded_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    key = settings.encryption_key()
    assert len(key) == 32
    assert settings.encryption_key() == key
    assert Settings(data_dir=tmp_path / "other").encryption_key() != key
    file = tmp_path / "data" / "secret.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secret.key"]


def test_a_given_key_is_used_and_none_is_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ONHAND_SECRET_KEY", base64.b64encode(b"k" * 32).decode())
    monkeypatch.setenv("ONHAND_DATA_DIR", str(tmp_path))
    assert Settings.load(None).encryption_key() == b"k" * 32
    assert list(tmp_path.iterdir()) == []


def test_the_example_file_documents_every_setting_and_its_default_and_nothing_else(
    tmp_path: Path,
) -> None:
    documented = re.findall(
        r"^# (.+)\n#(ONHAND_\w+)=(.*)$", EXAMPLE.read_text("utf-8"), re.MULTILINE
    )
    described = {name: description for description, name, _ in documented}
    assert described == {
        variable(name): field.description for name, field in Settings.model_fields.items()
    }
    filled = tmp_path / ".env"
    filled.write_text("".join(f"{name}={value}\n" for _, name, value in documented))
    assert Settings.load(filled) == Settings.load(None)
