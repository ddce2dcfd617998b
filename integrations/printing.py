"""What the warehouse prints: typst templates, filled with data and set in Noto Sans SC."""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import typst

FONT: Final = "Noto Sans SC"
FONT_DIR: Final = Path(__file__).parents[1] / "web" / "static" / "vendor" / "fonts"


class FontMissing(Exception):
    """No Noto Sans SC in the given directories: prints would show boxes for Chinese."""


def printed(
    template: Path, name: str, values: object, font_dirs: Sequence[Path] = (FONT_DIR,)
) -> bytes:
    """A PDF of the template with `values` as its input `name`; the same values give the same bytes.

    Raises FontMissing.
    """
    compiler, inputs = _compiler(template, name, values, font_dirs)
    pdf = compiler.compile(format="pdf", sys_inputs=inputs, timestamp=0)
    if not isinstance(pdf, bytes):
        raise TypeError("a print is one document")
    return pdf


def pictures(
    template: Path,
    name: str,
    values: object,
    dots_per_mm: int,
    font_dirs: Sequence[Path] = (FONT_DIR,),
) -> list[bytes]:
    """The same as a PNG for each page. Raises FontMissing."""
    compiler, inputs = _compiler(template, name, values, font_dirs)
    pages = compiler.compile(format="png", ppi=dots_per_mm * 25.4, sys_inputs=inputs)
    found = [pages] if isinstance(pages, bytes) else pages
    return [page for page in found or () if page is not None]


def _compiler(
    template: Path, name: str, values: object, font_dirs: Sequence[Path]
) -> tuple[typst.Compiler, dict[str, str]]:
    compiler = typst.Compiler(
        template.read_bytes(), font_paths=_fonts(tuple(font_dirs)), ignore_system_fonts=True
    )
    return compiler, {name: json.dumps(values, ensure_ascii=False), "font": FONT}


@lru_cache(maxsize=4)
def _fonts(font_dirs: tuple[Path, ...]) -> typst.Fonts:
    paths = [path for path in font_dirs if path.is_dir()]
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=list(paths)
    )
    if FONT not in fonts.families():
        places = ", ".join(str(path) for path in font_dirs) or "no directories"
        raise FontMissing(f"{FONT} is not in {places}")
    return fonts
