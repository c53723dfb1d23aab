// What the features of photos say together: folds, a head, doubted labels, and what is familiar.
// The same steps as bears_lib.engine.features (linear_probe, novelty) and with the same numbers, which come as `rules`.

/** @typedef {{strengths: number[], doubt: number, few_photos: number, most_folds: number, bank: number, neighbours: number, passing: number}} Rules */
/** @typedef {{weight: Float32Array, bias: Float32Array, strength: number, right: number, n: number, doubted: number[], chances: Float32Array | null}} Head */
/** @typedef {{rows: Float64Array, n: number, columns: number}} Table */

const hex = bytes => [...bytes].map(each => each.toString(16).padStart(2, '0')).join('');

/** The sha256 of a text or of bytes, 64 hex digits. @param {string | Uint8Array} data @returns {Promise<string>} */
export async function sha256(data) {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', /** @type {BufferSource} */ (bytes))));
}

// ---- Numbers of 16 bits ----

/** @param {ArrayLike<number>} values */
export function toHalves(values) {
  const view = new DataView(new ArrayBuffer(4));
  return Uint16Array.from({length: values.length}, (_, i) => {
    view.setFloat32(0, values[i]);
    const bits = view.getUint32(0), sign = bits >>> 16 & 0x8000, size = Math.abs(values[i]);
    if (size < 2**-14) return sign | Math.round(size*2**24);
    const rounded = (bits & 0x7fffffff) + 0xfff + ((bits >>> 13) & 1);
    return sign | Math.min((rounded >>> 13) - (112 << 10), 0x7c00);
  });
}

/** @param {Uint16Array} halves */
export const fromHalves = halves => Float32Array.from(halves, each => {
  const power = each >> 10 & 31, part = each & 1023;
  return (each & 0x8000 ? -1 : 1)*(power ? 2**(power - 15)*(1 + part/1024) : part*2**-24);
});

// ---- Folds ----

/** For each photo the number of its fold, copies in one; null where a class has too few groups.
 * @param {number[]} labels @param {string[]} groups @param {Rules} rules @returns {Promise<number[] | null>} */
export async function groupFolds(labels, groups, rules) {
  const classes = Math.max(...labels) + 1, mixed = new Map();
  for (const name of new Set(groups)) mixed.set(name, await sha256(name));
  const names = [...mixed.keys()].sort((a, b) => mixed.get(a) < mixed.get(b) ? -1 : 1);
  const counts = new Map(names.map(name => [name, new Array(classes).fill(0)]));
  groups.forEach((name, i) => counts.get(name)[labels[i]]++);
  const groupsOf = Array.from({length: classes}, (_, k) => names.filter(name => counts.get(name)[k]).length);
  const folds = Math.min(rules.most_folds, ...groupsOf);
  if (folds < rules.few_photos) return null;
  const dealt = Array.from({length: folds}, () => new Array(classes).fill(0)), foldOf = new Map();
  for (const name of names) {
    const count = counts.get(name), dot = fold => dealt[fold].reduce((sum, many, k) => sum + many*count[k], 0), all = fold => dealt[fold].reduce((a, b) => a + b);
    let best = 0;
    for (let fold = 1; fold < folds; fold++) if (dot(fold) < dot(best) || (dot(fold) === dot(best) && all(fold) < all(best))) best = fold;
    foldOf.set(name, best);
    count.forEach((many, k) => dealt[best][k] += many);
  }
  const total = dealt[0].map((_, k) => dealt.reduce((sum, row) => sum + row[k], 0));
  if (dealt.some(row => row.some((many, k) => many === total[k]))) return null;
  return groups.map(name => foldOf.get(name));
}

// ---- Features in as many directions as they span ----

