"""A printed label is read back: barcode by a scanner's library, Chinese by a PDF reader."""

from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from domain.shared.address import Address, Contact
from domain.shared.ids import ParcelId
from domain.shared.money import Money
from integrations.carriers.port import CargoItem
from integrations.code128 import code128
from integrations.labels import FontMissing, Label, render_labels

POINTS_PER_MM = 72 / 25.4

LABEL = Label(
    carrier_name="顺丰速运",
    product_name="标快",
    waybill_no="SF7000000000001",
    parcel_id=ParcelId("pcl_0197"),
    sender=Contact(
        "仓库一",
        "02188886666",
        Address(province="上海市", city="上海市", district="青浦区", detail="华新镇仓储路1号"),
    ),
    receiver=Contact(
        "张三",
        "13800001234",
        Address(province="广东省", city="广州市", district="越秀区", detail="西湖路38号102铺"),
    ),
    cargo=(CargoItem("铁观音 礼盒", 2), CargoItem("白茶饼", 1)),
    weight_g=1500,
    printed_on="2026-05-01 12:00",
    routing_code="526A-001",
    sorting_code="S01",
    order_no="T202605010001",
    remark="易碎，轻放",
    cash_on_delivery=Money(19900, "CNY"),
)


def text_of(pdf: bytes) -> str:
    (page,) = pypdfium2.PdfDocument(pdf)
    text: str = page.get_textpage().get_text_range()
    return text


def barcode_of(pdf: bytes, dpi: int = 203) -> tuple[str, str]:
    (page,) = pypdfium2.PdfDocument(pdf)
    image = page.render(scale=dpi / 72).to_pil().convert("L")
    (found,) = zxingcpp.read_barcodes(image)
    return found.text, found.format.name


def test_a_scanner_reads_the_waybill_number_at_thermal_printer_resolution() -> None:
    assert barcode_of(render_labels([LABEL])) == ("SF7000000000001", "Code128")


def test_a_label_says_in_chinese_what_is_sent_from_whom_to_whom() -> None:
    lines = text_of(render_labels([LABEL])).splitlines()
    text = "".join(lines).replace("  ", " ")

    for said in (
        "顺丰速运",
        "526A-001",
        "张三 13800001234",
        "广东省 广州市 越秀区 西湖路38号102铺",
        "仓库一 02188886666",
        "上海市 青浦区 华新镇仓储路1号",
        "共 3 件",
        "1.50 kg",
        "铁观音 礼盒 ×2；白茶饼 ×1",
        "¥ 199.00",
        "寄付月结",
        "1/1",
        "易碎，轻放",
        "pcl_0197",
    ):
        assert said in text
    assert "上海市 上海市" not in text


def test_a_label_is_one_page_of_100_by_150_mm() -> None:
    long = "很长的地址" * 100
    crowded = replace(
        LABEL,
        receiver=Contact(long, "1" * 60, Address(province="广东省", detail=long)),
        cargo=tuple(CargoItem(f"{long}{n}", n) for n in range(1, 60)),
        remark=long,
        routing_code="R" * 40,
    )
    for label in (LABEL, crowded):
        pdf = render_labels([label])
        (page,) = pypdfium2.PdfDocument(pdf)
        assert page.get_width() == pytest.approx(100 * POINTS_PER_MM, abs=0.1)
        assert page.get_height() == pytest.approx(150 * POINTS_PER_MM, abs=0.1)
        assert barcode_of(pdf)[0] == "SF7000000000001"


def test_markup_in_a_name_is_only_text() -> None:
    tricky = '#panic("x") *bold* $x$ \\ "quoted" <a>'
    label = replace(LABEL, remark=tricky, cash_on_delivery=None)

    assert tricky in text_of(render_labels([label]))


def test_a_sheet_has_a_page_for_each_box() -> None:
    second = replace(LABEL, waybill_no="SF7000000000002", box=2, boxes=2)

    pages = list(pypdfium2.PdfDocument(render_labels([replace(LABEL, boxes=2), second])))

    texts = [page.get_textpage().get_text_range() for page in pages]
    assert ["SF7000000000001" in text and "1/2" in text for text in texts] == [True, False]
    assert ["SF7000000000002" in text and "2/2" in text for text in texts] == [False, True]


def test_rare_characters_of_names_are_in_the_font() -> None:
    named = replace(LABEL, remark="喆堃珺玥镕䶮㛃翀祎")

    assert "喆堃珺玥镕䶮㛃翀祎" in text_of(render_labels([named]))


def test_the_same_label_gives_the_same_bytes() -> None:
    assert render_labels([LABEL]) == render_labels([LABEL])


@pytest.mark.parametrize("number", ["73100000000001", "JD" + "0123456789" * 3, "A", "YT-1 ~z"])
def test_other_waybill_numbers_scan_as_well(number: str) -> None:
    pdf = render_labels([replace(LABEL, waybill_no=number)])

    assert barcode_of(pdf, dpi=300)[0] == number


def test_without_the_font_there_is_no_label_with_boxes_for_names(tmp_path: Path) -> None:
    for missing in ([], [tmp_path], [tmp_path / "nowhere"]):
        with pytest.raises(FontMissing):
            render_labels([LABEL], missing)


@pytest.mark.parametrize("number", ["", "运单1", "SF\n1", "SF\x7f"])
def test_a_number_no_barcode_can_hold_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        code128(number)


PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=24)
DIGITS_AMONG_LETTERS = st.from_regex(r"[A-Z]{0,3}[0-9]{1,15}[A-Z]{0,2}[0-9]{0,5}", fullmatch=True)


@settings(max_examples=150, deadline=None)
@given(PRINTABLE.filter(str.strip) | DIGITS_AMONG_LETTERS)
def test_every_printable_text_survives_the_barcode(text: str) -> None:
    row = bytearray(b"\xff" * 20)
    for index, width in enumerate(code128(text)):
        row += bytes([0 if index % 2 == 0 else 255]) * (2 * width)
    row += b"\xff" * 20
    image = Image.frombytes("L", (len(row), 40), bytes(row) * 40)

    (found,) = zxingcpp.read_barcodes(image)

    assert found.text == text
