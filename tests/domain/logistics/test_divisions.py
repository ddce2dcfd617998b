"""Addresses find their division: by code, by names in any usual form, or from one line of text."""

import csv
import io
import re
import time
from dataclasses import replace
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.logistics.divisions import names, table
from domain.logistics.divisions.divisions import normalise, parse
from domain.logistics.divisions.names import lineage, stem
from domain.logistics.divisions.table import (
    Division,
    Level,
    all_divisions,
    children,
    districts,
    find,
    fixed_district,
)
from domain.shared.address import Address

YUHANG = Address(
    province="浙江省",
    city="杭州市",
    district="余杭区",
    detail="文一西路969号",
    division_code="330110",
    longitude=120.299401,
    latitude=30.419045,
)

any_district = st.sampled_from(districts())
# Words addresses are made of, so that random texts come near real ones.
words = st.sampled_from(
    re.split(
        r"\|",
        "浙江|浙江省|杭州|杭州市|余杭|余杭区|下城区|吉林|吉林市|北京|北京市|朝阳|朝阳区|市辖区|县"
        "|省直辖县级行政区划|仙桃|仙桃市|湖北省|昆山市|江苏|东莞市|长安镇|苏州|工业园区|岳阳市|岳阳"
        "|大学|路1号|场|中国|重庆|忠县|潜山县|香港|台湾省|恩施|恩施州|南京路|玉山镇"
        "|Zhejiang|ZJ|,| |\u3000",
    )
)
texts = st.lists(words, max_size=6).map("".join)
codes = st.one_of(
    st.just(""),
    st.sampled_from(list(all_divisions())),
    st.sampled_from(["330199", "110", "999999"]),
)
addresses = st.builds(
    Address,
    country=st.sampled_from(["CN", "CN", "HK", "GB"]),
    province=texts,
    city=texts,
    district=texts,
    detail=texts,
    division_code=codes,
)


def placed(address: Address) -> tuple[str, str, str, str, str]:
    return (
        address.division_code,
        address.province,
        address.city,
        address.district,
        address.detail,
    )


def official_name(division: Division) -> str:
    return "".join(each.name for each in lineage(division.code) if not each.is_group)


# The table


def test_the_table_holds_every_province_city_and_district_once() -> None:
    levels = [division.level for division in all_divisions().values()]
    assert levels.count(Level.PROVINCE) == 34
    assert levels.count(Level.CITY) == 342
    assert levels.count(Level.DISTRICT) == 2974
    assert len(districts()) == 2978


def test_every_division_but_a_province_lies_in_one_of_the_level_above() -> None:
    above = {Level.CITY: Level.PROVINCE, Level.DISTRICT: Level.CITY}
    for division in all_divisions().values():
        if division.level is Level.PROVINCE:
            assert division.parent == ""
        else:
            assert all_divisions()[division.parent].level is above[division.level]
            assert division.code[:2] == division.parent[:2]


def test_every_centroid_lies_in_china() -> None:
    for division in all_divisions().values():
        assert 73 < division.longitude < 136, division
        assert 3 < division.latitude < 54, division


def test_a_district_newer_than_the_coordinates_says_whose_it_borrows() -> None:
    sources = {code: all_divisions()[code].centroid_source for code in ("330110", "330112")}
    assert sources == {"330110": "own", "330112": "former"}  # 临安 was a city until 2017
    linping, hangzhou = all_divisions()["330113"], all_divisions()["330100"]
    assert linping.centroid_source == "city"
    assert (linping.longitude, linping.latitude) == (hangzhou.longitude, hangzhou.latitude)


def test_the_table_is_written_in_the_order_of_its_codes() -> None:
    text = (
        resources.files("domain.logistics.divisions").joinpath("divisions.csv").read_text("utf-8")
    )
    read = [row["code"] for row in csv.DictReader(io.StringIO(text))]
    assert read == sorted(set(read))


def test_the_licences_of_both_sources_are_shipped() -> None:
    folder = resources.files("domain.logistics.divisions")
    assert "QinYuan Du" in folder.joinpath("LICENCE-cpca.txt").read_text("utf-8")
    assert "Sam Hocevar" in folder.joinpath("LICENCE-china-division.txt").read_text("utf-8")


def test_a_code_finds_its_division_and_the_code_of_a_town_finds_the_district() -> None:
    found = find("330110")
    assert found is not None
    assert (found.name, found.parent, found.level) == ("余杭区", "330100", Level.DISTRICT)
    assert find("330110005000") == found
    assert [find(code) for code in ("", "3301", "999999", "余杭区")] == [None] * 4


