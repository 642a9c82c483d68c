"""The part of a report that speaks of edges: the graph, its table, and how firmly each edge stands."""

from __future__ import annotations

from collections.abc import Collection
from itertools import combinations

import pandas as pd

from causalvalues.discovery.exact_sums import AVERAGED_LAYERS_UP_TO
from causalvalues.graph import GraphPosterior
from causalvalues.model import direct_effects
from causalvalues.numerals import estimate, number
from causalvalues.study.blocking import BLOCKED
from causalvalues.study.document import Block, Cell, Heading, Paragraph, Picture, Table
from causalvalues.study.report_conditions import by_forcing, forcing_words
from causalvalues.study.results import StudyResults, edge_set

OTHER = "other lever model"
POOLED = "pooled"
MOST_ROWS = 24
NONE = "none of these"
CLEARLY_BELOW = 0.9
"""Share of the one effective n below which a pair's own n is shown."""
SAME = 1e-6
"""Largest difference of two probabilities that are taken as the same number."""


def edge_blocks(results: StudyResults, figures: dict[str, Picture]) -> list[Block]:
    """Return the graph with its edge table, and the table of how firmly each edge stands."""
    own = ""
    if any(own_n_words(results, a, b) for a, b in combinations(results.evidence.names, 2)):
        own = " Pairs whose own effective n is clearly smaller are marked (own n): their numbers are too sure."
    blocked = ""
    if results.checks.blocked:
        blocked = (
            f" Every edge here is {BLOCKED}: it shows what hangs together in the scores, not which values act on each "
            "other directly."
        )
    blocks: list[Block] = [
        Heading("The graph"),
        Paragraph(
            "An edge says that two values stay related whichever others are held fixed. An arrow head says that "
            "most graphs have the edge and compel its direction, given no hidden cause. An edge without a head is open "
            "or contested: open, when "
            "most graphs leave the direction free, so that the data say nothing about it; contested, when graphs that "
            f"fit about equally well compel opposite directions, leave it open or lack the edge. "
            f"{_effective_n(results)} and {_averaging(results)}.{own}{forcing_words(results)}{blocked}"
        ),
        figures["graph"],
        _edge_table(results),
    ]
    strip = firmness(results)
    if len(strip.columns) > 3 and strip.rows:
        blocks += [
            Heading("How firmly each edge stands", 3),
            Paragraph(
                "The same answers under other assumptions. An edge that falls below .5 in one of the columns depends "
                "on that choice and should not be reported without saying so."
            ),
            strip,
        ]
    return blocks


def _effective_n(results: StudyResults) -> str:
    if results.conditions is not None:
        return "The posterior scores the equation of each value on the rows in which nobody forced it"
    return f"The posterior uses one effective n for all pairs ({results.evidence.n_score:.0f})"


def _averaging(results: StudyResults) -> str:
    """Return whether the posterior averages over resamples, in the words of its givens."""
    said = [given for given in results.posterior.givens if given.startswith("averaged over ")]
    if said:
        return f"is {exactly(results)}{said[0]}"
    return "does not average over resamples of clusters"


def exactly(results: StudyResults) -> str:
    """Return that what is averaged are exact sums over all graphs, where they are."""
    few = len(results.posterior.names) <= AVERAGED_LAYERS_UP_TO
    return "made of exact sums over all graphs, " if few and results.posterior.method.startswith("exact") else ""


def _edge_table(results: StudyResults) -> Table:
    direct = direct_effects(results.model, results.settings.model.level)
    rows: list[tuple[Cell, ...]] = []
    forcing = by_forcing(results.posterior)
    for edge in results.posterior.averaged_graph().to_dict("records"):
        a, b = str(edge["cause"]), str(edge["effect"])
        tables = (direct.mean, direct.lower, direct.upper)
        mean, lower, upper = (float(table.loc[a, b]) for table in tables)  # type: ignore[arg-type]
        rows.append(
            (
                results.label(a),
                results.label(b),
                float(edge["adjacent"]),
                float(edge["direction"]),
                float(edge["compelled"]),
                float(edge["compelled_reverse"]),
                float(edge["prior_direction"]),
                estimate(mean, lower, upper),
                str(edge["verdict"])
                + (" by forcing" if (a, b) in forcing else "")
                + ("; blocked" if results.checks.blocked else "")
                + own_n_words(results, a, b),
            )
        )
    columns = (
        "Cause",
        "Effect",
        "P(adjacent)",
        "P(this way | edge)",
        "Compelled this way | edge",
        "Compelled the other way | edge",
        "Prior",
        "Direct effect",
        "Verdict",
    )
    return Table(
        columns,
        tuple(rows),
        f"Edges with P(adjacent), the probability that the two values are joined, above "
        f"{number(results.posterior.threshold)}. P(this way | edge): of the direction that the row shows, given that "
        "they are joined; Prior: the same before the data. Compelled this way | edge, the other way | edge: share of "
        "the graphs with the edge in which this direction, or the opposite one, is the same in every graph that fits "
        "equally well; only that is evidence of direction, and what is missing to 1 is open. Verdict: compelled when "
        "more than half of all graphs have the edge and compel this direction (P(adjacent) times the share), by more "
        f"than twice the Monte Carlo error ({number(results.posterior.monte_carlo_error(0.5))} near one half), open "
        "when more than half of those with the edge leave it open (so the prior speaks), else contested; given when "
        "your knowledge says it; blocked where measurement error forbids the claim. "
        "Direct effect: change of the effect for one unit of "
        f"the cause, with its {results.settings.model.level:.0%} interval, in draws that have the edge."
        f"{_own_n(results)}",
        ("P(adjacent)", "Compelled this way | edge", "Compelled the other way | edge"),
    )


