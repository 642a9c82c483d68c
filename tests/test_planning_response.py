"""Are plans by a response to levers optimal, though effects and what a unit keeps depend on the total dose?"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
import pytest

from causalvalues.errors import PlanError
from causalvalues.interventions import Lever
from causalvalues.planning import (
    AbsoluteError,
    CVaR,
    Enumerate,
    Expectation,
    MixedInteger,
    SquaredError,
    Status,
    Target,
    WorstDimension,
    pareto,
    plan,
)
from causalvalues.planning.mechanisms import known_of
from causalvalues.prediction.lever_response import LeverResponse
from causalvalues.prediction.mechanism import Mechanism
from causalvalues.prediction.paired_rows import PairedRows

W = 0.6


@dataclass(frozen=True)
class Line:
    base: np.ndarray
    effects: np.ndarray
    pairs: tuple[tuple[int, int], ...]
    pair_effects: np.ndarray


@dataclass(frozen=True, eq=False)
class Response:
    """profile = mean + s(n) sum d a + sum d d' g + K(n)(start - mean); K(n) = I - phi (I - K1), phi = n s(n)."""

    values: tuple[str, ...]
    levers: tuple[str, ...]
    weights: np.ndarray
    a: np.ndarray
    g: np.ndarray
    kept: np.ndarray
    pull: np.ndarray
    mean: np.ndarray
    noise: np.ndarray
    tried: frozenset[frozenset[str]]
    pairs: tuple[tuple[int, int], ...]

    @property
    def spread(self) -> np.ndarray:
        return np.zeros(len(self.values))

    def answer_covariance(self, doses: np.ndarray) -> np.ndarray:
        return self.noise

    def affine(self, start: np.ndarray, strength: float) -> Line:
        s = (1 + W) / (1 + W * strength)
        phi = strength * s
        away = start - self.mean
        held = np.stack([away @ (np.eye(len(away)) - phi * (np.eye(len(away)) - k)) for k in self.kept])
        return Line(self.mean + held + phi * self.pull, s * self.a, self.pairs, self.g)

    def profile(self, start: np.ndarray, doses: np.ndarray) -> np.ndarray:
        """The same, draw by draw and value by value."""
        n = float(np.abs(doses).sum())
        s = (1 + W) / (1 + W * n)
        found = np.zeros((len(self.weights), len(start)))
        for d in range(len(self.weights)):
            for i in range(len(start)):
                x = self.mean[i] + n * s * self.pull[d, i]
                for j in range(len(start)):
                    keep = (i == j) - n * s * ((i == j) - self.kept[d, j, i])
                    x += keep * (start[j] - self.mean[j])
                x += sum(s * doses[lever] * self.a[d, lever, i] for lever in range(len(doses)))
                x += sum(doses[j] * doses[m] * self.g[d, c, i] for c, (j, m) in enumerate(self.pairs))
                found[d, i] = x
        return found


def response(seed: int, draws: int = 8, values: int = 3, levers: int = 4) -> Response:
    rng = np.random.default_rng([93, seed])
    pairs = tuple(itertools.combinations(range(levers), 2))[::2]
    names = tuple(rng.permutation([f"x{i}" for i in range(levers)]).tolist())
    return Response(
        values=tuple(rng.permutation([f"v{i}" for i in range(values)]).tolist()),
        levers=names,
        weights=np.full(draws, 1 / draws),
        a=rng.normal(size=(levers, values)) * 0.7 + rng.normal(size=(draws, levers, values)) * 0.2,
        g=rng.normal(size=(draws, len(pairs), values)) * 0.2,
        kept=np.eye(values) * 0.6 + rng.normal(size=(draws, values, values)) * 0.1,
        pull=rng.normal(size=(draws, values)) * 0.2,
        mean=rng.normal(size=values),
        noise=np.diag(rng.random(values) * 0.1),
        tried=frozenset(frozenset((names[i], names[j])) for i, j in pairs),
        pairs=pairs,
    )


def question(seed: int) -> tuple[Response, dict[str, float], Target, list[Lever]]:
    rng, model = np.random.default_rng([94, seed]), response(seed)
    start = {name: float(rng.normal()) for name in model.values}
    target = Target({name: float(rng.normal()) for name in model.values}, 0.4)
    return model, start, target, [Lever(node, (1.0, 0.5, -1.0)[: 1 + i % 3]) for i, node in enumerate(model.levers)]


def certain(model: Response) -> Response:
    """The same in every draw."""
    same = {
        name: np.broadcast_to(getattr(model, name)[:1], getattr(model, name).shape)
        for name in ("a", "g", "kept", "pull")
    }
    return replace(model, **same)


