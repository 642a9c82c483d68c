"""Files that are no store, or fail later: refused with what to do, and nothing is lost."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from pretend_model import PretendModel
from test_elicitation_store import answered, key, question

from causalvalues.elicitation import store_file
from causalvalues.elicitation.questions import Reply
from causalvalues.elicitation.store import Store
from causalvalues.errors import DataError

MODEL = PretendModel()


def _text(path: Path) -> None:
    path.write_text("persona_id,power\n1,2\n" * 100, encoding="utf-8")


def _other_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE songs (title)")
    connection.close()


def _newer(path: Path) -> None:
    Store(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 7")
    connection.close()


def _damaged(path: Path) -> None:
    with Store(path) as store:
        store.put(MODEL, answered(300))
    content = bytearray(path.read_bytes())
    content[100:8192] = b"\xff" * 8092
    path.write_bytes(content)


BAD_FILES = [
    (_text, "is no store of answers"),
    (_other_database, "SQLite file of something else"),
    (_newer, "has the format 7; this version of causalvalues reads 1"),
    (_damaged, "is damaged"),
    (Path.mkdir, "is a folder"),
    (os.mkfifo, "is a device or pipe"),
]


@pytest.mark.parametrize(("make", "words"), BAD_FILES)
def test_a_file_that_cannot_be_a_store_is_refused_and_left_as_it_is(make: object, words: str, tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    assert callable(make)
    make(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(DataError, match=words) as caught:
        Store(path)
    assert str(path) in str(caught.value)
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_damage_that_is_met_later_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with Store(path) as store:
        store.put(MODEL, answered(300))
    content = bytearray(path.read_bytes())
    content[16384:] = b"\xff" * (len(content) - 16384)
    path.write_bytes(content)
    with Store(path) as store:
        with pytest.raises(DataError, match="is damaged"):
            store.get([key(asked) for asked, _ in answered(300)])
        (tmp_path / "a.jsonl").write_text("before", encoding="utf-8")
        with pytest.raises(DataError, match="is damaged"):
            store.export(tmp_path / "a.jsonl")
    assert (tmp_path / "a.jsonl").read_text(encoding="utf-8") == "before"


def test_a_row_that_holds_nonsense_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with Store(path) as store:
        store.put(MODEL, answered(1))
        connection = sqlite3.connect(path)
        connection.execute("UPDATE answers SET numbers = 'import os'")
        connection.commit()
        connection.close()
        with pytest.raises(DataError, match="stored answer is damaged"):
            store.get([key(answered(1)[0][0])])


def test_a_place_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be opened"):
        Store("/proc/answers.sqlite")
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="cannot be made"):
        Store(tmp_path / "file" / "answers.sqlite")
    with pytest.raises(DataError, match=r"There is no store of answers .* elicit answers first"):
        Store(tmp_path / "none.sqlite", create=False)
    assert not (tmp_path / "none.sqlite").exists()


def test_a_file_that_may_only_be_read_is_told(tmp_path: Path) -> None:
    Store(tmp_path / "a.sqlite").close()
    connection = sqlite3.connect(f"file:{tmp_path / 'a.sqlite'}?mode=ro", uri=True)
    with pytest.raises(DataError, match="cannot be written to"), store_file.telling(tmp_path / "a.sqlite"):
        connection.execute("DELETE FROM answers")
    connection.close()


def test_a_full_disk_is_told_and_what_was_stored_stays(tmp_path: Path) -> None:
    with Store(tmp_path / "a.sqlite") as store:
        store.put(MODEL, answered(3))
        store._connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(DataError, match="the disk is full"):
            store.put(MODEL, [(question("?"), Reply("ok", text="x" * 1_000_000))])
        assert len(store) == 3


def test_a_store_that_another_process_keeps_locked_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_file, "PATIENCE", 0.05)
    with Store(tmp_path / "a.sqlite") as store, Store(tmp_path / "a.sqlite") as other:
        other._connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(DataError, match="another process keeps it locked"):
            store.put(MODEL, answered(1))
        assert store.get([key(question("?"))]) == {}
        other._connection.execute("ROLLBACK")
        store.put(MODEL, answered(1))
        assert len(other) == 1


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.sqlite")
    store.close()
    store.close()
    with pytest.raises(DataError, match="open the store anew"):
        len(store)
    assert repr(store) == f"Store({str(tmp_path / 'a.sqlite')!r})"
