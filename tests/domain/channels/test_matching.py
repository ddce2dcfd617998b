"""Suggested matches: codes before barcodes before names, and nothing out of thin air."""

from hypothesis import given
from hypothesis import strategies as st

from domain.channels.matching import BEST_NAME, Because, OwnSku, alike, judge, suggest

TEA = OwnSku("TEA-250", "西湖龙井 明前 250g", "6901234567892")
CUP = OwnSku("CUP-1", "白瓷盖碗", "012345678905")
SHIRT = OwnSku("TS-RED-M", "Cotton T-shirt red M")
OURS = (TEA, CUP, SHIRT)


def test_the_same_code_is_surest_then_the_barcode_then_the_code_written_otherwise() -> None:
    assert [(m.code, m.because, m.score) for m in suggest("TEA-250", "白瓷盖碗", OURS)] == [
        ("TEA-250", Because.CODE, 100),
        ("CUP-1", Because.NAME, 70),
    ]
    assert suggest("6901234567892", "", OURS)[0].because is Because.BARCODE
    assert suggest("ts_red m", "", OURS)[0].because is Because.LIKE_CODE


def test_a_upc_is_the_same_barcode_as_its_ean_and_gtin() -> None:
    for written in ("012345678905", "0012345678905", "00012345678905"):
        (match,) = suggest(written, "", OURS)
        assert (match.code, match.because) == ("CUP-1", Because.BARCODE)


def test_a_similar_name_is_suggested_in_either_language() -> None:
    (tea,) = suggest("99001", "【新茶】西湖龙井茶叶 250g 罐装", OURS)
    assert (tea.code, tea.because) == ("TEA-250", Because.NAME)
    assert suggest("99002", "Red cotton t-shirt, size M", OURS)[0].code == "TS-RED-M"


def test_nothing_is_suggested_when_nothing_speaks_for_it() -> None:
    assert suggest("99003", "电动牙刷", OURS) == ()
    assert suggest("99003", "", OURS) == ()
    assert suggest("", "", (OwnSku("-", ""),)) == ()


def test_only_the_best_are_suggested() -> None:
    many = [OwnSku(f"S{number}", "白瓷盖碗") for number in range(9)]
    assert [match.code for match in suggest("X", "白瓷盖碗", many)] == ["S0", "S1", "S2"]


@given(st.text(), st.text())
def test_likeness_is_between_nothing_and_all_and_the_same_both_ways(one: str, other: str) -> None:
    assert 0.0 <= alike(one, other) <= 1.0
    assert alike(one, other) == alike(other, one)


@given(st.text(), st.text(), st.text(), st.text())
def test_a_name_never_beats_a_code(external_sku: str, title: str, code: str, name: str) -> None:
    match = judge(external_sku, title, OwnSku(code, name))
    if match is not None and match.because is Because.NAME:
        assert match.score <= BEST_NAME
