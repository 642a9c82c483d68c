"""The part of a report that holds the graph against rows, equations and levers."""

from __future__ import annotations

import re
from functools import partial

from causalvalues.model import AssumptionTests, Falsification, FitIndices, HeldOut
from causalvalues.numerals import number
from causalvalues.study.document import Block, Bullets, Heading, Paragraph
from causalvalues.study.report_conditions import condition_table, condition_test_items, plain_rows_words
from causalvalues.study.results import StudyResults
from causalvalues.study.wording import journal

FIT_HEADS = {"effective n": "From the effective rows", "scaled by clusters": "from all rows, corrected for clusters"}
MANY_VIOLATED = 0.1
"""Share of violated independences above which a graph holds in part only; a true one violates about .05."""
EFFECTIVE, SCALED = "effective n", "scaled by clusters"
_P = r"\d+(?:\.\d+)?(?:e-?\d+)?"
"""A number from 0 to 1 in any notation."""


def standing_blocks(results: StudyResults) -> list[Block]:
    """Return the held-out test, fit and tests of the equations, each in a sentence or two."""
    checks = results.checks
    said = list(condition_test_items(results))
    if checks.falsification is not None:
        said.append(("Rows that learning did not see.", held_out_line(results) + _held_out_how(results)))
    if checks.fit is not None:
        said.append(("Fit to the rows that it was learned from (not a test).", _fit_words(checks.fit)))
    if checks.assumptions is not None:
        said.append(("Linear equations.", _assumption_words(checks.assumptions)))
    if not said:
        return []
    blocks: list[Block] = [Heading("Does the graph hold?")]
    plain = plain_rows_words(results)
    if plain and (checks.falsification or checks.fit or checks.assumptions):
        blocks.append(Paragraph(f"Except for the tests of the conditions, all of this is seen {plain}."))
    return [*blocks, Bullets(tuple(said)), *condition_table(results)]


def held_out_line(results: StudyResults) -> str:
    """Return the verdict of the held-out test; nothing where there was none."""
    found = results.checks.falsification
    if found is None:
        return ""
    table, splits = found.table, len(found.rows)
    usual = table[["rows_learned", "rows_tested", "implied", "violated"]].median()
    learned, tested, implied, violated = (f"{each:.0f}" for each in usual)
    plain = plain_rows_words(results)
    others = f"{tested} rows of other clusters" if results.answers.matrix.cluster_by else f"{tested} other rows"
    often = f", {splits} times" if splits > 1 else ""
    said = (
        f"{_answer(found)} Learned anew from {learned} rows and tested on {others}{often}"
        f"{' (all of them ' + plain + ')' if plain else ''}, the "
        f"graph is {journal(small_p(found.verdict))}."
    )
    if usual["implied"] > 0:
        medians = " (medians of the splits)" if splits > 1 else ""
        said += f" It implies {implied} independences; the new rows violate {violated} of them{medians}."
    return said + _densities(found)


def _answer(found: Falsification) -> str:
    """Return the shortest true answer."""
    if found.rejected:
        return "No."
    if not found.informative:
        return "This cannot be told."
    violated = float((found.table["violated"] / found.table["implied"].clip(lower=1)).mean())
    return "Partly." if _densities(found) or violated > MANY_VIOLATED else "Yes, as far as this test sees."


def _held_out_how(results: StudyResults) -> str:
    """Return how often graphs were shuffled, and with what the graph was learned."""
    method, nulls = results.checks.held_out_method, HeldOut().nulls
    how = f" It was learned from {method}." if method else ""
    return (
        f"{how} In each split it was held against up to {nulls.permutations} shufflings of its values and "
        f"{nulls.random_graphs} random graphs with as many edges. More in tables/held_out_test.csv and "
        "tables/held_out_prediction.csv."
    )


def _densities(found: Falsification) -> str:
    if found.all_edges_p <= found.level:
        return " A graph with every edge foresees them better still, so edges are missing."
    return ""


def _fit_words(fit: FitIndices) -> str:
    table = fit.table
    columns = [column for column in (EFFECTIVE, SCALED) if column in table]
    said = []
    for column in columns:
        values = table[column]
        interval = f"[{number(values['rmsea_lower'])}, {number(values['rmsea_upper'])}]"
        said.append(
            f"{FIT_HEADS[column]}: chi-square {number(values['chi2'])} on {values['df']:.0f} degrees of freedom "
            f"(p {_p(float(values['p']))}), RMSEA {number(values['rmsea'])} {interval}, CFI {number(values['cfi'])}, "
            f"TLI {number(values['tli'])}, SRMR {number(values['srmr'])}"
        )
    return (
        "The consensus of the graphs (each frequent edge, in its most frequent direction). " + "; ".join(said) + ". "
        "The graph was chosen to fit these rows, so all of this flatters it. More in tables/fit_indices.csv."
    )


def _assumption_words(tests: AssumptionTests) -> str:
    violated = tests.violations
    said = f"Of {len(tests.table)} tests of the consensus graph's equations, {len(violated)} are violated"
    if violated.empty:
        return f"{said} (level {number(tests.level)}, Holm)."
    counted = violated["test"].value_counts(sort=False)
    kinds = ", ".join(f"{kind}: {count}" for kind, count in sorted(counted.items()))
    remedies = dict.fromkeys(violated["remedy"])
    meanings = dict.fromkeys(violated["meaning"])
    return (
        f"{said} (level {number(tests.level)}, Holm; {kinds}). It means: {'; '.join(meanings)}. "
        f"What to do: {'; '.join(remedies)}. Each is in tables/assumption_tests.csv."
    )


def small_p(text: str) -> str:
    """Return a sentence with p-values and their ranges, where below .01, to three decimals: two would make them zero.

    Examples
    --------
    >>> small_p("better (p = 0.002, q = 0.0004); p = 0.0317")
    'better (p = .002, q = 0.0004); p = 0.0317'
    >>> small_p("no better (p = 0.155 [2.9e-05 to 0.911])")
    'no better (p = 0.155 [< .001 to 0.911])'
    """
    say = partial(re.sub, _P, lambda found: _small(found[0]))
    return re.sub(rf"\bp = {_P}(?: \[{_P} to {_P}\])?", lambda found: say(found[0]).replace("= <", "<"), text)


def _small(p: str) -> str:
    return _p(float(p)).removeprefix("= ") if float(p) < 0.01 else p


def _p(p: float) -> str:
    return "< .001" if p < 0.001 else f"= {number(p)}" if p >= 0.01 else f"= {p:.3f}".replace("0.", ".")


def lever_ratio_blocks(results: StudyResults) -> list[Block]:
    """Return whether levers that move one value say the same about another; nothing without levers."""
    ratios = results.checks.lever_ratios
    if ratios is None or ratios.empty:
        return []
    counted = ratios["verdict"].value_counts(sort=False)
    order = sorted(counted.items(), key=lambda item: (-item[1], str(item[0])))
    said = "; ".join(f"{count}: {str(verdict).replace(': ', ', ')}" for verdict, count in order)
    return [
        Heading("Do the levers agree about paths between values?", 3),
        Paragraph(
            "A lever that reaches a value only through another value moves the two in the ratio of the graph's total "
            f"effect, and so does every other such lever. Of {len(ratios)} ordered pairs, {said}. Where levers "
            "disagree they act on the second value by other ways, too, as prompts mostly do; such a pair neither "
            "supports nor refutes its arrow. Ratios, tests and the graph's effects: tables/lever_ratios.csv."
        ),
    ]
