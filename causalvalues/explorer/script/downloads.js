// What can be taken away: the figure as it is shown, as SVG; its numbers as CSV.

import { shownEdges } from "./graph.js";
import { outside } from "./rests.js";
import { byId, share } from "./words.js";

/** Offer a text as a file. */
function offer(name, kind, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: kind }));
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** Return the figure of the current view as a document of its own, in the colours of paper. */
export function figureText(app) {
  const shown = { graph: app.figure, profile: byId("profile").firstElementChild, differences: byId("differences").firstElementChild };
  const from = shown[app.state.view];
  const svg = from.cloneNode(true);
  const unit = app.state.view === "profile" ? "px" : "pt";
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.setAttribute("width", from.dataset.width + unit);
  svg.setAttribute("height", from.dataset.height + unit);
  for (const key of ["data-width", "data-height", "class"]) svg.removeAttribute(key);
  for (const each of svg.querySelectorAll('[display="none"], .touch, [stroke="none"].ring, .move:not([d])')) each.remove();
  for (const each of svg.querySelectorAll("[role], [tabindex], [aria-hidden]")) {
    for (const key of ["role", "tabindex", "aria-label", "aria-description", "aria-pressed", "aria-hidden"]) each.removeAttribute(key);
  }
  svg.setAttribute("role", "img");
  const alt = app.state.view === "graph" ? `${app.data.alt} Shown: ${byId("shown").textContent}, those with P(adjacent) above ${share(app.state.threshold)}.` : from.getAttribute("aria-label");
  for (const each of svg.querySelectorAll(":scope > title, :scope > desc")) each.remove();
  for (const key of ["aria-label", "aria-labelledby"]) svg.removeAttribute(key);
  const words = (tag, text) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    element.textContent = text;
    return element;
  };
  svg.prepend(words("title", app.data.title), words("desc", alt));
  if (!svg.querySelector("rect[fill='#FFFFFF']")) {
    const ground = words("rect", "");
    for (const [key, value] of [["width", "100%"], ["height", "100%"], ["fill", "#FFFFFF"]]) ground.setAttribute(key, value);
    svg.querySelector("desc").after(ground);
  }
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(svg)}\n`;
}

function quoted(value) {
  if (value === null || value === undefined) return "";
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Return rows as CSV (RFC 4180), numbers with all their digits. */
export function csvOf(heads, rows) {
  return [heads, ...rows].map((row) => row.map(quoted).join(",")).join("\r\n") + "\r\n";
}

/** Return the numbers of the current view as CSV. */
export function numbersText(app) {
  const { data, state, before, result } = app;
  const name = (i) => data.values[i].name;
  if (state.view === "graph") {
    const heads = ["cause", "effect", "ends", "adjacent", "direction", "compelled", "compelled_reverse", "open", "verdict", "prior_direction", "mean", "lower", "upper", "positive"];
    const rows = shownEdges(app).map((k) => {
      const e = data.edges[k];
      return [name(e.cause), name(e.effect), e.ends, e.p, e.direction, e.compelled, e.reverse, e.open, e.verdict, e.prior, e.mean, e.lower, e.upper, e.positive];
    });
    return csvOf(heads, rows);
  }
  if (state.view === "differences") {
    const heads = ["cause", "effect", "change", "adjacent_first", "mean_first", "verdict_first", "adjacent_second", "mean_second", "verdict_second"];
    const facts = (each) => [each?.adjacent, each?.mean, each?.verdict];
    return csvOf(heads, data.other.rows.map((row) => [name(row.cause), name(row.effect), row.change, ...facts(row.first), ...facts(row.second)]));
  }
  const heads = ["value", "intervention", "amount", "before", "mean", "lower", "upper", "change", "sd", "target", "extrapolated"];
  const rows = data.values.map((value, i) => {
    const [old, now] = [before[i], result.after[i]];
    const how = state.held.has(i) ? "set" : state.pushed.has(i) ? "shift" : "";
    return [value.name, how, state.held.get(i) ?? state.pushed.get(i), old.mean, now.mean, now.lower, now.upper, now.mean - old.mean, now.sd, state.wanted.get(i), outside(data, value, now.mean)];
  });
  for (const [i, dose] of state.doses) rows.push([data.levers[i].name, "lever", dose, ...Array(7).fill(""), dose < data.levers[i].low || dose > data.levers[i].high ? "a dose that was not tried" : ""]);
  return csvOf(heads, rows);
}

/** Make the two buttons work. */
export function setUpDownloads(app) {
  const stem = () => `${app.data.run}-${app.state.view}`.replace(/[^\w.-]+/g, "-").slice(0, 80);
  byId("save-figure").addEventListener("click", () => offer(`${stem()}.svg`, "image/svg+xml", figureText(app)));
  byId("save-numbers").addEventListener("click", () => offer(`${stem()}.csv`, "text/csv", numbersText(app)));
}
