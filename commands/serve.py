"""`onhand serve`: one process of Onhand, in the foreground, as containers run it."""

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from typing import Annotated, Final

import typer

from runtime import logs
from runtime.server_process import be_courteous
from runtime.settings import Settings, StartRefused

_LAST_RESORT_S: Final = 10.0
_SECONDS_PER_HOP: Final = 5.0  # of a sandbox parcel at speed 1
_OTHERS_WAIT_FOR: Final = frozenset({"api"})
_STREAMS_END_S: Final = 3  # live pages hold their connection open; they reconnect by themselves


def command(
    process: Annotated[str, typer.Argument(help="api, worker, sandbox or warehouse")],
    with_parent: Annotated[
        bool, typer.Option("--with-parent", help="End when standard input ends")
    ] = False,
) -> None:
    """Run one process until SIGTERM or Ctrl-C."""
    settings = Settings.load()
    if process not in PROCESSES:
        raise StartRefused(f"There is no process {process}; there are {', '.join(PROCESSES)}.")
    logs.configure(settings.log_level, settings.log_format, process=process)
    if with_parent:
        if process not in _OTHERS_WAIT_FOR:
            be_courteous()
        threading.Thread(target=_end_with_parent, daemon=True).start()
    PROCESSES[process](settings)


def _api(settings: Settings) -> None:
    from api.app import create_app

    _serve(create_app(settings), settings.host, settings.port)


def _worker(settings: Settings) -> None:
    from worker import main

    main()


def _sandbox(settings: Settings) -> None:
    from integrations.sandbox.app import create_sandbox
    from integrations.sandbox.settings import (
        JdlAccount,
        SandboxSettings,
        SfAccount,
        YtoAccount,
        YundaAccount,
    )

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    sandbox = SandboxSettings(
        database=str(settings.data_dir / "sandbox.sqlite"),
        callback_base_url=f"{settings.api_url}/webhooks",
        seconds_per_hop=_SECONDS_PER_HOP / (settings.simulator_speed or 1),
        sf=SfAccount(push_path="carriers/sf/demo"),
        yto=YtoAccount(push_path="carriers/yto/demo"),
        jdl=JdlAccount(push_path="carriers/jdl/demo"),
        yunda=YundaAccount(push_path="carriers/yunda/demo"),
    )
    _serve(create_sandbox(sandbox), settings.host, settings.sandbox_port)


def _warehouse(settings: Settings) -> None:
    import asyncio

    from commands.demo import DEMO_KEY
    from integrations.sandbox.buyers import run_buyers
    from integrations.sandbox.returning import run_returns
    from integrations.sandbox.warehouse import run_warehouse

    sandbox, speed, api = settings.sandbox_base_url, settings.simulator_speed, settings.api_url
    share = settings.simulator_returns

    async def simulate() -> None:
        people = [asyncio.create_task(run_buyers(sandbox))] if speed > 0 else []
        if speed > 0 and share > 0:
            people.append(asyncio.create_task(run_returns(api, sandbox, DEMO_KEY, share, speed)))
        try:
            await run_warehouse(api, sandbox, DEMO_KEY, speed)
        finally:
            for one in people:
                one.cancel()

    asyncio.run(simulate())


PROCESSES: Final[Mapping[str, Callable[[Settings], None]]] = {
    "api": _api,
    "worker": _worker,
    "sandbox": _sandbox,
    "warehouse": _warehouse,
}


def _serve(app: object, host: str, port: int) -> None:
    import uvicorn

    from api.slow_callers import PatientForHeaders

    uvicorn.run(
        app,  # type: ignore[arg-type]
        host=host,
        port=port,
        http=PatientForHeaders,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_STREAMS_END_S,
    )


def _end_with_parent() -> None:
    """A supervisor that was killed cannot say so; its end of the pipe closes all the same."""
    while os.read(0, 4096):  # not sys.stdin: its lock breaks the end of the interpreter
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_LAST_RESORT_S)
    os._exit(1)
