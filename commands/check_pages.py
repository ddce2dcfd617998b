"""`onhand check-pages`: every text is translated, and no page asks an outside host for anything."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Final

import typer
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

from runtime.settings import StartRefused

ROOT: Final = Path(__file__).parent.parent
_TEXTS: Final = ("web", "api")
_METHODS: Final = [
    ("**/node_modules/**", "ignore"),
    ("**/static/**", "ignore"),
    ("**.py", "python"),
    ("**/templates/**.*", "jinja2"),
]
_OPTIONS: Final = {"**/templates/**.*": {"extensions": "jinja2.ext.i18n", "silent": "false"}}
_PAGE_FILES: Final = {".html", ".jinja", ".css", ".js", ".svg", ".xml", ".webmanifest"}
_ADDRESS: Final = re.compile(r"(?:\bhttps?:|[\"'(=\s])//[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.IGNORECASE)
_LOADED: Final = re.compile(r"(?:url\(|@import)\s*[\"']?\s*(?:https?:)?//[^)\"']+", re.IGNORECASE)
# Neither dates nor places: two people who add texts change different lines of a catalogue.
_HEADER: Final = """msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plurals}\\n"

"""
_BARE_PERCENT: Final = re.compile(r"(?<!%)(?:%%)*%(?![%(])")  # a template formats all it says
_NAMESPACE: Final = re.compile(r"https?://www\.w3\.org\b")  # names, never fetched


def command(
    update: Annotated[
        bool, typer.Option("--update", help="Write new texts into the catalogues, untranslated")
    ] = False,
) -> None:
    """Check the pages; exit code 1 with one line per fault."""
    template = extracted(ROOT)
    catalogues = sorted((ROOT / "web" / "locales").glob("*/LC_MESSAGES/*.po"))
    if update:
        for path in catalogues:
            renew(path, template)
    faults = [fault for path in catalogues for fault in untranslated(path, template)]
    if len(template) and not catalogues:
        faults.append("web/locales has no catalogue.")
    faults += outside_hosts(ROOT / "web")
    if faults:
        raise StartRefused("\n".join(faults))
    typer.echo(f"{len(template)} texts translated in {len(catalogues)} catalogues, no outside host")


def extracted(root: Path) -> Catalog:
    """Every text that templates and code mark for translation."""
    catalogue = Catalog(charset="utf-8")
    keywords = {**DEFAULT_KEYWORDS, "N_": None, "_n": (1, 2)}
    for name in _TEXTS:
        found = extract_from_dir(
            root / name, method_map=_METHODS, options_map=_OPTIONS, keywords=keywords
        )
        for file, line, text, comments, context in found:
            place = (f"{name}/{file}", line)
            catalogue.add(text, None, [place], auto_comments=comments, context=context)
    return catalogue


def untranslated(path: Path, template: Catalog) -> Iterator[str]:
    """One line for each text that this catalogue lacks, leaves empty or marks as fuzzy."""
    with path.open("rb") as file:
        known = read_po(file, locale=path.parts[-3])
    for message in template:
        if not message.id:
            continue
        given = known.get(_text(message), message.context)
        if given is None:
            why = "is missing"
        elif given.fuzzy:
            why = "is fuzzy"
        elif not all(_strings(given)):
            why = "is empty"
        elif any(_BARE_PERCENT.search(text) for text in _strings(given)) and "{" not in _text(
            message
        ):
            why = "has a % that a page takes for the name of something"
        else:
            continue
        place = message.locations[0] if message.locations else ("", 0)
        yield f"{path.parts[-3]}: {_text(message)!r} ({place[0]}:{place[1]}) {why}"


def renew(path: Path, template: Catalog) -> None:
    """Add new texts and drop those no longer used; guesses are not made."""
    with path.open("rb") as file:
        known = read_po(file, locale=path.parts[-3])
    known.update(template, no_fuzzy_matching=True)
    known.obsolete.clear()
    header = _HEADER.format(language=path.parts[-3], plurals=known.plural_forms)
    with path.open("wb") as file:
        file.write(header.encode())
        write_po(file, known, width=0, sort_output=True, no_location=True, omit_header=True)


def outside_hosts(web: Path) -> Iterator[str]:
    """One line for each address of another host in what browsers get from us."""
    vendor = web / "static" / "vendor"
    for path in _page_files(web):
        pattern = _LOADED if path.is_relative_to(vendor) else _ADDRESS
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            for found in pattern.finditer(_NAMESPACE.sub("", line)):
                address = found.group().strip(" \"'(=")
                yield f"{path.relative_to(web.parent)}:{number}: outside host {address[:80]}"


def _page_files(web: Path) -> Iterable[Path]:
    for folder in (web / "templates", web / "static"):
        yield from sorted(path for path in folder.rglob("*") if path.suffix in _PAGE_FILES)


def _text(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _strings(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))
