// What one unit would have answered: its scores, the sliders, and the engine's counterfactual.

import { asker, byName, engineSection, startOf } from "./asking.js";
import { acting } from "./state.js";
import { byId, cell, inField, interval, make, named, table } from "./words.js";

const ASIDE = "Takes the scores that one unit gave without levers and what the sliders set, shift and dose, and asks the engine for the same unit in that other world.";
const ASSUMED = "What the equations do not explain of this unit is taken to stay as it was: an assumption that the same rows cannot test.";

function setUpUnitQuestion(app) {
  const { data, state } = app;
  const fields = data.values.map(({ name, label }) => {
    const input = make("input", { type: "number", step: "any", "aria-label": `Score of the unit in ${label}` });
    return { name, label, input, row: make("div", { class: "wish score" }, named(label, name), input) };
  });
  const question = () => {
    const wrong = fields.find(({ input }) => !Number.isFinite(input.valueAsNumber));
    const missing = wrong ? `Give the unit's score in ${wrong.label}.` : acting(state) ? "" : "Set, shift or dose something with the sliders first.";
    const set = { ...byName(state.held, data.values), ...byName(state.doses, data.levers) };
    const row = Object.fromEntries(fields.map(({ name, input }) => [name, input.exact ?? input.valueAsNumber]));
    return { path: "/api/unit", missing, body: { row, set, shift: byName(state.pushed, data.values) } };
  };
  const { button, place: answer, mark } = asker(app, "Ask what it would have answered", question, (said) => unitSaid(app, said));
  const scores = make("details", {}, make("summary", {}, "Its scores"), ...fields.map(({ row }) => row));
  const preset = presetOf(app, fields, mark);
  const choice = make("div", { class: "presets" }, make("label", { for: "engine-unit-start" }, "Unit"), preset);
  for (const { input } of fields) input.addEventListener("input", () => { preset.value = ""; input.exact = undefined; mark(); });
  const asking = make("div", { class: "inline" }, button);
  byId("whatif-panel").append(engineSection("engine-unit", "One unit", ASIDE, choice, scores, asking, answer));
}

/** Return the list of units to begin with: the mean of the population, and where the study's plans start. */
function presetOf(app, fields, mark) {
  const { data } = app;
  const starts = data.plans?.starts ?? [];
  const preset = make("select", { id: "engine-unit-start" },
    make("option", { value: "-1" }, "The mean of the population"),
    ...starts.map(([title], k) => make("option", { value: k }, `As plan “${title}” starts`)),
    make("option", { value: "" }, "your own scores"));
  const fill = () => {
    if (preset.value === "") return;
    const start = startOf(data, Number(preset.value));
    fields.forEach(({ name, input }, i) => {
      input.exact = start ? start[name] : app.before[i].mean;
      input.value = inField(input.exact);
    });
    mark();
  };
  preset.addEventListener("change", fill);
  preset.value = starts.length ? "0" : "-1";
  fill();
  return preset;
}

function unitSaid({ data }, { predicted }) {
  const rows = data.values.map(({ name, label }) => {
    const { fact, mean, lower, upper } = predicted[name];
    return [named(label, name), cell(fact), cell(mean), { value: `${lower} ${upper}`, text: interval(lower, upper) }];
  });
  return [
    table("What this unit would have answered", ["Value", "Answered", "Would have", "90% interval"], rows),
    make("p", { class: "aside" }, `${ASSUMED} The interval is over graph and parameters.`),
  ];
}

setUpUnitQuestion(window.causalvalues.app);
