"""The experiment with forced answers as blocks: the verdict first, then effects, models and the fitted response."""

from __future__ import annotations

import numpy as np
import pandas as pd

from causalvalues.figures.dot_plot import FILLED, HOLLOW, Dots, DotText, dot_plot
from causalvalues.figures.experimental_heatmap import Foreseen, experimental_heatmap
from causalvalues.numerals import percent
from causalvalues.reports.experiment_tables import (
    counted,
    effects_table,
    leads_table,
    models_table,
    response_table,
    sentences_table,
    ways_table,
)
from causalvalues.scene.nouns import Scene
from causalvalues.skill.experimental_agreement import LEVERS
from causalvalues.skill.experimental_nouns import ExperimentalEffects
from causalvalues.skill.experimental_score import ModelScores
from causalvalues.skill.experimental_study import Experiment
from causalvalues.study.document import Block, Bullets, Heading, Paragraph, Picture
from causalvalues.theories.theory import ValueTheory

SALIENCE = "What is measured is salience: what the respondent talks about, not what it endorses."


def experiment_blocks(found: Experiment, theory: ValueTheory | None = None) -> list[Block]:
    """Return headings, the verdict, the effects, the models that are held against them, and the fitted response.

    Parameters
    ----------
    found : Experiment
        Of `run_experiment`.
    theory : ValueTheory, optional
        Order and names of the values.
    """
    scenes = experiment_scenes(found, theory)
    blocks: list[Block] = [
        Heading("What does saying one value do to the others?"),
        Bullets(tuple(("", sentence) for sentence in verdict(found)), lead=True),
        Picture("experiment", scenes["experiment"]),
        Paragraph(
            "Statements of one value, chosen at random, were put into the mouth of the respondent, and all values were "
            "measured afterwards; the control is the same respondent after neutral sentences, over the items that were "
            "not said. What all statements do to a value depends on these sentences, so effects are shown less the "
            "mean effect of the other forced values on the same value."
        ),
        effects_table(found, theory),
        ways_table(found),
    ]
    if found.statements is not None:
        blocks.append(sentences_table(found.statements.components))
    if found.scores is not None:
        blocks += [Heading("Does a structural model foresee it?", 3), Picture("experiment-models", scenes["models"])]
        where = found.scores.chosen_on
        blocks += [models_table(found.scores), leads_table(found.scores, where)]
        if found.statement_scores is not None:
            blocks.append(leads_table(found.statement_scores, where, "other statements of the same values"))
    blocks += [Heading("A model of forced answers", 3), response_table(found)]
    return blocks


def experiment_scenes(found: Experiment, theory: ValueTheory | None = None) -> dict[str, Scene]:
    """Return the pictures: ``experiment``, and with models ``models``."""
    best = None if found.scores is None else found.scores.chosen
    table = next((each.prediction for each in found.candidates if each.name == best), None)
    foreseen = None if best is None or table is None else Foreseen(best, table)
    scenes = {"experiment": experimental_heatmap(found.effects.effects(centred=True), foreseen, theory)}
    if found.scores is not None:
        scenes["models"] = _models_plot(found.scores)
    return scenes


def experiment_files(found: Experiment) -> dict[str, str]:
    """Return the tables as CSV text, by file name."""
    files = {}
    for kind, centred in (("effects", False), ("special_effects", True)):
        effects = found.effects.effects(centred=centred)
        files[f"{kind}.csv"] = _csv(_long(effects))
    if found.statements is not None:
        files["statements.csv"] = _csv(found.statements.effects)
        files["sentence_components.csv"] = _csv(found.statements.components.rename_axis("value"))
    if found.scores is not None:
        files["models.csv"] = _csv(found.scores.table.rename_axis("model"))
        files["model_leads.csv"] = _csv(found.scores.leads.rename_axis("model"))
    files["forced_response.csv"] = _csv(found.response.table)
    return files


def _long(effects: ExperimentalEffects) -> pd.DataFrame:
    tables = (effects.mean, effects.se, effects.lower, effects.upper, effects.differs, effects.still)
    names = list(effects.mean.columns)
    rows = [(i, j, *(table[j].loc[i] for table in tables)) for i in names for j in names]
    columns = ["forced", "value", "mean", "se", "lower", "upper", "differs", "still"]
    return pd.DataFrame(rows, columns=columns).set_index(["forced", "value"])


def verdict(found: Experiment) -> list[str]:
    """Return the first lines of the report."""
    said = []
    if found.scores is not None:
        said.append(found.scores.verdict)
    if found.statement_scores is not None:
        again = found.statement_scores
        said.append(
            f"{again.chosen!r} beats them for other statements of the same values, too."
            if again.beats_here
            else f"That {again.chosen!r} beats them for other statements of the same values is not shown."
        )
    said += _moves(found)
    if found.statements is not None:
        said.append(_sentence(found.statements.verdict))
    if found.rejection is not None:
        said.append(f"Rejecting a statement does {found.rejection} times what agreeing with it does.")
    if found.second is not None:
        said.append(f"Two statements of a value do {found.second} times what one does.")
    said += [_sentence(line) for line in found.response.verdict]
    return said if found.measures == "endorsement" else [*said, SALIENCE]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _moves(found: Experiment) -> list[str]:
    effects = found.effects.effects(centred=True)
    moved, still, pairs = counted(effects)
    said = (
        f"Of {pairs} effects of a value on another, {moved} differ from zero (expected share of false claims "
        f"{percent(effects.share)}), and {still} more are shown to be small"
    )
    if found.over_statements is not None:
        general = counted(found.over_statements.effects(centred=True))[0]
        said += f"; for other statements than those that were said, {general} do"
    return [f"{said}."]


def _models_plot(scores: ModelScores) -> Scene:
    table = scores.table
    keep = [str(name) for name in table.index if np.isfinite(float(table["lower"].loc[name]))]
    kinds = [
        _models_dots("these values", FILLED, table.loc[keep], "units_"),
        _models_dots("also other values", HOLLOW, table.loc[keep], ""),
    ]
    words = DotText(
        "What foresees forced answers",
        "correlation with the effects, centred by value",
        "Correlation of each prediction with the effects of forced values on other values, with "
        f"{percent(scores.level)} intervals over respondents (these values), and over respondents and values. "
        "Dashed: cross-effects of levers.",
        line=float(table["pearson"].loc[LEVERS]) if LEVERS in table.index else None,
        zero=False,
        numbers=True,
    )
    return dot_plot(keep, kinds, words)


def _models_dots(name: str, style: str, table: pd.DataFrame, prefix: str) -> Dots:
    ends = (tuple(float(each) for each in table[what]) for what in ("pearson", f"{prefix}lower", f"{prefix}upper"))
    return Dots(name, style, *ends)


def _csv(table: pd.DataFrame) -> str:
    return str(table.to_csv(lineterminator="\n"))
