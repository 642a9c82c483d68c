"""Do edges and labels follow a value that is moved by mouse, finger or keyboard, and is everything put back?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from explorer_browser import Opened, browser, opened  # noqa: F401
from explorer_runs import random_model, saved_run

from causalvalues import StructuralModel
from causalvalues.explorer import explore

pytestmark = pytest.mark.browser

SHAPES = """
() => {
  const { app } = causalvalues;
  const inner = app.figure.getScreenCTM().inverse();
  const at = (part, box) => {
    const matrix = inner.multiply(part.getScreenCTM());
    const point = (x, y) => { const p = new DOMPoint(x, y).matrixTransform(matrix); return [p.x, p.y]; };
    return { point, middle: point(box.x + box.width / 2, box.y + box.height / 2) };
  };
  const nodes = app.data.values.map(({ part }) => {
    const disc = app.figure.parts.get(part).querySelector('.disc');
    return at(disc, disc.getBBox()).middle;
  });
  return { nodes, edges: app.data.edges.flatMap((edge) => {
    const group = app.figure.parts.get(edge.part);
    if (group.getAttribute('display') === 'none' || group.getAttribute('visibility') === 'hidden') return [];
    const line = group.querySelector('.line');
    const on = (share) => {
      const p = line.getPointAtLength(share * line.getTotalLength());
      return at(line, line.getBBox()).point(p.x, p.y);
    };
    const heads = [...group.querySelectorAll('.head')].map((head) => {
      const [x, y, a, b, c, d] = head.getAttribute('d').match(/-?[\\d.]+/g).map(Number);
      const { point } = at(head, head.getBBox());
      return [point(x, y), point((a + c) / 2, (b + d) / 2)];
    });
    const ground = app.figure.parts.get(`${edge.part}-label`)?.querySelector('path');
    const label = ground?.getBBox().width ? at(ground, ground.getBBox()).middle : null;
    return [{ ...edge, from: on(0), to: on(1), heads, label }];
  }) };
}
"""


def model_with_arrows() -> StructuralModel:
    """Return a model of which four edges have a head and one has none."""
    model = random_model(1, p=6, s=20, k=4)
    coefficients = model.coefficients.copy()
    coefficients[:, :6, :6] = 0
    for cause, effect in ((0, 2), (1, 2), (2, 3), (4, 3), (5, 4)):
        coefficients[:, cause, effect] = 0.3 + 0.1 * cause
    held = {name: getattr(model, name) for name in model.__dataclass_fields__}
    return StructuralModel(**held | {"coefficients": coefficients})


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("layout")
    other = saved_run(folder / "other", random_model(1, p=6, s=17, k=4))
    return explore(saved_run(folder / "run", model_with_arrows()), folder / "page.html", other)


@pytest.fixture
def held(browser: Any, file: Path) -> Iterator[Opened]:  # noqa: F811
    with opened(browser, file) as found:
        yield found
        assert found.complaints == []


@pytest.fixture
def page(held: Opened) -> Any:
    return held.page


def node(page: Any, value: int) -> Any:
    return page.locator("#graph").get_by_role("button", name=re.compile(f"^value {value}:"))


def drag(page: Any, value: int, by: tuple[float, float]) -> None:
    box = node(page, value).locator(".touch").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by[0] / 2, y + by[1] / 2, steps=3)
    page.mouse.move(x + by[0], y + by[1], steps=3)
    page.mouse.up()


def print_of(page: Any) -> str:
    return str(page.evaluate("causalvalues.app.figure.querySelector(':scope > g').innerHTML"))


def test_a_dragged_value_takes_its_edges_along_and_the_others_stay(page: Any) -> None:
    before = page.evaluate(SHAPES)
    drag(page, 2, (-60, -50))
    after = page.evaluate(SHAPES)
    scale = page.evaluate("causalvalues.app.figure.getScreenCTM().a")
    for value, (old, new) in enumerate(zip(before["nodes"], after["nodes"], strict=True)):
        moved = (-60 / scale, -50 / scale) if value == 2 else (0, 0)
        assert new == pytest.approx([old[0] + moved[0], old[1] + moved[1]], abs=0.15)
    touched = heads = 0
    for old, new in zip(before["edges"], after["edges"], strict=True):
        if 2 not in (new["cause"], new["effect"]):
            assert new == old
            continue
        touched += 1
        cause, effect = after["nodes"][new["cause"]], after["nodes"][new["effect"]]
        for end, place, was in (("from", cause, new["cause"]), ("to", effect, new["effect"])):
            assert math.dist(new[end], place) == pytest.approx(math.dist(old[end], before["nodes"][was]), abs=0.1)
        for (tip, back), (was, _) in zip(new["heads"], old["heads"], strict=True):
            heads += 1
            gap = math.dist(was, before["nodes"][new["effect"]])
            assert math.dist(tip, effect) == pytest.approx(gap, abs=0.1), "a head ends where it did at the disc"
            for point in (tip, back):
                through = math.dist(point, cause) + math.dist(point, effect)
                assert through == pytest.approx(math.dist(cause, effect), abs=0.05), "a head points along its line"
        if new["label"]:
            middle = [(a + b) / 2 for a, b in zip(new["from"], new["to"], strict=True)]
            assert new["label"] == pytest.approx(middle, abs=0.2)
    assert touched > 1
    assert heads > 1


def test_a_drag_does_not_choose_a_value_and_a_click_still_does(page: Any) -> None:
    drag(page, 2, (-40, 30))
    assert page.evaluate("causalvalues.app.state.value") is None
    node(page, 2).click()
    assert page.evaluate("causalvalues.app.state.value") == 2
    drag(page, 3, (2, 1))
    assert page.evaluate("causalvalues.app.state.value") == 3, "less than a drag is a click"
    assert page.evaluate("causalvalues.app.state.moved.size") == 1


def test_shift_and_an_arrow_key_move_the_value_that_has_the_focus(page: Any) -> None:
    before = page.evaluate(SHAPES)["nodes"][1]
    node(page, 1).focus()
    assert "Shift" in node(page, 1).get_attribute("aria-description")
    for key in ("ArrowLeft", "ArrowLeft", "ArrowDown"):
        page.keyboard.press(f"Shift+{key}")
    assert page.evaluate(SHAPES)["nodes"][1] == pytest.approx([before[0] - 12, before[1] + 6], abs=0.1)
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("value 1:")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(SHAPES)["nodes"][1] == pytest.approx([before[0] - 12, before[1] + 6], abs=0.1)
    page.wait_for_function("() => document.querySelector('#status').textContent === 'value 1 is moved.'")


def test_reset_layout_gives_the_figure_back_as_it_was(page: Any) -> None:
    before = print_of(page)
    reset = page.get_by_role("button", name="Reset layout")
    assert not reset.is_visible()
    drag(page, 0, (50, 70))
    drag(page, 4, (30, -70))
    assert print_of(page) != before
    reset.press("Enter")
    assert print_of(page) == before
    assert not reset.is_visible()
    assert page.evaluate("location.hash") == ""
    assert page.evaluate("document.activeElement.id") == "view-graph"


def test_a_value_cannot_leave_the_picture_nor_enter_the_legend(page: Any) -> None:
    for by in ((-3000, -3000), (3000, 3000)):
        drag(page, 1, by)
        name, disc, frame, legend = page.evaluate(
            "() => { const { app } = causalvalues; const part = app.data.values[1].part; const box = (e) => {"
            " const { x, y, right, bottom } = e.getBoundingClientRect(); return [x, y, right, bottom]; };"
            " const { figure } = app; const disc = figure.parts.get(part).querySelector('.disc');"
            " const legend = figure.querySelector('.legend');"
            " return [box(figure.parts.get(`${part}-name`)), box(disc), box(figure), box(legend)]; }"
        )
        for box in (name, disc):
            assert box[0] >= frame[0] - 1
            assert box[1] >= frame[1] - 1
            assert box[2] <= frame[2] + 1
            assert box[3] <= legend[1] + 2


def test_an_edge_between_values_that_lie_on_each_other_is_not_drawn(page: Any) -> None:
    edge = page.evaluate("causalvalues.app.data.edges[0]")
    places = page.evaluate(SHAPES)["nodes"]
    scale = page.evaluate("causalvalues.app.figure.getScreenCTM().a")
    a, b = places[edge["cause"]], places[edge["effect"]]
    drag(page, edge["cause"], ((b[0] - a[0]) * scale, (b[1] - a[1]) * scale))
    group = f"causalvalues.app.figure.parts.get('{edge['part']}').getAttribute('visibility')"
    assert page.evaluate(group) == "hidden"
    assert "NaN" not in print_of(page)
    page.get_by_role("button", name="Reset layout").click()
    assert page.evaluate(group) is None


def test_the_address_keeps_the_layout_and_a_telephone_shows_it(browser: Any, file: Path) -> None:  # noqa: F811
    with opened(browser, file) as first:
        drag(first.page, 3, (60, -40))
        moved = first.page.evaluate("causalvalues.app.state.moved.get(3)")
        state = first.page.evaluate("location.hash")
    with opened(browser, file, size="phone", hash_=state[1:]) as second:
        assert second.page.evaluate("causalvalues.app.state.moved.get(3)") == moved
        assert second.page.get_by_role("button", name="Reset layout").is_visible()
        assert "translate" in second.page.evaluate(
            "causalvalues.app.figure.parts.get(causalvalues.app.data.values[3].part).getAttribute('transform')"
        )
        assert second.complaints == []


@pytest.mark.parametrize(
    "hash_", ["at:value+1=2,0", "at:value+1=a,b", "at:value+1=0,0", "at:nobody=.1,.1", "at:value+1=,"]
)
def test_a_layout_that_makes_no_sense_is_that_of_print(browser: Any, file: Path, hash_: str) -> None:  # noqa: F811
    with opened(browser, file, hash_=hash_) as found:
        assert found.page.evaluate("causalvalues.app.state.moved.size") == 0
        assert found.page.evaluate("location.hash") == ""
        assert found.complaints == []


def test_the_saved_figure_and_the_differences_have_the_moved_places(page: Any) -> None:
    drag(page, 2, (-60, 50))
    with page.expect_download() as waiting:
        page.get_by_role("button", name="SVG of the current figure").click()
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)  # noqa: S314
    moved = [group for group in root.iter() if group.get("data-name") == "value 2"]
    assert re.fullmatch(r"translate\(-[\d.]+ [\d.]+\)", moved[0].get("transform") or "")
    assert "aria-description" not in text
    page.get_by_role("tab", name="Compare").click()
    assert page.locator("#differences g[transform^=translate]").count() > 1
    assert page.locator("#differences [aria-description]").count() == 0


def test_a_finger_drags_a_disc_and_scrolls_elsewhere(browser: Any, file: Path) -> None:  # noqa: F811
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(file.as_uri())
    page.wait_for_selector("html[data-ready]", state="attached")
    node(page, 2).scroll_into_view_if_needed()
    scrolled = page.evaluate("scrollY")
    box = node(page, 2).locator(".touch").bounding_box()
    client = context.new_cdp_session(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def touch(kind: str, *points: tuple[float, float]) -> None:
        held = [{"x": a, "y": b} for a, b in points]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": held})

    touch("touchStart", (x, y))
    for step in range(1, 6):
        touch("touchMove", (x - 8 * step, y - 6 * step))
    touch("touchEnd")
    page.wait_for_function("() => causalvalues.app.state.moved.size === 1")
    assert page.evaluate("scrollY") == scrolled
    assert page.evaluate("causalvalues.app.state.value") is None
    x, y = 12.0, page.locator("#graph").bounding_box()["y"] + 40
    touch("touchStart", (x, y))
    for step in range(1, 12):
        touch("touchMove", (x, y - 8 * step))
    touch("touchEnd")
    page.wait_for_function("before => scrollY > before", arg=scrolled)
    context.close()
