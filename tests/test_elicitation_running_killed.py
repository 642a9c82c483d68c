"""Runs that are killed, and runs that share a store: nothing is lost but what is in flight."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import time
from itertools import pairwise
from pathlib import Path

from pretend_model import PretendModel, command, mixed, sheets_of, surroundings

from causalvalues.elicitation.running import run_interviews
from causalvalues.elicitation.store import Store

SHEETS = 150
KILLS = 20
BATCH = 3 * 8
"""Sheets asked together, times the questions of a sheet's largest step."""


def stored_in(path: Path) -> int:
    """Answers in a store, read without a `Store`."""
    if not path.exists():
        return 0
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("SELECT count(*) FROM answers").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()


def test_twenty_kills_lose_at_most_what_is_in_flight_and_the_export_is_the_same(tmp_path: Path) -> None:
    place, log, chance = tmp_path / "killed.sqlite", tmp_path / "killed.log", random.Random(7)
    log.touch()
    counts = []
    for _ in range(KILLS):
        words = command(place, log, SHEETS, rest_after=40)
        child = subprocess.Popen(words, env=surroundings(), stdout=subprocess.DEVNULL)
        until = log.stat().st_size + chance.randrange(1, 33)
        while log.stat().st_size < until and child.poll() is None:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.004))
        child.kill()
        child.wait()
        counts.append(stored_in(place))
    with Store(tmp_path / "quiet.sqlite") as quiet:
        answers = run_interviews(sheets_of(SHEETS), mixed, PretendModel(), quiet)
        quiet.export(tmp_path / "quiet.jsonl")
        questions = len(quiet)
    assert sum(0 < count < questions for count in counts) >= 15, counts
    assert all(before <= after for before, after in pairwise(counts))
    subprocess.run(command(place, log, SHEETS), env=surroundings(), check=True, stdout=subprocess.DEVNULL)
    with Store(place) as survived:
        survived.export(tmp_path / "killed.jsonl")
        model = PretendModel()
        assert run_interviews(sheets_of(SHEETS), mixed, model, survived) == answers
        assert model.heard == []
    assert (tmp_path / "killed.jsonl").read_bytes() == (tmp_path / "quiet.jsonl").read_bytes()
    assert questions <= log.stat().st_size <= questions + KILLS * BATCH


def test_runs_at_the_same_time_share_one_store_and_agree_on_the_answers(tmp_path: Path) -> None:
    place = tmp_path / "shared.sqlite"
    runs = [
        subprocess.Popen(
            command(place, tmp_path / f"{i}.log", 60, salt=str(i)), env=surroundings(), stdout=subprocess.PIPE
        )
        for i in range(2)
    ]
    said_by = [run.communicate(timeout=100)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert said_by[0] == said_by[1] != b""
    connection = sqlite3.connect(place)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    with Store(":memory:") as store:
        run_interviews(sheets_of(60), mixed, PretendModel(), store)
        questions = len(store)
    assert stored_in(place) == questions
