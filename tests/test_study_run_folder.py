"""A study never takes away files that no study wrote, nor its own input."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from study_helpers import digests, write_study

from causalvalues.errors import StudyError
from causalvalues.study import run_study, running
from causalvalues.study.manifest import foreign_files

LISTED = '{"format": "causalvalues-run 1", "files": {"report.md": "0"}}'


@pytest.fixture
def never_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail when a study computes anything."""

    def fail(*_: object) -> None:
        raise AssertionError("computed before the place was checked")

    monkeypatch.setattr(running, "study_results", fail)


def a_run(folder: Path, manifest: str = LISTED) -> Path:
    folder.mkdir()
    (folder / "manifest.json").write_text(manifest)
    (folder / "report.md").write_text("old")
    return folder


@pytest.mark.usefixtures("never_computed")
@pytest.mark.parametrize("name", ["notes.txt", "tables/mine.csv", "tables/manifest.json", ".hidden"])
def test_a_run_folder_with_a_file_of_the_user_is_refused_by_name(tmp_path: Path, name: str) -> None:
    study, out = write_study(tmp_path), a_run(tmp_path / "run")
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).write_text("precious")
    before = digests(tmp_path)
    with pytest.raises(StudyError, match=name):
        run_study(study, out)
    assert digests(tmp_path) == before


@pytest.mark.usefixtures("never_computed")
@pytest.mark.parametrize("manifest", ['{"format":"causalvalues-run 1"}', "[]", "[" * 100_000, LISTED + "}"])
def test_a_manifest_that_lists_nothing_makes_no_run_folder(tmp_path: Path, manifest: str) -> None:
    study, out = write_study(tmp_path), a_run(tmp_path / "run", manifest)
    with pytest.raises(StudyError, match=r"no study wrote \(manifest.json, report.md\)"):
        run_study(study, out)


@pytest.mark.usefixtures("never_computed")
@pytest.mark.parametrize("inside", ["answers.csv", "study.toml"])
def test_the_input_of_a_study_may_not_lie_in_its_run_folder(tmp_path: Path, inside: str) -> None:
    study = write_study(tmp_path)
    out = a_run(tmp_path / "run", LISTED.replace("report.md", inside))
    (out / "report.md").unlink()
    (tmp_path / inside).rename(out / inside)
    study = out / inside if inside == "study.toml" else study
    study.write_text(study.read_text().replace('"answers.csv"', '"run/answers.csv"'))
    with pytest.raises(StudyError, match=f"{inside} lies in the run folder"):
        run_study(study, out)
    assert (out / inside).exists()


@pytest.mark.usefixtures("never_computed")
def test_the_working_folder_is_refused_before_anything_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = write_study(tmp_path)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(StudyError, match="working folder"):
        run_study(study, ".")
    with pytest.raises(StudyError, match="cannot be written"):
        run_study(study, "/proc/run")


def test_a_run_through_a_link_leaves_the_link_and_a_request_to_end_leaves_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = write_study(tmp_path)
    a_run(tmp_path / "run")
    (tmp_path / "link").symlink_to(tmp_path / "run")
    run = run_study(study, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert foreign_files(tmp_path / "run") == ()
    assert run.report.is_file()
    before = digests(tmp_path)

    def end(*_: object) -> str:
        os.kill(os.getpid(), signal.SIGTERM)
        return ""

    monkeypatch.setattr(running, "page_text", end)
    monkeypatch.setattr(running, "study_results", lambda *_: run.results)
    with pytest.raises(SystemExit):
        run_study(study, tmp_path / "link")
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert digests(tmp_path) == before
    assert {each.name for each in tmp_path.iterdir()} == {"answers.csv", "study.toml", "run", "link"}
