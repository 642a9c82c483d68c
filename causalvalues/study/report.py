"""What a study says in words: the blocks of its report, first lines first."""

from __future__ import annotations

import pandas as pd

from causalvalues.model import plan_ledger
from causalvalues.model.fitting import LINEAR, NO_HIDDEN
from causalvalues.numerals import estimate
from causalvalues.study.blocking import BLOCKED, bases
from causalvalues.study.document import Block, Bullets, Cell, Code, Heading, Paragraph, Picture, Table
from causalvalues.study.report_conditions import condition_blocks, doubted, unknown_target_blocks
from causalvalues.study.report_edges import edge_blocks, exactly
from causalvalues.study.report_first import first_lines
from causalvalues.study.report_hidden import hidden_blocks
from causalvalues.study.report_levers import lever_blocks
from causalvalues.study.report_measurement import measurement_blocks
from causalvalues.study.report_plans import plan_blocks
from causalvalues.study.report_tests import lever_ratio_blocks, standing_blocks
from causalvalues.study.results import Answered, StudyResults
from causalvalues.study.wording import journal

SAID_AGAIN = {"linear-Gaussian mechanisms": LINEAR, "no hidden common cause": NO_HIDDEN}
"""What a learner gives, and the words of the fit for the same."""


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
        *measurement_blocks(results),
        *edge_blocks(results, figures),
        *hidden_blocks(results),
        *standing_blocks(results),
        *lever_blocks(results, figures),
        *unknown_target_blocks(results),
        *lever_ratio_blocks(results),
        *_effect_blocks(results, figures),
        *_query_blocks(results),
        *plan_blocks(results, figures),
        *_given_blocks(results),
    ]


def _doctor_blocks(results: StudyResults) -> list[Block]:
    blocks: list[Block] = [Heading("The answers")]
    notes = results.evidence.notes
    if results.conditions is not None:
        notes = notes[: len(results.answers.matrix.notes)]  # the others speak of all rows, forced or not
    blocks.append(Bullets(tuple(("", note) for note in notes)))
    blocks += condition_blocks(results)
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
    standing = bases(results.ledger[results.ledger["kind"] == "effect"]).value_counts()
    counted = ", ".join(f"{count} {basis}" for basis, count in sorted(standing.items()))
    caution = ""
    comparison = results.levers.comparison if results.levers is not None else None
    if comparison is not None and not comparison.difference[1] > 0:
        caution = " On these answers the graph did not foresee the effects of levers better than simple predictors did."
    if doubted(results):
        caution += " The conditions did not do what learning from forced rows assumes (see Does the graph hold?)."
    contested = "; contested: graphs that fit about equally well disagree" if "contested" in standing else ""
    return [
        Heading("What moves what: total effects"),
        Paragraph(
            "If one value could be raised by one unit and everything else followed, the others would change by these "
            "amounts. Where answers are scored one by one, no path leads from one value's score to another's, so this "
            f"is a hypothetical reading of the graph. What the {int(standing.sum())} claims (there is a path, or there "
            f"is none) rest on: {counted}{contested}. An effect whose direction is open is zero in a part of the "
            f"draws, so its interval reaches to zero.{caution}"
        ),
        figures["effects"],
    ]


def _query_blocks(results: StudyResults) -> list[Block]:
    if not results.queries:
        return []
    blocks: list[Block] = [Heading("Questions to the model")]
    for place, answered in enumerate(results.queries, start=1):
        blocks.append(Heading(answered.title, 3))
        if answered.question.kind == "paths" and results.checks.blocked:
            blocks.append(
                Paragraph(
                    f"{BLOCKED.capitalize()}: at these reliabilities and this number of rows too many paths are "
                    f"expected to be false, so none is shown. The numbers are in tables/query_{place}.csv, marked."
                )
            )
            continue
        blocks.append(_query_table(answered, results))
        if answered.question.kind != "paths":
            blocks.append(_query_basis(answered, results))
    return blocks


def _query_basis(answered: Answered, results: StudyResults) -> Bullets:
    amounts = {**answered.question.set, **answered.question.shift}
    ledger = plan_ledger(results.model, results.posterior, results.evidence, amounts)
    said = [("Rests on." if place == 0 else "", str(each)) for place, each in enumerate(ledger["sentence"])]
    if results.checks.blocked and set(amounts) - set(results.model.levers):
        said.append(
            ("Blocked.", "This pushes a value, and what follows runs along paths between values: " + BLOCKED + ".")
        )
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
    counted = results.ledger.assign(basis=bases(results.ledger))
    kinds = counted.groupby(["kind", "basis"], sort=True).size().reset_index(name="count")
    rows = tuple((str(row["kind"]), str(row["basis"]), str(row["count"])) for row in kinds.to_dict("records"))
    averaged = [given for given in posterior.givens if given.startswith("averaged over ")]
    exact = "exact sums over all graphs" if posterior.exact else f"frequencies of {posterior.kind} draws"
    if averaged and exactly(results):
        exact = f"the average of exact sums over all graphs{averaged[0].removeprefix('averaged')}"
    how = (
        f"{posterior.method}; {len(posterior.draws)} {posterior.kind} draws ({posterior.effective_draws:.0f} "
        f"effective); edge probabilities are {exact}; lever model: {posterior.lever_mode}; seed {settings.seed}."
    )
    return [
        Heading("What all this rests on"),
        Bullets(tuple(("", f"{given[:1].upper()}{given[1:]}.") for given in _givens(results))),
        Paragraph(how),
        *_skipped_blocks(results),
        Table(
            ("Claim", "Rests on", "How many"),
            rows,
            "The ledger: by design needs only that the experimenter chose the levers; by graph needs that no hidden "
            "cause acts on two values; contested means that graphs that fit about equally well say different things; "
            "by prior only means that the data leave it open; blocked means that measurement error forbids the claim. "
            "Every single entry is in tables/ledger.csv.",
        ),
        Heading("Do it again"),
        Paragraph(
            f"Input: {results.answers.source} (SHA-256 {results.answers.sha256[:16]}...). The resolved settings are in "
            "manifest.json; the same settings and the same seed give the same files."
        ),
        Code("causalvalues demo" if settings.data.demo else "causalvalues study STUDY.toml"),
    ]


def _skipped_blocks(results: StudyResults) -> list[Block]:
    """Return what could not be checked, and why."""
    if not results.checks.skipped:
        return []
    return [Paragraph("Not done on these answers:"), Bullets(tuple(("", said) for said in results.checks.skipped))]
