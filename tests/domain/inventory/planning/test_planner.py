"""What holds of every plan, whatever is needed, there, allowed and sold."""

from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.inventory.planning.planner import (
    Above,
    Limit,
    Need,
    Plan,
    SuggestionKind,
    Supply,
    plan,
    spare,
)
from domain.inventory.purchasing.budgets import Purse, Rates
from domain.inventory.purchasing.terms import ItemTerms, SupplierCalendar
from domain.shared.money import Money

TODAY = date(2026, 3, 2)  # a Monday
TERMS = st.builds(
    ItemTerms, st.just("x"), st.integers(1, 500), st.integers(1, 60),
    st.sampled_from((1, 2, 6, 10)), st.sampled_from((1, 4, 12)),
)  # fmt: skip
SUPPLIES_OF = st.builds(
    Supply, st.sampled_from(("S1", "S2")), TERMS, st.just(SupplierCalendar("35")),
    st.integers(0, 30),
)  # fmt: skip
MONEY = {"S1": "CNY", "S2": "USD"}
SUPPLIES = SUPPLIES_OF.map(lambda one: replace(one, currency=MONEY[one.supplier]))
RATES = Rates({"USD": Decimal("7.13")})
PURSES = st.builds(
    Purse, st.just(RATES), st.none() | st.integers(0, 20_000), st.none() | st.integers(0, 20_000),
    st.dictionaries(st.sampled_from(("S1", "S2")), st.integers(0, 9_000)),
)  # fmt: skip
KEPT = st.tuples(st.integers(-5, 200), st.integers(0, 80), st.integers(0, 40))


@st.composite
def needs(draw: st.DrawFn) -> list[Need]:
    found = []
    for number in range(draw(st.integers(1, 8))):
        low, free = draw(st.integers(0, 100)), draw(st.integers(-30, 150))
        above = tuple(Above(f"L{n}", spare(*draw(KEPT)), 2) for n in range(draw(st.integers(0, 2))))
        found.append(
            Need(
                f"sku-{number}", draw(st.floats(0, 20)), free, free + draw(st.integers(0, 50)), low,
                low + draw(st.integers(0, 90)), draw(st.integers(1, 500)), above,
                draw(st.none() | SUPPLIES), draw(st.none() | st.integers(0, 60)),
            )
        )  # fmt: skip
    return found


def _came(found: Plan) -> dict[str, int]:
    units: dict[str, int] = defaultdict(int)
    for one in found.suggestions:
        units[one.sku] += one.quantity
    return units


@given(needs(), PURSES)
def test_terms_budgets_and_shelf_life_are_kept(wanted: list[Need], purse: Purse) -> None:
    found, by_sku = plan(wanted, TODAY, purse=purse), {one.sku: one for one in wanted}

    for one in found.suggestions:
        assert one.quantity > 0
        assert one.arrives_on >= one.order_on >= TODAY
        need = by_sku[one.sku]
        assert need.position <= need.reorder_point
        if one.kind is SuggestionKind.PURCHASE:
            assert need.supply is not None
            assert one.quantity >= need.supply.terms.moq
            assert one.quantity % need.supply.terms.step == 0
            assert one.order_on.isoweekday() in (3, 5)
            assert one.currency == MONEY[one.source]
    bought = [one for one in found.suggestions if one.kind is SuggestionKind.PURCHASE]
    for supplier, left in purse.suppliers.items():
        assert sum(one.value_minor for one in bought if one.source == supplier) <= left
    ours = [RATES.into(Money(one.value_minor, one.currency), "CNY") for one in bought]
    for overall in (purse.night_minor, purse.month_minor):
        assert overall is None or sum(one.minor for one in ours if one) <= overall
    for sku, units in _came(found).items():
        need = by_sku[sku]
        if need.shelf_days is not None:
            assert max(need.position, 0) + units <= need.daily * need.shelf_days


