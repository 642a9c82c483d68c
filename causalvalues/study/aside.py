"""A second thread for work that the rest of a study does not wait for: the same results, sooner on two processors."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

Found = TypeVar("Found")


class Aside(Generic[Found]):
    """A verb that begins at once in a thread of its own; `result` waits for it.

    What it finds must not depend on anything that goes on beside it, so every random thing in it has its own seed. The
    thread does not keep an interrupted program alive.

    Parameters
    ----------
    verb : callable
    threaded : bool, default True
        False runs it here and now.
    after : Aside, optional
        Begins when that one has ended, however it ended.

    Examples
    --------
    >>> Aside(lambda: 6 * 7).result()
    42
    """

    def __init__(self, verb: Callable[[], Found], threaded: bool = True, after: Aside[Any] | None = None) -> None:
        self._found: list[Found] = []
        self._error: list[BaseException] = []
        self._after = after
        self._thread = threading.Thread(target=self._run, args=(verb,), daemon=True)
        if threaded:
            self._thread.start()
        else:
            self._found.append(verb())

    def _run(self, verb: Callable[[], Found]) -> None:
        if self._after is not None:
            self._after.wait()
        try:
            self._found.append(verb())
        except BaseException as error:  # handed to the thread that asks
            self._error.append(error)

    def wait(self) -> None:
        """Return when the verb has ended."""
        if self._thread.ident is not None:
            self._thread.join()

    def result(self) -> Found:
        """Return what the verb returned, or raise what it raised."""
        self.wait()
        if self._error:
            raise self._error[0]
        return self._found[0]
