// The target editor: wanted scores, and the best of all choices of levers.

import { setOrDrop } from "./graph.js";
import { bestPlans, goalOf, plannerOf } from "./planning.js";
import { outside } from "./rests.js";
import { byId, called, cell, dosed, inField, listed, make, named, number, share, table } from "./words.js";

const SHOWN = 8;

/** Build the editor once. */
export function setUpTarget(app) {
  const { data, state } = app;
  const panel = byId("target-panel");
  if (!data.plans) {
    panel.append(make("p", {}, "There is no lever and no value that could be pushed, so there is nothing to plan with."));
    return;
  }
  app.planner = plannerOf(app.model, data.plans);
  app.wishes = data.values.map((_, i) => wishOf(app, i));
  const tolerance = make("input", { type: "number", min: "0", step: "any", id: "tolerance" });
  tolerance.addEventListener("input", () => {
    if (!(tolerance.valueAsNumber > 0)) return;
    state.tolerance = tolerance.valueAsNumber;
    app.aim();
  });
  app.tolerance = tolerance;
  const clear = make("button", { type: "button" }, "Clear the target");
  clear.addEventListener("click", () => {
    state.wanted.clear();
    state.weights.clear();
    app.aim();
  });
  byId("presets").replaceChildren(presets(app));
  byId("wishes").replaceChildren(
    make("div", { class: "wish heads", "aria-hidden": "true" }, make("span", {}, "Value"), make("span", {}, "Wanted"), make("span", {}, "Weight")),
    ...app.wishes.map(({ row }) => row),
    make("div", { class: "inline" }, make("label", { for: "tolerance" }, "Within"), tolerance, clear),
  );
}

function presets(app) {
  const { data, state } = app;
  const { starts, targets } = data.plans;
  const start = make("select", { id: "start" }, make("option", { value: "-1" }, "The population, at its mean"));
  starts.forEach(([title], k) => start.append(make("option", { value: k }, `As plan “${title}” starts`)));
  start.addEventListener("change", () => {
    state.start = Number(start.value);
    app.aim();
  });
  app.startChoice = start;
  const parts = [make("label", { for: "start" }, "Start"), start];
  const usable = targets.filter(([, wanted]) => wanted.some((score) => score !== null));
  if (usable.length) {
    const preset = make("select", { id: "preset" }, make("option", { value: "" }, "your own"));
    usable.forEach(([title], k) => preset.append(make("option", { value: k }, title)));
    preset.addEventListener("change", () => {
      if (preset.value === "") return;
      const [title, wanted, tolerance] = usable[Number(preset.value)];
      state.wanted = new Map(wanted.flatMap((score, i) => (score === null ? [] : [[i, score]])));
      state.weights.clear();
      state.tolerance = tolerance;
      state.start = starts.findIndex(([each]) => each === title);
      app.aim();
    });
    app.preset = preset;
    parts.push(make("label", { for: "preset" }, "Target"), preset);
  }
  return make("div", { class: "presets" }, ...parts);
}

function wishOf(app, i) {
  const value = app.data.values[i];
  const { label } = value;
  const wanted = make("input", { type: "number", step: "any", placeholder: "free", "aria-label": `Wanted score of ${label}` });
  const weight = make("input", { type: "number", step: "any", min: "0", "aria-label": `Weight of ${label}` });
  const own = () => { if (app.preset) app.preset.value = ""; };
  wanted.addEventListener("input", () => {
    if (wanted.value.trim() === "") app.state.wanted.delete(i);
    else if (Number.isFinite(wanted.valueAsNumber)) app.state.wanted.set(i, wanted.valueAsNumber);
    own();
    app.aim();
  });
  weight.addEventListener("input", () => {
    const x = weight.valueAsNumber;
    if (x >= 0 && x !== 1) app.state.weights.set(i, x);
    else app.state.weights.delete(i);
    own();
    app.aim();
  });
  const row = make("div", { class: "wish" }, called(value), wanted, weight);
  return { row, wanted, weight };
}

