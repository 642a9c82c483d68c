// The page: reads its data, keeps the state, and redraws what depends on it.

import { modelOf, predicted, spreadOf, summaryOf } from "./algebra.js";
import { setUpCompare, showDifferences } from "./compare.js";
import { setUpControls, showControls } from "./controls.js";
import { setUpDownloads } from "./downloads.js";
import { setUpGraph, showGraph } from "./graph.js";
import { profileTable, said, showProfile } from "./profile.js";
import { TABS, VIEWS, hashOf, stateOf } from "./state.js";
import { setUpTarget, showTarget, plansOf } from "./target.js";
import { rememberTotals, showValue } from "./value.js";
import { byId, make, setDecimals, share } from "./words.js";

const WITH = { whatif: "profile", target: "profile", compare: "differences", value: "graph" };

/** Return means, intervals and standard deviations under an action { held, pushed, doses } of Maps. */
function answer(model, action) {
  const means = predicted(model, action);
  const spread = spreadOf(model, action, means);
  return summaryOf(model, means).map((row, j) => ({ ...row, sd: spread[j] }));
}

function start() {
  const data = JSON.parse(byId("data").textContent);
  const app = { data, model: modelOf(data), state: stateOf(location.hash, data), figure: null };
  const spreads = data.values.map(({ sd }) => sd ?? 0).sort((a, b) => a - b);
  setDecimals(spreads[Math.floor(spreads.length / 2)]);
  app.before = answer(app.model, { held: new Map(), pushed: new Map(), doses: new Map() });
  app.result = { after: app.before };
  rememberTotals(app);
  setUpWords(app);
  setUpStage(app);
  setUpGraph(app);
  setUpControls(app);
  setUpTarget(app);
  setUpCompare(app);
  setUpDownloads(app);
  connect(app);
  app.act();
  window.addEventListener("hashchange", () => {
    if (location.hash.slice(1) === hashOf(app.state, data)) return;
    Object.assign(app.state, stateOf(location.hash, data));
    app.act();
  });
  publish(app);
}

/** Give the app its verbs: each changes the page where the state has changed. */
function connect(app) {
  const keep = () => {
    const hash = hashOf(app.state, app.data);
    try {
      history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
    } catch { /* a browser that takes only so many a minute keeps the older address */ }
    document.dispatchEvent(new CustomEvent("explorer:change", { detail: app.state }));
  };
  let waiting = 0;
  app.announce = (text) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { byId("status").textContent = text; }, 300);
  };
  app.show = () => {
    showGraph(app);
    showStage(app);
    keep();
  };
  app.choose = (i, focus = false) => {
    app.state.value = app.state.value === i ? null : i;
    app.state.tab = "value";
    showValue(app);
    app.show();
    if (focus) (byId("value-name") ?? byId("tab-value")).focus();
    app.announce(i === null || app.state.value === null ? "All values" : `${app.data.values[i].label} is chosen.`);
  };
  app.act = (first = "") => {
    app.result = { after: answer(app.model, app.state) };
    showControls(app);
    showTarget(app);
    showValue(app);
    app.show();
    app.announce(`${first} ${said(app)}`.trim());
  };
  app.aim = () => {
    showTarget(app);
    app.show();
    if (app.plans?.length) app.announce(`Best plan: ${byId("plans").querySelector("tbody button").textContent}, expected error ${byId("plans").querySelector("tbody td").textContent}.`);
  };
}

function setUpWords(app) {
  const { data } = app;
  byId("title").textContent = data.title;
  if (data.values.length <= 12) document.documentElement.dataset.few = "";
  const parts = [`${data.values.length} values`, data.levers.length ? `${data.levers.length} levers` : "", `${data.draws} ${data.kind} draws`, `seed ${data.seed}`];
  byId("about").textContent = parts.filter(Boolean).join(" · ");
  byId("caption").textContent = data.caption;
  byId("method").textContent = `${data.method}. Given: ${data.givens.join("; ")}.`;
  const item = (head, text) => make("li", {}, head ? make("strong", {}, head) : null, ` ${text}`);
  const short = data.cautions.slice(0, 2).map(([head, text]) => item(head, text.match(/^.+?[.!?](?=\s+\p{Lu}|$)/su)?.[0] ?? text));
  if (data.gaps.length) byId("cautions").append(...data.gaps.map((gap) => make("p", { class: "gap" }, gap)));
  if (short.length === 0) byId("cautions").append(make("p", {}, "No report lies beside these graphs. They are drawn given the assumptions below, and no check of the answers is known here."));
  else byId("cautions").append(make("ul", {}, ...short), make("details", {}, make("summary", {}, `All ${data.cautions.length} first lines of the report`), make("ul", { class: "whole" }, ...data.cautions.map(([head, text]) => item(head, text)))));
}

