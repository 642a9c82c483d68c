// The predicted profile: what each value is without any change and what it becomes, with intervals and targets.

import { endsOutside, outside } from "./rests.js";
import { acting } from "./state.js";
import { ACCENT, SANS, byId, called, cell, change, draw, interval, number, table, ticksOf } from "./words.js";

const INK = "#222222";
const QUIET = "#595959";
const RULE = "#BDBDBD";
const BAND = "#ECEEF0";
const TOP = 30;
const SIZE = 13;

let measure = null;

function widthOf(text, size = SIZE) {
  measure ??= document.createElement("canvas").getContext("2d");
  measure.font = `${size}px ${SANS}`;
  return measure.measureText(text).width;
}

function cutTo(text, room) {
  if (widthOf(text) <= room) return text;
  let kept = Array.from(text).slice(0, 80);
  while (kept.length > 1 && widthOf(`${kept.join("")}…`) > room) kept = kept.slice(0, -1);
  return `${kept.join("")}…`;
}

/** Return the scale that holds the range of the data and every number that is drawn. */
function scaleOf(app, left, right) {
  const { data, state, before, result } = app;
  const numbers = data.values.flatMap(({ low, high }) => [low, high]).filter((x) => x !== null);
  for (const row of [...before, ...result.after]) numbers.push(row.lower, row.upper, row.mean);
  for (const score of state.wanted.values()) numbers.push(score - state.tolerance, score + state.tolerance);
  const low = Math.min(...numbers);
  const high = Math.max(...numbers);
  const room = 0.03 * (high - low) || 0.5;
  const x = (score) => left + ((score - low + room) / (high - low + 2 * room)) * (right - left);
  return { x, ticks: ticksOf(low - room, high + room, right - left > 260 ? 6 : 4) };
}

/** Draw the profile as wide as its frame. */
export function showProfile(app) {
  const frame = byId("profile");
  const width = Math.max(320, Math.round(frame.clientWidth || 640));
  const { data } = app;
  const labels = Math.min(Math.max(...data.values.map(({ label }) => widthOf(label))) + 4, width * 0.3);
  const numbers = width < 480 ? 106 : 166;
  const [left, right] = [labels + 14, width - numbers - 12];
  const scale = scaleOf(app, left, right);
  const row = width < 480 ? 23 : 30;
  const marked = acting(app.state) && endsOutside(app).length > 0;
  const height = TOP + row * data.values.length + (marked ? 62 : 44);
  const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": said(app) });
  svg.dataset.width = width;
  svg.dataset.height = height;
  const all = draw("g", { "font-family": SANS, "font-size": SIZE });
  all.append(...axisOf(scale, { left, right, bottom: TOP + row * data.values.length }));
  data.values.forEach((_, i) => all.append(...rowOf(app, i, { labels, width, scale, row })));
  all.append(...keyOf(app, width));
  if (marked) all.append(draw("text", { x: 4, y: height - 6, "font-size": 11.5, fill: QUIET }, "† outside the data: extrapolated"));
  svg.append(all);
  frame.replaceChildren(svg);
}

function axisOf(scale, { left, right, bottom }) {
  const marks = [];
  for (const place of scale.ticks) {
    const x = scale.x(place);
    if (x < left - 1 || x > right + 1) continue;
    marks.push(draw("path", { d: `M${x} ${TOP - 4}V${bottom}`, stroke: RULE, "stroke-width": 0.6, "stroke-dasharray": "1 3" }));
    marks.push(draw("text", { x, y: bottom + 17, "text-anchor": "middle", "font-size": 11, fill: QUIET }, Math.abs(place) < 1e-9 ? "0" : number(place, 2).replace(/(\.\d)0$/, "$1")));
  }
  marks.push(draw("path", { d: `M${left} ${bottom}H${right}`, stroke: RULE, "stroke-width": 1 }));
  const middle = (left + right) / 2;
  marks.push(draw("text", { x: middle, y: bottom + 36, "text-anchor": "middle", "font-size": 11, fill: QUIET }, "score: mean of the population"));
  return marks;
}

