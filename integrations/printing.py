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
    compiler = typst.Compiler(
        template.read_bytes(), font_paths=_fonts(tuple(font_dirs)), ignore_system_fonts=True
    )
    inputs = {name: json.dumps(values, ensure_ascii=False), "font": FONT}
    pdf = compiler.compile(format="pdf", sys_inputs=inputs, timestamp=0)
    if not isinstance(pdf, bytes):
        raise TypeError("a print is one document")
    return pdf


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
