"""Every province belongs to one of the large regions, every place to that of its address."""

from hypothesis import given
from hypothesis import strategies as st

from domain.inventory.regions import Region, region_of, regions
from domain.inventory.stock import Place
from domain.logistics.divisions.names import NATION
from domain.logistics.divisions.table import children
from domain.shared.ids import LocationId


def test_every_province_has_a_region() -> None:
    found = {province.name: region_of(province.code) for province in children(NATION)}

    assert len(found) == 34
    assert Region.UNKNOWN not in found.values()
    assert all(region_of("", name) is region for name, region in found.items())
    assert [found[name] for name in ("上海市", "山东省", "台湾省", "重庆市", "内蒙古自治区")] == [
        Region.EAST, Region.EAST, Region.OUTSIDE, Region.SOUTHWEST, Region.NORTH,
    ]  # fmt: skip
    assert region_of("", "Bavaria") is region_of("") is Region.UNKNOWN


@given(st.lists(st.tuples(st.integers(-1, 11), st.sampled_from([*Region])), max_size=12))
def test_a_place_without_an_address_lies_where_the_nearest_above_it_lies(
    tree: list[tuple[int, Region]],
) -> None:
    places = [
        Place(LocationId(str(n)), "", "store", LocationId(str(above)) if above >= 0 else None)
        for n, (above, _) in enumerate(tree)
    ]
    told = {LocationId(str(n)): region for n, (_, region) in enumerate(tree)}

    found = regions(places, told)

    assert set(found) == set(told)
    for n in range(len(tree)):
        here, seen = n, set[int]()
        while 0 <= here < len(tree) and here not in seen and tree[here][1] is Region.UNKNOWN:
            seen.add(here)
            here = tree[here][0]
        known = 0 <= here < len(tree) and here not in seen
        assert found[LocationId(str(n))] is (tree[here][1] if known else Region.UNKNOWN)
