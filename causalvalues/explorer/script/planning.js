// Plans: every admissible choice of levers, ranked by its expected error over all draws. Pure functions, no page.

import { meansOf, predicted, totalsOfColumn, totalsOfValue } from "./algebra.js";

const NOTHING = { held: new Map(), pushed: new Map(), doses: new Map() };

/** Return what is needed to rank choices: effects of every term that some choice uses, computed when first needed. */
export function plannerOf(model, plans) {
  const held = new Map();
  const effects = (kind, place) => {
    const key = `${kind} ${place}`;
    if (!held.has(key)) {
      const draws = kind === 0 ? totalsOfValue(model, place) : totalsOfColumn(model, place);
      held.set(key, { draws, mean: meansOf(model, draws) });
    }
    return held.get(key);
  };
  const offered = new Set(plans.options.filter(([kind]) => kind === 1).map(([, place]) => place));
  const cells = model.combinations
    .map((cell, c) => ({ cell, column: model.k + c }))
    .filter(({ cell }) => cell.every((lever) => offered.has(lever)));
  return { model, plans, effects, cells, population: null };
}

/** Return the terms of a choice with their doses: options, and tried combinations whose levers are all used. */
function termsOf(planner, choice) {
  const doses = new Map();
  const terms = choice.map((number) => {
    const [kind, place, dose] = planner.plans.options[number];
    if (kind === 1) doses.set(place, dose);
    return { effect: planner.effects(kind, place), dose };
  });
  if (doses.size > 1) {
    for (const { cell, column } of planner.cells) {
      if (cell.length > 1 && cell.every((lever) => doses.has(lever))) {
        const dose = cell.reduce((found, lever) => found * doses.get(lever), 1);
        terms.push({ effect: planner.effects(1, column), dose });
      }
    }
  }
  return terms;
}

/** Return the profile (s, p) without levers: the population's of each draw, or one that is given. */
function baseOf(planner, start) {
  const { model } = planner;
  if (start !== null) {
    const base = new Float64Array(model.s * model.p);
    for (let d = 0; d < model.s; d += 1) base.set(start, d * model.p);
    return base;
  }
  planner.population ??= predicted(model, NOTHING);
  return planner.population;
}

/** Return the profile (s, p) that a choice leads to. */
export function reachedBy(planner, choice, start) {
  const found = Float64Array.from(baseOf(planner, start));
  for (const { effect, dose } of termsOf(planner, choice)) {
    for (let at = 0; at < found.length; at += 1) found[at] += dose * effect.draws[at];
  }
  return found;
}

/** Return the expected weighted sum of absolute errors of reached profiles (s, p). */
function expectedError({ s, p, weights }, reached, goal) {
  let sum = 0;
  for (let d = 0; d < s; d += 1) {
    let error = 0;
    for (const j of goal.named) error += goal.weights[j] * Math.abs(goal.wanted[j] - reached[d * p + j]);
    sum += (weights === null ? 1 / s : weights[d]) * error;
  }
  return sum;
}

/** Return the share of the draws in which the average ends within the tolerance of every wanted score. */
function chanceOf({ s, p, weights }, reached, goal) {
  let share = 0;
  for (let d = 0; d < s; d += 1) {
    const hit = goal.named.every((j) => Math.abs(goal.wanted[j] - reached[d * p + j]) <= goal.tolerance + 1e-9);
    if (hit) share += weights === null ? 1 / s : weights[d];
  }
  return Math.min(share, 1);
}

/** Return the bound below the expected error of each choice: the error of its mean (Jensen's inequality). */
function boundsOf(planner, goal, mean) {
  return planner.plans.choices.map((choice) => {
    const ends = Float64Array.from(mean);
    for (const { effect, dose } of termsOf(planner, choice)) {
      for (const j of goal.named) ends[j] += dose * effect.mean[j];
    }
    return goal.named.reduce((sum, j) => sum + goal.weights[j] * Math.abs(goal.wanted[j] - ends[j]), 0);
  });
}

/** Read a goal: wanted scores (null where free), weights, tolerance. */
export function goalOf(wanted, weights, tolerance) {
  const named = [];
  wanted.forEach((score, j) => {
    if (score !== null && Number.isFinite(score)) named.push(j);
  });
  return { wanted, named, tolerance, weights: wanted.map((_, j) => weights[j] ?? 1) };
}

/**
 * Return the best choices, best first: { choice, error, chance, mean, cost }. No choice that is left out is better: those
 * that were not scored have a bound above the last that is returned. Ties go to fewer levers, then to lower cost.
 */
export function bestPlans(planner, goal, start, most = 10) {
  const { model, plans } = planner;
  if (goal.named.length === 0) return [];
  const bounds = boundsOf(planner, goal, meansOf(model, baseOf(planner, start)));
  const order = Array.from(bounds.keys()).sort((a, b) => bounds[a] - bounds[b]);
  let best = [];
  const better = (a, b) => {
    if (Math.abs(a.error - b.error) > 1e-8) return a.error - b.error;
    return a.choice.length - b.choice.length || a.cost - b.cost || a.row - b.row;
  };
  for (const row of order) {
    if (best.length >= most && bounds[row] > best[best.length - 1].error + 1e-8) break;
    const choice = plans.choices[row];
    const reached = reachedBy(planner, choice, start);
    best.push({ row, choice, error: expectedError(model, reached, goal), cost: plans.costs[row] });
    best = best.sort(better).slice(0, most);
  }
  return best.map((plan) => {
    const reached = reachedBy(planner, plan.choice, start);
    return { ...plan, chance: chanceOf(model, reached, goal), mean: Array.from(meansOf(model, reached)) };
  });
}
