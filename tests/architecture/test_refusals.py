"""What people are refused with is said in their language."""

import ast
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final

import pytest

from api.errors import STATUS
from web.refusals import said

ROOT: Final = Path(__file__).parents[2]
# Where the sentences are written that somebody in front of a page can be refused with.
SPOKEN: Final = (
    "web", "api/orders/commands.py", "api/orders/corrections.py", "api/orders/warehouse.py",
    "db/orders/warehouse.py", "db/orders/waves.py", "db/orders/packing.py", "db/orders/floor.py",
    "db/orders/hand_overs.py", "db/inventory/suggestions.py", "db/inventory/approving.py",
    "db/inventory/policies.py", "db/inventory/planning_settings.py", "api/orders/floor.py",
    "api/orders/label_batches.py",
    "domain/orders/cancellation.py", "workflows/orders",
    "workflows/shared/steps.py",
)  # fmt: skip


def _files() -> Iterator[Path]:
    for name in SPOKEN:
        path = ROOT / name
        yield from [path] if path.is_file() else sorted(path.glob("*.py"))


def _sentence(told: ast.expr) -> str | None:
    """The sentence with something in the place of each value; None when it is not written here."""
    match told:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            texts = [part.value if isinstance(part, ast.Constant) else "7" for part in parts]
            return "".join(map(str, texts))
    return None


def _refusals(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Raise(exc=ast.Call(func=ast.Name(id=name), args=[told, *_])) if name in STATUS:
                if sentence := _sentence(told):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", sentence


def test_every_refusal_of_a_page_is_known_in_chinese() -> None:
    found = list(chain.from_iterable(map(_refusals, _files())))

    unknown = [
        f"{place} {text}" for place, text in found if said("zh", text).lower() == text.lower()
    ]
    assert len(found) > 40
    assert [one for one in unknown if not one.endswith(" 7: 7")] == []


@pytest.mark.parametrize(
    ("language", "sentence", "told"),
    [
        ("zh", "the order is cancelled", "订单已取消"),
        (
            "zh",
            "the order of shipment O-1-1 is held: risk, manual",
            "发货单 O-1-1 的订单已挂起：风险核查, 人工挂起",
        ),
        ("en", "large amount", "Large amount"),
        ("zh", "SF says: 8252 订单号重复", "SF says: 8252 订单号重复"),
        ("en", "buyer is not sure", "buyer is not sure"),
        ("zh", "", ""),
    ],
)
def test_codes_inside_a_sentence_are_said_in_words(language: str, sentence: str, told: str) -> None:
    assert said(language, sentence) == told
