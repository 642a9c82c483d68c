"""The part of a report that speaks of conditions: what was forced where, what that settles, and whether it held."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from scipy.special import bdtrc

from causalvalues.evidence import Environments
from causalvalues.graph import GraphPosterior
from causalvalues.model.condition_checks import CUT, SAME
from causalvalues.study.document import Block, Bullets, Cell, Heading, Paragraph, Table
from causalvalues.study.results import StudyResults

LEVEL = 0.05
MOST_TESTS = 8
"""Tests of conditions that the report shows of each kind."""
OFTEN = 0.25
CUT_QUESTION = "Were forced values cut off from their causes?"
DOUBTED = (
    "Some condition only shifted its values and left their causes in place, or did more than forcing them, or the "
    "graph is wrong. Arrows that were learned from forced rows are not safe then. Taking the conditions as levers "
    "(unknown = true with a baseline) assumes less."
)
SAME_QUESTION = "Is each equation the same in every condition in which its value was free?"


def condition_blocks(results: StudyResults) -> list[Block]:
    """Return which conditions there are, what was forced where, and which rows each equation rests on."""
    if results.conditions is None:
        return []
    found = results.conditions.environments
    forced = [each for each in found.conditions if each.forced]
    rows: list[tuple[Cell, ...]] = [
        (
            condition.name,
            ", ".join(results.label(name) for name in condition.forced) or "nothing",
            str(condition.rows),
            None if condition.evidence is None else f"{condition.evidence.n_score:.0f}",
        )
        for condition in sorted(found.conditions, key=lambda each: (bool(each.forced), each.name))
    ]
    said = (
        f"The label {found.by!r} names {len(found.conditions)} conditions; in {len(forced)} of them values were forced"
        ". A forced value was set from outside: its causes are taken not to act on it there, so such rows say nothing "
        "about its equation, but they do say what follows from it. Each equation is learned and fitted on the rows in "
        "which its value was free."
    )
    return [
        Paragraph(said),
        Bullets(tuple(("", note) for note in (*_shared_notes(found), _made(results, found)))),
        Table(
            ("Condition", "Forced", "Rows", "Effective n"),
            tuple(rows),
            "Which values were forced in which condition, and how many rows it has; effective n: what these rows alone "
            "are worth (a dash where they are too few for moments of their own).",
        ),
    ]


def _shared_notes(environments: Environments) -> list[str]:
    """Return the notes of the environments; those that say the same of several values, as one line."""
    together: dict[str, list[str]] = {}
    rest = []
    for note in environments.notes:
        head, colon, said = note.partition(": ")
        if colon and head.startswith("Equation of "):
            together.setdefault(said, []).append(head.removeprefix("Equation of "))
        else:
            rest.append(note)
    return [f"{_equations(names)}: {said}" for said, names in together.items()] + rest


def _equations(names: list[str]) -> str:
    if len(names) == 1:
        return f"Equation of {names[0]}"
    return f"Equations of {', '.join(sorted(names))}, each"


def _made(results: StudyResults, environments: Environments) -> str:
    """Return how the moments of one equation were made."""
    name = environments.names[0]
    notes = environments.of(name).notes[len(results.answers.matrix.notes) :]
    return f"How the moments were made, for {name}: {' '.join(notes)}"


def plain_rows_words(results: StudyResults) -> str:
    """Return which rows a check without forced values was made on; nothing where all rows are of that kind."""
    found = results.conditions
    if found is None or found.evidence is None or not found.forced:
        return ""
    return f"in the {found.evidence.n} rows in which nothing was forced"


def by_forcing(posterior: GraphPosterior) -> frozenset[tuple[str, str]]:
    """Return the compelled edges (cause, effect) of the averaged graph that without the targets would not be.

    The targets decide where an edge is compelled more often than not with them and not without them, both counted in
    the kept draws alone: graphs that were counted and not kept are known with the targets only.
    """
    if not any(posterior.targets):
        return frozenset()
    kept = replace(posterior, compelled=None)
    forced, free = kept.compelled_probabilities, replace(kept, targets=()).compelled_probabilities

    def decided(a: str, b: str) -> bool:
        shares = (float(table.loc[a, b]) for table in (forced, free))  # type: ignore[arg-type]
        with_targets, without = (posterior.more_probable_than_not(share, kept=True) for share in shares)
        return with_targets and not without

    return frozenset(edge for edge in _compelled(posterior.averaged_graph()) if decided(*edge))


def _compelled(table: pd.DataFrame) -> frozenset[tuple[str, str]]:
    table = table[table["verdict"] == "compelled"]
    return frozenset((str(a), str(b)) for a, b in zip(table["cause"], table["effect"], strict=True))


def forcing_words(results: StudyResults) -> str:
    """Return what forcing settles among the directions of the graph; nothing where nothing was forced."""
    if not any(results.posterior.targets):
        return ""
    count = len(by_forcing(results.posterior))
    compelled = len(_compelled(results.posterior.averaged_graph()))
    return (
        " Where some condition forced one end of an edge and left the other free, no equivalent graph turns it, so it "
        "counts as compelled in every graph, one way or the other: read the two shares in the table as the chances of "
        f"the two directions. {count} of the {compelled} compelled edges {'owes' if count == 1 else 'owe'} this to "
        "forcing alone (by forcing): no collider settles them in most graphs. All rest on graphs that were "
        "weighed with forced rows, so they are as good as the assumption that forced values were cut off from their "
        "causes (see below, Does the graph hold?)."
    )


def condition_line(results: StudyResults) -> str:
    """Return what was forced, and whether the tests of it hold; nothing without conditions."""
    if results.conditions is None:
        return ""
    found = results.conditions.environments
    forcing = [condition for condition in found.conditions if condition.forced]
    if not forcing:
        return f"In none of the {len(found.conditions)} conditions a value was forced."
    said = f"In {len(forcing)} of {len(found.conditions)} conditions values were forced. "
    table = results.checks.conditions
    if table is None:
        return said + "Whether that did what is assumed was not tested."
    answers = {kind: _answer(table[table["assumption"] == kind]) for kind in (CUT, SAME)}
    said += (
        f"Were they cut off from their causes? {answers[CUT]} Did the equations of free values stay the same? "
        f"{answers[SAME]}"
    )
    if doubted(results):
        said += " So arrows and effects that were learned from forced rows are not safe."
    return said


def doubted(results: StudyResults) -> bool:
    """Return whether the tests speak against what learning from forced values assumes."""
    table = results.checks.conditions
    if table is None or results.conditions is None or not results.conditions.forced:
        return False
    return any(_answer(table[table["assumption"] == kind]) in (NO, DOUBTFUL) for kind in (CUT, SAME))


def turned_words(results: StudyResults) -> str:
    """Return how many arrows many graphs turn, where forcing lets no edge be open; nothing without forced values."""
    if not any(results.posterior.targets):
        return ""
    table = results.posterior.averaged_graph()
    turned = int(((table["verdict"] == "compelled") & (table["compelled_reverse"] > OFTEN)).sum())
    said = " Forcing one end of an edge leaves its direction open in no graph"
    if turned:
        verb = "goes" if turned == 1 else "go"
        return f"{said}; {turned} of the compelled ones {verb} the other way in more than a quarter of the graphs."
    return f"{said}; no compelled one goes the other way in more than a quarter of the graphs."


NO, DOUBTFUL, YES, UNKNOWN = "No.", "That is doubtful.", "As far as these tests see.", "This cannot be told."


def _answer(table: pd.DataFrame) -> str:
    """Return the shortest true answer to whether an assumption holds, from all its tests."""
    if table.empty:
        return UNKNOWN
    if (table["p_holm"] < LEVEL).any():
        return NO
    small = int((table["p"] < LEVEL).sum())
    return DOUBTFUL if small and bdtrc(small - 1, len(table), LEVEL) < LEVEL else YES


def condition_test_items(results: StudyResults) -> list[tuple[str, str]]:
    """Return in one sentence each whether equations stayed the same and whether forced values lost their causes."""
    table = results.checks.conditions
    if table is None:
        return []
    same, cut = (table[table["assumption"] == kind] for kind in (SAME, CUT))
    items = [(SAME_QUESTION, f"{_answer(same)}{_counts(same)}")]
    if results.conditions is not None and results.conditions.forced:
        told = f"{_answer(cut)}{_counts(cut)}"
        if cut.empty:
            told += " A forced value was one constant, or has no cause in the graph."
        items.append((CUT_QUESTION, told))
    if doubted(results):
        items.append(("What that means.", DOUBTED))
    return items


def _counts(table: pd.DataFrame) -> str:
    if table.empty:
        return ""
    small, failed = int((table["p"] < LEVEL).sum()), int((table["p_holm"] < LEVEL).sum())
    tests = "test" if len(table) == 1 else "tests"
    return (
        f" Of {len(table)} {tests}, {small} ({small / len(table):.0%}) have p < .05 (5% would by chance), and "
        f"{failed} {'stays' if failed == 1 else 'stay'} below .05 when corrected for all tests (Holm)."
    )


def condition_table(results: StudyResults) -> list[Block]:
    """Return the tests of conditions with the smallest p."""
    table = results.checks.conditions
    if table is None or table.empty:
        return []
    shown = pd.concat([table[table["assumption"] == kind].head(MOST_TESTS) for kind in (SAME, CUT)])
    rows = tuple(
        (
            results.label(str(row["value"])),
            str(row["condition"]),
            str(row["assumption"]),
            str(row["rows"]),
            f"{row['f']:.2f} ({row['df1']:.0f}, {row['df2']:.0f})",
            _p(float(row["p"])),
            _p(float(row["p_holm"])),
        )
        for row in shown.to_dict("records")
    )
    left_out = len(table) - len(rows)
    more = f" The other {left_out} tests are in tables/condition_checks.csv." if left_out > 0 else ""
    return [
        Table(
            ("Value", "Condition", "Assumption", "Rows", "F (df)", "p", "p (Holm)"),
            rows,
            "What learning from conditions assumes, tested for the consensus graph; of each kind the smallest p first. "
            "Same equation: the value's intercept and slopes on its causes are those of the other conditions in which "
            "it was free. Cut from its causes: in the condition that forced it, its causes in the graph do not act on "
            f"it.{more}",
        )
    ]


def _p(p: float) -> str:
    return "< .001" if p < 0.001 else f"{p:.3f}".replace("0.", ".", 1)


def unknown_target_blocks(results: StudyResults) -> list[Block]:
    """Return what conditions with unknown targets act on; nothing where there are none."""
    asked = results.settings.environments
    if asked is None or not asked.unknown:
        return []
    if results.posterior.lever_mode != "sparse":
        said = (
            "Here every condition may act on every value (saturated levers), so it is not learned on which it acts "
            'directly. [discovery] levers = "sparse" with the exact method learns it.'
        )
        return [Heading("What each condition acts on", 3), Paragraph(said)]
    acts = results.posterior.lever_probabilities
    mine = [lever for lever in acts.index if str(lever).startswith(f"{asked.by}=")]
    names = list(results.posterior.names)
    rows: list[tuple[Cell, ...]] = []
    for lever in mine:
        chances = (float(acts.loc[lever, name]) for name in names)
        rows.append((str(lever).removeprefix(f"{asked.by}="), *chances))
    return [
        Heading("What each condition acts on", 3),
        Paragraph(
            f"What the conditions of {asked.by!r} act on was not given. Each but {asked.baseline!r} is a lever that "
            "shifts the values on which it acts and leaves their causes in place. A probability above .5 says that the "
            "condition acts on the value directly, not only through other values; before the data it is one half."
        ),
        Table(
            ("Condition", *(results.label(name) for name in names)),
            tuple(rows),
            "Probability that the condition acts on the value directly, over all graphs.",
            tuple(results.label(name) for name in names),
        ),
    ]
