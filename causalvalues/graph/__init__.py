"""Graphs over named nodes: single graphs, equivalence classes, background knowledge, and posteriors over graphs."""

from causalvalues.graph.dag import Dag
from causalvalues.graph.equivalence import EquivalenceClass, ancestors, compelled_edges
from causalvalues.graph.knowledge import Knowledge
from causalvalues.graph.mixed import MixedGraph
from causalvalues.graph.posterior import GraphPosterior

__all__ = ["Dag", "EquivalenceClass", "GraphPosterior", "Knowledge", "MixedGraph", "ancestors", "compelled_edges"]
