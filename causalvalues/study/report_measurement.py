"""The part of a report that speaks of measurement error."""

from __future__ import annotations

import math

import pandas as pd

from causalvalues.discovery import ItemStability
from causalvalues.numerals import estimate, number
from causalvalues.study.document import Block, Cell, Heading, Paragraph, Table
from causalvalues.study.measurement import Measurement
from causalvalues.study.results import StudyResults

LIMIT = 0.1
"""Expected share of false edges above which claims are blocked; that of `FalseEdges`."""
COEFFICIENTS = {"alpha": "Alpha", "omega": "Omega", "split_half": "Split-half"}


def measurement_blocks(results: StudyResults) -> list[Block]:
    """Return the reliabilities and what they mean for edges; nothing without items."""
    found = results.checks.measurement
    if found is None:
        return []
    blocks: list[Block] = [
        Heading("How reliably each value is measured"),
        Paragraph(_share_words(found) + _simulated_words(found) + _corrected_words(found)),
    ]
    if results.conditions is not None and results.conditions.forced:
        blocks.append(Paragraph("Each reliability is that of the rows in which nobody forced the value."))
    if found.stability is not None:
        blocks.append(Paragraph(_stability_words(found.stability, results)))
    return [*blocks, _reliability_table(found, results)]


def measurement_line(results: StudyResults) -> str:
    """Return what the first lines say of measurement error; nothing where it is not known."""
    found = results.checks.measurement
    if found is None or found.false_edges is None:
        why = next((each for each in results.checks.skipped if each.startswith("measurement error")), "")
        unchecked = "Not checked, so no claim about a direct effect or a path between values can be trusted"
        return f"{unchecked} ({why.partition(': ')[2].rstrip('.')})." if why else ""
    said = _share_words(found)
    if not found.blocked:
        return said
    design = " What levers did is not blocked." if results.evidence.levers else ""
    return (
        "Claims about direct effects and paths between values are blocked: the answers measure the values too roughly. "
        f"{said}{design}"
    )


def _simulated_words(found: Measurement) -> str:
    """Return what the expected share of false edges was simulated with."""
    if found.false_edges is None:
        return ""
    rows = found.false_edges.table
    row = rows[rows["scores"] == found.scores].sort_values("false", kind="stable").iloc[-1]
    return (
        f" This is simulated: {int(row['repeats'])} data sets from the graph that fits these answers best and as many "
        f"from random graphs, of which the larger share counts (standard error {float(row['false_se']):.0%})."
    )


def _corrected_words(found: Measurement) -> str:
    """Return what corrected moments would do where the scores as they are block claims."""
    edges = found.false_edges
    if edges is None or not found.blocked or found.scores != "as they are":
        return ""
    corrected = edges.expected("corrected")
    if not corrected <= LIMIT:
        return ""
    rows = edges.table.set_index(["graph", "scores"])["found"]
    return (
        f" From moments corrected for the error it would be {corrected:.0%}, but these would find only "
        f"{_least(rows, 'corrected'):.0%} of the true edges (as they are: {_least(rows, 'as they are'):.0%}): more "
        "items are needed."
    )


def _share_words(found: Measurement) -> str:
    alphas = found.table[found.coefficient].dropna()
    coefficient = found.coefficient.replace("_", "-")
    said = f"Reliabilities ({coefficient}) lie between {number(alphas.min())} and {number(alphas.max())}. "
    if found.false_edges is None:
        return said + "The share of false edges that this makes was not simulated."
    edges = found.false_edges
    moments = ", moments corrected for them" if found.scores == "corrected" else ""
    said += (
        f"With these{moments} and {edges.n} effective rows, {found.share:.0%} of the pairs without an edge are "
        f"expected to be claimed as edges; above {LIMIT:.0%}, claims are blocked."
    )
    return said


def _least(found: pd.Series, scores: str) -> float:
    return float(found.xs(scores, level="scores").min())


def _stability_words(stability: ItemStability, results: StudyResults) -> str:
    edges = stability.pairs[stability.pairs["adjacent"] > 0.5]
    stable = int(edges["stable"].sum())
    said = (
        f"Single items matter: of {len(edges)} edges learned from all items (one moment matrix), {stable} stay above "
        ".5 whichever single item is left out."
    )
    lost = edges[~edges["stable"].astype(bool)].sort_values(["lowest", "cause"], kind="stable")
    if len(lost):
        row = lost.iloc[0]
        pair = f"{results.label(str(row['cause']))}–{results.label(str(row['effect']))}"
        said += (
            f" The one that hangs most on an item is {pair}: {number(float(row['adjacent']))} with all, "
            f"{number(float(row['lowest']))} without {row['lowest_item']}."
        )
    return said + " All are in tables/item_stability.csv."


def _reliability_table(found: Measurement, results: StudyResults) -> Table:
    used = [name for name in COEFFICIENTS if name in found.table]
    rows: list[tuple[Cell, ...]] = []
    for dimension, row in found.table.iterrows():
        cells: list[Cell] = [results.label(str(dimension)), f"{int(row['items'])}", float(row["mean_correlation"])]
        for name in used:
            middle, lower, upper = (float(row[each]) for each in (name, f"{name}_lower", f"{name}_upper"))
            cells.append(None if math.isnan(middle) else estimate(middle, lower, upper))
        rows.append(tuple(cells))
    return Table(
        ("Value", "Items", "Mean correlation", *(COEFFICIENTS[name] for name in used)),
        tuple(rows),
        "Reliability of each value's score, with 95% intervals robust to repeated rows of one cluster; levers and "
        "their combinations are taken out first. Alpha assumes that all items measure the value equally well, omega "
        "does not.",
    )