/** Centred and scaled features of both views, row by row. @param {Float32Array[]} views @param {number} width */
function centred(views, width) {
  const n = views.length*views[0].length/width, middle = new Float64Array(width), rows = new Float64Array(n*width);
  let at = 0, squares = 0;
  for (const view of views) for (const value of view) { rows[at++] = value; squares += value*value; }
  for (let i = 0; i < n; i++) for (let j = 0; j < width; j++) middle[j] += rows[i*width + j]/n;
  const size = Math.sqrt(squares/rows.length) || 1;
  if (!Number.isFinite(size)) throw new Error('The features of these photos are no finite numbers.');
  for (let i = 0; i < n; i++) for (let j = 0; j < width; j++) rows[i*width + j] = (rows[i*width + j] - middle[j])/size;
  return {rows, n, middle, size};
}

/** Rows in the directions that they span: their products are kept, so a fit that only looks at products gives the same.
 * @param {Float64Array} rows @param {number} n @param {number} width */
function turned(rows, n, width) {
  const table = new Float64Array(n*n);
  for (let i = 0; i < n; i++) for (let k = 0; k <= i; k++) {
    let sum = 0;
    for (let j = 0, a = i*width, b = k*width; j < width; j++) sum += rows[a++]*rows[b++];
    table[i*n + k] = table[k*n + i] = sum;
  }
  const left = Float64Array.from({length: n}, (_, i) => table[i*n + i]), order = [], columns = [], most = Math.max(...left, 1e-12);
  for (;;) {
    let pivot = 0;
    for (let i = 1; i < n; i++) if (left[i] > left[pivot]) pivot = i;
    if (columns.length === n || left[pivot] <= 1e-10*most) break;
    const column = new Float64Array(n), length = Math.sqrt(left[pivot]);
    for (let i = 0; i < n; i++) column[i] = table[i*n + pivot];
    for (const other of columns) { const share = other[pivot]; if (share) for (let i = 0; i < n; i++) column[i] -= other[i]*share; }
    for (const done of order) column[done] = 0;
    for (let i = 0; i < n; i++) { column[i] /= length; left[i] -= column[i]*column[i]; }
    left[pivot] = -1;
    order.push(pivot); columns.push(column);
  }
  const many = columns.length, out = new Float64Array(n*many);
  columns.forEach((column, c) => { for (let i = 0; i < n; i++) out[i*many + c] = column[i]; });
  return {rows: out, many, order};
}

/** Weights of the directions as weights of the features. @param {Float64Array} rows @param {number} width @param {ReturnType<typeof turned>} turn @param {Float64Array} weights one column */
function unturned(rows, width, turn, weights) {
  const {rows: table, many, order} = turn, share = Float64Array.from(weights.subarray(0, many)), out = new Float64Array(width);
  for (let c = many - 1; c >= 0; c--) {
    share[c] /= table[order[c]*many + c];
    for (let b = 0; b < c; b++) share[b] -= table[order[c]*many + b]*share[c];
  }
  for (let c = 0; c < many; c++) for (let j = 0; j < width; j++) out[j] += share[c]*rows[order[c]*width + j];
  return out;
}

// ---- Softmax regression: log loss and a penalty on the weights, by L-BFGS in coordinates in which the valley is round ----

/** The loss of weights (columns + 1 rows, the last one free) and its gradient.
 * @param {Table} table @param {Int32Array} truth @param {Uint8Array} used @param {number} classes @param {number} many @param {number} penalty @param {Float64Array} weights @param {Float64Array} gradient */
function loss({rows, n, columns}, truth, used, classes, many, penalty, weights, gradient) {
  gradient.fill(0);
  let total = 0;
  const scores = new Float64Array(classes), free = columns*classes;
  for (let i = 0; i < n; i++) {
    if (!used[i]) continue;
    for (let k = 0; k < classes; k++) scores[k] = weights[free + k];
    for (let j = 0, a = i*columns, w = 0; j < columns; j++, a++) { const x = rows[a]; for (let k = 0; k < classes; k++) scores[k] += x*weights[w++]; }
    const top = Math.max(...scores);
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += Math.exp(scores[k] - top);
    total += top + Math.log(sum) - scores[truth[i]];
    for (let k = 0; k < classes; k++) { scores[k] = (Math.exp(scores[k] - top)/sum - (k === truth[i] ? 1 : 0))/many; gradient[free + k] += scores[k]; }
    for (let j = 0, a = i*columns, w = 0; j < columns; j++, a++) { const x = rows[a]; for (let k = 0; k < classes; k++) gradient[w++] += x*scores[k]; }
  }
  let held = 0;
  for (let w = 0; w < free; w++) { held += penalty*weights[w]*weights[w]; gradient[w] += penalty*weights[w]; }
  return total/many + held/2;
}

