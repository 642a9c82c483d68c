"""Run folders: whole or not at all, the same bytes each time, and a report that says first what matters most."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from study_helpers import STUDY, digests, write_answers, write_study

from causalvalues.errors import CheckError, StudyError
from causalvalues.graph import GraphPosterior
from causalvalues.numerals import number
from causalvalues.study import StudyRun, load, run_study, running
from causalvalues.study.learning import thinned
from causalvalues.study.progress import progress_bar

VOID = {"meta", "rect", "path", "br"}


class Page(HTMLParser):
    """Collects what tests ask of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        held = dict(attrs)
        self.ids += [held["id"] or ""] if "id" in held else []
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "xlink:href", "data", "action"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> StudyRun:
    folder = tmp_path_factory.mktemp("small")
    return run_study(write_study(folder), folder / "run")


def copy_of(small: StudyRun, folder: Path) -> Path:
    """Copy the answers, the study file and the run beside them."""
    shutil.copytree(small.folder.parent, folder, dirs_exist_ok=True)
    return folder / "study.toml"


def test_the_manifest_lists_every_file_with_its_digest(small: StudyRun) -> None:
    manifest = json.loads((small.folder / "manifest.json").read_text(encoding="utf-8"))
    found = digests(small.folder)
    del found["manifest.json"]
    assert manifest["files"] == found
    assert set(small.files) == {*found, "manifest.json"}


def test_the_manifest_says_what_was_run_on_what(small: StudyRun) -> None:
    manifest = json.loads((small.folder / "manifest.json").read_text(encoding="utf-8"))
    answers = small.folder.parent / "answers.csv"
    assert manifest["input"] == {
        "file": "answers.csv",
        "sha256": hashlib.sha256(answers.read_bytes()).hexdigest(),
        "rows": 180,
    }
    assert manifest["seed"] == 3
    assert manifest["settings"]["plan"][0]["bounds"] == {"power": ["-inf", 2.0]}
    assert manifest["learner"]["settings"]["draws"] == 200
    assert set(manifest["packages"]) >= {"numpy", "pandas", "numba"}