function rowOf(app, i, { labels, width, scale, row }) {
  const { data, state, before, result } = app;
  const y = TOP + row * (i + 0.5);
  const [value, old, now] = [data.values[i], before[i], result.after[i]];
  const touched = state.held.has(i) || state.pushed.has(i);
  const marks = [];
  const label = draw("text", { x: labels, y: y + 4.5, "text-anchor": "end", fill: INK }, cutTo(value.label, labels));
  if (touched) label.setAttribute("font-weight", "bold");
  label.append(draw("title", {}, value.label === value.name ? value.label : `${value.label} (${value.name})`));
  marks.push(label);
  if (state.wanted.has(i)) {
    const score = state.wanted.get(i);
    const [near, far] = [scale.x(score - state.tolerance), scale.x(score + state.tolerance)];
    marks.push(draw("rect", { x: near, y: y - 10, width: far - near, height: 20, rx: 3, fill: BAND }));
    const x = scale.x(score);
    marks.push(draw("path", { d: `M${x} ${y - 7}L${x + 5} ${y}L${x} ${y + 7}L${x - 5} ${y}Z`, fill: "none", stroke: INK, "stroke-width": 1.4 }));
  }
  const [from, to] = [scale.x(old.mean), scale.x(now.mean)];
  if (Math.abs(to - from) > 9) marks.push(draw("path", { d: `M${from} ${y}H${to}`, stroke: RULE, "stroke-width": 1.2 }));
  marks.push(draw("circle", { cx: from, cy: y, r: 4, fill: "#FFFFFF", stroke: QUIET, "stroke-width": 1.4 }));
  const colour = acting(state) ? ACCENT : INK;
  const [a, b] = [scale.x(now.lower), scale.x(now.upper)];
  marks.push(draw("rect", { x: Math.min(a, to - 2), y: y - 5, width: Math.max(b, to + 2) - Math.min(a, to - 2), height: 10, rx: 2, fill: colour, "fill-opacity": 0.32 }));
  if (state.held.has(i)) marks.push(draw("rect", { x: to - 4, y: y - 4, width: 8, height: 8, fill: colour }));
  else marks.push(draw("circle", { cx: to, cy: y, r: 3.6, fill: colour }));
  const aside = width < 480 ? "" : state.held.has(i) ? " (set)" : ` ${interval(now.lower, now.upper)}`;
  const text = draw("text", { x: width - 14, y: y + 4.5, "text-anchor": "end", fill: INK }, number(now.mean) + aside);
  const moved = change(now.mean - old.mean);
  if (acting(state) && width < 480) text.textContent = `${number(now.mean)} (${moved})`;
  marks.push(text);
  if (acting(state) && outside(data, value, now.mean)) marks.push(draw("text", { x: width - 11, y: y + 4.5, fill: INK }, "†"));
  return marks;
}

/** Return the key above the rows: only the signs that occur. */
function keyOf(app, width) {
  const { state } = app;
  const items = acting(state) ? [["before", "old"], ["predicted, 90% interval", "new"]] : [["mean, 90% interval", "plain"]];
  if (state.wanted.size) items.push(["target", "target"]);
  const marks = [];
  let x = 4;
  for (const [text, sign] of items) {
    if (x + widthOf(text, 11.5) + 24 > width) break;
    if (sign === "old") marks.push(draw("circle", { cx: x + 6, cy: 10, r: 4, fill: "#FFFFFF", stroke: QUIET, "stroke-width": 1.4 }));
    if (sign === "new" || sign === "plain") {
      const colour = sign === "new" ? ACCENT : INK;
      marks.push(draw("rect", { x, y: 5, width: 16, height: 10, rx: 2, fill: colour, "fill-opacity": 0.32 }));
      marks.push(draw("circle", { cx: x + 8, cy: 10, r: 3.6, fill: colour }));
    }
    if (sign === "target") marks.push(draw("path", { d: `M${x + 6} 3L${x + 11} 10L${x + 6} 17L${x + 1} 10Z`, fill: "none", stroke: INK, "stroke-width": 1.4 }));
    const at = x + (sign === "new" || sign === "plain" ? 22 : 16);
    marks.push(draw("text", { x: at, y: 14, "font-size": 11.5, fill: QUIET }, text));
    x = at + widthOf(text, 11.5) + 18;
  }
  return marks;
}

/** Return what the picture shows, in one sentence. */
export function said(app) {
  const { data, state, before, result } = app;
  if (!acting(state)) {
    const all = data.values.map(({ label }, i) => `${label} ${number(before[i].mean)}`);
    return `Profile without any change: ${all.join(", ")}.`;
  }
  const moved = result.after
    .map((row, i) => ({ i, by: row.mean - before[i].mean, row }))
    .sort((a, b) => Math.abs(b.by) - Math.abs(a.by))
    .slice(0, 4)
    .map(({ i, by, row }) => `${data.values[i].label} ${change(by)} to ${number(row.mean)} ${interval(row.lower, row.upper)}`);
  const far = endsOutside(app).map(({ i }) => data.values[i].label);
  return `Predicted, largest changes first: ${moved.join("; ")}.${far.length ? ` Outside the data, so extrapolated: ${far.join(", ")}.` : ""}`;
}

/** Return the numbers of the profile as a table. */
export function profileTable(app) {
  const { data, before, result } = app;
  const rows = data.values.map((value, i) => {
    const [old, now] = [before[i], result.after[i]];
    const moved = now.mean - old.mean;
    return [called(value), cell(old.mean), cell(now.mean), cell(now.lower), cell(now.upper), cell(moved, change(moved)), cell(now.sd)];
  });
  return table("Predicted profile: population mean with 90% interval", ["Value", "Before", "Predicted", "Lower", "Upper", "Change", "SD of a unit"], rows, true);
}
