"""Sends past orders to the running Onhand and follows them until each is at rest."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import httpx
from rich.console import Console

from commands import following
from commands.replay_reading import Reading
from db.engine import Sessions, create_engine
from db.engine import sessions as sessions_of
from db.shared.past_returns import Taken, open_past_return
from db.shared.replaying import Offered, Replaying, main_location, own_shops
from db.vault import CannotOpen, Vault, shop_context
from domain.orders.history import Conventions
from domain.orders.standing import End, Standing
from domain.shared.errors import UnknownLocation
from integrations.marketplaces.own_past import PastMessage, past_message
from integrations.marketplaces.signing import own_headers
from runtime.settings import Settings, StartRefused

_THEN: Final = (
    "What was sent is kept: start Onhand and give the same command again, it goes on from there."
)
_SENDERS: Final = 4
_GIVE_UP_S: Final = 600.0
_LONGEST_PAUSE_S: Final = 10.0
_TRY_AGAIN: Final = 429


@dataclass(slots=True)
class Result:
    """What was said to whom, and what came of it. Numbers are the channel's."""

    shop_id: str
    offered: Offered
    acknowledged: dict[str, str] = field(default_factory=dict)  # message id → order number
    known_before: int = 0
    refused: dict[str, str] = field(default_factory=dict)  # message id → why
    standings: dict[str, Standing] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    doubled: set[str] = field(default_factory=set)
    interrupted: bool = False
    taken: dict[Taken, list[str]] = field(default_factory=dict)  # what returns became, by case

    @property
    def is_sound(self) -> bool:
        """Nothing is lost, doubled or refused."""
        return not (self.lost or self.doubled or self.refused)

    @property
    def is_moving(self) -> bool:
        """Whether an order goes on by itself."""
        return self.at_rest < len(self.standings)

    @property
    def at_rest(self) -> int:
        """How many orders will not move by themselves any more."""
        return sum(one.end is not End.MOVING for one in self.standings.values())


