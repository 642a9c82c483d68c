"""Does every control of the page work, by role and by keyboard, and does it say what it does?"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from explorer_browser import Opened, browser, opened  # noqa: F401
from explorer_runs import HOSTILE, random_model, saved_run

from causalvalues import StructuralModel, intervene
from causalvalues.explorer import explore
from causalvalues.interventions import Set, Shift

pytestmark = pytest.mark.browser

MODEL = random_model(1, p=6, s=41, k=4)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explorer")
    other = saved_run(folder / "other", random_model(1, p=6, s=17, k=4))
    return explore(saved_run(folder / "run", MODEL, title="A run"), folder / "page.html", other)


@pytest.fixture
def held(browser: Any, file: Path) -> Iterator[Opened]:  # noqa: F811
    with opened(browser, file) as found:
        yield found
        assert found.complaints == []
        assert found.requests == [file.as_uri()], "a page asks for nothing but itself"


@pytest.fixture
def page(held: Opened) -> Any:
    return held.page


def summary(*interventions: Any) -> Any:
    return intervene(MODEL, list(interventions)).summary()


def after(page: Any, value: int) -> dict[str, float]:
    return dict(page.evaluate(f"causalvalues.app.result.after[{value}]"))


def test_a_value_is_chosen_in_the_graph_with_a_click_and_let_go_with_another(page: Any) -> None:
    node = page.locator("#graph").get_by_role("button", name=re.compile("^value 2:"))
    node.click()
    assert node.get_attribute("aria-pressed") == "true"
    assert page.get_by_role("heading", name="value 2").is_visible()
    assert page.get_by_role("heading", name="Causes").is_visible()
    node.click()
    assert node.get_attribute("aria-pressed") == "false"


def test_every_node_can_be_reached_with_tab_and_chosen_with_enter_and_space(page: Any) -> None:
    page.locator("#threshold").focus()
    for value in range(6):
        page.keyboard.press("Tab")
        label = page.evaluate("document.activeElement.getAttribute('aria-label')")
        assert label.startswith("value ")
        page.keyboard.press("Enter" if value % 2 else "Space")
        assert page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"


def test_the_panel_names_the_neighbours_with_the_numbers_of_the_edges(page: Any) -> None:
    data = page.evaluate("causalvalues.app.data")
    edges = [edge for edge in data["edges"][: data["shown"]] if 1 in (edge["cause"], edge["effect"])]
    page.locator("#graph").get_by_role("button", name=re.compile("^value 1:")).click()
    others = {f"value {edge['effect'] if edge['cause'] == 1 else edge['cause']}" for edge in edges}
    shown = page.locator("#value-panel .links .link").all_inner_texts()
    assert sorted(shown) == sorted(others)
    page.locator("#value-panel .links .link").first.press("Enter")
    assert page.evaluate("document.activeElement.id") == "value-name", "the focus follows to the new value"


def test_the_threshold_hides_and_shows_edges(page: Any) -> None:
    slider = page.get_by_role("slider", name="Edges with P")
    probabilities = page.evaluate("causalvalues.app.data.edges.map(e => e.p)")
    count = "document.querySelectorAll('#graph .edge:not([display=none]) .line').length"
    assert page.evaluate(count) == sum(p > 0.5 for p in probabilities)
    for threshold in (0.0, 0.7, 1.0):
        slider.fill(str(threshold))
        assert page.evaluate(count) == sum(p > threshold for p in probabilities)
    slider.press("ArrowLeft")
    assert slider.get_attribute("aria-valuetext") == "edges with probability above .99"


def test_the_search_leaves_what_fits_and_enter_chooses_the_first(page: Any) -> None:
    search = page.get_by_role("searchbox", name="Search values")
    search.fill("UE 4")
    assert "1 of 6" in page.locator("#found").inner_text()
    faint = page.evaluate(
        "[...document.querySelectorAll('#graph [role=button]')].filter(e => e.getAttribute('opacity')).length"
    )
    assert faint == 5
    search.press("Enter")
    assert page.get_by_role("heading", name="value 4").is_visible()


def test_a_lever_slider_moves_the_profile_at_once(page: Any) -> None:
    page.get_by_role("tab", name="What if").click()
    slider = page.get_by_role("slider", name="Dose of do_1")
    slider.fill("1")
    assert after(page, 0)["mean"] == pytest.approx(summary(Set("do_1", 1.0)).loc["value 0", "mean"], abs=1e-6)
    slider.press("ArrowLeft")
    dose = float(slider.input_value())
    assert dose < 1
    assert page.get_by_role("spinbutton", name="Dose of do_1").input_value() == f"{dose:g}"
    assert after(page, 0)["mean"] == pytest.approx(summary(Set("do_1", dose)).loc["value 0", "mean"], abs=1e-6)
    assert "by design" in page.locator("#rests").inner_text()


def test_the_graph_shows_where_a_prediction_goes_with_shapes_and_words(page: Any) -> None:
    page.get_by_role("tab", name="What if").click()
    page.get_by_role("spinbutton", name="Dose of do_1").fill("1")
    page.get_by_role("button", name="Graph", exact=True).click()
    moved = summary(Set("do_1", 1.0))["mean"] - summary()["mean"]
    for i, name in enumerate(MODEL.values):
        node = page.locator("#graph").get_by_role("button", name=re.compile(f"^{name}:"))
        if abs(moved[name]) > 0.1:
            sign = "\u2212" if moved[name] < 0 else r"\+"
            assert re.search(f"predicted {sign}", node.get_attribute("aria-label")), i
            base = re.findall(r"-?[\d.]+", node.locator(".move").get_attribute("d"))[3]
            assert (float(base) > 0) == (moved[name] > 0), "a triangle that points up for more"


def test_a_value_is_set_or_shifted_and_never_both(page: Any) -> None:
    page.get_by_role("tab", name="What if").click()
    page.get_by_role("radio", name="Set value 3").check(force=True)
    page.get_by_role("spinbutton", name="value 3 set to").fill("3.25")
    assert after(page, 3)["mean"] == pytest.approx(3.25)
    assert after(page, 0)["mean"] == pytest.approx(summary(Set("value 3", 3.25)).loc["value 0", "mean"], abs=1e-6)
    page.get_by_role("radio", name="Set value 3").press("ArrowRight")
    assert page.get_by_role("radio", name="Shift value 3").is_checked()
    page.get_by_role("spinbutton", name="value 3 shifted by").fill("-0.5")
    assert after(page, 0)["mean"] == pytest.approx(summary(Shift("value 3", -0.5)).loc["value 0", "mean"], abs=1e-6)
    assert page.evaluate("[causalvalues.app.state.held.size, causalvalues.app.state.pushed.size]") == [0, 1]
    page.get_by_role("radio", name="Shift value 3").press("ArrowLeft")
    assert page.evaluate("[causalvalues.app.state.held.size, causalvalues.app.state.pushed.size]") == [1, 0]
    page.get_by_role("button", name="Reset all").click()
    assert page.evaluate("[causalvalues.app.state.held.size, causalvalues.app.state.pushed.size]") == [0, 0]


def test_what_lies_outside_the_data_is_called_extrapolated(page: Any) -> None:
    page.get_by_role("tab", name="What if").click()
    rests = page.locator("#rests")
    page.get_by_role("spinbutton", name="Dose of do_0").fill("1")
    assert "extrapolated" not in rests.inner_text()
    page.get_by_role("spinbutton", name="Dose of do_0").fill("1.4")
    assert "a dose that was not tried" in rests.inner_text()
    page.get_by_role("spinbutton", name="Dose of do_0").fill("1")
    page.get_by_role("spinbutton", name="Dose of do_1").fill("1")
    assert "never tried together" not in rests.inner_text(), "neighbours were tried together"
    page.get_by_role("spinbutton", name="Dose of do_3").fill("1")
    assert "never tried together" in rests.inner_text()
    page.get_by_role("button", name="Reset all").click()
    page.get_by_role("radio", name="Set value 0").check(force=True)
    page.get_by_role("spinbutton", name="value 0 set to").fill("99")
    assert "standard deviations from the mean of the data" in rests.inner_text()


def test_predicted_scores_outside_the_data_are_marked_in_words_wherever_they_stand(page: Any) -> None:
    page.get_by_role("tab", name="What if").click()
    page.get_by_role("radio", name="Set value 0").check(force=True)
    page.get_by_role("spinbutton", name="value 0 set to").fill("40")
    found = page.evaluate("causalvalues.app.data.values.map((v, i) => [v, causalvalues.app.result.after[i].mean])")
    far = [abs(mean - value["centre"]) > 2.5 * value["spread"] for value, mean in found]
    assert 1 < sum(far) < 6
    rows = page.locator("#dials .dial:has(.outcome) .outcome").all_inner_texts()
    assert ["outside the data" in row for row in rows] == far
    assert page.locator("#profile svg text", has_text=re.compile("^†$")).count() == sum(far)
    assert "† outside the data: extrapolated" in page.locator("#profile").inner_text()
    assert "so far out" in page.locator("#rests").inner_text()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV of the current numbers").click()
    table = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text(encoding="utf-8"))))
    assert [bool(row["extrapolated"]) for row in table[:6]] == far
    page.locator("#view-graph").click()
    nodes = page.locator("#graph [role=button]").evaluate_all("all => all.map(e => e.getAttribute('aria-label'))")
    assert sum("outside the data" in label for label in nodes) == sum(far)


def test_a_wanted_score_is_shown_with_few_digits_and_kept_whole(browser: Any, file: Path) -> None:  # noqa: F811
    with opened(browser, file, hash_="tab=target&want:value+1=3.4876543&lever:do_1=0.123456789") as found:
        field = found.page.get_by_role("spinbutton", name="Wanted score of value 1")
        assert field.input_value() == "3.488"
        assert field.get_attribute("title") == "exactly 3.4876543"
        assert found.page.evaluate("causalvalues.app.state.wanted.get(1)") == 3.4876543
        found.page.get_by_role("tab", name="What if").click()
        assert found.page.get_by_role("spinbutton", name="Dose of do_1").input_value() == "0.1235"
        assert found.complaints == []


def test_the_live_line_says_the_largest_changes(page: Any) -> None:
    page.get_by_role("tab", name="What if").click()
    page.get_by_role("spinbutton", name="Dose of do_2").fill("1")
    page.wait_for_function("() => document.querySelector('#status').textContent.startsWith('Predicted')")
    assert page.locator("#status").get_attribute("aria-live") == "polite"


def test_a_target_lists_plans_at_once_and_a_plan_loads_its_levers(page: Any) -> None:
    page.get_by_role("tab", name="Target").click()
    page.get_by_role("spinbutton", name="Wanted score of value 1").fill("3.4")
    page.get_by_role("spinbutton", name="Wanted score of value 2").fill("2.9")
    page.get_by_role("spinbutton", name="Weight of value 2").fill("2")
    page.get_by_role("spinbutton", name="Within").fill("0.4")
    plans = page.get_by_role("table", name=re.compile("^Best of"))
    first = plans.get_by_role("button").first
    wanted = first.inner_text().split(" + ")
    first.press("Enter")
    doses = page.evaluate("[...causalvalues.app.state.doses.keys()].map(c => causalvalues.app.data.levers[c].name)")
    assert sorted(doses) == sorted(wanted)
    assert "structural model" in page.locator("#plans").inner_text()
    page.get_by_role("button", name="Clear the target").click()
    assert page.evaluate("causalvalues.app.state.wanted.size") == 0


def test_tabs_and_views_work_with_the_keyboard(page: Any) -> None:
    page.get_by_role("tab", name="Values").focus()
    for name in ("What if", "Target", "Compare", "Values"):
        page.keyboard.press("ArrowRight")
        assert page.get_by_role("tab", name=name).get_attribute("aria-selected") == "true"
        assert page.get_by_role("tabpanel", name=name).is_visible()
    page.keyboard.press("End")
    assert page.locator("#differences-view svg").is_visible()
    page.get_by_role("button", name="Profile", exact=True).press("Enter")
    assert page.get_by_role("img", name=re.compile("^Profile without any change")).is_visible()


def test_two_runs_are_compared_edge_by_edge(page: Any) -> None:
    page.get_by_role("tab", name="Compare").click()
    rows = page.evaluate("causalvalues.app.data.other.rows.map(r => r.change)")
    table = page.get_by_role("table", name=re.compile("^Edges of the two averaged graphs"))
    assert table.get_by_role("row").count() == len(rows) + 1
    drawn = page.locator("#differences .edge:not([display=none]) .line").count()
    assert drawn == len(rows)


def test_the_address_keeps_the_state_and_gives_it_back(browser: Any, file: Path) -> None:  # noqa: F811
    with opened(browser, file) as first:
        page = first.page
        page.get_by_role("tab", name="What if").click()
        page.get_by_role("spinbutton", name="Dose of do_1").fill("0.5")
        page.get_by_role("radio", name="Shift value 5").check(force=True)
        page.get_by_role("spinbutton", name="value 5 shifted by").fill("0.25")
        page.locator("#view-graph").click()
        page.locator("#threshold").fill("0.6")
        state = page.evaluate("location.hash")
        mean = after(page, 0)["mean"]
    with opened(browser, file, hash_=state[1:]) as second:
        assert second.page.evaluate("location.hash") == state
        assert after(second.page, 0)["mean"] == mean
        assert second.page.get_by_role("tab", name="What if").get_attribute("aria-selected") == "true"
        assert second.page.locator("#threshold").input_value() == "0.6"


@pytest.mark.parametrize(
    "hash_", ["tab=nowhere&p=7&value=nobody", "lever:do_1=abc&set:=3&want:value 1=", "%%%&=&&start=no"]
)
def test_an_address_that_makes_no_sense_is_a_fresh_page(browser: Any, file: Path, hash_: str) -> None:  # noqa: F811
    with opened(browser, file, hash_=hash_) as found:
        assert found.page.evaluate("location.hash") == ""
        assert found.complaints == []


def test_an_address_cannot_set_and_shift_the_same_value(browser: Any, file: Path) -> None:  # noqa: F811
    with opened(browser, file, hash_="shift:value+1=0.5&set:value+1=3") as found:
        assert found.page.evaluate("location.hash") == "#set%3Avalue+1=3"
        assert after(found.page, 1)["lower"] == 3


@pytest.mark.parametrize("view", ["graph", "profile", "differences"])
def test_the_figure_that_is_shown_is_saved_with_a_title_and_words(page: Any, view: str) -> None:
    page.locator(f"#view-{view}").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="SVG of the current figure").click()
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)  # noqa: S314
    assert root.tag == f"{SVG}svg"
    assert root.find(f"{SVG}title").text == "A run"
    assert len(root.find(f"{SVG}desc").text) > 40
    assert float(re.sub("[a-z]", "", root.get("width"))) > 100
    edges = [each for each in root.iter(f"{SVG}g") if each.get("class") == "edge"]
    lines = [line for edge in edges for line in edge.iter(f"{SVG}path") if line.get("class") == "line"]
    shown = page.evaluate(
        f"[...document.querySelectorAll('#{view} .edge .line')].filter(e => !e.closest('[display=none]')).length"
    )
    assert len(lines) == shown, "hidden edges are not in the file"
    assert "javascript" not in text
    assert "<script" not in text


def test_the_numbers_that_are_shown_are_saved(page: Any) -> None:
    page.get_by_role("tab", name="What if").click()
    page.get_by_role("spinbutton", name="Dose of do_1").fill("1")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV of the current numbers").click()
    rows = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text(encoding="utf-8"))))
    expected = summary(Set("do_1", 1.0))
    for row in rows[:6]:
        for column in ("mean", "lower", "upper", "sd"):
            assert float(row[column]) == pytest.approx(expected.loc[row["value"], column], abs=1e-6)
    assert rows[6]["value"] == "do_1"
    assert rows[6]["intervention"] == "lever"


def test_dark_and_light_can_be_chosen(page: Any) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(colour)
    page.get_by_role("button", name="Switch to dark").press("Enter")
    assert page.evaluate(colour) != before
    page.get_by_role("button", name="Switch to light").click()
    assert page.evaluate(colour) == before
    assert page.get_by_role("button", name="Switch to dark").is_visible()


def test_a_printed_page_is_light_and_holds_the_picture_and_its_caption(page: Any) -> None:
    page.get_by_role("button", name="Switch to dark").click()
    page.get_by_role("tab", name="What if").click()
    page.get_by_role("spinbutton", name="Dose of do_1").fill("1")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for what in ("#profile svg", "#rests", "#method"):
        assert page.locator(what).is_visible(), what
    for what in (".toolbar", ".tabs", "#dials", "#theme"):
        assert not page.locator(what).is_visible(), what
    assert not page.locator("#caption").is_visible(), "it is that of the graph"
    assert "do_1 × 1" in page.locator("#rests").inner_text(), "the print says what was done"


def test_the_skip_link_leads_to_the_panel(page: Any) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the panel"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "panel"


def test_the_caution_of_the_report_comes_before_the_figure(page: Any) -> None:
    text = page.locator("body").inner_text()
    assert text.index("Salience, not endorsement.") < text.index("Profile")
    assert "Not this." not in text


def test_hostile_names_are_shown_as_text(browser: Any, tmp_path: Path) -> None:  # noqa: F811
    model: StructuralModel = random_model(1, p=6, s=9, k=2)
    file = explore(saved_run(tmp_path / "run", model, HOSTILE, title=HOSTILE[0]), tmp_path / "page.html")
    with opened(browser, file, size="phone", hash_="tab=whatif") as found:
        page = found.page
        said = []
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        assert page.evaluate("document.scripts.length") == 2
        labels = page.evaluate("causalvalues.app.data.values.map(v => v.name)")
        assert tuple(labels) == HOSTILE
        assert page.locator("h1").inner_text().strip() == HOSTILE[0]
        for i, name in enumerate(HOSTILE):
            page.evaluate(f"causalvalues.app.choose({i})")
            assert page.locator("#value-name").evaluate("e => e.textContent") == name
        for tab in ("What if", "Target", "Values"):
            page.get_by_role("tab", name=tab).click()
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, "nothing runs off a telephone"
        page.get_by_role("tab", name="What if").click()
        page.evaluate("location.hash = 'set:' + encodeURIComponent(causalvalues.app.data.values[0].name) + '=3'")
        page.wait_for_function("() => causalvalues.app.state.held.size === 1")
        assert said == []
        assert found.requests == [file.as_uri()]
        assert found.complaints == []
