"""Where a person's data or a secret may not be: looked for byte by byte."""

from pathlib import Path

import psycopg
from psycopg import sql

from commands.demo import OWN_SECRET
from integrations.sandbox.settings import SandboxSettings
from tests.e2e.company import RECEIVER


def personal() -> list[str]:
    """What only the receiver of an order of ours is called, has and lives at."""
    return [RECEIVER["name"], RECEIVER["phone"], RECEIVER["detail"]]


def secret() -> list[str]:
    """What shops and carriers trust us with."""
    known = SandboxSettings()
    return [
        OWN_SECRET,
        known.top.app_secret,
        known.shopify.client_secret,
        known.shopify.access_token,
        known.sf.checkword,
        known.zto.app_secret,
    ]


def in_files(folder: Path, pattern: str, words: list[str]) -> list[str]:
    """Files of the folder in which a word stands."""
    return [
        f"{path.name}: {word}"
        for path in sorted(folder.rglob(pattern))
        for word in words
        if word.encode() in path.read_bytes()
    ]


def in_tables(url: str, words: list[str]) -> list[str]:
    """Tables in which a word stands, as text or as plain bytes."""
    found = []
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        for (table,) in tables:
            for word in words:
                query = sql.SQL(
                    "SELECT count(*) FROM {} t WHERE strpos(t::text, %s) > 0"
                    " OR strpos(t::text, %s) > 0"
                ).format(sql.Identifier(table))
                row = connection.execute(query, (word, word.encode().hex())).fetchone()
                if row and row[0]:
                    found.append(f"{table}: {word}")
    return found
