"""How our exceptions reach workflows: the type to branch on, and whether a retry helps."""

from datetime import timedelta
from typing import Any, cast

import pytest
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from domain.platform.quoting import opened
from domain.shared.errors import (
    AnswerLost,
    CredentialsRefused,
    InsufficientStock,
    RateLimited,
    Rejected,
    Unavailable,
)
from runtime.failures import FailureTranslation


class Failing(ActivityInboundInterceptor):
    """Stands for an activity that raises."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        raise self._error


async def translated(error: Exception) -> BaseException:
    chain = FailureTranslation().intercept_activity(Failing(error))
    with pytest.raises(BaseException) as raised:  # noqa: PT011 - the type is what is looked at
        await chain.execute_activity(cast(ExecuteActivityInput, None))
    return raised.value


async def test_a_refusal_is_never_retried_and_is_no_alarm() -> None:
    failure = await translated(InsufficientStock("3 of 5 are free"))
    assert isinstance(failure, ApplicationError)
    assert (failure.type, failure.message) == ("InsufficientStock", "3 of 5 are free")
    assert failure.non_retryable
    assert failure.category is ApplicationErrorCategory.BENIGN


@pytest.mark.parametrize(
    ("error", "final"),
    [
        (Unavailable("down", code="503"), False),
        (AnswerLost("cut off", code="timeout"), False),
        (Rejected("no such street", code="8016"), True),
        (CredentialsRefused("expired", code="A1001"), True),
    ],
)
async def test_the_vendor_code_travels_along_and_only_rejections_are_final(
    error: Unavailable | Rejected, final: bool
) -> None:
    failure = await translated(error)
    assert isinstance(failure, ApplicationError)
    assert failure.type == type(error).__name__
    assert failure.details == (error.code,)
    assert failure.non_retryable is final


async def test_who_says_when_to_come_back_is_asked_then() -> None:
    failure = await translated(RateLimited("slow down", retry_after_s=42, code="429"))
    assert isinstance(failure, ApplicationError)
    assert failure.next_retry_delay == timedelta(seconds=42)
    assert not failure.non_retryable


async def test_long_texts_of_others_do_not_fill_histories() -> None:
    failure = await translated(Rejected("x" * 10_000))
    assert isinstance(failure, ApplicationError)
    assert failure.message == "x" * 500


async def test_a_bug_stays_a_bug() -> None:
    error = KeyError("sku")
    assert await translated(error) is error


class Opening(Failing):
    """Stands for an activity that opens a person before it raises."""

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        opened("欧阳金丝雀")
        raise self._error


@pytest.mark.parametrize(
    ("error", "kind", "final"),
    [
        (Rejected("欧阳金丝雀 is unknown"), "Rejected", True),
        (InsufficientStock("欧阳金丝雀 is unknown"), "InsufficientStock", True),
        (ValueError("欧阳金丝雀 is unknown"), "ValueError", False),  # a bug of ours is tried again
    ],
)
async def test_nobody_who_was_opened_is_quoted(error: Exception, kind: str, final: bool) -> None:
    chain = FailureTranslation().intercept_activity(Opening(error))
    with pytest.raises(ApplicationError) as raised:
        await chain.execute_activity(cast(ExecuteActivityInput, None))

    failure = raised.value
    assert (failure.type, failure.message, failure.non_retryable) == (kind, "*** is unknown", final)
    assert "欧阳" not in str(failure.__cause__)


async def test_a_bug_that_names_nobody_keeps_its_trace() -> None:
    assert await translated(error := ValueError("unexpected")) is error
