"""The part of a report that speaks of levers: what they did by design, and what foresees it."""

from __future__ import annotations

import pandas as pd

from causalvalues.model import own_values
from causalvalues.model.levers import UNPAIRED
from causalvalues.numerals import estimate
from causalvalues.study.document import Block, Cell, Heading, Paragraph, Picture, Table
from causalvalues.study.results import LeverFindings, StudyResults
from causalvalues.study.wording import journal


def lever_blocks(results: StudyResults, figures: dict[str, Picture]) -> list[Block]:
    """Return the lever effects by design beside those of the model, and the comparison of predictors."""
    levers = results.levers
    if levers is None:
        return []
    blocks: list[Block] = [
        Heading("What the levers did"),
        Paragraph(
            "The design alone says what each lever did: the same units with and without it. No graph is needed. This "
            "is the firmest part of the report."
        ),
        figures["levers"],
        _lever_table(results, levers),
    ]
    if levers.comparison is not None:
        scores = levers.comparison.scores
        rows = tuple(
            (str(name), float(row["r2"]), float(row["r2_about_mean"]), float(row["correlation"]))
            for name, row in scores.iterrows()
        )
        blocks += [
            Heading("Does the graph foresee what a lever does to other values?", 3),
            Paragraph(journal(levers.comparison.verdict)),
            Table(
                ("Predictor", "R2", "R2 about the mean", "Correlation"),
                rows,
                "How well the effects of each lever on the values that it does not aim at are foreseen from its "
                "effect on its own value. R2: 1 is perfect, 0 is as good as foreseeing no effect. R2 about the mean "
                "is measured against each value's mean cross-effect, a yardstick that has seen the answers. Mixed: "
                "least squares, fitted without the lever that is foreseen.",
            ),
        ]
    return blocks


def _lever_table(results: StudyResults, levers: LeverFindings) -> Table:
    design, effects = levers.design, results.effects
    aims = own_values(results.evidence.levers, results.evidence.names)
    rows: list[tuple[Cell, ...]] = []
    for lever in results.evidence.levers:
        if lever not in design.mean.index:
            continue
        own = aims.get(lever, str(design.mean.loc[lever].abs().idxmax()))
        others = design.mean.loc[lever].drop(own)
        side = str(others.abs().idxmax())
        rows.append(
            (
                lever,
                results.answers.lever_texts.get(lever, ""),
                results.label(own),
                _triple(design.mean, design.lower, design.upper, (lever, own)),
                _triple(effects.mean, effects.lower, effects.upper, (lever, own)),
                results.label(side),
                _triple(design.mean, design.lower, design.upper, (lever, side)),
            )
        )
    level = f"{design.level:.0%}"
    how = "difference of means" if (design.pairing == UNPAIRED).all() else "paired within clusters where possible"
    return Table(
        ("Lever", "What it says", "Value", "By design", "By the model", "Largest other", "By design "),
        tuple(rows),
        f"Effect of each lever on the value that it aims at (or moves most), in score units with {level} intervals: by "
        f"design ({how}) and by the fitted model; then its largest effect on another value. With saturated levers the "
        "two rest on nearly the same contrasts. All pairs are in tables/lever_effects.csv.",
    )


def _triple(mean: pd.DataFrame, lower: pd.DataFrame, upper: pd.DataFrame, place: tuple[str, str]) -> str:
    return estimate(*(float(table.loc[place]) for table in (mean, lower, upper)))  # type: ignore[arg-type]
