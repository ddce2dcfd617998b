"""What a thermal printer prints is the page, dot for dot; its barcode can be scanned."""

import io
import re

import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from domain.shared.address import Address, Contact
from domain.shared.ids import ParcelId
from integrations.carriers.port import CargoItem
from integrations.labels import Label, render_label_pictures
from integrations.zpl import zpl_of

WHO = Contact("王小明", "13800000001", Address("浙江省", "杭州市", "余杭区", "文一西路 969 号"), "")
GRAPHIC = re.compile(r"\^GFA,(\d+),(\d+),(\d+),([0-9A-Za-z,!:]+)\^FS")


def printed(label: str) -> Image.Image:
    """As the manual of the printer language says it is read."""
    found = GRAPHIC.search(label)
    assert found is not None
    total, same, width = (int(found[n]) for n in (1, 2, 3))
    rows: list[str] = []
    row, times = "", 0
    for mark in found[4]:
        if mark == ":":
            rows.append(rows[-1])
        elif mark in ",!":
            rows.append(row.ljust(width * 2, "0" if mark == "," else "F"))
            row = ""
        elif "G" <= mark <= "Y":
            times += ord(mark) - ord("F")
        elif "g" <= mark <= "z":
            times += (ord(mark) - ord("f")) * 20
        else:
            row, times = row + mark * (times or 1), 0
            if len(row) == width * 2:
                rows.append(row)
                row = ""
    raw = bytes.fromhex("".join(rows))
    assert len(raw) == total == same
    image = Image.frombytes("1", (width * 8, total // width), raw)
    return image.point(lambda dot: 0 if dot else 255, "1")


@given(st.integers(1, 70), st.integers(1, 12), st.data())
def test_any_picture_comes_out_dot_for_dot(width: int, height: int, data: st.DataObject) -> None:
    dots = data.draw(st.lists(st.booleans(), min_size=width * height, max_size=width * height))
    image = Image.new("1", (width, height), 1)
    image.putdata([255 if dot else 0 for dot in dots])
    png = io.BytesIO()
    image.save(png, "PNG")

    found = printed(zpl_of([png.getvalue()]).decode())

    assert list(found.crop((0, 0, width, height)).get_flattened_data()) == list(
        image.get_flattened_data()
    )


def test_a_label_is_as_large_as_its_paper_small_to_send_and_can_be_scanned() -> None:
    label = Label(
        "顺丰速运", "标快", "SF7000000000001", ParcelId("O-1-1-P1"), WHO, WHO,
        (CargoItem("龙井", 2),), 900, "2026-11-26 12:00",
    )  # fmt: skip
    pages = render_label_pictures([label, label])
    assert len(pages) == 2

    zpl = zpl_of(pages).decode()

    assert zpl.count("^XA") == zpl.count("^XZ") == 2
    image = printed(zpl.partition("\n")[0])
    assert image.size == (800, 1200)
    assert [one.text for one in zxingcpp.read_barcodes(image.convert("L"))] == ["SF7000000000001"]
    assert len(zpl) < 2 * 60_000
