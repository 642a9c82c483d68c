"""Read-only arrays for the frozen nouns: copied once when a noun is made, never writable afterwards."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]


def frozen_floats(array: Any, shape: tuple[int, ...] | None = None, name: str = "array") -> FloatArray:
    """Return a read-only float64 copy; raise `ValueError` when the shape is not the one asked for."""
    copy = np.array(array, dtype=np.float64, order="C")
    return _finish(copy, shape, name)


def frozen_bools(array: Any, shape: tuple[int, ...] | None = None, name: str = "array") -> BoolArray:
    """Return a read-only boolean copy; raise `ValueError` when the shape is not the one asked for."""
    copy = np.array(array, dtype=np.bool_, order="C")
    return _finish(copy, shape, name)


def _finish(copy: NDArray[Any], shape: tuple[int, ...] | None, name: str) -> NDArray[Any]:
    if shape is not None and copy.shape != shape:
        raise ValueError(f"{name} has the shape {copy.shape}, expected {shape}")
    copy.setflags(write=False)
    return copy
