"""One readable log: dotted events with keys, ours and those of the libraries, in one format."""

import logging
import os
import sys
from typing import Final, Literal, cast

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from structlog.typing import EventDict, Processor, WrappedLogger
from temporalio import activity, workflow
from temporalio.exceptions import ApplicationError

from domain.platform.quoting import without_people
from domain.shared.errors import DomainError, IntegrationError

# What happens on any day: what it says is worth a line, where in the code it rose is not.
_EXPECTED: Final = (DomainError, IntegrationError, OperationalError, InterfaceError)
_LONGEST_TEXT: Final = 300
_NOISE: Final = (
    "temporal_workflow", "temporal_activity", "color_message", "__temporal_error_identifier",
)  # fmt: skip
_OURS: Final = ("exception", "stack")
_QUIET: Final = ("httpx", "httpcore", "uvicorn.access", "uvicorn.error", "alembic", "asyncio")


def drop_replayed(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """A replay is a memory, not an event: say nothing twice."""
    if workflow.in_workflow() and workflow.unsafe.is_replaying_history_events():
        raise structlog.DropEvent
    return event


def add_temporal_context(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Name the workflow, and the activity with its attempt, that an event comes from."""
    if workflow.in_workflow():
        event.setdefault("workflow_id", workflow.info().workflow_id)
    elif activity.in_activity():
        info = activity.info()
        event.setdefault("workflow_id", info.workflow_id)
        event.setdefault("activity", info.activity_type)
        event.setdefault("attempt", info.attempt)
    return event


def configure(
    level: str = "INFO",
    log_format: Literal["console", "json"] = "console",
    *,
    process: str = "",
) -> None:
    """Send every log line of this process to stdout, as text for people or as JSON for machines.

    `process` (api, worker, …) becomes a key of the JSON form; in the console form whoever merges
    several processes puts it in front of the line.
    """
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        add_temporal_context,
        _without_noise,
        _expected_in_a_line,
        _in_one_line,
    ]
    structlog.configure(
        processors=[drop_replayed, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *(_as_json(process) if log_format == "json" else _as_text()),
            ],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    workflow.logger.workflow_info_on_message = False
    activity.logger.activity_info_on_message = False


def _in_one_line(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Control characters in what others sent could write lines or colours of their own; whom it
    names is nobody's business."""
    for key, value in event.items():
        if isinstance(value, str) and (value := without_people(value)) != event[key]:
            event[key] = value
        if isinstance(value, str) and not value.isprintable() and key not in _OURS:
            event[key] = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in value)
    return event


def _expected_in_a_line(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """An outside system that is away for an hour must not bury the log under tracebacks."""
    given = event.get("exc_info")
    raised = given[1] if isinstance(given, tuple) else given
    if isinstance(raised, ApplicationError):
        raised = raised.__cause__
    if isinstance(raised, _EXPECTED):
        del event["exc_info"]
        event["error"] = type(raised).__name__
        lines = str(raised).strip().splitlines()
        event["text"] = lines[0][:_LONGEST_TEXT] if lines else ""
    return event


def _without_noise(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for key in _NOISE:
        event.pop(key, None)
    return event


def _as_text() -> list[Processor]:
    renderer = structlog.dev.ConsoleRenderer(
        colors=_coloured(),
        exception_formatter=structlog.dev.plain_traceback,  # the rich one prints local variables
        pad_event_to=32,
    )
    return [_without_logger, structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False), renderer]


def _as_json(process: str) -> list[Processor]:
    def add_process(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        if process:
            event["process"] = process
        return event

    return [
        add_process,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        cast(Processor, structlog.processors.JSONRenderer(ensure_ascii=False)),
    ]


def _without_logger(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Our own events say where they come from; for a library's line its name helps."""
    logger = event.get("logger")
    if isinstance(logger, str) and "." in str(event.get("event", "")).split(" ", 1)[0]:
        event.pop("logger")
    return event


def _coloured() -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()
