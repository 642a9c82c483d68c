"""Long bootstraps: threads change nothing, an interrupt loses nothing, and a folder never mixes two runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from causalvalues.discovery import OrderSearch
from causalvalues.discovery.bootstrap_folder import DrawFolder
from causalvalues.discovery.draw_runner import Draw, available_workers, run_draws
from causalvalues.discovery.order_run import OrderRun
from causalvalues.discovery.order_search import order_search
from causalvalues.errors import DataError, DiscoveryError
from causalvalues.evidence import Evidence, summarise
from causalvalues.graph import GraphPosterior, Knowledge

FEW = OrderSearch(resamples=24, restarts=3, draw_restarts=1, workers=1)


def rows_of(p: int = 8, n: int = 300, seed: int = 0) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    mixing = np.eye(p) + np.triu(generator.random((p, p)) < 0.3, 1) * 0.7
    return pd.DataFrame(generator.standard_normal((n, p)) @ mixing, columns=[f"value {i}" for i in range(p)])


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return summarise(rows_of())


@pytest.fixture(scope="module")
def whole(evidence: Evidence) -> GraphPosterior:
    """An uninterrupted run without a folder."""
    return order_search(evidence, FEW)


def equal(one: GraphPosterior, other: GraphPosterior) -> bool:
    return (
        one.draws.tobytes() == other.draws.tobytes()
        and one.edge.tobytes() == other.edge.tobytes()
        and dict(one.settings) == dict(other.settings)
        and one.givens == other.givens
        and one.method == other.method
    )


def interrupt_after(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the draw with this number fail as Ctrl-C does."""
    draw = OrderRun.draw

    def cut(self: OrderRun, number: int) -> Draw:
        if number == count:
            raise KeyboardInterrupt
        return draw(self, number)

    monkeypatch.setattr(OrderRun, "draw", cut)


@pytest.mark.parametrize("workers", [2, 3, 7])
def test_the_number_of_threads_changes_nothing(evidence: Evidence, whole: GraphPosterior, workers: int) -> None:
    assert equal(order_search(evidence, replace(FEW, workers=workers)), whole)


