"""Code 128 (ISO/IEC 15417): which bars and spaces a text becomes."""

from typing import Final

# Widths of bar, space, bar, space, bar, space for the values 0 to 105, then the stop.
_WIDTHS: Final = [
    "212222",
    "222122",
    "222221",
    "121223",
    "121322",
    "131222",
    "122213",
    "122312",
    "132212",
    "221213",
    "221312",
    "231212",
    "112232",
    "122132",
    "122231",
    "113222",
    "123122",
    "123221",
    "223211",
    "221132",
    "221231",
    "213212",
    "223112",
    "312131",
    "311222",
    "321122",
    "321221",
    "312212",
    "322112",
    "322211",
    "212123",
    "212321",
    "232121",
    "111323",
    "131123",
    "131321",
    "112313",
    "132113",
    "132311",
    "211313",
    "231113",
    "231311",
    "112133",
    "112331",
    "132131",
    "113123",
    "113321",
    "133121",
    "313121",
    "211331",
    "231131",
    "213113",
    "213311",
    "213131",
    "311123",
    "311321",
    "331121",
    "312113",
    "312311",
    "332111",
    "314111",
    "221411",
    "431111",
    "111224",
    "111422",
    "121124",
    "121421",
    "141122",
    "141221",
    "112214",
    "112412",
    "122114",
    "122411",
    "142112",
    "142211",
    "241211",
    "221114",
    "413111",
    "241112",
    "134111",
    "111242",
    "121142",
    "121241",
    "114212",
    "124112",
    "124211",
    "411212",
    "421112",
    "421211",
    "212141",
    "214121",
    "412121",
    "111143",
    "111341",
    "131141",
    "114113",
    "114311",
    "411113",
    "411311",
    "113141",
    "114131",
    "311141",
    "411131",
    "211412",
    "211214",
    "211232",
]
_STOP: Final = "2331112"
_CODE_C, _CODE_B, _START_B, _START_C = 99, 100, 104, 105
_SHORTEST_RUN: Final = 4  # switching to pairs of digits pays from four digits on


def code128(text: str) -> tuple[int, ...]:
    """Widths in modules, a bar first, then a space, in turn; without the quiet zones.

    Raises ValueError for an empty text or characters outside printable ASCII.
    """
    if not text or not all(" " <= character <= "~" for character in text):
        raise ValueError("a barcode holds printable ASCII only")
    values = _values(text)
    weighted = values[0] + sum(place * value for place, value in enumerate(values))
    symbols = [_WIDTHS[value] for value in (*values, weighted % 103)]
    return tuple(int(width) for width in "".join(symbols) + _STOP)


def _values(text: str) -> list[int]:
    values: list[int] = []
    position = 0
    pairing = _digits_from(text, 0) >= _SHORTEST_RUN
    values.append(_START_C if pairing else _START_B)
    while position < len(text):
        run = _digits_from(text, position)
        if pairing and run >= 2:
            values.append(int(text[position : position + 2]))
            position += 2
        elif pairing:
            values.append(_CODE_B)
            pairing = False
        elif run >= _SHORTEST_RUN and run % 2 == 0:
            values.append(_CODE_C)
            pairing = True
        else:
            values.append(ord(text[position]) - 32)
            position += 1
    return values


def _digits_from(text: str, position: int) -> int:
    end = position
    while end < len(text) and text[end].isdigit():
        end += 1
    return end - position