/** Return the best plans for the target of the state. */
export function plansOf(app) {
  const { data, state, planner } = app;
  if (!planner) return [];
  const wanted = data.values.map((_, i) => state.wanted.get(i) ?? null);
  const weights = data.values.map((_, i) => state.weights.get(i));
  const start = state.start < 0 ? null : data.plans.starts[state.start][1];
  return bestPlans(planner, goalOf(wanted, weights, state.tolerance), start, SHOWN);
}

/** Return the levers of a choice in words. */
export function choiceInWords({ data }, choice) {
  const said = choice.map((chosen) => {
    const [kind, place, dose] = data.plans.options[chosen];
    const { label } = kind === 0 ? data.values[place] : data.levers[place];
    return dose === 1 ? label : `${label} × ${dosed(dose)}`;
  });
  return said.join(" + ") || "no lever";
}

/** Bring the editor and the list of plans up to the state. */
export function showTarget(app) {
  const { data, state } = app;
  if (!data.plans) return;
  app.wishes.forEach(({ wanted, weight }, i) => {
    const score = state.wanted.get(i);
    if (document.activeElement !== wanted) wanted.value = score === undefined ? "" : inField(score);
    setOrDrop(wanted, "title", score === undefined || Number(inField(score)) === score ? null : `exactly ${score}`);
    if (document.activeElement !== weight) weight.value = String(state.weights.get(i) ?? 1);
    weight.disabled = score === undefined;
  });
  if (document.activeElement !== app.tolerance) app.tolerance.value = String(state.tolerance);
  app.startChoice.value = String(state.start);
  app.plans = plansOf(app);
  const place = byId("plans");
  if (app.plans.length === 0) {
    place.replaceChildren(make("p", { class: "aside" }, "Give at least one wanted score; the best plans appear here at once."));
    return;
  }
  const rows = app.plans.map((plan, k) => {
    const load = make("button", { type: "button", class: "link" }, named(choiceInWords(app, plan.choice)));
    load.addEventListener("click", () => loadPlan(app, plan, k));
    return [load, cell(plan.error), cell(plan.chance, share(plan.chance)), cell(plan.cost, number(plan.cost, 1).replace(/\.0$/, ""))];
  });
  const caption = `Best of ${data.plans.choices.length} choices of up to ${data.plans.max_levers} levers, best first`;
  place.replaceChildren(table(caption, ["Plan", "Expected error", "P(within)", "Cost"], rows), make("p", { class: "aside" }, foretells(app)));
}

function foretells({ data, state }) {
  const { by, note } = data.plans;
  const notes = [
    "Choose a plan to load it into the sliders. The expected error is that of the structural model: the weighted sum of absolute distances, averaged over all draws.",
    "P(within) is the share of the draws in which the average ends within the distance of every wanted score; how single units differ is not in it.",
  ];
  if (by.some((each) => each !== "graph")) notes.push("The plans of the report may have been foretold by the fitted mechanism of the levers instead; there, its numbers hold.");
  if (state.start >= 0) notes.push("The profile beside it is that of the population, which starts elsewhere.");
  const far = data.values.filter((value, i) => state.wanted.has(i) && outside(data, value, state.wanted.get(i)));
  if (far.length) notes.unshift(`Wanted outside the data: ${listed(far.map(({ label }) => label))}; effects may differ so far out.`);
  return [...notes, note].filter(Boolean).join(" ");
}

/** Put the levers of a plan into the sliders. */
function loadPlan(app, plan, k) {
  const { data, state } = app;
  for (const map of [state.held, state.pushed, state.doses]) map.clear();
  for (const chosen of plan.choice) {
    const [kind, place, dose] = data.plans.options[chosen];
    (kind === 0 ? state.pushed : state.doses).set(place, dose);
  }
  state.view = "profile";
  app.act(`Plan ${k + 1} is loaded into the sliders.`);
}