def test_children_are_the_divisions_right_below() -> None:
    assert len(children("")) == 34
    assert [one.name for one in children("460300")] == [
        "西沙群岛",
        "南沙群岛",
        "中沙群岛的岛礁及其海域",
    ]
    assert children("330110") == ()
    assert children("441900") == ()


def test_districts_come_by_code_and_include_cities_that_have_none() -> None:
    listed = [division.code for division in districts()]
    assert listed == sorted(listed)
    assert {"330110", "441900", "429004"} <= set(listed)
    assert not {"330100", "429000", "810000"} & set(listed)


def test_reading_the_table_and_its_names_takes_less_than_a_tenth_of_a_second() -> None:
    def seconds() -> float:
        for cached in (table.all_divisions, table._children, table.districts, names.within):
            cached.cache_clear()
        names.lineage.cache_clear()
        start = time.process_time()
        assert parse("杭州余杭区文一西路969号").division_code == "330110"
        return time.process_time() - start

    assert min(seconds() for _ in range(5)) < 0.1


# Free text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "浙江省杭州市余杭区文一西路969号 3号楼",
            ("330110", "浙江省", "杭州市", "余杭区", "文一西路969号 3号楼"),
        ),
        (
            "浙江省\u3000杭州市\u3000余杭区\u3000文一西路969号\u30003号楼",
            ("330110", "浙江省", "杭州市", "余杭区", "文一西路969号 3号楼"),
        ),
        ("杭州余杭区文一西路969号", ("330110", "浙江省", "杭州市", "余杭区", "文一西路969号")),
        ("浙江 杭州 余杭 文一西路", ("330110", "浙江省", "杭州市", "余杭区", "文一西路")),
        ("中国浙江省杭州市西湖区", ("330106", "浙江省", "杭州市", "西湖区", "")),
        (
            "浙江省杭州市余杭区浙江省杭州市余杭区文一西路",
            ("330110", "浙江省", "杭州市", "余杭区", "文一西路"),
        ),
        ("江苏省昆山市玉山镇", ("320583", "江苏省", "苏州市", "昆山市", "玉山镇")),
        ("恩施市舞阳坝", ("422801", "湖北省", "恩施土家族苗族自治州", "恩施市", "舞阳坝")),
        ("广东省东莞市长安镇", ("441900", "广东省", "东莞市", "", "长安镇")),
        ("湖北省仙桃市沔阳大道", ("429004", "湖北省", "仙桃市", "仙桃市", "沔阳大道")),
        (
            "湖北省省直辖县级行政区划仙桃市沔阳大道",
            ("429004", "湖北省", "仙桃市", "仙桃市", "沔阳大道"),
        ),
        ("江苏省苏州市工业园区星湖街", ("320576", "江苏省", "苏州市", "苏州工业园区", "星湖街")),
        ("安徽省安庆市潜山县源潭镇", ("340882", "安徽省", "安庆市", "潜山市", "源潭镇")),
        ("香港特别行政区九龙尖沙咀", ("810000", "香港特别行政区", "", "", "九龙尖沙咀")),
    ],
)
def test_a_line_of_text_is_split_into_its_divisions_and_the_detail(
    text: str, expected: tuple[str, str, str, str, str]
) -> None:
    assert placed(parse(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "北京市朝阳区建国路1号",
        "北京朝阳区建国路1号",
        "北京市市辖区朝阳区建国路1号",
        "北京北京市朝阳区建国路1号",
    ],
)
def test_a_municipality_is_its_own_city_however_it_is_written(text: str) -> None:
    assert placed(parse(text)) == ("110105", "北京市", "北京市", "朝阳区", "建国路1号")


def test_the_counties_of_chongqing_are_found_with_and_without_their_group() -> None:
    expected = ("500230", "重庆市", "重庆市", "丰都县", "名山大道")
    assert placed(parse("重庆市县丰都县名山大道")) == expected
    assert placed(parse("重庆丰都县名山大道")) == expected


def test_the_longest_name_decides_between_a_city_and_the_province_of_the_same_name() -> None:
    assert parse("吉林省吉林市船营区").division_code == "220204"
    assert parse("吉林吉林船营区").division_code == "220204"
    assert parse("吉林长春朝阳区").division_code == "220104"


@pytest.mark.parametrize(
    "text", ["朝阳区建国路1号", "朝阳门外大街", "南京路100号", "中国银行", "中山公园", "3号楼", ""]
)
def test_a_text_that_may_mean_several_places_or_none_stays_whole(text: str) -> None:
    assert parse(text) == Address(detail=text)


