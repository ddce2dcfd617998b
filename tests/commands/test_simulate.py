"""Policies are tried on past sales from the command line."""

import random
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app
from commands.simulate_reading import best_sellers
from runtime.settings import StartRefused

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


def history(folder: Path, days: int = 150) -> Path:
    """Two SKUs that sell more and more, one row that cannot be read, one cancellation."""
    drawn, rows = random.Random(1), ["0,CUP-1,CUP,six,2011-01-01 08:00:00,2.50,,"]
    for number in range(days):
        day = date(2011, 1, 1) + timedelta(days=number)
        for sku, price in (("CUP-1", 2.5), ("CUP-2", 1)):
            units = drawn.randint(0, 4 + number // 10)
            if units:
                rows.append(f"{number},{sku},CUP,{units},{day} 08:00:00,{price},,")
    rows.append("C1,CUP-1,CUP,-1,2011-01-03 08:00:00,2.50,,")
    file = folder / "sales.csv"
    file.write_text(HEADER + "\n".join(rows), "utf-8")
    return file


def test_both_policies_are_shown_beside_each_other(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["simulate", "replenishment", "--history", str(history(tmp_path)), "--top", "2"]
    )

    assert done.exit_code == 0, done.output
    assert "2 SKUs, 90 days learned from, 60 days tried" in done.output
    lines = [line.split() for line in done.output.splitlines()]
    assert [line[1] for line in lines if "│" in line].count("minmax") == 5
    assert [line[1] for line in lines if "│" in line].count("dynamic") == 5


def test_demand_is_units_a_day_and_the_best_seller_comes_first(tmp_path: Path) -> None:
    goods = best_sellers(history(tmp_path), 5)

    assert [one.sku for one in goods] == ["CUP-1", "CUP-2"]
    assert {len(one.daily) for one in goods} <= {149, 150}
    assert min(goods[0].daily) == 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--compare", "magic,minmax"], "knows minmax, dynamic, not magic"),
        (["--compare", ""], "knows minmax, dynamic, not nothing"),
        (["--training", "400"], "400 are for training"),
    ],
)
def test_what_cannot_be_tried_is_said_in_a_sentence(
    tmp_path: Path, more: list[str], said: str
) -> None:
    file = str(history(tmp_path))
    done = CliRunner().invoke(app, ["simulate", "replenishment", "--history", file, *more])

    assert isinstance(done.exception, StartRefused)
    assert said in str(done.exception)


def test_a_file_without_sales_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "empty.csv"
    file.write_text(HEADER, "utf-8")
    done = CliRunner().invoke(app, ["simulate", "replenishment", "--history", str(file)])

    assert "no sale" in str(done.exception)
