"""Progress on the terminal: one bar on stderr, and nothing when stderr is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Say = Callable[[str], None]


def silent(text: str) -> None:
    """Take the name of a step and show nothing."""


@contextmanager
def progress_bar(steps: int) -> Iterator[Say]:
    """Give a function that is told the name of each step as it begins.

    Parameters
    ----------
    steps : int
        How many steps there will be.

    Yields
    ------
    callable
        ``say("learn the graphs")`` moves the bar on.
    """
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(24), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("begin", total=steps)
        begun: list[str] = []

        def say(text: str) -> None:
            bar.update(task, description=text, advance=1 if begun else 0)
            begun.append(text)

        yield say
