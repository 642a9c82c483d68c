"""How large is a page of the explorer, and how soon is its first picture there?

Run: .venv/bin/python benchmarks/explorer_page.py [RUN ...]. Measured in the system's Chromium on pages from disk: the
demo run (or the runs that are named), and random models with 20 values and 500 draws. Times are milliseconds from the
start of the navigation: first paint, figure and controls ready; then the time of one answer (means, intervals, spreads
of all draws), of the whole redraw after a slider has moved, and of ranking all plans for a target.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import sync_playwright

from causalvalues.explorer import explore

TESTS = Path(__file__).resolve().parents[1] / "tests"
RUNS = Path(__file__).resolve().parents[1] / "runs"
TIMES = """() => {
  const timed = (verb, n = 15) => {
    const found = [];
    for (let i = 0; i < n; i += 1) {
      const begin = performance.now();
      verb(i);
      found.push(performance.now() - begin);
    }
    return found.sort((a, b) => a - b)[n >> 1];
  };
  const { app } = causalvalues;
  const name = app.data.values[0].name;
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  const answer = timed((i) => causalvalues.predict({ set: { [name]: 0.1 * i } }));
  app.state.view = "profile";
  const redraw = timed((i) => { app.state.pushed.set(0, 0.01 * i); app.act(); });
  app.before.forEach((row, i) => app.state.wanted.set(i, row.mean + 0.1));
  const plans = app.planner ? timed(() => causalvalues.plans(), 5) : NaN;
  const choices = app.data.plans?.choices.length ?? 0;
  return { paint: paint.startTime, ready: causalvalues.ready, answer, redraw, plans, choices };
}"""


def measured(browser: Any, file: Path, repeats: int = 5) -> dict[str, float]:
    """Return medians over fresh pages."""
    found = []
    for _ in range(repeats):
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        page.goto(file.as_uri())
        page.wait_for_selector("html[data-ready]", state="attached")
        page.wait_for_timeout(200)
        found.append(page.evaluate(TIMES))
        context.close()
    return {key: median(each[key] for each in found) for key in found[0]}


def main() -> None:
    sys.path.insert(0, str(TESTS))
    from explorer_browser import ARGUMENTS
    from explorer_runs import random_model, saved_run

    with tempfile.TemporaryDirectory() as held, sync_playwright() as playwright:
        folder = Path(held)
        runs = {str(path): Path(path) for path in sys.argv[1:] or [RUNS / "demo"] if Path(path).is_dir()}
        runs["20 values, 500 draws"] = saved_run(folder / "plain", random_model(7, p=20, s=500))
        runs["20 values, 5 levers, 500 draws"] = saved_run(folder / "levers", random_model(7, p=20, s=500, k=5))
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        print(f"{'run':<34} {'kB':>6} {'made s':>7} {'paint':>6} {'ready':>6} {'answer':>7} {'redraw':>7} {'plans':>7}")
        for name, run in runs.items():
            begin = time.perf_counter()
            file = explore(run, folder / "page.html")
            made = time.perf_counter() - begin
            at = measured(browser, file)
            size = file.stat().st_size / 1000
            print(
                f"{name[-34:]:<34} {size:6.0f} {made:7.1f} {at['paint']:6.0f} {at['ready']:6.0f} {at['answer']:7.1f} "
                f"{at['redraw']:7.1f} {at['plans']:7.1f} ({at['choices']:.0f} choices)"
            )
        browser.close()


if __name__ == "__main__":
    main()
