// Questions to the engine, for a page that a server sent: one at a time, errors in words, and a mark on old answers.

import { make } from "./words.js";

const GONE = "The server does not answer. Start it again (causalvalues explore RUN --serve) and reload this page.";

/** Send a question; return what the engine says, or an error in words. */
async function asked(path, question) {
  let sent;
  try {
    sent = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(question) });
  } catch {
    return { error: GONE };
  }
  try {
    const said = await sent.json();
    return sent.ok && said ? said : { error: said?.error ?? GONE };
  } catch {
    return { error: GONE };
  }
}

/**
 * Return a button and the place of its answers. `question` returns { path, body, missing }, `shown` the elements of an
 * answer. While an answer is awaited the button asks nothing; when the question has changed since, the answer says so.
 */
export function asker(app, text, question, shown) {
  const button = make("button", { type: "button", class: "ask" }, text);
  const old = make("p", { class: "old", hidden: true }, "The question has changed since. Ask again.");
  const answer = make("div", {});
  const place = make("div", { class: "answer", "aria-busy": "false" }, old, answer);
  let answered = null;
  let waiting = false;
  const mark = () => { old.hidden = answered === null || waiting || JSON.stringify(question().body) === answered; };
  const say = (...parts) => {
    answer.replaceChildren(...parts);
    app.announce(answer.querySelector("p, caption").textContent);
  };
  const turn = (on) => {
    waiting = on;
    button.setAttribute("aria-disabled", String(on));
    place.setAttribute("aria-busy", String(on));
  };
  button.addEventListener("click", async () => {
    if (waiting) return;
    const { path, body, missing } = question();
    answered = null;
    mark();
    if (missing) return say(make("p", { class: "trouble" }, missing));
    turn(true);
    say(make("p", { class: "aside" }, "The engine is at work …"));
    const said = await asked(path, body);
    turn(false);
    if (said.error) return say(make("p", { class: "trouble" }, said.error));
    answered = JSON.stringify(body);
    say(...shown(said));
    mark();
  });
  document.addEventListener("explorer:change", mark);
  return { button, place, mark };
}

/** Return what is set, shifted or wanted by name in place of number. */
export function byName(map, rows) {
  return Object.fromEntries([...map].map(([i, x]) => [rows[i].name, x]));
}

/** Return a start of the study's plans by name, or null for the population. */
export function startOf({ plans, values }, number) {
  return number < 0 ? null : Object.fromEntries(values.map(({ name }, i) => [name, plans.starts[number][1][i]]));
}

/** Return a section with a heading that stands apart from what the page works out itself. */
export function engineSection(id, title, lead, ...children) {
  return make("section", { class: "engine", id, "aria-labelledby": `${id}-head` },
    make("p", { class: "overline" }, "Engine"),
    make("h3", { id: `${id}-head` }, title),
    make("p", { class: "aside" }, lead),
    ...children);
}

/** Return a list of sentences under a heading; nothing without sentences. */
export function remarks(title, sentences) {
  if (sentences.length === 0) return [];
  return [make("h4", {}, title), make("ul", { class: "remarks" }, ...sentences.map((text) => make("li", {}, text)))];
}