def test_a_short_name_running_into_the_detail_is_not_cut_off_it() -> None:
    assert placed(parse("上海南京西路100号")) == (
        "310000", "上海市", "上海市", "", "上海南京西路100号",
    )  # fmt: skip
    assert placed(parse("浙江杭州文一西路")) == (
        "330100", "浙江省", "杭州市", "", "杭州文一西路",
    )  # fmt: skip


def test_a_market_is_not_taken_for_the_city_it_is_named_after() -> None:
    assert placed(parse("浙江省义乌市场")) == ("330000", "浙江省", "", "", "义乌市场")


def test_an_abolished_district_in_a_text_falls_back_to_the_city() -> None:
    assert placed(parse("浙江省杭州市下城区文晖路1号")) == (
        "330100", "浙江省", "杭州市", "", "下城区文晖路1号",
    )  # fmt: skip


@given(any_district, st.sampled_from(["", " ", "\u3000", "，"]))
def test_every_district_is_found_by_its_official_name(division: Division, gap: str) -> None:
    parts = [each.name for each in lineage(division.code) if not each.is_group]
    found = parse(gap.join([*parts, "人民路1号"]))
    assert (found.division_code, found.detail) == (division.code, "人民路1号")


def test_no_official_name_is_an_exception() -> None:
    strays = [one for one in districts() if parse(official_name(one)).division_code != one.code]
    assert strays == []


# Addresses in parts


@pytest.mark.parametrize(
    "given_parts",
    [
        ("浙江省", "杭州市", "余杭区"),
        ("浙江", "杭州", "余杭"),
        (" 浙江 省", "杭州市\u3000", "余杭区"),
        ("", "杭州", "余杭区"),
        ("", "", "余杭区"),
        ("浙江省", "", "余杭区"),
        ("浙江省", "杭州市", "杭州市余杭区"),
        ("浙江省", "杭州市", "余杭市"),
        ("浙江省", "余杭区", ""),
        ("杭州市", "余杭区", ""),
        ("Zhejiang", "杭州市", "余杭区"),
        ("CN-ZJ", "杭州市", "余杭区"),
    ],
)
def test_an_address_in_parts_gets_canonical_names_code_and_coordinates(
    given_parts: tuple[str, str, str],
) -> None:
    province, city, district = given_parts
    address = Address(province=province, city=city, district=district, detail="文一西路969号")
    assert normalise(address) == YUHANG


@pytest.mark.parametrize(
    ("given_parts", "expected"),
    [
        (("北京", "市辖区", "东城"), ("110101", "北京市", "北京市", "东城区")),
        (("北京市", "朝阳", ""), ("110105", "北京市", "北京市", "朝阳区")),
        (("", "上海市", "浦东新区"), ("310115", "上海市", "上海市", "浦东新区")),
        (("重庆市", "县", "丰都县"), ("500230", "重庆市", "重庆市", "丰都县")),
        (("湖北", "省直辖", "仙桃"), ("429004", "湖北省", "仙桃市", "仙桃市")),
        (
            ("新疆", "自治区直辖县级行政区划", "石河子"),
            ("659001", "新疆维吾尔自治区", "石河子市", "石河子市"),
        ),
        (("广西", "南宁", "青秀"), ("450103", "广西壮族自治区", "南宁市", "青秀区")),
        (("广东", "东莞", "长安镇"), ("441900", "广东省", "东莞市", "长安镇")),
        (("香港", "九龙", "油尖旺区"), ("810000", "香港特别行政区", "九龙", "油尖旺区")),
        (("吉林省", "吉林", ""), ("220200", "吉林省", "吉林市", "")),
        (("重庆市", "重庆市", "酉阳"), ("500242", "重庆市", "重庆市", "酉阳土家族苗族自治县")),
    ],
)
def test_municipalities_direct_counties_and_autonomous_places_are_known_by_their_usual_names(
    given_parts: tuple[str, str, str], expected: tuple[str, str, str, str]
) -> None:
    province, city, district = given_parts
    found = normalise(Address(province=province, city=city, district=district))
    assert placed(found) == (*expected, "")


def test_an_unknown_district_keeps_its_name_and_falls_back_to_the_city() -> None:
    found = normalise(replace(YUHANG, district="新设区", division_code="", longitude=None))
    hangzhou = all_divisions()["330100"]
    assert placed(found) == ("330100", "浙江省", "杭州市", "新设区", "文一西路969号")
    assert (found.longitude, found.latitude) == (hangzhou.longitude, hangzhou.latitude)


def test_an_unknown_city_falls_back_to_the_province_even_when_the_district_sounds_known() -> None:
    found = normalise(Address(province="浙江", city="南京市", district="余杭区", detail="1号"))
    assert placed(found) == ("330000", "浙江省", "南京市", "余杭区", "1号")


