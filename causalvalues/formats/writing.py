"""Which writer makes the bytes of a file, by its suffix."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from causalvalues.formats.bif import bif_text
from causalvalues.formats.bnlearn import bnlearn_text
from causalvalues.formats.cytoscape import cytoscape_text
from causalvalues.formats.dagitty import dagitty_text
from causalvalues.formats.dot import dot_text
from causalvalues.formats.gml import gml_text
from causalvalues.formats.graphml import graphml_text
from causalvalues.formats.lavaan import lavaan_text
from causalvalues.formats.mermaid import mermaid_text
from causalvalues.formats.paint import pdf_bytes, png_bytes
from causalvalues.formats.tetrad import tetrad_text
from causalvalues.formats.tikz import tex_text, tikz_text
from causalvalues.scene.nouns import Scene
from causalvalues.scene.scene_json import csv_text, scene_to_json
from causalvalues.scene.svg import svg_text

Writer = Callable[[Scene], bytes]


def _encoded(writer: Callable[[Scene], str]) -> Writer:
    return lambda scene: writer(scene).encode("utf-8")


WRITERS: Mapping[str, Writer] = {
    ".bif": _encoded(bif_text),
    ".bnlearn": _encoded(bnlearn_text),
    ".csv": _encoded(csv_text),
    ".cyjs": _encoded(cytoscape_text),
    ".dagitty": _encoded(dagitty_text),
    ".dot": _encoded(dot_text),
    ".gml": _encoded(gml_text),
    ".graphml": _encoded(graphml_text),
    ".gv": _encoded(dot_text),
    ".json": _encoded(scene_to_json),
    ".lavaan": _encoded(lavaan_text),
    ".mmd": _encoded(mermaid_text),
    ".pdf": pdf_bytes,
    ".png": png_bytes,
    ".svg": _encoded(svg_text),
    ".tetrad": _encoded(tetrad_text),
    ".tex": _encoded(tex_text),
    ".tikz": _encoded(tikz_text),
}
"""Suffix -> writer."""

WRITABLE = tuple(sorted(set(WRITERS) - {".bif"}))
"""Suffixes that can be written; BIF is in `WRITERS` only to say why it cannot."""
