// What if: a control for every lever and every value, and the numbers that follow at once.

import { foundValues } from "./graph.js";
import { endsOutside, outside, restsOn, untriedTogether } from "./rests.js";
import { acting } from "./state.js";
import { byId, called, change, dosed, inField, interval, listed, make, named, number, stepOf } from "./words.js";

const MODES = [["off", "Off"], ["set", "Set"], ["shift", "Shift"]];

/** Build the controls once; `showControls` brings them up to the state. */
export function setUpControls(app) {
  const { data } = app;
  app.dials = { values: data.values.map((_, i) => valueDial(app, i)), levers: data.levers.map((_, i) => leverDial(app, i)) };
  const groups = [];
  if (data.levers.length) {
    groups.push(make("h3", {}, "Levers"), make("p", { class: "aside" }, "What can be done: the dose of each lever, 0 is not used."));
    groups.push(make("ul", { class: "dials" }, ...app.dials.levers.map(({ row }) => row)));
  }
  groups.push(make("h3", {}, "Values"), make("p", { class: "aside" }, "Hypothetical: Set holds a value and cuts its causes, Shift adds to it and keeps them."));
  groups.push(make("ul", { class: "dials" }, ...app.dials.values.map(({ row }) => row)));
  byId("dials").replaceChildren(...groups);
  byId("reset").addEventListener("click", () => {
    for (const map of [app.state.held, app.state.pushed, app.state.doses]) map.clear();
    app.act();
  });
}

/** Return a slider and a number field that are one control: { slider, field, show }. */
function dial(label, { low, high, step }, moved, written = inField) {
  const slider = make("input", { type: "range", min: low, max: high, step, "aria-label": `${label}, slider` });
  const field = make("input", { type: "number", step: "any", "aria-label": `${label}, number` });
  slider.addEventListener("input", () => moved(Number(slider.value)));
  field.addEventListener("input", () => {
    if (field.value.trim() !== "" && Number.isFinite(field.valueAsNumber)) moved(field.valueAsNumber);
  });
  const show = (x) => {
    slider.value = String(x);
    slider.setAttribute("aria-valuetext", written === inField ? number(x) : dosed(x));
    if (document.activeElement !== field) field.value = written(x);
  };
  return { slider, field, show };
}

function leverDial(app, i) {
  const lever = app.data.levers[i];
  const span = lever.high - lever.low;
  const most = lever.high + span / 2;
  const set = (x) => {
    if (x === 0) app.state.doses.delete(i);
    else app.state.doses.set(i, x);
    app.act();
  };
  const both = dial(`Dose of ${lever.label}`, { low: lever.low, high: most, step: stepOf(lever.low, lever.high) }, set, (x) => String(Number(x.toPrecision(4))));
  const mark = make("span", { class: "mark" });
  const row = make(
    "li",
    { class: "dial" },
    make("div", { class: "dial-head" }, called(lever), mark),
    lever.text ? make("p", { class: "said" }, make("q", {}, named(lever.text))) : null,
    make("div", { class: "dial-body" }, both.slider, both.field),
  );
  return { row, mark, show: both.show };
}

function valueDial(app, i) {
  const value = app.data.values[i];
  const heading = make("span", { id: `dial-${i}` }, called(value));
  const outcome = make("span", { class: "outcome" });
  const modes = make("div", { class: "modes", role: "radiogroup", "aria-labelledby": `dial-${i}` });
  const radios = MODES.map(([mode, text]) => {
    const radio = make("input", { type: "radio", name: `mode-${i}`, value: mode, "aria-label": `${text} ${value.label}` });
    radio.addEventListener("change", () => setMode(app, i, mode));
    modes.append(make("label", {}, radio, make("span", {}, text)));
    return radio;
  });
  const body = make("div", { class: "dial-body" });
  const row = make("li", { class: "dial" }, make("div", { class: "dial-head" }, heading, modes), body, outcome);
  return { row, radios, body, outcome, mode: "", both: null };
}

/** Return the range of scores of a value, somewhat wider than the data. */
function rangeOf(app, i) {
  const { low, high, sd } = app.data.values[i];
  if (low === null || !(high > low)) return { low: app.before[i].mean - 1, high: app.before[i].mean + 1, span: 1 };
  const span = Math.max(high - low, sd ?? 0);
  return { low: low - 0.25 * span, high: high + 0.25 * span, span };
}

