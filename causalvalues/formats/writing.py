"""Which writer makes the bytes of a file, by its suffix."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from causalvalues.formats.dot import dot_text
from causalvalues.formats.graphml import graphml_text
from causalvalues.formats.paint import pdf_bytes, png_bytes
from causalvalues.scene.nouns import Scene
from causalvalues.scene.scene_json import csv_text, scene_to_json
from causalvalues.scene.svg import svg_text

Writer = Callable[[Scene], bytes]


def _encoded(writer: Callable[[Scene], str]) -> Writer:
    return lambda scene: writer(scene).encode("utf-8")


WRITERS: Mapping[str, Writer] = {
    ".csv": _encoded(csv_text),
    ".dot": _encoded(dot_text),
    ".graphml": _encoded(graphml_text),
    ".gv": _encoded(dot_text),
    ".json": _encoded(scene_to_json),
    ".pdf": pdf_bytes,
    ".png": png_bytes,
    ".svg": _encoded(svg_text),
}
"""Suffix -> writer."""
