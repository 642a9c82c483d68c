"""What to ask next: the candidates whose answers are expected to tell most about a goal."""

from causalvalues.experiments.candidates import Candidate, Item, forced_answers, lever_settings
from causalvalues.experiments.designs import Design, design_next
from causalvalues.experiments.goals import AboutAnswers, AboutEdges, AboutEffect, AboutModel, AboutTarget
from causalvalues.experiments.items import Groups, InformativeItems, most_informative_items
from causalvalues.experiments.methods import LinearBayes, Particles

__all__ = [
    "AboutAnswers",
    "AboutEdges",
    "AboutEffect",
    "AboutModel",
    "AboutTarget",
    "Candidate",
    "Design",
    "Groups",
    "InformativeItems",
    "Item",
    "LinearBayes",
    "Particles",
    "design_next",
    "forced_answers",
    "lever_settings",
    "most_informative_items",
]