def brute_force(model: Response, start: dict[str, float], target: Target, levers: list[Lever], most: int) -> list:
    begin = np.array([start[name] for name in model.values])
    wanted = np.array([target.profile[name] for name in model.values])
    found = []
    for doses in itertools.product(*[(0.0, *lever.doses) for lever in levers]):
        if np.count_nonzero(doses) <= most:
            reached = model.profile(begin, np.array(doses))
            on = {lever.node: dose for lever, dose in zip(levers, doses, strict=True) if dose}
            found.append((float(model.weights @ np.abs(reached - wanted).sum(axis=1)), on, reached))
    return sorted(found, key=lambda item: item[0])


@pytest.mark.parametrize("method", [Enumerate(), MixedInteger()])
def test_the_best_of_all_total_doses_wins_with_proof(method: Enumerate | MixedInteger) -> None:
    sizes = set()
    for seed in range(6 if isinstance(method, MixedInteger) else 25):
        model, start, target, levers = question(seed)
        found = plan(model, start, target, levers, replace(method, untried=True, alternatives=3))
        every = brute_force(model, start, target, levers, 3)
        assert found.objective == pytest.approx(every[0][0], abs=1e-9)
        assert dict(found.doses) == every[0][1]
        assert every[0][0] - 1e-4 <= found.lower_bound <= every[0][0] + 1e-9
        if found.status is not Status.TRADE_OFF:
            assert list(found.alternatives["objective"]) == pytest.approx([e for e, _, _ in every[1:4]], abs=1e-9)
        mean = every[0][2].mean(axis=0)
        assert found.predicted.loc[list(model.values), "mean"].tolist() == pytest.approx(mean.tolist())
        sizes.add(sum(abs(dose) for dose in found.doses.values()))
    assert len(sizes) > 2


@pytest.mark.parametrize("objective", [AbsoluteError(), SquaredError(), WorstDimension()])
@pytest.mark.parametrize("risk", [Expectation(), CVaR(0.7)])
def test_programs_and_enumeration_agree_on_other_objectives(objective, risk) -> None:
    model, start, target, levers = question(31)
    rules = {"objective": objective, "risk": risk, "untried": True, "alternatives": 1}
    one, two = (plan(model, start, target, levers, way(**rules)) for way in (Enumerate, MixedInteger))
    assert one.doses == two.doses
    assert one.objective == pytest.approx(two.objective, abs=1e-9)


def test_doing_nothing_returns_the_start_exactly() -> None:
    model, start, _, levers = question(1)
    for method in (Enumerate(), MixedInteger()):
        found = plan(model, start, Target(start, 0.1), levers, method)
        assert found.doses == {}
        assert found.predicted["mean"].to_dict() == found.predicted["start"].to_dict() == start
        assert found.predicted["lower"].to_dict() == found.predicted["upper"].to_dict() == start
        assert (found.chance, found.objective, found.side_effects.empty) == (1.0, 0.0, True)


def test_only_sets_that_were_tried_are_used_unless_asked_and_others_are_marked() -> None:
    model, start, _, levers = question(2)
    model = certain(model)
    levers = [replace(lever, doses=(1.0,)) for lever in levers]
    doses = np.array([1.0, 0.0, 1.0, 0.0])
    assert frozenset((model.levers[0], model.levers[2])) not in model.tried
    begin = np.array([start[name] for name in model.values])
    goal = dict(zip(model.values, model.profile(begin, doses).mean(axis=0).tolist(), strict=True))
    free = plan(model, start, Target(goal), levers, Enumerate(untried=True))
    tame = plan(model, start, Target(goal), levers)
    assert set(free.doses) == {model.levers[0], model.levers[2]}
    assert set(free.ledger["basis"]) == {"extrapolated"}
    assert len(tame.doses) < 2 or frozenset(tame.doses) in model.tried
    assert set(tame.ledger["basis"]) <= {"by design"}
    assert tame.objective >= free.objective


def test_intervals_are_those_of_the_draws_and_the_noise_of_an_answer() -> None:
    model, start, _, levers = question(3)
    model = replace(certain(model), a=model.a, noise=np.eye(3) * 0.25)
    begin = np.array([start[name] for name in model.values])
    doses = np.array([1.0, 0.0, 0.0, 0.0])
    reached = model.profile(begin, doses)
    goal = dict(zip(model.values, reached.mean(axis=0).tolist(), strict=True))
    found = plan(model, start, Target(goal), levers[:1], Enumerate(max_levers=1))
    assert found.doses == {model.levers[0]: 1.0}
    noisy = reached[:, None] + np.random.default_rng(1).normal(size=(8, 20000, 3)) * 0.5
    for i, name in enumerate(model.values):
        low, high = np.quantile(noisy[..., i], [0.05, 0.95])
        assert found.predicted.loc[name, ["lower", "upper"]].tolist() == pytest.approx([low, high], abs=0.06)
    assert found.chance_of == "a unit"
    assert found.ledger["basis"].tolist() == ["by design"]
    assert "the noise of an answer, as the response holds them" in found.notes[0]


