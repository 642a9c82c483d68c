"""The server of the explorer: what the engine answers, and whom it refuses."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from starlette.testclient import TestClient

from causalvalues import Enumerate, Set, Shift, Target, counterfactual, plan
from causalvalues.errors import StudyError
from causalvalues.explorer import open_run
from causalvalues.explorer.choices import menu_of
from causalvalues.explorer.serving import LONGEST, explorer_app, serve
from causalvalues.study import StudyRun

HERE = "http://127.0.0.1:8000"
PLAN = {"wanted": {"security": 0.6, "power": 0.2}, "tolerance": 0.3, "max_levers": 2}


@pytest.fixture(scope="module")
def client(demo_run: StudyRun) -> TestClient:
    return TestClient(explorer_app(demo_run.folder), base_url=HERE)


def test_the_page_is_sent_with_headers_that_keep_it_to_itself(client: TestClient) -> None:
    sent = client.get("/")
    assert sent.status_code == 200
    assert '<html lang="en" data-live>' in sent.text
    assert "connect-src 'self'" in sent.text.replace("&#x27;", "'")
    assert sent.headers["x-content-type-options"] == "nosniff"
    assert sent.headers["content-security-policy"] == "frame-ancestors 'none'"
    assert sent.headers["cache-control"] == "no-store"


def test_a_plan_from_the_server_is_the_plan_of_the_engine(client: TestClient, demo_run: StudyRun) -> None:
    told = client.post("/api/plan", json=PLAN).json()
    run = open_run(demo_run.folder)
    menu = menu_of(run)
    assert menu is not None
    target = Target(dict(PLAN["wanted"]), tolerance=0.3)  # type: ignore[call-overload]
    found = plan(run.model, None, target, menu.levers, Enumerate(max_levers=2))
    assert told["doses"] == dict(found.doses)
    assert told["status"] == found.status.value
    assert told["objective"] == pytest.approx(found.objective, abs=1e-12)
    for name, row in found.predicted.iterrows():
        cells = told["predicted"][str(name)]
        assert [cells[each] for each in ("start", "mean", "lower", "upper")] == pytest.approx(
            list(row[["start", "mean", "lower", "upper"]]), abs=1e-12
        )
        assert (cells["target"] is None) == bool(np.isnan(row["target"]))


def test_a_unit_from_the_server_is_the_counterfactual_of_the_engine(client: TestClient, demo_run: StudyRun) -> None:
    model = open_run(demo_run.folder).model
    row = {name: 0.1 * place for place, name in enumerate(model.values)}
    asked = {"row": row, "set": {"security": 1.0, model.levers[0]: 1.0}, "shift": {"power": -0.5}}
    told = client.post("/api/unit", json=asked).json()["predicted"]
    found = counterfactual(
        model, pd.Series(row), [Set("security", 1.0), Set(model.levers[0], 1.0), Shift("power", -0.5)]
    )
    lower, upper = found.interval(0.9)
    for name in model.values:
        expected = [row[name], found.mean()[name].iloc[0], lower[name].iloc[0], upper[name].iloc[0]]
        assert list(told[name].values()) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000", "", "[::1]:8000"]
)
def test_another_name_for_this_machine_is_refused(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 403
    assert client.post("/api/plan", json=PLAN, headers={"host": host}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "https://127.0.0.1:8000"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_what_another_site_sends_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/api/plan", json=PLAN, headers=headers).status_code == 403
    assert client.post("/api/unit", json={"row": {}}, headers=headers).status_code == 403


def test_the_own_page_is_not_refused(client: TestClient) -> None:
    own = {"origin": HERE, "sec-fetch-site": "same-origin"}
    assert client.post("/api/plan", json=PLAN, headers=own).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "GET"])
def test_nothing_can_be_changed(client: TestClient, method: str) -> None:
    assert client.request(method, "/api/plan").status_code == 405
    assert client.post("/").status_code == 405
    assert client.get("/graph/model.json").status_code == 404
    assert client.get("/../graph/model.json").status_code == 404


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"[]", "object"),
        (b'{"wanted": {"security": NaN}}', "finite"),
        (b'{"wanted": {"security": 1e999}}', "finite"),
        (b'{"wanted": {"security": "x"}}', "number"),
        (b'{"wanted": {}, "surprise": 1}', "surprise"),
        (b'{"wanted": {"security": 1}, "max_levers": 99}', "max_levers"),
        (b'{"wanted": {"security": 1}, "tolerance": 0}', "tolerance"),
        (b'{"wanted": {"no such value": 1}}', "no such value"),
        (b'{"wanted": {"security": 1}, "start": {"power": 1}}', "start"),
        (b"[" * 100_000, "JSON"),
    ],
)
def test_a_question_that_is_not_understood_is_answered_in_words(
    client: TestClient, body: bytes, complaint: str
) -> None:
    sent = client.post("/api/plan", content=body, headers={"content-type": "application/json"})
    assert sent.status_code == 422
    assert complaint in sent.json()["error"]


def test_a_unit_without_all_values_is_answered_in_words(client: TestClient) -> None:
    sent = client.post("/api/unit", json={"row": {"security": 1.0}, "set": {"power": 1.0}})
    assert sent.status_code == 422
    assert "achievement" in sent.json()["error"]


def test_a_form_and_a_flood_are_refused(client: TestClient) -> None:
    text = json.dumps(PLAN)
    assert client.post("/api/plan", content=text, headers={"content-type": "text/plain"}).status_code == 415
    flood = client.post("/api/plan", content=b" " * (LONGEST + 1), headers={"content-type": "application/json"})
    assert flood.status_code == 413


def test_a_port_that_is_taken_is_named(demo_run: StudyRun) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StudyError, match=str(port)):
            serve(demo_run.folder, port=port)
    with pytest.raises(StudyError, match="99999"):
        serve(demo_run.folder, port=99999)


def test_a_folder_that_is_no_run_is_refused_before_the_server_starts(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"posterior\.json"):
        serve(tmp_path)