/** The upper Cholesky factor of the mean curvature. @param {Table} table @param {Uint8Array} used @param {number} classes @param {number} penalty @param {Float64Array} weights */
function shape({rows, n, columns}, used, classes, penalty, weights) {
  const d = columns + 1, table = new Float64Array(d*d), scores = new Float64Array(classes);
  let learnt = 0;
  for (let i = 0; i < n; i++) learnt += used[i];
  for (let i = 0; i < n; i++) {
    if (!used[i]) continue;
    const x = rows.subarray(i*columns, (i + 1)*columns);
    for (let k = 0; k < classes; k++) { scores[k] = weights[columns*classes + k]; for (let j = 0; j < columns; j++) scores[k] += x[j]*weights[j*classes + k]; }
    const top = Math.max(...scores), chances = scores.map(score => Math.exp(score - top)), sum = chances.reduce((a, b) => a + b);
    const bend = chances.reduce((all, chance) => all + chance/sum*(1 - chance/sum), 0)/classes/learnt;
    for (let a = 0; a < d; a++) { const part = bend*(a < columns ? x[a] : 1); if (part) for (let b = a; b < d; b++) table[a*d + b] += part*(b < columns ? x[b] : 1); }
  }
  let trace = 0;
  for (let a = 0; a < d; a++) trace += table[a*d + a];
  for (let a = 0; a < d; a++) table[a*d + a] += (a < columns ? penalty : 0) + 1e-6*trace/d;
  for (let a = 0; a < d; a++) {
    const root = Math.sqrt(table[a*d + a]);
    for (let b = a; b < d; b++) table[a*d + b] /= root;
    for (let b = a + 1; b < d; b++) { const share = table[a*d + b]; if (share) for (let c = b; c < d; c++) table[b*d + c] -= share*table[a*d + c]; }
  }
  return {table, d};
}

/** @param {ReturnType<typeof shape>} factor @param {Float64Array} values solved in place @param {number} classes @param {boolean} transposed */
function solve({table, d}, values, classes, transposed) {
  for (let step = 0; step < d; step++) {
    const a = transposed ? step : d - 1 - step;
    for (let k = 0; k < classes; k++) values[a*classes + k] /= table[a*d + a];
    if (transposed) for (let b = a + 1; b < d; b++) { const t = table[a*d + b]; for (let k = 0; k < classes; k++) values[b*classes + k] -= t*values[a*classes + k]; }
    else for (let b = 0; b < a; b++) { const t = table[b*d + a]; for (let k = 0; k < classes; k++) values[b*classes + k] -= t*values[a*classes + k]; }
  }
  return values;
}

/** @param {ReturnType<typeof shape>} factor @param {Float64Array} values @param {number} classes */
function times({table, d}, values, classes) {
  const out = new Float64Array(values.length);
  for (let a = 0; a < d; a++) for (let b = a; b < d; b++) { const t = table[a*d + b]; for (let k = 0; k < classes; k++) out[a*classes + k] += t*values[b*classes + k]; }
  return out;
}

const dot = (/** @type {Float64Array} */ a, /** @type {Float64Array} */ b) => { let sum = 0; for (let i = 0; i < a.length; i++) sum += a[i]*b[i]; return sum; };

