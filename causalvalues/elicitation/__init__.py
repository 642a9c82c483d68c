"""Asking language models: questionnaire x persona x lever x repeat -> answers, and what they are worth."""

from causalvalues.elicitation.backend import Backend
from causalvalues.elicitation.cost import Estimate, Limits, Prices
from causalvalues.elicitation.covering import covering_design
from causalvalues.elicitation.design import RandomPlan, full_design, held_out_design, known_group_design, random_design
from causalvalues.elicitation.elicit import Elicitation, Elicited, cost_of, elicit
from causalvalues.elicitation.forced_choice import ForcedChoice
from causalvalues.elicitation.frames import Frames, frames
from causalvalues.elicitation.gate import Gate, gate
from causalvalues.elicitation.items import Item, ItemSet, item_set
from causalvalues.elicitation.local_model import LocalModel
from causalvalues.elicitation.openai_server import OpenAIServer
from causalvalues.elicitation.personas import draw_personas, known_group_personas, read_personas
from causalvalues.elicitation.prompt_levers import prompt_levers
from causalvalues.elicitation.questions import Message, OptionsQuestion, StatementQuestion, TextQuestion
from causalvalues.elicitation.rating import Rating, SampledRating
from causalvalues.elicitation.reading_logs import read_log, write_log_table
from causalvalues.elicitation.rubric import Judged, Rubric
from causalvalues.elicitation.sheets import Answer, ForcedAnswer, Persona, PromptLever, Sheet
from causalvalues.elicitation.statement_gain import NegationContrast, StatementGain
from causalvalues.elicitation.store import Store
from causalvalues.elicitation.value_talk import ForcedPlan, forced_design, sequential_design
from causalvalues.elicitation.variation import Variation
from causalvalues.elicitation.yes_no import YesNo

__all__ = [
    "Answer",
    "Backend",
    "Elicitation",
    "Elicited",
    "Estimate",
    "ForcedAnswer",
    "ForcedChoice",
    "ForcedPlan",
    "Frames",
    "Gate",
    "Item",
    "ItemSet",
    "Judged",
    "Limits",
    "LocalModel",
    "Message",
    "NegationContrast",
    "OpenAIServer",
    "OptionsQuestion",
    "Persona",
    "Prices",
    "PromptLever",
    "RandomPlan",
    "Rating",
    "Rubric",
    "SampledRating",
    "Sheet",
    "StatementGain",
    "StatementQuestion",
    "Store",
    "TextQuestion",
    "Variation",
    "YesNo",
    "cost_of",
    "covering_design",
    "draw_personas",
    "elicit",
    "forced_design",
    "frames",
    "full_design",
    "gate",
    "held_out_design",
    "item_set",
    "known_group_design",
    "known_group_personas",
    "prompt_levers",
    "random_design",
    "read_log",
    "read_personas",
    "sequential_design",
    "write_log_table",
]
