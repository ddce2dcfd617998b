"""Callers share work without sharing each other's misfortune."""

import asyncio
from collections.abc import Sequence

import pytest

from activities.shared.batching import LARGEST_BATCH, MicroBatcher


async def test_whoever_waits_is_taken_along_and_gets_its_own_answer() -> None:
    batches: list[int] = []

    async def double(asks: Sequence[int]) -> list[int]:
        batches.append(len(asks))
        await asyncio.sleep(0.001)
        return [ask * 2 for ask in asks]

    batcher = MicroBatcher(double)
    answers = await asyncio.gather(*(batcher.ask(n) for n in range(300)))

    assert answers == [n * 2 for n in range(300)]
    assert batches == [LARGEST_BATCH, 300 - LARGEST_BATCH]


async def test_one_bad_item_fails_alone() -> None:
    async def refuse_seven(asks: Sequence[int]) -> Sequence[int]:
        if 7 in asks:
            raise ValueError("seven")
        return asks

    batcher = MicroBatcher(refuse_seven)
    answers = await asyncio.gather(*(batcher.ask(n) for n in range(10)), return_exceptions=True)

    assert [a for a in answers if not isinstance(a, BaseException)] == [0, 1, 2, 3, 4, 5, 6, 8, 9]
    assert isinstance(answers[7], ValueError)


async def test_an_error_that_is_nobodys_fault_is_told_to_all_at_once() -> None:
    calls: list[int] = []

    async def away(asks: Sequence[int]) -> Sequence[int]:
        calls.append(len(asks))
        raise ConnectionError

    batcher = MicroBatcher(away, fails_all=lambda error: isinstance(error, ConnectionError))
    answers = await asyncio.gather(*(batcher.ask(n) for n in range(10)), return_exceptions=True)

    assert [type(answer) for answer in answers] == [ConnectionError] * 10
    assert calls == [10]


async def test_a_caller_that_went_away_does_not_disturb_the_others() -> None:
    async def echo(asks: Sequence[int]) -> Sequence[int]:
        await asyncio.sleep(0.01)
        return asks

    batcher = MicroBatcher(echo)
    tasks = [asyncio.create_task(batcher.ask(n)) for n in range(3)]
    await asyncio.sleep(0.001)
    tasks[1].cancel()

    assert await tasks[0] == 0
    assert await tasks[2] == 2
    with pytest.raises(asyncio.CancelledError):
        await tasks[1]
    assert await batcher.ask(9) == 9
