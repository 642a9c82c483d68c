"""Can everybody use the page: no violation of WCAG 2.2 AA that axe finds, in any view, theme or size?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from explorer_browser import browser, opened  # noqa: F401
from explorer_runs import random_model, saved_run

from causalvalues.explorer import explore

pytestmark = pytest.mark.browser

STATES = {
    "values": "",
    "one value": "value=value+1&p=0.3",
    "what if": "tab=whatif&view=profile&lever:do_1=1&set:value+2=9&shift:value+3=0.2",
    "target": "tab=target&view=profile&want:value+1=3.2&want:value+4=2.5",
    "compare": "tab=compare&view=differences",
    "moved": "at:value+1=-0.1,0.1&value=value+2",
    "search": "",
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("accessible")
    other = saved_run(folder / "other", random_model(1, p=6, s=17, k=4))
    return explore(saved_run(folder / "run", random_model(1, p=6, s=21, k=4), title="A run"), folder / "p.html", other)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["phone", "wide"])
def test_axe_finds_nothing(browser: Any, file: Path, size: str, scheme: str) -> None:  # noqa: F811
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with opened(browser, file, size, scheme) as held:
        page = held.page
        for name, hash_ in STATES.items():
            page.evaluate("hash => { location.hash = hash; }", hash_)
            page.wait_for_function("() => `#${causalvalues.address()}` === (location.hash || '#')")
            page.get_by_role("searchbox").fill("value 1" if name == "search" else "")
            page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
            bad = [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in axe.run(page).response["violations"]]
            assert bad == [], name
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} runs off the page"
        assert held.complaints == []
