"""`onhand up`: everything on this machine."""

from importlib.util import find_spec

from commands.migrate import prepare, reconcile
from runtime import logs
from runtime.child import Child
from runtime.settings import Settings
from runtime.supervise import Supervisor


def command() -> None:
    """Start everything on this machine and show what happens, until Ctrl-C."""
    settings = Settings.load()
    logs.configure("WARNING", settings.log_format, process="up")  # the children tell the rest
    Supervisor(settings, _children(settings), prepare, reconcile, _demo_logins(settings)).run()


def _children(settings: Settings) -> tuple[Child, ...]:
    """In the order in which they start; they stop the other way round, all but the worker first."""
    wanted = [Child("worker", "worker", stops_last=True), Child("api", "api.app")]
    if settings.sandbox:
        wanted.append(Child("sandbox", "integrations.sandbox.app"))
        if settings.simulator_speed > 0:
            wanted.append(Child("warehouse", "integrations.sandbox.warehouse"))
    return tuple(child for child in wanted if find_spec(child.module) is not None)


def _demo_logins(settings: Settings) -> tuple[tuple[str, str, str], ...]:
    """(what they do, name, password) of everyone in the demo company."""
    if not settings.demo:
        return ()
    from commands.demo import LOGINS

    return tuple(LOGINS)
