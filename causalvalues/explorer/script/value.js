// The panel of one value: what acts on it, what it acts on, and what these claims rest on.

import { summaryOf, totalsOfColumn, totalsOfValue } from "./algebra.js";
import { neighboursOf } from "./graph.js";
import { byId, called, cell, interval, make, number, share, table } from "./words.js";

const VERDICTS = {
  compelled: "compelled by the data",
  contested: "contested",
  open: "open",
  given: "given by knowledge",
  "": "not known",
};

/** Fill the panel of the chosen value. */
export function showValue(app) {
  const panel = byId("value-panel");
  const { data, state } = app;
  if (state.value === null) {
    panel.replaceChildren(make("h2", {}, "Choose a value"), intro(app), blocking(app), indexOf(app));
    return;
  }
  const i = state.value;
  const value = data.values[i];
  const { causes, effects, unsettled } = neighboursOf(app, i);
  const back = make("button", { type: "button", class: "quiet" }, "All values");
  back.addEventListener("click", () => app.choose(null));
  panel.replaceChildren(
    make("div", { class: "heading" }, make("h2", { tabindex: "-1", id: "value-name" }, called(value)), back),
    facts(app, i),
    blocking(app),
    section("Causes", list(app, causes), "No arrow into it is settled at this threshold."),
    section("Effects", list(app, effects), "No arrow out of it is settled at this threshold."),
    section("Linked, direction not settled", list(app, unsettled), ""),
    ...(data.levers.length ? [leversOn(app, i)] : []),
    totals(app, i),
    evidence(app, i),
  );
}

function intro({ data }) {
  const said = `${data.values.length} values. Choose one here or in the graph to see its causes, its effects and what the claims rest on. In the graph, drag it, or press Shift and an arrow key, to move it.`;
  return make("p", { class: "lead" }, said);
}

/** Say once, beside the lists that carry the word, what "blocked" means. */
function blocking({ data }) {
  return data.blocked ? make("p", { class: "old blocked" }, `${data.blocked}. What levers did is not blocked.`) : "";
}

function indexOf(app) {
  const items = app.data.values.map((value, i) => {
    const { causes, effects, unsettled } = neighboursOf(app, i);
    const links = causes.length + effects.length + unsettled.length;
    return make("li", {}, chooser(app, i), make("span", { class: "aside" }, `${number(app.before[i].mean)} · ${links} ${links === 1 ? "edge" : "edges"}`));
  });
  return make("ul", { class: "index" }, ...items);
}

/** Return a button that chooses a value. */
export function chooser(app, i) {
  const button = make("button", { type: "button", class: "link" }, called(app.data.values[i]));
  button.addEventListener("click", () => app.choose(i, true));
  return button;
}

function facts(app, i) {
  const value = app.data.values[i];
  const row = app.before[i];
  const group = value.group ? `${value.group.charAt(0).toLocaleUpperCase()}${value.group.slice(1)} · ` : "";
  const said = `${group}mean ${number(row.mean)} ${interval(row.lower, row.upper)} without levers · SD of a unit ${number(value.sd)}`;
  return make("p", { class: "facts" }, said);
}

function section(title, content, otherwise) {
  if (!content && !otherwise) return "";
  return make("section", {}, make("h3", {}, title), content ?? make("p", { class: "aside" }, otherwise));
}

/** Return neighbours with the effect along the edge as a small bar, and how probable the edge is. */
function list(app, links) {
  if (links.length === 0) return null;
  const items = links.map(({ edge, other }) => {
    const effect = edge.mean === null ? "" : `${number(edge.mean)} ${interval(edge.lower, edge.upper)}`;
    const away = edge.ends !== "-->" && edge.mean !== null ? directionOf(app, edge) : "";
    const sign = edge.mean === null ? "" : edge.mean < 0 ? "negative" : "positive";
    return make(
      "li",
      {},
      chooser(app, other),
      make("span", { class: `effect ${sign}` }, effect),
      make("span", { class: "aside" }, `P ${share(edge.p)} · ${VERDICTS[edge.verdict] ?? edge.verdict}`, ...(app.data.blocked ? [" · ", make("span", { title: app.data.blocked }, "blocked")] : []), away),
    );
  });
  return make("ul", { class: "links" }, ...items);
}

function directionOf(app, edge) {
  const name = (k) => app.data.values[k].label;
  return ` · effect of ${name(edge.cause)} on ${name(edge.effect)}`;
}

/** Return what each lever does to a value, the largest first. */
function leversOn(app, i) {
  const { data, model } = app;
  const rows = data.levers
    .map((lever, c) => ({ lever, c, row: app.leverTotals(c)[i] }))
    .sort((a, b) => Math.abs(b.row.mean) - Math.abs(a.row.mean))
    .map(({ lever, c, row }) => {
      const basis = data.bases.levers[`${c} ${i}`]?.[0] ?? "by design";
      return [called(lever), cell(row.mean), interval(row.lower, row.upper), cell(row.positive, share(row.positive)), basis];
    });
  const caption = `What one dose of each lever does to ${data.values[i].label}`;
  return make("details", {}, make("summary", {}, `Levers (${model.k})`), table(caption, ["Lever", "Effect", "90% interval", "P(positive)", "Rests on"], rows));
}

/** Return total effects of a value on all others. */
function totals(app, i) {
  const { data } = app;
  const found = app.valueTotals(i);
  const rows = data.values
    .map((value, j) => ({ value, j, row: found[j] }))
    .filter(({ j }) => j !== i)
    .sort((a, b) => Math.abs(b.row.mean) - Math.abs(a.row.mean))
    .map(({ value, j, row }) => {
      const [basis, , blocked] = data.bases.effects[`${i} ${j}`] ?? ["", null, ""];
      return [called(value), cell(row.mean), interval(row.lower, row.upper), cell(row.positive, share(row.positive)), blocked ? `${basis}; blocked` : basis];
    });
  const caption = `If ${data.values[i].label} could be raised by one unit and everything else followed`;
  return make(
    "details",
    { open: true },
    make("summary", {}, "Total effects on other values"),
    table(caption, ["Value", "Total effect", "90% interval", "P(positive)", "Rests on"], rows),
  );
}

/** Return every edge of a value that the page holds, with the evidence of its direction. */
function evidence(app, i) {
  const { data } = app;
  const rows = data.edges
    .filter((edge) => edge.cause === i || edge.effect === i)
    .map((edge) => [
      `${data.values[edge.cause].label} ${edge.ends === "-->" ? "→" : "–"} ${data.values[edge.effect].label}`,
      cell(edge.p, share(edge.p)),
      cell(edge.direction, share(edge.direction)),
      cell(edge.compelled, share(edge.compelled)),
      cell(edge.reverse, share(edge.reverse)),
      cell(edge.open, share(edge.open)),
      VERDICTS[edge.verdict] ?? edge.verdict,
    ]);
  const heads = ["Edge", "P(adjacent)", "P(this way)", "Compelled", "Reverse", "Open", "Direction"];
  return make("details", {}, make("summary", {}, `Evidence for its edges (${rows.length})`), table(`Evidence for the edges of ${data.values[i].label}`, heads, rows));
}

/** Give the app total effects that are worked out once for each node. */
export function rememberTotals(app) {
  const { model } = app;
  const held = new Map();
  const once = (key, draws) => {
    if (!held.has(key)) held.set(key, summaryOf(model, draws()));
    return held.get(key);
  };
  app.valueTotals = (i) => once(`v${i}`, () => totalsOfValue(model, i));
  app.leverTotals = (c) => once(`l${c}`, () => totalsOfColumn(model, c));
}
