"""The server of the explorer: its page, what the engine answers, its address, and how it starts and stops."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import httpx2
import numpy as np
import pandas as pd
import pytest
from explorer_runs import HOSTILE, random_model, saved_run
from starlette.testclient import TestClient
from typer.testing import CliRunner

from causalvalues import Enumerate, Plan, Set, Shift, Target, counterfactual, plan
from causalvalues.cli.app import app as commands
from causalvalues.errors import StudyError
from causalvalues.explorer import open_run
from causalvalues.explorer.apart import apart
from causalvalues.explorer.choices import menu_of
from causalvalues.explorer.serving import explorer_app, serve

HERE = "http://127.0.0.1:8000"
MODEL = random_model(1, p=6, s=41, k=4)
WANTED = {"value 1": 3.2, "value 4": 2.5}
PLAN = {"wanted": WANTED, "tolerance": 0.3, "max_levers": 2}
ROW = {name: 0.1 * place for place, name in enumerate(MODEL.values)}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved_run(tmp_path_factory.mktemp("serving") / "run", MODEL, title="A run")


@pytest.fixture(scope="module")
def client(run: Path) -> Any:
    with TestClient(explorer_app(run), base_url=HERE) as found:
        yield found


def found_by_the_engine(run: Path, start: dict[str, float] | None = None, **target: Any) -> Plan:
    menu = menu_of(open_run(run))
    assert menu is not None
    return plan(
        open_run(run).model, start, Target(WANTED, tolerance=0.3, **target), menu.levers, Enumerate(max_levers=2)
    )


def test_the_page_may_talk_to_its_server_and_says_where_questions_go(client: TestClient) -> None:
    sent = client.get("/")
    assert sent.status_code == 200
    assert '<html lang="en" data-live>' in sent.text
    assert "connect-src 'self'" in sent.text.replace("&#x27;", "'")
    assert "nothing is asked of the network" not in sent.text
    assert "go to the server on this machine that sent this page" in sent.text


@pytest.mark.parametrize("start", [None, {name: 3.0 - 0.1 * k for k, name in enumerate(MODEL.values)}])
@pytest.mark.parametrize("weights", [{}, {"value 1": 3.0}])
def test_a_plan_from_the_server_is_the_plan_of_the_engine(
    client: TestClient, run: Path, start: dict[str, float] | None, weights: dict[str, float]
) -> None:
    told = client.post("/api/plan", json=PLAN | {"start": start, "weights": weights}).json()
    found = found_by_the_engine(run, start, weights=weights)
    assert told["doses"] == dict(found.doses)
    assert told["status"] == found.status.value
    for key in ("objective", "lower_bound", "chance", "cost"):
        assert told[key] == pytest.approx(getattr(found, key), abs=1e-12)
    assert (told["chance_of"], told["limits"], told["notes"]) == (
        found.chance_of,
        list(found.limits),
        list(found.notes),
    )
    assert [row["rests_on"] for row in told["ledger"]] == list(found.ledger["rests_on"])
    assert [row["doses"] for row in told["alternatives"]] == list(found.alternatives["doses"])
    for name, row in found.predicted.iterrows():
        cells = told["predicted"][str(name)]
        assert [cells[each] for each in ("start", "mean", "lower", "upper")] == pytest.approx(
            list(row[["start", "mean", "lower", "upper"]]), abs=1e-12
        )
        assert (cells["target"] is None) == bool(np.isnan(row["target"]))


def test_a_plan_keeps_the_rules_of_the_study(tmp_path: Path) -> None:
    folder = saved_run(tmp_path / "run", MODEL, title="A run")
    held = json.loads((folder / "manifest.json").read_text())
    levers = [{"node": "do_1", "cost": 5}, {"node": "do_2", "excludes": ["do_3"]}, {"node": "do_3"}]
    held["settings"]["plan"] = [{"title": "Dear", "max_levers": 2, "budget": 4, "untried": True, "levers": levers}]
    (folder / "manifest.json").write_text(json.dumps(held))
    with TestClient(explorer_app(folder), base_url=HERE) as client:
        told = client.post("/api/plan", json=PLAN).json()
    chosen = [told["doses"], *(row["doses"] for row in told["alternatives"])]
    assert sorted(map(sorted, chosen)) == [[], ["do_2"], ["do_3"]]


def test_without_levers_and_values_that_move_there_is_nothing_to_plan(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, run: Path
) -> None:
    monkeypatch.setattr("causalvalues.explorer.questions.menu_of", lambda _: None)
    with TestClient(explorer_app(run), base_url=HERE) as bare:
        told = bare.post("/api/plan", json=PLAN)
    assert told.status_code == 422
    assert "nothing to plan with" in told.json()["error"]


def test_a_unit_from_the_server_is_the_counterfactual_of_the_engine(client: TestClient) -> None:
    asked = {"row": ROW | {"do_0": 1.0}, "set": {"value 2": 1.0, "do_1": 1.0}, "shift": {"value 0": -0.5}}
    told = client.post("/api/unit", json=asked).json()["predicted"]
    interventions = [Set("value 2", 1.0), Set("do_1", 1.0), Shift("value 0", -0.5)]
    found = counterfactual(MODEL, pd.Series(ROW | {"do_0": 1.0}), interventions)
    lower, upper = found.interval(0.9)
    for name in MODEL.values:
        expected = [ROW[name], found.mean()[name].iloc[0], lower[name].iloc[0], upper[name].iloc[0]]
        assert list(told[name].values()) == pytest.approx(expected, abs=1e-12)


def test_hostile_names_are_asked_about_and_answered(tmp_path: Path) -> None:
    folder = saved_run(tmp_path / "run", MODEL, HOSTILE, title=HOSTILE[0])
    with TestClient(explorer_app(folder), base_url=HERE) as client:
        told = client.post("/api/plan", json={"wanted": dict.fromkeys(HOSTILE[:2], 1.0), "max_levers": 1})
        assert (told.status_code, set(told.json()["predicted"])) == (200, set(HOSTILE))
        page = client.get("/").text
    assert "<script>alert" not in page


def test_work_apart_raises_what_it_raises_and_nobody_need_wait_for_it() -> None:
    free = Event()

    async def scene() -> str:
        with pytest.raises(StudyError, match="no"):
            await apart(lambda: (_ for _ in ()).throw(StudyError("no")))
        left = asyncio.create_task(apart(lambda: free.wait(30)))
        await asyncio.sleep(0)
        left.cancel()
        return await apart(lambda: "done")

    assert asyncio.run(scene()) == "done"
    free.set()


def test_a_port_that_cannot_be_used_is_named(run: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StudyError, match=str(port)):
            serve(run, port=port)
        result = CliRunner().invoke(commands, ["explore", str(run), "--serve", "--port", str(port)])
        assert result.exit_code == 2
        assert f"Port {port} cannot be used" in result.stderr
    with pytest.raises(StudyError, match="99999"):
        serve(run, port=99999)


def test_a_folder_that_is_no_run_is_refused_before_the_server_starts(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"posterior\.json"):
        serve(tmp_path)


def test_a_loop_that_runs_already_is_named(run: Path) -> None:
    async def scene() -> None:
        serve(run)

    with pytest.raises(StudyError, match="causalvalues explore RUN --serve"):
        asyncio.run(scene())


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--serve", "--out", "page.html"], "--serve writes no file, so it does not go with --out"),
        (["--port", "8000"], "Add --serve"),
        (["--serve", "--port", "70000"], "70000"),
        (["--serve", "--port", "-1"], "-1"),
    ],
)
def test_options_that_do_not_go_together_are_refused(run: Path, options: list[str], complaint: str) -> None:
    result = CliRunner().invoke(commands, ["explore", str(run), *options], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert complaint in result.stderr
    assert not Path("page.html").exists()


def test_the_page_is_written_with_its_path_as_json(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "p.html"
    result = CliRunner().invoke(commands, ["explore", str(run), "--out", str(out), "--json"])
    assert json.loads(result.stdout) == {"page": str(out)}


@contextmanager
def started(*words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the command as its own process; yield it with the first line that it prints."""
    command = [sys.executable, "-m", "causalvalues", "explore", *words, "--serve"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}, **pipes) as process:  # type: ignore[call-overload]
        try:
            yield process, process.stdout.readline()
        finally:
            process.kill()


