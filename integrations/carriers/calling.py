"""One call to a carrier, as all of them are made: paced, sent, read, and its refusal raised."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from domain.shared.errors import Rejected
from integrations.access import UNHURRIED, CarrierAccess, Pace
from integrations.carriers.reading import Message, read_answer
from integrations.http import TIMEOUT_S, exchange

MessageT = TypeVar("MessageT", bound=Message)
EnvelopeT = TypeVar("EnvelopeT", bound=Message)


def compact(message: object) -> str:
    """JSON as it is signed and sent. A lone surrogate cannot be sent: it becomes a question mark,
    as the vendors' own Java clients write it."""
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode()


def timeout_of(access: CarrierAccess) -> float:
    """How long an answer may take: setting `timeout_s`."""
    return float(access.settings.get("timeout_s", TIMEOUT_S))


@dataclass(frozen=True, slots=True)
class Line:
    """The way to one carrier."""

    system: str
    client: httpx.AsyncClient
    pace: Pace = UNHURRIED
    timeout_s: float = TIMEOUT_S

    async def call(
        self,
        name: str,
        request: httpx.Request,
        envelope: type[EnvelopeT],
        check: Callable[[EnvelopeT], None],
        *,
        changes: bool,
    ) -> bytes:
        """The body of an answer that went well; `check` raises what a refusal means.

        A refusal may carry anything beside its code, so only the envelope is read before it.
        """
        async with self.pace.call(name):
            answer = await exchange(
                self.client,
                request,
                system=self.system,
                changes=changes,
                timeout_s=self.timeout_s,
            )
            if answer.status != 200:
                code = str(answer.status)
                raise Rejected(f"answered HTTP {code}", code=code, system=self.system)
            check(read_answer(envelope, answer.body, system=self.system, changes=changes))
        return answer.body

    def read(self, model: type[MessageT], body: bytes | str, *, changes: bool) -> MessageT:
        """The part of an answer that is asked for."""
        return read_answer(model, body, system=self.system, changes=changes)

    def form(self, url: str, fields: Mapping[str, str]) -> httpx.Request:
        """A form to post."""
        return self.client.build_request("POST", url, data=dict(fields))

    def json(
        self,
        url: str,
        text: str,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> httpx.Request:
        """A JSON text to post, byte for byte as it was signed."""
        sent: dict[str, Any] = {"content-type": "application/json;charset=UTF-8", **(headers or {})}
        return self.client.build_request(
            "POST", url, content=text.encode(), headers=sent, params=query
        )
