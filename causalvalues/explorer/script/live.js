// Questions to the engine, for a page that a server sent: whole plans, and what one unit would have answered.

import { byId, interval, make, named, number, share, table } from "./words.js";

/** Send a question; return what the engine says, or an error in words. */
async function asked(path, question) {
  try {
    const sent = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(question) });
    const said = await sent.json();
    return sent.ok ? said : { error: said.error };
  } catch {
    return { error: "The server does not answer. Is it still running?" };
  }
}

/** Return a button that asks, shows what came, and cannot be pressed twice at once. */
function askButton(app, text, place, question, shown) {
  const button = make("button", { type: "button" }, text);
  button.addEventListener("click", async () => {
    const { path, body, missing } = question();
    if (missing) {
      place.replaceChildren(make("p", {}, missing));
      app.announce(missing);
      return;
    }
    button.disabled = true;
    place.replaceChildren(make("p", { class: "aside" }, "The engine is asked …"));
    const said = await asked(path, body);
    button.disabled = false;
    place.replaceChildren(...(said.error ? [make("p", {}, said.error)] : shown(said)));
    app.announce(said.error ?? place.querySelector("p, caption").textContent);
  });
  return button;
}

const byName = (map, rows) => Object.fromEntries([...map].map(([i, x]) => [rows[i].name, x]));

function setUpPlanQuestion(app) {
  const { data, state } = app;
  if (!data.plans) return;
  const most = make("select", { id: "engine-levers" }, ...[1, 2, 3].map((n) => make("option", { value: n }, String(n))));
  most.value = String(Math.min(data.plans.max_levers, 3));
  const place = make("div", { id: "engine-plan" });
  const question = () => ({
    path: "/api/plan",
    missing: state.wanted.size ? "" : "Give at least one wanted score first.",
    body: {
      wanted: byName(state.wanted, data.values),
      weights: byName([...state.weights].filter(([i]) => state.wanted.has(i)), data.values),
      tolerance: state.tolerance,
      start: state.start < 0 ? null : Object.fromEntries(data.values.map(({ name }, i) => [name, data.plans.starts[state.start][1][i]])),
      max_levers: Number(most.value),
    },
  });
  const button = askButton(app, "Ask for a proven plan", place, question, (plan) => planSaid(app, plan));
  byId("target-panel").append(
    make("section", { class: "engine", "aria-labelledby": "engine-plan-head" },
      make("h3", { id: "engine-plan-head" }, "Ask the engine"),
      make("div", { class: "inline" }, make("label", { for: "engine-levers" }, "Levers at most"), most, button),
      place),
  );
}

function planSaid({ data }, plan) {
  const levers = new Map([...data.values, ...data.levers].map(({ name, label }) => [name, label]));
  const doses = Object.entries(plan.doses).map(([node, dose]) => `${levers.get(node) ?? node} × ${number(dose)}`).join(" + ") || "no lever";
  const rows = data.values.map(({ name, label }) => {
    const { start, target, mean, lower, upper } = plan.predicted[name];
    return [named(label), number(start), target === null ? "free" : number(target), `${number(mean)} ${interval(lower, upper)}`];
  });
  const of = plan.chance_of === "the average effect" ? "the average effect on it" : plan.chance_of;
  return [
    make("p", {}, make("strong", {}, doses), `: ${plan.status}.`),
    make("p", {}, `Chance that ${of} ends within the distance of everything wanted: ${share(plan.chance)}. Expected error ${number(plan.objective)}, proven lower bound ${number(plan.lower_bound)}.`),
    table("What the plan is predicted to reach, with 90% intervals", ["Value", "Start", "Wanted", "Predicted"], rows),
    ...plan.limits.map((text) => make("p", { class: "aside" }, text)),
    ...plan.notes.map((text) => make("p", { class: "aside" }, text)),
  ];
}

function setUpUnitQuestion(app) {
  const { data, state } = app;
  const fields = data.values.map(({ name, label }, i) => {
    const input = make("input", { type: "number", step: "any", "aria-label": `Score of the unit in ${label}`, value: Number(app.before[i].mean.toPrecision(6)) });
    return { name, input, row: make("div", { class: "wish" }, named(label), input) };
  });
  const place = make("div", { id: "engine-unit" });
  const question = () => {
    const wrong = fields.find(({ input }) => input.value.trim() === "" || !Number.isFinite(input.valueAsNumber));
    return {
      path: "/api/unit",
      missing: wrong ? `Give a score for ${wrong.name}.` : state.held.size + state.pushed.size + state.doses.size ? "" : "Set or shift something with the sliders first.",
      body: {
        row: Object.fromEntries(fields.map(({ name, input }) => [name, input.valueAsNumber])),
        set: { ...byName(state.held, data.values), ...byName(state.doses, data.levers) },
        shift: byName(state.pushed, data.values),
      },
    };
  };
  const button = askButton(app, "Ask what it would have answered", place, question, (said) => unitSaid(app, said));
  byId("whatif-panel").append(
    make("section", { class: "engine", "aria-labelledby": "engine-unit-head" },
      make("h3", { id: "engine-unit-head" }, "One unit"),
      make("details", {}, make("summary", {}, "Its scores without levers"), ...fields.map(({ row }) => row)),
      make("p", {}, button),
      place),
  );
}

function unitSaid({ data }, { predicted }) {
  const rows = data.values.map(({ name, label }) => {
    const { fact, mean, lower, upper } = predicted[name];
    return [named(label), number(fact), number(mean), interval(lower, upper)];
  });
  return [
    table("What this unit would have answered, with 90% intervals over the draws", ["Value", "Answered", "Would have", "Interval"], rows),
    make("p", { class: "aside" }, "Given that what the equations do not explain of this unit stays as it was: an assumption that the same rows cannot test."),
  ];
}

setUpPlanQuestion(window.causalvalues.app);
setUpUnitQuestion(window.causalvalues.app);
