// A whole plan of the engine: the best choice of levers with its proof, what it rests on, and what was left out.

import { asker, byName, engineSection, remarks, startOf } from "./asking.js";
import { byId, called, cell, dosed, interval, make, named, number, share, table } from "./words.js";

const LEAD = "Searches every admissible choice with the structural model of this run, and proves that none is better. It does not know the rows, so it cannot foretell by the fitted mechanism of the levers.";

function setUpPlanQuestion(app) {
  const { data, state } = app;
  if (!data.plans) return;
  const nodes = new Set(data.plans.options.map(([kind, i]) => `${kind} ${i}`)).size;
  const most = Math.min(6, nodes, Math.max(3, data.plans.max_levers));
  const numbers = Array.from({ length: most }, (_, k) => make("option", { value: k + 1 }, String(k + 1)));
  const levers = make("select", { id: "engine-levers" }, ...numbers);
  levers.value = String(Math.min(most, data.plans.max_levers));
  const question = () => ({
    path: "/api/plan",
    missing: state.wanted.size ? "" : "Give at least one wanted score first.",
    body: {
      wanted: byName(state.wanted, data.values),
      weights: byName([...state.weights].filter(([i]) => state.wanted.has(i)), data.values),
      tolerance: state.tolerance,
      start: startOf(data, state.start),
      max_levers: Number(levers.value),
    },
  });
  const { button, place: answer, mark } = asker(app, "Ask for a proven plan", question, (plan) => planSaid(app, plan));
  levers.addEventListener("change", mark);
  const row = make("div", { class: "inline" }, make("label", { for: "engine-levers" }, "Levers at most"), levers, button);
  byId("target-panel").append(engineSection("engine-plan", "A proven plan", LEAD, row, answer));
}

/** Return the row, its kind (0 value, 1 lever) and its place of a lever node. */
function nodeOf({ values, levers }, name) {
  const i = values.findIndex((row) => row.name === name);
  if (i >= 0) return { kind: 0, i, label: values[i].label };
  const k = levers.findIndex((row) => row.name === name);
  return { kind: 1, i: k, label: k < 0 ? name : levers[k].label };
}

/** Return doses as elements: lever × dose + lever × dose. */
function dosesSaid(data, doses) {
  const parts = Object.entries(doses).map(([name, dose]) => [named(nodeOf(data, name).label, name), dose === 1 ? "" : ` × ${dosed(dose)}`]);
  return parts.length ? parts.flatMap((part, k) => (k ? [" + ", ...part] : part)).filter(Boolean) : ["no lever"];
}

const plain = (text) => text.replaceAll("`", "");

/** Return the elements of a plan. */
function planSaid(app, plan) {
  const { data } = app;
  const [verdict, ...rest] = plain(plan.status).replace(/^./, (letter) => letter.toUpperCase()).split(": ");
  const load = make("button", { type: "button" }, "Load into the sliders");
  load.addEventListener("click", () => loadDoses(app, plan.doses));
  const of = plan.chance_of === "the average effect" ? "the average" : plan.chance_of;
  const facts = [
    [`P(${of} within)`, plan.chance, share(plan.chance)],
    ["Expected error", plan.objective, number(plan.objective)],
    ["Proven lower bound", plan.lower_bound, number(plan.lower_bound)],
    ["Cost", plan.cost, number(plan.cost, 1).replace(/\.0$/, "")],
  ];
  return [
    make("p", { class: "verdict" }, ...dosesSaid(data, plan.doses)),
    make("p", {}, make("strong", {}, verdict), rest.length ? `: ${rest.join(": ")}.` : "."),
    make("dl", { class: "stats" }, ...facts.map(([name, x, text]) => make("div", {}, make("dt", {}, name), make("dd", { "data-value": x ?? "" }, text)))),
    Object.keys(plan.doses).length ? make("p", {}, load) : "",
    reached(data, plan),
    ...nextBest(data, plan),
    ...remarks("Limits", plan.limits.map(plain)),
    ...restsOnSaid(data, plan),
    ...remarks("How to read it", plan.notes.map(plain)),
  ];
}

function reached({ values }, plan) {
  const rows = values.map((value) => {
    const { start, target, mean, lower, upper } = plan.predicted[value.name];
    return [called(value), cell(start), cell(target, target === null ? "free" : number(target)), cell(mean), { value: `${lower} ${upper}`, text: interval(lower, upper) }];
  });
  return table("What it is predicted to reach", ["Value", "Start", "Wanted", "Predicted", "90% interval"], rows);
}

function nextBest(data, { alternatives }) {
  if (alternatives.length === 0) return [];
  const rows = alternatives.map(({ doses, objective, inside }) => [make("span", {}, ...dosesSaid(data, doses)), inside ? "yes" : "no", cell(objective)]);
  return [make("h4", {}, "Alternatives"), table("Next best choices", ["Plan", "Mean ends within", "Expected error"], rows, true)];
}

function restsOnSaid(data, { ledger }) {
  if (ledger.length === 0) return [];
  const items = ledger.map(({ lever, basis, rests_on }) =>
    make("li", {}, named(nodeOf(data, lever).label, lever), ": ", make("strong", {}, basis), "; ", plain(rests_on)));
  return [make("h4", {}, "What it rests on"), make("ul", { class: "remarks" }, ...items)];
}

/** Put the doses of a plan into the sliders, and leave the keyboard where it is. */
function loadDoses(app, doses) {
  const { data, state } = app;
  for (const map of [state.held, state.pushed, state.doses]) map.clear();
  for (const [name, dose] of Object.entries(doses)) {
    const { kind, i } = nodeOf(data, name);
    (kind === 0 ? state.pushed : state.doses).set(i, dose);
  }
  state.view = "profile";
  app.act("The plan of the engine is loaded into the sliders.");
}

setUpPlanQuestion(window.causalvalues.app);
