"""The pages' icons: a small font with those that are named, found wherever they are named."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from web import icons
from web.words import DOING_ICON, STORY_ICON


def test_every_icon_that_pages_name_is_in_their_font_and_no_other() -> None:
    css = (icons.VENDOR / icons.CSS).read_text("utf-8")
    points = {
        name: int(at, 16) for name, at in re.findall(r"\.ti-([a-z0-9-]+):\w+{.*?\\(\w+)", css)
    }
    with TTFont(BytesIO((icons.VENDOR / icons.FONT).read_bytes())) as font:
        drawn = {at for at, glyph in font.getBestCmap().items() if glyph != ".notdef"}

    assert set(icons.named()) == set(points), "make the font anew: python3 bootstrap.py develop"
    assert drawn == set(points.values())


def test_icons_of_menus_stories_actions_and_macros_are_found() -> None:
    named = icons.named()
    assert {*STORY_ICON.values(), *DOING_ICON.values()} <= set(named)
    assert {"building-warehouse", "chevron-up", "chevron-down", "point", "mood-puzzled"} <= set(
        named
    )


def _web(folder: Path, page: str, python: str = "") -> Path:
    macros = (
        "{% macro icon(icon_name) %}<i class='ti ti-{{ icon_name }}'></i>{% endmacro %}"
        "{% macro empty(title, icon_name='') %}{{ icon(icon_name) }}{% endmacro %}"
    )
    texts = {"templates/macros.html": macros, "templates/page.html": page, "menu.py": python}
    for name, text in {**texts, "templates/parts/page.html": "{{ ui.icon('part') }}"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def test_an_icon_is_found_in_every_way_of_naming_it(tmp_path: Path) -> None:
    page = (
        "{% macro act(to, icon_name) %}{{ ui.icon(icon_name) }}{% endmacro %}"
        "{{ ui.icon('a') }}{{ ui.icon('b' if x == 'not-one' else 'c' if y else 'd') }}"
        "{{ act('to', 'e') }}{{ ui.empty('not one', icon_name='f') }}"
        "{{ ui.icon(words.STORY_ICON.get(kind, 'g')) }}<i class='ti ti-h'></i>"
    )
    python = (
        "class Entry:\n    address: str\n    icon: str\n"
        "MENU = (Entry('/', 'i'), Entry(address='/', icon='j'))\n"
        "STORY_ICON: Final = {'kind': 'k'}\n"
    )
    assert set(icons.named(_web(tmp_path, page, python))) == {*"abcdefghijk", "part"}


@pytest.mark.parametrize("page", ["{{ ui.icon(row.kind) }}", "{{ ui.empty('x', 'a' ~ kind) }}"])
def test_an_icon_whose_name_cannot_be_read_is_refused(tmp_path: Path, page: str) -> None:
    with pytest.raises(icons.UnknownIcon, match=r"page\.html:1: write the icon's name out"):
        icons.named(_web(tmp_path, page))


def test_an_icon_that_does_not_exist_is_refused_by_its_name() -> None:
    with pytest.raises(icons.UnknownIcon, match=r"no icon of this name: unicorn \(a\.html:7\)"):
        icons.chosen({"plus": "a.html:3", "unicorn": "a.html:7"}, {"plus": 0xEB0B})
