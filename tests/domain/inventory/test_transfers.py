"""Nothing vanishes between two places: every unit that was sent is somewhere, once."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.inventory.transfers import (
    OFFERED,
    Arrived,
    Decision,
    Difference,
    TransferFacts,
    TransferLine,
    TransferState,
    TransferStep,
    arrival,
    by_lots,
    decided,
    next_step,
)

NOW = datetime(2026, 11, 26, tzinfo=UTC)
SMALL = st.integers(0, 9)


@dataclass
class Books:
    """What the ledger would say: units at the sender, at the receiver and written off."""

    sender: int
    receiver: int = 0
    gone: int = 0


def _whole(books: Books, line: TransferLine) -> int:
    return books.sender + line.on_the_way + books.receiver + books.gone


@given(
    st.integers(1, 20),
    st.lists(st.tuples(SMALL, SMALL, SMALL, st.booleans()), max_size=6),
    st.lists(st.tuples(st.sampled_from(Difference), st.integers(0, 2), st.integers(1, 9))),
)
def test_units_at_sender_on_the_way_at_receiver_and_written_off_stay_the_same(
    sent: int,
    arrivals: list[tuple[int, int, int, bool]],
    answers: list[tuple[Difference, int, int]],
) -> None:
    books = Books(sender=50 - sent)
    line = TransferLine(1, "TEA", sent, shipped=sent)
    over = 0

    for good, damaged, missing, last in arrivals:
        came = arrival(line, Arrived(1, good, damaged, missing), last=last)
        line = came.line
        books.receiver += came.good + came.damaged
        over += came.over
        assert came.good + came.damaged + came.over == good + damaged
        assert 0 <= line.short <= line.on_the_way
        assert _whole(books, line) == 50
    for kind, choice, units in answers:
        decision = OFFERED[kind][choice % len(OFFERED[kind])]
        open_units = {"short": line.short, "over": over, "damaged": line.damaged}[kind]
        if units > open_units:
            continue
        line = decided(line, kind, decision, units)
        if kind is Difference.SHORT:
            back = decision is Decision.FOUND_AT_SENDER
            books.sender += units if back else 0
            books.gone += 0 if back else units
        elif kind is Difference.OVER:
            over -= units
            if decision is Decision.FOUND:  # these were in no book
                books.receiver += units
                books.gone -= units
            else:
                books.receiver += units
                books.sender -= units
        elif decision is not Decision.KEPT:
            books.receiver -= units
            books.gone += units
        assert _whole(books, line) == 50


def test_what_was_missing_and_comes_after_all_is_no_longer_missing() -> None:
    line = TransferLine(1, "TEA", 10, shipped=10)
    line = arrival(line, Arrived(1, good=6, missing=4)).line

    late = arrival(line, Arrived(1, good=3))

    assert (late.line.short, late.more_short, late.over) == (1, -3, 0)


def test_nobody_finds_more_than_is_missing() -> None:
    line = TransferLine(1, "TEA", 10, shipped=10, short=2)

    with pytest.raises(ValueError, match="not missing"):
        decided(line, Difference.SHORT, Decision.LOST, 3)


@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, 12)), min_size=1, max_size=5),
    st.lists(
        st.tuples(st.sampled_from("AB"), st.sampled_from(["", "L1", "L2"]), SMALL),
        unique_by=lambda one: one[:2],
        max_size=6,
    ),
)
def test_lines_by_lot_take_no_more_than_is_there_and_say_what_is_lacking(
    wanted: list[tuple[str, int]], free: list[tuple[str, str, int]]
) -> None:
    asked = [TransferLine(n, sku, units) for n, (sku, units) in enumerate(wanted, 1)]

    lines, lacking = by_lots(asked, free, len(asked) + 1)

    assert len({line.line_no for line in lines}) == len(lines)
    for sku, lot, units in free:
        assert sum(x.asked for x in lines if (x.sku, x.lot) == (sku, lot)) <= units
    assert sum(x.asked for x in lines) + sum(lacking.values()) == sum(n for _, n in wanted)
    for sku in "AB":
        there = sum(units for one, _, units in free if one == sku)
        taken = sum(x.asked for x in lines if x.sku == sku)
        assert taken == min(there, sum(n for one, n in wanted if one == sku))


def test_a_transfer_does_one_thing_after_the_other() -> None:
    facts = TransferFacts("TF-1", TransferState.APPROVED)
    assert next_step(facts, NOW) is TransferStep.RESERVE
    reserved = replace(facts, state=TransferState.RESERVED, due_at=NOW + timedelta(days=2))
    assert next_step(reserved, NOW) is TransferStep.WAIT
    assert next_step(reserved, NOW + timedelta(days=2)) is TransferStep.REMIND
    assert next_step(replace(reserved, cancel_asked=True), NOW) is TransferStep.CANCEL
    shipped = replace(reserved, state=TransferState.SHIPPED, on_the_way=3, cancel_asked=True)
    assert next_step(shipped, NOW) is TransferStep.WAIT
    assert next_step(replace(shipped, unposted="r1"), NOW) is TransferStep.POST
    done = replace(shipped, on_the_way=0)
    assert next_step(replace(done, undecided=1), NOW) is TransferStep.WAIT
    assert next_step(done, NOW) is TransferStep.CLOSE