def test_the_order_of_values_and_levers_changes_nothing() -> None:
    model, start, target, levers = question(4)
    first = plan(model, start, target, levers, Enumerate(untried=True))
    v, k = [2, 0, 1], [3, 1, 0, 2]
    back = {old: new for new, old in enumerate(k)}
    other = replace(
        model,
        values=tuple(model.values[i] for i in v),
        levers=tuple(model.levers[i] for i in k),
        a=model.a[:, k][:, :, v],
        g=model.g[:, :, v],
        kept=model.kept[:, v][:, :, v],
        pull=model.pull[:, v],
        mean=model.mean[v],
        noise=model.noise[v][:, v],
        pairs=tuple((back[i], back[j]) for i, j in model.pairs),
    )
    again = plan(other, start, target, levers[::-1], Enumerate(untried=True))
    assert again.doses == first.doses
    assert again.objective == pytest.approx(first.objective, abs=1e-12)
    assert again.chance == first.chance


def test_levers_that_this_model_cannot_speak_of_are_refused() -> None:
    model, start, target, _ = question(5)
    with pytest.raises(PlanError, match=r"'v0' is a value.*holds no arrows between values"):
        plan(model, start, target, [Lever("v0")])
    with pytest.raises(PlanError, match=r"continuous dose.*depend on the total dose.*List doses"):
        plan(model, start, target, [Lever("x0", interval=(0, 1))], MixedInteger())
    with pytest.raises(PlanError, match=r"no node 'y0'.*never seen in the data needs a stated effect"):
        plan(model, start, target, [Lever("y0")])


def test_a_stated_effect_is_what_the_lever_alone_adds_to_the_mean_unit() -> None:
    model, _, _, levers = question(6)
    start = dict(zip(model.values, model.mean.tolist(), strict=True))
    stated = Lever("new", prior={"v0": (0.9, 0.0), "v1": (-0.4, 0.2)})
    goal = {**start, "v0": start["v0"] + 0.9, "v1": start["v1"] - 0.4}
    found = plan(model, start, Target(goal), [*levers, stated], Enumerate(max_levers=1))
    assert found.doses == {"new": 1.0}
    assert found.predicted["mean"].to_dict() == pytest.approx(goal)
    assert found.ledger["basis"].tolist() == ["by prior only"]
    assert "never seen in the data: dose 1 adds v0 +0.9 (sd 0), v1 -0.4 (sd 0.2)" in found.ledger["rests_on"][0]


def test_pareto_front_by_a_response_is_that_of_the_brute_force() -> None:
    model, start, target, levers = question(7)
    target = Target({name: target.profile[name] for name in ("v0", "v1")})
    levers = [replace(lever, cost=0.5 + i) for i, lever in enumerate(levers)]
    front = pareto(model, start, target, levers, Enumerate(untried=True, max_levers=2)).table
    begin = np.array([start[name] for name in model.values])
    aimed = [model.values.index(name) for name in ("v0", "v1")]
    free = model.values.index("v2")
    points = []
    for doses in itertools.product(*[(0.0, *lever.doses) for lever in levers]):
        if np.count_nonzero(doses) <= 2:
            reached = model.profile(begin, np.array(doses))
            error = np.abs(reached[:, aimed] - [target.profile["v0"], target.profile["v1"]]).sum(axis=1).mean()
            cost = sum(lever.cost * abs(dose) for lever, dose in zip(levers, doses, strict=True))
            points.append((error, cost, np.abs(reached[:, free] - begin[free]).mean()))
    best = [p for p in points if not any(all(a <= b for a, b in zip(q, p, strict=True)) and q != p for q in points)]
    found = front[["objective", "cost", "side_effects"]].to_numpy()
    np.testing.assert_allclose(found, np.array(sorted(best)), atol=1e-9)


