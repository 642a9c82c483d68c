"""Levers inside a model: value vectors, gates, neurons and sparse features, as data and as forward hooks."""

from causalvalues.steering.acts import Act, Gate, SteeringLever
from causalvalues.steering.hooks import steered
from causalvalues.steering.levers import SteeringLevers
from causalvalues.steering.specs import read_levers, write_levers

__all__ = ["Act", "Gate", "SteeringLever", "SteeringLevers", "read_levers", "steered", "write_levers"]
