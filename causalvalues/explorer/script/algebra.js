// The algebra of the engine over all draws: pure functions, no page. Matrices are [draw, cause, effect], row by row.

/** Return the bytes of base64 text. */
export function bytesOf(text) {
  if (typeof Uint8Array.fromBase64 === "function") return Uint8Array.fromBase64(text);
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

/** Return 64-bit little-endian numbers from base64 text. */
export function numbersOf(text) {
  const bytes = bytesOf(text);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const numbers = new Float64Array(bytes.length / 8);
  for (let i = 0; i < numbers.length; i += 1) numbers[i] = view.getFloat64(8 * i, true);
  return numbers;
}

/** Return a dense stack of matrices from its sparse form. */
export function drawsOf(packed) {
  const [s, a, b] = packed.shape;
  const data = new Float64Array(s * a * b);
  const masks = bytesOf(packed.masks);
  const wide = numbersOf(packed.wide);
  const fine = bytesOf(packed.fine);
  const stride = Math.ceil(s / 8);
  let atMask = 0;
  let atWide = 0;
  let atFine = 0;
  for (const [i, j, count, low, step] of packed.cells) {
    const full = count === s;
    for (let d = 0, left = count; left > 0; d += 1) {
      if (!full && !((masks[atMask + (d >> 3)] >> (d & 7)) & 1)) continue;
      left -= 1;
      let x;
      if (step) {
        x = low + step * (fine[atFine] | (fine[atFine + 1] << 8) | (fine[atFine + 2] << 16));
        atFine += 3;
      } else {
        x = wide[atWide];
        atWide += 1;
      }
      data[(d * a + i) * b + j] = x;
    }
    if (!full) atMask += stride;
  }
  return data;
}

/** Return the model of a page: draws of linear equations among p values, with k levers and their tried combinations. */
export function modelOf(data) {
  const p = data.values.length;
  const s = data.draws;
  const model = {
    s,
    p,
    k: data.levers.length,
    combinations: data.combinations,
    weights: data.weights === null ? null : numbersOf(data.weights),
    intercepts: numbersOf(data.intercepts),
    scales: numbersOf(data.scales),
    among: drawsOf(data.among),
    design: drawsOf(data.design),
    columns: data.levers.length + data.combinations.length,
  };
  model.order = ordersOf(model);
  return model;
}

/** Return for each draw the values in an order in which causes stand before effects. */
function ordersOf({ s, p, among }) {
  const order = new Uint16Array(s * p);
  const waiting = new Int32Array(p);
  for (let d = 0; d < s; d += 1) {
    waiting.fill(0);
    const at = d * p * p;
    for (let i = 0; i < p; i += 1) for (let j = 0; j < p; j += 1) if (among[at + i * p + j] !== 0) waiting[j] += 1;
    let found = 0;
    for (let j = 0; j < p; j += 1) if (waiting[j] === 0) order[d * p + found++] = j;
    for (let next = 0; next < found; next += 1) {
      const i = order[d * p + next];
      for (let j = 0; j < p; j += 1) {
        if (among[at + i * p + j] !== 0 && --waiting[j] === 0) order[d * p + found++] = j;
      }
    }
  }
  return order;
}

/** Carry changes through the equations of all draws, in place: x holds what acts directly on each value, (s, p). */
function carried(model, x, held) {
  const { s, p, among, order } = model;
  const isHeld = new Uint8Array(p);
  for (const node of held.keys()) isHeld[node] = 1;
  for (let d = 0; d < s; d += 1) {
    const at = d * p * p;
    const row = d * p;
    for (let n = 0; n < p; n += 1) {
      const i = order[row + n];
      const moved = x[row + i];
      if (moved === 0) continue;
      for (let j = 0; j < p; j += 1) {
        const b = among[at + i * p + j];
        if (b !== 0 && !isHeld[j]) x[row + j] += b * moved;
      }
    }
  }
  return x;
}

/** Return doses of levers and the products of tried combinations. */
export function designOf(model, doses) {
  const levers = Array.from({ length: model.k }, (_, i) => doses.get(i) ?? 0);
  return [...levers, ...model.combinations.map((cell) => cell.reduce((found, i) => found * levers[i], 1))];
}

/** Return the population mean of every value in every draw, (s, p), under an action { held, pushed, doses } of Maps. */
export function predicted(model, { held, pushed, doses }) {
  const { s, p, intercepts, design, columns } = model;
  const x = Float64Array.from(intercepts);
  designOf(model, doses).forEach((dose, c) => {
    if (dose === 0) return;
    for (let d = 0; d < s; d += 1) {
      const at = (d * columns + c) * p;
      for (let j = 0; j < p; j += 1) x[d * p + j] += dose * design[at + j];
    }
  });
  for (const [node, amount] of pushed) for (let d = 0; d < s; d += 1) x[d * p + node] += amount;
  for (const [node, score] of held) for (let d = 0; d < s; d += 1) x[d * p + node] = score;
  return carried(model, x, held);
}

/** Return the total effects (s, p) of one unit of a value. */
export function totalsOfValue(model, value) {
  const x = new Float64Array(model.s * model.p);
  for (let d = 0; d < model.s; d += 1) x[d * model.p + value] = 1;
  return carried(model, x, new Map());
}

/** Return the total effects (s, p) of one unit of a column of the design. */
export function totalsOfColumn(model, column) {
  const { s, p, design, columns } = model;
  const x = new Float64Array(s * p);
  for (let d = 0; d < s; d += 1) {
    const at = (d * columns + column) * p;
    for (let j = 0; j < p; j += 1) x[d * p + j] = design[at + j];
  }
  return carried(model, x, new Map());
}

/** Return the standard deviation (p) of a single unit: spread of units and of the draws of the mean. */
export function spreadOf(model, { held }, means) {
  const { s, p, scales, weights } = model;
  const inside = new Float64Array(p);
  const between = new Float64Array(p);
  const centre = meansOf(model, means);
  const unit = new Float64Array(s * p);
  for (let i = 0; i < p; i += 1) {
    if (held.has(i)) continue;
    unit.fill(0);
    for (let d = 0; d < s; d += 1) unit[d * p + i] = scales[d * p + i];
    carried(model, unit, held);
    for (let d = 0; d < s; d += 1) {
      const w = weights === null ? 1 / s : weights[d];
      for (let j = 0; j < p; j += 1) inside[j] += w * unit[d * p + j] ** 2;
    }
  }
  for (let d = 0; d < s; d += 1) {
    const w = weights === null ? 1 / s : weights[d];
    for (let j = 0; j < p; j += 1) between[j] += w * (means[d * p + j] - centre[j]) ** 2;
  }
  return Array.from(inside, (each, j) => Math.sqrt(each + between[j]));
}

/** Return weighted means (p) of draws (s, p). */
export function meansOf({ s, p, weights }, draws) {
  const mean = new Float64Array(p);
  for (let d = 0; d < s; d += 1) {
    const w = weights === null ? 1 / s : weights[d];
    for (let j = 0; j < p; j += 1) mean[j] += w * draws[d * p + j];
  }
  return mean;
}

/** Return for each share the smallest number whose cumulative weight reaches it. */
export function quantilesOf(numbers, weights, shares) {
  const s = numbers.length;
  if (weights === null) {
    const sorted = Float64Array.from(numbers).sort();
    return shares.map((share) => sorted[Math.min(Math.ceil(share * s - 1e-9), s) - 1]);
  }
  const order = Array.from(numbers.keys()).sort((a, b) => numbers[a] - numbers[b]);
  return shares.map((share) => {
    let reached = 0;
    for (const place of order) {
      reached += weights[place];
      if (reached >= share - 1e-9) return numbers[place];
    }
    return numbers[order[s - 1]];
  });
}

/** Return mean, interval and probabilities of each value over draws (s, p). */
export function summaryOf(model, draws, level = 0.9) {
  const { s, p, weights } = model;
  const mean = meansOf(model, draws);
  const column = new Float64Array(s);
  return Array.from({ length: p }, (_, j) => {
    let positive = 0;
    let negative = 0;
    for (let d = 0; d < s; d += 1) {
      const w = weights === null ? 1 / s : weights[d];
      column[d] = draws[d * p + j];
      if (column[d] > 0) positive += w;
      if (column[d] < 0) negative += w;
    }
    const [lower, upper] = quantilesOf(column, weights, [(1 - level) / 2, (1 + level) / 2]);
    return { mean: mean[j], lower, upper, positive, negative };
  });
}
