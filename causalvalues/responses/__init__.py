"""Response matrices: reading, scoring, writing, and the demo answers that ship with the package."""

from causalvalues.responses.choices import Choices, read_choices
from causalvalues.responses.demo import demo_responses
from causalvalues.responses.matrix import AnswerStatus, ResponseMatrix
from causalvalues.responses.options import ReadOptions
from causalvalues.responses.ratings import BradleyTerry, Davidson, Elo, Thurstone
from causalvalues.responses.reading import read_responses
from causalvalues.responses.scoring import attentive, score
from causalvalues.responses.strengths import score_choices, strengths
from causalvalues.responses.transitivity import Transitivity, transitivity
from causalvalues.responses.writing import write_responses

__all__ = [
    "AnswerStatus",
    "BradleyTerry",
    "Choices",
    "Davidson",
    "Elo",
    "ReadOptions",
    "ResponseMatrix",
    "Thurstone",
    "Transitivity",
    "attentive",
    "demo_responses",
    "read_choices",
    "read_responses",
    "score",
    "score_choices",
    "strengths",
    "transitivity",
    "write_responses",
]