/** The lowest place from `place` on. @param {(place: Float64Array, gradient: Float64Array) => number} height @param {Float64Array} place @param {number} slope where to stop @param {number} most steps */
function descend(height, place, slope, most, keep = 10) {
  let gradient = new Float64Array(place.length), here = height(place, gradient), steps = 0;
  const moves = [], changes = [];
  const steepest = () => gradient.reduce((top, each) => Math.max(top, Math.abs(each)), 0);
  for (; steps < most && steepest() > slope; steps++) {
    const way = Float64Array.from(gradient), shares = [];
    for (let i = moves.length - 1; i >= 0; i--) { shares[i] = dot(moves[i], way)/dot(changes[i], moves[i]); for (let j = 0; j < way.length; j++) way[j] -= shares[i]*changes[i][j]; }
    const scale = moves.length ? dot(moves[moves.length - 1], changes[changes.length - 1])/dot(changes[changes.length - 1], changes[changes.length - 1]) : 1;
    for (let j = 0; j < way.length; j++) way[j] *= scale;
    for (let i = 0; i < moves.length; i++) { const share = shares[i] - dot(changes[i], way)/dot(changes[i], moves[i]); for (let j = 0; j < way.length; j++) way[j] += share*moves[i][j]; }
    const falling = dot(gradient, way);
    let next = place, there = here, found = gradient, moved = false;
    for (let length = 1, tries = 0; tries < 40 && !moved; tries++, length /= 2) {
      next = place.map((each, j) => each - length*way[j]); found = new Float64Array(place.length); there = height(next, found);
      moved = there <= here - 1e-4*length*falling;
    }
    if (!moved) break;
    const move = next.map((each, j) => each - place[j]), change = found.map((each, j) => each - gradient[j]);
    if (dot(move, change) > 1e-14*dot(change, change)) { moves.push(move); changes.push(change); if (moves.length > keep) { moves.shift(); changes.shift(); } }
    place = next; gradient = found; here = there;
  }
  return {place, steps};
}

/** The best weights for some photos. @param {Table} table @param {Int32Array} truth @param {Uint8Array} used @param {number} classes @param {number} strength @param {number} views
 * @param {Float64Array} start @param {number} slope */
function fit(table, truth, used, classes, strength, views, start, slope = 1e-4) {
  let many = 0, weights = start;
  for (const each of used) many += each;
  const penalty = (classes === 2 ? 2 : 1)*views/strength/many;
  for (const most of [20, 60, 1000]) {
    const factor = shape(table, used, classes, penalty, weights);
    const height = (place, gradient) => {
      const value = loss(table, truth, used, classes, many, penalty, solve(factor, Float64Array.from(place), classes, false), gradient);
      solve(factor, gradient, classes, true);
      return value;
    };
    const found = descend(height, times(factor, weights, classes), slope/Math.sqrt(many), most);
    weights = solve(factor, found.place, classes, false);
    if (found.steps < most) break;
  }
  return weights;
}

/** @param {Table} table @param {number} i @param {Float64Array} weights @param {number} classes */
function chancesOf({rows, columns}, i, weights, classes) {
  const scores = Float64Array.from(weights.subarray(columns*classes));
  for (let j = 0; j < columns; j++) { const x = rows[i*columns + j]; for (let k = 0; k < classes; k++) scores[k] += x*weights[j*classes + k]; }
  return softmax(scores);
}

/** @template {Float32Array | Float64Array} T @param {T} scores @returns {T} */
export function softmax(scores) {
  const top = Math.max(...scores);
  let sum = 0;
  for (let k = 0; k < scores.length; k++) sum += scores[k] = Math.exp(scores[k] - top);
  for (let k = 0; k < scores.length; k++) scores[k] /= sum;
  return scores;
}

// ---- The head ----

/** A head for features of photos, in one view or several; each photo is judged by a head that saw neither it nor its copies.
 * @param {Float32Array[]} views each n rows of `width` features @param {number} width @param {number[]} labels @param {string[]} groups @param {Rules} rules
 * @param {(share: number) => void} [tell] @returns {Promise<Head>} */
