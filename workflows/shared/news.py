"""What a lifecycle was told and has not looked at yet: handlers tell, `run` looks at the tables."""

from datetime import datetime, timedelta

from temporalio import workflow


class News:
    """Counts instead of a flag: what is told while somebody looks is looked at again."""

    def __init__(self) -> None:
        self._told = 0
        self.looked = 0

    def tell(self) -> None:
        """Something happened; the tables say what."""
        self._told += 1

    def look(self) -> None:
        """To be said before the tables are read, not after."""
        self.looked = self._told

    def unread(self) -> bool:
        """Whether something was told since the last look."""
        return self._told > self.looked

    async def wait(self, due: datetime | None) -> bool:
        """Until something is told, or it is time; whether something was told."""
        return await self.wait_for(due - workflow.now() if due else None)

    async def wait_for(self, longest: timedelta | None) -> bool:
        """The same, for so long at the most."""
        try:
            await workflow.wait_condition(self.unread, timeout=longest)
        except TimeoutError:
            return False
        return True
