"""Figures of every width that a venue asks for: as wide as asked, without flaws, with the same numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from experimental_helpers import Respondents, asked, dag_effects
from planmeaning_models import START, VALUES, responding, structural_model

from causalvalues.elicitation.validity import KnownGroup, Validity
from causalvalues.errors import FigureError
from causalvalues.explaining.explanation import Explanation, explain
from causalvalues.explaining.feasibility import Feasibility, feasibility
from causalvalues.figures import effects_heatmap, plan_figure
from causalvalues.figures.category_bars import category_bars
from causalvalues.figures.dot_plot import BAND, FILLED, HOLLOW, Dots, DotText, dot_plot
from causalvalues.figures.experimental_heatmap import Foreseen, experimental_heatmap
from causalvalues.figures.explanation_figure import explanation_figure
from causalvalues.figures.feasibility_figure import feasibility_figure
from causalvalues.figures.influence_figure import influence_figure
from causalvalues.figures.known_groups import known_groups_figure
from causalvalues.figures.population_figure import population_figure
from causalvalues.interventions import Lever
from causalvalues.model.effects import Effects
from causalvalues.model.levers import LeverEffects
from causalvalues.ordinal import CategoryProbabilities
from causalvalues.planning import Enumerate, Target
from causalvalues.planning.nouns import Plan, Status
from causalvalues.populations.populations import PopulationPlan, PopulationTarget, population_plan
from causalvalues.scene import Scene, Text
from causalvalues.scene.lint import lint, lint_text
from causalvalues.scene.printing import printed
from causalvalues.scene.venues import ACL, NATURE
from causalvalues.skill.experimental_effects import experimental_effects
from causalvalues.theories.theory import ValueTheory, theory

WIDTHS = (219.0, 252.0, 397.0, 468.0, 540.0)
SIZES = ("schwartz-10", "schwartz-19")


def effects(values: ValueTheory) -> Effects:
    names = list(values.dimensions)
    rng = np.random.default_rng(3)
    sizes = np.clip(rng.normal(0, 0.4, (len(names), len(names))), -0.94, 0.94)
    mean = pd.DataFrame(sizes.round(2), index=names, columns=names)
    return Effects(mean, mean - 0.3, mean + 0.3, (mean > 0).astype(float), (mean < 0).astype(float), 0.9)


def heat(values: ValueTheory, width: float) -> Scene:
    return effects_heatmap(effects(values), values, width=width)


def a_plan(values: ValueTheory, width: float) -> Scene:
    rng, size = np.random.default_rng(1), len(values.dimensions)
    start = rng.normal(0, 1, size)
    wanted = np.where(np.arange(size) % 3 == 0, start + 0.3, np.nan)
    mean = start + rng.normal(0.1, 0.3, size)
    columns = {"start": start, "target": wanted, "mean": mean, "lower": mean - 0.5, "upper": mean + 0.5}
    table, empty = pd.DataFrame(columns, index=list(values.dimensions)), pd.DataFrame()
    doses = {f"Above all, care for {name}": 0.5 for name in values.dimensions[:3]}
    plan = Plan(Status.OPTIMAL, doses, (), table, 0.6, 0.6, 0.31, 0.4, math.nan, empty, 1.0, empty, (), empty)
    goal = {str(name): float(score) for name, score in table["target"].dropna().items()}
    return plan_figure(plan, Target(goal, tolerance=0.2), values, width=width)


@lru_cache(maxsize=1)
def planned() -> tuple[Explanation, Feasibility, PopulationPlan]:
    levers = [Lever("x"), Lever("y"), Lever("z")]
    starts = pd.DataFrame(np.random.default_rng(0).normal(0.4, 0.1, (6, 3)), index=range(6), columns=list(VALUES))
    aims = Target({"power": 2.0, "security": -1.0}, tolerance=0.1)
    return (
        explain(structural_model(7), START, {"x": 1.0, "y": 0.5}, Target({"power": 1.0, "security": 0.5}), 0.0),
        feasibility(responding(2), START, aims, levers, Enumerate(untried=True)),
        population_plan(responding(2), starts, PopulationTarget(starts + 0.2), levers),
    )


def grown(table: pd.DataFrame, values: ValueTheory) -> pd.DataFrame:
    """Return a table of three values as one of all values of a theory."""
    return table.iloc[[i % len(table) for i in range(len(values.dimensions))]].set_axis(list(values.dimensions))


def shares(values: ValueTheory, width: float) -> Scene:
    found = planned()[0]
    tables = [
        grown(found.shares[found.shares["lever"] == lever].set_index("value"), values)
        .rename_axis("value")
        .reset_index()
        for lever in found.doses
    ]
    large = replace(found, change=grown(found.change, values), shares=pd.concat(tables))
    labels = {"x": "Above all, care for tradition", "y": "Speak as a rebel"}
    return explanation_figure(large, values, labels, width=width)


def influence(values: ValueTheory, width: float) -> Scene:
    return influence_figure(planned()[0], width=width)


def feasible(values: ValueTheory, width: float) -> Scene:
    names = values.dimensions
    conflict = (f"{names[0]!r} at least 2", f"{names[3]!r} at most 1")
    found = replace(planned()[1], profile=grown(planned()[1].profile, values), conflict=conflict)
    return feasibility_figure(found, values, width=width)


def population(values: ValueTheory, width: float) -> Scene:
    names = [f"Above all, care for {name} + Speak as a rebel" for name in values.dimensions[:10]]
    mixture = pd.DataFrame({"levers": names, "share": np.array([30, 20, 15, 10, 8, 6, 5, 3, 2, 1]) / 100})
    found = replace(planned()[2], values=grown(planned()[2].values, values), mixture=mixture)
    return population_figure(found, values, width=width)


def dots(values: ValueTheory, width: float) -> Scene:
    rng = np.random.default_rng(0)

    def kind(name: str, style: str) -> Dots:
        middle = rng.normal(0.4, 0.1, len(values.dimensions))
        return Dots(name, style, tuple(middle), tuple(middle - 0.1), tuple(middle + 0.1))

    kinds = [kind("what chance gives when labels are exchanged", BAND), kind("rows that were seen", FILLED)]
    kinds.append(kind("sealed rows", HOLLOW))
    rows = [f"{values.labels[name]}, in Chinese" for name in values.dimensions]
    words = DotText("T", "share of answers that were foreseen within one step of the scale", "C.", numbers=True)
    return dot_plot(rows, kinds, words, width=width)


@lru_cache(maxsize=2)
def forced(size: int) -> tuple[object, pd.DataFrame]:
    truth = Respondents(dag_effects(size, 0), units=3, noise=0.1)
    names = list(truth.names)
    table = pd.DataFrame(np.random.default_rng(1).normal(0, 0.3, (size, size)), index=names, columns=names)
    return experimental_effects(asked(truth, 0), truth.key).effects(), table


def experiment(values: ValueTheory, width: float) -> Scene:
    found, table = forced(len(values.dimensions))
    labels = dict(zip(table.index, (values.labels[name] for name in values.dimensions), strict=True))
    return experimental_heatmap(found, Foreseen("graph, couple", table), labels=labels, width=width)  # type: ignore[arg-type]


def answers(values: ValueTheory, width: float) -> Scene:
    rng, names = np.random.default_rng(2), list(values.dimensions)

    def answered() -> CategoryProbabilities:
        mean = rng.dirichlet(np.ones(6), (1, len(names)))
        expected = mean @ np.arange(1.0, 7.0)
        ends = (np.maximum(mean - 0.04, 0), np.minimum(mean + 0.04, 1))
        known = {name: tuple(float(i) for i in range(1, 7)) for name in names}
        return CategoryProbabilities(
            tuple(names), ("population",), known, mean, *ends, expected, expected - 0.2, expected + 0.2, 0.9
        )

    return category_bars(answered(), answered(), None, values, width=width)


def groups(values: ValueTheory, width: float) -> Scene:
    from test_elicitation_gate_report import Respondent, gain_gate

    found: Validity = gain_gate(Respondent(topic=1.0)).validity
    many = [found.groups[i % len(found.groups)] for i in range(len(values.dimensions))]
    renamed: list[KnownGroup] = [replace(g, value=v) for g, v in zip(many, values.dimensions, strict=True)]
    return known_groups_figure(replace(found, groups=tuple(renamed)), "nats per token", values, width=width)


KINDS: tuple[Callable[[ValueTheory, float], Scene], ...] = (
    heat, a_plan, shares, influence, feasible, population, dots, experiment, answers, groups,
)  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_figure_is_as_wide_as_asked_without_flaws_and_with_the_same_numbers(
    kind: Callable[[ValueTheory, float], Scene], size: str
) -> None:
    values = theory(size)
    scenes = [kind(values, width) for width in WIDTHS]
    for width, scene in zip(WIDTHS, scenes, strict=True):
        assert scene.width == pytest.approx(width)
        assert lint_text(lint(scene)) == "No flaw found."
        if kind is not influence:
            assert scene.rows == scenes[-1].rows


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_figure_of_ten_values_fits_one_column_of_a_journal(kind: Callable[[ValueTheory, float], Scene]) -> None:
    for where in (ACL, NATURE):
        scene = printed(kind(theory("schwartz-10"), where.room(1)), where)
        flaws = [flaw for flaw in lint(scene, where) if flaw.code != "FIG501"]
        if kind is population and where is NATURE:
            flaws = [flaw for flaw in flaws if flaw.code != "FIG104"]
        assert lint_text(flaws) == "No flaw found."


def test_a_heat_map_falls_back_to_hundredths_and_then_to_signs() -> None:
    values = theory("schwartz-10")
    roles = {width: {mark.role for mark in heat(values, width).marks} for width in WIDTHS}
    full = [mark.text for mark in heat(values, 468.0).marks if isinstance(mark, Text) and mark.role == "number"]
    assert all("." in text for text in full)
    short = [mark.text for mark in heat(values, 252.0).marks if isinstance(mark, Text) and mark.role == "number"]
    assert short
    assert not any("." in text for text in short)
    narrow = {mark.role for mark in heat(theory("schwartz-19"), 219.0).marks}
    assert "sign" in narrow
    assert "sign" not in roles[468.0]


def design(cells: dict[str, dict[str, float]]) -> LeverEffects:
    """Return effects of cells of levers on two values; each mean is off zero in the first value only."""
    mean = pd.DataFrame({"power": 0.4, "security": np.arange(len(cells)) / 10}, index=list(cells))
    clusters, pairing = mean.astype(int), pd.Series("paired", index=mean.index)
    doses = pd.DataFrame.from_dict(cells, orient="index").reindex(mean.index).fillna(0.0)
    return LeverEffects(mean, mean * 0 + 0.2, mean - 0.35, mean + 0.35, clusters, pairing, doses, 0.9)


def test_what_levers_did_is_drawn_for_those_that_were_used_alone_from_the_design() -> None:
    alone = {"do_power": {"do_power": 1.0}, "do_security=0.5": {"do_security": 0.5}}
    both = {"do_power+do_security": {"do_power": 1.0, "do_security": 1.0}}
    scene = effects_heatmap(design(alone | both))
    assert [row[:2] for row in scene.rows[::2]] == [("do_power", "power"), ("do_security=0.5", "power")]
    assert scene.rows[3] == ("do_security=0.5", "security", 0.1, -0.25, 0.45, None)
    bold = [mark.text for mark in scene.marks if isinstance(mark, Text) and mark.role == "number" and mark.bold]
    assert bold == [".40", ".40"]
    assert scene.title == "What levers did"
    assert "from the design alone: no graph is used. 1 set of levers left out." in scene.caption
    assert lint_text(lint(scene)) == "No flaw found."
    assert "left out" not in effects_heatmap(design(alone)).caption
    assert {row[0] for row in effects_heatmap(design(both), title="Both").rows} == set(both)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_width_that_no_figure_fits_is_refused(kind: Callable[[ValueTheory, float], Scene]) -> None:
    with pytest.raises(FigureError, match="points wide"):
        kind(theory("schwartz-10"), 90.0)
