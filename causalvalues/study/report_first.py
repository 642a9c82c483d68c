"""The first lines of a report: what a reader must know before the first figure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from causalvalues.evidence import Environments
from causalvalues.model import PredictorComparison
from causalvalues.numerals import number
from causalvalues.study.blocking import BLOCKED
from causalvalues.study.document import Bullets
from causalvalues.study.report_conditions import condition_line, turned_words
from causalvalues.study.report_hidden import hidden_line
from causalvalues.study.report_measurement import measurement_line
from causalvalues.study.report_tests import held_out_line
from causalvalues.study.results import StudyResults, edge_set

MEASURES = {
    "salience": (
        "Salience, not endorsement.",
        "These answers show which values the model talks about in a role (salience). They do not show which values it "
        "endorses. Read every number below as salience.",
    ),
    "endorsement": ("Endorsement.", "These answers were declared to show which values are endorsed."),
    "unknown": (
        "Salience or endorsement?",
        "Nobody has said whether these answers show which values are talked about (salience) or which are endorsed. "
        "The report cannot tell; say it in the study file with `measures`.",
    ),
}

SIMPLE = 3
"""Rows of a comparison of predictors: the graph, then the simple ones, end before this one."""
MOST_PAIRS = 3
"""Pairs that the first lines list by name."""


def first_lines(results: StudyResults) -> Bullets:
    """Return what a reader must know before the first figure."""
    said = [MEASURES[results.evidence.measures]]
    said.append(("Measurement error.", measurement_line(results)))
    if results.levers is not None and results.levers.comparison is not None:
        said.append(("Does the graph add anything?", _adds(results.levers.comparison)))
    said.append(("Does it hold on other rows?", held_out_line(results)))
    said.append(("Hidden common causes.", hidden_line(results)))
    said.append(("What conditions did.", condition_line(results)))
    said.append(("How much data?", _rows_sentence(results)))
    if results.pooled is not None:
        said.append(("What a pooled analysis would have claimed.", _pooled_sentence(results)))
    said.append(("Directions.", _direction_sentence(results)))
    return Bullets(tuple(item for item in said if item[1]), lead=True)


def _adds(found: PredictorComparison) -> str:
    """Return whether the graph foresees what levers do to other values better than simple predictors do."""
    graph = float(found.scores["r2"].iloc[0])
    simple = float(found.scores["r2"].iloc[1:SIMPLE].max())
    difference, lower, upper = found.difference
    answer = "Yes." if lower > 0 else "No." if upper < 0 else "These answers do not show it."
    interval = f", 90% interval {number(lower)} to {number(upper)}" if math.isfinite(lower) else ""
    return (
        f"{answer} What a lever does to values that it does not aim at is foreseen by the graph with an R2 of "
        f"{number(graph)}, by the better of two simple predictors with {number(simple)} (difference "
        f"{number(difference)}{interval}; 1 is perfect, 0 is as good as foreseeing no effect)."
    )


def _rows_sentence(results: StudyResults) -> str:
    if results.conditions is not None:
        return _equations_sentence(results, results.conditions.environments)
    evidence = results.evidence
    pairs = evidence.pairwise_n[np.triu_indices(len(evidence.names), 1)]
    said = f"n = {evidence.n} rows"
    matrix = results.answers.matrix
    if matrix.cluster_by:
        said += f" of {len(set(matrix.clusters or ()))} clusters (same {matrix.cluster_by})"
    said += f"; effective n = {evidence.n_score:.0f}"
    if pairs.min() < pairs.max() - 0.5:
        said += (
            f": for one correlation they are worth {pairs.min():.0f} to {pairs.max():.0f} independent rows, and graphs "
            "are scored with the 10% quantile"
        )
    sparse = len(evidence.levers) if results.posterior.lever_mode == "sparse" else 0
    design = len(evidence.columns) - len(evidence.names) - sparse
    if design:
        left = f"{evidence.degrees_of_freedom_after(design):.0f} are left"
        columns = "their combinations" if sparse else "levers and their combinations"
        said += (
            f". Each of the {design} columns for {columns} uses up its share of them: after these and the mean, {left}"
        )
    return said + "."


def _equations_sentence(results: StudyResults, environments: Environments) -> str:
    """Return how many rows the equations rest on, where values were forced."""
    matrix = results.answers.matrix
    clusters = f" of {len(set(matrix.clusters or ()))} clusters (same {matrix.cluster_by})" if matrix.cluster_by else ""
    rows, scored = [part.n for part in environments.free], [part.n_score for part in environments.free]
    return (
        f"n = {len(matrix)} rows{clusters} in {len(environments.conditions)} conditions. The equation of a value rests "
        f"on the {_span(rows)} rows in which nobody forced it (effective n = {_span(scored)})."
    )


def _span(numbers: Sequence[float]) -> str:
    """Return the least and the most of some numbers."""
    least, most = f"{min(numbers):.0f}", f"{max(numbers):.0f}"
    return least if least == most else f"{least} to {most}"


def _pooled_sentence(results: StudyResults) -> str:
    pooled, here = edge_set(results.pooled), edge_set(results.posterior)  # type: ignore[arg-type]
    gone, new = pooled - here, here - pooled
    said = (
        f"With {_pooled_words(results)}, {len(pooled)} edges; here, {len(here)}. "
        f"{len(gone)} of the pooled ones {'is' if len(gone) == 1 else 'are'} not claimed here"
    )
    said += f": {_pairs(gone, results)}." if gone else "."
    if new:
        said += f" {len(new)} found here would have been missed: {_pairs(new, results)}."
    return said


def _pooled_words(results: StudyResults) -> str:
    """Return what the pooled analysis does differently."""
    said = ["levers ignored"] if results.evidence.levers else []
    said += [f"differences between {results.evidence.within} groups kept in"] if results.evidence.within else []
    forced = results.conditions is not None and results.conditions.forced
    said += ["forced values taken as if nobody had forced them"] if forced else []
    said += ["all rows taken as independent"] if results.answers.matrix.cluster_by else []
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


def _pairs(edges: Iterable[frozenset[str]], results: StudyResults) -> str:
    order = {name: place for place, name in enumerate(results.posterior.names)}
    pairs = sorted(tuple(sorted(edge, key=order.__getitem__)) for edge in edges)
    said = ", ".join(f"{results.label(a)}–{results.label(b)}" for a, b in pairs[:MOST_PAIRS])
    rest = len(pairs) - MOST_PAIRS
    return f"{said}, and {rest} more (tables/pooled_edges.csv)" if rest > 0 else said


def _direction_sentence(results: StudyResults) -> str:
    table = results.posterior.averaged_graph()
    if table.empty:
        return "No edge is more probable than not, so there is no direction to speak of."
    counts = {
        verdict: int((table["verdict"] == verdict).sum()) for verdict in ("compelled", "contested", "open", "given")
    }
    said = (
        f"Of the {len(table)} edges of the averaged graph, the direction of {counts['compelled']} is compelled: "
        f"most graphs have the edge and allow no other direction. {_are(counts['contested'])} contested (graphs that "
        f"fit about equally well compel opposite directions, leave it open or lack it); {_are(counts['open'])} open "
        "(most graphs leave the direction free, so only the prior speaks)"
    )
    if counts["given"]:
        said += f"; {_are(counts['given'])} given by your knowledge"
    heads = "compelled and given" if counts["given"] else "compelled"
    said = f"{said}. Only the {heads} ones have an arrow head.{turned_words(results)}"
    return f"{said} All of them are {BLOCKED}." if results.checks.blocked else said


def _are(count: int) -> str:
    return f"{count} is" if count == 1 else f"{count} are"
