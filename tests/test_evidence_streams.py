from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from causalvalues.errors import DataError
from causalvalues.evidence import Evidence, Moments, ParquetRows, ProductMoments, bootstrap_evidence, summarise
from causalvalues.responses import ResponseMatrix, demo_responses, score
from causalvalues.theories import scoring_key


def rows(n: int = 3000, p: int = 4, level: float = 1e4, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    z = random.normal(size=(n, p)) @ random.normal(size=(p, p)) + level
    return pd.DataFrame(z.astype(np.float32), columns=list("dbac")[:p])


def demo() -> ResponseMatrix:
    return score(demo_responses(), scoring_key("smollm2-demo"))


def pieces(matrix: ResponseMatrix, size: int) -> list[ResponseMatrix]:
    place = np.arange(len(matrix)) // size
    return [matrix.rows(place == i) for i in range(int(place.max()) + 1)]


def same(mine: Evidence, whole: Evidence, tolerance: float = 1e-10) -> None:
    assert mine.names == whole.names
    assert mine.columns == whole.columns
    assert mine.n == whole.n
    assert np.allclose(mine.mean, whole.mean, rtol=tolerance, atol=tolerance)
    size = np.sqrt(np.outer(np.diag(whole.scatter), np.diag(whole.scatter)))
    assert np.abs((mine.scatter - whole.scatter) / size).max() < tolerance
    assert np.allclose(mine.pairwise_n, whole.pairwise_n, rtol=1e-8)
    assert np.isclose(mine.n_score, whole.n_score, rtol=1e-8)
    assert mine.doses == whole.doses


@pytest.mark.parametrize("size", [1, 7, 999, 2500, 3000])
def test_chunks_of_any_size_give_the_moments_of_all_rows(size):
    frame = rows()
    if size == 1:
        frame = frame.iloc[:60]
    same(summarise(frame.iloc[i : i + size] for i in range(0, len(frame), size)), summarise(frame))


@pytest.mark.parametrize("within", ["", "prompt_id"])
def test_clusters_levers_and_groups_that_spread_over_chunks_give_the_same_evidence(within):
    matrix = demo()
    within = within if within in matrix.labels else ""
    stream, whole = summarise(iter(pieces(matrix, 100)), within), summarise(matrix, within)
    same(stream, whole)
    assert stream.levers == whole.levers
    assert stream.measures == whole.measures
    mine, theirs = bootstrap_evidence(stream, 1, 0), bootstrap_evidence(whole, 1, 0)
    assert np.allclose(mine.scatter, theirs.scatter, rtol=1e-8, atol=1e-8)


def test_group_means_are_removed_as_in_memory():
    frame = rows(600)
    groups = tuple("xyz"[i % 3] for i in range(600))
    clusters = tuple(str(i // 5) for i in range(600))
    matrix = ResponseMatrix(tuple(frame), frame.to_numpy() + np.arange(600)[:, None] % 3, tuple(map(str, range(600))),
                            labels={"g": groups, "c": clusters}, cluster_by="c")  # fmt: skip
    same(summarise(pieces(matrix, 77), "g"), summarise(matrix, "g"))


def test_weights_are_used_and_rows_of_weight_zero_left_out():
    frame = rows(500)
    weights = np.random.default_rng(1).integers(0, 4, 500).astype(float)
    matrix = ResponseMatrix(tuple(frame), frame.to_numpy(), tuple(map(str, range(500))), weights=weights)
    same(summarise(pieces(matrix, 90)), summarise(matrix))


def test_a_folder_of_parquet_files_is_read_in_one_pass(tmp_path):
    frame = rows(5000)
    frame["model"] = [f"m{i % 37}" for i in range(5000)]
    for i in range(3):
        frame.iloc[i * 1700 : (i + 1) * 1700].to_parquet(tmp_path / f"part{i}.parquet")
    whole = ResponseMatrix(("d", "b", "a", "c"), frame[list("dbac")].to_numpy(), tuple(map(str, range(5000))),
                           labels={"model": tuple(frame["model"])}, cluster_by="model")  # fmt: skip
    same(summarise(ParquetRows(tmp_path, cluster_by="model")), summarise(whole))
    same(summarise(ParquetRows(tmp_path)), summarise(frame.drop(columns="model")))


def test_bootstrap_draws_of_a_stream_vary_as_they_should():
    frame = rows(4000, level=0.0)
    evidence = summarise(frame.iloc[i : i + 1500] for i in range(0, 4000, 1500))
    draws = np.array([bootstrap_evidence(evidence, 0, i).correlation.iloc[0, 1] for i in range(300)])
    r = evidence.correlation.iloc[0, 1]
    assert 0.85 < draws.std() / ((1 - r**2) / np.sqrt(4000)) < 1.15


def test_missing_answers_are_an_error_unless_rows_may_be_left_out():
    frame = rows(400)
    frame.iloc[[3, 250], 1] = np.nan
    parts = [frame.iloc[:200], frame.iloc[200:]]
    with pytest.raises(DataError, match=r"1 rows of a chunk.*listwise"):
        summarise(iter(parts))
    method = ProductMoments(missing="listwise")
    evidence = summarise(iter(parts), moments=method)
    same(evidence, summarise(frame, moments=method))
    assert any("2 rows with a missing answer were left out" in note for note in evidence.notes)


def test_chunks_with_other_columns_are_named():
    frame = rows(100)
    with pytest.raises(DataError, match=r"differ in their values: \['a', 'e'\]"):
        summarise(iter([frame, frame.rename(columns={"a": "e"})]))


def test_a_stream_without_rows_and_with_too_few_rows_says_so():
    with pytest.raises(DataError, match="holds no rows"):
        summarise(iter([]))
    with pytest.raises(DataError, match="Only 3 of 3 rows"):
        summarise(iter([rows(3)]))


def test_one_cluster_and_infinite_answers_are_refused(tmp_path):
    frame = rows(100)
    one = ResponseMatrix(tuple(frame), frame.to_numpy(), tuple(map(str, range(100))), labels={"c": ("x",) * 100},
                         cluster_by="c")  # fmt: skip
    with pytest.raises(DataError, match="one cluster"):
        summarise(iter([one]))
    frame.iloc[5, 2] = np.inf
    with pytest.raises(DataError, match="'a' holds infinity"):
        summarise(iter([frame]))


def test_methods_that_need_all_rows_are_refused_for_streams():
    class OtherMoments:
        def summarise(self, matrix: ResponseMatrix, within: str) -> Evidence:
            raise AssertionError("not reached")

    method: Moments = OtherMoments()
    with pytest.raises(DataError, match="OtherMoments needs all rows"):
        summarise(iter([rows(50)]), moments=method)


def test_parquet_columns_are_checked(tmp_path):
    rows(50).assign(text="x").to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="no column 'f'"):
        summarise(ParquetRows(tmp_path / "a.parquet", columns=("a", "f")))
    with pytest.raises(DataError, match=r"'text'.*is not numeric"):
        summarise(ParquetRows(tmp_path / "a.parquet", columns=("a", "text")))
    with pytest.raises(DataError, match="no file or folder"):
        summarise(ParquetRows(tmp_path / "b.parquet"))
    (tmp_path / "c.parquet").write_text("no parquet")
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        summarise(ParquetRows(tmp_path / "c.parquet"))


@pytest.mark.filterwarnings("ignore")
def test_a_dask_frame_on_two_worker_processes_gives_the_moments_of_all_rows():
    frame_module = pytest.importorskip("dask.dataframe")
    distributed = pytest.importorskip("distributed")
    frame = rows(5000)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert len(client.scheduler_info()["workers"]) == 2
        parts = frame_module.from_pandas(frame, npartitions=7)
        same(summarise(parts), summarise(frame))
