"""What levers do to every value: leakage, dose response, and whether the inside of a model looks like its answers."""

from causalvalues.leakage.breaking import Break
from causalvalues.leakage.circle_leakage import CircleLeakage, leakage_by_distance
from causalvalues.leakage.cosine_files import read_cosines
from causalvalues.leakage.dose_curves import DoseResponse, dose_response, dose_responses
from causalvalues.leakage.inside_outside import InsideOutside, inside_outside, signed_adjacency
from causalvalues.leakage.leakage_matrix import LeakageMatrix, LeakageOptions, measure_leakage
from causalvalues.leakage.statement_error import StatementEffects, statement_effects

__all__ = [
    "Break",
    "CircleLeakage",
    "DoseResponse",
    "InsideOutside",
    "LeakageMatrix",
    "LeakageOptions",
    "StatementEffects",
    "dose_response",
    "dose_responses",
    "inside_outside",
    "leakage_by_distance",
    "measure_leakage",
    "read_cosines",
    "signed_adjacency",
    "statement_effects",
]