function setUpStage(app) {
  const { data, state } = app;
  const threshold = byId("threshold");
  threshold.addEventListener("input", () => {
    const x = Number(threshold.value);
    state.threshold = Math.abs(x - data.threshold) < 0.005 ? data.threshold : x;
    showValue(app);
    app.show();
  });
  const search = byId("search");
  search.addEventListener("input", () => {
    state.search = search.value;
    showControls(app);
    app.show();
    const n = app.data.values.filter((_, i) => !app.dials.values[i].row.hidden).length;
    byId("found").textContent = state.search.trim() ? `${n} of ${data.values.length} values fit; Enter chooses the first` : "";
  });
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const first = app.dials.values.findIndex(({ row }) => !row.hidden);
    if (first >= 0 && state.search.trim() !== "") {
      state.value = null;
      app.choose(first, true);
    }
  });
  for (const view of VIEWS) byId(`view-${view}`).addEventListener("click", () => { state.view = view; app.show(); });
  for (const tab of TABS) {
    const button = byId(`tab-${tab}`);
    button.addEventListener("click", () => { state.tab = tab; state.view = WITH[tab]; app.show(); });
    button.addEventListener("keydown", (event) => turnTab(event));
  }
  byId("tab-compare").hidden = byId("view-differences").hidden = !data.other;
  byId("theme").addEventListener("click", () => {
    setTheme(document.documentElement.dataset.theme !== "dark");
  });
  setTheme(window.matchMedia("(prefers-color-scheme: dark)").matches);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => setTheme(event.matches));
  byId("reset-layout").addEventListener("click", () => {
    state.moved.clear();
    app.show();
    byId("view-graph").focus();
    app.announce("Every value stands as in print.");
  });
  window.addEventListener("beforeprint", () => { byId("about-figure").open = true; });
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    byId("panel").focus();
  });
  new ResizeObserver(() => { if (state.view === "profile") showProfile(app); }).observe(byId("stage"));
}

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  byId("theme-turn").textContent = dark ? "Switch to light" : "Switch to dark";
}

function turnTab(event) {
  const tabs = TABS.map((tab) => byId(`tab-${tab}`)).filter((tab) => !tab.hidden);
  const at = tabs.indexOf(event.currentTarget);
  const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  const tab = tabs[(next + tabs.length) % tabs.length];
  tab.focus();
  tab.click();
}

/** Show the picture and the panel that are chosen. */
function showStage(app) {
  const { data, state } = app;
  if (state.tab === "compare" && !data.other) state.tab = "value";
  for (const tab of TABS) {
    const chosen = tab === state.tab;
    byId(`tab-${tab}`).setAttribute("aria-selected", String(chosen));
    byId(`tab-${tab}`).tabIndex = chosen ? 0 : -1;
    byId(`${tab}-panel`).hidden = !chosen;
  }
  for (const view of VIEWS) {
    byId(`view-${view}`).setAttribute("aria-pressed", String(view === state.view));
    byId(`${view}-view`).hidden = view !== state.view;
  }
  byId("thresholds").hidden = state.view !== "graph";
  byId("threshold").value = String(state.threshold);
  byId("threshold").setAttribute("aria-valuetext", `edges with probability above ${share(state.threshold)}`);
  byId("threshold-value").textContent = share(state.threshold);
  if (state.view === "profile") {
    showProfile(app);
    byId("profile-table").replaceChildren(profileTable(app));
  }
  if (state.view === "differences") showDifferences(app);
}

/** What scripts of a server, and tests, may use: the algebra of the page, and its state. */
function publish(app) {
  const maps = ({ set = {}, shift = {}, doses = {} } = {}) => {
    const read = (items, rows) => new Map(Object.entries(items).map(([name, x]) => [rows.findIndex((row) => row.name === name), x]));
    return { held: read(set, app.data.values), pushed: read(shift, app.data.values), doses: read(doses, app.data.levers) };
  };
  window.causalvalues = Object.freeze({
    app,
    predict: (action) => answer(app.model, maps(action)),
    totals: (name) => {
      const i = app.data.values.findIndex((row) => row.name === name);
      return i >= 0 ? app.valueTotals(i) : app.leverTotals(app.data.levers.findIndex((row) => row.name === name));
    },
    plans: () => plansOf(app),
    address: () => hashOf(app.state, app.data),
    ready: performance.now(),
  });
  document.documentElement.dataset.ready = "";
}

start();
