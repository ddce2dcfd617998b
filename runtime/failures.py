"""Our exceptions become Temporal failures here and nowhere else."""

from datetime import timedelta
from typing import Any, Final

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from domain.platform.quoting import nobody_quoted, without_people
from domain.shared.errors import DomainError, IntegrationError, RateLimited, Rejected

_LONGEST_MESSAGE: Final = 500  # texts of others must not fill histories


class FailureTranslation(Interceptor):
    """Translates refusals and integration errors of every activity."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Translate(next)


class _Translate(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        with nobody_quoted():
            try:
                return await super().execute_activity(input)
            except DomainError as error:
                raise ApplicationError(
                    _said(error),
                    type=type(error).__name__,
                    non_retryable=True,
                    category=ApplicationErrorCategory.BENIGN,
                ) from error
            except IntegrationError as error:
                raise ApplicationError(
                    _said(error),
                    error.code[:100],
                    type=type(error).__name__,
                    non_retryable=isinstance(error, Rejected),
                    next_retry_delay=_delay(error),
                ) from error
            except Exception as error:
                if (text := without_people(str(error))) == str(error):
                    raise
                # What a bug says of people goes no further, nor does where it says it.
                raise ApplicationError(text[:_LONGEST_MESSAGE], type=type(error).__name__) from None


def _said(error: Exception) -> str:
    """Its words without people; whoever looks at the error itself reads the same."""
    error.args = (without_people(str(error)),)
    return str(error)[:_LONGEST_MESSAGE]


def _delay(error: IntegrationError) -> timedelta | None:
    return timedelta(seconds=error.retry_after_s) if isinstance(error, RateLimited) else None
