// What the reader has chosen, and its form in the address of the page.

/** Return the state of a page that was just opened. */
export function freshState(data) {
  return {
    tab: "value",
    view: "graph",
    value: null,
    threshold: data.threshold,
    search: "",
    held: new Map(),
    pushed: new Map(),
    doses: new Map(),
    wanted: new Map(),
    weights: new Map(),
    tolerance: 0.25,
    start: -1,
    moved: new Map(),
  };
}

export const TABS = ["value", "whatif", "target", "compare"];
export const VIEWS = ["graph", "profile", "differences"];

/** Say whether anything is intervened upon. */
export function acting(state) {
  return state.held.size + state.pushed.size + state.doses.size > 0;
}

/** Return the state as text for the address, names in place of numbers. */
export function hashOf(state, data) {
  const said = new URLSearchParams();
  if (state.tab !== "value") said.set("tab", state.tab);
  if (state.view !== "graph") said.set("view", state.view);
  if (state.value !== null) said.set("value", data.values[state.value].name);
  if (state.threshold !== data.threshold) said.set("p", String(state.threshold));
  for (const [i, x] of state.held) said.set(`set:${data.values[i].name}`, String(x));
  for (const [i, x] of state.pushed) said.set(`shift:${data.values[i].name}`, String(x));
  for (const [i, x] of state.doses) said.set(`lever:${data.levers[i].name}`, String(x));
  for (const [i, x] of state.wanted) said.set(`want:${data.values[i].name}`, String(x));
  for (const [i, x] of state.weights) said.set(`weight:${data.values[i].name}`, String(x));
  if (state.tolerance !== 0.25) said.set("tolerance", String(state.tolerance));
  if (state.start !== -1) said.set("start", data.plans.starts[state.start][0]);
  for (const [i, [x, y]] of state.moved) said.set(`at:${data.values[i].name}`, `${x},${y}`);
  return said.toString();
}

/** Return the state that an address says; what it does not say, or says wrongly, is as on a page just opened. */
export function stateOf(hash, data) {
  const state = freshState(data);
  const values = new Map(data.values.map(({ name }, i) => [name, i]));
  const levers = new Map(data.levers.map(({ name }, i) => [name, i]));
  const numbered = (map, places, name, text, allowed = () => true) => {
    const x = Number(text);
    if (places.has(name) && text.trim() !== "" && Number.isFinite(x) && allowed(x)) map.set(places.get(name), x);
  };
  for (const [key, text] of new URLSearchParams(hash.replace(/^#/, ""))) {
    const [kind, name] = [key.slice(0, key.indexOf(":")), key.slice(key.indexOf(":") + 1)];
    const x = Number(text);
    if (key === "tab" && TABS.includes(text) && (text !== "compare" || data.other)) state.tab = text;
    else if (key === "view" && VIEWS.includes(text) && (text !== "differences" || data.other)) state.view = text;
    else if (key === "value" && values.has(text)) state.value = values.get(text);
    else if (key === "p" && x >= 0 && x <= 1) state.threshold = x;
    else if (key === "tolerance" && x > 0 && Number.isFinite(x)) state.tolerance = x;
    else if (key === "start" && data.plans) state.start = data.plans.starts.findIndex(([title]) => title === text);
    else if (kind === "set") numbered(state.held, values, name, text);
    else if (kind === "shift") numbered(state.pushed, values, name, text);
    else if (kind === "lever") numbered(state.doses, levers, name, text, (dose) => dose !== 0);
    else if (kind === "want") numbered(state.wanted, values, name, text);
    else if (kind === "at" && values.has(name)) {
      const at = text.split(",").map((each) => (each.trim() === "" ? NaN : Number(each)));
      if (at.length === 2 && at.every((each) => Math.abs(each) <= 1) && at.some(Boolean)) state.moved.set(values.get(name), at);
    } else if (kind === "weight") numbered(state.weights, values, name, text, (weight) => weight >= 0);
  }
  for (const node of state.held.keys()) state.pushed.delete(node);
  return state;
}
