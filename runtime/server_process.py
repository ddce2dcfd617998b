"""Starting and stopping a server's process: whose user it runs as, where its output goes."""

import contextlib
import os
import pwd
import signal
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypedDict

from runtime import leftovers

STOP_TIMEOUT_S: Final = 15.0
_LOG_LIMIT_BYTES: Final = 10 * 1024 * 1024
# Where all share one machine, what can wait must not delay what others wait for: a shop gives an
# acknowledgement a few seconds, a person a page. Steps of orders are later by as much at most.
_COURTESY: Final = 5  # of 19 steps: `man 2 nice`
# Each process has a session of its own, and Linux may weigh sessions instead of processes
# (`man 7 sched`, autogroup): then only what stands here counts between them.
_OF_SESSION: Final = Path("/proc/self/autogroup")


class Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def as_user(user: pwd.struct_passwd | None) -> Identity:
    """The root group must go too: its class of the file modes would be looked at first."""
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def be_courteous() -> None:
    """From now on this process lets the others go first when all want to work."""
    os.nice(_COURTESY)
    with contextlib.suppress(OSError):
        _OF_SESSION.write_text(str(_COURTESY))


def before_exec(ask: signal.Signals, courteous: bool) -> Callable[[], None]:
    """For `preexec_fn`: the child gets `ask` when its parent dies, and may be a courteous one."""
    tie = leftovers.ending_with_its_parent(ask)

    def prepare() -> None:
        if tie is not None:
            tie()
        if courteous:
            be_courteous()

    return prepare


def spawn(
    command: list[str], log: Path, user: pwd.struct_passwd | None, courteous: bool = False
) -> subprocess.Popen[bytes]:
    """In a session of its own, so that Ctrl-C reaches only us and we stop things in order."""
    if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".old.log"))
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=before_exec(signal.SIGINT, courteous),
            **as_user(user),
        )


def stop(process: subprocess.Popen[bytes] | None) -> None:
    """Ask with SIGINT, wait, then insist."""
    if process is None or process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def unprivileged_user(folder: Path, program: Path) -> pwd.struct_passwd | None:
    """Postgres refuses to run as root: then a user of its own that can reach both."""
    if os.geteuid() != 0:
        return None
    for target in (folder, program):
        _let_through(target)
    name = "onhandpg"
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(name)
    create = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name]
    with contextlib.suppress(OSError, KeyError):
        subprocess.run(create, capture_output=True)
        return pwd.getpwnam(name)
    return pwd.getpwnam("nobody")


def _let_through(target: Path) -> None:
    """Others may pass the folders above `target`, not list them."""
    for folder in target.absolute().parents:
        mode = stat.S_IMODE(folder.stat().st_mode)
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)
