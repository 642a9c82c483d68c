// Two runs: which edges are in both, in one of them, or turned.

import { setOrDrop } from "./graph.js";
import { byId, cell, draw, make, named, number, share, table } from "./words.js";

const LOOKS = {
  same: { text: "in both", stroke: "#8C8C8C", dash: null },
  turned: { text: "turned", stroke: "#7A2E5D", dash: "1.5 2.5" },
  first: { text: "first only", stroke: "#D55E00", dash: "5 3" },
  second: { text: "second only", stroke: "#0072B2", dash: null },
};

/** Fill the panel of the comparison, and make its figure from the graph. */
export function setUpCompare(app) {
  const { other } = app.data;
  if (!other) return;
  const counts = Object.keys(LOOKS).map((change) => [change, other.rows.filter((row) => row.change === change).length]);
  const place = byId("compare-panel");
  const rows = other.rows.map((row) => [
    pairOf(app, row),
    LOOKS[row.change].text,
    ...[row.first, row.second].flatMap((facts) => [cell(facts?.adjacent, share(facts?.adjacent)), cell(facts?.mean)]),
    [row.first, row.second].map((facts) => (facts ? facts.verdict || "–" : "–")).join(" / "),
  ]);
  place.replaceChildren(
    make("h2", {}, "Two runs"),
    make("dl", { class: "pair" }, make("dt", {}, "First"), make("dd", {}, named(other.first)), make("dt", {}, "Second"), make("dd", {}, named(other.title))),
    make("p", {}, `${counts.map(([change, n]) => `${n} ${LOOKS[change].text}`).join(", ")}.`),
    ...["only_first", "only_second"].flatMap((key) => (other[key].length ? [make("p", { class: "aside" }, `Only in the ${key.slice(5)} run: ${other[key].join(", ")}.`)] : [])),
    table("Edges of the two averaged graphs, those that differ first", ["Edge", "Where", "P, first", "Effect, first", "P, second", "Effect, second", "Directions"], rows),
  );
}

function pairOf({ data }, row) {
  const sign = row.first?.arrow || row.second?.arrow ? "→" : "–";
  return `${data.values[row.cause].label} ${sign} ${data.values[row.effect].label}`;
}

/** Draw the differences: the same places, edges by where they stand. */
export function showDifferences(app) {
  const { data, figure } = app;
  if (!data.other || !figure) return;
  const svg = figure.cloneNode(true);
  const change = new Map(data.other.rows.map((row) => [`${Math.min(row.cause, row.effect)} ${Math.max(row.cause, row.effect)}`, row.change]));
  const edges = new Map(data.edges.map((edge) => [edge.part, change.get(`${Math.min(edge.cause, edge.effect)} ${Math.max(edge.cause, edge.effect)}`)]));
  for (const group of svg.querySelectorAll("g[id]")) {
    const part = group.id;
    if (part.endsWith("-label") || part.startsWith("legend")) group.remove();
    else if (edges.has(part)) paint(group, edges.get(part));
    else {
      for (const key of ["role", "tabindex", "aria-pressed", "aria-label", "aria-description", "opacity"]) group.removeAttribute(key);
      group.querySelector(".ring")?.setAttribute("stroke", "none");
      for (const each of group.querySelectorAll(".touch, .move")) each.remove();
    }
    group.removeAttribute("id");
  }
  svg.setAttribute("role", "img");
  svg.removeAttribute("aria-labelledby");
  const counts = Object.entries(LOOKS).map(([key, { text }]) => `${data.other.rows.filter((row) => row.change === key).length} ${text}`);
  svg.setAttribute("aria-label", `Edges of two averaged graphs: ${counts.join(", ")}.`);
  Object.assign(svg.dataset, figure.dataset);
  svg.querySelector(":scope > g").append(...differenceKey(figure, svg));
  byId("differences").replaceChildren(svg);
}

function paint(group, change) {
  setOrDrop(group, "display", change ? null : "none");
  group.removeAttribute("opacity");
  group.querySelector("title")?.remove();
  if (!change) return;
  const { stroke, dash } = LOOKS[change];
  const line = group.querySelector(".line");
  line.setAttribute("stroke", stroke);
  line.setAttribute("stroke-width", change === "same" ? "0.9" : "1.8");
  setOrDrop(line, "stroke-dasharray", dash);
  for (const head of group.querySelectorAll(".head")) {
    if (head.getAttribute("fill") !== "#FFFFFF") head.setAttribute("fill", stroke);
    if (head.hasAttribute("stroke")) head.setAttribute("stroke", stroke);
  }
}

function differenceKey(figure, svg) {
  const rows = [...figure.querySelectorAll(".legend text")].map((text) => Number(text.getAttribute("y")));
  const height = rows.length ? Math.min(...rows) + 6 : Number(svg.dataset.height);
  const width = Number(svg.dataset.width);
  svg.dataset.height = String(height);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const each = width / 4;
  return Object.entries(LOOKS).flatMap(([, { text, stroke, dash }], k) => {
    const x = each * (k + 0.5) - 30;
    const line = draw("path", { d: `M${x} ${height - 12}h18`, stroke, "stroke-width": text === "in both" ? 0.9 : 1.8, fill: "none" });
    if (dash) line.setAttribute("stroke-dasharray", dash);
    return [line, draw("text", { x: x + 22, y: height - 9.5, "font-size": 7.5, fill: "#595959" }, text)];
  });
}
