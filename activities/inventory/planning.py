"""The nightly planner's steps; each is one transaction, and done again it changes nothing."""

from dataclasses import dataclass

from temporalio import activity

from db.engine import Sessions
from db.inventory import planner, policies
from db.inventory.approving import approve_small
from db.inventory.demand import days_to_roll, roll_up
from db.inventory.planning_settings import setting_of
from domain.inventory.planning.work import (
    Night,
    NightToPlan,
    PlacePlanned,
    PlanPlace,
    Reckoned,
)


@dataclass(frozen=True, slots=True)
class PlanningActivities:
    """The tables, as the planner sees them. `company_limit_minor`: what anybody orders alone."""

    sessions: Sessions
    company_limit_minor: int = 0

    @activity.defn(name="planning.look")
    async def look(self, wanted: Night) -> NightToPlan:
        """What is left to do tonight."""
        async with self.sessions.begin() as session:
            setting = await setting_of(session)
            days = await days_to_roll(session, wanted.night, setting.window_days)
            places = await planner.places_to_plan(session, wanted.night)
        return NightToPlan(
            tuple(days), tuple(place.id for place in places if not place.reckoned),
            tuple(place.id for place in places),
        )  # fmt: skip

    @activity.defn(name="planning.roll_up")
    async def roll_up(self, day: Night) -> None:
        """Read a day's demand out of the ledger."""
        async with self.sessions.begin() as session:
            await roll_up(session, day.night)

    @activity.defn(name="planning.begin")
    async def begin(self, place: PlanPlace) -> None:
        """Which SKUs are planned there, and of which class each is."""
        async with self.sessions.begin() as session:
            await policies.begin(session, place.location_id, place.night)

    @activity.defn(name="planning.reckon")
    async def reckon(self, place: PlanPlace) -> Reckoned:
        """The policies of the next batch."""
        async with self.sessions.begin() as session:
            return Reckoned(
                await policies.reckon(session, place.location_id, place.night, place.after)
            )

    @activity.defn(name="planning.suggest")
    async def suggest(self, place: PlanPlace) -> PlacePlanned:
        """What to order for the location; small orders go out at once, where that is set."""
        async with self.sessions.begin() as session:
            found = await planner.suggest(session, place.location_id, place.night)
            approved = await approve_small(
                session, place.location_id, place.night, self.company_limit_minor
            )
        return PlacePlanned(found, approved)
