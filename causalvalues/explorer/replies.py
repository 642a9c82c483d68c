"""Replies of the server: JSON, with errors in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response


def reply(held: dict[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return JSON with a status."""
    from starlette.responses import Response

    return Response(json.dumps(held, allow_nan=False), status, headers, "application/json")


async def refused(_request: Request, error: Exception) -> Response:
    """Return what Starlette refuses (404, 405, and what endpoints raise) as JSON."""
    from starlette.exceptions import HTTPException

    known = error if isinstance(error, HTTPException) else HTTPException(400)
    return reply({"error": known.detail}, known.status_code, known.headers)


async def failed(_request: Request, _error: Exception) -> Response:
    """Return 500 for a defect; the server prints where it is."""
    return reply({"error": "The engine failed at this question. The terminal of the server says where."}, 500)
