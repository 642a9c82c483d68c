"""A file that says what to ask in, a folder of answers and their report out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pandas as pd
import pytest
from scipy import stats

from causalvalues.elicitation.cost import Limits
from causalvalues.elicitation.store import Store
from causalvalues.errors import ElicitationError, ProviderError, StudyError
from causalvalues.evidence import check
from causalvalues.numerals import estimate
from causalvalues.responses import ReadOptions, read_responses, score
from causalvalues.study import eliciting, read_study
from causalvalues.study.elicitation_design import elicitation_of
from causalvalues.study.elicitation_settings import ElicitationSettings
from causalvalues.study.eliciting import prepare, read_elicitation, run_elicitation
from causalvalues.study.model_opening import open_model, prices_of
from causalvalues.theories import scoring_key, theory
from tests.pretend_model import PretendModel

SMALL = {
    "title": 'A "small" <study>',
    "items": {"per_value": 2},
    "personas": {"number": 4},
    "design": {"kind": "random", "singles": [2, 2], "pairs": [2, 2], "wordings": 2},
    "held_out": {"personas": 2, "pairs_share": 0.2, "singles": [1, 1], "pairs": [2, 2]},
    "forced": {"personas": 2, "statements": 1, "neutral": 1, "pairs": 1},
    "sequential": {"personas": 1},
    "checks": {"paraphrases": 2},
}
LEVERS = [f"do_{value}" for value in theory("schwartz-10").dimensions]
FILES = {
    "answers.csv", "held_out.csv", "forced.csv", "sequential.csv", "checks.csv", "key.toml", "study.toml",
    "design.json", "report.html", "report.md", "manifest.json", "figures/known_groups.svg", "figures/known_groups.pdf",
    "figures/known_groups.png",
}  # fmt: skip


def settings(**changed: object) -> ElicitationSettings:
    return ElicitationSettings.model_validate(SMALL | changed)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> PretendModel:
    pretend = PretendModel(together=1000)
    monkeypatch.setattr(eliciting, "open_model", lambda *_, **__: pretend)
    return pretend


def contents(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_the_folder_has_answers_key_study_report_and_figure(model: PretendModel, tmp_path: Path) -> None:
    run = run_elicitation(settings(), tmp_path / "run", tmp_path / "store.sqlite")
    assert set(run.files) == FILES
    manifest = json.loads((run.folder / "manifest.json").read_text())
    assert manifest["backend"] == "pretend|1"
    assert manifest["run"]["asked"] == len(model.heard)
    assert set(manifest["files"]) == FILES - {"manifest.json"}


def test_an_interrupted_run_that_goes_on_writes_the_same_bytes(model: PretendModel, tmp_path: Path) -> None:
    run_elicitation(settings(), tmp_path / "whole", tmp_path / "a.sqlite")
    asked = len(model.heard)
    ready = prepare(settings(), tmp_path, tmp_path / "b.sqlite")
    with pytest.raises(ProviderError, match="same command asks only for the rest"):
        eliciting.elicit(ready.elicitation, ready.backend, ready.store, Limits(max_calls=asked // 2))
    ready.close()
    run_elicitation(settings(), tmp_path / "again", tmp_path / "b.sqlite")
    assert len(model.heard) == 2 * asked
    assert contents(tmp_path / "whole") == contents(tmp_path / "again")
    run_elicitation(settings(), tmp_path / "again", tmp_path / "b.sqlite")
    assert len(model.heard) == 2 * asked


def test_the_rest_of_the_package_reads_what_was_written(model: PretendModel, tmp_path: Path) -> None:
    run = run_elicitation(settings(), tmp_path / "run", tmp_path / "store.sqlite")
    study = read_study(run.folder / "study.toml")
    assert (study.title, study.data.cluster_by) == ('A "small" <study>', "persona_id")
    key = scoring_key(run.folder / "key.toml")
    assert key.measures == "salience"
    options = ReadOptions(layout="wide", key=str(run.folder / "key.toml"), cluster_by="persona_id", unit="unit_id")
    matrix = read_responses(run.folder / "answers.csv", options)
    assert (len(matrix), len(matrix.names), set(matrix.levers) <= set(LEVERS)) == (4 * 5, 20, True)
    assert check(score(matrix, key)) is not None
    held_out = read_responses(run.folder / "held_out.csv", options)
    assert not set(held_out.labels["persona_id"]) & set(matrix.labels["persona_id"])
    pairs = {cell for cell in pd.read_csv(run.folder / "held_out.csv")["levers"].dropna() if "+" in cell}
    assert pairs - set(pd.read_csv(run.folder / "answers.csv")["levers"].dropna())


def test_items_of_ones_own_without_a_theory_get_a_key_and_a_theory_beside_it(
    model: PretendModel, tmp_path: Path
) -> None:
    lines = ["id,value,statement,negated"]
    for value in ("thrift", 'old "ways"', "a=b"):
        quoted = value.replace('"', '""')
        lines += [
            f'{len(value)}_{k},"{quoted}",I care {k} {len(value)}.,I do not care {k} {len(value)}.' for k in (1, 2)
        ]
    (tmp_path / "mine.csv").write_text("\n".join(lines) + "\n")
    asked = ElicitationSettings.model_validate({"items": {"set": "mine.csv"}, "personas": {"number": 3}})
    run = run_elicitation(asked, tmp_path / "run", tmp_path / "s.sqlite", folder=tmp_path)
    key = scoring_key(run.folder / "key.toml")
    assert key.dimensions == ("thrift", 'old "ways"', "a=b")
    options = ReadOptions(layout="wide", key=str(run.folder / "key.toml"), unit="unit_id")
    assert score(read_responses(run.folder / "answers.csv", options), key).names == key.dimensions
    assert run.gate.validity.verdict == "not checked"


def test_rows_after_forced_answers_leave_the_said_items_out(model: PretendModel, tmp_path: Path) -> None:
    run = run_elicitation(settings(), tmp_path / "run", tmp_path / "store.sqlite")
    forced = pd.read_csv(run.folder / "forced.csv").fillna({"forced_items": ""})
    items = [column for column in forced.columns if column.endswith(("_1", "_2"))]
    for _, row in forced.iterrows():
        assert {name for name in items if pd.isna(row[name])} == set(str(row["forced_items"]).split())
    assert {"neutral"} < set(forced["forced"])


def test_the_report_opens_with_the_verdict_and_escapes_what_it_was_given(model: PretendModel, tmp_path: Path) -> None:
    run = run_elicitation(settings(), tmp_path / "run", tmp_path / "store.sqlite")
    page = run.report.read_text(encoding="utf-8")
    assert "<study>" not in page
    assert "&lt;study&gt;" in page
    first = (run.folder / "report.md").read_text(encoding="utf-8").split("\n\n")[1]
    assert first.startswith(("- **Salience, not endorsement.**", "- **No values", "- **Neither", "- **Nothing"))


def test_the_estimate_is_told_before_anything_is_asked_and_a_limit_stops_the_run(
    model: PretendModel, tmp_path: Path
) -> None:
    told = []
    with pytest.raises(ProviderError, match="more than the limit of 10 calls"):
        run_elicitation(settings(), tmp_path / "r", tmp_path / "s.sqlite", Limits(10), tell=told.append)
    assert model.heard == []
    assert told[0].calls > 100
    run_elicitation(settings(), tmp_path / "r", tmp_path / "s.sqlite")
    exact = set(model.heard)
    assert told[0].calls == pytest.approx(len(exact), rel=0.02)


def test_a_folder_with_other_files_is_refused_before_anything_is_asked(model: PretendModel, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("mine")
    with pytest.raises(StudyError, match=r"thesis\.txt"):
        run_elicitation(settings(), tmp_path / "run", tmp_path / "store.sqlite")
    assert model.heard == []


def test_a_store_in_the_run_folder_is_refused_before_anything_is_asked(model: PretendModel, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="replaced whole"):
        run_elicitation(settings(), tmp_path / "run", tmp_path / "run" / "s.sqlite")
    assert model.heard == []
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[modle]\n", r"no key 'modle'. Did you mean 'model'"),
        ("[design]\nkind = 'ful'\n", r"\[design\]: `kind` is 'ful'"),
        ("[personas]\nnumber = -1\n", r"\[personas\]: `number` is -1"),
        ("[forced]\nneutral = 0\n", r"\[forced\]: `neutral` is 0"),
        ("x = ", "is not TOML"),
    ],
)
def test_a_mistake_in_the_file_is_named_by_its_place(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "ask.toml"
    path.write_text(text)
    with pytest.raises(StudyError, match=words):
        read_elicitation(path)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"design": {"kind": "random", "singles": [3]}}, "least and the most"),
        ({"design": {"kind": "full", "names": ["do_pwer"]}}, "do_power"),
        ({"items": {"set": "schwartz-11"}}, "schwartz-10"),
        ({"design": {"kind": "random", "levers": "nothing"}}, "nothing"),
    ],
)
def test_a_design_that_cannot_be_made_is_refused(changed: dict[str, object], words: str) -> None:
    with pytest.raises((StudyError, ElicitationError), match=words):
        elicitation_of(settings(**changed), Path())


def test_salience_leaves_reverse_keyed_items_out_and_endorsement_asks_them() -> None:
    gain = elicitation_of(settings(items={}), Path())
    rating = elicitation_of(settings(items={}, method={"kind": "rating"}, sequential=None), Path())
    assert [sum(item.reverse for item in each.items.items) for each in (gain, rating)] == [0, 20]


def test_reverse_keyed_items_count_against_their_value_only_where_agreement_is_measured(
    model: PretendModel, tmp_path: Path
) -> None:
    small = {"items": {"per_value": 1, "reverse": True}, "design": {}, "personas": {"number": 2}}
    for kind, sign in (("statement_gain", 1.0), ("rating", -1.0)):
        asked = ElicitationSettings.model_validate(small | {"method": {"kind": kind}})
        run = run_elicitation(asked, tmp_path / kind, tmp_path / "s.sqlite")
        key = scoring_key(run.folder / "key.toml")
        assert {item.sign for name, item in key.items.items() if name.endswith("_r1")} == {sign}
        assert {item.sign for name, item in key.items.items() if name.endswith("_1")} == {1.0}
        assert key.high == (6.0 if kind == "rating" else float("inf"))


def test_every_kind_of_design_has_rows_without_lever() -> None:
    for kind in ("personas", "full", "covering", "random"):
        sheets = elicitation_of(settings(design={"kind": kind}, held_out=None, personas={"number": 30}), Path()).sheets
        rows = [sheet for sheet in sheets if sheet.kind == "plain"]
        assert {sheet.persona.id for sheet in rows if not sheet.levers}
        assert any(sheet.levers for sheet in rows) == (kind != "personas")


def test_a_server_needs_an_address_and_a_local_model_has_none() -> None:
    with pytest.raises(StudyError, match="needs `url`"):
        open_model(ElicitationSettings.model_validate({"model": {"backend": "server"}}).model, Path())
    with pytest.raises(StudyError, match="belong to a server"):
        open_model(ElicitationSettings.model_validate({"model": {"name": "x"}}).model, Path())
    server = {"backend": "server", "url": "http://127.0.0.1:1/v1", "name": "m"}
    opened = open_model(ElicitationSettings.model_validate({"model": server}).model, Path())
    assert opened.model == "m"
    opened.close()
    assert prices_of(ElicitationSettings.model_validate({"model": server})) is None
    priced = ElicitationSettings.model_validate({"model": server | {"price_prompt": 1.0, "price_completion": 2.0}})
    assert prices_of(priced).of(1e6, 1e6) == 3.0  # type: ignore[union-attr]


def test_a_key_in_the_place_of_a_variable_is_refused_without_being_repeated() -> None:
    server = {"backend": "server", "url": "http://127.0.0.1:1/v1", "name": "m", "key_env": "sk-abc123"}
    with pytest.raises(StudyError, match="belongs into no file") as refused:
        open_model(ElicitationSettings.model_validate({"model": server}).model, Path())
    assert "abc123" not in str(refused.value)


def test_the_report_shows_the_mean_of_every_value_over_personas(model: PretendModel, tmp_path: Path) -> None:
    run = run_elicitation(settings(), tmp_path / "run", tmp_path / "store.sqlite")
    table = pd.read_csv(run.folder / "answers.csv").fillna({"levers": ""})
    plain = table[table["levers"] == ""]
    power = plain[["power_1", "power_2"]].mean(axis=1)
    half = stats.t.ppf(0.975, len(power) - 1) * power.std() / len(power) ** 0.5
    [line] = [each for each in (run.folder / "report.md").read_text().splitlines() if each.startswith("| Power |")][:1]
    assert estimate(power.mean(), power.mean() - half, power.mean() + half) in line.replace("\\", "")


def test_repeats_that_would_be_copies_are_refused() -> None:
    with pytest.raises(StudyError, match="would be copies"):
        elicitation_of(settings(design={"repeats": 2}), Path())
    sampled = settings(design={"repeats": 2}, method={"kind": "sampled_rating"}, held_out=None)
    assert {sheet.repeat for sheet in elicitation_of(sampled, Path()).sheets if sheet.kind == "plain"} == {0, 1}


@pytest.mark.parametrize("kind", ["full", "covering", "random"])
def test_pairs_of_the_test_set_are_in_no_other_row(kind: str) -> None:
    asked = settings(design={"kind": kind, "order": 2}, personas={"number": 30})
    sheets = elicitation_of(asked, Path()).sheets
    pairs = {k: {s.lever_cell for s in sheets if s.kind == k and len(s.levers) == 2} for k in ("plain", "held_out")}
    assert pairs["held_out"] - pairs["plain"]
    assert len(pairs["plain"]) == 36
    texts = {k: {s.persona.text for s in sheets if s.kind == k} for k in ("plain", "held_out")}
    assert not texts["plain"] & texts["held_out"]


def test_a_language_without_levers_or_personas_is_refused() -> None:
    german = {"items": {"set": "schwartz-10-de"}, "held_out": None, "forced": None, "sequential": None}
    with pytest.raises(StudyError, match="levers ship in the language 'de'"):
        elicitation_of(settings(**german, personas={"number": 0}), Path())
    plain = elicitation_of(settings(**german, personas={"number": 0}, design={}), Path())
    assert plain.frames.language == "de"


def test_more_wordings_of_a_question_than_there_are_is_refused() -> None:
    with pytest.raises(StudyError, match="3 wordings"):
        elicitation_of(settings(design={"frames": 4}, method={"kind": "rating"}, sequential=None), Path())


def test_what_was_answered_stays_in_the_store_for_other_studies(model: PretendModel, tmp_path: Path) -> None:
    run_elicitation(settings(), tmp_path / "r", tmp_path / "s.sqlite")
    before = len(model.heard)
    run_elicitation(settings(personas={"number": 5}), tmp_path / "more", tmp_path / "s.sqlite")
    with Store(tmp_path / "s.sqlite") as store:
        assert len(store) == len(model.heard)
    assert len(model.heard) - before < before / 2


def test_every_key_of_the_file_is_documented() -> None:
    text = (Path(__file__).parents[1] / "docs" / "elicitation.md").read_text(encoding="utf-8")
    for table, field in ElicitationSettings.model_fields.items():
        sections = [kind for kind in (field.annotation, *get_args(field.annotation)) if hasattr(kind, "model_fields")]
        assert f"`[{table}]`" in text if sections else f"`{table}`" in text, table
        for key in (key for section in sections for key in section.model_fields):
            assert f"`{key}`" in text, f"[{table}] {key}"
