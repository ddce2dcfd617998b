"""Our exceptions become Temporal failures here and nowhere else."""

from datetime import timedelta
from typing import Any, Final

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from domain.shared.errors import DomainError, IntegrationError, RateLimited, Rejected

_LONGEST_MESSAGE: Final = 500  # texts of others must not fill histories


class FailureTranslation(Interceptor):
    """Translates refusals and integration errors of every activity."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Translate(next)


class _Translate(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        try:
            return await super().execute_activity(input)
        except DomainError as error:
            raise ApplicationError(
                str(error)[:_LONGEST_MESSAGE],
                type=type(error).__name__,
                non_retryable=True,
                category=ApplicationErrorCategory.BENIGN,
            ) from error
        except IntegrationError as error:
            raise ApplicationError(
                str(error)[:_LONGEST_MESSAGE],
                error.code[:100],
                type=type(error).__name__,
                non_retryable=isinstance(error, Rejected),
                next_retry_delay=_delay(error),
            ) from error


def _delay(error: IntegrationError) -> timedelta | None:
    return timedelta(seconds=error.retry_after_s) if isinstance(error, RateLimited) else None
