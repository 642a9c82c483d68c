"""Response matrices: reading, scoring, writing, and the demo answers that ship with the package."""

from causalvalues.responses.demo import demo_responses
from causalvalues.responses.matrix import AnswerStatus, ResponseMatrix
from causalvalues.responses.options import ReadOptions
from causalvalues.responses.reading import read_responses
from causalvalues.responses.scoring import attentive, score
from causalvalues.responses.writing import write_responses

__all__ = [
    "AnswerStatus",
    "ReadOptions",
    "ResponseMatrix",
    "attentive",
    "demo_responses",
    "read_responses",
    "score",
    "write_responses",
]
