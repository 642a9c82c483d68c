"""Small studies for the tests of ready reports."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from causalvalues.reports import Given, report_kind
from causalvalues.reports.asked_study import DEMO
from causalvalues.reports.running import options_of
from causalvalues.responses import demo
from causalvalues.study import StudySettings, read_study
from causalvalues.study.settings import DataSettings

PERSONAS = 60
LABELS = ["persona_id", "wording"]


def demo_settings(**tables: dict[str, Any]) -> StudySettings:
    """The study of the demo answers; `tables` are ``[report.NAME]`` tables in place of the demo's."""
    settings = read_study(DEMO)
    return settings.model_copy(update={"report": settings.report | tables})


def small_answers(folder: Path) -> Path:
    """Write the answers of some personas of the demo answers, with the sentences of the levers beside them."""
    whole = pd.read_csv(demo.DEMO / "answers.csv.gz")
    kept = sorted(whole["persona_id"].unique())[:PERSONAS]
    path = folder / "answers.csv"
    whole[whole["persona_id"].isin(kept)].to_csv(path, index=False)
    shutil.copy(demo.DEMO / "design.json", folder / "design.json")
    return path


def small_settings(path: Path, **tables: dict[str, Any]) -> StudySettings:
    """The study of `small_answers`, learned from few moments."""
    settings = demo_settings(**tables)
    data = DataSettings(
        path=str(path), key="smollm2-demo", unit="unit_id", labels=LABELS, cluster_by="persona_id", measures="salience"
    )
    update = {
        "data": data,
        "discovery": settings.discovery.model_copy(update={"draws": 50, "moment_draws": 3}),
        "checks": settings.checks.model_copy(update={"measurement_error": False}),
        "figures": settings.figures.model_copy(update={"formats": ["svg"]}),
    }
    return settings.model_copy(update=update)


def given_of(name: str, settings: StudySettings) -> Given:
    """What a report is given."""
    return Given(settings, Path(), options_of(report_kind(name), settings, "study"))
