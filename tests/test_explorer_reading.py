"""Does the page call things by their names, and say in words what of a run is damaged or blocked?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from explorer_browser import browser, opened  # noqa: F401
from explorer_runs import random_model, saved_run
from typer.testing import CliRunner

from causalvalues import StructuralModel, summarise
from causalvalues.cli.app import app
from causalvalues.explorer import explore, open_run
from causalvalues.explorer.data import page_data
from causalvalues.explorer.figure import page_graph
from causalvalues.model import start_ledger
from causalvalues.study.blocking import NOTE
from causalvalues.study.run_names import shown_names, theory_of
from causalvalues.theories import theory

SCHWARTZ = theory("schwartz-10")
NAMES = ("power", "security", "benevolence")
CASES = [
    ("{", "it is no JSON", {}),
    ("[1]", "it holds no object", {}),
    ('{"title": "T", "settings": 3}', "its settings are no object", {"title": "T"}),
    ('{"title": "T", "settings": {"plan": 3}}', "its plans are no list", {"title": "T"}),
    ('{"settings": {"plan": [{"budget": "much"}]}}', "budget of plan 1 is no number", {}),
    ('{"settings": {"plan": [{"max_levers": null}]}}', "max_levers of plan 1 is no number", {}),
    ('{"settings": {"plan": [{}, {"levers": [{"node": "do_0", "doses": ["a"]}]}]}}', "a lever of plan 2", {}),
]


def named_model() -> StructuralModel:
    model = random_model(3, p=3, s=8, k=2)
    held = {name: getattr(model, name) for name in model.__dataclass_fields__}
    levers = ("do_power", "do_stranger")
    return StructuralModel(**held | {"values": NAMES, "levers": levers, "combinations": (levers,)})


def test_values_and_levers_are_called_as_theory_and_report_have_them() -> None:
    nodes = (NAMES, ("do_power", "do_security", "do_stranger", "persona"))
    found = shown_names(nodes, SCHWARTZ, {"do_power", "do_stranger"})
    assert found == {
        "power": "Power",
        "security": "Security",
        "benevolence": "Benevolence",
        "do_power": "Prompt: Power",
        "do_security": "Lever: Security",
        "do_stranger": "do_stranger",
        "persona": "persona",
    }


def test_two_that_would_be_called_the_same_keep_their_names() -> None:
    found = shown_names((("power", "Power"), ()), SCHWARTZ, ())
    assert found == {"power": "power", "Power": "Power"}


@pytest.mark.parametrize(
    ("settings", "names", "known", "said"),
    [
        ({"data": {"demo": True}}, NAMES, "schwartz-10", ""),
        ({"data": {"theory": "schwartz-10"}}, ("x", "y"), "schwartz-10", ""),
        (
            {},
            NAMES,
            "schwartz-10",
            "No theory is named in this run. Its values are called and ordered as in schwartz-10",
        ),
        ({}, ("care", "fairness", "loyalty"), "mft-5", "No theory is named"),
        ({}, ("power", "security"), None, ""),
        ({}, (*NAMES, "other"), None, ""),
        ({"data": {"theory": "mine.toml"}}, ("a", "b", "c"), None, "The theory 'mine.toml' of the study is not with"),
        ({"data": {"key": "mine.toml"}}, NAMES, "schwartz-10", "The scoring key 'mine.toml' of the study is not with"),
        ({"data": 3}, ("a", "b", "c"), None, ""),
    ],
)
def test_the_theory_is_that_of_the_study_or_the_smallest_that_has_all_names(
    settings: dict[str, Any], names: tuple[str, ...], known: str | None, said: str
) -> None:
    found, words = theory_of(settings, names)
    assert (found.id if found else None) == known
    assert words.startswith(said)
    assert bool(words) == bool(said)


def test_ids_stay_in_the_data_of_a_page(tmp_path: Path) -> None:
    run = open_run(saved_run(tmp_path / "run", named_model()))
    data = page_data(run, page_graph(run))
    assert [(row["name"], row["label"]) for row in data["values"]] == [(name, SCHWARTZ.labels[name]) for name in NAMES]
    assert [(row["name"], row["label"]) for row in data["levers"]] == [
        ("do_power", "Lever: Power"),
        ("do_stranger", "do_stranger"),
    ]
    assert [node.label for node in page_graph(run).scene.nodes if node.name == "power"] == ["Power"]


@pytest.mark.parametrize(("text", "why", "kept"), CASES)
def test_a_damaged_manifest_is_told_and_what_is_whole_is_kept(
    tmp_path: Path, text: str, why: str, kept: dict[str, str]
) -> None:
    folder = saved_run(tmp_path / "run", random_model(1, p=4, s=5, k=2))
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    run = open_run(folder)
    assert run.title == kept.get("title", "run")
    assert len(run.gaps) == 1
    assert why in run.gaps[0]
    assert "Left out:" in run.gaps[0]
    result = CliRunner().invoke(app, ["explore", str(folder), "--out", str(tmp_path / "page.html")])
    assert result.exit_code == 0, result.output
    assert why in result.stderr
    assert result.stdout.startswith("Wrote ")


def test_a_whole_manifest_and_none_at_all_are_no_gap(tmp_path: Path) -> None:
    model = random_model(1, p=4, s=5, k=2)
    budget = {"plan": [{"budget": "inf", "tolerance": 0.2, "levers": ["do_0", {"node": "do_1", "doses": [1]}]}]}
    folder = saved_run(tmp_path / "run", model)
    assert open_run(folder).gaps == ()
    (folder / "manifest.json").write_text(json.dumps({"settings": budget}), encoding="utf-8")
    assert open_run(folder).gaps == ()


@pytest.mark.browser
def test_the_page_shows_names_keeps_ids_on_hover_and_explains_blocked_and_gaps(
    browser: Any,  # noqa: F811
    tmp_path: Path,
) -> None:
    folder = saved_run(tmp_path / "run", named_model())
    (folder / "tables").mkdir()
    (folder / "tables" / "ledger.csv").write_text(
        "kind,cause,effect,basis,probability,sentence,blocked\neffect,power,security,contested,.4,,measurement error\n"
    )
    (folder / "manifest.json").write_text("{", encoding="utf-8")
    with opened(browser, explore(folder, tmp_path / "page.html"), hash_="value=power&p=0") as held:
        page = held.page
        text = page.locator("#cautions").inner_text()
        assert "manifest.json is damaged" in text
        assert "No theory is named" in text
        panel = page.locator("#value-panel")
        assert page.locator("#value-name .name").get_attribute("title") == "power"
        assert f"{NOTE}." in panel.inner_text()
        marked = panel.locator(".links li .aside span")
        assert marked.count() == panel.locator(".links li").count() > 0
        assert set(marked.all_inner_texts()) == {"blocked"}
        assert marked.first.get_attribute("title") == NOTE
        page.get_by_role("tab", name="What if").click()
        assert page.get_by_role("slider", name="Dose of Lever: Power").is_visible()
        assert page.locator("#graph g[data-name=power] title").first.text_content() == "Power (power)"
        assert held.complaints == []


@pytest.mark.browser
def test_the_page_calls_outside_what_the_ledger_of_the_engine_does(browser: Any, tmp_path: Path) -> None:  # noqa: F811
    model = random_model(1, p=4, s=5)
    random = np.random.default_rng(5)
    rows = random.normal(3, [0.5, 1, 2, 1], (60, 4))

    found = summarise(pd.DataFrame(rows, columns=list(model.values)))
    spread = np.sqrt(np.diag(found.scatter) / (found.n - 1))
    folder = saved_run(tmp_path / "run", model)
    (folder / "tables").mkdir()
    place = [found.names.index(name) for name in model.values]
    table = pd.DataFrame({"name": model.values, "mean": found.mean[place], "sd": spread[place], "low": -99, "high": 99})
    table.to_csv(folder / "tables" / "observed.csv", index=False)
    with opened(browser, explore(folder, tmp_path / "page.html"), hash_="tab=whatif") as held:
        for score in (-4.0, 1.4, 1.8, 3.0, 4.2, 4.4, 5.4, 5.6, 8.0):
            start = dict.fromkeys(model.values, score)
            engine = {str(row["effect"]): str(row["sentence"]) for _, row in start_ledger(found, start).iterrows()}
            held.page.evaluate(
                "([names, x]) => { location.hash = 'tab=whatif&' + names.map((n) => `set:${n}=${x}`).join('&'); }",
                [list(model.values), score],
            )
            held.page.wait_for_function("(x) => causalvalues.app.state.held.get(0) === x", arg=score)
            said = held.page.locator("#rests li").all_inner_texts()
            for name, text in zip(model.values, said, strict=True):
                assert text.startswith(name)
                assert ("extrapolated" in text) == (name in engine), (score, text)
                if name in engine:
                    far = engine[name].split(" standard deviations")[0].rsplit(" ", 1)[1]
                    assert f"({far} standard deviations from the mean of the data)" in text
