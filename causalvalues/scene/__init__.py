"""The scene: a picture as data, its colours, type and measures, and the checks that it is fit to print."""

from causalvalues.scene.lint import Flaw, has_errors, lint, lint_text
from causalvalues.scene.nouns import Edge, Node, Scene, Shape, Text
from causalvalues.scene.overlap import Overlap, overlaps
from causalvalues.scene.printing import printed
from causalvalues.scene.scene_json import scene_from_json, scene_to_json
from causalvalues.scene.svg import svg_text
from causalvalues.scene.venues import ACL, APA, NATURE, NEURIPS, VENUES, Venue, venue

__all__ = [
    "ACL",
    "APA",
    "NATURE",
    "NEURIPS",
    "VENUES",
    "Edge",
    "Flaw",
    "Node",
    "Overlap",
    "Scene",
    "Shape",
    "Text",
    "Venue",
    "has_errors",
    "lint",
    "lint_text",
    "overlaps",
    "printed",
    "scene_from_json",
    "scene_to_json",
    "svg_text",
    "venue",
]