function setMode(app, i, mode) {
  const { held, pushed } = app.state;
  const mean = app.before[i].mean;
  held.delete(i);
  pushed.delete(i);
  const { low, high } = rangeOf(app, i);
  const step = stepOf(low, high);
  if (mode === "set") held.set(i, Number((Math.round(mean / step) * step).toPrecision(6)));
  if (mode === "shift") pushed.set(i, 0);
  app.act();
}

/** Build the slider that a mode needs. */
function build(app, i, each, mode) {
  const { label } = app.data.values[i];
  const { low, high, span } = rangeOf(app, i);
  const step = stepOf(low, high);
  const round = (x) => Number((Math.round(x / step) * step).toPrecision(6));
  const range = mode === "set" ? { low: round(low), high: round(high), step } : { low: -round(span / 2), high: round(span / 2), step };
  const map = mode === "set" ? app.state.held : app.state.pushed;
  each.both = dial(mode === "set" ? `${label} set to` : `${label} shifted by`, range, (x) => {
    map.set(i, x);
    app.act();
  });
  each.body.replaceChildren(each.both.slider, each.both.field);
}

/** Bring every control up to the state. */
export function showControls(app) {
  const { data, state, before, result } = app;
  const found = foundValues(app);
  app.dials.values.forEach((each, i) => {
    const mode = state.held.has(i) ? "set" : state.pushed.has(i) ? "shift" : "off";
    if (mode !== each.mode) {
      each.mode = mode;
      if (mode === "off") each.body.replaceChildren();
      else build(app, i, each, mode);
      each.radios.forEach((radio) => { radio.checked = radio.value === mode; });
      each.row.classList.toggle("used", mode !== "off");
    }
    if (mode !== "off") each.both.show(state.held.get(i) ?? state.pushed.get(i));
    each.row.hidden = !found.has(i);
    const [old, now] = [before[i], result.after[i]];
    const moved = acting(state) ? `${mode === "set" ? "" : ` ${interval(now.lower, now.upper)}`}, ${change(now.mean - old.mean)}` : "";
    const far = acting(state) && outside(data, data.values[i], now.mean) ? " · outside the data: extrapolated" : "";
    each.outcome.textContent = `${acting(state) ? `${number(old.mean)} → ` : ""}${number(now.mean)}${moved}${far}`;
  });
  app.dials.levers.forEach((each, i) => {
    const dose = state.doses.get(i) ?? 0;
    const lever = data.levers[i];
    each.show(dose);
    each.row.classList.toggle("used", dose !== 0);
    each.mark.textContent = dose < lever.low || dose > lever.high ? "not tried: extrapolated" : "";
  });
  byId("reset").disabled = !acting(state);
  showRests(app);
}

/** Return a list in words that says what it counts in only once. */
function shortened(items) {
  const unit = / standard deviations from the mean of the data\)$/;
  return listed(items.map((text, k) => (items.slice(0, k).some((each) => unit.test(each)) ? text.replace(unit, ")") : text)));
}

/** Say what the prediction rests on. */
function showRests(app) {
  const place = byId("rests");
  const strongly = (why) => [make("strong", {}, "extrapolated"), ` (${why})`];
  const items = restsOn(app).map(({ row, how, basis, blocked, why }) =>
    make("li", {}, called(row), `${how}: `, make("strong", {}, basis), blocked ? "; blocked by measurement error" : "", ...(why ? ["; ", ...strongly(why)] : [])),
  );
  const together = untriedTogether(app);
  if (together.length) {
    const names = listed(together.map((c) => app.data.levers[c].label));
    items.push(make("li", {}, names, ": ", ...strongly("never tried together; their effects are added up")));
  }
  const { held, pushed } = app.state;
  const far = endsOutside(app).filter(({ i }) => items.length && !held.has(i) && !pushed.has(i));
  if (far.length) {
    const ends = far.map(({ i, why }) => `${app.data.values[i].label} ${number(app.result.after[i].mean)} (${why})`);
    items.push(make("li", {}, "What ends outside the data is ", make("strong", {}, "extrapolated"), `; effects may differ so far out: ${shortened(ends)}.`));
  }
  if (items.length === 0) place.replaceChildren(make("p", {}, "Nothing is changed: the profile is that of the population without levers."));
  else place.replaceChildren(make("p", {}, "This prediction rests on"), make("ul", {}, ...items));
}
