"""What a study file may say, and how its mistakes are named."""

from __future__ import annotations

from pathlib import Path

import pytest
from study_helpers import STUDY, write_study

from causalvalues.errors import DataError, KnowledgeError, StudyError
from causalvalues.study import DEMO, StudySettings, read_study, run_study
from causalvalues.study.plan_settings import LeverSettings, PlanSettings
from causalvalues.study.settings import (
    CheckSettings,
    DataSettings,
    DiscoverySettings,
    EvidenceSettings,
    FalsifySettings,
    FigureSettings,
    KnowledgeSettings,
    ModelSettings,
    QuerySettings,
)


def refusal(tmp_path: Path, text: str) -> str:
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_study(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_the_demo_study_is_well_formed() -> None:
    settings = read_study(DEMO)
    assert settings.data.demo
    assert len(settings.plan) == 2


def test_an_unknown_key_is_refused_with_the_nearest_known_one(tmp_path: Path) -> None:
    said = refusal(tmp_path, "[data]\ndemo = true\nclusterby = 'persona_id'\n")
    assert "[data] has no key 'clusterby'. Did you mean 'cluster_by'?" in said


def test_an_unknown_section_is_refused_with_the_nearest_known_one(tmp_path: Path) -> None:
    assert "has no key 'discovry'. Did you mean 'discovery'?" in refusal(tmp_path, "[data]\ndemo = true\n[discovry]\n")


def test_a_key_deep_inside_a_list_is_named_with_its_place(tmp_path: Path) -> None:
    said = refusal(tmp_path, "[data]\ndemo = true\n[[plan]]\n[[plan]]\nlevers = [{ node = 'a', cots = 1.0 }]\n")
    assert "[[plan]] number 2, levers, item 1 has no key 'cots'. Did you mean 'cost'?" in said


def test_every_mistake_is_listed_at_once(tmp_path: Path) -> None:
    said = refusal(tmp_path, "sed = 1\n[data]\ndemo = true\nkeey = 'x'\n")
    assert "'sed'" in said
    assert "'keey'" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed = '1'\n[data]\ndemo = true\n", "`seed` is '1'"),
        ("seed = -1\n[data]\ndemo = true\n", "`seed` is -1"),
        ("[data]\ndemo = 'yes'\n", "`demo` is 'yes'"),
        ("[data]\ndemo = true\n[discovery]\nmethod = 'pc'\n", "`method` is 'pc'"),
        ("seed = 1\n", "lacks `data`"),
        ("[data]\n", "needs either path"),
        ("[data]\ndemo = true\npath = 'a.csv'\n", "needs either path"),
        ("[data]\ndemo = true\nkey = 'pvq-21'\n", "brings its own scoring key"),
        ("[[query]]\n[data]\ndemo = true\n", "lacks `kind`"),
        ("not toml", "is not TOML"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_given(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no study file"):
        read_study(tmp_path / "none.toml")
    with pytest.raises(StudyError, match="is a folder"):
        read_study(tmp_path)


def test_a_file_of_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_bytes('title = "Größe"\n'.encode("latin-1"))
    with pytest.raises(StudyError, match="not UTF-8"):
        read_study(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("change = { security = 0.5 }", "change = { securty = 0.5 }", "'securty'.*Did you mean 'security'"),
        ('levers = ["calm",', 'levers = ["calmm",', "'calmm'.*Did you mean 'calm'"),
        ("shift = { power = 0.5 }", "shift = { powr = 0.5 }", "'powr'.*Did you mean 'power'"),
        ('cause = "power"', 'cause = "pwr"', "`cause` names 'pwr'"),
        ('where = "persona_id"', 'where = "persona"', "'persona'.*Did you mean 'persona_id'"),
        ("power = [-inf, 2.0]", "power = [2.0]", "needs two numbers"),
        ("sensitivity = false", "sensitivity = false\n[knowledge]\nrequired = [['power', 'securty']]", "'securty'"),
        ("sensitivity = false", "sensitivity = false\n[knowledge]\nforbidden = [['power']]", "An edge is a pair"),
        ("sensitivity = false", "sensitivity = false\n[knowledge]\ntiers = [['powr']]", "'powr'"),
        ("sensitivity = false", "sensitivity = false\n[evidence]\nwithin = 'modl'", "'modl'"),
        ("set = { calm = 1.0 }", "", "needs `set` or `shift`"),
        ('unit = "p1"', "", "Give `unit`"),
        ('unit = "p1"', 'unit = "p99"', "no row without lever"),
        ('effect = "security"', "", "needs `cause` and `effect`"),
    ],
)
def test_a_name_that_the_answers_do_not_have_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in STUDY
    path = write_study(tmp_path, STUDY.replace(old, new))
    with pytest.raises(StudyError, match=said):
        run_study(path, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("knowledge", "said"),
    [
        ("required = [['power', 'security'], ['security', 'power']]", "cycle: power -> security -> power|cycle"),
        ("required = [['power', 'security']]\nforbidden = [['power', 'security']]", "required and forbidden"),
        ("tiers = [['power'], ['security', 'power']]", "in tier 1 and in tier 2"),
    ],
)
def test_contradictory_knowledge_is_refused(tmp_path: Path, knowledge: str, said: str) -> None:
    path = write_study(tmp_path, STUDY.replace("[[query]]", f"[knowledge]\n{knowledge}\n[[query]]", 1))
    with pytest.raises(KnowledgeError, match=said):
        run_study(path, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_every_key_of_a_study_file_is_documented() -> None:
    text = (Path(__file__).parents[1] / "docs" / "study-file.md").read_text(encoding="utf-8")
    sections = [StudySettings, DataSettings, EvidenceSettings, KnowledgeSettings, DiscoverySettings, ModelSettings]
    sections += [FalsifySettings, CheckSettings]
    for section in [*sections, QuerySettings, PlanSettings, LeverSettings, FigureSettings]:
        for key in section.model_fields:
            assert f"`{key}`" in text or f"[{key}]" in text, f"{section.__name__}: {key}"


def test_centring_needs_a_scoring_key(tmp_path: Path) -> None:
    path = write_study(tmp_path, STUDY.replace("[discovery]", 'centring = "person_mean"\n[discovery]'))
    with pytest.raises(DataError, match="Give `key`"):
        run_study(path, tmp_path / "run")
