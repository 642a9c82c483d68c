"""Are neurons that speak for a pole found, few others with them, and do their levers move towards that pole?"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from causalvalues.elicitation.local_model import LocalModel
from causalvalues.errors import CausalValuesError, SteeringError
from causalvalues.steering.acts import SteeringLever
from causalvalues.steering.capturing import capture
from causalvalues.steering.contrast_pairs import contrast_poles
from causalvalues.steering.many_tests import PairedTest, q_values
from causalvalues.steering.neurons import NeuronEffects, find_neurons, neuron_lever
from causalvalues.steering.paired_effects import _halves, held_out_check, paired_effects

PAIRS, LAYERS, NEURONS = 40, 3, 50
# (layer, neuron): what the high pole adds
PLANTED = {(0, 3): 2.0, (1, 7): -2.0, (2, 11): 1.5, (2, 12): -1.5}
# what it is without any pole; the last one is negative and made less so by the high pole
RESTING = {(0, 3): 1.0, (1, 7): -1.0, (2, 11): 1.0, (2, 12): 3.0}


def world(seed: int = 0, planted: bool = True) -> tuple[Any, Any]:
    """Activations of both poles: a part of the context, noise, and what is planted."""
    draws = np.random.default_rng(seed)
    shared = draws.normal(size=(PAIRS, LAYERS, NEURONS)) * 3
    ends = [shared + draws.normal(size=shared.shape) for _ in range(2)]
    for (layer, neuron), push in PLANTED.items() if planted else ():
        for end, sign in zip(ends, (0.5, -0.5), strict=True):
            end[:, layer, neuron] += RESTING[layer, neuron] + sign * push - shared[:, layer, neuron]
    return ends[0], ends[1]


@pytest.fixture(scope="module")
def effects() -> NeuronEffects:
    return find_neurons(*world(), poles=("open", "closed"), layers=[4, 5, 9])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_q_values_are_those_of_another_library(p: list[float]) -> None:
    for any_dependence, method in ((False, "bh"), (True, "by")):
        expected = stats.false_discovery_control(p, method=method)
        assert q_values(np.array(p), any_dependence) == pytest.approx(expected, abs=1e-12)


def test_p_values_are_those_of_a_paired_t_test() -> None:
    high, low = world()
    one = paired_effects(high - low)
    assert one.p == pytest.approx(stats.ttest_rel(high, low).pvalue, rel=1e-9, abs=1e-300)
    assert one.effect == pytest.approx((high - low).mean(0) / (high - low).std(0, ddof=1), rel=1e-9)
    assert one.q == pytest.approx(q_values(one.p))


def test_against_other_values_p_values_are_those_of_welch() -> None:
    draws = np.random.default_rng(1)
    own, rest = draws.normal(0.4, 1, (9, 12)), draws.normal(0, 2, (25, 12))
    one = paired_effects(own, others=(rest, [f"c{i}" for i in range(25)]))
    assert one.p == pytest.approx(stats.ttest_ind(own, rest, equal_var=False).pvalue, rel=1e-9)
    assert one.difference == pytest.approx(own.mean(0) - rest.mean(0))


def test_the_largest_t_of_all_flips_is_counted_right() -> None:
    rows = np.random.default_rng(2).normal(0.4, 1, (9, 5))
    t = np.abs(stats.ttest_1samp(rows, 0).statistic)
    flips = (np.array(signs)[:, None] for signs in product((1, -1), repeat=9))
    largest = [np.abs(stats.ttest_1samp(rows * signs, 0).statistic).max() for signs in flips]
    exact = np.mean(np.array(largest)[:, None] >= t - 1e-9, axis=0)
    found = paired_effects(rows, test=PairedTest("max_t", flips=20_000)).q
    assert found == pytest.approx(exact, abs=0.015)


@given(st.permutations(range(12)), st.integers(0, 5))
def test_the_order_of_the_pairs_changes_no_byte(order: list[int], seed: int) -> None:
    rows = np.random.default_rng(3).normal(size=(12, 4))
    names = [f"context {i}" for i in range(12)]
    test = PairedTest(seed=seed)
    one, other = paired_effects(rows, names, test), paired_effects(rows[order], [names[i] for i in order], test)
    for name in ("difference", "p", "q", "half_q", "halves"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name


def test_pairs_of_one_context_count_once() -> None:
    rows = np.random.default_rng(4).normal(size=(8, 3))
    twice = np.concatenate([rows + 1, rows - 1])
    one, other = paired_effects(rows), paired_effects(twice, [*range(8), *range(8)])
    assert other.contexts == 8
    assert other.p == pytest.approx(one.p)


def test_contexts_of_other_values_are_in_the_half_where_the_value_has_them() -> None:
    names = [f"c{i}" for i in range(20)]
    own = np.arange(20.0)[:, None]
    one = paired_effects(own, names, PairedTest(), (own, names))
    assert one.halves == pytest.approx(np.zeros((2, 1)))
    halves = _halves(names, 3, {})
    known = dict(zip(names, halves.tolist(), strict=True))
    both = _halves([*(f"d{i}" for i in range(15)), *names], 3, known)
    assert both[15:].tolist() == halves.tolist()
    assert abs(int(both.sum()) - 18) <= 1


def test_what_is_planted_is_found_and_little_else(effects: NeuronEffects) -> None:
    found = {(int(row), int(column)) for row, column in np.argwhere(effects.paired.found)}
    assert set(PLANTED) <= found
    assert len(found) <= len(PLANTED) + 2
    assert all(effects.paired.agrees[place] for place in PLANTED)
    check = held_out_check(effects.paired)
    assert check.found >= len(PLANTED)
    assert check.agreeing > 0.8
    assert check.held_effect > 0
    assert 0.35 < check.all_agreeing < 0.65


@pytest.mark.parametrize("control", ["bh", "by", "max_t"])
def test_where_nothing_is_planted_nothing_is_found_more_often_than_the_level_allows(control: Any) -> None:
    test = PairedTest(control, level=0.1, flips=200)
    worlds = [world(seed, planted=False) for seed in range(40)]
    hits = sum(find_neurons(*ends, test=test).paired.found.any() for ends in worlds)
    assert hits <= 10  # 4 expected; more than 10 has chance .001


def test_units_found_by_luck_agree_with_the_other_half_as_often_as_not() -> None:
    rows = np.random.default_rng(5).normal(size=(30, 4000))
    effects = paired_effects(rows, test=PairedTest(level=0.999))
    check = held_out_check(effects)
    assert check.found > 200
    assert check.agreeing == pytest.approx(0.5, abs=0.1)
    assert abs(check.held_effect) < 0.05 < check.effect


def test_dependence_costs_more_than_independence() -> None:
    differences = np.subtract(*world())
    bh, by = (paired_effects(differences, test=PairedTest(control)).q for control in ("bh", "by"))
    assert (by >= bh).all()
    assert (by > bh).any()


def test_exchanging_the_poles_turns_the_signs_round(effects: NeuronEffects) -> None:
    turned = find_neurons(*world()[::-1], poles=("closed", "open"), layers=[4, 5, 9])
    assert turned.paired.difference == pytest.approx(-effects.paired.difference)
    assert (turned.speak_for("open") == effects.speak_for("open")).all()


def test_means_and_shares_are_those_of_the_sentences(effects: NeuronEffects) -> None:
    high, low = world()
    assert effects.means == pytest.approx(np.stack([high.mean(0), low.mean(0)]))
    assert effects.active[1] == pytest.approx((low > 0).mean(0))


def test_a_neuron_that_amplifying_moves_away_from_a_pole_does_not_speak_for_it(effects: NeuronEffects) -> None:
    # (1, 7) is at -2 in the high pole and 0 in the low one: amplified it moves on to the high pole
    assert effects.speak_for("open")[[0, 1, 2], [3, 7, 11]].all()
    # (2, 12) is at 2.25 in the high pole and 3.75 in the low one: amplified it moves towards the low pole
    assert not effects.speak_for("open")[2, 12]
    assert effects.speak_for("closed")[2, 12]


@pytest.mark.parametrize("pole", ["open", "closed"])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 3.0])
def test_a_lever_moves_activations_towards_its_pole_when_it_amplifies_and_away_when_it_damps(
    effects: NeuronEffects, pole: str, gamma: float
) -> None:
    lever = neuron_lever("n", effects, pole, gamma=gamma)
    place = ("open", "closed").index(pole)
    for act in lever.acts:
        states = world()[place][:, effects.layers.index(act.layer)]
        moved = (states * (1 + act.coefficient * act.direction) - states).mean(0)
        toward = np.sign(effects.paired.difference[effects.layers.index(act.layer)]) * (1 if place == 0 else -1)
        chosen = act.direction > 0
        assert (np.sign((moved * toward)[chosen]) == np.sign(gamma - 1)).all()
        assert (moved[~chosen] == 0).all()


def test_a_lever_takes_the_strongest_neurons_only_and_says_so(effects: NeuronEffects) -> None:
    lever = neuron_lever("neur_open", effects, "open", most=2, gamma=8)
    size = np.where(effects.speak_for("open"), np.abs(effects.paired.effect), 0)
    best = {tuple(map(int, np.unravel_index(i, size.shape))) for i in np.argsort(-size, axis=None)[:2]}
    taken = {(effects.layers.index(act.layer), int(j)) for act in lever.acts for j in np.flatnonzero(act.direction)}
    assert taken == best
    assert {act.action for act in lever.acts} == {"scale"}
    assert {act.coefficient for act in lever.acts} == {7.0}
    assert (lever.value, lever.method) == ("open", "neurons")
    assert lever.description == "multiplies 2 neurons for open by 8.0"
    assert isinstance(lever, SteeringLever)


def test_ablating_multiplies_by_zero(effects: NeuronEffects) -> None:
    act = neuron_lever("n", effects, "open", gamma=0).acts[0]
    states = np.ones(NEURONS)
    assert set((states * (1 + act.coefficient * act.direction)).tolist()) == {0.0, 1.0}


def test_equal_differences_are_endless_effects_and_no_difference_is_none() -> None:
    one = paired_effects(np.tile([0.1, 0.0, -0.1], (7, 1)))
    assert one.effect.tolist() == [np.inf, 0.0, -np.inf]
    assert one.p.tolist() == [0.0, 1.0, 0.0]


def test_with_few_contexts_the_halves_are_not_compared() -> None:
    one = paired_effects(np.random.default_rng(6).normal(5, 1, (5, 4)))
    assert np.isnan(one.halves).all()
    assert held_out_check(one).found == 0
    effects = find_neurons(*(np.random.default_rng(7).normal(mean, 0.1, (4, 1, 3)) for mean in (5, 1)))
    assert effects.speak_for("high").all()


def test_a_value_can_be_compared_with_its_absence() -> None:
    effects = find_neurons(*world(), poles=("power", ""))
    assert effects.speak_for("power").any()
    with pytest.raises(SteeringError, match="compared for power"):
        effects.speak_for("")


BAD = [
    (lambda h, w: find_neurons(h[:2], w[:2]), "2 contexts, too few"),
    (lambda h, w: find_neurons(h[:0], w[:0]), "shape"),
    (lambda h, w: find_neurons(h, w[:-1]), "Row i of both is one pair"),
    (lambda h, w: find_neurons(h[:, 0], w[:, 0]), r"Give \(pairs, layers, neurons\)"),
    (lambda h, w: find_neurons(h, w.astype(str) + "x"), "no array of numbers"),
    (lambda h, w: find_neurons(np.where(np.arange(40)[:, None, None] == 6, np.nan, h), w), "not finite in pair 7"),
    (lambda h, w: find_neurons(h, w, ("a", "a")), "two different names"),
    (lambda h, w: find_neurons(h, w, layers=[1, 2]), "3 layers of activations"),
    (lambda h, w: find_neurons(h, w, layers=[1, 1, 2]), "3 layers of activations"),
    (lambda h, w: find_neurons(h, w, contexts=["a"]), "40 pairs and 1 contexts"),
    (lambda h, w: paired_effects(h - w, others=((h - w)[:, :2], None)), "units"),
    (lambda h, w: paired_effects(h - w, test=PairedTest("max_t"), others=(h - w, None)), "max_t"),
    (lambda h, w: paired_effects((h - w)[:, 0, 0]), "with units"),
]


@pytest.mark.parametrize(("bad", "message"), BAD)
def test_bad_input_is_refused_by_name(bad: Any, message: str) -> None:
    with pytest.raises(CausalValuesError, match=message):
        bad(*world())


def test_settings_that_do_not_exist_are_refused() -> None:
    for keywords, message in (
        ({"control": "bonferroni"}, "does not exist"),
        ({"level": 1.5}, "between 0 and 1"),
        ({"flips": 0}, "flips"),
        ({"seed": -1}, "seed"),
    ):
        with pytest.raises(CausalValuesError, match=message):
            PairedTest(**keywords)  # type: ignore[arg-type]


def test_levers_that_cannot_be_are_refused(effects: NeuronEffects) -> None:
    for keywords, message in (
        ({"value": "opn"}, "Did you mean 'open'"),
        ({"value": "open", "most": 0}, "`most` is 0"),
        ({"value": "open", "most": True}, "`most` is True"),
        ({"value": "open", "gamma": 1.0}, "would change nothing"),
        ({"value": "open", "gamma": -2.0}, "factor of 0"),
        ({"value": "open", "gamma": float("nan")}, "factor of 0"),
    ):
        with pytest.raises(SteeringError, match=message):
            neuron_lever("n", effects, **keywords)  # type: ignore[arg-type]
    nothing = find_neurons(*world(planted=False), test=PairedTest("max_t", level=1e-3))
    with pytest.raises(SteeringError, match="No neuron speaks for 'high' at a level of"):
        neuron_lever("n", nothing, "high")


@pytest.mark.local
def test_neurons_of_a_real_model_hold_on_the_other_half() -> None:
    model = LocalModel(device="cpu")
    poles = contrast_poles("schwartz-10")[0]
    ends = [[getattr(pair, f"{end}_sentence") for pair in poles.pairs] for end in ("high", "low")]
    contexts = [pair.context for pair in poles.pairs]
    layers = [16]
    high, low = (capture(model, texts, layers, site="neurons", starts=contexts) for texts in ends)
    effects = find_neurons(high, low, (poles.high, poles.low), layers, contexts=contexts)
    check = held_out_check(effects.paired)
    assert effects.paired.found.sum() > 5
    assert check.all_agreeing > 0.55
    assert check.held_effect < check.effect
    lever = neuron_lever("neur", effects, poles.high, most=20)
    assert {len(act.direction) for act in lever.acts} == {1536}
    model.close()