def test_an_unknown_province_leaves_the_address_alone() -> None:
    address = Address(province="加利福尼亚", district="余杭区", detail="1号", postcode="310000")
    assert normalise(address) == address


def test_a_district_that_the_detail_names_is_taken_from_it() -> None:
    found = normalise(Address(province="浙江", city="杭州", detail="余杭区文一西路969号"))
    assert found == YUHANG


def test_a_detail_that_repeats_the_divisions_loses_them() -> None:
    repeated = replace(YUHANG, detail="浙江省杭州市余杭区文一西路969号")
    assert normalise(repeated) == YUHANG


def test_the_hospital_of_a_city_keeps_its_name_in_a_district() -> None:
    hospital = replace(YUHANG, detail="杭州市第一医院")
    assert normalise(hospital) == hospital


def test_a_county_level_city_given_as_the_city_leaves_its_town_in_the_detail() -> None:
    found = normalise(Address(province="江苏", city="昆山市", district="玉山镇", detail="1号"))
    assert placed(found) == ("320583", "江苏省", "苏州市", "昆山市", "玉山镇1号")


def test_a_known_code_wins_over_names() -> None:
    wrong = replace(YUHANG, province="江苏省", city="南京市", district="鼓楼区")
    assert normalise(wrong) == YUHANG


def test_the_code_of_a_city_is_refined_by_the_district() -> None:
    assert normalise(replace(YUHANG, division_code="330100")) == YUHANG
    assert normalise(replace(YUHANG, division_code="330110005000")) == YUHANG


def test_a_code_we_do_not_know_counts_only_as_far_as_names_say_nothing() -> None:
    assert normalise(replace(YUHANG, division_code="330103")) == YUHANG
    found = normalise(Address(division_code="330103", detail="文晖路1号"))
    assert placed(found) == ("330100", "浙江省", "杭州市", "", "文晖路1号")


def test_coordinates_an_address_brings_are_kept_unless_impossible() -> None:
    exact = replace(YUHANG, longitude=120.0261, latitude=30.2794)
    assert normalise(exact) == exact
    assert normalise(replace(YUHANG, longitude=float("nan"))) == YUHANG
    assert normalise(replace(YUHANG, latitude=181.0)) == YUHANG


def test_an_address_abroad_comes_back_unchanged() -> None:
    london = Address(country="GB", city="London", detail="221b  Baker Street", postcode="NW1 6XE")
    assert normalise(london) == london


def test_hong_kong_as_a_country_has_a_code_and_coordinates_and_keeps_its_names() -> None:
    found = normalise(Address(country="HK", province="Kowloon", city="Mong Kok"))
    assert placed(found) == ("810000", "Kowloon", "Mong Kok", "", "")
    assert (found.longitude, found.latitude) == (114.171203, 22.277468)


@given(addresses)
def test_normalising_twice_changes_nothing_more(address: Address) -> None:
    once = normalise(address)
    assert normalise(once) == once


@given(addresses)
def test_a_normalised_address_lies_where_its_code_says(address: Address) -> None:
    found = normalise(address)
    division = find(found.division_code)
    if found != address and division is not None:
        assert (found.longitude, found.latitude) == (division.longitude, division.latitude)
        if address.country == "CN":
            assert found.province == lineage(division.code)[0].name


@given(any_district)
def test_official_names_in_parts_find_the_district(division: Division) -> None:
    province, *cities = [each.name for each in lineage(division.code) if not each.is_group]
    city = cities[0] if len(cities) > 1 or division.level is Level.CITY else ""
    district = division.name if division.level is Level.DISTRICT else ""
    found = normalise(Address(province=province, city=city, district=district))
    assert found.division_code == division.code
    assert found == normalise(found)


@given(any_district)
def test_short_names_never_lead_out_of_the_city(division: Division) -> None:
    parts = [stem(each.name) for each in lineage(division.code) if not each.is_group]
    city = parts[1] if len(parts) > 2 or division.level is Level.CITY else ""
    district = parts[-1] if division.level is Level.DISTRICT else ""
    found = normalise(Address(province=parts[0], city=city, district=district))
    assert found.division_code in {division.code, division.parent}


def test_everybody_lives_in_one_fixed_district_and_all_over_the_country() -> None:
    assert fixed_district("customer 17850").code == "350213"
    homes = {fixed_district(f"customer {number}").code for number in range(3000)}
    assert len({code[:2] for code in homes}) == 31
    assert homes <= {division.code for division in districts()}
