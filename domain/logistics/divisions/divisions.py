"""Addresses in terms of the division table: canonical names, the division's code, coordinates."""

import re
from dataclasses import replace
from functools import lru_cache

from domain.logistics.divisions.names import (
    NATION,
    lineage,
    provinces_in_latin,
    stem,
    within,
)
from domain.logistics.divisions.table import MUNICIPALITIES, Division, Level, all_divisions, find
from domain.shared.address import Address

# Countries of their own in shipping lists, provinces in the division table.
_REGIONS = {"HK": "810000", "MO": "820000", "TW": "710000"}
_GROUPS = re.compile(r"市辖区|县|(省|自治区)?直辖(县级)?(行政)?(区划|单位|县)?")
_SEPARATORS = " ,，、;；:：/|·-"
_NATION_NAMES = re.compile("中华人民共和国|中国")
# What follows a short name when it is no division but a street, a station, a place of other rank.
_NOT_A_DIVISION = re.compile(
    "[东西南北中]?[一二三四五六七八九十]?(路|街|大道|道|巷|弄|胡同|桥|站|湾|省|市|区|县|旗|州|盟|镇|乡|村)"
)


def normalise(address: Address) -> Address:
    """The address with canonical division names, the code and, unless it brings them, coordinates.

    A known `division_code` wins over names and is only ever refined by names below it. What cannot
    be found at one level keeps its text, and code and coordinates are those of the level above; an
    address of which not even the province is known, or of another country, comes back unchanged.
    Who corrects the names of a normalised address clears code and coordinates first.
    """
    if region := all_divisions().get(_REGIONS.get(address.country, "")):
        return _located(replace(address, province=address.province or region.name), region)
    if address.country != "CN":
        return address
    address = _without_blanks(address)
    scope = known.code if (known := find(address.division_code)) else NATION
    if scope == NATION:
        scope = _province(address.province)
    scope, address = _city_then_district(scope, address)
    if not _says_more(address, scope):
        scope, detail = _read(scope, address.detail)
        address = replace(address, detail=detail)
    elif _level(scope) is Level.DISTRICT:
        address = replace(address, detail=_without_repeats(scope, address.detail))
    if scope:
        return _settled(address, all_divisions()[scope])
    nearest = _nearest_to_unknown_code(address.division_code)
    return normalise(replace(address, division_code=nearest)) if nearest else address


def parse(text: str) -> Address:
    """A free-text Chinese address in parts: the divisions it begins with, then the detail.

    The province may be missing where the rest is unmistakable; what is ambiguous (朝阳区 alone)
    stays in the detail.
    """
    return normalise(Address(detail=text))


def _without_blanks(address: Address) -> Address:
    """Division names without any white space, the detail with single plain blanks."""
    return replace(
        address,
        province="".join(address.province.split()),
        city="".join(address.city.split()),
        district="".join(address.district.split()),
        detail=" ".join(address.detail.split()),
    )


def _province(name: str) -> str:
    if latin := provinces_in_latin().get(name.lower()):
        return latin
    return _lookup(NATION, name)


def _city_then_district(scope: str, address: Address) -> tuple[str, Address]:
    """Go down by the fields; below an unknown city nothing counts, as it may lie elsewhere."""
    if _level(scope) in {None, Level.PROVINCE}:
        if not _says_nothing(address.city, scope):
            found = _lookup(scope, address.city)
            if not found:
                return scope, address
            scope = found
            if _level(scope) is Level.DISTRICT:
                return scope, _with_town_in_detail(address, scope)
        elif scope == NATION and address.province:
            return scope, address
    if _level(scope) is Level.DISTRICT:
        return scope, address
    if found := _lookup(scope, address.district):
        is_district = _level(found) is Level.DISTRICT
        return found, address if is_district else replace(address, district="")
    if found := _lookup(scope, address.city):
        return found, _with_town_in_detail(address, found)
    return scope, address


def _says_more(address: Address, scope: str) -> bool:
    """Whether the fields name a division below the scope, so that the detail need not."""
    level = _level(scope)
    if level is Level.DISTRICT or address.district:
        return True
    if level is Level.PROVINCE:
        return not _says_nothing(address.city, scope)
    return level is None and bool(address.province or address.city)


def _says_nothing(city: str, scope: str) -> bool:
    """Whether the city is no city: blank, a group, the province again, or in a municipality."""
    if not city or _GROUPS.fullmatch(city):
        return True
    return scope in MUNICIPALITIES or city == _name(scope)


def _with_town_in_detail(address: Address, scope: str) -> Address:
    """Keep the town that stands as district when the city field names the district."""
    town = address.district
    if town in {"", *_names_of(all_divisions()[scope])} or address.detail.startswith(town):
        return address
    return replace(address, detail=town + address.detail)


