// What a prediction rests on, in the words of the ledger.

import { change, dosed, number } from "./words.js";

const WEAKEST_FIRST = ["by prior only", "contested", "by graph"];

/** Return the basis of what follows from moving a value: the most frequent one of its paths, the weaker one of a tie. */
export function basisOfValue(app, i) {
  const rows = app.data.values.map((_, j) => app.data.bases.effects[`${i} ${j}`]).filter(Boolean);
  const paths = rows.filter(([, probability]) => probability > 0.5);
  const judged = paths.length ? paths : rows;
  if (judged.length === 0) return { basis: "by graph", blocked: false };
  const counts = WEAKEST_FIRST.map((basis) => judged.filter(([each]) => each === basis).length);
  return {
    basis: WEAKEST_FIRST[counts.indexOf(Math.max(...counts))],
    blocked: rows.some(([, , why]) => why !== ""),
  };
}

/** Return the basis of what a lever does: by design, unless some of its effects pass through the graph. */
export function basisOfLever(app, i) {
  const found = new Set(app.data.values.map((_, j) => app.data.bases.levers[`${i} ${j}`]?.[0] ?? "by design"));
  return found.size === 1 && found.has("by design") ? "by design" : [...found].sort().join(" and ");
}

/** Say how far outside the data a score of a value lies, as the engine's ledger judges it; "" where it does not. */
export function outside({ within }, { centre, spread, observed, low, high }, score) {
  const far = Math.abs(score - centre) / spread;
  if (spread > 0 && far > within) return `${number(far, 1)} standard deviations from the mean of the data`;
  return observed && (score < low || score > high) ? "outside the range of the data" : "";
}

/** Return the values that are predicted to end outside the data: { i, why }. */
export function endsOutside({ data, result }) {
  return data.values.flatMap((value, i) => {
    const why = outside(data, value, result.after[i].mean);
    return why ? [{ i, why }] : [];
  });
}

/** Return for each value and lever in use: { row, how, basis, blocked, why }; `why` is it extrapolated, "" where not. */
export function restsOn(app) {
  const { data, state } = app;
  const found = [];
  for (const [i, dose] of state.doses) {
    const lever = data.levers[i];
    const why = dose < lever.low || dose > lever.high ? "a dose that was not tried" : "";
    found.push({ row: lever, how: ` × ${dosed(dose)}`, basis: basisOfLever(app, i), blocked: false, why });
  }
  for (const [i, score] of state.held) {
    const { basis, blocked } = basisOfValue(app, i);
    found.push({ row: data.values[i], how: ` set to ${number(score)}`, basis, blocked, why: outside(data, data.values[i], score) });
  }
  for (const [i, by] of state.pushed) {
    const { basis, blocked } = basisOfValue(app, i);
    const why = outside(data, data.values[i], app.result.after[i].mean);
    found.push({ row: data.values[i], how: ` shifted by ${change(by)}`, basis, blocked, why: why && `ends ${why}` });
  }
  return found;
}

/** Return the levers in use that were never tried together. */
export function untriedTogether(app) {
  const used = [...app.state.doses.keys()];
  if (used.length < 2) return [];
  const tried = app.data.combinations.some((cell) => cell.length === used.length && used.every((i) => cell.includes(i)));
  return tried ? [] : used;
}
