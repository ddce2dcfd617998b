"""What can wait lets others go first, however the system weighs its processes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.server_process import before_exec

_OURS = "import os; print(os.nice(0), open('/proc/self/autogroup').read())"


@pytest.mark.skipif(
    not Path("/proc/self/autogroup").exists(), reason="sessions are not weighed here"
)
@pytest.mark.parametrize("courteous", [True, False])
def test_a_courteous_process_is_so_by_itself_and_as_a_session(courteous: bool) -> None:
    found = subprocess.run(
        [sys.executable, "-c", _OURS],
        start_new_session=True,
        preexec_fn=before_exec(signal.SIGINT, courteous),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    ours = os.nice(0)
    expected = (min(ours + 5, 19), 5) if courteous else (ours, 0)
    assert (int(found[0]), int(found[-1])) == expected
