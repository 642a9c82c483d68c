"""A folder that keeps the finished draws of a long bootstrap, so that an interrupt loses nothing."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from causalvalues.errors import DataError
from causalvalues.evidence import Environments, Evidence
from causalvalues.files import write_bytes, write_text
from causalvalues.frozen import BoolArray
from causalvalues.graph import Knowledge

FORMAT = "causalvalues bootstrap draws 1"
ABOUT = "about.json"
BEST = "best.npz"


class DrawFolder:
    """Finished draws in a folder: what they are draws of in ``about.json``, graphs in ``draws-*.npz``.

    Files are written whole or not at all. Draws are written some seconds after they are finished (2 s, or a fiftieth of
    the time that the run has taken, if that is more), and by `write`.

    Parameters
    ----------
    path : str or Path
        A folder that does not exist yet, is empty, or was made here for the same draws.
    about : mapping
        JSON-ready: everything that a draw depends on. See `fingerprint` for evidence.

    Attributes
    ----------
    draws : dict of int to array (p, p) of bool, or None
        Finished draws by their number, [cause, effect]; None for a sample that carries no graph.
    best : tuple of array (p, p) of bool and float, or None
        The graph of the data and its score, if they were kept.

    Raises
    ------
    DataError
        If the folder holds draws of something else (what differs is named) or other files, or cannot be read.
    """

    def __init__(self, path: str | Path, about: Mapping[str, object]) -> None:
        self.path = Path(path)
        self.draws: dict[int, BoolArray | None] = {}
        self.best: tuple[BoolArray, float] | None = None
        self._unwritten: list[int] = []
        self._begun = self._written = time.monotonic()
        described = json.loads(json.dumps({"format": FORMAT, **about}))
        if (self.path / ABOUT).is_file():
            self._check(described)
            self._read()
            return
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise DataError(
                f"{self.path} cannot keep bootstrap draws: it holds something else. Give a new or an empty folder."
            )
        write_text(self.path / ABOUT, json.dumps(described, indent=2, ensure_ascii=False) + "\n")

    def add(self, number: int, graph: BoolArray | None) -> None:
        """Take in a finished draw; `graph` is None when the sample carries none."""
        self.draws[number] = graph
        self._unwritten.append(number)
        now = time.monotonic()
        if now - self._written > max(2.0, (now - self._begun) / 50):
            self.write()

    def write(self) -> None:
        """Write the draws that are not in the folder yet."""
        if self._unwritten:
            numbers = sorted(self._unwritten)
            found = [self.draws[number] for number in numbers]
            size = next((graph.size for graph in found if graph is not None), 0)
            flat = [np.zeros(size, dtype=bool) if graph is None else graph.ravel() for graph in found]
            content = _npz(
                numbers=np.array(numbers, dtype=np.int64),
                usable=np.array([graph is not None for graph in found]),
                graphs=np.packbits(np.array(flat, dtype=bool), axis=1),
                size=np.array(size),
            )
            mark = hashlib.sha256(content).hexdigest()[:8]
            write_bytes(self.path / f"draws-{numbers[0]:06}-{mark}.npz", content)
        self._unwritten, self._written = [], time.monotonic()

    def keep_best(self, graph: BoolArray, score: float) -> None:
        """Write the graph that was found on the data, and its score."""
        self.best = (graph, score)
        write_bytes(self.path / BEST, _npz(graph=graph, score=np.array(score)))

    def _check(self, described: Mapping[str, object]) -> None:
        try:
            kept = json.loads((self.path / ABOUT).read_text(encoding="utf-8"))
            if not isinstance(kept, dict):
                raise TypeError
        except (OSError, ValueError, TypeError):
            raise DataError(f"{self.path / ABOUT} cannot be read. Delete the folder, or give another one.") from None
        differ = sorted(key for key in {*kept, *described} if kept.get(key) != described.get(key))
        if differ:
            what = "; ".join(_difference(key, kept.get(key), described.get(key)) for key in differ)
            raise DataError(
                f"{self.path} keeps draws of another run: {what}. Give another folder, or go on with the evidence, "
                "knowledge, seed and settings that it was made with."
            )

    def _read(self) -> None:
        for file in sorted(self.path.glob("draws-*.npz")):
            part = _load(file, ("numbers", "usable", "graphs", "size"))
            size = int(part["size"])
            side = round(size**0.5)
            rows = np.unpackbits(part["graphs"], axis=1, count=size).astype(bool) if size else part["graphs"]
            for number, usable, row in zip(part["numbers"].tolist(), part["usable"].tolist(), rows, strict=True):
                self.draws[number] = row.reshape(side, side) if usable else None
        if (self.path / BEST).is_file():
            best = _load(self.path / BEST, ("graph", "score"))
            self.best = (best["graph"], float(best["score"]))


def fingerprint(thing: Evidence | Environments | Knowledge) -> str:
    """Return a short hash of evidence or knowledge: equal when every draw from them would be equal.

    Examples
    --------
    >>> one = Knowledge(forbidden={("a", "b"), ("b", "c")})
    >>> fingerprint(one) == fingerprint(Knowledge(forbidden={("b", "c"), ("a", "b")}))
    True
    >>> fingerprint(one) == fingerprint(Knowledge())
    False
    """
    digest = hashlib.sha256()
    if isinstance(thing, Knowledge):
        tiers = [sorted(tier) for tier in thing.tiers]
        digest.update(json.dumps([tiers, sorted(thing.required), sorted(thing.forbidden)]).encode())
        return digest.hexdigest()[:16]
    if isinstance(thing, Environments):
        own = sorted((name, fingerprint(thing.of(name))) for name in thing.names)
        digest.update(json.dumps([thing.targets, own]).encode())
        return digest.hexdigest()[:16]
    order = thing.sorted_order
    columns = [thing.columns[j] for j in order]
    digest.update(json.dumps([columns, thing.n, float(thing.n_score), thing.within]).encode())
    _feed(digest, thing.scatter[np.ix_(order, order)])
    _feed(digest, None if thing.clusters is None else thing.sorted_clusters)
    return digest.hexdigest()[:16]


def _feed(digest: hashlib._Hash, thing: object) -> None:
    """Feed arrays, and dataclasses of them, to a hash."""
    if dataclasses.is_dataclass(thing):
        for field in dataclasses.fields(thing):
            digest.update(field.name.encode())
            _feed(digest, getattr(thing, field.name))
    elif isinstance(thing, np.ndarray):
        digest.update(f"{thing.dtype} {thing.shape} ".encode())
        digest.update(np.ascontiguousarray(thing).data)
    else:
        digest.update(repr(thing).encode())


def _difference(key: str, kept: object, now: object) -> str:
    if key in ("evidence", "knowledge"):
        return f"the {key} differs"
    return f"`{key}` was {_short(kept)} and is {_short(now)}"


def _short(thing: object) -> str:
    text = json.dumps(thing, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "..."


def _npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _load(file: Path, keys: tuple[str, ...]) -> dict[str, np.ndarray]:
    try:
        with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as part:
            return {key: part[key] for key in keys}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{file} cannot be read ({error}). Delete it: its draws are then made again.") from None
