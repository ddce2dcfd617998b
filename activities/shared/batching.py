"""Many callers, one statement: whoever finds the line free takes along all who wait."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")

LARGEST_BATCH: Final = 256


class MicroBatcher(Generic[Ask, Answer]):
    """Runs `work` for everything that waits, one batch at a time, without any added delay.

    `work` answers in the order it was asked. When it fails for a batch, every item is run alone,
    so that one bad item cannot fail its neighbours; an error that `fails_all` knows to be nobody's
    fault (the database is away) all get at once. One object per process and event loop.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Ask]], Awaitable[Sequence[Answer]]],
        lanes: int = 1,
        fails_all: Callable[[Exception], bool] = lambda error: False,
    ) -> None:
        self._work = work
        self._fails_all = fails_all
        self._lanes = lanes
        self._running = 0
        self._waiting: deque[tuple[Ask, asyncio.Future[Answer]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, ask: Ask) -> Answer:
        """The answer to this one; raises what `work` raises for it."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((ask, future))
        if self._running < self._lanes:
            self._running += 1
            task = asyncio.create_task(self._drain())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await future

    async def _drain(self) -> None:
        try:
            while self._waiting:
                count = min(len(self._waiting), LARGEST_BATCH)
                await self._run([self._waiting.popleft() for _ in range(count)])
        finally:
            self._running -= 1

    async def _run(self, batch: list[tuple[Ask, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._work([ask for ask, _ in batch])
        except Exception as error:
            if len(batch) == 1 or self._fails_all(error):
                for _, future in batch:
                    _settle(future, error)
                return
            for item in batch:
                await self._run([item])
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)


def _settle(future: "asyncio.Future[Answer]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
