"""New identities: sortable by time, and order numbers that survive a telephone call."""

import os
import secrets
import time
from datetime import datetime
from typing import Final
from uuid import UUID

from domain.shared.clock import COMPANY_ZONE

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
_RANDOM_CHARACTERS: Final = 7
_REFUND_CHARACTERS: Final = 10


def new_id(prefix: str) -> str:
    """A new `prefix_` + UUIDv7 hex (RFC 9562): later ones sort after earlier ones."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return f"{prefix}_{UUID(int=value).hex}"


def new_order_no(now: datetime) -> str:
    """`260301-7KQ4M2P`: the company's date and 35 random bits, so it tells nobody our volume.

    Two orders of a day may draw the same number, once in years; whoever inserts draws again.
    """
    return f"{now.astimezone(COMPANY_ZONE):%y%m%d}-{_drawn(_RANDOM_CHARACTERS)}"


def new_refund_no(now: datetime) -> str:
    """`RF260301-7KQ4M2P9WX`: no provider ever sees one twice, and it can be read out.

    50 random bits a day, of characters that all providers take.
    """
    return f"RF{now.astimezone(COMPANY_ZONE):%y%m%d}-{_drawn(_REFUND_CHARACTERS)}"


def new_return_no(now: datetime) -> str:
    """`RT260301-7KQ4M2P`: the number a buyer writes on the parcel. Two of a day may draw the same
    one, once in years; whoever inserts draws again."""
    return f"RT{now.astimezone(COMPANY_ZONE):%y%m%d}-{_drawn(_RANDOM_CHARACTERS)}"


def new_claim_no(now: datetime) -> str:
    """`CL260301-7KQ4M2P`: our number of a claim against a carrier; drawn as a return's is."""
    return f"CL{now.astimezone(COMPANY_ZONE):%y%m%d}-{_drawn(_RANDOM_CHARACTERS)}"


def new_purchase_no(now: datetime) -> str:
    """`PO260301-7KQ4M2P`: our number of a purchase order; drawn as a return's is."""
    return f"PO{now.astimezone(COMPANY_ZONE):%y%m%d}-{_drawn(_RANDOM_CHARACTERS)}"


def new_receipt_no(now: datetime) -> str:
    """`GR260301-7KQ4M2P`: a goods receipt; drawn as a return's is."""
    return f"GR{now.astimezone(COMPANY_ZONE):%y%m%d}-{_drawn(_RANDOM_CHARACTERS)}"


def new_ship_notice_no(now: datetime) -> str:
    """`SN260301-7KQ4M2P`: a ship notice; drawn as a return's is."""
    return f"SN{now.astimezone(COMPANY_ZONE):%y%m%d}-{_drawn(_RANDOM_CHARACTERS)}"


def new_receipt_case_no(now: datetime) -> str:
    """`RC260301-7KQ4M2P`: goods that came otherwise than agreed; drawn as a return's is."""
    return f"RC{now.astimezone(COMPANY_ZONE):%y%m%d}-{_drawn(_RANDOM_CHARACTERS)}"


def new_transfer_no(now: datetime) -> str:
    """`TF260301-7KQ4M2P`: the paper that goes with goods between our places."""
    return f"TF{now.astimezone(COMPANY_ZONE):%y%m%d}-{_drawn(_RANDOM_CHARACTERS)}"


def new_count_no(now: datetime) -> str:
    """`CN260301-7KQ4M2P`: the paper of a count; drawn as a return's is."""
    return f"CN{now.astimezone(COMPANY_ZONE):%y%m%d}-{_drawn(_RANDOM_CHARACTERS)}"


def new_kit_order_no(now: datetime) -> str:
    """`KT260301-7KQ4M2P`: the paper of kits put together; drawn as a return's is."""
    return f"KT{now.astimezone(COMPANY_ZONE):%y%m%d}-{_drawn(_RANDOM_CHARACTERS)}"


def new_dealer_report_no(now: datetime) -> str:
    """`DR260301-7KQ4M2P`: what a dealer reported; drawn as a return's is."""
    return f"DR{now.astimezone(COMPANY_ZONE):%y%m%d}-{_drawn(_RANDOM_CHARACTERS)}"


def _drawn(characters: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(characters))
