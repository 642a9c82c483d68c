"""The explorer from a small server on this machine: the same page, and an engine behind it that answers questions."""

from __future__ import annotations

import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from causalvalues.errors import CausalValuesError, StudyError
from causalvalues.explorer.page import explorer_page
from causalvalues.explorer.questions import PlanQuestion, UnitQuestion, answer_plan, answer_unit
from causalvalues.explorer.run_files import Run, open_run

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

LOOPBACK = "127.0.0.1"
NAMES = frozenset({LOOPBACK, "localhost"})
LONGEST = 262_144
"""Bytes of a question."""
HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_LIVE = Path(__file__).parent / "script" / "live.js"
Ask = Callable[[Run, Any], dict[str, Any]]
Endpoint = Callable[["Request"], Awaitable["Response"]]


def explorer_app(run: str | Path, other: str | Path | None = None) -> Starlette:
    """Return the server as an application (ASGI).

    Parameters
    ----------
    run : str or Path
        A run folder.
    other : str or Path, optional
        A second one, to compare with.

    Returns
    -------
    Starlette
        ``GET /`` is the page, ``POST /api/plan`` and ``POST /api/unit`` take and give JSON. Nothing is written
        anywhere. A request whose ``Host`` is not this machine by name or number, or that another site sent, is refused
        with 403, so that no web page can ask through the reader's browser (DNS rebinding, cross-site requests).
    """
    from starlette.applications import Starlette
    from starlette.responses import HTMLResponse
    from starlette.routing import Route

    opened = open_run(run)
    page = explorer_page(run, other, (_LIVE.read_text(encoding="utf-8"),))
    one_at_a_time = Lock()

    async def show(request: Request) -> Response:
        return refusal(request) or HTMLResponse(page, headers=HEADERS)

    routes = [
        Route("/", show, methods=["GET"]),
        Route("/api/plan", _endpoint(opened, PlanQuestion, answer_plan, one_at_a_time), methods=["POST"]),
        Route("/api/unit", _endpoint(opened, UnitQuestion, answer_unit, one_at_a_time), methods=["POST"]),
    ]
    return Starlette(routes=routes)


def _endpoint(run: Run, kind: type[BaseModel], ask: Ask, lock: Lock) -> Endpoint:
    """Return an endpoint that reads one kind of question and answers it, one at a time."""
    from starlette.concurrency import run_in_threadpool

    def answered(question: BaseModel) -> dict[str, Any]:
        with lock:
            return ask(run, question)

    async def endpoint(request: Request) -> Response:
        refused = refusal(request)
        if refused is not None:
            return refused
        if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
            return _json({"error": "Send JSON, with the content type application/json."}, 415)
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > LONGEST:
                return _json({"error": f"A question has at most {LONGEST} bytes."}, 413)
        try:
            question = kind.model_validate_json(body)
        except ValidationError as error:
            return _json({"error": _said(error)}, 422)
        try:
            return _json(await run_in_threadpool(answered, question), 200)
        except CausalValuesError as error:
            return _json({"error": str(error)}, 422)

    return endpoint


def refusal(request: Request) -> Response | None:
    """Return 403 for a request that does not come from a page of this very server, or None."""
    host = request.headers.get("host", "")
    if (host.rpartition(":")[0] or host) not in NAMES or len(request.headers.getlist("host")) != 1:
        return _json({"error": "This server answers as 127.0.0.1 and localhost only."}, 403)
    origin = request.headers.get("origin")
    sent_from = request.headers.get("sec-fetch-site", "none")
    if (origin is not None and origin != f"http://{host}") or sent_from not in ("none", "same-origin"):
        return _json({"error": "This server answers its own page only."}, 403)
    return None


def _said(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(step) for step in first["loc"]) or "the question"
    return f"{where}: {first['msg']}."


def _json(held: dict[str, Any], status: int) -> Response:
    from starlette.responses import Response

    text = json.dumps(held, allow_nan=False)
    return Response(text, status, {**HEADERS, "Content-Type": "application/json"})


def serve(run: str | Path, other: str | Path | None = None, port: int = 0, tell: Callable[[str], None] = print) -> None:
    """Serve the explorer on 127.0.0.1 until it is interrupted.

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
        If the port is taken, or out of range.
    """
    import uvicorn

    app = explorer_app(run, other)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((LOOPBACK, port))
        except (OSError, OverflowError) as error:
            raise StudyError(f"Port {port} cannot be used ({error}). Give another, or 0 for a free one.") from None
        listening.listen(64)
        tell(f"http://{LOOPBACK}:{listening.getsockname()[1]}/")
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, server_header=False))
        server.run(sockets=[listening])
