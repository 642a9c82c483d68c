// The graph: the figure of the paper, with nodes that can be chosen and edges that come and go with the threshold.

import { makeMovable, place } from "./layout.js";
import { outside } from "./rests.js";
import { acting } from "./state.js";
import { ACCENT, SANS, byId, change, draw, listed, number, share } from "./words.js";

const FAINT = "0.14";

/** Put the figure that fits the screen into the page, and make its parts answer. */
export function setUpGraph(app) {
  const frame = byId("graph");
  const narrow = byId("narrow").content.querySelector("svg");
  const figures = { wide: frame.querySelector("svg"), narrow };
  for (const svg of Object.values(figures)) prepare(svg, app);
  const small = window.matchMedia("(max-width: 40rem)");
  const fit = () => {
    frame.replaceChildren(small.matches ? figures.narrow : figures.wide);
    app.figure = frame.firstElementChild;
    showGraph(app);
  };
  small.addEventListener("change", fit);
  fit();
}

/** Make the discs of a figure buttons; what the lists say is hidden from screen readers. */
function prepare(svg, app) {
  const [, , width, height] = svg.getAttribute("viewBox").split(" ");
  svg.dataset.width = width;
  svg.dataset.height = height;
  svg.removeAttribute("width");
  svg.removeAttribute("height");
  svg.setAttribute("role", "group");
  svg.querySelector(":scope > g").setAttribute("font-family", SANS);
  svg.parts = new Map();
  for (const group of svg.querySelectorAll("g[id]")) svg.parts.set(group.id, group);
  for (const [part, group] of svg.parts) {
    if (!/^node-\d+$/.test(part)) group.setAttribute("aria-hidden", "true");
  }
  app.data.values.forEach((value, i) => {
    const node = svg.parts.get(value.part);
    const name = svg.parts.get(`${value.part}-name`);
    const box = discOf(node);
    node.prepend(draw("circle", { class: "ring", cx: box.x, cy: box.y, r: 9.5, fill: "none", stroke: "none" }));
    node.append(draw("path", { class: "move", fill: "none" }));
    node.middle = box;
    node.append(draw("circle", { class: "touch", cx: box.x, cy: box.y, r: 15, fill: "#FFFFFF", "fill-opacity": 0 }));
    node.setAttribute("role", "button");
    node.setAttribute("tabindex", "0");
    if (value.label !== value.name) node.querySelector("title").textContent = `${value.label} (${value.name})`;
    makeMovable(app, svg, i, node, name);
    const choose = () => app.choose(i);
    node.addEventListener("click", choose);
    name?.addEventListener("click", choose);
    name?.classList.add("can-choose");
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      choose();
    });
  });
}

/** Return the centre of a disc from its path: M right, ... */
function discOf(node) {
  const numbers = node.querySelector("path").getAttribute("d").match(/-?\d+(\.\d+)?/g).map(Number);
  const xs = numbers.filter((_, k) => k % 2 === 0);
  const ys = numbers.filter((_, k) => k % 2 === 1);
  const middle = (all) => (Math.min(...all) + Math.max(...all)) / 2;
  return { x: middle(xs), y: middle(ys) };
}

/** Return the edges that the threshold leaves, as numbers. */
export function shownEdges({ data, state }) {
  const asPrinted = state.threshold === data.threshold;
  return data.edges.flatMap((edge, k) => ((asPrinted ? k < data.shown : edge.p > state.threshold) ? [k] : []));
}

/** Return the values that the search leaves. */
export function foundValues({ data, state }) {
  const sought = state.search.trim().toLocaleLowerCase();
  const fits = ({ name, label, group }) => [name, label, group].some((x) => x.toLocaleLowerCase().includes(sought));
  return new Set(data.values.flatMap((value, i) => (sought === "" || fits(value) ? [i] : [])));
}