export async function fitHead(views, width, labels, groups, rules, tell = () => {}) {
  const classes = Math.max(...labels) + 1, {rows, n: all, middle, size} = centred(views, width), n = labels.length;
  const folds = await groupFolds(labels, groups, rules), truth = Int32Array.from(labels);
  const {strength, chances} = folds ? crossValidated(rows.slice(0, n*width), width, truth, classes, folds, rules, tell) : {strength: rules.strengths[1], chances: null};
  const doubted = chances ? contradicted(chances, labels, classes, rules) : [];
  const learnt = new Uint8Array(all).fill(1);
  for (const i of doubted) for (let view = 0; view < views.length; view++) learnt[view*n + i] = 0;
  const turn = all < width ? turned(rows, all, width) : null, columns = turn ? turn.many : width;
  const both = Int32Array.from({length: all}, (_, i) => labels[i % n]);
  const weights = fit({rows: turn ? turn.rows : rows, n: all, columns}, both, learnt, classes, strength, views.length, new Float64Array((columns + 1)*classes));
  const weight = new Float32Array(classes*width), bias = new Float32Array(classes);
  for (let k = 0; k < classes; k++) {
    const own = Float64Array.from({length: columns}, (_, j) => weights[j*classes + k]), back = turn ? unturned(rows, width, turn, own) : own;
    let shift = weights[columns*classes + k];
    for (let j = 0; j < width; j++) { weight[k*width + j] = back[j]/size; shift -= middle[j]*back[j]/size; }
    bias[k] = shift;
  }
  tell(1);
  const right = chances ? labels.filter((label, i) => best(chances, i, classes) === label).length : 0;
  return {weight, bias, strength, right, n: chances ? n : 0, doubted, chances};
}

/** The strength with the smallest log loss on photos left out, and what was said of each there.
 * @param {Float64Array} rows @param {number} width @param {Int32Array} truth @param {number} classes @param {number[]} folds @param {Rules} rules @param {(share: number) => void} tell */
function crossValidated(rows, width, truth, classes, folds, rules, tell) {
  const n = truth.length, turn = n < width ? turned(rows, n, width) : null, columns = turn ? turn.many : width;
  const table = {rows: turn ? turn.rows : rows, n, columns}, k = Math.max(...folds) + 1;
  const used = Array.from({length: k}, (_, fold) => Uint8Array.from(folds, each => Number(each !== fold)));
  let weights = used.map(() => /** @type {Float64Array} */ (new Float64Array((columns + 1)*classes))), least = Infinity, strength = rules.strengths[0], closest = weights;
  const judged = () => {
    const chances = new Float32Array(n*classes);
    for (let i = 0; i < n; i++) chances.set(chancesOf(table, i, weights[folds[i]], classes), i*classes);
    return chances;
  };
  const steps = rules.strengths.length + 2;
  rules.strengths.forEach((each, step) => {
    weights = used.map((some, fold) => fit(table, truth, some, classes, each, 1, weights[fold], 1e-3));
    const chances = judged(), loss = truth.reduce((sum, label, i) => sum - Math.log(Math.max(chances[i*classes + label], 1e-7)), 0)/n;
    if (loss < least) { least = loss; strength = each; closest = weights; }
    tell((step + 1)/steps);
  });
  weights = used.map((some, fold) => fit(table, truth, some, classes, strength, 1, closest[fold]));
  return {strength, chances: judged()};
}

/** @param {Float32Array} chances @param {number} i @param {number} classes */
export function best(chances, i, classes) {
  let top = 0;
  for (let k = 1; k < classes; k++) if (chances[i*classes + k] > chances[i*classes + top]) top = k;
  return top;
}

/** Photos that all the others contradict; none of a class that would lose half of its photos so.
 * @param {Float32Array} chances @param {number[]} labels @param {number} classes @param {Rules} rules */
