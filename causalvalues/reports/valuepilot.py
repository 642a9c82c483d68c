"""The report ``valuepilot``: candidate actions ranked by what they lead to."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from causalvalues.reports.aims import refuse_without_levers
from causalvalues.reports.frame import Given, Made
from causalvalues.reports.lever_models import lever_model, model_words
from causalvalues.reports.respondents import population
from causalvalues.reports.settings import ValuepilotSettings
from causalvalues.reports.valuepilot_actions import (
    Outcomes,
    action_sets,
    check_preferences,
    check_rankings,
    outcomes,
    ranking_table,
)
from causalvalues.reports.valuepilot_methods import METHODS
from causalvalues.reports.valuepilot_rankings import Agreement, agreement
from causalvalues.study.tables import csv_text
from causalvalues.study.units import one_unit


@dataclass(frozen=True, eq=False)
class Valuepilot:
    """What the report found.

    Parameters
    ----------
    asked : ValuepilotSettings
    found : Outcomes
    table : DataFrame
        Of `ranking_table`, all methods.
    agreed : dict of str to tuple of Agreement
        Method -> one for each given ranking.
    model : str
        What foresaw the actions.
    """

    asked: ValuepilotSettings
    found: Outcomes
    table: pd.DataFrame
    agreed: dict[str, tuple[Agreement, ...]]
    model: str

    def order(self, method: str) -> list[str]:
        """Return the actions, best first; ties in name order."""
        mine = self.table[self.table["method"] == method].assign(worth=lambda each: each["worth"].round(12))
        return list(mine.sort_values(["worth", "action"], ascending=[False, True])["action"])


def report(given: Given) -> Made:
    """Make the report.

    Raises
    ------
    StudyError
        If there are no levers, or preferences, actions or rankings are not well formed.
    """
    from causalvalues.reports.valuepilot_blocks import valuepilot_blocks

    found = valuepilot(given)
    page = valuepilot_blocks(given, found)
    profiles = pd.DataFrame(
        [
            {"action": action, "value": value, "mean": float(found.found.mean[i, j])}
            | dict(
                zip(("lower", "upper"), np.quantile(found.found.scores[:, i, j], [0.05, 0.95]).tolist(), strict=True)
            )
            for i, action in enumerate(found.found.actions)
            for j, value in enumerate(found.found.values)
        ]
    )
    agreed = pd.DataFrame(
        [
            {"method": method, "ranking": place, **vars(each), "corrected": each.corrected}
            for method, many in found.agreed.items()
            for place, each in enumerate(many, start=1)
        ]
    )
    files = {"tables/rankings.csv": csv_text(found.table), "tables/outcomes.csv": csv_text(profiles)}
    if len(agreed):
        files["tables/agreement.csv"] = csv_text(agreed)
    return Made(page.title, page.blocks, files)


def valuepilot(given: Given) -> Valuepilot:
    """Compute everything that the report shows."""
    asked, matrix = given.asked(ValuepilotSettings), given.answers.matrix
    refuse_without_levers(matrix, "valuepilot")
    check_preferences(asked, matrix.names)
    actions = action_sets(asked, matrix)
    check_rankings(asked, list(actions))
    people = population(matrix, asked.where)
    start = people.mean if asked.start == "typical" else one_unit(matrix, asked.start, people.where)
    model = lever_model(given, asked.model)
    given.say("rank the actions")
    found = outcomes(model, start, actions, list(asked.preferences), asked.draws)
    table = ranking_table(found, asked, people.mean, people.sd, METHODS)
    made = Valuepilot(asked, found, table, {}, model_words(model))
    agreed = {
        method: tuple(agreement(made.order(method), ranking, given.seed) for ranking in asked.rankings)
        for method in METHODS
        if asked.rankings
    }
    return replace(made, agreed=agreed)