def test_the_same_study_gives_the_same_bytes_in_another_process(small: StudyRun, tmp_path: Path) -> None:
    places = str(small.folder.parent / "study.toml"), str(tmp_path / "b")
    code = f"from causalvalues import run_study; run_study(*{places!r})"
    environment = os.environ | {"PYTHONHASHSEED": "77", "NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "2"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    first, second = digests(small.folder), digests(tmp_path / "b")
    times = [json.loads((folder / "manifest.json").read_text()) for folder in (small.folder, tmp_path / "b")]
    for manifest in times:
        del manifest["started"], manifest["ended"]
    assert times[0] == times[1]
    del first["manifest.json"], second["manifest.json"]
    assert first == second


def test_another_seed_gives_other_draws(small: StudyRun, tmp_path: Path) -> None:
    other = run_study(small.folder.parent / "study.toml", tmp_path / "run", seed=4)
    assert (other.folder / "graph/posterior.json").read_bytes() != (small.folder / "graph/posterior.json").read_bytes()
    assert json.loads((other.folder / "manifest.json").read_text())["seed"] == 4


@pytest.mark.parametrize("failure", [KeyboardInterrupt, RuntimeError])
def test_an_interrupt_leaves_the_earlier_run_untouched(
    small: StudyRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: type[BaseException]
) -> None:
    path = copy_of(small, tmp_path)
    before = digests(tmp_path)

    def fail(*_: object) -> str:
        raise failure

    monkeypatch.setattr(running, "page_text", fail)
    with pytest.raises(failure):
        run_study(path, tmp_path / "run")
    assert digests(tmp_path) == before


def test_an_earlier_run_is_replaced_whole(small: StudyRun, tmp_path: Path) -> None:
    path = copy_of(small, tmp_path)
    (tmp_path / "run" / "report.md").write_text("old")
    run_study(path, tmp_path / "run")
    assert (tmp_path / "run" / "report.md").read_text() != "old"
    assert {each.name for each in tmp_path.iterdir()} == {"answers.csv", "study.toml", "run"}


def test_a_folder_that_is_no_run_is_refused_and_kept(tmp_path: Path) -> None:
    path = write_study(tmp_path)
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").write_text("five years")
    with pytest.raises(StudyError, match="no study wrote"):
        run_study(path, tmp_path / "precious")
    with pytest.raises(StudyError, match="is a file"):
        run_study(path, path)
    assert (tmp_path / "precious" / "thesis.txt").read_text() == "five years"


def test_a_blocking_finding_stops_the_study_with_its_remedy(tmp_path: Path) -> None:
    path = write_study(tmp_path)
    table = pd.read_csv(tmp_path / "answers.csv")
    table.assign(tradition=3.0).to_csv(tmp_path / "answers.csv", index=False)
    with pytest.raises(CheckError, match=r"CV102 blocking: column 'tradition'"):
        run_study(path, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_study_of_answers_without_levers_or_clusters_plans_with_pushes(tmp_path: Path) -> None:
    text = '[data]\npath = "answers.csv"\n[discovery]\nsensitivity = false\n[[plan]]\nprofile = { security = 1.0 }\n'
    path = write_study(tmp_path, text)
    table = pd.read_csv(tmp_path / "answers.csv")
    table[table["levers"].isna()].drop(columns=["levers", "persona_id"]).to_csv(tmp_path / "answers.csv", index=False)
    run = run_study(path, tmp_path / "run")
    assert run.results.levers is None
    assert run.results.pooled is None
    assert run.results.plans[0].plan.doses
    assert "Salience or endorsement?" in (run.folder / "report.md").read_text(encoding="utf-8")


def test_names_cannot_turn_into_markup(tmp_path: Path) -> None:
    names = ("<script>alert(1)</script>", 'a "quoted" | name\nof two lines', "100 % & more")
    text = f"[data]\npath = 'answers.csv'\ncluster_by = 'persona_id'\ncolumns = {json.dumps(names)}\n"
    path = write_study(tmp_path, text + "[discovery]\nsensitivity = false\n[figures]\nformats = ['svg']\n")
    write_answers(tmp_path, names)
    run = run_study(path, tmp_path / "run")
    page = Page(run.report.read_text(encoding="utf-8"))
    assert "script" not in page.tags
    assert "<script>" not in (run.folder / "report.md").read_text(encoding="utf-8").replace("\\<script", "")
    assert load(run.folder / "graph" / "posterior.json").names == names  # type: ignore[union-attr]


def test_the_page_is_whole_and_asks_for_nothing_from_outside(demo_run: StudyRun) -> None:
    text = demo_run.report.read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert "script" not in page.tags
    assert all(link.startswith("#") for link in page.links)
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert re.findall(r"url\(|@import|https?://(?!www\.w3\.org/)", text) == []
    assert page.tags.count("svg") == 7


def test_pictures_are_named_by_their_own_title(demo_run: StudyRun) -> None:
    text = demo_run.report.read_text(encoding="utf-8")
    ids = set(Page(text).ids)
    named = re.findall(r'aria-labelledby="([^"]*)"', text)
    assert len(named) == len(set(named)) == 7
    assert {part for names in named for part in names.split()} <= ids


def test_the_first_lines_of_the_demo_say_what_matters_most(demo_run: StudyRun) -> None:
    lines = (demo_run.folder / "report.md").read_text(encoding="utf-8").replace("\\", "").splitlines()[2:]
    results = demo_run.results
    assert "salience" in lines[0]
    assert "do not show which values it endorses" in lines[0]
    assert results.checks.blocked
    assert "Claims about direct effects and paths between values are blocked" in lines[1]
    assert f"{results.checks.measurement.share:.0%} of the pairs without an edge" in lines[1]  # type: ignore[union-attr]
    comparison = results.levers.comparison  # type: ignore[union-attr]
    assert comparison is not None
    assert comparison.difference[2] < 0
    assert "anything?** No. " in lines[2]
    assert f"(difference {number(comparison.difference[0])}" in lines[2]
    assert "other clusters" in lines[3]
    assert "edges stay above .5 in every graph that allows for them" in lines[4]
    assert f"n = {results.evidence.n} rows" in lines[5]
    assert f"effective n = {results.evidence.n_score:.0f}" in lines[5]
    assert "of the pooled ones are not claimed here" in lines[6]


def test_the_edges_that_only_a_pooled_analysis_claims_are_counted_right(demo_run: StudyRun) -> None:
    folder = demo_run.folder / "tables"
    here, pooled = (
        {frozenset(pair) for pair in pd.read_csv(folder / name)[["cause", "effect"]].itertuples(index=False)}
        for name in ("edges.csv", "pooled_edges.csv")
    )
    line = (demo_run.folder / "report.md").read_text(encoding="utf-8").splitlines()[8]
    assert f"{len(pooled)} edges; here, {len(here)}. {len(pooled - here)} of the pooled" in line
    assert len(pooled - here) > 0


def test_numbers_in_the_page_are_those_of_the_tables(demo_run: StudyRun) -> None:
    table = pd.read_csv(demo_run.folder / "tables" / "edges.csv")
    text = demo_run.report.read_text(encoding="utf-8")
    rows = re.findall(r"<tr>((?:<td[^>]*>[^<]*</td>)+)</tr>", text)
    cells = [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in rows]
    label = demo_run.results.label
    for edge in table.to_dict("records"):
        start = [label(edge["cause"]), label(edge["effect"]), number(edge["adjacent"]), number(edge["direction"])]
        assert sum(row[:4] == start for row in cells) == 1


def test_every_picture_has_a_caption_and_an_alternative_text(demo_run: StudyRun) -> None:
    text = demo_run.report.read_text(encoding="utf-8")
    assert len(re.findall(r"<figure><svg.*?</svg><figcaption>[^<]{60,}</figcaption></figure>", text, re.S)) == 7
    assert len(re.findall(r'<desc id="[^"]*">[^<]{40,}</desc>', text)) == 7


def test_the_demo_folder_holds_every_promised_kind_of_file(demo_run: StudyRun) -> None:
    names = set(demo_run.files)
    assert {"report.html", "report.md", "manifest.json"} <= names
    assert {f"figures/graph.{suffix}" for suffix in ("svg", "pdf", "png")} <= names
    assert {f"graph/averaged.{suffix}" for suffix in ("json", "dot", "graphml")} <= names
    assert {"tables/predictors.csv", "tables/lever_effects.csv", "tables/plan_2.csv", "tables/ledger.csv"} <= names


def test_a_counterfactual_under_a_lever_stands_beside_what_was_really_answered(demo_run: StudyRun) -> None:
    table = demo_run.results.queries[0].table
    assert list(table.columns) == ["fact", "mean", "lower", "upper", "observed"]
    predicted, before = (
        (table["mean"] - table["observed"]).abs().mean(),
        (table["fact"] - table["observed"]).abs().mean(),
    )
    assert predicted < before


def test_a_unit_starts_from_its_row_without_lever(small: StudyRun) -> None:
    answers = pd.read_csv(small.folder.parent / "answers.csv")
    plain = answers[answers["levers"].isna()].set_index("persona_id")
    names = ["power", "security", "tradition"]
    facts = small.results.queries[0].table["fact"]
    pd.testing.assert_series_equal(facts, plain.loc["p1", names].astype(float), check_names=False)
    start = small.results.plans[0].plan.predicted["start"]
    pd.testing.assert_series_equal(start, plain[names].mean(), check_names=False)


def test_thinning_keeps_the_probabilities_of_edges() -> None:
    random = np.random.default_rng(5)
    later = np.linspace(0.1, 0.9, 5000)[:, None, None]  # draws change along the way, so all of it must be sampled
    draws = np.triu(random.random((5000, 4, 4)) < later, 1)
    weights = random.exponential(size=5000) ** 3
    edge = np.average(draws, axis=0, weights=weights)
    posterior = GraphPosterior(("a", "b", "c", "d"), draws, weights, "posterior", edge, edge, False, "made up")
    thin = thinned(posterior, 1000, 3)
    assert thin.draws.shape == (1000, 4, 4)
    assert np.abs(thin.draws.mean(axis=0) - edge).max() < 4 * 0.5 / np.sqrt(min(1000, posterior.effective_draws))
    assert "1000 draws, resampled by weight from 5000" in thin.givens[-1]
    assert thinned(posterior, 2500, 3) is posterior


def test_a_progress_bar_is_shown_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, shown in ((io.StringIO(), False), (Terminal(), True)):
        monkeypatch.setattr(sys, "stderr", stream)
        with progress_bar(2) as say:
            say("learn the graphs")
            say("fit the model")
        assert ("fit the model" in stream.getvalue()) == shown


def test_paths_of_the_study_file_start_at_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_study(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert run_study("../study.toml", "run").folder == Path("run")
    assert STUDY.strip() == (tmp_path / "study.toml").read_text().strip()
