"""What a report says of directions, of counterfactuals and of plans agrees with the numbers behind it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from study_helpers import STUDY, write_study

from causalvalues.evidence import check
from causalvalues.model import PosteriorDraws
from causalvalues.model.levers import paired_differences
from causalvalues.numerals import number
from causalvalues.planning.nouns import Status
from causalvalues.study import StudyRun, run_study
from causalvalues.study.learning import estimator, learner
from causalvalues.study.paired_check import paired_check
from causalvalues.study.report import first_lines
from causalvalues.study.report_edges import firmness, own_n_words
from causalvalues.study.report_measurement import measurement_line
from causalvalues.study.report_plans import few_rows
from causalvalues.study.study_file import settings_from
from causalvalues.study.wording import CHANCES, OUTCOMES, journal

QUICK = STUDY + "\n[falsify]\nrun = false\n"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> StudyRun:
    folder = tmp_path_factory.mktemp("words")
    return run_study(write_study(folder), folder / "run")


def text_of(run: StudyRun) -> str:
    return (run.folder / "report.md").read_text(encoding="utf-8").replace("\\", "")


def test_the_first_lines_count_compelled_contested_and_open_edges(demo_run: StudyRun) -> None:
    verdicts = pd.read_csv(demo_run.folder / "tables" / "edges.csv")["verdict"]
    said = dict(first_lines(demo_run.results).items)["Directions."]
    found = re.findall(
        r"direction of (\d+) is compelled.*\. (\d+) (?:is|are) contested .*; (\d+) (?:is|are) open", said
    )
    assert [int(count) for count in found[0]] == [
        int((verdicts == each).sum()) for each in ("compelled", "contested", "open")
    ]
    assert (verdicts == "contested").any()
    assert "do not speak" not in text_of(demo_run)
    assert "from the prior alone" not in text_of(demo_run)


def test_the_edge_table_shows_how_often_each_direction_is_compelled(demo_run: StudyRun) -> None:
    text, label = text_of(demo_run), demo_run.results.label
    for edge in demo_run.results.posterior.averaged_graph().to_dict("records"):
        shares = [number(edge[what]) for what in ("adjacent", "direction", "compelled", "compelled_reverse")]
        row = " | ".join([label(edge["cause"]), label(edge["effect"]), *shares])
        (line,) = [line for line in text.splitlines() if line.startswith(f"| {row} |")]
        assert edge["verdict"] in line


def test_a_pair_with_few_rows_of_its_own_is_marked(demo_run: StudyRun) -> None:
    results = demo_run.results
    evidence = results.evidence
    names, own = evidence.names, evidence.pairwise_n
    marked = {(a, b) for a in names for b in names if a != b and own_n_words(results, a, b)}
    low = {(names[i], names[j]) for i, j in np.argwhere(own < 0.9 * evidence.n_score)}
    assert marked == low != set()
    verdicts = [str(row[-1]) for row in firmness(results).rows]
    assert any("own n" in verdict for verdict in verdicts)
    assert any(verdict == "none of these" for verdict in verdicts)
    text = text_of(demo_run)
    assert "made of exact sums over all graphs, averaged over 100 cluster-bootstrap moment matrices" in text
    assert "the average of exact sums over all graphs over 100 cluster-bootstrap moment matrices" in text
    assert list(pd.read_csv(demo_run.folder / "tables" / "edges.csv")["own_n"]) == pytest.approx(
        [own[names.index(a), names.index(b)] for a, b in results.posterior.averaged_graph()[["cause", "effect"]].values]
    )


def test_the_residual_assumption_is_tested_on_all_paired_units(demo_run: StudyRun) -> None:
    """Coverage and slope, worked out again from rows, lever by lever."""
    results, matrix = demo_run.results, demo_run.results.answers.matrix
    found = results.paired
    assert found is not None
    inside, slopes = [], []
    frame = matrix.frame()
    for lever in matrix.levers:
        only = (matrix.doses != 0).sum(axis=1) == 1
        on = only & (matrix.doses[:, matrix.levers.index(lever)] == 1)
        pairs = paired_differences(matrix, on)
        plain = frame[~(matrix.doses != 0).any(axis=1)].groupby("persona_id")[list(matrix.names)].mean()
        start = plain.loc[list(pairs.clusters)].to_numpy()
        total = results.model.total[:, results.model.place(lever), : len(matrix.names)]
        low, high = np.quantile(total, [0.05, 0.95], axis=0)
        inside.append((pairs.differences >= low) & (pairs.differences <= high))
        slopes += [np.polyfit(start[:, j], pairs.differences[:, j], 1)[0] for j in range(len(matrix.names))]
    assert found.table["units"].sum() == sum(each.size for each in inside) == 10480
    assert found.coverage == pytest.approx(np.concatenate(inside).mean(), abs=0.01)
    assert found.slope == pytest.approx(np.mean(slopes))
    assert found.falling == (sum(slope < 0 for slope in slopes), 100)
    assert found.falling[0] > 90
    text = text_of(demo_run)
    assert f"holds {found.coverage:.0%} of them" in text
    assert f"mean slope {number(found.slope)}, negative in 100 of 100" in text
    assert "these rows cannot test" not in text
    assert "no row tests it for a push" in text


def test_without_paired_units_the_assumption_is_called_untested(tmp_path: Path) -> None:
    path = write_study(tmp_path, QUICK.replace("set = { calm = 1.0 }", "shift = { power = 1.0 }"))
    table = pd.read_csv(tmp_path / "answers.csv")
    table.assign(persona_id=[f"p{row}" for row in range(len(table))]).to_csv(tmp_path / "answers.csv", index=False)
    path.write_text(path.read_text().replace('unit = "p1"', 'unit = "p0"'))
    run = run_study(path, tmp_path / "run")
    assert paired_check(run.results.answers.matrix, run.results.model, 0.9) is None
    assert "these rows cannot test" in text_of(run)


def test_the_prior_of_the_score_reaches_the_fit(small: StudyRun) -> None:
    evidence, held = small.results.evidence, small.results.settings.model_dump()

    def fitted_with(**discovery: object) -> tuple[object, tuple[str, ...]]:
        settings = settings_from(held | {"discovery": held["discovery"] | discovery})
        return estimator(settings, learner(settings.discovery, evidence), evidence)

    assert fitted_with() == (PosteriorDraws(alpha_mu=1.0, extra_degrees=2.0), ())
    assert fitted_with(alpha_w=30.0)[0] == PosteriorDraws(extra_degrees=27.0)
    assert fitted_with(alpha_w=30.0, levers="sparse")[0] == PosteriorDraws(extra_degrees=25.0)
    default, said = fitted_with(score="BIC")
    assert default == PosteriorDraws()
    assert "default" in said[0]


def test_a_strong_prior_changes_the_equations_and_bic_says_what_it_lacks(small: StudyRun, tmp_path: Path) -> None:
    sizes = []
    for place, line in enumerate(("alpha_w = 4.5", "alpha_w = 500.0", 'score = "BIC"')):
        (tmp_path / str(place)).mkdir()
        path = write_study(tmp_path / str(place), QUICK.replace("draws = 200", f"draws = 200\n{line}"))
        run = run_study(path, tmp_path / str(place) / "run")
        sizes.append(float(run.results.model.residual_scales.mean()))
        assert ("fitted with the default one" in text_of(run)) == ("BIC" in line)
    assert abs(sizes[1] / sizes[0] - 1) > 0.02


def test_each_assumption_is_listed_once(demo_run: StudyRun) -> None:
    part = text_of(demo_run).split("## What all this rests on")[1].split("## Do it again")[0]
    assert part.lower().count("no hidden common cause") == 1
    assert part.lower().count("linear") == 1


def test_no_report_speaks_of_the_library_or_with_a_leading_zero(demo_run: StudyRun) -> None:
    text = re.sub(r"`[^`]*`|\(SHA.*?\)", "", text_of(demo_run))
    assert "see limits" not in text.replace("`", "")
    assert "`limits`" not in text_of(demo_run)
    assert re.findall(r"(?<![\w.=])0\.\d", text.split("## Do it again")[0]) == []
    assert re.findall(r"[(\s]-\.?\d", text.split("## Do it again")[0]) == []


def test_numbers_are_rounded_but_names_are_kept() -> None:
    assert (
        journal("ends at 0.0319171, -0.104 above; calm=0.5; 4.3 times; R2.")
        == "ends at .03, −.10 above; calm=0.5; 4.3 times; R2."
    )
    assert journal("-0.001 and +0.06") == ".00 and +.06"


def test_a_plan_is_judged_by_the_other_half_of_the_units(demo_run: StudyRun, small: StudyRun) -> None:
    for run in (demo_run, small):
        text = text_of(run)
        for planned in run.results.plans:
            plan = planned.plan
            assert np.isfinite(plan.chance_cross_fitted)
            halved = "units" if planned.units else "clusters"
            assert (
                f"Chosen on one half of the {halved}, judged by the other: predicted error "
                f"{number(plan.predicted_error)}, achieved {number(plan.achieved_error)}" in text
            )
            assert f"{plan.chance:.0%} {CHANCES[plan.chance_of]}" in text
            assert OUTCOMES[plan.status] in text
    assert set(OUTCOMES) == set(Status)


def test_a_combination_with_few_rows_points_to_its_finding(demo_run: StudyRun) -> None:
    answers = demo_run.results.answers
    rare, common = sorted({cell for cell in answers.matrix.cells if len(cell) == 2})[:2]
    kept = np.ones(len(answers.matrix), dtype=bool)
    kept[[k for k, cell in enumerate(answers.matrix.cells) if cell == rare][4:]] = False
    fewer = answers.rows(kept)
    results = replace(demo_run.results, answers=fewer, findings=tuple(check(fewer.matrix)))
    assert f"Only 4 rows have {rare[0]} and {rare[1]}" in few_rows(dict.fromkeys(rare, 1.0), results)[0]
    assert few_rows({rare[0]: 1.0}, results) == []
    assert few_rows(dict.fromkeys(common, 1.0), results) == []
    assert few_rows(dict.fromkeys(rare, 1.0), replace(results, findings=())) == []


def test_the_held_out_test_is_told_by_all_splits_with_their_range(demo_run: StudyRun) -> None:
    splits = pd.read_csv(demo_run.folder / "tables" / "held_out_test.csv")
    assert len(splits) == 11
    said = dict(first_lines(demo_run.results).items)["Does it hold on other rows?"]
    p = splits["correlation_p"]
    joined = min(2 * p.median(), 1.0)
    assert p.min() < 0.01  # a single split says what it likes
    assert p.max() > 0.1
    assert f"{'better' if joined <= 0.05 else 'no better'} than its strongest correlations" in said
    least = "< .001" if p.min() < 0.001 else f"{p.min():.3f}".removeprefix("0")
    assert f"p = {number(float(f'{joined:.3g}'))} [{least} to {number(p.max())}]" in said
    assert f"implies {splits['implied'].median():.0f} independences" in said
    assert f"violate {splits['violated'].median():.0f} of them" in said
    assert "11 times" in said


def test_robustness_is_that_of_the_interval_and_its_table_is_said_to_hold_likely_arrows(demo_run: StudyRun) -> None:
    table = pd.read_csv(demo_run.folder / "tables" / "sensitivity_values.csv")
    text, label = text_of(demo_run), demo_run.results.label
    part = text[text.index("## Hidden common causes") : text.index("## Does the graph hold?")]
    header = next(line for line in part.splitlines() if line.startswith("| Cause")).split(" | ")
    place = header.index("Robustness (95% interval)")
    rows = [line.split(" | ") for line in part.splitlines() if line.startswith("| ")]
    shown = {(row[0].removeprefix("| "), row[1]): row[place] for row in rows}
    compared = 0
    for arrow in table.to_dict("records"):
        cell = shown.get((label(arrow["cause"]), label(arrow["effect"])))
        if cell is not None:
            assert cell == number(arrow["robustness_significant"])
            compared += 1
    assert compared > 5
    assert (table["robustness_significant"] < table["robustness"]).all()
    assert "if the arrow is there" in part
    assert table["probability"].min() >= 0.25
    assert "sensitivity_values.csv holds all arrows whose probability is .25 or more, none below" in part


def test_a_check_of_measurement_error_that_could_not_run_stands_in_the_first_lines() -> None:
    why = "measurement error: Only 20 of 20 rows are complete; 60 columns need at least 62."
    checks = SimpleNamespace(measurement=None, skipped=("item stability: no", why))
    said = measurement_line(SimpleNamespace(checks=checks))  # type: ignore[arg-type]
    assert said.startswith("Not checked, so no claim about a direct effect")
    assert "60 columns need at least 62" in said
    assert measurement_line(SimpleNamespace(checks=SimpleNamespace(measurement=None, skipped=()))) == ""  # type: ignore[arg-type]
