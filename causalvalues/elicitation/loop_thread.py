"""An event loop in a thread of its own, so that many questions can be asked at once from any program or notebook."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

Found = TypeVar("Found")


class LoopThread:
    """A running event loop.

    It ends with `close`, or with the program.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="causalvalues-server", daemon=True)
        self._thread.start()

    def start(self, work: Coroutine[Any, Any, Found]) -> concurrent.futures.Future[Found]:
        """Begin some work and return at once."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, Found]) -> Found:
        """Do some work and return what it returns."""
        job = self.start(work)
        try:
            return job.result()
        finally:
            job.cancel()

    def close(self, last: Coroutine[Any, Any, None]) -> None:
        """Cancel what is still going on, do some last work and end the thread."""
        self.run(_end(last))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _end(last: Coroutine[Any, Any, None]) -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await last
    await asyncio.get_running_loop().shutdown_asyncgens()
    await asyncio.get_running_loop().shutdown_default_executor()