/** Return causes, effects and unsettled neighbours of a value among the edges shown: { edge, other }. */
export function neighboursOf(app, i) {
  const found = { causes: [], effects: [], unsettled: [] };
  for (const k of shownEdges(app)) {
    const edge = app.data.edges[k];
    if (edge.cause !== i && edge.effect !== i) continue;
    const other = edge.cause === i ? edge.effect : edge.cause;
    if (edge.ends !== "-->") found.unsettled.push({ edge, other });
    else if (edge.effect === i) found.causes.push({ edge, other });
    else found.effects.push({ edge, other });
  }
  return found;
}

const counted = (n, one, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

/** Bring the figure up to the state: threshold, choice, search, labels of the buttons. */
export function showGraph(app) {
  const { data, state, figure } = app;
  if (!figure) return;
  const shown = new Set(shownEdges(app));
  const found = foundValues(app);
  data.edges.forEach((edge, k) => {
    const touched = state.value === null || edge.cause === state.value || edge.effect === state.value;
    const sought = found.has(edge.cause) || found.has(edge.effect);
    const line = figure.parts.get(edge.part);
    const label = figure.parts.get(`${edge.part}-label`);
    if (line) setOrDrop(line, "display", shown.has(k) ? null : "none");
    if (line) setOrDrop(line, "opacity", touched && sought ? null : FAINT);
    if (label) setOrDrop(label, "display", shown.has(k) && touched && sought ? null : "none");
  });
  data.values.forEach((value, i) => showNode(app, value, i, found.has(i)));
  place(app);
  byId("reset-layout").hidden = state.moved.size === 0;
  const how = state.threshold === data.threshold ? ", as in print" : "";
  byId("shown").textContent = `${shown.size} of ${data.edges.length} edges${how}${acting(state) ? " · ▲▼ predicted change" : ""}`;
}

function showNode(app, value, i, found) {
  const { state, figure } = app;
  const node = figure.parts.get(value.part);
  const name = figure.parts.get(`${value.part}-name`);
  const chosen = state.value === i;
  const { causes, effects, unsettled } = neighboursOf(app, i);
  const joined = [counted(causes.length, "cause"), counted(effects.length, "effect")];
  if (unsettled.length) joined.push(`${counted(unsettled.length, "link")} of unsettled direction`);
  node.setAttribute("aria-label", `${value.label}: ${listed(joined)}; mean ${number(app.before[i].mean)}`);
  node.setAttribute("aria-pressed", String(chosen));
  showMove(app, node, i);
  const ring = node.querySelector(".ring");
  ring.setAttribute("stroke", chosen ? ACCENT : "none");
  ring.setAttribute("stroke-width", chosen ? "2.2" : "0");
  setOrDrop(node, "opacity", found ? null : "0.3");
  if (name) setOrDrop(name, "opacity", found ? null : "0.7");
  if (name) setOrDrop(name, "font-weight", chosen ? "bold" : null);
}

/** Draw the predicted change of a value into its disc: a triangle up or down, the larger the more. */
function showMove(app, node, i) {
  const by = app.result.after[i].mean - app.before[i].mean;
  const size = Math.abs(by) / (app.data.values[i].sd || 1);
  const move = node.querySelector(".move");
  const seen = acting(app.state) && size > 0.05;
  const r = 1.8 + 2.2 * Math.min(size / 1.5, 1);
  const up = by > 0 ? -1 : 1;
  const { x, y } = node.middle;
  setOrDrop(move, "d", seen ? `M${x} ${y + up * r}l${r} ${-up * 1.7 * r}h${-2 * r}Z` : null);
  move.setAttribute("fill", seen ? (by > 0 ? "#0072B2" : "#D55E00") : "none");
  if (seen) node.setAttribute("aria-label", `${node.getAttribute("aria-label")}; predicted ${change(by)}${outside(app.data, app.data.values[i], app.result.after[i].mean) && ", outside the data"}`);
}

/** Set an attribute, or take it away. */
export function setOrDrop(element, key, value) {
  if (value === null) element.removeAttribute(key);
  else element.setAttribute(key, value);
}
