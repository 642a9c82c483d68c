"""What a study says in words: the blocks of its report, first lines first."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from causalvalues.figures.numbers import estimate
from causalvalues.model import plan_ledger
from causalvalues.model.fitting import LINEAR, NO_HIDDEN
from causalvalues.study.document import Block, Bullets, Cell, Code, Heading, Paragraph, Picture, Table
from causalvalues.study.report_edges import edge_blocks
from causalvalues.study.report_levers import lever_blocks
from causalvalues.study.report_plans import plan_blocks
from causalvalues.study.results import Answered, StudyResults, edge_set
from causalvalues.study.wording import journal

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

SAID_AGAIN = {"linear-Gaussian mechanisms": LINEAR, "no hidden common cause": NO_HIDDEN}
"""What a learner gives, and the words of the fit for the same."""

MOST_PAIRS = 15
"""Pairs that the first lines list by name."""


def report(results: StudyResults, figures: dict[str, Picture]) -> list[Block]:
    """Return the report of a study.

    Parameters
    ----------
    results : StudyResults
    figures : dict of str to Picture
        Of `pictures`.
    """
    return [
        Heading(results.settings.title, 1),
        first_lines(results),
        *_doctor_blocks(results),
        *edge_blocks(results, figures),
        *lever_blocks(results, figures),
        *_effect_blocks(results, figures),
        *_query_blocks(results),
        *plan_blocks(results, figures),
        *_given_blocks(results),
    ]


def first_lines(results: StudyResults) -> Bullets:
    """Return what a reader must know before the first figure."""
    said = [MEASURES[results.evidence.measures]]
    if results.levers is not None and results.levers.comparison is not None:
        said.append(("Does the graph add anything?", journal(results.levers.comparison.verdict)))
    said.append(("How much data?", _rows_sentence(results)))
    if results.pooled is not None:
        said.append(("What a pooled analysis would have claimed.", _pooled_sentence(results)))
    said.append(("Directions.", _direction_sentence(results)))
    return Bullets(tuple(said), lead=True)


def _rows_sentence(results: StudyResults) -> str:
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


def _pooled_sentence(results: StudyResults) -> str:
    pooled, here = edge_set(results.pooled), edge_set(results.posterior)  # type: ignore[arg-type]
    gone, new = pooled - here, here - pooled
    said = (
        f"With {_pooled_words(results)}, {len(pooled)} edges; here, {len(here)}. "
        f"{len(gone)} of the pooled ones are not claimed here"
    )
    said += f": {_pairs(gone, results)}." if gone else "."
    if new:
        said += f" {len(new)} found here would have been missed: {_pairs(new, results)}."
    return said


def _pooled_words(results: StudyResults) -> str:
    """Return what the pooled analysis does differently."""
    said = ["levers ignored"] if results.evidence.levers else []
    said += [f"differences between {results.evidence.within} groups kept in"] if results.evidence.within else []
    said += ["all rows taken as independent"] if results.answers.matrix.cluster_by else []
    return " and ".join(said)


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
        f"Of the {len(table)} edges of the averaged graph, the data compel the direction of {counts['compelled']}; "
        f"{_are(counts['contested'])} contested (graphs that fit about equally well compel opposite directions or none)"
        f"; {_are(counts['open'])} open (most graphs leave the direction free, so only the prior speaks)"
    )
    if counts["given"]:
        said += f"; {_are(counts['given'])} given by your knowledge"
    heads = "compelled and given" if counts["given"] else "compelled"
    return f"{said}. Only the {heads} ones have an arrow head."


def _are(count: int) -> str:
    return f"{count} is" if count == 1 else f"{count} are"


def _doctor_blocks(results: StudyResults) -> list[Block]:
    blocks: list[Block] = [Heading("The answers")]
    blocks.append(Bullets(tuple(("", note) for note in results.evidence.notes)))
    if not results.findings:
        blocks.append(Paragraph("The data doctor found nothing that would make a learned graph wrong."))
        return blocks
    rows = tuple((f.code, f.severity, f.where, f.message, f.remedy) for f in results.findings)
    blocks.append(
        Table(
            ("Code", "Severity", "Where", "What and why it matters", "What to do"),
            rows,
            "What the data doctor found. A blocking finding would have stopped the study.",
        )
    )
    return blocks


def _effect_blocks(results: StudyResults, figures: dict[str, Picture]) -> list[Block]:
    bases = results.ledger[results.ledger["kind"] == "effect"]["basis"].value_counts()
    counted = ", ".join(f"{count} {basis}" for basis, count in sorted(bases.items()))
    caution = ""
    comparison = results.levers.comparison if results.levers is not None else None
    if comparison is not None and not comparison.difference[1] > 0:
        caution = " On these answers the graph did not foresee the effects of levers better than simple predictors did."
    contested = "; contested: graphs that fit about equally well disagree" if "contested" in bases else ""
    return [
        Heading("What moves what: total effects"),
        Paragraph(
            "If one value could be raised by one unit and everything else followed, the others would change by these "
            "amounts. Where answers are scored one by one, no path leads from one value's score to another's, so this "
            f"is a hypothetical reading of the graph. What the {int(bases.sum())} claims (there is a path, or there is "
            f"none) rest on: {counted}{contested}. An effect whose direction is open is zero in a part of the "
            f"draws, so its interval reaches to zero.{caution}"
        ),
        figures["effects"],
    ]


def _query_blocks(results: StudyResults) -> list[Block]:
    if not results.queries:
        return []
    blocks: list[Block] = [Heading("Questions to the model")]
    for answered in results.queries:
        blocks += [Heading(answered.title, 3), _query_table(answered, results)]
        if answered.question.kind != "paths":
            blocks.append(_query_basis(answered, results))
    return blocks


def _query_basis(answered: Answered, results: StudyResults) -> Bullets:
    amounts = {**answered.question.set, **answered.question.shift}
    ledger = plan_ledger(results.model, results.posterior, results.evidence, amounts)
    said = [("Rests on." if place == 0 else "", str(each)) for place, each in enumerate(ledger["sentence"])]
    return Bullets(tuple((head, journal(text)) for head, text in said))


def _query_table(answered: Answered, results: StudyResults) -> Table:
    table, level = answered.table, results.settings.model.level
    interval = f"{level:.0%} interval over the draws"
    if answered.question.kind == "paths":
        paths = tuple(
            (str(row["path"]), estimate(row["mean"], row["lower"], row["upper"]), float(row["probability"]))
            for row in table.to_dict("records")
        )
        said = f"Paths that carry the effect: contribution with {interval}, and the probability that the path exists."
        return Table(("Path", "Contribution", "P(path)"), paths, said, ("P(path)",))
    first = "fact" if "fact" in table else "before"
    said = f"Score before, and what it would have been: mean and {interval} (parameters and graph)."
    if first == "fact":
        said = (
            f"Score before, and what it would have been. The {level:.0%} interval is that of the mean effect "
            "(parameters and graph), carried to this unit; single units differ more."
        )
    columns = ["Value", "As it was", "Would have been (mean effect)" if first == "fact" else "Would have been"]
    if "observed" in table:
        columns.append("Really answered")
        said += (
            " The last column is what this unit answered when it was asked in this way; those rows are part of the "
            "data that the model was fitted to."
        )
    if first == "fact":
        said += f" {_residual_sentence(answered, results)}"
    rows = tuple(_query_row(results, str(name), row, first) for name, row in table.iterrows())
    return Table(tuple(columns), rows, said)


def _residual_sentence(answered: Answered, results: StudyResults) -> str:
    """Return what is assumed of the unit, and how that did wherever units answered both ways."""
    if results.paired is None:
        return (
            "The unit keeps what the model does not explain about it: an assumption that these rows cannot test, as no "
            "unit answered with a lever and without it."
        )
    said = journal(results.paired.sentence())
    if set(answered.question.set) | set(answered.question.shift) <= set(results.model.levers):
        return said
    return f"{said} That was tested for levers; no row tests it for a push on a value by itself."


def _query_row(results: StudyResults, name: str, row: pd.Series, first: str) -> tuple[Cell, ...]:
    cells: list[Cell] = [results.label(name), float(row[first]), estimate(row["mean"], row["lower"], row["upper"])]
    return (*cells, float(row["observed"])) if "observed" in row else tuple(cells)


def _givens(results: StudyResults) -> list[str]:
    """Return the assumptions, each once: the learner and the fit say two of them in different words."""
    givens = list(dict.fromkeys(results.model.givens))
    return [given for given in givens if SAID_AGAIN.get(given) not in givens]


def _given_blocks(results: StudyResults) -> list[Block]:
    posterior, settings = results.posterior, results.settings
    kinds = results.ledger.groupby(["kind", "basis"], sort=True).size().reset_index(name="count")
    rows = tuple((str(row["kind"]), str(row["basis"]), str(row["count"])) for row in kinds.to_dict("records"))
    exact = "exact sums over all graphs" if posterior.exact else f"frequencies of {posterior.kind} draws"
    how = (
        f"{posterior.method}; {len(posterior.draws)} {posterior.kind} draws ({posterior.effective_draws:.0f} "
        f"effective); edge probabilities are {exact}; lever model: {posterior.lever_mode}; seed {settings.seed}."
    )
    return [
        Heading("What all this rests on"),
        Bullets(tuple(("", f"{given[:1].upper()}{given[1:]}.") for given in _givens(results))),
        Paragraph(how),
        Table(
            ("Claim", "Rests on", "How many"),
            rows,
            "The ledger: by design needs only that the experimenter chose the levers; by graph needs that no hidden "
            "cause acts on two values; contested means that graphs that fit about equally well say different things; "
            "by prior only means that the data leave it open. Every single entry is in tables/ledger.csv.",
        ),
        Heading("Do it again"),
        Paragraph(
            f"Input: {results.answers.source} (SHA-256 {results.answers.sha256[:16]}...). The resolved settings are in "
            "manifest.json; the same settings and the same seed give the same files."
        ),
        Code("causalvalues demo" if settings.data.demo else "causalvalues study STUDY.toml"),
    ]
