"""Databases of tests: copied from one that is migrated, and emptied for the next test.

A copy is 1,600 files, whoever uses it; a test leaves rows in a dozen tables.
"""

import contextlib
import itertools
import time
from collections.abc import Iterator
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

from runtime.embedded import EmbeddedPostgres

_numbers = itertools.count(1)
_GONE_S: Final = 5.0
_OTHERS: Final = (
    "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)
_TABLES_WITH_PAGES: Final = (
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    " AND pg_relation_size(oid) > 0 ORDER BY relname"
)
# Whoever changes more than rows gives one of these another transaction.
_SHAPE: Final = """
SELECT count(*), sum(xmin::text::bigint * (oid::bigint % 9973)) FROM (
    SELECT oid, xmin FROM pg_class UNION ALL SELECT oid, xmin FROM pg_attrdef
    UNION ALL SELECT oid, xmin FROM pg_constraint UNION ALL SELECT oid, xmin FROM pg_trigger
    UNION ALL SELECT oid, xmin FROM pg_policy UNION ALL SELECT oid, xmin FROM pg_namespace
    UNION ALL SELECT oid, xmin FROM pg_proc WHERE oid >= 16384
) AS shape
"""


def with_name(url: str, name: str) -> str:
    """The address of another database of this server."""
    return f"{url.rsplit('/', 1)[0]}/{name}"


def copied(postgres: EmbeddedPostgres, template: str) -> str:
    """The name of a new copy of this database."""
    name = f"t{next(_numbers)}"
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    return name


def dropped(postgres: EmbeddedPostgres, name: str) -> None:
    """A database is not needed any more, whoever is still connected."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


class Kept:
    """A copy of a template that one test after the other has, each as if it were new."""

    def __init__(self, postgres: EmbeddedPostgres, template: str) -> None:
        self._postgres, self.name = postgres, copied(postgres, template)
        self.url = with_name(postgres.url, self.name)
        self._connection = psycopg.connect(self.url, autocommit=True)
        self._seeded = [str(name) for (name,) in self._ask(_TABLES_WITH_PAGES)]
        self._seeds, self._shape = self._rows_of_seeded(), self._ask(_SHAPE)

    def _ask(self, question: LiteralString | sql.Composed) -> list[tuple[Any, ...]]:
        return self._connection.execute(question).fetchall()

    def _rows_of_seeded(self) -> list[Any]:
        return [
            self._ask(
                sql.SQL("SELECT t::text, ctid::text FROM {} t ORDER BY 1").format(
                    sql.Identifier(name)
                )
            )
            for name in self._seeded
        ]

    def is_as_new(self) -> bool:
        """Empty it; False when that is not enough to make it what it was."""
        try:
            self._let_others_go()
            self._empty()
        except (psycopg.Error, TimeoutError):
            return False
        return True

    def _let_others_go(self) -> None:
        self._ask(f"SELECT pg_terminate_backend(pid) {_OTHERS}")
        until = time.monotonic() + _GONE_S
        while self._ask(f"SELECT 1 {_OTHERS}"):
            if time.monotonic() > until:
                raise TimeoutError
            time.sleep(0.002)

    def _empty(self) -> None:
        if self._ask(_SHAPE) != self._shape or self._rows_of_seeded() != self._seeds:
            raise psycopg.DataError
        used = [name for (name,) in self._ask(_TABLES_WITH_PAGES) if name not in self._seeded]
        names = [sql.Identifier(name) for name in used]
        deleting = [sql.SQL("DELETE FROM {}").format(name) for name in names]
        if names:
            self._connection.execute(
                sql.SQL("; ").join(
                    [
                        sql.SQL("BEGIN; SET LOCAL session_replication_role = replica"),
                        *deleting,
                        sql.SQL("COMMIT"),
                    ]
                )
            )
            # Rows of the next test lie in the order in which it writes them.
            self._connection.execute(
                sql.SQL("VACUUM (INDEX_CLEANUP ON, TRUNCATE ON, SKIP_DATABASE_STATS) {}").format(
                    sql.SQL(", ").join(names)
                )
            )
        for name in used:  # the planner knows as little of it as of a new one
            self._connection.execute("SELECT pg_clear_relation_stats('public', %s)", [name])
        self._shape = self._ask(_SHAPE)
        self._connection.execute(
            "SELECT setval(seqrelid, seqstart, false) FROM pg_sequence"
            " WHERE pg_sequence_last_value(seqrelid) IS NOT NULL"
        )
        if [name for (name,) in self._ask(_TABLES_WITH_PAGES)] != self._seeded:
            raise psycopg.DataError

    def close(self) -> None:
        """No test asks for it any more."""
        self._connection.close()

    def drop(self) -> None:
        """It is not what it was."""
        self.close()
        dropped(self._postgres, self.name)


class Databases:
    """What one test process has of them; several at once when a test asks for several."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self._postgres = postgres
        self._free: dict[str, list[Kept]] = {}

    @contextlib.contextmanager
    def lent(self, template: str) -> Iterator[str]:
        """The address of a database that is as this template."""
        free = self._free.setdefault(template, [])
        kept = free.pop() if free else Kept(self._postgres, template)
        yield kept.url
        if kept.is_as_new():
            free.append(kept)
        else:
            kept.drop()

    def close(self) -> None:
        """Tests are over."""
        for kept in itertools.chain.from_iterable(self._free.values()):
            kept.close()
