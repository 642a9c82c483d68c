"""Figures: one scene, many files. Build a scene, then `draw(scene, path)`."""

from causalvalues.figures.drawing import draw
from causalvalues.figures.effects_heatmap import effects_heatmap
from causalvalues.figures.graph_data import direct_effects
from causalvalues.figures.graph_options import Circle, GraphOptions, Layered
from causalvalues.figures.plan_figure import plan_figure
from causalvalues.figures.value_graph import value_graph
from causalvalues.formats.dot import graphviz_source
from causalvalues.scene.nouns import Edge, Node, Scene, Shape, Text
from causalvalues.scene.overlap import Overlap, overlaps
from causalvalues.scene.scene_json import scene_from_json, scene_to_json

__all__ = [
    "Circle",
    "Edge",
    "GraphOptions",
    "Layered",
    "Node",
    "Overlap",
    "Scene",
    "Shape",
    "Text",
    "direct_effects",
    "draw",
    "effects_heatmap",
    "graphviz_source",
    "overlaps",
    "plan_figure",
    "scene_from_json",
    "scene_to_json",
    "value_graph",
]
