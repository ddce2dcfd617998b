"""The command `onhand`. A sub-command's module is imported only when it is asked for."""

import sys
from importlib import import_module
from typing import Final

import typer
from typer.core import TyperGroup

from runtime.settings import StartRefused

# Each name is a module in `commands` with a function `command`, or a typer `app` of its own.
COMMANDS: Final = (
    "up",
    "migrate",
    "serve",
    "replay",
    "simulate",
    "redrive",
    "reseal",
    "erase",
    "audit",
    "check-pages",
    "sandbox",
    "import",
    "export",
)


class _OnDemand(TyperGroup):
    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str):  # type: ignore[no-untyped-def,override]
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"commands.{cmd_name.replace('-', '_')}")
        if hasattr(module, "app"):  # a command with commands of its own
            return typer.main.get_command(module.app)
        single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        single.command(cmd_name)(module.command)
        return typer.main.get_command(single)


app = typer.Typer(
    cls=_OnDemand,
    help="Onhand 现货: retail distribution on durable workflows.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _all() -> None:
    pass


def main() -> None:
    """Entry point; a refusal is one sentence on stderr and exit code 1."""
    try:
        app()
    except StartRefused as refusal:
        typer.echo(str(refusal), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
