"""The explorer from a small server on this machine: the same page, and an engine behind it that answers questions."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from causalvalues.errors import CausalValuesError, StudyError
from causalvalues.explorer.apart import apart
from causalvalues.explorer.guarding import guarded
from causalvalues.explorer.page import HERE, explorer_page
from causalvalues.explorer.questions import Engine, PlanQuestion, UnitQuestion, answer_plan, answer_unit, engine_of
from causalvalues.explorer.replies import failed, refused, reply
from causalvalues.explorer.run_files import open_run

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

LOOPBACK = "127.0.0.1"
LONGEST = 262_144
"""Bytes of a question."""
PATIENCE = 10.0
"""Seconds that a question may take to arrive."""
MOST_WAITING = 8
"""Questions that are answered or wait for it; one is answered at a time."""
SCRIPTS = ("asking.js", "live_plan.js", "live_unit.js")
"""Script files that a page from the server has beside those of the page."""
Ask = Callable[[Engine, Any], dict[str, Any]]
Endpoint = Callable[["Request"], Awaitable["Response"]]


def explorer_app(run: str | Path, other: str | Path | None = None) -> ASGIApp:
    """Return the server as an application (ASGI).

    Parameters
    ----------
    run : str or Path
        A run folder.
    other : str or Path, optional
        A second one, to compare with.

    Returns
    -------
    ASGI application
        ``GET /`` is the page, ``POST /api/plan`` and ``POST /api/unit`` take and give JSON. Nothing is written
        anywhere. A request whose ``Host`` is not this machine by name or number, or that another site sent, is refused
        with 403, so that no web page can ask through the reader's browser (DNS rebinding, cross-site requests).
    """
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.responses import HTMLResponse
    from starlette.routing import Route

    engine = engine_of(open_run(run))
    page = explorer_page(run, other, [(HERE / "script" / name).read_text(encoding="utf-8") for name in SCRIPTS])
    turns = asyncio.Semaphore(MOST_WAITING), asyncio.Lock()

    async def show(_request: Request) -> Response:
        return HTMLResponse(page)

    routes = [
        Route("/", show, methods=["GET"]),
        Route("/api/plan", _endpoint(PlanQuestion, partial(answer_plan, engine), turns), methods=["POST"]),
        Route("/api/unit", _endpoint(UnitQuestion, partial(answer_unit, engine), turns), methods=["POST"]),
    ]
    return guarded(Starlette(routes=routes, exception_handlers={HTTPException: refused, Exception: failed}))


def _endpoint(
    kind: type[BaseModel], ask: Callable[[Any], dict[str, Any]], turns: tuple[asyncio.Semaphore, asyncio.Lock]
) -> Endpoint:
    """Return an endpoint that reads one kind of question and answers it in its turn."""
    places, one_at_a_time = turns

    async def endpoint(request: Request) -> Response:
        try:
            question = kind.model_validate_json(await _body(request))
        except ValidationError as error:
            return reply({"error": _said(error)}, 422)
        if places.locked():
            return reply({"error": "Too many questions wait for the engine. Ask again in a moment."}, 503)
        try:
            async with places, one_at_a_time:
                if await request.is_disconnected():  # nobody waits for the answer
                    return reply({}, 499)
                return reply(await apart(partial(ask, question)))
        except CausalValuesError as error:
            return reply({"error": str(error)}, 422)
        except asyncio.CancelledError:
            return reply({"error": "The server was stopped."}, 503)

    return endpoint


async def _body(request: Request) -> bytes:
    """Return the text of a question; refuse what is not JSON, too long, or does not arrive."""
    from starlette.exceptions import HTTPException
    from starlette.requests import ClientDisconnect

    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "Send JSON, with the content type application/json.")
    declared = request.headers.get("content-length", "")
    length = int(declared) if declared.isdecimal() and len(declared) < 20 else 0
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            if length <= LONGEST:
                async for part in request.stream():
                    body += part
                    if len(body) > LONGEST:
                        break
    except TimeoutError:
        raise HTTPException(408, "The question did not arrive in time.") from None
    except ClientDisconnect:
        raise HTTPException(400, "The question broke off.") from None
    if max(length, len(body)) > LONGEST:
        raise HTTPException(413, f"A question has at most {LONGEST} bytes.")
    return bytes(body)


def _said(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(step) for step in first["loc"]) or "the question"
    return f"{where}: {first['msg']}."


def _print(address: str) -> None:
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()


def serve(
    run: str | Path,
    other: str | Path | None = None,
    port: int = 0,
    tell: Callable[[str], None] = _print,
) -> None:
    """Serve the explorer on 127.0.0.1, and on no other address of this machine, until it is interrupted (Ctrl-C).

    Parameters
    ----------
    run : str or Path
    other : str or Path, optional
    port : int, default 0
        0 takes a free one.
    tell : callable
        Is told the address, once the server listens.

    Raises
    ------
    StudyError
        If the port is taken or out of range, or an event loop runs already (in a notebook: use the command line).
    """
    import uvicorn

    with suppress(RuntimeError):
        asyncio.get_running_loop()
        raise StudyError("An event loop runs here already. Serve from a terminal: causalvalues explore RUN --serve.")
    app = explorer_app(run, other)
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
    )
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((LOOPBACK, port))
        except (OSError, OverflowError) as error:
            raise StudyError(f"Port {port} cannot be used ({error}). Give another, or 0 for a free one.") from None
        listening.listen(64)
        with suppress(KeyboardInterrupt):  # the way to stop it
            tell(f"http://{LOOPBACK}:{listening.getsockname()[1]}/")
            uvicorn.Server(config).run(sockets=[listening])