def _own_n(results: StudyResults) -> str:
    if results.conditions is not None:
        return ""
    return (
        " Own n: effective n of this pair alone, where it is clearly below the one that all scores use "
        f"({results.evidence.n_score:.0f})."
    )


def own_n_words(results: StudyResults, first: str, second: str) -> str:
    """Return ``; own n 81`` where the effective n of a pair is clearly below the one of all scores, else nothing."""
    evidence = results.evidence
    if results.conditions is not None:
        return ""
    own = float(evidence.pairwise_n[evidence.names.index(first), evidence.names.index(second)])
    return f"; own n {own:.0f}" if own < CLEARLY_BELOW * evidence.n_score else ""


def firmness(results: StudyResults) -> Table:
    """Return P(adjacent) of every pair that some analysis joins, under each set of assumptions, with a verdict."""
    names = results.posterior.names
    columns: dict[str, dict[frozenset[str], float]] = {}
    own = adjacency(results.posterior)
    if results.sensitivity is None or not _is_default(results.sensitivity, own):
        columns["this study"] = own
    if results.sensitivity is not None:
        for column in results.sensitivity.columns.drop(["first", "second", "least", "most"]):
            pairs = zip(results.sensitivity["first"], results.sensitivity["second"], strict=True)
            numbers = results.sensitivity[column]
            columns[str(column)] = {frozenset(pair): float(p) for pair, p in zip(pairs, numbers, strict=True)}
    priors = list(columns)
    if results.levers is not None and results.levers.other is not None:
        columns[OTHER] = adjacency(results.levers.other)
    if results.pooled is not None:
        columns[POOLED] = adjacency(results.pooled)
    rows: list[tuple[float, tuple[Cell, ...]]] = []
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            pair = frozenset((first, second))
            numbers_here = {column: table[pair] for column, table in columns.items()}
            if max(numbers_here.values()) > 0.5:
                verdict = _verdict(numbers_here, priors) + own_n_words(results, first, second)
                label = f"{results.label(first)} – {results.label(second)}"
                rows.append((-numbers_here[priors[0]], (label, *numbers_here.values(), verdict)))
    rows.sort(key=lambda row: (row[0], row[1][0]))
    left_out = len(rows) - MOST_ROWS
    caption = _firmness_caption(columns, priors, left_out)
    if POOLED in columns and results.conditions is not None and results.conditions.forced:
        caption += " The pooled column takes forced values as if nobody had forced them."
    return Table(
        ("Pair", *columns, "Depends on"),
        tuple(row for _, row in rows[:MOST_ROWS]),
        caption,
        tuple(columns),
    )


def _is_default(sensitivity: pd.DataFrame, own: dict[frozenset[str], float]) -> bool:
    """Whether the study's own numbers are those of the default prior, so that one column is enough."""
    rows = sensitivity[["first", "second", "default"]].itertuples(index=False)
    return all(abs(own[frozenset((str(a), str(b)))] - float(p)) < SAME for a, b, p in rows)


def _firmness_caption(columns: Collection[str], priors: Collection[str], left_out: int) -> str:
    said = "P(adjacent) of every pair that some analysis joins."
    if len(priors) > 1:
        said += (
            " The first columns change the prior: strength of the prior on parameters (alpha_w), sparser graphs, equal "
            "weight for every number of parents, BIC in place of a prior."
        )
    if OTHER in columns:
        said += (
            f" {OTHER.capitalize()}: each lever may act on few values only (sparse), where the study lets every lever "
            "act on every value (saturated), or the reverse."
        )
    if POOLED in columns:
        said += f" {POOLED.capitalize()}: groups, levers and clusters ignored; shown as a warning, not as evidence."
    said += (
        f" {NONE[:1].upper()}{NONE[1:]}: the pair is joined, whichever of these assumptions is made. The study's "
        "own column may rest on more bootstrap moments than the others. Hidden common causes and measurement error are "
        "no part of this table."
    )
    if left_out > 0:
        said += f" {left_out} further pairs, which this study joins less, are in tables/prior_sensitivity.csv."
    return said


def adjacency(posterior: GraphPosterior) -> dict[frozenset[str], float]:
    """Return P(adjacent) of every pair."""
    table = posterior.adjacent_probabilities
    return {
        frozenset((a, b)): float(table.loc[a, b])  # type: ignore[arg-type]
        for i, a in enumerate(posterior.names)
        for b in posterior.names[i + 1 :]
    }


def _verdict(numbers: dict[str, float], priors: list[str]) -> str:
    under_priors = [numbers[column] > 0.5 for column in priors]
    if not any(under_priors):
        return "lever model" if numbers.get(OTHER, 0.0) > 0.5 else "pooled only"
    said = []
    if not all(under_priors):
        said.append("prior")
    if OTHER in numbers and (numbers[OTHER] > 0.5) != under_priors[0]:
        said.append("lever model")
    if not said and len(priors) == 1 and OTHER not in numbers:
        return "not tested"
    return ", ".join(said) if said else NONE


def lever_model_disagreement(results: StudyResults) -> int:
    """Return how many pairs are joined under one lever model and not under the other."""
    if results.levers is None or results.levers.other is None:
        return 0
    return len(edge_set(results.posterior) ^ edge_set(results.levers.other))