@dataclass(slots=True)
class Replay:
    """One run of the command."""

    settings: Settings
    database_url: str
    reading: Reading
    rules: Conventions
    shop: str
    currency: str
    location: str
    weight_g: int
    patience_s: float

    async def run(self, console: Console) -> Result:
        """Offer the catalogue, send, follow; Ctrl-C ends it early with what is known by then."""
        engine = create_engine(self.database_url, "onhand_office", statement_timeout_ms=30_000)
        sessions = sessions_of(engine)
        try:
            async with httpx.AsyncClient(
                base_url=self.settings.api_url, timeout=30, trust_env=False
            ) as http:
                await self._greet(http)
                shop_id, secret = await self._shop(sessions)
                with console.status(f"Offering {len(self.reading.products)} products …"):
                    result = Result(shop_id, await self._offer(sessions, shop_id))
                try:
                    await self._send_and_follow(console, http, sessions, secret, result)
                except asyncio.CancelledError:  # Ctrl-C: what was sent stays sent
                    result.interrupted = True
                with following.last_look(_THEN):
                    await self._look(sessions, result)
                    if not result.interrupted:
                        await self._take_back(sessions, result)
                return result
        except asyncio.CancelledError as error:
            raise StartRefused("Stopped before anything was sent.") from error
        finally:
            await engine.dispose()

    async def _greet(self, http: httpx.AsyncClient) -> None:
        try:
            answer = await http.get("/healthz")
            answer.raise_for_status()
        except httpx.HTTPError as error:
            url = self.settings.api_url
            raise StartRefused(
                f"Onhand does not answer at {url}; start it with make up."
            ) from error

    async def _shop(self, sessions: Sessions) -> tuple[str, str]:
        async with sessions.begin() as session:
            shops = await own_shops(session, self.shop)
        if len(shops) != 1:
            ids = ", ".join(row.id for row in shops)
            raise StartRefused(
                f"There are several own-channel shops, {ids}: say which with --shop."
                if shops
                else f"There is no active own-channel shop {self.shop}".rstrip() + "."
            )
        row = shops[0]
        try:
            vault = Vault(self.settings.encryption_key(), older=self.settings.older_keys())
            return row.id, vault.open_secrets(row.secrets, shop_context(row.id))["secret"]
        except (CannotOpen, KeyError) as error:
            raise StartRefused(
                f"The secret of shop {row.id} cannot be read with this ONHAND_SECRET_KEY."
            ) from error

    async def _offer(self, sessions: Sessions, shop_id: str) -> Offered:
        async with sessions.begin() as session:
            location = self.location or await main_location(session)
            replaying = Replaying(session, shop_id)
            try:
                return await replaying.offer(
                    self.reading.products, location, self.currency, self.weight_g
                )
            except UnknownLocation as error:
                raise StartRefused(f"There is no location {location or 'that ships'}.") from error

    async def _send_and_follow(
        self,
        console: Console,
        http: httpx.AsyncClient,
        sessions: Sessions,
        secret: str,
        result: Result,
    ) -> None:
        messages = [past_message(one, self.rules, self.currency) for one in self.reading.orders]
        numbers = {message.order_no for message in messages}
        with following.bars(console) as bars:
            sent = bars.add_task("sent", total=len(messages), note="")
            settled = bars.add_task("at rest", total=len(numbers), note="")
            waiting = iter(messages)

            def show() -> object:
                done = len(result.acknowledged) + len(result.refused)
                note = following.stages(result.standings.values())
                bars.update(sent, completed=done)
                bars.update(settled, completed=result.at_rest, note=note)
                return done, dict(result.standings)

            async with asyncio.TaskGroup() as group:
                senders = [
                    group.create_task(self._sender(waiting, http, secret, result))
                    for _ in range(_SENDERS)
                ]
                await following.follow(
                    lambda: self._look(sessions, result),
                    show,
                    lambda tired: (
                        all(task.done() for task in senders) and (tired or not result.is_moving)
                    ),
                    self.patience_s,
                )

    async def _take_back(self, sessions: Sessions, result: Result) -> None:
        """Open a return for each cancellation and order it takes goods back of."""
        cases: dict[tuple[str, str], Counter[str]] = {}
        for piece in self.reading.returns:
            if piece.finds_sale:
                case = (piece.line.order_no, piece.order_no)
                cases.setdefault(case, Counter())[piece.line.sku] += piece.units
        for (number, order_no), units in cases.items():
            case_no = f"{number}:{order_no}"
            async with sessions.begin() as session:
                taken = await open_past_return(session, result.shop_id, order_no, case_no, units)
            result.taken.setdefault(taken, []).append(case_no)

    async def _sender(
        self,
        waiting: Iterator[PastMessage],
        http: httpx.AsyncClient,
        secret: str,
        result: Result,
    ) -> None:
        path = f"/webhooks/own/{quote(result.shop_id, safe='')}"
        for message in waiting:
            answer = await _post(http, path, secret, message)
            if isinstance(answer, str):
                result.refused[message.id] = answer
            else:
                result.acknowledged[message.id] = message.order_no
                result.known_before += bool(answer.get("duplicate"))

    async def _look(self, sessions: Sessions, result: Result) -> None:
        """Where every acknowledged order stands now."""
        numbers = set(result.acknowledged.values())
        async with sessions.begin() as session:
            replaying = Replaying(session, result.shop_id)
            rows = await replaying.outcomes(numbers)
            kept = await replaying.kept(result.acknowledged)
        uses = Counter(row.external_no for row in rows)
        result.standings = {row.external_no: following.standing(row) for row in rows}
        result.lost = {
            number
            for message_id, number in result.acknowledged.items()
            if message_id not in kept or number not in uses
        }
        result.doubled = {row.external_no for row in rows if row.sent_twice}
        result.doubled |= {number for number, times in uses.items() if times > 1}
        result.doubled |= {result.acknowledged[one] for one, times in kept.items() if times > 1}


async def _post(
    http: httpx.AsyncClient, path: str, secret: str, message: PastMessage
) -> dict[str, Any] | str:
    """The acknowledgement, or why there is none; a server that is away is waited for."""
    until, pause_s = time.monotonic() + _GIVE_UP_S, 0.5
    while True:
        headers = own_headers(secret, message.id, int(time.time()), message.body)
        try:
            answer = await http.post(path, content=message.body, headers=headers)
        except httpx.TransportError as error:
            why = f"no answer ({type(error).__name__})"
        else:
            if answer.is_success:
                body: dict[str, Any] = answer.json()
                return body
            why = _why(answer)
            if answer.status_code != _TRY_AGAIN and answer.status_code < 500:
                return why
        if time.monotonic() > until:
            return why
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)


def _why(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
        return f"{answer.status_code} {problem['code']}: {problem['detail']}"[:200]
    except (ValueError, KeyError, TypeError):
        return str(answer.status_code)
