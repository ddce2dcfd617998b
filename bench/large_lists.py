"""How fast `onhand import` brings large lists in, and how much memory it takes.

`python -m bench.large_lists [--rows N]`: N products, the same with other prices, N counts of stock.
PostgreSQL keeps its writes (fsync); the files are written before the clock starts. Memory is the
most that this process, which reads the files, ever held.
"""

import argparse
import asyncio
import base64
import resource
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
_KEY: Final = base64.b64encode(bytes(32)).decode()


def _products(file: Path, rows: int, price: int) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.write("sku,name,brand,category,weight_g,price,cost\n")
        for n in range(rows):
            out.write(
                f"SKU-{n:07},Product {n},B{n % 40},C{n % 25},{n % 900},{price}.{n % 100:02},9.50\n"
            )


def _counts(file: Path, rows: int) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.write("location,sku,lot,condition,counted\n")
        for n in range(rows):
            out.write(f"P{n % _PLACES},SKU-{n:07},,good,{n % 500 + 1}\n")


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
            for name, kind in (("new", Kind.PRODUCTS), ("changed", Kind.PRODUCTS),
                               ("counted", Kind.STOCK)):  # fmt: skip
                file = Path(folder) / f"{name}.csv"
                if kind is Kind.STOCK:
                    _counts(file, rows)
                else:
                    _products(file, rows, 20 if name == "new" else 30)
                seconds, counts = asyncio.run(_measured(settings, kind, file))
                told = ", ".join(f"{units:,} {state}" for state, units in counts.items())
                size = file.stat().st_size / 1024**2
                table.add_row(
                    f"{kind}, {name}", f"{size:.0f}", f"{seconds:.1f}", f"{rows / seconds:,.0f}",
                    told, f"{_most_mb():,}",
                )  # fmt: skip
        finally:
            server.stop()
    Console().print(table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    run(parser.parse_args().rows)
