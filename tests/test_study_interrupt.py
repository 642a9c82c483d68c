"""Ctrl-C in the middle of a long search: a clear word, nothing lost, and the same files in the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from study_helpers import digests

from causalvalues.study import run_study

LONG = """
title = "A long search"
seed = 4

[data]
path = "many.csv"

[discovery]
method = "order"
resamples = 800

[falsify]
run = false

[checks]
hidden_causes = false

[figures]
formats = ["svg"]
"""
PATIENCE = 60.0


def write_long(folder: Path, text: str = LONG) -> Path:
    """Answers of 300 rows to 22 values that are a chain."""
    random = np.random.default_rng(1)
    values = random.normal(size=(300, 22))
    for j in range(1, 22):
        values[:, j] += 0.6 * values[:, j - 1]
    pd.DataFrame(values, columns=[f"v{j:02}" for j in range(22)]).to_csv(
        folder / "many.csv", index=False, float_format="%.6f"
    )
    path = folder / "long.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _heed_interrupts() -> None:
    """A test that runs in the background of a shell would hand on that interrupts are ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_an_interrupted_study_says_how_to_go_on_and_ends_with_the_same_files(tmp_path: Path) -> None:
    path, out = write_long(tmp_path), tmp_path / "runs" / "run"
    words = [sys.executable, "-m", "causalvalues", "study", str(path), "--out", str(out)]
    kept = tmp_path / "runs" / "run.unfinished"
    process = subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_heed_interrupts,  # noqa: PLW1509 - no thread runs here
    )
    begun = time.monotonic()
    while not list(kept.glob("*/graphs/best.npz")) and process.poll() is None and time.monotonic() - begun < PATIENCE:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, said
    assert "the same command goes on" in said
    assert "Traceback" not in said
    assert str(kept) in said
    assert not out.exists()
    assert list(kept.glob("*/graphs/best.npz"))
    again = subprocess.run(words, check=False, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert not kept.exists()
    whole = run_study(path, tmp_path / "whole").folder
    found, wanted = digests(out), digests(whole)
    assert found.pop("manifest.json")
    assert wanted.pop("manifest.json")
    assert found == wanted


def test_draws_of_another_study_are_not_mixed_in_and_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_long(tmp_path, LONG.replace("800", "20"))
    kept = tmp_path / "run.unfinished"

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("causalvalues.study.pipeline.fit", interrupted)
        with pytest.raises(KeyboardInterrupt, match="goes on from there"):
            run_study(path, tmp_path / "run")
    (own,) = kept.iterdir()
    path.write_text(LONG.replace("800", "20").replace("seed = 4", "seed = 5"), encoding="utf-8")
    run_study(path, tmp_path / "run")
    assert list(kept.iterdir()) == [own]
    path.write_text(LONG.replace("800", "20").replace("A long", "The same"), encoding="utf-8")
    run_study(path, tmp_path / "run")
    assert not kept.exists()


def test_a_time_limit_in_the_middle_gives_the_best_so_far_and_the_report_says_so(tmp_path: Path) -> None:
    text = LONG.replace("resamples = 800", "resamples = 5000\ntime_limit = 0.5")
    run = run_study(write_long(tmp_path, text), tmp_path / "run")
    assert 0 < len(run.results.posterior.draws) < 5000
    report = (run.folder / "report.md").read_text(encoding="utf-8")
    assert "time limit" in report.lower()
