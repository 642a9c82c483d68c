"""Are the numbers of the page those of the engine?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from explorer_browser import browser, opened  # noqa: F401
from explorer_runs import random_model, saved_run

from causalvalues import StructuralModel, intervene, plan, total_effects
from causalvalues.explorer import explore
from causalvalues.interventions import Intervention, Lever, Set, Shift
from causalvalues.planning import Enumerate, Target

pytestmark = pytest.mark.browser

MODELS = {
    "equal weights": random_model(1, p=6, s=41, k=4),
    "unequal weights": random_model(2, p=5, s=30, k=3, weighted=True),
    "no levers": random_model(3, p=4, s=25),
    "one draw": random_model(4, p=5, s=1, k=2),
}


@pytest.fixture(scope="module", params=list(MODELS))
def pair(request: pytest.FixtureRequest, browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: F811
    model, folder = MODELS[request.param], tmp_path_factory.mktemp("run")
    file = explore(saved_run(folder / "run", model, title="A run"), folder / "page.html")
    with opened(browser, file) as held:
        yield model, held.page


def random_action(random: np.random.Generator, model: StructuralModel) -> dict[str, dict[str, float]]:
    action: dict[str, dict[str, float]] = {"set": {}, "shift": {}, "doses": {}}
    for name in model.values:
        kind = random.choice(["off", "off", "set", "shift"])
        if kind != "off":
            action[kind][name] = float(random.normal(3 if kind == "set" else 0, 1))
    for name in model.levers:
        if random.random() < 0.5:
            action["doses"][name] = float(random.choice([1.0, 0.5, -1.0, 2.0]))
    return action


def interventions_of(action: dict[str, dict[str, float]]) -> list[Intervention]:
    held = [Set(name, x) for name, x in (action["set"] | action["doses"]).items()]
    return [*held, *(Shift(name, x) for name, x in action["shift"].items())]


def test_many_random_interventions_give_the_means_intervals_and_spreads_of_the_engine(
    pair: tuple[StructuralModel, Any],
) -> None:
    model, page = pair
    random = np.random.default_rng(0)
    actions = [random_action(random, model) for _ in range(60)]
    answers = page.evaluate("actions => actions.map(causalvalues.predict)", actions)
    for action, answer in zip(actions, answers, strict=True):
        summary = intervene(model, interventions_of(action)).summary().loc[list(model.values)]
        for column in ("mean", "lower", "upper", "sd"):
            found = [row[column] for row in answer]
            np.testing.assert_allclose(found, summary[column], atol=1e-6, rtol=0, err_msg=f"{column} {action}")


def test_total_effects_of_values_and_levers_are_those_of_the_engine(pair: tuple[StructuralModel, Any]) -> None:
    model, page = pair
    effects = total_effects(model)
    for name in (*model.values, *model.levers):
        rows = page.evaluate("name => causalvalues.totals(name)", name)
        for column in ("mean", "lower", "upper", "positive", "negative"):
            found = [row[column] for row in rows]
            np.testing.assert_allclose(found, getattr(effects, column).loc[name], atol=1e-6, rtol=0)


def test_the_best_plans_of_the_page_are_those_of_the_planner(pair: tuple[StructuralModel, Any]) -> None:
    model, page = pair
    random = np.random.default_rng(5)
    mean = intervene(model).summary()["mean"]
    spread = intervene(model).summary()["sd"]
    for _ in range(6):
        names = [str(name) for name in random.choice(model.values, size=2, replace=False)]
        wanted = {name: float(mean[name] + random.normal(0, 0.4)) for name in names}
        weights = {names[0]: float(random.choice([1.0, 2.0]))}
        levers = [Lever(name) for name in model.levers] or [
            Lever(name, (-round(spread[name], 6), round(spread[name], 6))) for name in model.values
        ]
        method = Enumerate(max_levers=2, alternatives=4)
        found = plan(model, None, Target(wanted, tolerance=0.2, weights=weights), levers, method)
        said = "&".join(f"want:{name}={x}" for name, x in wanted.items()) + f"&weight:{names[0]}={weights[names[0]]}"
        page.evaluate("said => { location.hash = said }", f"tab=target&tolerance=0.2&{said.replace(' ', '+')}")
        there = "sum => Math.abs([...causalvalues.app.state.wanted.values()].reduce((a, b) => a + b, 0) - sum) < 1e-12"
        page.wait_for_function(there, arg=sum(wanted.values()))
        best = page.evaluate("causalvalues.plans()")
        objectives = sorted([found.objective, *found.alternatives["objective"]])
        np.testing.assert_allclose([each["error"] for each in best][:4], objectives[:4], atol=1e-6, rtol=0)
        first = page.evaluate("causalvalues.app.data.plans.options")
        nodes = model.values, model.levers
        doses = {nodes[first[k][0]][first[k][1]]: first[k][2] for k in best[0]["choice"]}
        assert doses == pytest.approx(dict(found.doses)), "the same levers at the same doses"


def test_the_chance_is_that_of_the_average_effect_for_a_given_start(browser: Any, tmp_path: Path) -> None:  # noqa: F811
    model = MODELS["equal weights"]
    folder = saved_run(tmp_path / "run", model, title="A run")
    start = {name: 3.0 + 0.1 * i for i, name in enumerate(model.values)}
    (folder / "tables").mkdir()
    rows = "\n".join(f"{name},{x!r},,0,0,0" for name, x in start.items())
    (folder / "tables" / "plan_1.csv").write_text("name,start,target,mean,lower,upper\n" + rows, encoding="utf-8")
    wanted = {"value 0": 3.1, "value 3": 3.5}
    method = Enumerate(max_levers=2)
    found = plan(model, start, Target(wanted, tolerance=0.2), [Lever(name) for name in model.levers], method)
    address = "tolerance=0.2&start=Two+levers&" + "&".join(f"want:{n.replace(' ', '+')}={x}" for n, x in wanted.items())
    with opened(browser, explore(folder, tmp_path / "page.html"), hash_=f"tab=target&{address}") as held:
        best = held.page.evaluate("causalvalues.plans()[0]")
    assert best["error"] == pytest.approx(found.objective, abs=1e-6)
    assert best["chance"] == pytest.approx(found.chance_in_sample, abs=1e-9)
    np.testing.assert_allclose(best["mean"], found.predicted["mean"], atol=1e-6)
