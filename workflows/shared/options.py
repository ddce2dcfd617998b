"""Time limits and retries, by kind of dependency. The only place that names any."""

from datetime import timedelta

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig, LocalActivityConfig

# Our own database: it comes back, so there is no end to trying. Retries that would take longer than
# a minute become timers of the workflow.
DATABASE: LocalActivityConfig = {
    "start_to_close_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=30)
    ),
    "local_retry_threshold": timedelta(seconds=60),
}

# A slice of a long list into our own database, which may be busy.
SLICE: ActivityConfig = {
    "start_to_close_timeout": timedelta(minutes=2),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)
    ),
}

# One check over whole tables; it takes minutes where there are many rows.
WHOLE_TABLES: ActivityConfig = {
    "start_to_close_timeout": timedelta(minutes=15),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=5)
    ),
}

# A call to somebody else: tried for ten minutes, then a person is asked.
OUTSIDE: ActivityConfig = {
    "start_to_close_timeout": timedelta(seconds=30),
    "schedule_to_close_timeout": timedelta(minutes=10),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1),
        backoff_coefficient=2.0,
        maximum_interval=timedelta(minutes=2),
    ),
}

# One window of a pulled shop. Its poller tries again for ever, so it need not be patient here.
PULL: ActivityConfig = {
    "start_to_close_timeout": timedelta(minutes=4),
    "schedule_to_close_timeout": timedelta(minutes=5),
    "heartbeat_timeout": timedelta(seconds=45),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)
    ),
}

# Telling another workflow of ours what was decided: it answers as soon as a worker is there.
DECISION: ActivityConfig = {
    "start_to_close_timeout": timedelta(seconds=20),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)
    ),
}

# Some orders of a bulk job, each by a command of its own. What is left is tried again for ever.
MANY_ORDERS: ActivityConfig = {
    "start_to_close_timeout": timedelta(minutes=5),
    "heartbeat_timeout": timedelta(seconds=60),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)
    ),
}

# How long a step that waits for a gate sleeps when nobody wakes it.
GATE_PATIENCE = timedelta(minutes=15)
