// Small things that every part uses: elements without markup in strings, numbers as journals print them.

export const SANS = "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Noto Sans', 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif";
export const ACCENT = "#7A2E5D";

/** Return an element; text is set as text, never as markup. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

/** Return an SVG element. */
export function draw(tag, attributes = {}, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  if (text) element.textContent = text;
  return element;
}

/** Return a name that keeps its direction of writing to itself; where it is not the one in the data, that is its title. */
export function named(text, id = text) {
  return make("bdi", { class: "name", title: id === text ? null : id }, text);
}

/** Return the name of a value or lever as shown. */
export function called({ label, name }) {
  return named(label, name);
}

/** Return the element with an id. */
export function byId(id) {
  return document.getElementById(id);
}

let decimals = 2;

/** Set the decimals of scores from the spread of the values. */
export function setDecimals(spread) {
  decimals = spread > 0 ? Math.max(2, Math.min(6, 1 - Math.round(Math.log10(spread)))) : 2;
}

/** Return a number without leading zero and with a proper minus sign. */
export function number(x, places = decimals) {
  if (x === null || x === undefined || !Number.isFinite(x)) return "–";
  let text = Math.abs(x).toFixed(places);
  const zero = Number(text) === 0;
  if (text.startsWith("0.")) text = text.slice(1);
  return (x < 0 && !zero ? "−" : "") + text;
}

/** Return a score as a field shows it: with one decimal more than text has. */
export function inField(x) {
  return String(Number(x.toFixed(decimals + 1)));
}

/** Return a dose: four digits, whatever its scale. */
export function dosed(x) {
  return String(Number(x.toPrecision(4))).replace(/^(-?)0(?=\.)/, "$1").replace("-", "−");
}

/** Return a change with its sign. */
export function change(x) {
  const text = number(x);
  return x > 0 && Number(Math.abs(x).toFixed(decimals)) !== 0 ? `+${text}` : text;
}

/** Return an interval in brackets. */
export function interval(lower, upper) {
  return lower === null || upper === null ? "" : `[${number(lower)},\u00a0${number(upper)}]`;
}

/** Return a probability; what is not exactly 0 or 1 is never printed as such. */
export function share(x) {
  if (x === null || x === undefined) return "–";
  if (x > 0 && x < 0.005) return "< .01";
  if (x < 1 && x >= 0.995) return "> .99";
  return number(x, 2);
}

/** Return a list in words. */
export function listed(items) {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;
}

/** Return a round step for a slider over a range. */
export function stepOf(low, high) {
  const raw = (high - low) / 200;
  if (!(raw > 0)) return 0.01;
  const size = 10 ** Math.floor(Math.log10(raw));
  return Number((([1, 2, 5].find((each) => each * size >= raw) ?? 10) * size).toPrecision(1));
}

/** Return round places for an axis. */
export function ticksOf(low, high, wanted = 5) {
  const raw = (high - low) / wanted;
  if (!(raw > 0)) return [low];
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 2.5, 5].find((each) => each * size >= raw) ?? 10) * size;
  const found = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n += 1) found.push(n * step);
  return found;
}

/** Return a table with a caption and headed columns; a cell is text, an element, or { value, text } for a number. */
export function table(caption, heads, rows, hidden = false) {
  const isNumber = (each) => each?.constructor === Object;
  const cells = (row) =>
    row.map((each, k) => {
      if (k === 0) return make("th", { scope: "row" }, each);
      return isNumber(each) ? make("td", { class: "number", "data-value": each.value }, each.text) : make("td", {}, each);
    });
  const headed = (head, k) => make("th", { scope: "col", class: isNumber(rows[0]?.[k]) ? "number" : null }, head);
  return make(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": caption },
    make(
      "table",
      {},
      make("caption", hidden ? { class: "unseen" } : {}, caption),
      make("thead", {}, make("tr", {}, ...heads.map(headed))),
      make("tbody", {}, ...rows.map((row) => make("tr", {}, ...cells(row)))),
    ),
  );
}

/** Return a cell that shows a rounded number and carries the whole one. */
export function cell(value, text = number(value)) {
  return { value: value === null || value === undefined ? "" : value, text };
}
