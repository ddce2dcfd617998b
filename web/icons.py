"""The icons of the pages: those that templates and Python name, as a small font with its CSS.

`python -m web.icons` makes both from the whole font; bootstrap.py runs it when a source changed.
An icon is named as an argument `icon_name` of a macro, in a dictionary `…_ICON`, or as a field
`icon`.
"""

import ast
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Final

from jinja2 import Environment, nodes

WEB: Final = Path(__file__).parent
WHOLE: Final = WEB / "node_modules" / "@tabler" / "icons-webfont" / "dist"
VENDOR: Final = WEB / "static" / "vendor"
CSS: Final = "tabler-icons.min.css"
FONT: Final = "fonts/tabler-icons.woff"

_SHARED: Final = os.path.join("templates", "macros.html")
_ARGUMENT: Final = "icon_name"
_CLASS: Final = re.compile(r"\bti ti-([a-z0-9-]*)")
_MACRO: Final = "ti ti-{{ icon_name }}"
_RULE: Final = re.compile(r'\.ti-([a-z0-9-]+):before\{content:"\\([0-9a-f]+)"\}')
Named = tuple[str, str]  # the icon, and where it is named


class UnknownIcon(Exception):
    """An icon is named that the font does not have, or in a way that cannot be read."""


def named(web: Path = WEB) -> dict[str, str]:
    """Every icon that pages can show, and one place that names it."""
    texts = {str(path.relative_to(web)): path.read_text("utf-8") for path in _sources(web)}
    return dict([*_of_templates(texts), *_of_classes(texts), *_of_python(texts)])


def build(whole: Path = WHOLE, vendor: Path = VENDOR) -> None:
    """Write the font and the CSS of the icons that are named."""
    css = (whole / CSS).read_text("utf-8")
    points = chosen(named(), {name: int(point, 16) for name, point in _RULE.findall(css)})
    font = _subset(whole / "fonts" / "tabler-icons.ttf", points.values())
    _write(vendor / FONT, font)
    _write(vendor / CSS, _style(css, points, hashlib.sha256(font).hexdigest()[:12]).encode())


def chosen(names: Mapping[str, str], points: Mapping[str, int]) -> dict[str, int]:
    """Where the font has each icon; refused when it lacks one."""
    missing = [f"{name} ({place})" for name, place in sorted(names.items()) if name not in points]
    if missing:
        raise UnknownIcon("Tabler has no icon of this name: " + ", ".join(missing))
    return {name: points[name] for name in sorted(names)}


def _style(css: str, points: Mapping[str, int], version: str) -> str:
    """The CSS with these icons alone; a changed font has another address, so none is kept old."""
    licence, _ = css.split("@font-face", 1)
    base = re.search(r"\.ti\{[^}]*\}", css)
    assert base, "the CSS of the icons has no rule for .ti"
    face = (
        '@font-face{font-family:"tabler-icons";font-style:normal;font-weight:400;'
        f'src:url("./{FONT}?{version}") format("woff")}}'
    )
    rules = (f'.ti-{name}:before{{content:"\\{point:x}"}}' for name, point in points.items())
    return licence + face + base[0] + "".join(rules)


def _subset(font: Path, points: Iterable[int]) -> bytes:
    """The font with these characters alone, compressed."""
    from fontTools import subset  # by the set-up alone: pages never wait for it

    options = subset.Options(flavor="woff", layout_features=[], hinting=False, notdef_outline=True)
    loaded = subset.load_font(str(font), options, dontLoadGlyphNames=True)
    worker = subset.Subsetter(options)
    worker.populate(unicodes=list(points))
    worker.subset(loaded)
    written = BytesIO()
    subset.save_font(loaded, written, options)
    return written.getvalue()