@given(st.integers(-5, 300), st.integers(0, 80), st.integers(0, 40), st.integers(1, 400))
def test_nobody_above_gives_what_it_needs_itself(
    free: int, safety: int, expected: int, wanted: int
) -> None:
    above = Above("HQ", spare(free, safety + expected, 0), 2)
    found = plan([Need("a", 1.0, 0, 0, 1, wanted + 1, above=(above,))], TODAY)

    moved = sum(one.quantity for one in found.suggestions)
    assert not moved or free - moved >= safety
    assert moved + found.passed_up.get("a", 0) == wanted + 1


@given(needs())
def test_what_is_on_order_is_not_suggested_again(wanted: list[Need]) -> None:
    first = _came(plan(wanted, TODAY))
    again = plan(
        [replace(one, position=one.position + first[one.sku]) for one in wanted if one.supply],
        TODAY,
    )

    assert all(one.shelf_days is not None for one in wanted if one.sku in _came(again))


@given(needs())
def test_a_purchase_is_made_only_when_nothing_more_lies_above(wanted: list[Need]) -> None:
    found, by_sku = plan(wanted, TODAY), {one.sku: one for one in wanted}

    for one in found.suggestions:
        if one.kind is SuggestionKind.PURCHASE:
            moved = sum(
                other.quantity for other in found.suggestions
                if other.sku == one.sku and other.kind is SuggestionKind.TRANSFER
            )  # fmt: skip
            assert moved == sum(above.surplus for above in by_sku[one.sku].above)


def test_the_most_urgent_get_the_money_and_the_others_are_told_why_not() -> None:
    supply = Supply("S1", ItemTerms("x", 100, 10, 5, 1), SupplierCalendar(), 7)
    urgent = Need("urgent", 5, 1, 1, 20, 40, supply=supply)
    patient = Need("patient", 1, 15, 15, 20, 40, supply=supply)

    found = plan([patient, urgent], TODAY, purse=Purse(night_minor=4_400))

    assert [(one.sku, one.quantity, one.limits) for one in found.suggestions] == [
        ("urgent", 40, ())
    ]
    assert found.unmet == {"patient": Limit.BUDGET}


def test_what_a_shop_needs_and_nobody_has_is_asked_of_the_place_above() -> None:
    need = Need("a", 1, 0, 0, 5, 12, above=(Above("HQ", 4, 2),))

    found = plan([need], TODAY, dealer=True)

    assert [(one.kind, one.quantity) for one in found.suggestions] == [(SuggestionKind.DEALER, 4)]
    assert found.passed_up == {"a": 8}


def test_what_no_rate_is_known_for_takes_nothing_from_the_companys_money() -> None:
    terms, daily = ItemTerms("x", 1000), SupplierCalendar()
    dear = Need("us", 1, 0, 0, 5, 10, 700, (), Supply("S1", terms, daily, 3, "USD"))
    ours = replace(dear, sku="cn", supply=Supply("S2", terms, daily, 3))
    moved = replace(
        dear, sku="mv", unit_minor=90, currency="USD", above=(Above("L", 99, 2),), supply=None
    )
    unpriced = replace(dear, sku="np", supply=Supply("S1", ItemTerms("np"), daily, 3, "USD"))

    found = plan([dear, ours, moved, unpriced], TODAY, purse=Purse(night_minor=4000))

    told = {one.sku: (one.quantity, one.unit_minor, one.currency) for one in found.suggestions}
    assert told == {
        "us": (10, 1000, "USD"), "cn": (4, 1000, "CNY"), "mv": (10, 90, "USD"),
        "np": (10, 0, "USD"),
    }  # fmt: skip


def test_what_no_rate_is_known_for_is_suggested_with_the_reason_and_never_compared() -> None:
    supply = Supply("S2", ItemTerms("x", 100, 10, 5, 1), SupplierCalendar(), 7, "USD")
    need = Need("a", 5, 1, 1, 20, 40, supply=supply)

    told = plan([need], TODAY, purse=Purse(month_minor=1)).suggestions
    free = plan([need], TODAY, purse=Purse()).suggestions

    assert [one.limits for one in told] == [(Limit.NO_RATE,)]
    assert [one.limits for one in free] == [()]
