"""Sums over chunks of rows that can be added up in any number of steps, and the evidence that they make."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from causalvalues.errors import DataError
from causalvalues.evidence.assembling import evidence_of
from causalvalues.evidence.chunks import Chunk
from causalvalues.evidence.design import Design, design_columns
from causalvalues.evidence.moments import ClusterSums, Evidence, GroupSums
from causalvalues.evidence.relations import LARGEST as LARGEST_NUMBER
from causalvalues.evidence.rows import UsedRows, refuse_huge, refuse_uneven
from causalvalues.evidence.sums import LARGEST, cluster_sums
from causalvalues.frozen import BoolArray, FloatArray, IntArray
from causalvalues.responses.matrix import ResponseMatrix

Key = tuple[Any, str, tuple[float, ...]]
"""Cluster (its label, or the number of a block), group, and doses: the design columns are constant within a key."""

BLOCKS = 1000


@dataclass(eq=False)
class PartialSums:
    """Sums of weights, scores and products for each key, about one provisional centre; grows chunk by chunk.

    The centre is the mean of the first chunk, so that a large common level costs no precision.
    """

    like: Chunk
    centre: FloatArray
    listwise: bool
    keys: dict[Key, int] = field(default_factory=dict)
    weight: FloatArray = field(default_factory=lambda: np.zeros(0))
    first: FloatArray = field(default_factory=lambda: np.zeros(0))
    second: FloatArray = field(default_factory=lambda: np.zeros(0))
    rows: int = 0
    dropped: int = 0
    weightless: int = 0
    squares: float = 0.0
    seen: int = 0
    lightest: float = np.inf
    heaviest: float = 0.0

    @classmethod
    def begin(cls, chunk: Chunk, listwise: bool) -> PartialSums:
        """Start with the names and the centre of the first chunk (which is not added yet)."""
        complete = chunk.scores[~np.isnan(chunk.scores).any(axis=1)]
        centre = complete.mean(axis=0) if len(complete) else np.zeros(len(chunk.names))
        like = Chunk(
            chunk.names,
            chunk.scores[:0],
            chunk.levers,
            measures=chunk.measures,
            clusters=None if chunk.clusters is None else chunk.clusters[:0],
            groups=None if chunk.groups is None else chunk.groups[:0],
        )
        return cls(like, np.where(np.isfinite(centre), centre, 0.0), listwise)

    def add(self, chunk: Chunk) -> None:
        """Add the rows of a chunk.

        Raises
        ------
        DataError
            If its columns differ from those of the first chunk, an answer is infinite, or answers are missing and
            incomplete rows were not asked to be left out.
        """
        self._refuse_other_columns(chunk)
        keep = self._usable(chunk)
        place = self.seen
        self.seen += len(chunk.scores)
        scores = chunk.scores if keep is None else chunk.scores[keep]
        if not len(scores):
            return
        self.rows += len(scores)
        weights = chunk.weights if chunk.weights is None or keep is None else chunk.weights[keep]
        self.squares += float(len(scores)) if weights is None else float((weights**2).sum())
        if chunk.clusters is None and chunk.groups is None and chunk.doses is None:
            self._add_blocks(scores, weights, place)
        else:
            self._add_keyed(chunk, scores - self.centre, weights, place, keep)

    def merge(self, other: PartialSums) -> None:
        """Add sums that were made elsewhere, about another centre (S + f d' + d f' + w d d').

        Every part counts the blocks of independent rows from the beginning.
        """
        self._refuse_other_columns(other.like)
        step = other.centre - self.centre
        size = len(other.keys)
        weight, first = other.weight[:size], other.first[:size]
        cross = first[:, :, None] * step
        second = other.second[:size] + cross + cross.transpose(0, 2, 1)
        second += weight[:, None, None] * np.outer(step, step)
        self._put(list(other.keys), weight, first + weight[:, None] * step, second)
        for name in ("rows", "dropped", "weightless", "squares", "seen"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.lightest, self.heaviest = min(self.lightest, other.lightest), max(self.heaviest, other.heaviest)

    def _put(self, keys: list[Key], weight: FloatArray, first: FloatArray, second: FloatArray) -> None:
        """Add sums (c,), (c, p), (c, p, p) of c different keys."""
        places = [self.keys.setdefault(key, len(self.keys)) for key in keys]
        in_turn = places == list(range(places[0], places[0] + len(places)))
        at = slice(places[0], places[0] + len(places)) if in_turn else np.array(places, dtype=np.int64)
        room, p = len(self.weight), first.shape[1]
        if len(self.keys) > room:
            more = max(len(self.keys), 2 * room)
            wider = np.zeros(more), np.zeros((more, p)), np.zeros((more, p, p))
            for old, new in zip((self.weight, self.first, self.second), wider, strict=True):
                new[:room] = old.reshape(room, *new.shape[1:])
            self.weight, self.first, self.second = wider
        self.weight[at] += weight
        self.first[at] += first
        self.second[at] += second

    def _add_blocks(self, scores: FloatArray, weights: FloatArray | None, place: int) -> None:
        """Add independent rows without levers: row i belongs to block i mod B, so blocks are slices with a stride."""
        n, p = scores.shape
        depth, blocks = n // self.blocks, self.blocks
        whole = depth * blocks
        if depth:
            part = np.empty((blocks, p, depth))
            np.subtract(scores[:whole].reshape(depth, blocks, p).transpose(1, 2, 0), self.centre[:, None], out=part)
            weight, first, times = np.full(blocks, float(depth)), part.sum(axis=2), part
            if weights is not None:
                times = part * weights[:whole].reshape(depth, blocks).T[:, None, :]
                weight, first = weights[:whole].reshape(depth, blocks).sum(axis=0), times.sum(axis=2)
            self._put(self._block_keys(place, blocks), weight, first, times @ part.transpose(0, 2, 1))
        if n > whole:
            rest = scores[whole:] - self.centre
            weight = np.ones(len(rest)) if weights is None else weights[whole:]
            first = weight[:, None] * rest
            self._put(self._block_keys(place, len(rest)), weight, first, first[:, :, None] * rest[:, None, :])

    def _block_keys(self, place: int, count: int) -> list[Key]:
        return [(number % blocks, "", ()) for blocks in (self.blocks,) for number in range(place, place + count)]

    def _add_keyed(
        self, chunk: Chunk, centred: FloatArray, weights: FloatArray | None, place: int, keep: IntArray | None
    ) -> None:
        n = len(chunk.scores)
        index = np.arange(n) if keep is None else keep
        cluster = (place + index) % self.blocks if chunk.clusters is None else chunk.clusters[index]
        group = np.full(len(index), "") if chunk.groups is None else chunk.groups[index]
        doses = np.zeros((len(index), 0)) if chunk.doses is None else chunk.doses[index]
        parts = [np.unique(cluster, return_inverse=True), np.unique(group, return_inverse=True)]
        cells, cell = np.unique(doses, axis=0, return_inverse=True)
        code = (parts[0][1] * len(parts[1][0]) + parts[1][1]) * len(cells) + cell.ravel()
        found, codes = np.unique(code, return_inverse=True)
        w = np.ones(len(index)) if weights is None else weights
        weight, first, second = cluster_sums(centred, w, codes.astype(np.int64))
        keys: list[Key] = []
        for key in found:
            rest, at = divmod(int(key), len(cells))
            one, two = divmod(rest, len(parts[1][0]))
            keys.append((parts[0][0][one].item(), str(parts[1][0][two]), tuple(cells[at].tolist())))
        self._put(keys, weight, first, second)

    @property
    def blocks(self) -> int:
        """How many blocks independent rows are dealt to."""
        m = len(self.like.names) + len(self.like.levers)
        return min(BLOCKS, max(int(LARGEST / m**2), 50))

    def _usable(self, chunk: Chunk) -> IntArray | None:
        """Return which rows to use; None for all."""
        missing = self._incomplete(chunk)
        complete = None if missing is None else ~missing
        if complete is not None and not self.listwise:
            raise DataError(
                f"{int((~complete).sum())} rows of a chunk (after row {self.seen}) lack an answer. A stream is read "
                'once, so incomplete rows can only be left out: moments=ProductMoments(missing="listwise").'
            )
        positive = None if chunk.weights is None or (chunk.weights > 0).all() else chunk.weights > 0
        if chunk.weights is not None and not (np.isfinite(chunk.weights) & (chunk.weights >= 0)).all():
            raise DataError("Row weights must be finite and not negative.")
        if chunk.weights is not None and (chunk.weights > 0).any():
            used = chunk.weights[chunk.weights > 0]
            self.lightest = min(self.lightest, float(used.min()))
            self.heaviest = max(self.heaviest, float(used.max()))
            if not 1 / LARGEST_NUMBER < self.lightest <= self.heaviest < LARGEST_NUMBER:
                raise DataError("Row weights are too large or too small in number. Divide them by their mean.")
            refuse_uneven(self.lightest, self.heaviest)
        if complete is None and positive is None:
            return None
        keep = np.ones(len(chunk.scores), dtype=bool) if complete is None else complete
        self.dropped += int((~keep).sum())
        if positive is not None:
            self.weightless += int((keep & ~positive).sum())
            keep = keep & positive
        return np.flatnonzero(keep)

    def _incomplete(self, chunk: Chunk) -> BoolArray | None:
        """Return which rows lack an answer, None where none does; refuse numbers that cannot be summed."""
        if chunk.doses is not None:
            if not np.isfinite(chunk.doses).all():
                raise DataError("Lever doses must be finite numbers; write 0 where a lever was not used.")
            refuse_huge("Lever", chunk.levers, chunk.doses)
        with np.errstate(over="ignore", invalid="ignore"):
            size = float(np.vdot(chunk.scores.T, chunk.scores.T))
        if size < LARGEST_NUMBER:  # one pass: no number is missing, infinite or huge
            return None
        infinite = np.isinf(chunk.scores).any(axis=0)
        if infinite.any():
            raise DataError(
                f"Column {sorted(chunk.names)[int(np.argmax(infinite))]!r} holds infinity after row {self.seen}. "
                "Mark these answers as missing or drop the column."
            )
        refuse_huge("Column", sorted(chunk.names), chunk.scores)
        missing = np.asarray(np.isnan(chunk.scores).any(axis=1))
        return missing if missing.any() else None

    def _refuse_other_columns(self, chunk: Chunk) -> None:
        for what, mine, theirs in (
            ("values", self.like.names, chunk.names),
            ("levers", self.like.levers, chunk.levers),
        ):
            if sorted(mine) != sorted(theirs):
                odd = sorted(set(mine) ^ set(theirs))
                raise DataError(f"The chunks differ in their {what}: {odd} are not in all of them.")
        if chunk.levers != self.like.levers:
            raise DataError(f"The chunks name their levers in different orders: {self.like.levers}, {chunk.levers}.")
        if (chunk.clusters is None) != (self.like.clusters is None):
            raise DataError("Some chunks have clusters and some have none. Give all of them the same `cluster_by`.")

    def evidence(self, within: str) -> Evidence:
        """Return the evidence of all rows that were added.

        Raises
        ------
        DataError
            If fewer than p + 2 rows are complete, or all rows are one cluster.
        """
        p = len(self.like.names)
        if self.rows < p + 2:
            raise DataError(f"Only {self.rows} of {self.seen} rows can be used; {p} columns need at least {p + 2}.")
        keys = sorted(self.keys, key=lambda key: (str(key[0]) if self.like.clusters is not None else key[0], *key[1:]))
        at = [self.keys[key] for key in keys]
        cluster = _codes([key[0] for key in keys])
        group = _codes([key[1] for key in keys]) if self.like.groups is not None else None
        if self.like.clusters is not None and int(cluster.max()) == 0:
            raise DataError("All complete rows belong to one cluster, so nothing says how much another would differ.")
        doses = np.array([key[2] for key in keys]).reshape(len(keys), -1)
        design = design_columns(self.like.levers, doses, group)
        scale = self.rows / float(self.weight.sum())
        weight, first, second = scale * self.weight[at], scale * self.first[at], scale * self.second[at]
        sums, mean = _joined((weight, first, second), (cluster, group), design, self.centre)
        if even := self.like.clusters is None:
            sums = ClusterSums(sums.weight, sums.first, sums.second, sums.groups, independent=True)
        pairwise = np.full((p, p), self.rows**2 / (self.squares * scale**2)) if even else None
        return evidence_of(
            ResponseMatrix(self.like.names, np.zeros((0, p)), (), levers=self.like.levers, measures=self.like.measures),
            UsedRows(np.zeros((0, p)), doses, np.broadcast_to(1.0, self.rows), None, None, self._notes(), within),
            design,
            sums,
            mean,
            pairwise=pairwise,
        )

    def _notes(self) -> tuple[str, ...]:
        notes = [f"{self.rows} of {self.seen} rows used, read in chunks (complete answers on all columns)."]
        if self.dropped:
            notes.append(f"{self.dropped} rows with a missing answer were left out, as asked.")
        if self.weightless:
            notes.append(f"{self.weightless} complete rows with weight 0 were left out.")
        if abs(self.squares * self.rows / float(self.weight.sum()) ** 2 - 1) > 1e-12:
            notes.append("Row weights are used, scaled to mean 1.")
        return tuple(notes)


def _codes(labels: list[Any]) -> IntArray:
    known = {label: i for i, label in enumerate(sorted(set(labels)))}
    return np.array([known[label] for label in labels], dtype=np.int64)


def _joined(
    sums: tuple[FloatArray, FloatArray, FloatArray],
    codes: tuple[IntArray, IntArray | None],
    design: Design,
    centre: FloatArray,
) -> tuple[ClusterSums, FloatArray]:
    """Centre the values and the design columns at their (group) means and add the keys of each cluster up."""
    weight, first, second = sums
    cluster, group = codes
    kind = np.zeros(len(weight), dtype=np.int64) if group is None else group
    k, p = int(kind.max()) + 1, first.shape[1]
    total = np.bincount(kind, weight, minlength=k)
    step = _added(kind, first, k) / total[:, None]
    level = _added(kind, weight[:, None] * design.columns, k) / total[:, None]
    d = step[kind]
    cross = (first - weight[:, None] * d / 2)[:, :, None] * d[:, None, :]
    values = first - weight[:, None] * d
    moved = design.columns - level[kind]
    m = p + moved.shape[1]
    products = np.empty((len(weight), m, m))
    products[:, :p, :p] = second - cross - cross.transpose(0, 2, 1)
    products[:, :p, p:] = values[:, :, None] * moved[:, None, :]
    products[:, p:, :p] = products[:, :p, p:].transpose(0, 2, 1)
    products[:, p:, p:] = weight[:, None, None] * moved[:, :, None] * moved[:, None, :]
    centred = np.hstack([values, weight[:, None] * moved])
    means = np.hstack([centre + step, level])
    g = int(cluster.max()) + 1
    groups = None
    if group is not None:
        pairs, place = np.unique(cluster * k + group, return_inverse=True)
        sizes = _added(place, weight, len(pairs))
        groups = GroupSums(pairs // k, pairs % k, sizes, _added(place, centred, len(pairs)), means)
    whole = ClusterSums(_added(cluster, weight, g), _added(cluster, centred, g), _added(cluster, products, g), groups)
    return whole, np.asarray((total[:, None] * means).sum(axis=0) / total.sum())


def _added(codes: IntArray, rows: FloatArray, size: int) -> FloatArray:
    out = np.zeros((size, *rows.shape[1:]))
    np.add.at(out, codes, rows)
    return out
