"""Cosines between value vectors are read from pairs by layer, or from a matrix."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from causalvalues.errors import DataError
from causalvalues.leakage import read_cosines
from causalvalues.responses.demo import DEMO

PAIRS = "layer,one,other,cosine,steps\n2,b,a,0.5,1\n2,a,c,-0.2,1\n2,b,c,0.1,2\n4,b,a,0.7,1\n4,a,c,0.0,1\n4,b,c,0.3,2\n"


def test_pairs_are_averaged_over_layers_or_taken_from_one(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(PAIRS)
    mean, one = read_cosines(tmp_path / "c.csv"), read_cosines(tmp_path / "c.csv", 4)
    assert list(mean) == ["a", "b", "c"]
    assert np.allclose(mean, [[1, 0.6, -0.1], [0.6, 1, 0.2], [-0.1, 0.2, 1]])
    assert np.allclose(one, [[1, 0.7, 0], [0.7, 1, 0.3], [0, 0.3, 1]])
    mean.to_csv(tmp_path / "square.csv")
    assert np.allclose(read_cosines(tmp_path / "square.csv"), mean)


def test_the_shipped_cosines_are_those_of_ten_values() -> None:
    found = read_cosines(DEMO / "cosines.csv")
    assert found.shape == (10, 10)
    assert np.allclose(found, found.T)


@pytest.mark.parametrize(
    ("text", "layer", "said"),
    [
        (PAIRS, 3, "no layer 3"),
        (PAIRS.replace("2,b,c,0.1,2\n", "").replace("4,b,c,0.3,2\n", ""), None, "lacks the cosine"),
        ("x,y\n1,2\n", None, "neither a square matrix"),
        ("", None, "cannot be read"),
    ],
)
def test_files_that_hold_no_cosines_are_named(tmp_path: Path, text: str, layer: int | None, said: str) -> None:
    (tmp_path / "c.csv").write_text(text)
    with pytest.raises(DataError, match=said):
        read_cosines(tmp_path / "c.csv", layer)
    with pytest.raises(DataError, match="no file"):
        read_cosines(tmp_path / "none.csv")