export function contradicted(chances, labels, classes, rules) {
  const sure = labels.map((label, i) => { const top = best(chances, i, classes); return top !== label && chances[i*classes + top] > Math.fround(rules.doubt); });
  const count = (/** @type {number} */ k, /** @type {(i: number) => boolean} */ which) => labels.filter((label, i) => label === k && which(i)).length;
  const emptied = new Set([...new Set(labels)].filter(k => 2*count(k, i => sure[i]) > count(k, () => true)));
  return labels.flatMap((label, i) => sure[i] && !emptied.has(label) ? [i] : []);
}

/** What a head says of features. @param {Head} head @param {Float32Array} features */
export function ask({weight, bias}, features) {
  const scores = Float64Array.from(bias), width = features.length;
  for (let k = 0; k < bias.length; k++) for (let j = 0; j < width; j++) scores[k] += weight[k*width + j]*features[j];
  return softmax(scores);
}

// ---- What is familiar ----

/** The number of the nearest even whole number for a half, as numpy rounds. @param {number} x */
const rounded = x => { const down = Math.floor(x), part = x - down; return part < 0.5 || (part === 0.5 && down % 2 === 0) ? down : down + 1; };

/** Places spread evenly over n. @param {number} n @param {number} most */
export function spread(n, most) {
  const many = Math.min(n, most), step = many > 1 ? (n - 1)/(many - 1) : 0;
  return [...new Set(Array.from({length: many}, (_, i) => i === many - 1 && many > 1 ? n - 1 : rounded(i*step)))];
}

/** Features of length 1. @param {Float32Array} features @param {number} width */
export function unit(features, width) {
  const out = new Float32Array(features.length);
  for (let at = 0; at < features.length; at += width) {
    let squares = 0;
    for (let j = 0; j < width; j++) squares += features[at + j]**2;
    const length = Math.max(Math.sqrt(squares), 1e-12);
    for (let j = 0; j < width; j++) out[at + j] = features[at + j]/length;
  }
  return out;
}

/** The mean of the nearest likenesses. @param {number[]} alike @param {number} neighbours */
const nearest = (alike, neighbours) => { const top = alike.sort((a, b) => b - a).slice(0, neighbours); return top.length ? top.reduce((a, b) => a + b, 0)/top.length : 0; };

/** @param {Float32Array} a @param {number} i @param {Float32Array} b @param {number} k @param {number} width */
const cosine = (a, i, b, k, width) => { let sum = 0; for (let j = 0; j < width; j++) sum += a[i*width + j]*b[k*width + j]; return sum; };

/** Some photos to compare with, and the likeness that most photos reach when copies don't count.
 * @param {Float32Array} features n rows of `width` @param {number} width @param {number[]} labels @param {string[]} groups @param {Rules} rules */
export function familiar(features, width, labels, groups, rules) {
  const n = labels.length, sorted = labels.map((_, i) => i).sort((a, b) => labels[a] - labels[b] || a - b), kept = spread(n, rules.bank).map(place => sorted[place]);
  const units = unit(features, width), bank = new Float32Array(kept.length*width);
  kept.forEach((photo, k) => bank.set(units.subarray(photo*width, (photo + 1)*width), k*width));
  const likeness = Float64Array.from(labels, (_, i) => nearest(kept.flatMap((photo, k) => groups[photo] === groups[i] ? [] : [cosine(units, i, bank, k, width)]), rules.neighbours));
  const threshold = Float64Array.from(likeness).sort()[Math.floor((n - 1)*(1 - rules.passing))];
  return {bank, many: kept.length, likeness, threshold, share: likeness.filter(each => each < threshold).length/n, n};
}

/** How like the bank one photo is. @param {Float32Array} features of one photo @param {Float32Array} bank @param {number} width @param {Rules} rules */
export function likenessTo(features, bank, width, rules) {
  const one = unit(features, width);
  return nearest(Array.from({length: bank.length/width}, (_, k) => cosine(one, 0, bank, k, width)), Math.min(rules.neighbours, bank.length/width));
}
