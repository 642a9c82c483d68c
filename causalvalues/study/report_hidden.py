"""The part of a report that speaks of hidden common causes."""

from __future__ import annotations

import math

import pandas as pd

from causalvalues.numerals import number
from causalvalues.study.checks import FACTOR_DRAWS, FACTOR_STARTS, STRENGTHS, Checks
from causalvalues.study.document import Block, Cell, Heading, Paragraph, Table
from causalvalues.study.learning import SIDE_DRAWS
from causalvalues.study.report_conditions import plain_rows_words
from causalvalues.study.results import StudyResults
from causalvalues.study.wording import journal

MODELS = ("general factor", "group factors", "partialled")
"""Models beside the plain graph; the words are those of their columns."""
MOST_NAMED = 6


def hidden_blocks(results: StudyResults) -> list[Block]:
    """Return one table of what hidden causes could do to each edge; nothing when none was looked for."""
    checks = results.checks
    if checks.hidden is None and checks.sensitivity is None and checks.latent is None:
        return []
    edges = results.posterior.averaged_graph()
    if edges.empty:
        return []
    said = (
        "Values of one answer sheet share a respondent, a prompt and a style of answering, so hidden common causes are "
        "the rule. "
    )
    if checks.hidden is not None:
        said += f"{journal(checks.hidden.verdict)} {hidden_line(results)} "
        said += "An edge that does not survive is not disproved; it cannot be told apart from a hidden cause."
    plain = plain_rows_words(results)
    if plain and (checks.hidden is not None or checks.latent is not None):
        said += f" What allows for hidden causes was learned {plain}, so it knows less than the study does."
    return [Heading("Hidden common causes"), Paragraph(said.strip()), _table(results, edges)]


def hidden_line(results: StudyResults) -> str:
    """Return how many edges survive every idea of what is hidden; nothing where it was not asked."""
    hidden = results.checks.hidden
    edges = results.posterior.averaged_graph()
    if hidden is None or edges.empty:
        return ""
    kept = [pair for pair in _pairs(edges) if _stands(results.checks, pair)]
    models = [model for model in MODELS if model in hidden.posteriors]
    said = (
        f"{len(kept)} of the {len(edges)} edges stay above .5 in every graph that allows for them ({_listed(models)})"
    )
    if not kept:
        return f"{said}."
    named = ", ".join(f"{results.label(a)}–{results.label(b)}" for a, b in kept[:MOST_NAMED])
    more = f" and {len(kept) - MOST_NAMED} more" if len(kept) > MOST_NAMED else ""
    return f"{said}: {named}{more}."


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _pairs(edges: pd.DataFrame) -> list[tuple[str, str]]:
    return [(str(a), str(b)) for a, b in zip(edges["cause"], edges["effect"], strict=True)]


def _stands(checks: Checks, pair: tuple[str, str]) -> bool:
    return all(number_of > 0.5 for number_of in _adjacent(checks, pair).values())


def _adjacent(checks: Checks, pair: tuple[str, str]) -> dict[str, float]:
    """Return P(adjacent) of a pair under each model beside the plain graph."""
    if checks.hidden is None:
        return {}
    return {
        model: float(checks.hidden.posteriors[model].adjacent_probabilities.loc[pair])  # type: ignore[arg-type]
        for model in MODELS
        if model in checks.hidden.posteriors
    }


def _table(results: StudyResults, edges: pd.DataFrame) -> Table:
    checks = results.checks
    models = [] if checks.hidden is None else [model for model in MODELS if model in checks.hidden.posteriors]
    columns = ["Cause", "Effect", "This study", *(model.capitalize() for model in models)]
    rows: list[tuple[Cell, ...]] = []
    for pair, adjacent in zip(_pairs(edges), edges["adjacent"], strict=True):
        cells: list[Cell] = [results.label(pair[0]), results.label(pair[1]), float(adjacent)]
        cells += list(_adjacent(checks, pair).values())
        if checks.sensitivity is not None:
            cells += _strength(checks.sensitivity, pair)
        if checks.latent is not None:
            cells.append(_could_be(checks.latent.table, pair))
        rows.append(tuple(cells))
    said = "P(adjacent) of each edge of the averaged graph"
    if models:
        said += (
            ", beside graphs that allow for a hidden general factor, for hidden factors of the theory's groups, or "
            f"that remove what rows of one group share (partialled; from at most {SIDE_DRAWS} bootstrap moments). "
            f"Graphs with factors are sampled ({FACTOR_DRAWS} draws of the best of {FACTOR_STARTS} chains): with "
            "another seed such a number changes by about .1, single ones by .3 and more"
        )
    if checks.sensitivity is not None:
        interval = f"{1 - STRENGTHS.alpha:.0%} interval"
        columns += [f"Robustness ({interval})", "Strongest other cause x"]
        said += (
            ". Robustness: if the arrow is there, a hidden cause that explains less than this share of what is left of "
            f"both values cannot make its {interval} hold zero (.00: it does without one); strongest other cause x: "
            "how many times as strong as the strongest observed other cause it would have to be to bring the estimate "
            "itself to zero. tables/sensitivity_values.csv holds all arrows whose probability is "
            f"{number(STRENGTHS.least)} or more, none below"
        )
    if checks.latent is not None:
        columns.append("Could be hidden")
        said += (
            ". Could be hidden: whether a search that allows for hidden causes (FCI, at the level .05) can put one in "
            "place of the arrow, or beside it; the other way round: it finds the opposite arrow"
        )
    shaded = ("This study", *(model.capitalize() for model in models))
    return Table(tuple(columns), tuple(rows), said + ".", shaded)


def _strength(values: pd.DataFrame, pair: tuple[str, str]) -> list[Cell]:
    row = values[(values["cause"] == pair[0]) & (values["effect"] == pair[1])]
    if row.empty:
        return [None, None]
    times = float(row["times_benchmark"].iloc[0])
    return [float(row["robustness_significant"].iloc[0]), number(times) if math.isfinite(times) else None]


def _could_be(table: pd.DataFrame, pair: tuple[str, str]) -> str:
    row = table[(table["cause"] == pair[0]) & (table["effect"] == pair[1])]
    if row.empty:
        return ""
    if not str(row["pag"].iloc[0]):
        return "FCI has no edge"
    if bool(row["could_be_hidden"].iloc[0]):
        return "yes"
    if row["mark_at_cause"].iloc[0] == "arrow":
        return "no, the other way round"
    return "beside the arrow" if bool(row["could_be_confounded"].iloc[0]) else "no"
