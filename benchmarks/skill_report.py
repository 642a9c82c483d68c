"""The skill report on the demo answers, on a smaller set, and on 24 steering features of two larger models.

    python benchmarks/skill_report.py {demo,held_out,smollm2,gemma2b,llama3_8b} ... [--data FOLDER] [--out FOLDER]

- demo: 300 personas under single levers and pairs; a lever, a pair or a persona is left out; the error of the answers
  is taken from random halves of the items.
- held_out: learned from all demo answers, 40 new personas foreseen, half of their pairs new.
- smollm2: the same model on 40 other statements (FOLDER/smollm2_values).
- gemma2b, llama3_8b: answers on training questions foresee those of other personas on test questions
  (FOLDER/value_causal_graph_llm). A feature names no value, so its own value is the one that it moves most on training
  questions, and what it does to that value on training questions is told. The factor-plus-graph model is learned once,
  from the personas without feature on training questions (18 columns are too slow for every fold); sparse levers are
  left out, since 17 values and 24 features are too many for exact sums.

Printed are the table, the differences to the best simple predictor, the ceiling and the sentences; with --out the same
as CSV, and the two pictures.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

import causalvalues as cv
from causalvalues.figures.skill_calibration import calibration_figure
from causalvalues.figures.skill_dots import skill_figure
from causalvalues.formats.paint import png_bytes
from causalvalues.prediction import Mechanism, PairedRows, paired_rows
from causalvalues.reports.skill_blocks import skill_files
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.responses.options import ReadOptions
from causalvalues.skill.contenders import Contender, baselines
from causalvalues.skill.factor_structure import FactorGraphPredictor, theory_groups
from causalvalues.skill.given_effects import GivenEffects
from causalvalues.skill.noise_sources import item_noise
from causalvalues.skill.question_agreement import question_agreement
from causalvalues.skill.report import SkillReport, SkillSettings, skill_report
from causalvalues.skill.rescaled import Rescaled
from causalvalues.skill.single_effects import most_moved
from causalvalues.skill.structures import StructuralPredictor

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SETS = ("demo", "held_out", "smollm2", "gemma2b", "llama3_8b")
SHOWN = ["kind", "micro_r2", "macro_r2", "mae", "rank", "row_rank", "coverage", "interval_score", "effects_r2"]


def schwartz(matrix: ResponseMatrix) -> dict[str, tuple[str, ...]]:
    return theory_groups(cv.theory("schwartz-10"), matrix.names)


def demo() -> SkillReport:
    items, key = cv.demo_responses("answers"), cv.scoring_key("smollm2-demo")
    matrix = cv.score(items, key)
    return skill_report(matrix, 0, SkillSettings(groups=schwartz(matrix), noise=item_noise(items, key)))


def held_out() -> SkillReport:
    key = cv.scoring_key("smollm2-demo")
    items = cv.demo_responses("held_out")
    learned, new = cv.score(cv.demo_responses("answers"), key), cv.score(items, key)
    asked = SkillSettings(groups=schwartz(learned), noise=item_noise(items, key), splits=())
    return skill_report(learned, 0, asked, test=new)


def smollm2(folder: Path) -> SkillReport:
    options = ReadOptions(layout="wide", cluster_by="persona_id", measures="salience")
    items = cv.read_responses(folder / "smollm2_values" / "responses.csv.gz", options)
    dimensions = sorted({name.rsplit("_", 1)[0] for name in items.names})
    of = {each: [j for j, name in enumerate(items.names) if name.rsplit("_", 1)[0] == each] for each in dimensions}
    scores = np.column_stack([items.scores[:, of[each]].mean(axis=1) for each in dimensions])
    matrix = replace(items, names=tuple(dimensions), scores=scores, status=None)
    return skill_report(matrix, 0, SkillSettings(groups=schwartz(matrix)))


def steered(folder: Path, model: str, part: str) -> PairedRows:
    table = pd.read_csv(folder / "value_causal_graph_llm" / f"{model}_17dims_{part}_steer25.csv.gz")
    values = [name for name in table if ":" not in name and name not in ("steer_dim", "player_name", "stds", "scstds")]
    feature = table["steer_dim"].fillna(-1).astype(int)
    features = sorted(set(feature) - {-1})
    matrix = ResponseMatrix(
        names=tuple(values),
        scores=table[values].to_numpy(dtype=float),
        unit_ids=tuple(str(i) for i in range(len(table))),
        labels={"player": tuple(table["player_name"].fillna("no persona"))},
        cluster_by="player",
        levers=tuple(f"feature {each}" for each in features),
        doses=np.column_stack([(feature == each).astype(float) for each in features]),
    )
    return paired_rows(matrix)


def features(folder: Path, model: str) -> SkillReport:
    train, test = (steered(folder, model, part) for part in ("train", "test"))
    agreement = question_agreement(train, test)
    print(f"{model}: {agreement}")
    own = most_moved(train)
    starts = replace(train, reached=np.full(train.reached.shape, np.nan))
    factor = FactorGraphPredictor(most_columns=18, starts=1, draws=20)
    structures = (
        StructuralPredictor(own=own),
        GivenEffects(*factor.effects(starts, 0), own, "factor plus graph"),
    )
    contenders = (
        *baselines(own),
        Contender(Mechanism(interactions=False, moderated=False), "mechanism"),
        *(Contender(each, "graph") for each in structures),
        *(Contender(Rescaled(each), "graph") for each in structures),
    )
    asked = SkillSettings(contenders, own=own, splits=("lever",), noise=agreement.noise)
    return skill_report(train, 0, asked, test=test)


def show(name: str, found: SkillReport, out: Path | None) -> None:
    apart = ["micro_r2", "micro_r2_lower", "micro_r2_upper", "effects_r2", "effects_r2_lower", "effects_r2_upper"]
    with pd.option_context("display.width", 220, "display.max_columns", 30):
        print(found.table[SHOWN].round(3).to_string())
        print(found.differences[apart].round(3).to_string())
        print(found.ceiling.round(3).to_string())
    print(*found.verdict, *found.notes, sep="\n")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for file, text in skill_files(found).items():
            (out / f"{name}_{file}").write_text(text, encoding="utf-8")
        (out / f"{name}_skill.png").write_bytes(png_bytes(skill_figure(found)))
        (out / f"{name}_effects.png").write_bytes(png_bytes(skill_figure(found, "effects_r2")))
        (out / f"{name}_calibration.png").write_bytes(png_bytes(calibration_figure(found)))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("sets", nargs="+", choices=SETS)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    for name in given.sets:
        clock, processor = time.perf_counter(), time.process_time()
        ways = {"demo": demo, "held_out": held_out, "smollm2": lambda: smollm2(given.data)}
        found = ways[name]() if name in ways else features(given.data, name)
        print(f"{name}: {time.perf_counter() - clock:.0f} s, {time.process_time() - processor:.0f} s of processor time")
        show(name, found, given.out)


if __name__ == "__main__":
    main()
