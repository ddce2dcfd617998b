"""How long goods have lain and will last, and which nobody wants, for programs and pages."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession

from api.auth import principal_of
from api.inventory.pictures import asked_of
from api.inventory.routes import Questioned, Reading
from db.inventory.lying import MOST_SKUS, lying
from domain.inventory.levels import Question
from domain.inventory.lying import AGES, COVERS, Lying, by_age, by_cover
from domain.platform.permissions import Permission
from domain.shared.clock import COMPANY_ZONE

router = APIRouter(tags=["inventory"])
USUAL_DAYS = 90
_SHOWN = 200
Days = Annotated[int, Query(ge=1, le=400)]


@dataclass(frozen=True, slots=True)
class Aged:
    """An answer; `dead` are those of `lying` that did not move for the days that were asked."""

    lying: tuple[Lying, ...]
    dead: tuple[Lying, ...]
    ages: tuple[int, ...]
    covers: tuple[int, ...]
    today: date

    @property
    def value_minor(self) -> int:
        """What all of it stands in the books for."""
        return sum(one.value_minor for one in self.lying)

    @property
    def dead_minor(self) -> int:
        """What the dead part stands in the books for."""
        return sum(one.value_minor for one in self.dead)


async def aged_of(session: AsyncSession, question: Question, days: int) -> Aged:
    """The products in which most money lies, of those that fit. Raises UnknownLocation."""
    now = datetime.now(UTC)
    today = now.astimezone(COMPANY_ZONE).date()
    asked = await asked_of(session, question)
    found = await lying(session, question, asked.ids, now)
    return Aged(
        tuple(found), tuple(one for one in found if one.is_dead(today, days)),
        tuple(by_age(found, today)), tuple(by_cover(found)), today,
    )  # fmt: skip


class BucketView(BaseModel):
    """From so many days on; null: nobody knows, or nothing was sold."""

    from_days: int | None
    count: int


class LyingView(BaseModel):
    """A product at a place. `cover_days`: how long it lasts when it sells on as in the last 28
    days; null when nothing was sold. `oldest_days`: null when the ledger does not say.
    `value_minor` is for those who read the books."""

    sku: str
    location: str
    on_hand: int
    value_minor: int | None
    sold: int
    cover_days: int | None
    oldest_days: int | None
    last_left: date | None
    dead: bool


class AgeingView(BaseModel):
    """`ages` counts units by how long they have lain, first in first out; `covers` counts products
    at places by how long they last; `rows` are those in which most money lies."""

    skus_at_most: int
    ages: list[BucketView]
    covers: list[BucketView]
    rows: list[LyingView]


@router.get("/stock/ageing")
async def ageing(
    request: Request,
    session: Reading,
    asked: Questioned,
    days: Days = USUAL_DAYS,
    dead: bool = False,
) -> AgeingView:
    """How long goods have lain and will last; `dead`: only what did not move for so many days."""
    may_see = principal_of(request).may(Permission.READ_BOOKS)
    seen = await aged_of(session, asked, days)
    shown = seen.dead if dead else seen.lying
    return AgeingView(
        skus_at_most=MOST_SKUS,
        ages=_buckets(AGES, seen.ages),
        covers=_buckets(COVERS, seen.covers),
        rows=[
            LyingView(
                sku=one.sku, location=one.location_id, on_hand=one.on_hand,
                value_minor=one.value_minor if may_see else None, sold=one.sold,
                cover_days=one.cover_days,
                oldest_days=one.oldest_days(seen.today), last_left=one.last_left,
                dead=one.is_dead(seen.today, days),
            )
            for one in shown[:_SHOWN]
        ],
    )  # fmt: skip


def _buckets(begins: tuple[int, ...], counts: tuple[int, ...]) -> list[BucketView]:
    return [
        BucketView(from_days=begin, count=count)
        for begin, count in zip((*begins, None), counts, strict=True)
    ]
