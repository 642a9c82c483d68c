"""Is the page one file that is safe, small and the same each time?"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from shutil import which

import numpy as np
import pytest
from explorer_runs import HOSTILE, graphs_of, random_model, saved_run
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from causalvalues import StructuralModel
from causalvalues.cli.app import app
from causalvalues.errors import FigureError, StudyError
from causalvalues.evidence import summarise
from causalvalues.explorer import explorer_page, open_run
from causalvalues.explorer.choices import menu_of
from causalvalues.explorer.data import page_data
from causalvalues.explorer.differences import differences
from causalvalues.explorer.figure import page_graph
from causalvalues.explorer.packing import packed_draws, packed_numbers
from causalvalues.explorer.page import HERE, SCRIPTS, assembled, joined_script, safe_json
from causalvalues.figures import GraphOptions, value_graph
from causalvalues.model import direct_effects
from causalvalues.responses import demo_responses
from causalvalues.scene.nouns import Scene
from causalvalues.study.blocking import NOTE
from causalvalues.study.tables import _observed

MODEL = random_model(1, p=6, s=21, k=4)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved_run(tmp_path_factory.mktemp("page") / "run", MODEL, title="A run")


@pytest.fixture(scope="module")
def text(run: Path) -> str:
    return explorer_page(run)


def inside(text: str, begin: str, end: str) -> str:
    return text.split(begin, 1)[1].split(end, 1)[0]


def data_of(text: str) -> dict[str, object]:
    found = json.loads(inside(text, '<script type="application/json" id="data">', "</script>"))
    assert isinstance(found, dict)
    return found


def unpacked(packed: dict[str, object]) -> np.ndarray:
    """Read draws back, as the page does."""
    s, a, b = packed["shape"]  # type: ignore[misc]
    masks, wide, fine = (base64.b64decode(str(packed[key])) for key in ("masks", "wide", "fine"))
    numbers, whole, at_mask = list(np.frombuffer(wide, "<f8")), list(fine), 0
    found = np.zeros((s, a, b))
    for i, j, count, low, step in packed["cells"]:  # type: ignore[attr-defined]
        there = np.ones(s, dtype=bool)
        if count < s:
            stride = -(-s // 8)
            there = np.unpackbits(np.frombuffer(masks[at_mask : at_mask + stride], np.uint8), bitorder="little")[:s] > 0
            at_mask += stride
        if step:
            triples, whole = np.array(whole[: 3 * count]).reshape(-1, 3), whole[3 * count :]
            found[there, i, j] = low + step * (triples @ [1, 256, 65536])
        else:
            found[there, i, j], numbers = numbers[:count], numbers[count:]
    return found


@given(st.integers(0, 10_000), st.integers(1, 19), st.floats(1e-9, 1e3), st.booleans())
def test_draws_come_back_exactly_or_within_a_hundred_millionth_and_zeros_stay(
    seed: int, s: int, size: float, exact: bool
) -> None:
    random = np.random.default_rng(seed)
    draws = np.where(random.random((s, 3, 4)) < 0.5, random.normal(0, size, (s, 3, 4)), 0.0)
    draws[:, 1, 1] = size
    found = unpacked(packed_draws(draws, exact))
    assert ((found == 0) == (draws == 0)).all() or not exact
    np.testing.assert_allclose(found, draws, atol=0 if exact else 3e-8, rtol=0)


def test_the_policy_allows_this_style_and_this_script_and_no_network(text: str) -> None:
    policy = inside(text, 'Content-Security-Policy" content="', '"').replace("&#x27;", "'")
    style, script = inside(text, "<style>", "</style>"), inside(text, '<script type="module">', "</script>")
    for what, held in (("style", style), ("script", script)):
        digest = base64.b64encode(hashlib.sha256(held.encode()).digest()).decode()
        assert f"{what}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "connect-src" not in policy
    assert "unsafe" not in policy


def test_nothing_in_the_page_points_outside(text: str) -> None:
    links = set(re.findall(r"https?://[^\s\"'<>)]+", text))
    assert links <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(link|script|img|iframe)[^>]+(src|href)=\"(?!data:)", text)
    assert not re.search(r"\s(on\w+|style)=\"", text), "the policy forbids handlers and styles in attributes"


def test_a_page_with_scripts_of_a_server_may_talk_to_it_and_says_so(run: Path) -> None:
    text = explorer_page(run, live=("export function live() { return 1; }\n",))
    assert "connect-src &#x27;self&#x27;" in text
    assert '<html lang="en" data-live>' in text
    assert "\nfunction live() { return 1; }" in text


def test_the_same_run_gives_the_same_bytes(run: Path, text: str) -> None:
    assert explorer_page(run) == text


def test_the_figure_is_that_of_the_paper_until_the_threshold_moves(run: Path) -> None:
    graph = page_graph(open_run(run))
    paper = value_graph(graphs_of(MODEL), direct_effects(MODEL))
    added = {edge.part for edge in graph.scene.edges[graph.shown :]}
    kept = tuple(mark for mark in graph.scene.marks if mark.part.removesuffix("-label") not in added)
    assert added
    assert kept == paper.marks
    assert graph.scene.edges[: graph.shown] == paper.edges


def test_hidden_edges_begin_hidden(text: str, run: Path) -> None:
    graph = page_graph(open_run(run))
    wide = inside(text, '<div id="graph" class="figure">', "</svg>")
    for k in range(len(graph.scene.edges)):
        assert (f'<g id="edge-{k}" class="edge" display="none"' in wide) == (k >= graph.shown)


def test_twenty_values_and_five_hundred_draws_stay_under_two_megabytes(tmp_path: Path) -> None:
    run = open_run(saved_run(tmp_path / "run", random_model(7, p=20, s=500, k=5)))
    graph = page_graph(run)
    assert len(assembled(run.title, (graph, graph), page_data(run, graph)).encode()) < 2_000_000


def test_the_script_is_small_and_no_file_is_long() -> None:
    assert len(joined_script().encode()) < 80_000
    for name in SCRIPTS:
        assert len((HERE / "script" / name).read_text(encoding="utf-8").splitlines()) <= 400


def test_the_joined_script_is_the_files_without_comments_indents_imports_and_exports() -> None:
    files = [HERE / "script" / name for name in SCRIPTS]
    lines = [line.strip() for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    code = [line for line in lines if line and not line.startswith(("//", "/**", "* ", "*/", "import "))]
    joined = [line for line in joined_script().splitlines() if line]
    assert joined == [line.removeprefix("export ") for line in code]


@pytest.mark.skipif(which("node") is None, reason="node is not installed")
def test_the_joined_script_is_good_javascript(tmp_path: Path) -> None:
    (tmp_path / "joined.mjs").write_text(joined_script(), encoding="utf-8")
    node = which("node") or ""
    assert subprocess.run([node, "--check", tmp_path / "joined.mjs"], check=False).returncode == 0


def test_hostile_names_cannot_become_markup(tmp_path: Path) -> None:
    text = explorer_page(saved_run(tmp_path / "run", MODEL, HOSTILE, title=HOSTILE[0]))
    assert text.count("<script") == 2
    assert text.count("</script>") == 2
    assert "<!--" not in text
    assert "\u2028" not in inside(text, 'id="data">', "</html>")
    assert [value["name"] for value in data_of(text)["values"]] == list(HOSTILE)  # type: ignore[attr-defined]


@given(st.text())
def test_json_comes_back_and_holds_nothing_that_ends_a_script(said: str) -> None:
    held = safe_json({"said": said})
    assert not set(held) & set("<>&\u2028\u2029")
    assert json.loads(held) == {"said": said}


def test_the_first_lines_of_the_report_are_read_and_nothing_after_them(run: Path) -> None:
    heads = [head for head, _ in open_run(run).cautions]
    assert heads == ["Salience, not endorsement.", "Measurement error.", "Rows."]


def test_graphs_and_a_model_without_a_study_are_enough(tmp_path: Path) -> None:
    data = data_of(explorer_page(saved_run(tmp_path / "bare", MODEL)))
    assert data["title"] == "bare"
    assert data["cautions"] == []
    assert data["plans"]["max_levers"] == 2  # type: ignore[index]


def test_what_claims_rest_on_comes_from_the_ledger_of_the_study(tmp_path: Path) -> None:
    folder = saved_run(tmp_path / "run", MODEL)
    (folder / "tables").mkdir()
    (folder / "tables" / "ledger.csv").write_text(
        "kind,cause,effect,basis,probability,sentence,blocked\n"
        "effect,value 0,value 1,contested,.4,Said.,measurement error\nlever,do_1,value 2,by design,1,Said.,\n",
        encoding="utf-8",
    )
    data = data_of(explorer_page(folder))
    assert data["blocked"] == NOTE
    bases = {"effects": {"0 1": ["contested", 0.4, "measurement error"]}, "levers": {"1 2": ["by design", 1.0, ""]}}
    assert data["bases"] == bases | {"ledger": True}


def test_the_range_of_the_data_is_taken_where_the_run_has_it(tmp_path: Path) -> None:
    folder = saved_run(tmp_path / "run", MODEL)
    (folder / "tables").mkdir()
    (folder / "tables" / "observed.csv").write_text("name,low,high\nvalue 0,1,5\ndo_2,0,3\n", encoding="utf-8")
    data = data_of(explorer_page(folder))
    assert (data["values"][0]["low"], data["values"][0]["high"]) == (1.0, 5.0)  # type: ignore[index]
    assert data["levers"][2]["high"] == 3.0  # type: ignore[index]


def test_every_admissible_choice_is_offered_once(run: Path) -> None:
    menu = menu_of(open_run(run))
    assert menu is not None
    pairs = {("do_0", "do_1"), ("do_1", "do_2"), ("do_2", "do_3")}
    expected = {(), *((f"do_{i}",) for i in range(4)), *pairs}
    assert {tuple(node for node, _ in choice) for choice in menu.choices} == expected
    assert len(menu.choices) == len(expected)


def test_levers_of_the_study_keep_their_doses_exclusions_and_prerequisites(run: Path) -> None:
    levers = [
        {"node": "do_0", "doses": [0.5, 1.0], "excludes": ["do_1"]},
        {"node": "do_1", "interval": [0.0, 2.0], "cost": 3.0},
        {"node": "do_2", "requires": ["value 1"]},
        {"node": "value 1", "doses": [0.2]},
        {"node": "new", "prior": {"value 0": [0.3, 0.1]}},
        {"node": "gone"},
    ]
    settings = {"plan": [{"max_levers": 2, "levers": levers}]}
    menu = menu_of(replace(open_run(run), settings=settings))
    assert menu is not None
    expected = {
        (),
        (("do_0", 0.5),),
        (("do_0", 1.0),),
        (("do_1", 2.0),),
        (("value 1", 0.2),),
        (("do_0", 0.5), ("value 1", 0.2)),
        (("do_0", 1.0), ("value 1", 0.2)),
        (("do_1", 2.0), ("value 1", 0.2)),
        (("do_2", 1.0), ("value 1", 0.2)),
    }
    assert set(menu.choices) == expected
    assert menu.costs[menu.choices.index((("do_1", 2.0),))] == 6.0


def test_a_page_that_would_hold_too_many_choices_has_fewer_levers_together_and_says_so(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("causalvalues.explorer.choices.MOST", 6)
    menu = menu_of(open_run(run))
    assert menu is not None
    assert menu.max_levers == 1
    assert "allows 2 levers together" in menu.note


def test_names_that_do_not_fit_on_a_telephone_make_the_figure_wider(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def only_wide(*about: object, options: GraphOptions) -> Scene:
        if options.width < 400:
            raise FigureError("6 names do not fit.")
        return value_graph(*about, options=options)  # type: ignore[arg-type]

    monkeypatch.setattr("causalvalues.explorer.figure.value_graph", only_wide)
    assert page_graph(open_run(run), 268.0).scene.width == pytest.approx(268 * 1.8)


def test_a_study_notes_the_range_of_its_data(tmp_path: Path) -> None:
    matrix = demo_responses()
    evidence = summarise(matrix)
    found = _observed(matrix, evidence).set_index("name")
    frame = matrix.frame()
    name = matrix.names[0]
    assert found.loc[name, ["low", "high"]].tolist() == [frame[name].min(), frame[name].max()]
    assert found.loc[matrix.levers[0], ["kind", "low", "high"]].tolist() == ["lever", 0.0, 1.0]
    assert found.loc[name, "mean"] == pytest.approx(frame[name].mean())
    assert found.loc[name, "sd"] == pytest.approx(np.sqrt(evidence.scatter[0, 0] / (evidence.n - 1)))
    assert np.isnan(found.loc[matrix.levers[0], "mean"])


def test_two_runs_differ_where_their_figures_do(tmp_path: Path) -> None:
    def graph_of(name: str, *edges: tuple[int, int]) -> object:
        coefficients = np.zeros((4, 3, 3))
        for i, j in edges:
            coefficients[:, i, j] = 0.5
        model = StructuralModel(("a", "b", "c"), coefficients, np.zeros((4, 3)), np.ones((4, 3)), np.ones(4))
        return page_graph(open_run(saved_run(tmp_path / name, model)))

    one, two = graph_of("one", (0, 1), (1, 2)), graph_of("two", (0, 1), (0, 2))
    rows = differences(one.scene, two.scene, (one.shown, two.shown))  # type: ignore[attr-defined]
    found = {(row["cause"], row["effect"]): row["change"] for row in rows}
    assert {frozenset(pair): change for pair, change in found.items()} == {
        frozenset("ab"): "same",
        frozenset("bc"): "first",
        frozenset("ac"): "second",
    }


def test_a_folder_that_is_no_run_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="There is no run folder"):
        open_run(tmp_path / "nowhere")
    with pytest.raises(StudyError, match=r"no posterior\.json and no model\.json"):
        open_run(tmp_path)


def test_the_command_writes_the_page_beside_the_run(tmp_path: Path) -> None:
    folder = saved_run(tmp_path / "run", MODEL)
    result = CliRunner().invoke(app, ["explore", str(folder)])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "run-explorer.html").read_text(encoding="utf-8") == explorer_page(folder)
    other = CliRunner().invoke(app, ["explore", str(folder), str(folder), "--out", str(tmp_path / "two.html")])
    assert other.exit_code == 0
    assert data_of((tmp_path / "two.html").read_text(encoding="utf-8"))["other"] is not None


def test_numbers_are_little_endian_on_every_machine() -> None:
    assert base64.b64decode(packed_numbers(np.array([1.0, -2.0]))) == bytes.fromhex("000000000000f03f00000000000000c0")
