"""Where a server is, and which key it gets."""

from __future__ import annotations

import ipaddress
import os
import urllib.parse
from dataclasses import dataclass

from causalvalues.elicitation.key_hiding import Secrets
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
    """

    root: str
    path: str

    @property
    def shown(self) -> str:
        """The address, for messages and for the store."""
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
        """Return the address of a path; ``/x`` lies below the base, ``//x`` beside its ``/v1``."""
        return self.root + self.path.removesuffix("/v1") + path[1:] if path.startswith("//") else self.shown + path


def read_address(url: str) -> ServerAddress:
    """Read what a user calls the address of a server.

    Parameters
    ----------
    url : str
        ``"https://api.example.org/v1"``; without a path ``/v1`` is added, and ``/chat/completions`` at the end is
        left out.

    Returns
    -------
    ServerAddress

    Raises
    ------
    ElicitationError
        If it is no http address, or holds a user, a password or a query (``?key=...``), which would end up in files.

    Examples
    --------
    >>> read_address("http://localhost:8080").shown
    'http://localhost:8080/v1'
    """
    form = "Write https://host:port/v1 (or http://)."
    try:
        parts = urllib.parse.urlsplit(url.strip())
        port, host = parts.port, parts.hostname or ""
        host = host if ":" in host else host.encode("idna").decode("ascii")
    except ValueError:
        raise ElicitationError(f"The address of the server cannot be read. {form}") from None
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ElicitationError(
            f"The address of the server {host} holds a user, a password or a part after '?' or '#'. Leave them out and "
            "name an environment variable that holds the key (key_env)."
        )
    if parts.scheme not in ("http", "https") or not host or not url.isprintable() or " " in url.strip():
        raise ElicitationError(f"The address of the server is not well formed. {form}")
    place = f"[{host}]" if ":" in host else host
    root = f"{parts.scheme}://{place}" + (f":{port}" if port else "")
    return ServerAddress(root, parts.path.rstrip("/").removesuffix("/chat/completions") or "/v1")


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
    if not key_env or (address.loopback and key_env == DEFAULT_KEY):
        return Secrets()
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
    return Secrets(key)


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