def fitted(seed: int) -> tuple[LeverResponse, PairedRows]:
    rng = np.random.default_rng(seed)
    values, levers = ("a", "b", "c"), ("x", "y", "z")
    units = [f"u{i:02d}" for i in range(30)]
    begin = {unit: rng.normal(size=3) for unit in units}
    effects = np.array([[1.0, 0.2, 0.0], [0.0, 0.8, -0.3], [0.1, 0.0, 0.9]])
    rows = [(unit, doses) for unit in units for doses in [*np.eye(3).tolist(), [1, 1, 0], [0, 1, 1]]]
    doses = np.array([each for _, each in rows], dtype=float)
    start = np.array([begin[unit] for unit, _ in rows])
    s = 1.5 / (0.5 + doses.sum(axis=1))[:, None] * 1.0
    reached = 0.7 * start + s * (doses @ effects) + rng.normal(size=start.shape) * 0.1
    paired = PairedRows(values, levers, tuple(unit for unit, _ in rows), start, doses, reached)
    return Mechanism(moderated=False, draws=50).fit(paired, seed), paired


def test_a_fitted_response_is_planned_with_and_predicts_what_the_plan_says() -> None:
    model, rows = fitted(0)
    start = {"a": 0.2, "b": -0.1, "c": 0.3}
    levers = [Lever(lever) for lever in model.levers]
    goal = rows.reached[(rows.cells == np.array("x+y"))].mean(axis=0)
    found = plan(model, start, Target(dict(zip(model.values, goal.tolist(), strict=True)), 0.5), levers)
    assert set(found.doses) == {"x", "y"}
    doses = np.array([[found.doses.get(lever, 0.0) for lever in model.levers]])
    said = model.predict(np.array([[start[name] for name in model.values]]), doses)
    assert found.predicted["mean"].tolist() == pytest.approx(said.mean[0].tolist(), abs=1e-9)
    assert found.predicted["lower"].tolist() == pytest.approx(said.lower[0].tolist(), abs=0.06)
    assert found.predicted["upper"].tolist() == pytest.approx(said.upper[0].tolist(), abs=0.06)
    assert found.objective == found.lower_bound


def test_a_new_unit_starts_at_the_mean_and_is_less_certain_than_a_known_one() -> None:
    model, _ = fitted(1)
    levers = [Lever(lever) for lever in model.levers]
    mean = dict(zip(model.values, model.mean.tolist(), strict=True))
    target = Target({"a": mean["a"] + 1.0})
    new, known = (plan(model, start, target, levers, Enumerate(max_levers=1)) for start in (None, mean))
    assert new.doses == known.doses == {"x": 1.0}
    assert new.predicted["mean"].tolist() == pytest.approx(known.predicted["mean"].tolist())
    wide = (new.predicted["upper"] - new.predicted["lower"]).to_numpy()
    assert (wide > (known.predicted["upper"] - known.predicted["lower"]).to_numpy() * 1.5).all()
    assert wide == pytest.approx(2 * 1.645 * np.sqrt(0.7**2 * model.terms.spread**2 + 0.1**2), rel=0.15)
    assert new.chance_of == "a new unit"
    assert new.chance < known.chance


def test_halves_of_a_response_judge_each_other() -> None:
    model, rows = fitted(2)
    first = np.array([int(unit[1:]) % 2 == 0 for unit in rows.units])
    halves = tuple(Mechanism(moderated=False, draws=50).fit(rows.on(part), 0) for part in (first, ~first))
    found = plan(model, {"a": 0.0, "b": 0.0, "c": 0.0}, Target({"a": 0.8, "b": 0.8}), [Lever("x"), Lever("y")],
                 Enumerate(halves=halves))  # fmt: skip
    assert 0 <= found.chance_cross_fitted <= 1
    assert found.achieved_error > 0


def test_a_plan_gives_answers_the_noise_that_the_fitted_mechanism_gives_them() -> None:
    random = np.random.default_rng(5)
    starts = np.repeat(random.normal(size=(40, 2)), 3, axis=0)
    doses = np.tile([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], (40, 1))
    effects, noise = np.array([[0.8, 0.1], [-0.2, 0.5]]), random.normal(size=starts.shape) * 0.2
    units = tuple(f"u{i // 3:02d}" for i in range(len(starts)))
    rows = PairedRows(("b", "a"), ("y", "x"), units, starts, doses, 0.7 * starts + doses @ effects + noise)
    fitted = Mechanism(draws=20).fit(rows, 0)
    levers = [Lever("x"), Lever("y")]
    known = known_of(fitted, {"a": 0.1, "b": -0.3}, levers, 0)
    assert known.answer is not None
    for x, y in ((1.0, 0.0), (0.0, 1.0), (1.0, 1.0)):
        theirs = fitted.answer_covariance(np.array([y, x]))[::-1, ::-1]
        np.testing.assert_array_equal(known.answer({"x": x, "y": y}), theirs)
