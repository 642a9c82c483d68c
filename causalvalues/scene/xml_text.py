"""Text in XML: what must be escaped, and names that XML 1.0 cannot hold at all."""

from __future__ import annotations

import json

from causalvalues.scene.metrics import printable

_ALLOWED_CONTROLS = frozenset("\t\n\r")


def allowed(text: str) -> bool:
    """Say whether XML 1.0 (section 2.2) can hold every character of a text."""
    return all(_allowed(character) for character in text)


def _allowed(character: str) -> bool:
    code = ord(character)
    return character in _ALLOWED_CONTROLS or (
        code >= 0x20 and not 0xD800 <= code < 0xE000 and code not in (0xFFFE, 0xFFFF)
    )


def content(text: str) -> str:
    """Return a text for the inside of an element; characters that XML forbids become their pictures.

    Examples
    --------
    >>> content('<script>"a"</script>')
    '&lt;script&gt;"a"&lt;/script&gt;'
    """
    held = "".join(c if _allowed(c) else printable(c) for c in text)
    return held.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def attribute(text: str) -> str:
    """Return a text for the inside of a double-quoted attribute; line breaks and tabs survive.

    Examples
    --------
    >>> attribute('a "b"')
    'a &quot;b&quot;'
    """
    return content(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")


def name_attributes(key: str, name: str) -> str:
    """Return an attribute that holds a name, and its exact form as JSON in ``key-json`` where XML cannot hold it."""
    held = f' {key}="{attribute(name)}"'
    return held if allowed(name) else held + f' {key}-json="{attribute(json.dumps(name))}"'
