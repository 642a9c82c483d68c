"""Does the page from the server ask the engine rightly, by role and by keyboard, and say what it is told?"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pandas as pd
import pytest
import uvicorn
from explorer_browser import browser, opened_at  # noqa: F401
from explorer_runs import HOSTILE, random_model, saved_run

from causalvalues import Enumerate, Plan, Set, Shift, Target, counterfactual, intervene, plan
from causalvalues.explorer import open_run, serving
from causalvalues.explorer.choices import menu_of

pytestmark = pytest.mark.browser

MODEL = random_model(1, p=6, s=41, k=4)
START = {name: 3.0 - 0.1 * k for k, name in enumerate(MODEL.values)}
AIM = "tab=target&view=profile&want:value+1=3.2&want:value+4=2.5&weight:value+1=2&tolerance=0.3"
TARGET = Target({"value 1": 3.2, "value 4": 2.5}, tolerance=0.3, weights={"value 1": 2.0})
ACT = "tab=whatif&view=profile&lever:do_1=1&set:value+2=2&shift:value+3=0.2"
ACTION = [Set("value 2", 2.0), Set("do_1", 1.0), Shift("value 3", 0.2)]


@dataclass
class Served:
    """A server in a thread."""

    address: str
    server: Any
    thread: Any

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(30)


@contextmanager
def served(run: Path) -> Iterator[Served]:
    """Serve a run from a thread of this process, so that a test can put something in place of the engine."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        config = uvicorn.Config(serving.explorer_app(run), log_level="error", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        found = Served(f"http://127.0.0.1:{listening.getsockname()[1]}/", server, thread)
        try:
            yield found
        finally:
            found.stop()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = saved_run(tmp_path_factory.mktemp("live") / "run", MODEL, title="A run")
    (folder / "tables").mkdir()
    rows = [f"{name},{score},\n" for name, score in START.items()]
    (folder / "tables" / "plan_1.csv").write_text("name,start,target\n" + "".join(rows), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def address(run: Path) -> Iterator[str]:
    with served(run) as found:
        yield found.address


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:  # noqa: F811
    with opened_at(browser, address, hash_=AIM) as held:
        yield held.page
        assert held.complaints == []
        allowed = {address, f"{address}api/plan", f"{address}api/unit"}
        assert {request.split("#")[0] for request in held.requests} <= allowed


def by_engine(run: Path, start: dict[str, float] | None = None, most: int = 2) -> Plan:
    menu = menu_of(open_run(run))
    assert menu is not None
    return plan(open_run(run).model, start, TARGET, menu.levers, Enumerate(max_levers=most))


def plan_section(page: Any) -> Any:
    return page.get_by_role("region", name="A proven plan")


def unit_section(page: Any) -> Any:
    return page.get_by_role("region", name="One unit")


def ask_plan(page: Any) -> Any:
    section = plan_section(page)
    section.get_by_role("button", name="Ask for a proven plan").click()
    section.get_by_role("button", name="Load into the sliders").wait_for()
    return section


def numbers(table: Any) -> dict[str, list[float]]:
    """Return the whole numbers that a table carries, by the head of each row."""
    found = table.evaluate(
        "table => [...table.tBodies[0].rows].map((row) => [row.cells[0].innerText,"
        " [...row.querySelectorAll('[data-value]')].map((cell) => cell.dataset.value).join(' ')])"
    )
    return {name: [float(each) for each in text.split()] for name, text in found}


def check_plan(section: Any, found: Plan) -> None:
    """Check that what the page shows of a plan is what the engine found, to 1e-6."""
    facts = section.locator("dl div").evaluate_all(
        "all => all.map((e) => [e.children[0].innerText, e.children[1].dataset.value])"
    )
    held = {name: float(text) for name, text in facts}
    shown = [
        next(x for name, x in held.items() if name.startswith(head)) for head in ("P(", "Expected", "Proven", "Cost")
    ]
    assert shown == pytest.approx([found.chance, found.objective, found.lower_bound, found.cost], abs=1e-6)
    assert f"P({found.chance_of} within)" in held or "P(the average within)" in held
    reached = numbers(section.get_by_role("table", name="What it is predicted to reach"))
    for name, row in found.predicted.iterrows():
        assert reached[str(name)] == pytest.approx(row.dropna().tolist(), abs=1e-6)
    others = numbers(section.get_by_role("table", name="Next best choices"))
    assert [x for row in others.values() for x in row] == pytest.approx(list(found.alternatives["objective"]), abs=1e-6)


def test_a_proven_plan_is_shown_with_the_numbers_of_the_engine(page: Any, run: Path) -> None:
    section = ask_plan(page)
    found = by_engine(run)
    assert section.locator(".verdict").inner_text() == " + ".join(found.doses)
    check_plan(section, found)
    text = section.inner_text()
    assert found.status.value.split(": ")[1] in text
    for sentence in (*found.limits, *found.notes):
        assert sentence.replace("`", "") in text
    for row in found.ledger.to_dict("records"):
        assert f"{row['lever']}: {row['basis']}; {row['rests_on']}" in text
    assert "structural model of this run" in text


def test_a_plan_begins_where_the_study_did_and_uses_as_many_levers_as_allowed(page: Any, run: Path) -> None:
    page.get_by_label("Start", exact=True).select_option("0")
    plan_section(page).get_by_label("Levers at most").select_option("1")
    check_plan(ask_plan(page), by_engine(run, START, 1))


def test_a_plan_is_asked_for_and_loaded_with_the_keyboard_alone(page: Any, run: Path) -> None:
    page.get_by_label("Levers at most").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    load = plan_section(page).get_by_role("button", name="Load into the sliders")
    load.wait_for()
    assert page.evaluate("document.activeElement.textContent") == "Ask for a proven plan"
    page.wait_for_function("() => document.getElementById('status').textContent.includes('do_')")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    doses = by_engine(run).doses
    assert dict(page.evaluate("[...causalvalues.app.state.doses].map(([i, x]) => [`do_${i}`, x])")) == doses
    means = intervene(MODEL, [Set(node, dose) for node, dose in doses.items()]).summary()["mean"][: len(MODEL.values)]
    shown = page.evaluate("causalvalues.app.result.after.map(({ mean }) => mean)")
    assert shown == pytest.approx(list(means), abs=1e-6)


def check_unit(page: Any, row: dict[str, float]) -> None:
    found = counterfactual(MODEL, pd.Series(row), ACTION)
    lower, upper = found.interval(0.9)
    shown = numbers(unit_section(page).get_by_role("table"))
    for name in MODEL.values:
        expected = [row[name], found.mean()[name].iloc[0], lower[name].iloc[0], upper[name].iloc[0]]
        assert shown[name] == pytest.approx(expected, abs=1e-6)


def test_a_unit_begins_as_the_plan_of_the_study_and_is_the_counterfactual(page: Any) -> None:
    page.evaluate("hash => { location.hash = hash; }", ACT)
    unit_section(page).get_by_role("button", name="Ask what it would have answered").click()
    unit_section(page).get_by_role("table").wait_for()
    check_unit(page, START)


def test_a_unit_with_its_own_scores_is_asked_about_with_the_keyboard(page: Any) -> None:
    page.evaluate("hash => { location.hash = hash; }", ACT)
    section = unit_section(page)
    section.get_by_label("Unit", exact=True).focus()
    section.get_by_label("Unit", exact=True).select_option("The mean of the population")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    for score in range(6):
        page.keyboard.press("Tab")
        page.keyboard.press("Control+A")
        page.keyboard.type(f"-{score}.5")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    section.get_by_role("table").wait_for()
    check_unit(page, {name: -k - 0.5 for k, name in enumerate(MODEL.values)})
    assert section.get_by_label("Unit", exact=True).input_value() == ""


def test_what_is_missing_is_said_and_nothing_is_sent(page: Any) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.evaluate("location.hash = 'tab=target&view=profile'")
    plan_section(page).get_by_role("button", name="Ask for a proven plan").click()
    assert plan_section(page).get_by_text("Give at least one wanted score first.").is_visible()
    page.evaluate("location.hash = 'tab=whatif&view=profile'")
    ask = unit_section(page).get_by_role("button", name="Ask what it would have answered")
    ask.click()
    assert unit_section(page).get_by_text("Set, shift or dose something with the sliders first.").is_visible()
    unit_section(page).get_by_text("Its scores").click()
    unit_section(page).get_by_label("Score of the unit in value 2").fill("")
    ask.click()
    assert unit_section(page).get_by_text("Give the unit's score in value 2.").is_visible()
    assert sent == []


def test_an_old_answer_says_that_it_is_old(page: Any) -> None:
    section = ask_plan(page)
    old = section.get_by_text("The question has changed since. Ask again.")
    assert old.is_hidden()
    page.get_by_label("Wanted score of value 1").fill("2.9")
    assert old.is_visible()
    page.get_by_label("Wanted score of value 1").fill("3.2")
    assert old.is_hidden()
    section.get_by_label("Levers at most").select_option("1")
    assert old.is_visible()


def test_what_the_engine_refuses_is_said_in_its_words(browser: Any, address: str) -> None:  # noqa: F811
    with opened_at(browser, address, hash_=AIM) as held:
        held.page.get_by_label("Wanted score of value 1").fill("1e300")
        plan_section(held.page).get_by_role("button", name="Ask for a proven plan").click()
        said = plan_section(held.page).get_by_text("wanted.value 1: Input should be less than or equal")
        said.wait_for()
        assert "422" in "".join(held.complaints), "the browser notes the status, and nothing else"
        assert len(held.complaints) == 1


@pytest.mark.parametrize("body", ["Internal Server Error", "null", ""])
def test_an_answer_that_is_no_answer_is_said_in_words(page: Any, body: str) -> None:
    page.route("**/api/plan", lambda route: route.fulfill(body=body))
    plan_section(page).get_by_role("button", name="Ask for a proven plan").click()
    plan_section(page).get_by_text("The server does not answer").wait_for()


def test_a_server_that_has_stopped_is_named(browser: Any, run: Path) -> None:  # noqa: F811
    with served(run) as own, opened_at(browser, own.address, hash_=AIM) as held:
        ask_plan(held.page)
        own.stop()
        plan_section(held.page).get_by_role("button", name="Ask for a proven plan").click()
        plan_section(held.page).get_by_text(re.compile("^The server does not answer. Start it again")).wait_for()
        held.page.wait_for_function(
            "() => document.getElementById('status').textContent.startsWith('The server does not')"
        )
        assert held.page.get_by_label("Levers at most").is_enabled()


def test_pressing_twice_asks_once_and_the_page_goes_on_meanwhile(
    browser: Any,  # noqa: F811
    run: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free, answer, asked = Event(), serving.answer_plan, []

    def slow(*question: Any) -> dict[str, Any]:
        asked.append(question)
        assert free.wait(30)
        return answer(*question)

    monkeypatch.setattr(serving, "answer_plan", slow)
    with served(run) as own, opened_at(browser, own.address, hash_=AIM) as held:
        button = plan_section(held.page).get_by_role("button", name="Ask for a proven plan")
        button.dblclick()
        button.press("Enter")
        assert button.get_attribute("aria-disabled") == "true"
        assert plan_section(held.page).get_by_text("The engine is at work").is_visible()
        with opened_at(browser, own.address) as second:
            assert second.page.get_by_role("heading", name="A run").is_visible()
        held.page.get_by_label("Wanted score of value 1").fill("2.9")
        free.set()
        plan_section(held.page).get_by_text("The question has changed since.").wait_for()
        assert button.get_attribute("aria-disabled") == "false"
        assert sum(request.endswith("/api/plan") for request in held.requests) == len(asked) == 1
        assert held.complaints == []


def test_another_page_in_the_same_browser_gets_no_answer(
    browser: Any,  # noqa: F811
    run: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(serving, "answer_unit", lambda *question: asked.append(question) or {})
    with served(run) as own:
        context = browser.new_context()
        page = context.new_page()
        page.goto("data:text/html,<p>elsewhere</p>")
        for kind in ("text/plain", "application/json"):
            page.evaluate(
                "([address, kind]) => fetch(`${address}api/unit`, { method: 'POST', mode: 'no-cors',"
                " headers: { 'Content-Type': kind }, body: '{\"row\": {}}' }).then(String, String)",
                [own.address, kind],
            )
        page.set_content(f'<iframe src="{own.address}"></iframe>')
        page.wait_for_timeout(200)
        assert all(frame.locator("#explorer").count() == 0 for frame in page.frames)
        context.close()
    assert asked == []


def test_the_page_can_ask_nobody_but_its_server(browser: Any, address: str) -> None:  # noqa: F811
    with opened_at(browser, address) as held:
        said = held.page.evaluate("fetch('http://127.0.0.2:9/').then(() => 'answered', String)")
        assert "Failed to fetch" in said
        assert any("Content Security Policy" in each or "violates" in each for each in held.complaints)
        assert held.page.get_by_text("go to the server on this machine that sent this page").is_visible()
        assert held.page.get_by_text("nothing is asked of the network").count() == 0


def test_hostile_names_are_asked_about_and_shown_as_they_are(browser: Any, tmp_path: Path) -> None:  # noqa: F811
    folder = saved_run(tmp_path / "run", MODEL, HOSTILE, title=HOSTILE[1])
    with served(folder) as own, opened_at(browser, own.address, "phone", hash_="tab=target") as held:
        page = held.page
        page.on("dialog", lambda dialog: held.complaints.append(dialog.message))
        page.get_by_role("spinbutton", name=f"Wanted score of {HOSTILE[0]}").fill("2.5")
        section = ask_plan(page)
        assert "</script><script>alert(1)</script>" in section.inner_text()
        page.get_by_role("tab", name="What if").click()
        page.get_by_role("spinbutton", name="Dose of do_1, number").fill("1")
        unit_section(page).get_by_role("button", name="Ask what it would have answered").click()
        unit_section(page).get_by_role("table").wait_for()
        assert "<!-- \" ' & -->" in unit_section(page).inner_text()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert held.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["phone", "wide"])
def test_axe_finds_nothing_in_what_the_engine_says(browser: Any, address: str, size: str, scheme: str) -> None:  # noqa: F811
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with opened_at(browser, address, size, scheme, AIM) as held:
        page = held.page

        def check(section: str) -> None:
            page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
            said = axe.run(page, section).response
            bad = [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in said["violations"]]
            assert "color-contrast" in {each["id"] for each in said["passes"]}
            assert bad == [], section
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{section} runs off the page"

        ask_plan(page)
        page.get_by_label("Wanted score of value 1").fill("2.9")
        check("#engine-plan")
        page.evaluate("hash => { location.hash = hash; }", ACT)
        unit_section(page).get_by_role("button", name="Ask what it would have answered").click()
        unit_section(page).get_by_role("table").wait_for()
        check("#engine-unit")
        assert held.complaints == []
