"""Causal-graph analysis of values: from a response matrix to a counterfactual plan, with honest uncertainty."""
