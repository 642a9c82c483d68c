"""Whom the server of the explorer answers, what every response carries, and what a bad request is told."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from threading import Event
from typing import Any

import httpx2
import pytest
from explorer_runs import random_model, saved_run
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from causalvalues.explorer import serving
from causalvalues.explorer.guarding import HEADERS, guarded, refusal
from causalvalues.explorer.serving import LONGEST, MOST_WAITING, explorer_app

HERE = "http://127.0.0.1:8000"
PLAN = {"wanted": {"value 1": 3.2}}
UNIT = {"row": {f"value {i}": 0.1 * i for i in range(4)}, "set": {"value 0": 1.0}}
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved_run(tmp_path_factory.mktemp("guarding") / "run", random_model(2, p=4, s=9, k=2), title="A run")


@pytest.fixture(scope="module")
def app(run: Path) -> Any:
    return explorer_app(run)


@pytest.fixture(scope="module")
def client(app: Any) -> Any:
    with TestClient(app, base_url=HERE, raise_server_exceptions=False) as found:
        yield found


def sent(client: TestClient, body: bytes, path: str = "/api/plan") -> httpx2.Response:
    found = client.post(path, content=body, headers=JSON)
    assert isinstance(found, httpx2.Response)
    return found


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:8000", "localhost", "LOCALHOST:8000", "LocalHost", "127.0.0.1:1", "localhost:65535"],
)
def test_this_machine_by_name_and_number_is_answered_on_any_port(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 200
    own = {"host": host, "origin": f"http://{host.lower()}", "sec-fetch-site": "same-origin"}
    assert client.post("/api/unit", json=UNIT, headers=own).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8000",
        "evil.example:8000",
        "",
        " ",
        "[::1]:8000",
        "::1",
        "0.0.0.0:8000",
        "127.0.0.2:8000",
        "127.1",
        "2130706433",
        "0x7f000001",
        "localhost.",
        "127.0.0.1.",
        "localhost.:8000",
        "127.0.0.1:",
        "127.0.0.1:80:80",
        "127.0.0.1:80a",
        "127.0.0.1:123456",
        "user@127.0.0.1",
        "127.0.0.1:80@evil.example",
        "127.0.0.1/evil",
        "127.0.0.1,evil.example",
        "127a0b0c1",
        "ⓛocalhost".encode().decode("latin-1"),
    ],
)
def test_every_other_name_is_refused_wherever_it_asks(host: str) -> None:
    assert refusal("GET", [(b"host", host.encode("latin-1"))]) != ""


def test_the_refusal_comes_before_the_route(client: TestClient) -> None:
    for method, path in (("GET", "/"), ("GET", "/nowhere"), ("PUT", "/api/plan"), ("POST", "/api/plan")):
        answer = client.request(method, path, headers={"host": "evil.example"})
        assert answer.status_code == 403
        assert "127.0.0.1" in answer.json()["error"]


def test_no_host_and_two_hosts_are_refused() -> None:
    one = (b"host", b"127.0.0.1:8000")
    assert refusal("GET", [one]) == ""
    assert refusal("GET", []) != ""
    assert refusal("GET", [one, one]) != ""
    assert refusal("GET", [one, (b"origin", HERE.encode()), (b"origin", HERE.encode())]) != ""


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "https://127.0.0.1:8000"},
        {"origin": "http://localhost:8000"},
        {"origin": "http://127.0.0.1:8000.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "Same-Origin"},
        {"sec-fetch-site": ""},
        {"origin": HERE, "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
    ],
)
def test_what_another_site_sends_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    for path in ("/api/plan", "/api/unit"):
        assert client.post(path, json=PLAN, headers=headers).status_code == 403


def test_a_link_from_elsewhere_opens_the_page_and_nothing_else(client: TestClient) -> None:
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert client.get("/", headers=link).status_code == 200
    assert client.get("/", headers=link | {"sec-fetch-dest": "iframe"}).status_code == 403
    assert client.get("/", headers=link | {"sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}).status_code == 403


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_text_but_this_machine_passes(host: str, origin: str) -> None:
    headers = [(b"host", host.encode()), (b"origin", origin.encode())]
    assert (refusal("POST", headers) == "") == (
        host.lower() in ("127.0.0.1", "localhost") and origin == f"http://{host.lower()}"
    )


def test_every_response_carries_the_headers_once(client: TestClient) -> None:
    asked = {
        200: client.get("/"),
        403: client.get("/", headers={"host": "evil.example"}),
        404: client.get("/favicon.ico"),
        405: client.put("/api/plan"),
        413: sent(client, b" " * (LONGEST + 1)),
        415: client.post("/api/plan", content=b"{}", headers={"content-type": "text/plain"}),
        422: sent(client, b"{}"),
    }
    for status, answer in asked.items():
        assert answer.status_code == status
        for name, text in HEADERS.items():
            assert answer.headers.get_list(name) == [text], (status, name)
        assert "access-control-allow-origin" not in answer.headers
    assert asked[405].headers["allow"] == "POST"
    assert all(set(answer.json()) == {"error"} for status, answer in asked.items() if status != 200)


def test_a_defect_is_answered_with_the_headers_and_without_its_insides(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("causalvalues.explorer.questions.counterfactual", broken)
    answer = client.post("/api/unit", json=UNIT)
    assert answer.status_code == 500
    assert "engine failed" in answer.json()["error"]
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "GET", "HEAD", "OPTIONS", "TRACE", "BREW"])
def test_only_post_asks(client: TestClient, method: str) -> None:
    assert client.request(method, "/api/plan").status_code == 405
    assert client.request(method, "/api/unit").status_code == 405


def test_the_page_is_read_and_never_written(client: TestClient) -> None:
    head = client.head("/")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == len(client.get("/").content)
    assert [client.request(method, "/").status_code for method in ("POST", "PUT", "OPTIONS")] == [405, 405, 405]


@pytest.mark.parametrize(
    "path",
    [
        "/graph/model.json",
        "/../graph/model.json",
        "/..%2fgraph%2fmodel.json",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/api/../graph/model.json",
        "/api",
        "/api/plan/",
        "/script/asking.js",
        "/%00",
        "/index.html",
    ],
)
def test_no_file_can_be_had(client: TestClient, path: str) -> None:
    answer = client.get(path, follow_redirects=False)
    assert answer.status_code in (404, 405, 307)
    assert "coefficients" not in answer.text
    if answer.status_code == 307:
        assert answer.headers["location"].startswith(HERE)


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx"],
)
def test_what_a_form_can_send_is_no_question(client: TestClient, kind: str) -> None:
    answer = client.post("/api/plan", content=json.dumps(PLAN), headers={"content-type": kind})
    assert answer.status_code == 415


def test_the_content_type_may_be_written_in_other_ways(client: TestClient) -> None:
    for kind in ("application/json; charset=utf-8", "Application/JSON", " application/json ;x=y"):
        assert client.post("/api/unit", content=json.dumps(UNIT), headers={"content-type": kind}).status_code == 200


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"[]", "object"),
        (b"null", "object"),
        (b"\xff\xfe{\x00}\x00", "JSON"),
        (b'{"wanted": {"value 1\xff": 1}}', "JSON"),
        (b'{"wanted": {"\\ud800": 1}}', "JSON"),
        (b"[" * 100_000, "JSON"),
        (b'{"wanted":' * 20_000, "JSON"),
        (b'{"wanted": {"value 1": NaN}}', "finite"),
        (b'{"wanted": {"value 1": 1e999}}', "finite"),
        (b'{"wanted": {"value 1": 1e308}}', "less than or equal"),
        (b'{"wanted": {"value 1": ' + b"9" * 5000 + b"}}", "JSON"),
        (b'{"wanted": {"value 1": "x"}}', "number"),
        (b'{"wanted": {"value 1": null}}', "number"),
        (b'{"wanted": {"' + b"x" * 1001 + b'": 1}}', "1000"),
        (b'{"wanted": {}}', "arget"),
        (b'{"wanted": {}, "surprise": 1}', "surprise"),
        (b'{"wanted": {"value 1": 1}, "max_levers": 99}', "max_levers"),
        (b'{"wanted": {"value 1": 1}, "max_levers": 1.5}', "max_levers"),
        (b'{"wanted": {"value 1": 1}, "tolerance": 0}', "tolerance"),
        (b'{"wanted": {"value 1": 1}, "weights": {"value 1": -1}}', "weight"),
        (b'{"wanted": {"value 11": 1}}', "Did you mean 'value 1'"),
        (b'{"wanted": {"value 1": 1}, "start": {"value 2": 1}}', "start"),
    ],
)
def test_a_question_that_is_not_understood_is_answered_in_words(
    client: TestClient, body: bytes, complaint: str
) -> None:
    answer = sent(client, body)
    assert answer.status_code == 422
    assert complaint in answer.json()["error"]
    assert len(answer.text) < 3000


def test_a_unit_that_lacks_a_value_or_names_an_unknown_one_is_answered_in_words(client: TestClient) -> None:
    lacking = client.post("/api/unit", json={"row": {"value 0": 1.0}, "set": {"value 1": 1.0}})
    unknown = client.post("/api/unit", json=UNIT | {"set": {"value 11": 1.0}})
    assert (lacking.status_code, unknown.status_code) == (422, 422)
    assert "value 2" in lacking.json()["error"]
    assert "Did you mean" in unknown.json()["error"]


async def told(app: Any, messages: list[dict[str, Any]], headers: dict[str, str]) -> tuple[int, int]:
    """Return the status that an application sends, and how many messages it read; what is not sent never comes."""
    status, read = [], 0

    async def receive() -> dict[str, Any]:
        nonlocal read
        read += 1
        if read > len(messages):
            await asyncio.Event().wait()
        return messages[read - 1]

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            status.append(message["status"])

    held = {"host": "127.0.0.1:8000", **JSON, **headers}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/unit",
        "headers": [(name.encode(), text.encode()) for name, text in held.items()],
        "query_string": b"",
    }
    await app(scope, receive, send)
    return status[0], read


def part(body: bytes, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_flood_is_refused_without_being_read_where_it_says_its_length(app: Any) -> None:
    assert asyncio.run(told(app, [part(b"x")], {"content-length": str(LONGEST + 1)})) == (413, 0)


def test_a_flood_is_refused_after_the_limit_where_it_hides_its_length(app: Any) -> None:
    pieces = [part(b" " * 100_000)] * 50
    assert asyncio.run(told(app, pieces, {})) == (413, 3)
    assert asyncio.run(told(app, pieces, {"content-length": "5"})) == (413, 3)


def test_a_question_as_long_as_is_allowed_is_read(app: Any) -> None:
    body = json.dumps(UNIT).encode().ljust(LONGEST)
    assert asyncio.run(told(app, [part(body[:1000]), part(body[1000:], False)], {}))[0] == 200


def test_a_question_that_never_ends_is_given_up(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "PATIENCE", 0.02)
    assert asyncio.run(told(app, [part(b'{"row"')], {}))[0] == 408


def test_a_question_that_breaks_off_is_no_defect(app: Any) -> None:
    assert asyncio.run(told(app, [part(b'{"row"'), {"type": "http.disconnect"}], {}))[0] == 400


def test_a_web_socket_is_closed_before_it_opens(app: Any) -> None:
    said: list[str] = []

    async def send(message: Any) -> None:
        said.append(message["type"])

    async def never() -> Any:
        raise AssertionError

    asyncio.run(guarded(app)({"type": "websocket", "headers": [(b"host", b"127.0.0.1")]}, never, send))
    assert said == ["websocket.close"]


def test_the_page_comes_while_the_engine_works_and_questions_wait_their_turn(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, free = Event(), Event()
    at_once: list[int] = []
    working: list[int] = []

    def slow(*_: object) -> dict[str, Any]:
        working.append(1)
        at_once.append(len(working))
        started.set()
        assert free.wait(30)
        working.pop()
        return {"done": True}

    monkeypatch.setattr(serving, "answer_unit", slow)
    app = explorer_app(run)

    async def scene() -> tuple[list[int], int, int]:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url=HERE, timeout=30) as client:
            asked = [asyncio.create_task(client.post("/api/unit", json=UNIT)) for _ in range(MOST_WAITING)]
            while not started.is_set():
                await asyncio.sleep(0.001)
            page = (await client.get("/")).status_code
            for _ in range(200):
                await asyncio.sleep(0)
            crowd = await client.post("/api/unit", json=UNIT)
            free.set()
            answered = [(await each).status_code for each in asked]
        return answered, page, crowd.status_code

    assert asyncio.run(scene()) == ([200] * MOST_WAITING, 200, 503)
    assert at_once == [1] * MOST_WAITING