def _lookup(scope: str, name: str) -> str:
    """The division a whole field names: in full, shortly, by a former rank, or with its parents."""
    if not name:
        return ""
    names = within(scope)
    if code := names.get(name):
        return code
    if scope and stem(name) != name and (code := names.short.get(stem(name), "")):
        return code
    found, rest = _read(scope, name)
    return found if not rest and found != scope else ""


def _read(scope: str, text: str) -> tuple[str, str]:
    """Read division names off the front of a text, going down from the scope; return the rest."""
    while True:
        text = _without_repeats(scope, text.lstrip(_SEPARATORS))
        step = _step(scope, text)
        if step is None:
            return scope, text
        if step[1] == text:
            return step
        scope, text = step


def _step(scope: str, text: str) -> tuple[str, str] | None:
    """One name further down, or nothing when the text does not begin with one."""
    if filler := _filler(scope, text):
        return scope, text[filler:]
    if _level(scope) is Level.DISTRICT:
        return None
    names = within(scope)
    for length in range(min(names.longest, len(text)), 1, -1):
        name, rest = text[:length], text[length:]
        if (code := names.safe.get(name)) and not (name.endswith("市") and rest.startswith("场")):
            return code, rest
        if code := names.short.get(name):
            if _stands_alone(code, rest):
                return code, rest
            if _is_clear(scope, name, code) and not _NOT_A_DIVISION.match(rest):
                return code, text
    return None


def _filler(scope: str, text: str) -> int:
    """How many signs of the text name the nation or a statistical group before another division."""
    pattern = _GROUPS if scope else _NATION_NAMES
    if _level(scope) is Level.DISTRICT or not (match := pattern.match(text)):
        return 0
    rest = text[match.end() :].lstrip(_SEPARATORS)
    return match.end() if _step(scope, rest) else 0


def _stands_alone(code: str, rest: str) -> bool:
    """Whether a short name ends where it seems to: at a blank, or before a name within it."""
    following = rest.lstrip(_SEPARATORS)
    if following != rest or not rest:
        return True
    return _without_repeats(code, rest) != rest or _step(code, rest) is not None


def _is_clear(scope: str, name: str, code: str) -> bool:
    """Whether a short name running into the detail counts: a province, or a city in its province.

    It then stays in the detail (北京大学): said twice is better than a detail cut in two. 吉林 in
    the province of that name may mean either, so it does not count.
    """
    if scope == NATION:
        return _level(code) is Level.PROVINCE
    if name == stem(_name(scope)):
        return False
    return _level(code) is Level.CITY or _name(code).endswith("市")


def _without_repeats(scope: str, text: str) -> str:
    """The text without the scope named again in front, alone or with all that lies above it."""
    if scope == NATION:
        return text
    repeat = _repeat(scope)
    while match := repeat.match(text):
        text = text[match.end() :]
    return text


@lru_cache(maxsize=4096)
def _repeat(scope: str) -> re.Pattern[str]:
    *above, last = [each for each in lineage(scope) if not each.is_group]
    pattern = "".join(
        f"(?:(?:{'|'.join(map(re.escape, _names_of(each)))})[{_SEPARATORS}]*)?" for each in above
    )
    if scope[:2] + "0000" in MUNICIPALITIES and above:
        pattern += pattern
    return re.compile(f"{pattern}{re.escape(last.name)}(?!场)[{_SEPARATORS}]*")


def _names_of(division: Division) -> tuple[str, ...]:
    return division.name, stem(division.name)


def _name(scope: str) -> str:
    return all_divisions()[scope].name if scope else ""


def _level(scope: str) -> Level | None:
    return all_divisions()[scope].level if scope else None


def _nearest_to_unknown_code(code: str) -> str:
    """The city or province which a code we do not know (abolished, or too new) begins with."""
    candidates = (code[:4] + "00", code[:2] + "0000") if len(code) >= 6 else ()
    return next((each for each in candidates if each in all_divisions()), NATION)


def _settled(address: Address, division: Division) -> Address:
    """Canonical names down to the division; below it the given texts stay.

    A municipality is its own city, and so is a county right below a province (仙桃市): carriers
    want all three parts.
    """
    chain = lineage(division.code)
    province = chain[0]
    city, district = address.city, address.district
    if province.code in MUNICIPALITIES:
        city = province.name
    elif len(chain) > 1 and not chain[1].is_group:
        city = chain[1].name
    elif len(chain) > 2:
        city = division.name
    if len(chain) > 2:
        district = division.name
    return _located(
        replace(address, province=province.name, city=city, district=district), division
    )


def _located(address: Address, division: Division) -> Address:
    longitude, latitude = address.longitude, address.latitude
    if not (
        longitude is not None
        and latitude is not None
        and -180 <= longitude <= 180
        and -90 <= latitude <= 90
    ):
        longitude, latitude = division.longitude, division.latitude
    return replace(address, division_code=division.code, longitude=longitude, latitude=latitude)
