"""What vendors tell us by themselves, again and again until they hear the right answer."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

import httpx

from integrations.sandbox.faults import FaultKind, Faults
from integrations.sandbox.settings import SandboxSettings
from integrations.sandbox.store import Store

PUSH: Final = "push"  # the operation name of pushes in fault switches
_AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One push: `path` is below the callback base address, with the query where there is one; `ref`
    is for the push log."""

    path: str
    ref: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Listener(Protocol):
    def acknowledged(self, status: int, body: bytes) -> bool: ...

    def signed_push(self, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]: ...


class Pushes:
    """The queue of pushes; each is retried after `push_retry_s`, the last wait for ever."""

    def __init__(
        self,
        store: Store,
        faults: Faults,
        settings: SandboxSettings,
        client: httpx.AsyncClient,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._faults = faults
        self._settings = settings
        self._client = client
        self._now = now

    def send(self, vendor: str, outgoing: Outgoing) -> None:
        """Queue a push; fault switches may send it twice or let later ones overtake it."""
        due_at = self._now().timestamp()
        if self._faults.strike(vendor, PUSH, FaultKind.OUT_OF_ORDER_PUSH):
            due_at += 1.5 * self._settings.seconds_per_hop
        if delay := self._faults.strike(vendor, PUSH, FaultKind.DELAY):
            due_at += delay.delay_s
        copies = 2 if self._faults.strike(vendor, PUSH, FaultKind.DUPLICATE_PUSH) else 1
        url = f"{self._settings.callback_base_url.rstrip('/')}/{outgoing.path}"
        for _ in range(copies):
            self._store.execute(
                "INSERT INTO push (vendor, ref, url, headers, body, due_at) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                *(vendor, outgoing.ref, url, json.dumps(dict(outgoing.headers))),
                *(outgoing.body.decode(), due_at),
            )

    async def deliver_due(self, listeners: Mapping[str, Listener]) -> None:
        """Try every push that is due once, in order of queueing, a few at the same time."""
        until = self._now().timestamp()
        while due := self._store.rows(
            "SELECT * FROM push WHERE due_at <= ? ORDER BY due_at, id LIMIT ?",
            *(until, _AT_ONCE),
        ):
            await asyncio.gather(*(self._deliver(row, listeners[row["vendor"]]) for row in due))

    async def _deliver(self, row: dict[str, Any], listener: Listener) -> None:
        body = row["body"].encode()
        headers = listener.signed_push(json.loads(row["headers"]), body)
        try:
            response = await self._client.post(row["url"], content=body, headers=headers)
        except httpx.HTTPError as error:
            answer, done = repr(error), False
        else:
            answer = f"{response.status_code} {response.text}"
            done = listener.acknowledged(response.status_code, response.content)
        waits = self._settings.push_retry_s
        wait_s = waits[min(row["attempts"], len(waits) - 1)]
        due_at = None if done else self._now().timestamp() + max(wait_s, 0.05)
        self._store.execute(
            "UPDATE push SET attempts = attempts + 1, delivered = ?, due_at = ?, last_answer = ? "
            "WHERE id = ?",
            *(done, due_at, answer[:500], row["id"]),
        )
