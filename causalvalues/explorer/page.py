"""One HTML file that opens from disk: pictures, numbers and script inside, nothing from anywhere else."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from causalvalues.explorer.data import page_data
from causalvalues.explorer.figure import NARROW, WIDE, PageGraph, Pair, page_graph, pair_of
from causalvalues.explorer.run_files import open_run
from causalvalues.files import write_text
from causalvalues.scene.metrics import printable
from causalvalues.scene.svg import svg_text

HERE = Path(__file__).parent
SCRIPTS = (
    "algebra.js",
    "planning.js",
    "words.js",
    "state.js",
    "rests.js",
    "layout.js",
    "graph.js",
    "profile.js",
    "value.js",
    "controls.js",
    "target.js",
    "compare.js",
    "downloads.js",
    "page.js",
)
"""Script files in the order in which they are joined; each may use what stands before it."""
ALONE = "Everything is in this file; nothing is asked of the network."
ASKED = "Questions to the engine go to the server on this machine that sent this page, and to nobody else."
_MODULE = re.compile(r"^(?:import [^;]*;\n|export (?=(?:async )?(?:function|const|let|class) ))", re.MULTILINE)
_MARGIN = re.compile(r"^(?:[ \t]*(?://[^\n]*|/\*\*(?:[^*]|\*(?!/))*\*/)\n|[ \t]+)", re.MULTILINE)
"""Lines of comment, and indents: a page needs neither."""
_HIDDEN_EDGE = re.compile(r'<g id="edge-(\d+)(-label)?" class="edge"')


def explorer_page(run: str | Path, other: str | Path | None = None, live: Sequence[str] = ()) -> str:
    """Return the explorer of a run as one HTML document.

    Parameters
    ----------
    run : str or Path
        A run folder (see `open_run`).
    other : str or Path, optional
        A second one, to compare with.
    live : sequence of str, default ()
        Further scripts, joined after those of the page; a page that has any may talk to the server that it came from
        (``connect-src 'self'``) and carries ``data-live`` on its root element.

    Returns
    -------
    str
        Same run, same bytes. Names cannot turn into markup; a page without further scripts asks nothing of the network.

    Raises
    ------
    StudyError, DataError
        As `open_run`.
    """
    first = open_run(run)
    pair, also = None, frozenset[Pair]()
    if other is not None:
        second = open_run(other)
        pair = (second, page_graph(second))
        also = frozenset(pair_of(edge) for edge in pair[1].scene.edges[: pair[1].shown])
    figures = page_graph(first, WIDE, also), page_graph(first, NARROW, also)
    return assembled(first.title, figures, page_data(first, figures[0], pair), live)


def explore(run: str | Path, out: str | Path, other: str | Path | None = None) -> Path:
    """Write the explorer of a run; parameters as in `explorer_page`.

    Returns
    -------
    Path
        Of the HTML file.
    """
    return write_text(out, explorer_page(run, other))


def assembled(title: str, figures: tuple[PageGraph, PageGraph], data: dict[str, Any], live: Sequence[str] = ()) -> str:
    """Return the document from its parts: title, the wide and the narrow figure, data, further scripts."""
    style = (HERE / "page.css").read_text(encoding="utf-8")
    script = joined_script(live)
    parts = {
        "POLICY": escape(_policy(style, script, bool(live)), quote=True),
        "LIVE": " data-live" if live else "",
        "WHERE": ASKED if live else ALONE,
        "TITLE": escape("".join(map(printable, title))),
        "STYLE": style,
        "WIDE": _figure(figures[0]),
        "NARROW": _figure(figures[1]),
        "DATA": safe_json(data),
        "SCRIPT": script,
    }
    page = (HERE / "page.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{([A-Z]+)\}\}", lambda found: parts[found[1]], page)


def joined_script(live: Sequence[str] = ()) -> str:
    """Return the script of the page: its modules one after another, without imports, exports, comments, indents."""
    texts = [(HERE / "script" / name).read_text(encoding="utf-8") for name in SCRIPTS]
    return "\n".join(_MODULE.sub("", _MARGIN.sub("", text)) for text in (*texts, *live))


def safe_json(held: Any) -> str:
    r"""Return JSON that cannot end a script element or open a comment.

    Examples
    --------
    >>> safe_json("</script>&\u2028")
    '"\\u003c/script\\u003e\\u0026\\u2028"'
    """
    text = json.dumps(held, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _policy(style: str, script: str, live: bool) -> str:
    """Return the content security policy: this very style and this very script, and nothing else."""
    allowed = [
        "default-src 'none'",
        f"style-src 'sha256-{_digest(style)}'",
        f"script-src 'sha256-{_digest(script)}'",
        "img-src data: blob:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return "; ".join([*allowed, *(["connect-src 'self'"] if live else [])])


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _figure(graph: PageGraph) -> str:
    """Return the figure as inline SVG; edges beneath the threshold begin hidden."""

    def hidden(found: re.Match[str]) -> str:
        return found[0] + (' display="none"' if int(found[1]) >= graph.shown else "")

    return _HIDDEN_EDGE.sub(hidden, svg_text(graph.scene))
