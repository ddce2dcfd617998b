"""One format for our events and those of libraries, in both forms."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def lines_of(code: str, log_format: str) -> list[str]:
    """What a process of its own writes: logging is set up for the whole process."""
    start = (
        "import logging, structlog\nfrom runtime import logs\n"
        f"logs.configure('INFO', {log_format!r}, process='worker')\nlog = structlog.get_logger()\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"}
    done = subprocess.run(
        [sys.executable, "-c", start + code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_our_events_and_a_librarys_lines_have_the_same_keys() -> None:
    ours, theirs = map(
        json.loads,
        lines_of(
            "log.info('order.cancelled', order_id='o-1', reason='不要了')\n"
            "logging.getLogger('temporalio.worker').warning('slow %s', 'poll')\n"
            "logging.getLogger('httpx').info('HTTP Request: GET')\n",
            "json",
        ),
    )
    assert ours.pop("timestamp").endswith("Z")
    assert ours == {
        "event": "order.cancelled",
        "order_id": "o-1",
        "reason": "不要了",
        "level": "info",
        "logger": "__main__",
        "process": "worker",
    }
    assert theirs.pop("timestamp").endswith("Z")
    assert theirs == {
        "event": "slow poll",
        "level": "warning",
        "logger": "temporalio.worker",
        "process": "worker",
    }


def test_the_console_form_is_one_line_without_colours_when_it_is_no_terminal() -> None:
    (line,) = lines_of("log.warning('step.parked', order_id='o-1')", "console")
    assert line[9:].split() == ["[warning", "]", "step.parked", "order_id=o-1"]


def test_a_traceback_shows_no_local_variables() -> None:
    lines = lines_of(
        "def work(phone):\n    return 1 / 0\n"
        "try:\n    work('0000'.replace('0', '7'))\n"
        "except Exception:\n    log.exception('step.broke')\n",
        "console",
    )
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert not any("7777" in line for line in lines)


def test_what_others_send_writes_no_line_and_no_colour_of_its_own() -> None:
    sent = "a\r\n[error] hacked\x1b[31m\x9b31m好"
    (console,) = lines_of(f"log.info('webhook.refused', reason={sent!r})", "console")
    (line,) = lines_of(f"log.info('webhook.refused', reason={sent!r})", "json")
    assert console.isprintable()
    assert line.isprintable()
    assert json.loads(line)["reason"] == r"a\r\n[error] hacked\x1b[31m\x9b31m好"


def test_what_an_outside_system_refused_is_one_line_and_a_fault_of_ours_keeps_its_traceback() -> (
    None
):
    refused, fault, *traceback = lines_of(
        "from domain.shared.errors import Unavailable\n"
        "from temporalio.exceptions import ApplicationError\n"
        "sdk = logging.getLogger('temporalio.activity')\n"
        "def told(error, cause=None):\n"
        "    try:\n"
        "        raise error from cause\n"
        "    except Exception:\n"
        "        sdk.warning('Completing activity as failed', exc_info=True)\n"
        "told(ApplicationError('x'), Unavailable('answered HTTP 503\\nand more'))\n"
        "told(KeyError('lot'))\n",
        "console",
    )

    assert "error=Unavailable text='answered HTTP 503'" in refused
    assert "Completing activity as failed" in fault
    assert traceback[0].startswith("Traceback")
    assert "KeyError: 'lot'" in traceback[-1]
