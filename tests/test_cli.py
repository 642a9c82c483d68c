"""The command line: one message, the right exit code, JSON where asked for, and a quick start."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from study_helpers import write_answers, write_study
from typer.testing import CliRunner, Result

from causalvalues.cli.app import app
from causalvalues.cli.output import amounts
from causalvalues.errors import DataError, StudyError

COMMANDS = (
    "check", "score", "learn", "effects", "counterfactual", "plan", "draw", "lint", "theories", "study", "demo",
    "compare", "falsify", "reliability", "choices",
)  # fmt: skip


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with answers, a saved graph and a saved model."""
    folder = tmp_path_factory.mktemp("learned")
    answers = write_answers(folder)
    found = run("learn", answers, "--cluster-by", "persona_id", "--out", folder / "graph.json", "--model",
                folder / "model.json", "--seed", 2, "--json")  # fmt: skip
    assert found.exit_code == 0, found.output
    (folder / "edges.json").write_text(found.stdout)
    return folder


def modules_loaded_by(*words: str) -> set[str]:
    script = (
        "import sys\nfrom causalvalues.cli import main\n"
        f"sys.argv = {['causalvalues', *words]!r}\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print('LOADED', *sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(found.stdout.split("LOADED")[1].split())


def test_help_starts_without_anything_heavy() -> None:
    loaded = modules_loaded_by("--help")
    assert "typer" in loaded
    assert not loaded & {"numpy", "pandas", "scipy", "numba", "networkx", "pydantic", "matplotlib", "pgmpy", "dowhy"}


def test_the_help_of_a_command_starts_without_anything_heavy() -> None:
    assert not modules_loaded_by("study", "--help") & {"numpy", "pandas", "numba", "matplotlib"}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    found = run(command, "--help")
    assert found.exit_code == 0
    assert "--debug" in found.output


def test_check_of_sound_answers_ends_with_0(learned: Path) -> None:
    found = run("check", learned / "answers.csv", "--cluster-by", "persona_id", "--json")
    assert found.exit_code == 0
    assert all(finding["severity"] != "blocking" for finding in json.loads(found.stdout))


def test_check_of_a_constant_column_ends_with_1_and_names_the_remedy(tmp_path: Path) -> None:
    table = pd.read_csv(write_answers(tmp_path))
    table.assign(power=3.0).to_csv(tmp_path / "answers.csv", index=False)
    found = run("check", tmp_path / "answers.csv", "--cluster-by", "persona_id")
    assert found.exit_code == 1
    assert "'power'" in found.stdout
    assert run("learn", tmp_path / "answers.csv").exit_code == 1


def test_a_missing_file_ends_with_3_and_one_message(tmp_path: Path) -> None:
    found = run("check", tmp_path / "none.csv")
    assert found.exit_code == 3
    assert "none.csv" in found.stderr
    assert "Traceback" not in found.output


def test_wrong_usage_ends_with_2(learned: Path) -> None:
    assert run("check").exit_code == 2
    assert run("nonsense").exit_code == 2
    assert run("plan", learned / "model.json", "--target", "security").exit_code == 2
    found = run("plan", learned / "model.json", "--target", "securty=1")
    assert found.exit_code == 2
    assert "Did you mean 'security'?" in found.stderr


def test_debug_shows_the_error_itself(tmp_path: Path) -> None:
    found = run("check", tmp_path / "none.csv", "--debug")
    assert isinstance(found.exception, DataError)


def test_in_a_shell_an_error_is_one_message_on_stderr(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "causalvalues", "study", str(tmp_path / "none.toml")]
    found = subprocess.run(words, check=False, capture_output=True, text=True)
    assert found.returncode == 2
    assert found.stdout == ""
    assert found.stderr.startswith("StudyError: There is no study file")
    assert found.stderr.count("\n") == 1
    debug = subprocess.run([*words, "--debug"], check=False, capture_output=True, text=True)
    assert "Traceback" in debug.stderr


def test_a_reader_that_has_seen_enough_is_no_failure_of_the_user() -> None:
    """As in ``causalvalues theories | head -0``."""
    words = [sys.executable, "-m", "causalvalues", "theories"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (141, b"")


def test_learn_prints_the_edges_and_saves_what_was_learned(learned: Path) -> None:
    edges = json.loads((learned / "edges.json").read_text())
    surest = sorted(edges, key=lambda edge: -edge["adjacent"])[:2]
    assert {frozenset((edge["cause"], edge["effect"])) for edge in surest} == {
        frozenset(("power", "security")),
        frozenset(("security", "tradition")),
    }
    assert (learned / "graph.json").is_file()


def test_the_same_seed_prints_the_same(learned: Path) -> None:
    again = run("learn", learned / "answers.csv", "--cluster-by", "persona_id", "--seed", 2, "--json")
    assert again.stdout == (learned / "edges.json").read_text()


def test_effects_of_a_lever_are_printed_and_written(learned: Path, tmp_path: Path) -> None:
    found = run("effects", learned / "model.json", "--cause", "calm", "--out", tmp_path / "e.csv", "--json")
    held = {row["effect"]: row["mean"] for row in json.loads(found.stdout)}
    assert held["security"] == pytest.approx(1.0, abs=0.35)
    assert len(pd.read_csv(tmp_path / "e.csv")) == 5 * 3 - 3
    assert run("effects", learned / "model.json", "--cause", "clam").exit_code == 2


def test_a_counterfactual_that_changes_nothing_gives_the_facts(learned: Path) -> None:
    rows = learned / "answers.csv"
    facts = pd.read_csv(rows)
    found = run("counterfactual", learned / "model.json", rows, "--shift", "power=0", "--json")
    held = json.loads(found.stdout)
    assert len(held) == 3 * len(facts)
    assert all(row["mean"] == row["fact"] for row in held)


def test_a_counterfactual_sets_and_shifts(learned: Path, tmp_path: Path) -> None:
    found = run("counterfactual", learned / "model.json", learned / "answers.csv", "--set", "power=1", "--shift",
                "tradition=2", "--out", tmp_path / "c.csv")  # fmt: skip
    assert found.exit_code == 0, found.output
    held = pd.read_csv(tmp_path / "c.csv")
    assert (held[held["value"] == "power"]["mean"] == 1).all()
    assert run("counterfactual", learned / "model.json", learned / "answers.csv", "--set", "power").exit_code == 2


def test_a_plan_is_printed_and_drawn(learned: Path, tmp_path: Path) -> None:
    words = ("plan", learned / "model.json", "--target", "security=1.0", "--out", tmp_path / "plan.svg")
    found = run(*words, "--json")
    held = json.loads(found.stdout)
    assert held["doses"] == {"calm": 1.0}
    assert held["lower_bound"] <= held["objective"] + 1e-9
    assert (tmp_path / "plan.svg").read_text().startswith("<svg")
    assert "Plan(" in run(*words).stdout
    doses = run("plan", learned / "model.json", "--target", "power=1", "--lever", "bold=0.5", "--json")
    assert json.loads(doses.stdout)["doses"] == {"bold": 0.5}
    start = [part for name in ("power", "security", "tradition") for part in ("--start", f"{name}=0")]
    assert run("plan", learned / "model.json", "--target", "power=1", *start).exit_code == 0


def test_a_plan_with_answers_gives_the_chance_of_one_unit_and_says_so(learned: Path) -> None:
    start = [part for name in ("power", "security", "tradition") for part in ("--start", f"{name}=0")]
    words = ("plan", learned / "model.json", "--target", "security=1.0", *start)
    more = ("--answers", learned / "answers.csv", "--cluster-by", "persona_id")
    bare, whole = (json.loads(run(*words, *extra, "--json").stdout) for extra in ((), more))
    assert (bare["chance_of"], whole["chance_of"]) == ("the average effect", "a unit")
    assert whole["chance"] < bare["chance"]
    assert bare["chance_cross_fitted"] is None
    said, with_answers = run(*words).stdout, run(*words, *more).stdout
    assert "that the average effect hits" in said
    assert "--answers FILE" in said
    assert "holds for one unit" in with_answers
    assert "--answers" not in with_answers
    assert "how units differ in the effect of calm" in with_answers


@pytest.mark.parametrize("name", ["graph.json", "model.json"])
@pytest.mark.parametrize("suffix", ["svg", "dot", "csv"])
def test_draw_writes_what_the_suffix_names(learned: Path, tmp_path: Path, name: str, suffix: str) -> None:
    found = run(
        "draw", learned / name, tmp_path / f"picture.{suffix}", "--theory", "schwartz-10", "--layout", "layered"
    )
    assert (tmp_path / f"picture.{suffix}").exists() == (found.exit_code == 0)
    assert (found.exit_code == 0) == ((name, suffix) != ("model.json", "dot")), found.output


def test_draw_refuses_an_unknown_layout_and_reads_scenes(learned: Path, tmp_path: Path) -> None:
    assert run("draw", learned / "graph.json", tmp_path / "a.svg", "--layout", "star").exit_code == 2
    assert run("draw", learned / "graph.json", tmp_path / "scene.json").exit_code == 0
    assert run("draw", tmp_path / "scene.json", tmp_path / "b.svg").exit_code == 0
    assert run("draw", tmp_path / "none.json", tmp_path / "b.svg").exit_code == 3


def test_score_writes_dimensions(tmp_path: Path) -> None:
    items = pd.DataFrame({f"pvq_{i}": [1 + (i * row) % 6 for row in range(8)] for i in range(1, 22)})
    items.to_csv(tmp_path / "items.csv", index_label="unit_id")
    shown = json.loads(run("theories", "pvq-21", "--json").stdout)
    names = [item for each in shown["items"].values() for item in each]
    items.set_axis(names, axis=1).to_csv(tmp_path / "items.csv", index_label="unit_id")
    found = run("score", tmp_path / "items.csv", "--key", "pvq-21", "--out", tmp_path / "scores.csv")
    assert found.exit_code == 0, found.output
    assert set(shown["items"]) <= set(pd.read_csv(tmp_path / "scores.csv").columns)


def test_theories_lists_and_shows() -> None:
    held = json.loads(run("theories", "--json").stdout)
    assert "schwartz-10" in held["theories"]
    assert "pvq-21" in held["keys"]
    assert json.loads(run("theories", "schwartz-10", "--json").stdout)["circular"] is True
    assert "schwartz-10" in run("theories").stdout
    found = run("theories", "schwarz-10")
    assert found.exit_code == 3
    assert "Did you mean 'schwartz-10'?" in found.stderr


def test_study_prints_where_the_report_is(tmp_path: Path) -> None:
    path = write_study(tmp_path)
    found = run("study", path, "--out", tmp_path / "run", "--seed", 5, "--json")
    assert found.exit_code == 0, found.output
    held = json.loads(found.stdout)
    assert Path(held["report"]).is_file()
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["seed"] == 5
    again = run("study", path, "--out", tmp_path / "run")
    assert f"Report: {tmp_path / 'run' / 'report.html'}" in again.stdout


def test_demo_runs_the_packaged_study(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from causalvalues.study import DEMO, running

    def small(study: Path, out: Path, seed: int | None) -> object:
        assert study == DEMO
        return real(write_study(tmp_path), out, seed)

    real = running.run_study
    monkeypatch.setattr(running, "run_study", small)
    found = run("demo", "--out", tmp_path / "run")
    assert found.exit_code == 0, found.output
    assert "Report:" in found.stdout


def test_a_file_that_is_read_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_text("a,b\n1,2\n2,1\n3,5\n4,4\n5,7\n6,5\n")
    before = path.read_bytes()
    ended = run("learn", path, "--out", path)
    assert ended.exit_code == 2
    assert path.read_bytes() == before
    both = str(tmp_path / "same.json")
    assert run("learn", path, "--out", both, "--model", both).exit_code == 2


def test_an_amount_that_is_given_twice_is_refused() -> None:
    with pytest.raises(StudyError, match="names 'a' twice"):
        amounts(["a=1", "a=2"], "--set")


def test_a_column_that_cannot_be_read_can_be_dropped(tmp_path: Path) -> None:
    rows = "\n".join(f"{i % 5},{(i * 7) % 6},{'inf' if i == 3 else i % 3}" for i in range(30))
    path = tmp_path / "answers.csv"
    path.write_text("a,b,bad\n" + rows + "\n")
    assert run("learn", path).exit_code == 3
    assert run("learn", path, "--drop", "bad").exit_code == 0
    assert "bad" in run("learn", path, "--drop", "a").output
