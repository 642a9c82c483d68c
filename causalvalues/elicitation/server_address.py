"""Where a server is, and which key it gets."""

from __future__ import annotations

import ipaddress
import os
import urllib.parse
from dataclasses import dataclass, field

from causalvalues.elicitation.secrets import Secrets
from causalvalues.errors import ElicitationError, ProviderError

DEFAULT_KEY = "OPENAI_API_KEY"


@dataclass(frozen=True)
class ServerAddress:
    """The base address of a server that speaks the protocol of OpenAI.

    Parameters
    ----------
    root : str
        Scheme, host and port: ``"http://127.0.0.1:8080"``.
    path : str
        ``"/v1"``.
    query : str, default ""
        Sent with each request, never shown.
    """

    root: str
    path: str
    query: str = field(default="", repr=False)

    @property
    def shown(self) -> str:
        """The address for messages and for the store: without user, password and query."""
        return self.root + self.path

    @property
    def host(self) -> str:
        """The name of the machine."""
        return urllib.parse.urlsplit(self.root).hostname or ""

    @property
    def loopback(self) -> bool:
        """Whether the server runs on this machine."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        return _is_number(self.host) and ipaddress.ip_address(self.host).is_loopback

    @property
    def private(self) -> bool:
        """Whether the server is on this machine or in a private network: an address without a public name."""
        if self.loopback or ("." not in self.host and ":" not in self.host):
            return True
        return _is_number(self.host) and ipaddress.ip_address(self.host).is_private

    def of(self, path: str) -> str:
        """Return the address of a path; ``//x`` lies below the host, ``/x`` below the base."""
        whole = self.root + path[1:] if path.startswith("//") else self.root + self.path + path
        return f"{whole}?{self.query}" if self.query else whole


def read_address(url: str) -> ServerAddress:
    """Read what a user calls the address of a server.

    Parameters
    ----------
    url : str
        ``"https://api.example.org/v1"``; without a path ``/v1`` is added.

    Returns
    -------
    ServerAddress

    Raises
    ------
    ElicitationError
        If it is no http address, or holds a user or password, which would end up in files.

    Examples
    --------
    >>> read_address("http://localhost:8080").shown
    'http://localhost:8080/v1'
    """
    try:
        parts = urllib.parse.urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise ElicitationError("The address of the server cannot be read. Write https://host:port/v1.") from None
    if parts.username is not None or parts.password is not None:
        raise ElicitationError(
            f"The address of the server {parts.hostname} holds a user or a password. Leave them out and name an environment "
            "variable that holds the key (key_env)."
        )
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or not url.isprintable() or " " in url.strip():
        raise ElicitationError("The address of the server is not of the form https://host:port/v1 (or http://).")
    place = f"[{host}]" if ":" in host else host
    root = f"{parts.scheme}://{place}" + (f":{port}" if port else "")
    return ServerAddress(root, parts.path.rstrip("/") or "/v1", parts.query)


def read_secrets(address: ServerAddress, key_env: str) -> Secrets:
    """Take the key of a server from the environment.

    Parameters
    ----------
    address : ServerAddress
    key_env : str
        Name of the variable; "" sends no key. `OPENAI_API_KEY`, the default, is not sent to a server on this machine.

    Returns
    -------
    Secrets

    Raises
    ------
    ProviderError
        If another machine is asked and the variable is not set, or the key would travel unencrypted over the internet.
    """
    others = tuple(value for _, value in urllib.parse.parse_qsl(address.query))
    if not key_env or (address.loopback and key_env == DEFAULT_KEY):
        return Secrets("", others)
    key = os.environ.get(key_env, "").strip()
    if not key and not address.loopback:
        raise ProviderError(
            f"{address.shown} needs a key and the environment variable {key_env} is not set. Set it, name another "
            'variable (key_env), or say that the server needs none (key_env="").'
        )
    if not (key.isascii() and key.isprintable()):
        raise ProviderError(f"The environment variable {key_env} holds characters that no key has. Set it again.")
    if key and not address.root.startswith("https:") and not address.private:
        raise ProviderError(f"{address.shown} is not encrypted, so the key in {key_env} is not sent. Use https://.")
    return Secrets(key, others)


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