def test_the_command_serves_until_it_is_interrupted(run: Path) -> None:
    with started(str(run), str(run), "--json") as (process, line):
        address = json.loads(line)["address"]
        port = int(address.removeprefix("http://127.0.0.1:").removesuffix("/"))
        page = httpx2.get(address, trust_env=False)
        told = httpx2.post(
            f"{address}api/plan", json=PLAN, headers={"origin": address[:-1]}, timeout=60, trust_env=False
        )
        named = httpx2.get(f"http://localhost:{port}/", trust_env=False)
        assert (page.status_code, told.status_code, named.status_code) == (200, 200, 200)
        assert "server" not in page.headers
        assert told.json()["objective"] == pytest.approx(found_by_the_engine(run).objective, abs=1e-9)
        refused = httpx2.post(
            f"{address}api/plan", json=PLAN, headers={"host": f"evil.example:{port}"}, trust_env=False
        )
        assert refused.status_code == 403
        for other in ("127.0.0.2", *_own_addresses()):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((other, port), timeout=5)
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out == ""
    assert error.splitlines() == ["The explorer is there until Ctrl-C. Only this machine can reach it.", "Stopped."]


def _own_addresses() -> list[str]:
    """Return addresses of this machine but for loopback."""
    try:
        found = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET, socket.SOCK_STREAM)
    except OSError:
        return []
    return sorted({str(address[0]) for *_, address in found} - {"127.0.0.1"})


def test_an_engine_at_work_does_not_hold_the_server_up_when_it_is_stopped(run: Path) -> None:
    slow = (
        "import sys, time, causalvalues.explorer.serving as serving\n"
        "def answer(*_):\n    print('at work', flush=True)\n    time.sleep(600)\n"
        "serving.answer_unit = answer\n"
        f"serving.serve({str(run)!r})\n"
    )
    with (
        subprocess.Popen(
            [sys.executable, "-c", slow], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process,
        httpx2.Client(trust_env=False, timeout=60) as client,
    ):
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            body = json.dumps({"row": ROW, "set": {"value 0": 1.0}})
            host, port = address.removeprefix("http://").removesuffix("/").split(":")
            with socket.create_connection((host, int(port)), timeout=60) as asking:
                head = f"POST /api/unit HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
                asking.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
                assert process.stdout.readline() == "at work\n"
                assert client.get(address).status_code == 200
                process.send_signal(signal.SIGINT)
                said = b"".join(iter(lambda: asking.recv(65536), b""))
            assert process.wait(60) == 0
            assert b"503" in said.splitlines()[0]
            assert b"The server was stopped." in said
            assert process.stderr is not None
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()