def test_a_folder_changes_nothing_and_is_used_again(
    evidence: Evidence, whole: GraphPosterior, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = replace(FEW, folder=tmp_path / "draws")
    assert equal(order_search(evidence, kept), whole)
    for nothing_left in ("draw", "on_the_data"):
        monkeypatch.setattr(OrderRun, nothing_left, lambda *_: pytest.fail("worked out again"))
    assert equal(order_search(evidence, kept), whole)


def numbers_in(folder: Path) -> set[int]:
    """Return the numbers of the draws that a folder keeps."""
    return {int(number) for file in folder.glob("draws-*.npz") for number in np.load(file)["numbers"]}


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_says_what_is_done_and_the_same_call_goes_on(
    evidence: Evidence, whole: GraphPosterior, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    method = replace(FEW, folder=tmp_path / "draws", workers=workers)
    with monkeypatch.context() as patch:
        interrupt_after(10, patch)
        with pytest.raises(
            KeyboardInterrupt, match=r"\d+ of 24 bootstrap draws are done and kept in .*goes on"
        ) as told:
            order_search(evidence, method)
    kept = numbers_in(tmp_path / "draws")
    assert f"{len(kept)} of 24" in str(told.value)
    assert len(set(range(10)) - kept) < workers  # those that the other threads had in hand
    begun: list[int] = []
    draw = OrderRun.draw
    with monkeypatch.context() as patch:
        patch.setattr(OrderRun, "draw", lambda self, number: begun.append(number) or draw(self, number))
        assert equal(order_search(evidence, method), whole)
    assert sorted(begun) == sorted(set(range(24)) - kept)


def test_without_a_folder_the_interrupt_says_how_to_keep_draws(
    evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_after(5, monkeypatch)
    with pytest.raises(KeyboardInterrupt, match=r"5 of 24 bootstrap draws were done.*OrderSearch\(folder="):
        order_search(evidence, FEW)


def test_an_interrupt_while_the_data_are_searched_is_told_as_well(
    evidence: Evidence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(_: OrderRun) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(OrderRun, "on_the_data", cut)
    with pytest.raises(KeyboardInterrupt, match="0 of 24"):
        order_search(evidence, replace(FEW, folder=tmp_path))


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import test_discovery_resume as t
evidence = t.summarise(t.rows_of(p=12, n=400))
print("begin", flush=True)
t.order_search(evidence, t.OrderSearch(resamples=100_000, restarts=1, draw_restarts=0, folder=sys.argv[2], workers=2))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_a_real_interrupt_of_a_real_process_loses_no_draw(tmp_path: Path) -> None:
    folder = tmp_path / "draws"
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(Path(__file__).parent), str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a test run in the background of a shell would hand on that interrupts are ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no thread runs here
    )
    try:
        until = time.monotonic() + 60
        while not list(folder.glob("draws-*.npz")) and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, words = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    last = words.strip().splitlines()[-1]
    assert "of 100000 bootstrap draws are done and kept in" in last
    done = int(last.split("Interrupted: ")[1].split()[0])
    assert done > 0
    assert "The same call goes on" in last
    evidence = summarise(rows_of(p=12, n=400))
    method = OrderSearch(resamples=done, restarts=1, draw_restarts=0, workers=1)
    resumed = order_search(evidence, replace(method, folder=folder))
    assert equal(resumed, order_search(evidence, method))
    assert sum(len(np.load(file)["numbers"]) for file in folder.glob("draws-*.npz")) >= done


def test_more_resamples_go_on_from_fewer_and_fewer_use_the_first(
    evidence: Evidence, whole: GraphPosterior, tmp_path: Path
) -> None:
    order_search(evidence, replace(FEW, resamples=10, folder=tmp_path))
    assert equal(order_search(evidence, replace(FEW, folder=tmp_path)), whole)
    fewer = order_search(evidence, replace(FEW, resamples=7, folder=tmp_path))
    assert (fewer.draws == whole.draws[:7]).all()


def test_the_order_of_the_columns_does_not_matter_to_a_folder(whole: GraphPosterior, tmp_path: Path) -> None:
    order_search(summarise(rows_of()), replace(FEW, resamples=12, folder=tmp_path))
    turned = order_search(summarise(rows_of().iloc[:, ::-1]), replace(FEW, folder=tmp_path))
    assert turned.edge_probabilities.loc[list(whole.names), list(whole.names)].equals(whole.edge_probabilities)


def test_after_a_time_limit_the_same_folder_goes_on(evidence: Evidence, whole: GraphPosterior, tmp_path: Path) -> None:
    cut = order_search(evidence, replace(FEW, time_limit=1e-6, folder=tmp_path))
    assert "time limit" in cut.givens[-1]
    assert len(cut.draws) == 1
    assert equal(order_search(evidence, replace(FEW, folder=tmp_path)), whole)


def test_a_folder_of_other_draws_is_refused_and_the_difference_named(evidence: Evidence, tmp_path: Path) -> None:
    kept = replace(FEW, resamples=2, folder=tmp_path)
    order_search(evidence, kept)
    with pytest.raises(DataError, match="the evidence differs"):
        order_search(summarise(rows_of(seed=5)), kept)
    with pytest.raises(DataError, match="the knowledge differs"):
        order_search(evidence, kept, Knowledge(forbidden={("value 1", "value 2")}))
    with pytest.raises(DataError, match="`seed` was 0 and is 1"):
        order_search(evidence, kept, seed=1)
    with pytest.raises(DataError, match=r"`penalty` was 1.0 and is 2.0"):
        order_search(evidence, replace(kept, penalty=2.0))
    with pytest.raises(DataError, match="`names` was"):
        order_search(summarise(rows_of(p=7)), kept)


def test_other_folders_and_broken_files_are_refused_by_name(evidence: Evidence, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.txt").write_text("mine")
    with pytest.raises(DataError, match="taken cannot keep bootstrap draws: it holds something else"):
        order_search(evidence, replace(FEW, folder=tmp_path / "taken"))
    good = replace(FEW, resamples=3, folder=tmp_path / "good")
    order_search(evidence, good)
    part = next((tmp_path / "good").glob("draws-*.npz"))
    content = part.read_bytes()
    part.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"draws-000000-.*npz cannot be read.*Delete it"):
        order_search(evidence, good)
    part.unlink()
    assert len(order_search(evidence, good).draws) == 3
    (tmp_path / "good" / "about.json").write_text("[]")
    with pytest.raises(DataError, match=r"about\.json cannot be read"):
        order_search(evidence, good)


def test_a_pickle_in_the_folder_is_never_opened(evidence: Evidence, tmp_path: Path) -> None:
    good = replace(FEW, resamples=2, folder=tmp_path)
    order_search(evidence, good)
    bad = np.array([{"a": 1}], dtype=object)
    np.savez(tmp_path / "draws-9.npz", numbers=bad, usable=bad, graphs=bad, size=bad)
    with pytest.raises(DataError, match=r"draws-9\.npz cannot be read"):
        order_search(evidence, good)


def test_the_folder_says_what_it_holds(evidence: Evidence, tmp_path: Path) -> None:
    order_search(evidence, replace(FEW, resamples=2, folder=tmp_path))
    about = json.loads((tmp_path / "about.json").read_text(encoding="utf-8"))
    assert about["format"] == "causalvalues bootstrap draws 1"
    assert about["seed"] == 0
    assert about["names"] == list(evidence.names)
    assert sorted(file.suffix for file in tmp_path.iterdir()) == [".json", ".npz", ".npz"]


def test_samples_without_a_graph_are_kept_as_such(tmp_path: Path) -> None:
    about = {"what": "test"}
    folder = DrawFolder(tmp_path, about)
    graph = np.triu(np.ones((3, 3), dtype=bool), 1)
    folder.add(4, None)
    folder.add(2, graph)
    folder.write()
    folder.add(5, None)
    folder.write()
    kept = DrawFolder(tmp_path, about).draws
    assert sorted(kept) == [2, 4, 5]
    assert kept[4] is None
    assert kept[5] is None
    assert (kept[2] == graph).all()


def test_an_error_in_a_thread_stops_the_others_and_what_is_finished_is_handed_over() -> None:
    taken, begun = [], []

    def compute(number: int) -> Draw:
        begun.append(number)
        if number == 3:
            raise DiscoveryError("draw 3")
        time.sleep(0.002)
        return Draw(None)

    stop = threading.Event()
    with pytest.raises(DiscoveryError, match="draw 3"):
        run_draws(compute, range(5000), lambda number, _: taken.append(number), stop, workers=2)
    assert stop.is_set()
    assert len(begun) < 5000
    assert sorted(taken) == sorted(set(begun) - {3})


def test_workers_out_of_range_are_refused_and_the_default_is_small() -> None:
    with pytest.raises(DiscoveryError, match="`workers` is 0"):
        OrderSearch(workers=0)
    assert 1 <= available_workers() <= 4


def test_an_interrupt_before_a_thread_has_begun_stays_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[threading.Thread] = []
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        if begun:
            raise KeyboardInterrupt
        begun.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    stop = threading.Event()
    with pytest.raises(KeyboardInterrupt):
        run_draws(lambda _: Draw(None, True), range(50), lambda *_: None, stop, workers=3)
    assert stop.is_set()
    assert not begun[0].is_alive()
