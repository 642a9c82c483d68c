"""The progress line of an elicitation: how far, how fast, how long still, and what the server does."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from causalvalues.elicitation.running import Tally

EVERY = 60.0
"""Seconds between two lines where there is no terminal."""

MOST_NOTICES = 20
"""Notices that are shown where there is no terminal."""

Watch = Callable[[Tally], None]
Notice = Callable[[str], None]


@dataclass(frozen=True)
class Watching:
    """Who is told what.

    Parameters
    ----------
    progress : callable
        Given a `Tally` after each step.
    notice : callable
        Given a line when a server makes us wait or a question is asked again.
    """

    progress: Watch
    notice: Notice


@contextmanager
def progress_line() -> Iterator[Watching]:
    """Show one line on stderr while an elicitation runs; without a terminal, a line a minute.

    Yields
    ------
    Watching
    """
    if not sys.stderr.isatty():
        yield _plain_lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    begun = time.monotonic()
    said = [""]
    with Progress(BarColumn(24), TextColumn("{task.description}"), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("begin", total=None)

        def progress(tally: Tally) -> None:
            text = line(tally, time.monotonic() - begun, said[0])
            bar.update(task, total=tally.sheets, completed=tally.done, description=text)

        def notice(text: str) -> None:
            said[0] = text

        yield Watching(progress, notice)


def _plain_lines() -> Watching:
    """Write at most a line a minute where there is no terminal, and each notice of a server once."""
    begun = time.monotonic()
    last, heard = [begun], set[str]()

    def progress(tally: Tally) -> None:
        now = time.monotonic()
        if now - last[0] >= EVERY:
            last[0] = now
            print(line(tally, now - begun), file=sys.stderr, flush=True)  # noqa: T201

    def notice(text: str) -> None:
        if text not in heard and len(heard) < MOST_NOTICES:
            heard.add(text)
            print(text, file=sys.stderr, flush=True)  # noqa: T201

    return Watching(progress, notice)


def line(tally: Tally, elapsed: float, notice: str = "") -> str:
    """Return the words beside the bar.

    Parameters
    ----------
    tally : Tally
    elapsed : float
        Seconds since the start.
    notice : str
        What the server last made us do, if anything.

    Examples
    --------
    >>> line(Tally(sheets=20, done=10, asked=400, from_store=40), 8.0)
    '10 of 20 sheets, 400 questions asked (50 a second), 40 from the store, 8 s left'
    """
    said = f"{tally.done} of {tally.sheets} sheets, {tally.asked} questions asked"
    if elapsed > 0 and tally.asked:
        said += f" ({tally.asked / elapsed:.0f} a second)"
    said += f", {tally.from_store} from the store"
    if tally.lost:
        said += f", {tally.lost} lost on the way"
    left = tally.remaining(elapsed)
    if left is not None and tally.done < tally.sheets:
        said += f", {_duration(left)} left"
    return said + (f"; {notice}" if notice else "")


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
