"""Units that are looked for: whoever is seen is not the missing one, and no other is given up."""

from hypothesis import given
from hypothesis import strategies as st

from domain.inventory.serials import looked_for


@given(st.integers(1, 8), st.data())
def test_only_what_is_missing_is_ever_given_up_and_in_the_end_all_of_it(
    numbers: int, data: st.DataObject
) -> None:
    there = {f"S{n}" for n in range(numbers)}
    missing = set(data.draw(st.lists(st.sampled_from(sorted(there)), max_size=numbers)))
    here = data.draw(st.permutations(sorted(there - missing)))
    marked, known, given_up = set(there), len(there), set[str]()

    for seen in [None, *here]:
        marked -= {seen} if seen else set()
        gone, free = looked_for(marked, known - len(here))
        assert not gone or not free
        given_up |= set(gone)
        known -= len(gone)
        marked -= {*gone, *free}
        assert given_up <= missing
    assert given_up == missing
    assert not marked
