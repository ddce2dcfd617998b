"""What was asked of stock as conditions of SQL: `b` has a SKU and a location, `k` is a product."""

from collections.abc import Sequence
from typing import Any, Final

from domain.inventory.levels import Question

# Which goods: the codes are looked up first, so that balances are read by their key.
_GOODS: Final = {
    "skus": "k.code = ANY(:skus)",
    "brand": "k.brand = :brand",
    "category": "k.category = :category",
    "text": "(k.code ILIKE :like OR k.name ILIKE :like OR k.gtin = :text)",
}
_AT: Final = "b.location_id = ANY(:places)"
_OF_SUMS: Final = {"brand": "b.brand = :brand", "category": "b.category = :category"}


def goods(question: Question) -> list[str]:
    """Conditions on the product."""
    asked = {
        "skus": question.skus is not None,
        "brand": question.brand is not None,
        "category": question.category is not None,
        "text": bool(question.text),
    }
    return [_GOODS[name] for name, wanted in asked.items() if wanted]


def where(question: Question, places: Sequence[str] | None, *, sums: bool = False) -> str:
    """Made of the constants above; what was typed comes as parameters."""
    found: list[str] = []
    if sums and question.about_groups:
        asked = {"brand": question.brand, "category": question.category}
        found += [_OF_SUMS[name] for name, wanted in asked.items() if wanted is not None]
    elif asked_of := " AND ".join(goods(question)):
        found.append(f"b.sku = ANY(ARRAY(SELECT k.code FROM sku k WHERE {asked_of}))")  # noqa: S608
    if places is not None:
        found.append(_AT)
    return " AND ".join(found) or "true"


def told(question: Question, places: Sequence[str] | None) -> dict[str, Any]:
    """The parameters of these conditions."""
    told: dict[str, Any] = {}
    if question.skus is not None:
        told["skus"] = list(question.skus)
    if question.brand is not None:
        told["brand"] = question.brand
    if question.category is not None:
        told["category"] = question.category
    if question.text:
        escaped = question.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        told |= {"text": question.text, "like": f"%{escaped}%"}
    if places is not None:
        told["places"] = list(places)
    return told
