"""The rooms of the house, and who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import causalvalues

PACKAGE = Path(__file__).resolve().parents[1] / "causalvalues"

ROOMS = {
    "theories": 0,
    "elicitation": 1,
    "responses": 1,
    "evidence": 2,
    "steering": 2,
    "graph": 3,
    "discovery": 4,
    "model": 5,
    "ordinal": 6,
    "prediction": 6,
    "planning": 7,
    "skill": 7,
    "leakage": 7,
    "experiments": 8,
    "explaining": 8,
    "populations": 8,
    "scene": 9,
    "formats": 10,
    "figures": 11,
    "tables": 11,
    "study": 12,
    "explorer": 13,
    "loop": 13,
    "reports": 13,
    "cli": 14,
}
"""Room -> floor; a room imports from lower floors only."""

GROUND = {"errors", "files", "frozen", "given", "interventions", "numerals", "public_names", "randomness"}
"""Modules below all rooms."""

HEAVY = {
    "pgmpy", "dowhy", "statsmodels", "matplotlib", "torch", "numba", "pyarrow", "pygraphviz", "graphviz", "sklearn",
    "causallearn", "cvxpy", "transformers", "safetensors", "IPython", "pymcdm", "starlette", "uvicorn",
}  # fmt: skip
"""Imported inside the function that needs them, or in a module named *_kernels."""

MODULES = sorted(PACKAGE.rglob("*.py"))
NAMES = [str(path.relative_to(PACKAGE)) for path in MODULES]


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(node: ast.AST) -> list[str]:
    """Modules that one statement imports, in full."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def statements_when_imported(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run when the module is imported, without those for type checkers."""
    for statement in body:
        if is_type_checking(statement) or isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        yield statement
        for field in ("body", "orelse", "finalbody"):
            yield from statements_when_imported(getattr(statement, field, []))


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def test_every_folder_with_code_is_a_known_room() -> None:
    rooms = {room_of(path) for path in MODULES} - {""}
    assert rooms <= set(ROOMS), f"unknown rooms: {sorted(rooms - set(ROOMS))}; give each a floor in this test"


def test_every_module_outside_the_rooms_is_a_known_one() -> None:
    modules = {path.stem for path in MODULES if room_of(path) == ""} - {"__init__", "__main__"}
    assert modules <= GROUND, f"unknown modules beside the rooms: {sorted(modules - GROUND)}"


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_imports_lead_to_lower_floors_only(path: Path) -> None:
    room = room_of(path)
    if path.parent == PACKAGE and path.stem in {"__init__", "__main__"}:
        return
    floor = ROOMS[room] if room else -1
    for node in ast.walk(tree_of(path)):
        for name in imported(node):
            parts = name.split(".")
            if parts[0] != "causalvalues" or parts == ["causalvalues", "__version__"]:
                continue
            goal = parts[1]
            if goal in GROUND or (room and goal == room):
                continue
            assert goal in ROOMS, f"line {node.lineno}: {name} is in no known room"  # type: ignore[attr-defined]
            assert ROOMS[goal] < floor, f"line {node.lineno}: {room or 'ground'} imports {goal}, which is not below it"  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_heavy_libraries_are_imported_where_they_are_needed(path: Path) -> None:
    if path.stem.endswith("_kernels"):
        return
    for statement in statements_when_imported(tree_of(path).body):
        for name in imported(statement):
            assert name.split(".")[0] not in HEAVY, f"line {statement.lineno} imports {name} with the module"
            assert not name.startswith("scipy.stats"), f"line {statement.lineno} imports {name} with the module"


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_no_public_function_passes_keywords_through(path: Path) -> None:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            assert node.args.kwarg is None, f"{node.name} (line {node.lineno}) takes **{node.args.kwarg.arg}"


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_modules_hold_no_state_that_grows(path: Path) -> None:
    tree = tree_of(path)
    for node in ast.walk(tree):
        assert not isinstance(node, ast.Global | ast.Nonlocal), f"line {node.lineno} rebinds an outer name"
    for statement in tree.body:
        value = getattr(statement, "value", None)
        empty = (isinstance(value, ast.List | ast.Set) and not value.elts) or (
            isinstance(value, ast.Dict) and not value.keys
        )
        made = isinstance(value, ast.Call) and ast.unparse(value.func) in {"list", "dict", "set", "defaultdict"}
        to_be_filled = empty or made
        assert not to_be_filled, f"line {statement.lineno} is a container to be filled"


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_nothing_is_pickled_and_nothing_phones_home(path: Path) -> None:
    forbidden = {"pickle", "shelve", "marshal", "dill", "cloudpickle", "joblib", "urllib", "http", "socket", "requests"}
    for node in ast.walk(tree_of(path)):
        for name in imported(node):
            if name in {"urllib.parse", "http.cookiejar"}:  # neither opens a connection
                continue
            if name == "socket" and path.parts[-2:] == ("explorer", "serving.py"):  # listens, on loopback only
                continue
            assert name.split(".")[0] not in forbidden, f"line {node.lineno} imports {name}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_files_and_functions_stay_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    names_only = path == PACKAGE / "__init__.py"
    assert text.count("\n") <= (400 if names_only or path.stem.endswith("_kernels") else 320), "split the file"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            first = node.body[1].lineno if ast.get_docstring(node) and len(node.body) > 1 else node.body[0].lineno
            assert (node.end_lineno or 0) - first < 60, f"{node.name} does not fit a screen"


def modules_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(' '.join(sys.modules))"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(found.stdout.split())


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert not modules_after("import causalvalues") & {
        "numpy",
        "pandas",
        "scipy",
        "numba",
        "networkx",
        "pydantic",
        "typer",
    }


def test_the_nouns_come_without_heavy_libraries() -> None:
    loaded = modules_after(
        "from causalvalues import Dag, GraphPosterior, StructuralModel, Plan, Target, ResponseMatrix"
    )
    assert not loaded & (HEAVY - {"pyarrow"})  # pandas brings pyarrow itself


def test_every_public_name_can_be_imported() -> None:
    for name in causalvalues.__all__:
        assert getattr(causalvalues, name) is not None
    assert set(causalvalues.__all__) <= set(dir(causalvalues))


def test_no_public_name_hides_a_room() -> None:
    assert not set(causalvalues.__all__) & (set(ROOMS) | GROUND)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        causalvalues.nonsense  # noqa: B018


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == causalvalues.__version__
