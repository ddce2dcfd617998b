"""Where a person's data or a secret may not be: looked for byte by byte."""

import base64
import random
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any, Final
from urllib.parse import quote

import psycopg
from psycopg import sql

from integrations.sandbox.demo_carriers import demo_carriers
from integrations.sandbox.demo_payments import demo_payments
from integrations.sandbox.demo_shops import demo_shops
from integrations.sandbox.settings import SandboxSettings
from tests.e2e.company import RECEIVER

# Kept with the secrets because they come with them; vendors print them on papers and addresses.
_NAMES_US: Final = frozenset(
    {
        "app_key", "client_id", "app_id", "mch_id", "serial_no", "platform_serial", "platform_key",
        "alipay_key", "partner_id", "monthly_card", "account_id", "customer_code", "customer",
        "customer_name", "from_code", "site_code",
    }
)  # fmt: skip
_SHORTEST: Final = 8  # shorter words of the demo stand anywhere
_LONG_ENOUGH: Final = 16


def personal() -> list[str]:
    """What only the receiver of an order of ours is called, has and lives at."""
    return [RECEIVER["name"], RECEIVER["phone"], RECEIVER["detail"]]


def secret() -> list[str]:
    """What shops, carriers, payment providers and suppliers of the demo trust us with."""
    accounts = SandboxSettings()
    values = [value for _, given in secrets_of(accounts) for value in given.values()]
    return [word for value in values if len(word := _word(value)) >= _SHORTEST]


def secrets_of(accounts: SandboxSettings) -> list[tuple[str, dict[str, str]]]:
    """Every demo account with its secrets; what only says who we are is none."""
    every = [
        *((f"shop/{shop.id}", shop.secrets) for shop in demo_shops(accounts)),
        *((f"carrier/{one.code}", one.secrets) for one in demo_carriers(accounts, "http://here")),
        *((f"payment/{one.id}", one.secrets) for one in demo_payments(accounts)),
        ("supplier/json", {"secret": accounts.suppliers.secret}),
    ]
    return [
        (system, {name: value for name, value in given.items() if name not in _NAMES_US})
        for system, given in every
    ]


def hidden_accounts(mark: str) -> SandboxSettings:
    """The sandbox with secrets found nowhere else, each of the shape its vendor wants."""
    accounts = SandboxSettings()
    known = {value for _, given in secrets_of(accounts) for value in given.values()}

    def hidden(value: object, seed: str) -> object:
        if isinstance(value, tuple):
            return tuple(hidden(one, f"{seed}.{n}") for n, one in enumerate(value))
        if isinstance(value, Mapping):
            return {name: hidden(one, f"{seed}.{name}") for name, one in value.items()}
        return _alike(str(value), f"{mark}.{seed}") if value in known else value

    changed: dict[str, Any] = {}
    for account in fields(accounts):
        if is_dataclass(one := getattr(accounts, account.name)) and not isinstance(one, type):
            values = {
                field.name: hidden(getattr(one, field.name), f"{account.name}.{field.name}")
                for field in fields(one)
            }
            values |= {"merchant": f"merchant-{mark}"} if "merchant" in values else {}
            changed[account.name] = replace(one, **values)
    return replace(accounts, **changed)


def forms(value: str) -> list[str]:
    """The secret as it may stand somewhere: plain, in an address, in base64, as hex."""
    word = _word(value)
    raw = word.encode()
    shifted = [base64.b64encode(b"x" * n + raw)[4 if n else 0 :].decode() for n in range(3)]
    return [word, quote(word, safe=""), raw.hex(), *(one.rstrip("=")[:-2] for one in shifted)]


def _word(value: str) -> str:
    """A line of the middle stands for a key of many lines."""
    lines = value.strip().splitlines()
    return lines[len(lines) // 2] if len(lines) > 1 else value


def _alike(value: str, seed: str) -> str:
    """Another value of the same length and kinds of letters; short ones grow."""
    start, body = ("whsec_", value[6:]) if value.startswith("whsec_") else ("", value)
    body = body if len(body) >= _LONG_ENOUGH else "x" * _LONG_ENOUGH
    chance = random.Random(seed)
    kinds = ((str.isdigit, digits), (str.islower, ascii_lowercase), (str.isupper, ascii_uppercase))
    for_letter = (
        next((chance.choice(kind) for is_one, kind in kinds if is_one(letter)), letter)
        for letter in body
    )
    return start + "".join(for_letter)


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
