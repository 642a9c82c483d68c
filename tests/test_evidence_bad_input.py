"""Bad and extreme answers: evidence is right, or an error names the offender and the remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import causalvalues as cv
from causalvalues.errors import CausalValuesError, DataError
from causalvalues.evidence import (
    CorrectedMoments,
    ParquetRows,
    PolychoricMoments,
    ProductMoments,
    RankMoments,
    bootstrap_counts,
    bootstrap_scatters,
    correct_for_error,
    correlation_tests,
    generalisability,
    reliability,
    require_learnable,
    summarise,
    variance_components,
)
from causalvalues.randomness import require_whole, stream
from causalvalues.responses import BradleyTerry, Choices, Elo, ResponseMatrix, Thurstone
from causalvalues.theories import ItemKey, ScoringKey

ROWS = np.random.default_rng(1).normal(size=(60, 4))
LINE = PolychoricMoments(ordinal=())
METHODS = (ProductMoments(), ProductMoments("pairwise"), ProductMoments("listwise"), RankMoments(), LINE)
KEY = ScoringKey("k", "K", "none", {f"{a}_{i}": ItemKey(a) for a in "abc" for i in range(3)})


def matrix(
    rows: np.ndarray, weights: np.ndarray | None = None, labels: dict[str, list[str]] | None = None, strata: str = ""
) -> ResponseMatrix:
    n, p = rows.shape
    return ResponseMatrix(
        tuple(f"v{j}" for j in range(p)), rows, tuple(map(str, range(n))), weights=weights, labels=labels or {},
        strata_by=strata,
    )  # fmt: skip


def with_column(values: object) -> np.ndarray:
    rows = ROWS.copy()
    rows[:, 2] = values
    return rows


@pytest.mark.parametrize("method", METHODS, ids=str)
@pytest.mark.parametrize("constant", [3.0, 0.1, 1e16 / 3])
def test_a_constant_column_has_no_correlation_and_is_named(method: object, constant: float) -> None:
    evidence = summarise(matrix(with_column(constant)), moments=method)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"'v2' does not vary.*matrix.drop"):
        _ = evidence.correlation
    with pytest.raises(DataError, match="'v2' does not vary"):
        correlation_tests(evidence)
    with pytest.raises(DataError, match="v2"):
        correct_for_error(evidence, dict.fromkeys(evidence.names, 0.8))
    with pytest.raises(CausalValuesError, match="v2"):
        require_learnable(evidence)


@pytest.mark.parametrize("method", [RankMoments(), LINE, PolychoricMoments(ordinal=("v0",))], ids=str)
def test_an_item_that_nobody_answered_is_named(method: object) -> None:
    rows = with_column(np.nan)
    rows[:, 0] = np.round(rows[:, 0])
    with pytest.raises(DataError, match=r"No row answers 'v2'"):
        summarise(matrix(rows), moments=method)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", METHODS, ids=str)
def test_numbers_whose_squares_cannot_be_held_are_named(method: object) -> None:
    with pytest.raises(DataError, match=r"Column 'v2' holds numbers above 1e\+100"):
        summarise(matrix(with_column(ROWS[:, 2] * 1e200)), moments=method)  # type: ignore[arg-type]


def test_a_dose_whose_square_cannot_be_held_is_named() -> None:
    doses = np.repeat([[0.0], [1e200]], 30, axis=0)
    rows = ResponseMatrix(("a", "b"), ROWS[:, :2], tuple(map(str, range(60))), levers=("push",), doses=doses)
    with pytest.raises(DataError, match="Lever 'push' holds numbers above"):
        summarise(rows)


@pytest.mark.parametrize("method", METHODS, ids=str)
def test_weights_of_too_different_sizes_are_refused(method: object) -> None:
    with pytest.raises(DataError, match=r"Row weights run from 1 to 1e\+300.*Write 0"):
        summarise(matrix(ROWS, np.r_[1e300, np.ones(59)]), moments=method)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [1e308, 1e-300, 5e-324, 1.0])
def test_the_unit_of_weights_does_not_matter(size: float) -> None:
    one, other = summarise(matrix(ROWS)), summarise(matrix(ROWS, np.full(60, size)))
    np.testing.assert_allclose(one.scatter, other.scatter, rtol=1e-12)


@pytest.mark.parametrize(
    ("chunks", "words"),
    [
        ([ROWS, with_column(ROWS[:, 2] * 1e200)], "Column 'v2' holds numbers above"),
        ([ROWS, with_column(np.inf)], "Column 'v2' holds infinity"),
        ([ROWS, with_column(np.nan)], "lack an answer"),
    ],
)
def test_a_stream_names_bad_numbers(chunks: list[np.ndarray], words: str) -> None:
    with pytest.raises(DataError, match=words):
        summarise(matrix(part) for part in chunks)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (np.r_[1e30, np.ones(59)], "Row weights run from"),
        (np.full(60, 1e-300), "too small"),
        (np.full(60, 1e300), "too large"),
    ],
)
def test_a_stream_names_bad_weights(weights: np.ndarray, words: str) -> None:
    with pytest.raises(DataError, match=words):
        summarise(iter([matrix(ROWS, weights)]))


def test_uneven_weights_in_different_chunks_are_seen() -> None:
    with pytest.raises(DataError, match="Row weights run from"):
        summarise(iter([matrix(ROWS), matrix(ROWS, np.full(60, 1e30))]))


def test_a_stream_does_not_forget_strata_in_silence() -> None:
    rows = matrix(ROWS, labels={"region": ["a", "b"] * 30}, strata="region")
    with pytest.raises(DataError, match=r"does not keep the strata \('region'"):
        summarise(iter([rows]))


@pytest.mark.parametrize("data", [None, 3])
def test_data_of_no_known_kind_are_refused(data: object) -> None:
    with pytest.raises(DataError, match="Give a ResponseMatrix"):
        summarise(data)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("column", "words"), [(["a", None] * 30, "lacks a label"), ([[1]] * 60, "which is no label")], ids=["null", "list"]
)
def test_parquet_clusters_must_be_labels(tmp_path: Path, column: list[object], words: str) -> None:
    pd.DataFrame(ROWS, columns=list("wxyz")).assign(who=column).to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(DataError, match=rf"(?s)Column 'who'.*{words}"):
        summarise(ParquetRows(tmp_path / "rows.parquet", columns=("w", "x"), cluster_by="who"))


def test_parquet_doses_must_be_finite(tmp_path: Path) -> None:
    pd.DataFrame(ROWS, columns=list("wxyz")).assign(push=np.r_[np.nan, np.ones(59)]).to_parquet(tmp_path / "r.parquet")
    with pytest.raises(DataError, match="doses must be finite"):
        summarise(ParquetRows(tmp_path / "r.parquet", columns=("w", "x"), levers=("push",)))


@pytest.mark.parametrize("seed", [-1, 1.5, "x", None, True])
def test_a_seed_must_be_a_whole_number(seed: object) -> None:
    with pytest.raises(CausalValuesError, match="`seed` is"):
        stream(seed, "a")  # type: ignore[arg-type]


def test_very_large_seeds_and_numpy_integers_work() -> None:
    assert stream(2**70, "a").random() != stream(2**70 + 1, "a").random()
    assert stream(np.int64(3), "a").random() == stream(3, "a").random()  # type: ignore[arg-type]
    require_whole("draws", np.int32(1))


def test_the_number_of_draws_must_be_whole() -> None:
    evidence = summarise(matrix(ROWS))
    assert bootstrap_counts(evidence, 0, 0).shape == (0, 60)
    for draws in (-1, 1.5):
        with pytest.raises(CausalValuesError, match="`draws` is"):
            bootstrap_scatters(evidence, 0, draws)  # type: ignore[arg-type]


def items(size: float = 1.0, noise: float = 1.0) -> ResponseMatrix:
    random = np.random.default_rng(3)
    answers = np.repeat(random.normal(size=(60, 3)), 3, axis=1) + noise * random.normal(size=(60, 9))
    return ResponseMatrix(tuple(KEY.items), size * answers, tuple(map(str, range(60))))


@pytest.mark.parametrize("size", [1e99, 1e-99])
def test_reliability_of_answers_in_absurd_units_is_refused(size: float) -> None:
    for work in (lambda: reliability(items(size), KEY), lambda: summarise(items(size), moments=CorrectedMoments(KEY))):
        with pytest.raises(DataError, match="Give the answers in another unit"):
            work()


def test_dimensions_that_are_one_score_have_no_corrected_moments() -> None:
    random = np.random.default_rng(7)
    answers = random.normal(size=(60, 1)) + 1e-9 * random.normal(size=(60, 9))
    rows = ResponseMatrix(tuple(KEY.items), answers, tuple(map(str, range(60))))
    with pytest.raises(DataError, match="follow from each other within rounding"):
        summarise(rows, moments=CorrectedMoments(KEY))


GRID = pd.DataFrame(
    {"u": np.repeat(range(5), 4), "f": list(range(4)) * 5, "y": np.random.default_rng(0).normal(size=20)}
)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (GRID.assign(y=1.0), "are the same"),
        (GRID.assign(y="a"), "no number"),
        (GRID.assign(y=GRID["y"] * 1e99), "too large or small"),
        (pd.concat([GRID, GRID[["y"]]], axis=1), "more than once"),
    ],
)
def test_variance_components_name_bad_answers(table: pd.DataFrame, words: str) -> None:
    with pytest.raises(DataError, match=rf"'y'.*{words}"):
        variance_components(table, "y", "u", ["f"])


def test_units_that_do_not_differ_have_no_generalisability() -> None:
    found = variance_components(GRID.assign(y=GRID["f"] * 1.0), "y", "u", ["f"])
    with pytest.raises(DataError, match="'u' has no variance"):
        generalisability(found)


@pytest.mark.parametrize(
    "make", [lambda: BradleyTerry(-1), lambda: BradleyTerry(np.inf), lambda: Thurstone(np.nan), lambda: Elo(4.0, 0.0)]
)
def test_settings_of_ratings_are_checked(make: Callable[[], object]) -> None:
    with pytest.raises(DataError, match="Give a number from"):
        make()


def test_weights_of_choices_may_not_be_too_uneven() -> None:
    with pytest.raises(DataError, match="too uneven"):
        Choices(
            ("a", "b"), np.zeros(2, int), np.ones(2, int), np.array([1.0, -1.0]), ("x", "y"),
            weights=np.array([1e300, 1e-300]),
        )  # fmt: skip


def test_the_number_of_resamples_of_choices_may_not_be_negative() -> None:
    chosen = Choices(("a", "b"), np.zeros(2, int), np.ones(2, int), np.array([1.0, -1.0]), ("x", "y"))
    with pytest.raises(CausalValuesError, match="`resamples` is -1"):
        cv.transitivity(chosen, resamples=-1)


@pytest.mark.parametrize("method", [*METHODS[:2], RankMoments(), PolychoricMoments()], ids=str)
def test_the_order_of_columns_changes_no_bit_and_rows_are_left_alone(method: object) -> None:
    rows = ROWS.copy()
    rows[:, :2] = np.clip(np.round(rows[:, :2]), -2, 2)
    rows[np.random.default_rng(5).random(rows.shape) < 0.1] = np.nan
    frame = pd.DataFrame(rows, columns=["é", "a,b", "c\nd", ""])
    before = frame.copy(deep=True)
    one = summarise(frame, moments=method)  # type: ignore[arg-type]
    other = summarise(frame.iloc[:, ::-1], moments=method)  # type: ignore[arg-type]
    assert np.array_equal(one.scatter, other.scatter[::-1, ::-1])
    assert np.array_equal(one.pairwise_n, other.pairwise_n[::-1, ::-1])
    assert one.n_score == other.n_score
    pd.testing.assert_frame_equal(frame, before)
