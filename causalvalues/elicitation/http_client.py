"""One attempt at asking a server over HTTP: bounded in time and size, and never an exception of the network.

What goes wrong comes back as a `Trouble`. Redirects are not followed, cookies are not kept, and proxies that the
environment names are not used for a server on this machine.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from causalvalues.elicitation.key_hiding import Secrets
from causalvalues.elicitation.server_address import ServerAddress
from causalvalues.elicitation.trouble import Trouble, trouble_of_code
from causalvalues.errors import ElicitationError

if TYPE_CHECKING:
    import httpx2

LARGEST_ERROR = 65_536


@dataclass(frozen=True)
class Timeouts:
    """How long to wait for a server, in seconds.

    Parameters
    ----------
    connect : float, default 10
        For the connection.
    read : float, default 120
        For the next piece of an answer; most servers send nothing before the whole answer is written.
    total : float, default 180
        For one attempt as a whole, so that an answer that drips in byte by byte comes to an end.
    """

    connect: float = 10.0
    read: float = 120.0
    total: float = 180.0

    def __post_init__(self) -> None:
        for name in ("connect", "read", "total"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ElicitationError(f"The time-out `{name}` is {getattr(self, name)!r}. Give seconds above 0.")


class HttpClient:
    """Connections to one server, used from one event loop.

    Parameters
    ----------
    address : ServerAddress
    secrets : Secrets
        The key that is sent, and what is taken out of everything that comes back.
    timeouts : Timeouts
    parallel : int
        Connections at most.
    largest : int
        Bytes of one answer at most, after decompression.
    """

    def __init__(
        self, address: ServerAddress, secrets: Secrets, timeouts: Timeouts, parallel: int, largest: int
    ) -> None:
        import http.cookiejar
        import ssl

        import httpx2

        self.address, self.secrets, self.timeouts, self.largest = address, secrets, timeouts, largest
        no_cookies = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if secrets.key:
            headers["Authorization"] = f"Bearer {secrets.key}"
        # nothing is encrypted on the way to this machine, so no certificates are loaded, and none would be accepted
        plain = address.loopback and address.root.startswith("http:")
        self._client = httpx2.AsyncClient(
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else True,
            headers=headers,
            cookies=no_cookies,
            timeout=httpx2.Timeout(timeouts.read, connect=timeouts.connect, pool=None),
            limits=httpx2.Limits(max_connections=parallel, max_keepalive_connections=parallel),
            trust_env=not address.loopback,
            follow_redirects=False,
        )

    async def ask(self, path: str, content: dict[str, Any] | None = None) -> dict[str, Any] | Trouble:
        """Ask once.

        Parameters
        ----------
        path : str
            ``"/chat/completions"``, below the base address; with two slashes (``"//tokenize"``) above its ``/v1``.
        content : dict, optional
            Sent as JSON with POST; without it the request is a GET.

        Returns
        -------
        dict or Trouble
            The JSON object of the answer.
        """
        import httpx2

        try:
            async with asyncio.timeout(self.timeouts.total):
                method = "GET" if content is None else "POST"
                async with self._client.stream(method, self.address.of(path), json=content) as response:
                    return await self._read(response)
        except (TimeoutError, httpx2.TimeoutException) as error:
            connecting = isinstance(error, httpx2.ConnectTimeout)
            return Trouble("timed_out", "no connection in time" if connecting else "no whole answer in time")
        except httpx2.ConnectError as error:
            return Trouble("server_error", self.secrets.readable(f"no connection: {error}"), unreachable=True)
        except httpx2.RemoteProtocolError as error:
            early = any(word in str(error).lower() for word in ("disconnected", "closed", "terminated"))
            what = "closed the connection early" if early else f"not HTTP: {error}"
            return Trouble("server_error" if early else "malformed", self.secrets.readable(what))
        except httpx2.DecodingError as error:
            return Trouble("malformed", self.secrets.readable(f"cannot be decompressed: {error}"))
        except (httpx2.TransportError, httpx2.InvalidURL, OSError) as error:
            what = f"the connection broke: {type(error).__name__} {error}"
            return Trouble("server_error", self.secrets.readable(what))

    async def _read(self, response: httpx2.Response) -> dict[str, Any] | Trouble:
        good = response.is_success
        body = bytearray()
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > (self.largest if good else LARGEST_ERROR):
                break
        if not good:
            said = self.secrets.readable(message_of(_beginning(body)))
            return trouble_of_code(response.status_code, said, response.headers)
        if len(body) > self.largest:
            return Trouble("too_long", f"an answer of more than {self.largest} bytes; cut off", code=200)
        content = parse(bytes(body))
        if isinstance(content, dict):
            return content
        start = _beginning(body).decode(errors="replace")
        return Trouble("malformed", self.secrets.readable(f"no JSON object: {start}"), code=200)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def parse(body: bytes) -> Any:
    """Return what a JSON text holds, or None when it is none, not UTF-8, or nested too deep."""
    try:
        return json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None


def message_of(body: bytes) -> str:
    """Return the words of an error answer: its code and message where it has the usual form, else its beginning."""
    content = parse(body)
    error = content.get("error", content) if isinstance(content, dict) else content
    if isinstance(error, dict):
        words = [error.get(name) for name in ("code", "type", "message", "detail")]
        found = ": ".join(str(word) for word in words if isinstance(word, str | int) and word)
        if found:
            return found
    return error if isinstance(error, str) else body.decode(errors="replace")


def _beginning(body: bytearray) -> bytes:
    # what was cut off may have been the rest of a key, so a little more is left out
    return bytes(body if len(body) <= LARGEST_ERROR else body[: LARGEST_ERROR - 1000])
