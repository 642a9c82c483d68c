"""How the command line fails: one clear message, the right exit code, a traceback only when asked for."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from causalvalues.errors import CausalValuesError

_DEBUG = "causalvalues.debug"
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""
CLOSED_PIPE = 141
"""Exit code when the reader of the output has gone away, as shells have it."""


def remember_debug(context: typer.Context, value: bool) -> bool:
    """Note that ``--debug`` was given, where `Commands` finds it."""
    context.meta[_DEBUG] = bool(context.meta.get(_DEBUG)) or value
    return value


class Commands(TyperGroup):
    """The group of all commands; it turns errors of the library into messages and exit codes."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; exit with the code of the error that it raises."""
        try:
            return super().invoke(ctx)
        except CausalValuesError as error:
            if ctx.meta.get(_DEBUG):
                raise
            typer.echo(f"{type(error).__name__}: {error}", err=True)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt as interrupt:
            if ctx.meta.get(_DEBUG):
                raise
            typer.echo(str(interrupt) or "Interrupted. Nothing was written.", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:  # whoever read the output has had enough, as `head` has
            if ctx.meta.get(_DEBUG):
                raise
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(CLOSED_PIPE) from None
        except OSError as error:
            if ctx.meta.get(_DEBUG):
                raise
            typer.echo(f"{error}. Check the path, its permissions and the space that is left.", err=True)
            raise typer.Exit(3) from None
