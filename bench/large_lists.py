"""How fast `onhand import` brings large lists in, and how much memory it takes.

`python -m bench.large_lists [--rows N]`: N products, the same with other prices, N counts of stock
that was never there, N counts that find something else. PostgreSQL keeps its writes (fsync); the
files are written before the clock starts. Memory is the most that this process, which reads the
files, ever held.

The limit is taken in the same run: plain COPY of the same N moves and N balances, read out of the
ledger before, into empty tables with the same indexes, checks and keys. Nothing is read, judged,
locked or told to anybody then.
"""

import argparse
import asyncio
import base64
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import psycopg
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from commands.import_large import bring_in
from db.migrate import migrate
from domain.platform.sheets import Kind
from runtime.embedded import EmbeddedPostgres
from runtime.settings import Settings

_PLACES: Final = 10
_BLOCK: Final = 1024 * 1024
_WRITTEN: Final = (
    ("stock_move", (("sku", "sku (code)"),)),
    ("stock_balance", (("sku", "sku (code)"), ("location_id", "location (id)"))),
)
_LISTS: Final = (
    ("new", Kind.PRODUCTS), ("changed", Kind.PRODUCTS), ("opened", Kind.STOCK),
    ("counted", Kind.STOCK),
)  # fmt: skip
_KEY: Final = base64.b64encode(bytes(32)).decode()


def _products(file: Path, rows: int, price: int) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.write("sku,name,brand,category,weight_g,price,cost\n")
        for n in range(rows):
            out.write(
                f"SKU-{n:07},Product {n},B{n % 40},C{n % 25},{n % 900},{price}.{n % 100:02},9.50\n"
            )


def _counts(file: Path, rows: int, more: int) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.write("location,sku,lot,condition,counted\n")
        for n in range(rows):
            out.write(f"P{n % _PLACES},SKU-{n:07},,good,{n % 500 + more}\n")


def _plain_copy(url: str, folder: Path) -> float:
    """Seconds that PostgreSQL alone takes for what the first count wrote."""
    seconds = 0.0
    with psycopg.connect(url) as connection:
        for table, keys in _WRITTEN:
            file = folder / f"{table}.copy"
            with file.open("wb") as out, connection.cursor().copy(f"COPY {table} TO STDOUT") as all:
                for block in all:
                    out.write(block)
            connection.execute(f"CREATE TABLE plain_{table} (LIKE {table} INCLUDING ALL)")
            for column, key in keys:
                connection.execute(
                    f"ALTER TABLE plain_{table} ADD FOREIGN KEY ({column}) REFERENCES {key}"
                )
            connection.commit()
            begun = time.perf_counter()
            with (
                file.open("rb") as rows,
                connection.cursor().copy(f"COPY plain_{table} FROM STDIN") as copy,
            ):
                while block := rows.read(_BLOCK):
                    copy.write(block)
            connection.commit()
            seconds += time.perf_counter() - begun
    return seconds


def _most_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


async def _measured(settings: Settings, kind: Kind, file: Path) -> tuple[float, dict[str, int]]:
    begun = time.perf_counter()
    result = await bring_in(
        settings, Console(stderr=True), kind, file, dry_run=False, partial=False
    )
    assert result.applied, result
    return time.perf_counter() - begun, result.counts


def run(rows: int) -> None:
    """Print a line for each list."""
    table = Table(title=f"{rows:,} rows each, one transaction")
    for heading in ("list", "file MB", "seconds", "rows/s", "result", "most MB"):
        table.add_column(heading, justify="right")
    with tempfile.TemporaryDirectory(prefix="onhand-lists-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres")
        server.start()
        try:
            migrate(server.url)
            with psycopg.connect(server.url, autocommit=True) as connection:
                for n in range(_PLACES):
                    connection.execute(
                        "INSERT INTO location (id, name, kind, zone, province, city, district,"
                        " detail, division_code, company, contact_name, contact_phone, priority,"
                        " handling_minor, ships, active) VALUES (%s, %s, 'hq', 'Asia/Shanghai', '',"
                        " '', '', '', '', '', '', '', 100, 0, true, true)",
                        (f"P{n}", f"Place {n}"),
                    )
            settings = Settings(
                database_url=SecretStr(server.url),
                secret_key=SecretStr(_KEY),
                data_dir=Path(folder),
            )
            took: dict[str, float] = {}
            for name, kind in _LISTS:
                file = Path(folder) / f"{name}.csv"
                if kind is Kind.STOCK:
                    _counts(file, rows, 1 if name == "opened" else 2)
                else:
                    _products(file, rows, 20 if name == "new" else 30)
                seconds, counts = asyncio.run(_measured(settings, kind, file))
                took[name] = seconds
                told = ", ".join(f"{units:,} {state}" for state, units in counts.items())
                size = file.stat().st_size / 1024**2
                table.add_row(
                    f"{kind}, {name}", f"{size:.0f}", f"{seconds:.1f}", f"{rows / seconds:,.0f}",
                    told, f"{_most_mb():,}",
                )  # fmt: skip
                if name == "opened":
                    took["limit"] = _plain_copy(server.url, Path(folder))
        finally:
            server.stop()
    console = Console()
    console.print(table)
    console.print(
        f"plain COPY of the same moves and balances: {took['limit']:.1f} s;"
        f" stock, opened, takes {took['opened'] / took['limit']:.2f} times as long"
    )


def main(arguments: list[str]) -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    run(parser.parse_args(arguments).rows)


if __name__ == "__main__":
    main(sys.argv[1:])
