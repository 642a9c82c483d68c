"""Does `steer-vectors` write levers that can be read back, a trial whose tables say what was tried, and true words?"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from causalvalues.elicitation.items import item_set
from causalvalues.errors import CausalValuesError, DataError, ProviderError, SteeringError, StudyError
from causalvalues.leakage.cosine_files import read_cosines
from causalvalues.steering import read_levers
from causalvalues.steering.contrast_pairs import contrast_pairs, held_out_words
from causalvalues.steering.trial import Gain
from causalvalues.steering.vector_circle import cosine_matrix
from causalvalues.study.manifest import foreign_files
from causalvalues.study.vector_run import VectorRun, run_vectors
from causalvalues.study.vector_settings import VectorSettings, chosen_layers, default_layers, layers_given
from causalvalues.study.vector_summary import Gains, chance_of, control_verdict, gains, layer_rows, mean_with_interval
from causalvalues.study.vector_words import first_lines
from tests.toy_model_folder import LAYERS, write_toy_model

VALUES = ("conformity", "hedonism", "power", "security")


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def write_inputs(folder: Path) -> dict[str, str]:
    """Pairs, items and words of four values, few of each, as a user would write them."""
    pairs = [p for v in VALUES for p in [q for q in contrast_pairs("schwartz-10") if q.value == v][:6]]
    lines = ['format = "causalvalues-contrast-pairs 1"']
    for p in pairs:
        lines += ["[[pairs]]", f"value = {quoted(p.value)}", f"context = {quoted(p.context)}"]
        lines += [f"with = {quoted(p.affirmed)}", f"without = {quoted(p.plain)}"]
    (folder / "pairs.toml").write_text("\n".join(lines), encoding="utf-8")
    items = [
        i for v in VALUES for i in [j for j in item_set("schwartz-10").items if j.value == v and not j.reverse][:4]
    ]
    frame = pd.DataFrame(
        [{"id": i.id, "value": i.value, "statement": i.statement, "negated": i.negated} for i in items]
    )
    frame.to_csv(folder / "items.csv", index=False)
    lines = ['format = "causalvalues-value-words 1"']
    for value in VALUES:
        lines += ["[[words]]", f"value = {quoted(value)}"]
        lines += [f"words = {json.dumps(list(held_out_words('schwartz-10')[value][:5]))}"]
    (folder / "words.toml").write_text("\n".join(lines), encoding="utf-8")
    return {
        name: str(folder / f"{name}.{end}") for name, end in (("pairs", "toml"), ("items", "csv"), ("words", "toml"))
    }


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> VectorSettings:
    folder = tmp_path_factory.mktemp("given")
    toy = write_toy_model(folder / "toy")
    return VectorSettings(model=str(toy), layers=[1, 3], random=1, loss=0.05, **write_inputs(folder))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def run(small: VectorSettings, tmp_path_factory: pytest.TempPathFactory) -> VectorRun:
    return run_vectors(small, tmp_path_factory.mktemp("out") / "vectors")


@pytest.mark.local
def test_levers_are_read_back_as_they_were_tried(run: VectorRun) -> None:
    read = read_levers(run.folder / "levers.csv")
    assert [lever.name for lever in read] == [f"vec_{value}" for value in VALUES]
    assert [lever.fingerprint for lever in read] == [lever.fingerprint for lever in run.results.levers]
    twins = read_levers(run.folder / "random.csv")
    assert [lever.fingerprint for lever in twins] == [lever.fingerprint for lever in run.results.twins]
    assert len(twins) == 4
    held = json.loads((run.folder / "manifest.json").read_text())
    assert held["levers"] == {lever.name: lever.fingerprint for lever in read}
    assert held["layers"] == [1, 3]


@pytest.mark.local
def test_tables_say_what_was_found(run: VectorRun) -> None:
    trial = pd.read_csv(run.folder / "trial.csv")
    assert len(trial) == 4 + 4
    found = gains(run.results.trial)  # type: ignore[arg-type]
    for i, value in enumerate(VALUES):
        row = trial.iloc[i]
        assert (row["lever"], row["value"], row["method"]) == (f"vec_{value}", value, "value_vector")
        for name, kind in (("gain", "both"), ("statements", "statements"), ("words", "words")):
            each = getattr(found, kind)[i]
            np.testing.assert_allclose(
                row[[name, f"{name}_lower", f"{name}_upper"]].astype(float), (each.mean, each.lower, each.upper)
            )
        assert row["affirmed_less_negated"] == pytest.approx(found.control[i].mean)
    layers = pd.read_csv(run.folder / "layers.csv")
    means = layers[layers["value"] == "all"].set_index("layer")
    by_value = layers[layers["value"] != "all"].groupby("layer")[["accuracy", "words", "stability"]].mean()
    np.testing.assert_allclose(means.loc[by_value.index, by_value.columns], by_value, atol=1e-9)
    cosines = pd.read_csv(run.folder / "cosines.csv")
    assert len(cosines) == 2 * 6
    assert set(cosines["steps"]) <= {1, 2, 3, 4, 5}
    square = read_cosines(run.folder / "cosines.csv", 3).loc[list(VALUES), list(VALUES)]
    np.testing.assert_allclose(square, cosine_matrix(run.results.learned.vectors, 3), atol=1e-9)
    doses = pd.read_csv(run.folder / "doses.csv")
    np.testing.assert_allclose(doses["loss"], 0.05, rtol=0.04)
    leakage = pd.read_csv(run.folder / "leakage.csv")
    aims = leakage[leakage["lever"] == "vec_" + leakage["value"]]
    np.testing.assert_allclose(aims["mean"], trial["gain"][:4], atol=1e-9)


@pytest.mark.local
def test_the_first_lines_say_the_numbers_of_the_trial(run: VectorRun) -> None:
    results = run.results
    lines = dict(first_lines(results))
    assert list(lines) == ["Gain:", "Random directions:", "Price:", "Negation control:", "Reading:", "Circle:"]
    found, chance = gains(results.trial), chance_of(results.chance)  # type: ignore[arg-type]
    lowest = min(each.lower for each in found.both)
    assert f"{abs(lowest):.2f}".removeprefix("0") in lines["Gain:"]
    assert "4 of the same length" in lines["Random directions:"]
    assert f"{abs(chance.mean):.3f}".removeprefix("0") in lines["Random directions:"]
    assert f"{results.trial.losses.max():.3f}".removeprefix("0") in lines["Price:"]  # type: ignore[union-attr]
    assert control_verdict(found) in lines["Negation control:"]
    assert "Looks in all: 2 layers" in lines["Circle:"]
    assert run.summary().startswith(f"Gain: {lines['Gain:']}")
    assert str(run.folder / "levers.csv") in run.summary()
    page, text = (run.folder / "report.html").read_text(), (run.folder / "report.md").read_text()
    for begin in lines:
        assert begin in page
        assert begin in text
    for stem in ("gains", "matrix", "layers", "circle"):
        assert {(run.folder / "figures" / f"{stem}.{end}").exists() for end in ("svg", "pdf", "png")} == {True}
        assert f"figures/{stem}.svg" in text


@pytest.mark.local
def test_the_same_seed_gives_the_same_bytes_and_another_one_other_twins(
    run: VectorRun, small: VectorSettings, tmp_path: Path
) -> None:
    again = run_vectors(small, tmp_path / "again")
    for name in set(run.files) - {"manifest.json"}:
        assert (again.folder / name).read_bytes() == (run.folder / name).read_bytes(), name
    quick = small.model_copy(update={"trial": False, "seed": 1})
    other = run_vectors(quick, tmp_path / "other")
    assert (other.folder / "levers.csv").read_bytes() == (run.folder / "levers.csv").read_bytes()
    assert other.results.twins[0].fingerprint != run.results.twins[0].fingerprint
    assert not (other.folder / "trial.csv").exists()
    assert "Not tried:" in (other.folder / "report.md").read_text()


@pytest.mark.local
def test_an_earlier_run_is_replaced_and_other_files_are_not(run: VectorRun, small: VectorSettings) -> None:
    assert foreign_files(run.folder) == ()
    (run.folder / "mine.txt").write_text("mine")
    try:
        with pytest.raises(StudyError, match=r"mine\.txt"):
            run_vectors(small, run.folder)
    finally:
        (run.folder / "mine.txt").unlink()


@pytest.mark.local
def test_a_theory_without_circle_words_or_twins_is_reported_without_them(small: VectorSettings, tmp_path: Path) -> None:
    pairs = Path(small.pairs).read_text().replace('"power"', '"care"').replace('"security"', '"loyalty"')
    for value, name in (("conformity", "authority"), ("hedonism", "purity")):
        pairs = pairs.replace(quoted(value), quoted(name))
    (tmp_path / "pairs.toml").write_text(pairs)
    changed = {"theory": "mft-5", "pairs": str(tmp_path / "pairs.toml"), "items": "", "words": "", "random": 0}
    found = run_vectors(small.model_copy(update=changed | {"layers": [2]}), tmp_path / "out")
    assert found.results.learned.words is None
    assert found.results.learned.circles == ()
    assert not {"random.csv", "figures/circle.svg"} & set(found.files)
    lines = dict(first_lines(found.results))
    assert lines["Random directions:"] == "none were tried."
    assert "Over words" not in lines["Gain:"]
    assert "not asked" in lines["Circle:"]


@pytest.mark.local
def test_layers_that_do_not_exist_are_refused_before_anything_is_read(small: VectorSettings, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=f"no layer 9. The model has {LAYERS}, counted from 0 to {LAYERS - 1}"):
        run_vectors(small.model_copy(update={"layers": [1, 9]}), tmp_path / "out")
    assert not (tmp_path / "out").exists()


BAD: tuple[tuple[dict[str, object], type[CausalValuesError], str], ...] = (
    ({"loss": 0.0}, SteeringError, "Give nats per token above zero"),
    ({"loss": float("nan")}, SteeringError, "Give nats per token above zero"),
    ({"theory": "mft-5"}, SteeringError, "no contrast pairs 'mft-5'"),
    ({"theory": "schwarz"}, CausalValuesError, "schwarz"),
    ({"model": "nowhere/model"}, ProviderError, "nowhere"),
    ({"items": "mft-5"}, SteeringError, "no statement for the value 'achievement'"),
    ({"words": "nothing.toml"}, SteeringError, r"no file nothing\.toml"),
    ({"pairs": "nothing.toml"}, SteeringError, r"no file nothing\.toml"),
)


@pytest.mark.parametrize("case", BAD, ids=[str(case[0]) for case in BAD])
def test_what_cannot_be_done_is_refused_in_a_sentence(
    case: tuple[dict[str, object], type[CausalValuesError], str], tmp_path: Path
) -> None:
    given, error, words = case
    with pytest.raises(error, match=words):
        run_vectors(VectorSettings(**given), tmp_path / "out")  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_what_is_read_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(StudyError, match="is replaced whole"):
        run_vectors(VectorSettings(pairs=str(tmp_path / "out")), tmp_path / "out")


def test_malformed_pairs_are_named(tmp_path: Path) -> None:
    (tmp_path / "pairs.toml").write_text('format = "causalvalues-contrast-pairs 1"\n[[pairs]]\nvalue = "power"\n')
    with pytest.raises(DataError, match=r"pairs\.toml"):
        run_vectors(VectorSettings(pairs=str(tmp_path / "pairs.toml")), tmp_path / "out")


def test_default_layers_are_every_second_one_up_to_four_fifths() -> None:
    assert default_layers(30) == list(range(2, 25, 2))
    for depth in range(1, 101):
        found = default_layers(depth)
        assert all(0 <= layer < depth for layer in found)
        assert found == [layer for layer in range(2, depth) if layer % 2 == 0 and 10 * layer <= 8 * depth] or (
            found == [depth - 1] and depth < 3
        )


def test_layers_are_read_sorted_and_single() -> None:
    assert layers_given("6, 2,6") == [6, 2, 6]
    assert chosen_layers([6, 2, 6], 30) == (2, 6)
    assert layers_given(" ") is None
    with pytest.raises(StudyError, match="Write numbers of layers"):
        layers_given("2-6")
    with pytest.raises(StudyError, match="There is no layer -1"):
        chosen_layers([-1], 30)
    with pytest.raises(StudyError, match="no layer to steer at"):
        chosen_layers([], 30)


def found_gains(statements: float, control: list[tuple[float, float, float]]) -> Gains:
    names = tuple(f"vec_{k}" for k in range(len(control)))
    same = tuple(Gain(statements, 0.0, 1.0) for _ in names)
    return Gains(names, names, same, same, same, tuple(Gain(*each) for each in control))


@pytest.mark.parametrize(
    ("statements", "controls", "said"),
    [
        (0.45, [0.05, 0.03, 0.07], "moves what the model talks about; affirmed and denied statements gain alike"),
        (0.45, [0.14, 0.16, 0.14], "moves what the model talks about; affirmed and denied statements gain alike"),
        (0.45, [0.30, 0.28, 0.32], "affirmed statements gain more than denied ones"),
        (0.45, [-0.30, -0.28, -0.32], "denied statements gain more than affirmed ones"),
        (0.45, [0.9, -0.4, 0.1], "it stays open"),
        (-0.1, [0.0, 0.1], "nothing to control"),
    ],
)
def test_the_negation_control_is_read_in_plain_words(statements: float, controls: list[float], said: str) -> None:
    found = found_gains(statements, [(mean, mean - 0.1, mean + 0.1) for mean in controls])
    assert said in control_verdict(found)


def test_the_mean_over_levers_has_a_t_interval() -> None:
    from scipy import stats

    means = [0.1, 0.4, 0.3, 0.2]
    found = mean_with_interval([Gain(mean, -1.0, 1.0) for mean in means])
    low, high = stats.ttest_1samp(means, 0).confidence_interval(0.95)
    assert (found.mean, found.lower, found.upper) == pytest.approx((0.25, low, high))
    assert mean_with_interval([Gain(0.3, 0.1, 0.5)]) == Gain(0.3, 0.1, 0.5)


@pytest.mark.local
def test_rows_of_layers_hold_means_over_values(run: VectorRun) -> None:
    probes = run.results.learned.probes
    for k, row in enumerate(layer_rows(run.results)):
        assert row.layer == (1, 3)[k]
        assert (row.accuracy, row.lower) == pytest.approx((probes.accuracy[:, k].mean(), probes.lower[:, k].mean()))
        assert row.lower <= row.accuracy <= row.upper


@pytest.mark.local
def test_words_follow_the_numbers(run: VectorRun) -> None:
    """A trial in which everything gains is told in other words than one in which nothing does."""
    results = run.results
    trial = results.trial
    assert trial is not None
    kinds, values = np.array(trial.kinds), np.array(trial.values)
    small_noise = np.random.default_rng(0).normal(scale=0.01, size=trial.gains.shape)
    own = np.array([[value == lever.value for value in values] for lever in trial.levers])
    good = replace(trial, gains=np.where(own, 1.0, 0.0) + small_noise)
    lines = dict(first_lines(replace(results, trial=good)))
    assert "Every interval lies above zero." in lines["Gain:"]
    assert "gain alike" in lines["Negation control:"]
    honest = replace(trial, gains=np.where(own & (kinds != "negated"), 1.0, 0.0) + small_noise)
    assert "affirmed statements gain more" in dict(first_lines(replace(results, trial=honest)))["Negation control:"]
    bad = replace(trial, gains=np.where(own, -1.0, 0.0) + small_noise)
    lines = dict(first_lines(replace(results, trial=bad)))
    assert "Not above zero with confidence: Conformity, Hedonism, Power, Security." in lines["Gain:"]
    assert "nothing to control" in lines["Negation control:"]
