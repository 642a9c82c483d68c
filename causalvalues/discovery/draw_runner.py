"""Runs the draws of a bootstrap in threads: same draws for any number of threads, and an interrupt loses none."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from causalvalues.frozen import BoolArray

MOST_WORKERS = 4


@dataclass(frozen=True, eq=False)
class Draw:
    """What came of one draw.

    Parameters
    ----------
    graph : array (p, p) of bool, or None
        None when the sample carries no graph, or there was no time to begin.
    complete : bool
        False when the search was cut short.
    """

    graph: BoolArray | None
    complete: bool = True


def available_workers() -> int:
    """Return how many threads to use when nobody says: the processors of this process, at most four."""
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), MOST_WORKERS)
    return min(os.cpu_count() or 1, MOST_WORKERS)


def run_draws(
    compute: Callable[[int], Draw],
    numbers: Iterable[int],
    take: Callable[[int, Draw], None],
    stop: threading.Event,
    workers: int = 1,
) -> None:
    """Compute draws and hand each to `take`, in this thread, in the order in which they are finished.

    Parameters
    ----------
    compute : function of the number of a draw
        Depends on the number alone. Threads run beside each other where it works outside the interpreter's lock, as
        compiled loops do. It should return soon once `stop` is set.
    numbers : iterable of int
    take : function of the number and the draw
    stop : threading.Event
        Set here when something goes wrong or the user interrupts; draws that are finished by then are handed over
        before the exception goes on.
    workers : int, default 1
        Threads; 1 computes in this thread.
    """
    if workers == 1:
        for number in numbers:
            take(number, compute(number))
        return
    todo: SimpleQueue[int] = SimpleQueue()
    done: SimpleQueue[tuple[int, Draw | BaseException]] = SimpleQueue()
    count = 0
    for number in numbers:
        todo.put(number)
        count += 1

    def work() -> None:
        while not stop.is_set():
            try:
                number = todo.get_nowait()
            except Empty:
                return
            try:
                done.put((number, compute(number)))
            except BaseException as error:
                done.put((number, error))
                return

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(workers, count))]
    try:
        for thread in threads:
            thread.start()
        for _ in range(count):
            _hand_over(_next(done), take)
    finally:
        stop.set()
        for thread in threads:
            with suppress(RuntimeError):  # an interrupt can come before a thread has begun
                thread.join()
        while not done.empty():
            number, result = done.get()
            if isinstance(result, Draw):
                take(number, result)


def _next(done: SimpleQueue[tuple[int, Draw | BaseException]]) -> tuple[int, Draw | BaseException]:
    while True:
        try:
            return done.get(timeout=0.5)  # so that an interrupt is noticed on every system
        except Empty:
            continue


def _hand_over(item: tuple[int, Draw | BaseException], take: Callable[[int, Draw], None]) -> None:
    number, result = item
    if not isinstance(result, Draw):
        raise result
    take(number, result)
