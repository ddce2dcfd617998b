"""Rewrite the first migration from the tables; only until the first release.

`python -m db.migrations.regenerate DATABASE_URL` with an empty database.
"""

import sys
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine

from db.engine import driver_url
from db.migrate import configuration


def main(database_url: str) -> None:
    """Replace versions/0001_first.py."""
    versions = Path(__file__).parent / "versions"
    (versions / "0001_first.py").unlink(missing_ok=True)
    engine = create_engine(driver_url(database_url))
    with engine.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.revision(config, "The first form of the database", autogenerate=True, rev_id="0001")
    next(versions.glob("0001_*.py")).rename(versions / "0001_first.py")


if __name__ == "__main__":
    main(sys.argv[1])
