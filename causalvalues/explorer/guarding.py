"""Whom the server answers: its own page on this machine, and nobody else; and what every response carries."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from causalvalues.explorer.replies import reply

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "content-security-policy": "frame-ancestors 'none'",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_HERE = re.compile(r"(?:127\.0\.0\.1|localhost)(?::[0-9]{1,5})?")


def guarded(app: ASGIApp) -> ASGIApp:
    """Return an application that refuses strangers before anything is routed, and adds `HEADERS` to every response.

    Parameters
    ----------
    app : ASGI application
    """

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = [(name.encode(), text.encode()) for name, text in HEADERS.items()]
                message = {**message, "headers": [*message.get("headers", ()), *added]}
            await send(message)

        if scope["type"] == "lifespan":
            await app(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        elif why := refusal(scope["method"], scope["headers"]):
            await reply({"error": why}, 403)(scope, receive, marked)
        else:
            await app(scope, receive, marked)

    return guard


def refusal(method: str, headers: list[tuple[bytes, bytes]]) -> str:
    """Return why a request is refused, or "".

    A name of this machine that is not known could have been given by somebody else (DNS rebinding), so only 127.0.0.1
    and localhost are; any port, because a tunnel may lead here from another. What another site sends is refused, but
    for a link that a reader follows to the page.

    Parameters
    ----------
    method : str
    headers : list of (name, text)
        Names in lower case.
    """
    held: dict[str, list[str]] = {}
    for name, text in headers:
        held.setdefault(name.decode("latin-1"), []).append(text.decode("latin-1"))
    hosts = [host.lower() for host in held.get("host", [])]
    if len(hosts) != 1 or not _HERE.fullmatch(hosts[0]):
        return "This server answers as 127.0.0.1 and localhost only."
    own = held.get("origin", [f"http://{hosts[0]}"]) == [f"http://{hosts[0]}"]
    site = held.get("sec-fetch-site", ["none"])
    followed = method == "GET" and held.get("sec-fetch-mode") == ["navigate"]
    followed = followed and held.get("sec-fetch-dest") == ["document"]
    if not own or not (site in (["none"], ["same-origin"]) or followed):
        return "This server answers its own page only."
    return ""
