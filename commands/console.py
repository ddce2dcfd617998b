"""Where commands write for people."""

from typing import Final

from rich.console import Console

_FILE_WIDTH: Final = 110  # columns of a table that is written to a file or a pipe


def open_console() -> Console:
    """As wide as the terminal; a file has no width, and 80 columns would cut the headings."""
    made = Console()
    if not made.is_terminal:
        made.width = _FILE_WIDTH
    return made
