"""Draws of a model as text: base64 of little-endian numbers, zeros left out."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from causalvalues.frozen import BoolArray, FloatArray

WIDEST = 1.0
"""Widest range of a cell that is rounded to three bytes: then by 3e-8 at most."""
_STEPS = 2**24 - 1


def packed_numbers(numbers: FloatArray) -> str:
    """Return the 64-bit numbers of an array, row by row, as base64 text.

    Examples
    --------
    >>> packed_numbers(np.array([1.0]))
    'AAAAAAAA8D8='
    """
    return _text(np.ascontiguousarray(numbers, dtype="<f8").tobytes())


def packed_draws(draws: FloatArray, exact: bool = True) -> dict[str, Any]:
    """Return a stack of matrices (s, a, b), zeros left out.

    Parameters
    ----------
    draws : array (s, a, b)
    exact : bool, default True
        False: a cell whose numbers span less than `WIDEST` is rounded to 24 bits between its least and largest number,
        which moves none by more than 3e-8; the others stay as they are.

    Returns
    -------
    dict
        ``shape``; ``cells``, a list of ``[i, j, count, low, step]`` in row order, one for each cell that is not zero in
        all draws; ``masks``, bits (least first, ceil(s / 8) bytes a cell) that say in which draws the cells with count
        below s are not zero; ``wide``, 64-bit numbers of the cells with step 0; ``fine``, three bytes for each number
        of the others, which is low + step * integer.
    """
    s = len(draws)
    cells: list[list[float]] = []
    masks, wide, fine = [], [], []
    for i, j in zip(*np.nonzero((draws != 0).any(axis=0)), strict=True):
        there = draws[:, i, j] != 0
        numbers = draws[there, i, j]
        low, step = float(numbers.min()), 0.0
        if not exact and numbers.max() - low < WIDEST:
            step = float(numbers.max() - low) / _STEPS or 1.0
            fine.append(_three_bytes(np.rint((numbers - low) / step).astype("<u4")))
        else:
            wide.append(numbers.astype("<f8").tobytes())
        cells.append([int(i), int(j), len(numbers), low if step else 0, step])
        if len(numbers) < s:
            masks.append(_bits(there))
    return {
        "shape": list(draws.shape),
        "cells": cells,
        "masks": _text(b"".join(masks)),
        "wide": _text(b"".join(wide)),
        "fine": _text(b"".join(fine)),
    }


def _three_bytes(integers: np.ndarray) -> bytes:
    return integers.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def _bits(there: BoolArray) -> bytes:
    return np.packbits(there, bitorder="little").tobytes()


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
