"""Figures: one scene, many files. Build a scene, then `draw(scene, path)`."""

from causalvalues.figures.category_bars import category_bars
from causalvalues.figures.dose_response_figure import dose_response_figure
from causalvalues.figures.dot_plot import Dots, DotText, dot_plot
from causalvalues.figures.drawing import draw
from causalvalues.figures.effects_heatmap import effects_heatmap
from causalvalues.figures.experimental_heatmap import Foreseen, experimental_heatmap
from causalvalues.figures.explanation_figure import explanation_figure
from causalvalues.figures.feasibility_figure import feasibility_figure
from causalvalues.figures.graph_difference import graph_difference
from causalvalues.figures.graph_options import Circle, GraphOptions, Layered, Placed
from causalvalues.figures.influence_figure import influence_figure
from causalvalues.figures.inside_outside_figure import inside_outside_figure
from causalvalues.figures.known_groups import known_groups_figure
from causalvalues.figures.leakage_figure import leakage_figure
from causalvalues.figures.path_diagram import Paths, path_diagram
from causalvalues.figures.plan_figure import plan_figure
from causalvalues.figures.population_figure import population_figure
from causalvalues.figures.priorities_figure import priorities_figure
from causalvalues.figures.profile_figure import DotRows, Radar, profile_figure
from causalvalues.figures.rank_figure import rank_figure
from causalvalues.figures.side_effects_figure import side_effects_figure
from causalvalues.figures.skill_calibration import calibration_figure
from causalvalues.figures.skill_dots import skill_figure
from causalvalues.figures.skill_kinds import skill_kinds_figure
from causalvalues.figures.stability_figure import stability_figure
from causalvalues.figures.value_circle import value_circle
from causalvalues.figures.value_graph import value_graph

__all__ = [
    "Circle",
    "DotRows",
    "DotText",
    "Dots",
    "Foreseen",
    "GraphOptions",
    "Layered",
    "Paths",
    "Placed",
    "Radar",
    "calibration_figure",
    "category_bars",
    "dose_response_figure",
    "dot_plot",
    "draw",
    "effects_heatmap",
    "experimental_heatmap",
    "explanation_figure",
    "feasibility_figure",
    "graph_difference",
    "influence_figure",
    "inside_outside_figure",
    "known_groups_figure",
    "leakage_figure",
    "path_diagram",
    "plan_figure",
    "population_figure",
    "priorities_figure",
    "profile_figure",
    "rank_figure",
    "side_effects_figure",
    "skill_figure",
    "skill_kinds_figure",
    "stability_figure",
    "value_circle",
    "value_graph",
]
