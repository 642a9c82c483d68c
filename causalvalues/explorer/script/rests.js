// What a prediction rests on, in the words of the ledger.

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

/** Say whether a score of a value lies outside what was seen. */
export function isOutside(value, score) {
  return value.low !== null && value.high !== null && (score < value.low || score > value.high);
}

/** Return for each value and lever in use: { label, basis, outside, why }. */
export function restsOn(app) {
  const { data, state } = app;
  const found = [];
  for (const [i, dose] of state.doses) {
    const lever = data.levers[i];
    const outside = dose < lever.low || dose > lever.high;
    found.push({ label: lever.label, basis: basisOfLever(app, i), outside, why: "a dose that was not tried" });
  }
  for (const [i, score] of state.held) {
    const { basis, blocked } = basisOfValue(app, i);
    const outside = isOutside(data.values[i], score);
    found.push({ label: data.values[i].label, basis, blocked, outside, why: "outside the range of the data" });
  }
  for (const [i] of state.pushed) {
    const { basis, blocked } = basisOfValue(app, i);
    const outside = isOutside(data.values[i], app.result.after[i].mean);
    found.push({ label: data.values[i].label, basis, blocked, outside, why: "ends outside the range of the data" });
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
