"""What `make bench` runs."""

from pathlib import Path

from bench.__main__ import MEASUREMENTS

BENCH = Path(__file__).parents[2] / "bench"


def test_every_command_of_the_folder_is_run_and_has_three_lengths() -> None:
    commands = [
        file.stem for file in BENCH.glob("*.py") if "def main(arguments" in file.read_text("utf-8")
    ]

    assert sorted(one.name for one in MEASUREMENTS) == sorted(commands)
    assert all(one.quick and one.usual and one.long for one in MEASUREMENTS)
