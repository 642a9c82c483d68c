"""Do two halves of the respondents tell the same story?"""

from pathlib import Path

from causalvalues import compare, demo_responses, discover, fit, score, scoring_key, summarise, theory
from causalvalues.figures import graph_difference
from causalvalues.scene import Scene


def figure(run: Path) -> Scene:
    """Draw what differs between the graphs of two halves: here nothing but chance should."""
    answers = score(demo_responses(), scoring_key("smollm2-demo"))
    half = sorted(set(answers.clusters))[::2]
    early = [persona in half for persona in answers.clusters]
    halves = [summarise(answers.rows(early)), summarise(answers.rows([not there for there in early]))]
    first, second = (discover(half) for half in halves)
    models = fit(first, halves[0]), fit(second, halves[1])
    names = ("First half", "Second half")
    found = compare({names[0]: first, names[1]: second})
    return graph_difference(first, second, names, models=models, comparison=found, theory=theory("schwartz-10"))
