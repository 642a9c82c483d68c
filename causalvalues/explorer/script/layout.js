// Where the values stand: as in print, or where the reader has put them. Edges and their labels follow.

const STEP = 6;
const SLOP = 4;
const EDGE = 12;
const HALO = [["stroke", "#FFFFFF"], ["stroke-width", "3"], ["stroke-linejoin", "round"], ["paint-order", "stroke"]];

const numbersIn = (text) => (text ?? "").match(/-?\d+(\.\d+)?/g)?.map(Number) ?? [];
const distance = ([a, b], [c, d]) => Math.hypot(a - c, b - d);
const degrees = ([x, y]) => (Math.atan2(y, x) * 180) / Math.PI;
const middleOf = (points) => [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);
const put = (element, key, value) => (value === null ? element?.removeAttribute(key) : element?.setAttribute(key, value));
const turned = ([x, y], angle, [a, b]) => `translate(${x.toFixed(2)} ${y.toFixed(2)}) rotate(${angle.toFixed(2)}) translate(${-a} ${-b})`;

function pointsIn(text) {
  const all = numbersIn(text);
  return Array.from({ length: all.length / 2 }, (_, k) => [all[2 * k], all[2 * k + 1]]);
}

/** Return how far a value stands from its place in print, in the units of a figure; its disc stays in the picture. */
function shiftOf({ state }, svg, node, i) {
  const { width, height } = svg.dataset;
  const [x, y] = (state.moved.get(i) ?? [0, 0]).map((each) => each * width);
  const held = (at, by, size) => Math.min(Math.max(at + by, EDGE), size - EDGE) - at;
  return state.moved.has(i) ? [held(node.middle.x, x, width), held(node.middle.y, y, height)] : [0, 0];
}

/** Put values, edges and labels of the figure where the state has them. */
export function place(app) {
  const { data, state, figure } = app;
  const home = data.values.map(({ part }) => { const { x, y } = figure.parts.get(part).middle; return [x, y]; });
  const at = home.map(([x, y], i) => {
    const { part } = data.values[i];
    const [dx, dy] = shiftOf(app, figure, figure.parts.get(part), i);
    for (const key of [part, `${part}-name`]) put(figure.parts.get(key), "transform", dx || dy ? `translate(${dx.toFixed(2)} ${dy.toFixed(2)})` : null);
    for (const text of figure.parts.get(`${part}-name`)?.querySelectorAll("text") ?? []) {
      for (const [key, value] of HALO) put(text, key, dx || dy ? value : null);
    }
    return [x + dx, y + dy];
  });
  for (const { part, cause, effect } of data.edges) {
    const group = figure.parts.get(part);
    const moved = state.moved.has(cause) || state.moved.has(effect);
    if (!group || (!moved && !group.printed)) continue;
    group.printed ??= printedEdge(group, figure.parts.get(`${part}-label`), home[cause], home[effect]);
    follow(group.printed, moved ? [at[cause], at[effect]] : null);
  }
}

/** Return how an edge is in print: its line, how far from the discs it ends, the marks at its ends, and its label. */
function printedEdge(group, label, from, to) {
  const line = group.querySelector(".line");
  const points = pointsIn(line.getAttribute("d"));
  const caps = [...group.querySelectorAll(".head, .circle")].map((mark) => {
    const corners = pointsIn(mark.getAttribute("d"));
    const isHead = mark.classList.contains("head");
    const tip = isHead ? corners[0] : middleOf([corners[0], corners[6]]);
    const back = isHead ? middleOf(corners.slice(1, 3)) : tip;
    const last = distance(tip, to) < distance(tip, from);
    return { mark, tip, last, away: distance(tip, last ? to : from), angle: degrees([tip[0] - back[0], tip[1] - back[1]]) };
  });
  const text = label?.querySelector("text");
  return {
    group, label, line, caps,
    d: line.getAttribute("d"),
    ends: [distance(points[0], from), distance(points[points.length - 1], to)],
    middle: label && middleOf(pointsIn(label.querySelector("path").getAttribute("d")).slice(0, 4)),
    angle: numbersIn(text?.getAttribute("transform"))[0] ?? 0,
  };
}

