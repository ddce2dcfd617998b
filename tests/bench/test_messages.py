"""What a benchmark sends."""

import time

from bench.messages import order


def test_an_order_that_is_sent_again_later_is_the_same_byte_for_byte() -> None:
    first = order(7, "unpaid")

    time.sleep(1.1)  # times are told in whole seconds

    assert order(7, "unpaid") == first
    assert order(8, "unpaid") != first
