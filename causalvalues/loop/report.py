"""The report of a loop: what was reached, beside what, and how far predictions held."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from causalvalues.figures.dot_plot import FILLED, HOLLOW, Dots, DotText, dot_plot
from causalvalues.loop.comparing import LOOP, Comparison
from causalvalues.loop.kinds import KINDS
from causalvalues.loop.kinds_report import kinds_blocks, kinds_figure, kinds_line
from causalvalues.loop.outcomes import Flags, LoopResults, Outcome, SwapTest
from causalvalues.loop.preparing import Known
from causalvalues.loop.session import named
from causalvalues.loop.settings import LoopSettings
from causalvalues.model.levers import cell_name
from causalvalues.numerals import estimate, number
from causalvalues.scene.nouns import Scene
from causalvalues.study.document import Block, Bullets, Cell, Heading, Paragraph, Picture, Table

MOST_TARGETS = 30
MOST_PROFILES = 10
SALIENCE = (
    "The answers show which values the model talks about in a role (salience). They do not show which values it "
    "endorses. Read every number below as salience."
)


def loop_tables(results: LoopResults) -> dict[str, pd.DataFrame]:
    """Return name -> table: ``targets`` one row a target, ``steps`` one row an ask, and the comparisons."""
    tables = {
        "targets": pd.DataFrame([target_row(outcome) for outcome in results.outcomes]),
        "steps": pd.DataFrame([row for outcome in results.outcomes for row in _step_rows(outcome)]),
    }
    if results.kinds is not None:
        tables["kinds"] = results.kinds.table.reset_index(names="kind")
    if results.test is not None:
        tables["comparison"] = results.test.loop.table.reset_index(names="way")
        if results.test.sealed is not None:
            tables["comparison_sealed"] = results.test.sealed.table.reset_index(names="way")
    return tables


def loop_report(settings: LoopSettings, held: Known, results: LoopResults) -> tuple[list[Block], list[Picture]]:
    """Return the blocks of the report, and its figures."""
    blocks: list[Block] = [Heading(settings.title, 1), Bullets(tuple(first_lines(results)), lead=True)]
    pictures: list[Picture] = []
    if results.kinds is not None:
        pictures.append(Picture("kinds", kinds_figure(results.kinds)))
        blocks.append(Heading("Prompts, levers inside the model, and both"))
        blocks += [*kinds_blocks(results.kinds, settings), pictures[0]]
    if results.test is not None:
        pictures.append(Picture("ways", ways_figure(results.test)))
        blocks += [Heading("The loop beside other ways"), *_ways_blocks(results.test, settings), pictures[-1]]
        blocks += [Heading("Targets out of reach"), _flag_table(results.test, settings)]
    shown = [outcome for outcome in results.outcomes if not outcome.kind]
    blocks += [Heading("Targets"), _target_table(shown)]
    own = [outcome for outcome in shown if outcome.swap is None][:MOST_PROFILES]
    blocks += [_profile_table(outcome, results.values) for outcome in own]
    blocks += [Heading("How it was done"), _method(settings, held)]
    return blocks, pictures


def first_lines(results: LoopResults) -> list[tuple[str, str]]:
    """Return the first lines: a short beginning and a text each."""
    asked_for = [outcome for outcome in results.outcomes if not outcome.kind]
    outcomes = [outcome for outcome in asked_for if outcome.swap is None or not outcome.swap.unreachable]
    errors = [outcome.steered.error for outcome in outcomes]
    sealed = [outcome.sealed_error for outcome in outcomes if math.isfinite(outcome.sealed_error)]
    asks = sum(len(outcome.steered.steps) for outcome in outcomes)
    said = f"{len(outcomes)} targets, {asks} lever sets asked; mean absolute error {number(float(np.mean(errors)), 3)}"
    if sealed:
        said += f" in the rows that the loop chose by, {number(float(np.mean(sealed)), 3)} in sealed rows (report this)"
    said += ". Score units."
    if len(outcomes) < len(asked_for):
        said += f" {len(asked_for) - len(outcomes)} more targets were moved out of reach on purpose."
    items = [("Salience, not endorsement.", SALIENCE)] if results.measures == "salience" else []
    items.append(("How near.", said))
    if results.kinds is not None:
        items.append(kinds_line(results.kinds))
    if results.test is not None:
        items += _test_lines(results.test)
    flagged = [outcome.name for outcome in asked_for if outcome.steered.unreachable]
    if flagged and results.test is None:
        items.append(
            ("Out of reach.", f"{', '.join(flagged)}: nothing that may be said has a fair chance to get there.")
        )
    items.append(
        (
            "Asked.",
            f"{results.questions} questions to the model in the run that wrote the ledger; for {results.live} targets "
            "the model was asked while their loop ran.",
        )
    )
    return items


def _test_lines(test: SwapTest) -> list[tuple[str, str]]:
    shown = test.sealed or test.loop
    where = "in sealed rows" if test.sealed is not None else "in the rows that the loop saw"
    table = shown.table
    ratios = "; ".join(
        f"{way} {estimate(row['ratio'], row['ratio_lower'], row['ratio_upper'])}"
        for way, row in table.iterrows()
        if way != LOOP
    )
    far, near = test.flags, test.flags
    return [
        ("Beside other ways.", f"Error of the loop over that of each way, {where}, with 90% intervals: {ratios}."),
        (
            "Did predictions hold?",
            f"Predicted over achieved error of the first plans: {estimate(*test.ratio)}. Of the scores foretold for a "
            f"step, {100 * test.coverage:.0f}% fell into their 90% interval. Targets that "
            "were moved away are left out.",
        ),
        (
            "Out of reach.",
            f"Flagged {far.flagged} of {far.unreachable} targets that no pair reaches, and {near.falsely} of "
            f"{near.reachable} that one does.",
        ),
    ]


def _ways_blocks(test: SwapTest, settings: LoopSettings) -> list[Block]:
    limits = settings.guardrails
    guarded = (
        " Guardrails are no goals. The loop and the best of all pairs and of single levers keep them in the rows that "
        "they choose by, the first plan and scale + start in what they foretell; a random pair, the levers that made "
        "the target and its values by name need not."
    )
    blocks: list[Block] = [
        Paragraph(
            "Each target is the measured profile of another persona under a pair of levers. Every pair was asked for "
            "every persona, after the loops had ended, so that the best one is known. Ways choose by rows of one "
            "wording of the question; sealed rows have another wording, and nothing was chosen by them. The loop and "
            "scale + start may also choose a single lever, and the loop none. Intervals: 90%, bootstrap of the "
            "personas that are steered." + (guarded if limits is not None else "")
        ),
        _ways_table(test.loop, "In the rows that the loop saw. Mean absolute error, score units."),
    ]
    if test.sealed is not None:
        blocks.append(_ways_table(test.sealed, "In sealed rows. Mean absolute error, score units."))
    return blocks


def _ways_table(compared: Comparison, caption: str) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            str(way),
            estimate(row["error"], row["lower"], row["upper"], 3),
            estimate(row["ratio"], row["ratio_lower"], row["ratio_upper"]),
        )
        for way, row in compared.table.iterrows()
    ]
    return Table(("Way", "Error", "Loop over way"), tuple(rows), caption)


def _flag_table(test: SwapTest, settings: LoopSettings) -> Table:
    def row(when: str, flags: Flags) -> tuple[Cell, ...]:
        return (
            when,
            f"{flags.flagged} of {flags.unreachable}",
            f"{flags.falsely} of {flags.reachable}",
        )

    return Table(
        ("When", "Unreachable, flagged", "Reachable, flagged"),
        (row("before asking", test.flags_before), row("when the loop has ended", test.flags)),
        f"A target counts as reached at a mean absolute error of {number(settings.steering.reach, 3)} or less. "
        "Unreachable ones were moved away from a measured profile, and no pair reaches them; a target that was moved "
        "and that a pair reaches all the same counts as reachable. Left out: targets that were not moved and that no "
        f"pair reaches ({test.between}).",
    )


def _target_table(outcomes: Sequence[Outcome]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            outcome.title,
            named(outcome.chosen),
            f"{len(outcome.steered.steps)}",
            number(_first_prediction(outcome), 3),
            number(outcome.steered.error, 3),
            number(outcome.sealed_error, 3),
            "out of reach" if outcome.steered.unreachable else outcome.steered.why,
        )
        for outcome in outcomes[:MOST_TARGETS]
    ]
    more = f" The first {MOST_TARGETS} of {len(outcomes)}; all in targets.csv." if len(outcomes) > MOST_TARGETS else ""
    return Table(
        ("Target", "Chosen", "Asks", "Predicted", "Achieved", "Sealed", "Ended"),
        tuple(rows),
        f"Mean absolute errors in score units; predicted: of the first plan.{more}",
    )


def _profile_table(outcome: Outcome, values: Sequence[str]) -> Table:
    """Return where each value started, should go and ended, wanted ones first."""
    aim, best = outcome.steered.aim, outcome.steered.best
    reached = aim.start if best is None else best.achieved
    told = aim.start if best is None else best.planned.predicted
    sealed = np.full(len(values), math.nan) if outcome.sealed is None else outcome.sealed
    order = sorted(range(len(values)), key=lambda place: (math.isnan(aim.wanted[place]), place))
    rows: list[tuple[Cell, ...]] = [
        (values[i], *(number(float(each[i]), 3) for each in (aim.start, aim.wanted, told, reached, sealed)))
        for i in order
    ]
    return Table(
        ("Value", "Start", "Wanted", "Predicted", "Reached", "Sealed"),
        tuple(rows),
        f"{outcome.title}: {named(outcome.chosen)}. Sealed: the start plus what the levers change in the sealed "
        "wording.",
    )


def _first_prediction(outcome: Outcome) -> float:
    return outcome.steered.steps[0].planned.predicted_error if outcome.steered.steps else math.nan


def _method(settings: LoopSettings, held: Known) -> Paragraph:
    rows = held.rows
    return Paragraph(
        f"Predictions were learned from {len(rows)} rows of {len(set(rows.units))} units under {len(set(rows.cells))} "
        f"lever sets. Of {len(held.choices)} lever sets that may be said, the first one asked has the least expected "
        "error; each later one the largest expected improvement, foretold with the answers of the same persona so far. "
        f"At most {settings.steering.asks} asks a target. Every prediction stands in ledger.jsonl before its answer."
    )


def ways_figure(test: SwapTest) -> Scene:
    """Draw the mean error of every way, in the rows that the loop saw and in sealed ones."""
    order = test.loop.table.sort_values("error", kind="stable").index
    kinds = [_ways_dots("loop rows", FILLED, test.loop.table.loc[order])]
    if test.sealed is not None:
        kinds.append(_ways_dots("sealed rows", HOLLOW, test.sealed.table.loc[order]))
    words = DotText(
        title="How near does each way come to the target?",
        axis="mean absolute error (score units), 90% interval",
        caption=(
            f"Mean absolute error over {len(test.loop.errors)} targets, each the measured profile of another "
            "persona under a pair of levers, with 90% intervals (bootstrap of steered personas). Filled: rows that "
            "the loop chose by; hollow: sealed rows in another wording of the question."
        ),
        decimals=3,
        zero=False,
        numbers=True,
    )
    return dot_plot([str(way) for way in order], kinds, words)


def _ways_dots(name: str, style: str, table: pd.DataFrame) -> Dots:
    ends = (tuple(float(each) for each in table[what]) for what in ("error", "lower", "upper"))
    return Dots(name, style, *ends)


def target_row(outcome: Outcome) -> Mapping[str, object]:
    """Return what is known of one target, for tables and JSON."""
    steered = outcome.steered
    return {
        "target": outcome.name,
        "title": outcome.title,
        "persona": outcome.persona,
        "kind": KINDS[outcome.kind],
        "levers": cell_name(dict(outcome.chosen)),
        "asks": len(steered.steps),
        "predicted_error": _first_prediction(outcome),
        "first_error": steered.steps[0].error if steered.steps else math.nan,
        "error": steered.error,
        "sealed_error": outcome.sealed_error,
        "chance_before": steered.chances[0],
        "chance_left": steered.chances[1],
        "flagged": steered.unreachable,
        "moved_away": bool(outcome.swap and outcome.swap.unreachable),
        "ended": steered.why,
        "asked": outcome.asked,
    }


def _step_rows(outcome: Outcome) -> list[Mapping[str, object]]:
    return [
        {
            "target": outcome.name,
            "step": step.planned.number,
            "levers": cell_name(dict(step.planned.levers)),
            "predicted_error": step.planned.predicted_error,
            "gain": step.planned.gain,
            "error": step.error,
        }
        for step in outcome.steered.steps
    ]