/** Draw an edge straight between two places, its marks as far from the discs as in print; null is as in print. */
function follow({ group, label, line, caps, d, ends, middle, angle }, places) {
  const [from, to] = places ?? [[0, 0], [0, 0]];
  const far = places ? distance(from, to) : 1;
  const along = [(to[0] - from[0]) / far, (to[1] - from[1]) / far];
  const on = (start, by) => [start[0] + by * along[0], start[1] + by * along[1]];
  const room = !places || far > ends[0] + ends[1] + 2;
  for (const each of [group, label]) put(each, "visibility", room ? null : "hidden");
  if (!room) return;
  const [a, b] = [on(from, ends[0]), on(to, -ends[1])];
  put(line, "d", places ? `M${a[0].toFixed(2)} ${a[1].toFixed(2)}L${b[0].toFixed(2)} ${b[1].toFixed(2)}` : d);
  for (const cap of caps) {
    const towards = degrees(along) + (cap.last ? 0 : 180);
    put(cap.mark, "transform", places ? turned(cap.last ? on(to, -cap.away) : on(from, cap.away), towards - cap.angle, cap.tip) : null);
  }
  if (!label) return;
  const lean = degrees(along);
  const upright = lean > 90 ? lean - 180 : lean <= -90 ? lean + 180 : lean;
  put(label, "transform", places ? turned(middleOf([a, b]), upright - angle, middle) : null);
}

/** Move a value of the figure by some units; disc and name stay in the picture, and above its legend. */
function move(app, i, [x, y]) {
  const { figure, state } = app;
  const { part } = app.data.values[i];
  const { middle } = figure.parts.get(part);
  const name = figure.parts.get(`${part}-name`)?.getBBox() ?? { x: middle.x, y: middle.y, width: 0, height: 0 };
  const legend = [...figure.querySelectorAll(".legend text")].map((text) => Number(text.getAttribute("y")) - EDGE);
  const [width, height] = [Number(figure.dataset.width), Math.min(Number(figure.dataset.height), ...legend)];
  const held = (by, low, high, size) => Math.max(Math.min(by, size - 3 - high), 3 - low);
  const dx = held(x, Math.min(middle.x - EDGE, name.x), Math.max(middle.x + EDGE, name.x + name.width), width);
  const dy = held(y, Math.min(middle.y - EDGE, name.y), Math.max(middle.y + EDGE, name.y + name.height), height);
  const found = [dx, dy].map((each) => Number((each / width).toFixed(4)));
  if (found.some((each) => each !== 0)) state.moved.set(i, found);
  else state.moved.delete(i);
  place(app);
}

/** Let a value be dragged by disc and name, by mouse, pen and finger, and be moved with Shift and the arrow keys. */
export function makeMovable(app, svg, i, node, name) {
  let from = null;
  let dragged = false;
  const where = () => shiftOf(app, svg, node, i);
  const end = (back) => {
    if (!from) return;
    if (dragged && back) move(app, i, from.was);
    if (dragged) app.show();
    from = null;
    setTimeout(() => { dragged = false; });
  };
  for (const part of [node, name].filter(Boolean)) {
    part.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !event.isPrimary || (part === name && event.pointerType === "touch")) return;
      from = { x: event.clientX, y: event.clientY, was: where(), scale: svg.getScreenCTM().a };
      part.setPointerCapture(event.pointerId);
    });
    part.addEventListener("pointermove", (event) => {
      if (!from) return;
      const by = [event.clientX - from.x, event.clientY - from.y];
      dragged ||= Math.hypot(...by) > SLOP;
      if (dragged) move(app, i, from.was.map((each, axis) => each + by[axis] / from.scale));
    });
    part.addEventListener("pointerup", () => end(false));
    part.addEventListener("pointercancel", () => end(true));
    part.addEventListener("click", (event) => { if (dragged) event.stopImmediatePropagation(); });
  }
  node.addEventListener("touchmove", (event) => event.preventDefault(), { passive: false }); // else the page scrolls
  node.setAttribute("aria-description", "Shift and an arrow key move it.");
  node.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!way || !event.shiftKey) return;
    event.preventDefault();
    move(app, i, where().map((each, axis) => each + STEP * way[axis]));
    app.show();
    app.announce(`${app.data.values[i].label} is moved.`);
  });
}
