"""What the README and ARCHITECTURE.md say is true."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from causalvalues.cli.app import app
from causalvalues.loop import read_loop
from causalvalues.study.elicitation_settings import ElicitationSettings
from causalvalues.study.study_file import settings_from, validated

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "causalvalues"
README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.S)


def test_the_library_example_runs_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = blocks("python")
    monkeypatch.chdir(tmp_path)
    held: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), held)  # noqa: S102
    assert (tmp_path / "graph.svg").is_file()
    assert "Plan(" in capsys.readouterr().out
    assert len([line for line in code.splitlines() if line.strip()]) <= 16


def test_the_study_file_of_the_readme_is_understood() -> None:
    (text,) = blocks("toml")
    settings = settings_from(tomllib.loads(text))
    assert settings.plan[0].change == {"benevolence": 0.5, "power": -0.5}


def test_every_command_and_option_of_the_readme_exists() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    lines = [line.split("#")[0].split() for text in blocks("sh") for line in text.splitlines()]
    used = [words for words in lines if words and words[0] == "causalvalues"]
    assert {words[1] for words in used} <= set(commands)
    assert len(used) == 30
    for words in used:
        options = {option for parameter in commands[words[1]].params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, words


def test_the_examples_of_the_planning_page_run_as_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs" / "planning.md").read_text(encoding="utf-8")
    held: dict[str, object] = {}
    exec(compile("\n".join(re.findall(r"```python\n(.*?)```", text, re.S)), "planning.md", "exec"), held)  # noqa: S102
    said = capsys.readouterr().out
    assert "LeverResponse(20 levers, 10 values" in said
    assert "of the whole" in said
    (plan,) = re.findall(r"```toml\n(.*?)```", text, re.S)
    settings = settings_from({"data": {"demo": True}, **tomllib.loads(plan)})
    assert settings.plan[0].ranking == ["benevolence", ["security", "tradition"], "power"]


def test_the_files_of_the_closed_loop_page_are_understood(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "closed-loop.md").read_text(encoding="utf-8")
    first, swap = re.findall(r"```toml\n(.*?)```", text, re.S)
    (tmp_path / "loop.toml").write_text(first + swap)
    settings = read_loop(tmp_path / "loop.toml")
    assert settings.target[0].change == {"benevolence": 0.2, "power": -0.1}
    assert settings.swap is not None
    assert read_loop(ROOT / "benchmarks" / "closed_loop.toml").swap is not None


def test_the_examples_of_the_page_on_levers_inside_run_as_they_stand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "docs" / "steering.md").read_text(encoding="utf-8")
    held: dict[str, object] = {}
    exec(compile("\n".join(re.findall(r"```python\n(.*?)```", text, re.S)), "steering.md", "exec"), held)  # noqa: S102
    said = capsys.readouterr().out
    assert "OPTIMAL: do_tradition x 1, vec_self_direction x 0.5" in said
    assert "(8,) 32" in said
    ask, report, loop = re.findall(r"```toml\n(.*?)```", text, re.S)
    validated(ElicitationSettings, tomllib.loads(ask), "ask")
    assert settings_from(tomllib.loads(report)).report["steering"]["allowed"] == {"fluency": 0.1, "capability": 0.3}
    (tmp_path / "loop.toml").write_text(loop)
    assert read_loop(tmp_path / "loop.toml").levers.compare
    for name in ("ask", "doses"):
        validated(ElicitationSettings, tomllib.loads((ROOT / f"benchmarks/steering/{name}.toml").read_text()), name)
    assert read_loop(ROOT / "benchmarks" / "steering" / "loop.toml").drawn is not None


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`?make (\w+)", README):
        assert f"\n{target}:" in makefile


def test_every_file_that_the_readme_names_exists() -> None:
    for name in re.findall(r"`([\w/]+\.(?:md|ipynb))`|\]\(([\w/.-]+)\)", README):
        path = name[0] or name[1]
        assert (ROOT / path).exists() or path == "report.md", path


def test_the_readme_names_the_theories_and_keys_that_ship() -> None:
    from causalvalues.theories import scoring_keys, theories

    assert len(theories()) == 6
    assert set(scoring_keys()) >= {"pvq-21", "pvq-40", "pvq-rr", "svs-57", "twivi-20", "mfq-30", "wvs-10", "vsm-2013"}


PAGES = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "graphs/README.md"]


@pytest.mark.parametrize("name", [*PAGES, *(f"docs/{page.name}" for page in sorted((ROOT / "docs").glob("*.md")))])
def test_the_documents_speak_to_their_readers_only(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert re.findall(r"/work\b|\.\./shared|DESIGN\.md|\bissue \d|\bsession\b|\bhelper", text) == []


def imports_of(package: str) -> set[str]:
    """Files of the package that import a library, relative to it."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] == package for name in names):
                found.add(path.relative_to(PACKAGE).as_posix())
    return found


def dependency_rows() -> dict[str, str]:
    rows = re.findall(r"^\| ([\w, -]+) \| (.+) \|$", ARCHITECTURE.split("## Where each dependency is used")[1], re.M)
    return {name.strip(): where for names, where in rows for name in names.split(",")}


def test_every_dependency_has_its_place_in_the_architecture() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split(r"[<>=]", each)[0] for each in project["dependencies"]}
    assert needed <= set(dependency_rows())


@pytest.mark.parametrize("package", sorted(set(dependency_rows()) - {"Package", "numpy", "pandas"}))
def test_a_dependency_is_used_where_the_architecture_says(package: str) -> None:
    where = dependency_rows()[package]
    named = re.findall(r"`([\w*/.]+)`", where)
    used = imports_of({"scikit-learn": "sklearn"}.get(package, package.replace("-", "")))
    if where == "not used":
        assert not used
    for file in used:
        assert any(Path(file).match(each) or file.startswith(f"{each}/") for each in named), f"{file} is not named"
    for each in named:
        if each.startswith("tests/"):
            assert package in (ROOT / each).read_text(encoding="utf-8")
        elif each.endswith(".py") and "*" not in each:
            assert each in used, f"{each} does not import {package}"