def _write(path: Path, content: bytes) -> None:
    """Put the whole file there at once: somebody may be reading the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_bytes(content)
    new.replace(path)


def _sources(web: Path) -> Iterator[Path]:
    for folder, inside, files in os.walk(web):
        inside[:] = sorted(set(inside) - {"node_modules", "vendor", "locales"})
        for name in sorted(files):
            if name.endswith((".html", ".js", ".py")):
                yield Path(folder, name)


def _of_classes(texts: Mapping[str, str]) -> Iterator[Named]:
    """Icons written as a class in HTML or JavaScript."""
    for file, text in texts.items():
        if not file.endswith(".py"):
            for name in _CLASS.findall(text.replace(_MACRO, "")):
                yield name, file


def _of_templates(texts: Mapping[str, str]) -> Iterator[Named]:
    """Icons given to macros; `ui` are those of macros.html."""
    parser = Environment(extensions=["jinja2.ext.i18n"])
    trees = {file: parser.parse(texts[file]) for file in texts if file.endswith(".html")}
    shared = _macros(trees[_SHARED])
    for file, tree in trees.items():
        own = _macros(tree)
        for call in tree.find_all(nodes.Call):
            place = f"{file}:{call.lineno}"
            match call.node:
                case nodes.Name(name=macro) if macro in own:
                    yield from _given(call, own[macro], place)
                case nodes.Getattr(node=nodes.Name(name="ui"), attr=macro) if macro in shared:
                    yield from _given(call, shared[macro], place)


def _macros(tree: nodes.Template) -> dict[str, int]:
    """The macros that take an icon, and at which place."""
    taken = {one.name: [arg.name for arg in one.args] for one in tree.find_all(nodes.Macro)}
    return {name: args.index(_ARGUMENT) for name, args in taken.items() if _ARGUMENT in args}


def _given(call: nodes.Call, position: int, place: str) -> Iterator[Named]:
    by_name = [one.value for one in call.kwargs if one.key == _ARGUMENT]
    for given in by_name or call.args[position : position + 1]:
        for name in _written(given, place):
            yield name, place


def _written(given: nodes.Node, place: str) -> Iterator[str]:
    """The names in this expression; what Python names, or the caller of a macro, is found there."""
    match given:
        case nodes.Const(value=str(name)):
            yield name
        case nodes.CondExpr(expr1=one, expr2=other) if other is not None:
            yield from _written(one, place)
            yield from _written(other, place)
        case nodes.Call(node=nodes.Getattr(node=nodes.Getattr(attr=table), attr="get")) if (
            table.endswith("_ICON")
        ):
            yield from _written(given.args[1], place)
        case nodes.Getitem(node=nodes.Getattr(attr=table)) if table.endswith("_ICON"):
            pass
        case nodes.Getattr(attr="icon") | nodes.Name(name="icon_name"):
            pass
        case _:
            raise UnknownIcon(f"{place}: write the icon's name out, or keep it in a table _ICON")


def _of_python(texts: Mapping[str, str]) -> Iterator[Named]:
    """Icons in tables `…_ICON`, and those given to classes with a field `icon`."""
    trees = {file: ast.parse(texts[file]) for file in texts if file.endswith(".py")}
    places = {name: at for tree in trees.values() for name, at in _with_icon(tree)}
    for file, tree in trees.items():
        for node in ast.walk(tree):
            match node:
                case (
                    ast.AnnAssign(target=ast.Name(id=table), value=ast.Dict(values=values))
                    | ast.Assign(targets=[ast.Name(id=table)], value=ast.Dict(values=values))
                ) if table.endswith("_ICON"):
                    given: list[ast.expr] = values
                case ast.Call(func=ast.Name(id=maker), args=args) if maker in places:
                    given = args[places[maker] : places[maker] + 1]
                    given += [one.value for one in node.keywords if one.arg == "icon"]
                case _:
                    continue
            for one in given:
                place = f"{file}:{one.lineno}"
                if not isinstance(one, ast.Constant) or not isinstance(one.value, str):
                    raise UnknownIcon(f"{place}: write the icon's name out")
                yield one.value, place


def _with_icon(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Classes with a field `icon`, and at which place it is given."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            fields = [
                one.target.id
                for one in node.body
                if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
            ]
            if "icon" in fields:
                yield node.name, fields.index("icon")


if __name__ == "__main__":
    try:
        build()
    except UnknownIcon as refused:
        raise SystemExit(str(refused)) from None
