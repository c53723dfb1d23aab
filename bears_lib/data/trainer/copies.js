// Which photos are copies of one another: the hash of a picture in its eight orientations, as bears_lib.engine.features.near_duplicates makes it.
import { drafted, reader, resample } from './photo.js';

const side = 32, kept = 8, radius = 4;  // radius: bits in which two hashes of one picture may differ
const cosines = Array.from({length: kept}, (_, k) => Array.from({length: side}, (_, i) => Math.cos(Math.PI*(i + 0.5)*k/side)));

/** The grey picture of 32 by 32 pixels that a hash is made of. @param {{bitmap: ImageBitmap, kind?: string, turn: number}} photo */
export async function greyOf({bitmap, kind, turn}) {
  const {read, width, height} = drafted(reader(bitmap, turn), kind, side);
  const colours = await resample(read, width, height, [0, 0, width, height], side, side, 'box');
  return Uint8Array.from({length: side*side}, (_, i) => (colours[3*i]*19595 + colours[3*i + 1]*38470 + colours[3*i + 2]*7471 + 0x8000) >> 16);
}

/** Eight hashes of two halves of 32 bits; zeros for a picture of one colour. @param {Uint8Array} grey */
export function hashesOf(grey) {
  const hashes = new Uint32Array(16);
  if (Math.max(...grey) - Math.min(...grey) < 12) return hashes;
  const half = cosines.map(row => Array.from({length: side}, (_, x) => row.reduce((sum, each, y) => sum + each*grey[y*side + x], 0)));
  const waves = half.map(row => cosines.map(column => row.reduce((sum, each, x) => sum + each*column[x], 0)));
  const signs = [() => 1, (y, x) => (-1)**x, y => (-1)**y, (y, x) => (-1)**(y + x)];
  for (let turn = 0; turn < 8; turn++) {
    const sign = signs[turn % 4], values = [];
    for (let y = 0; y < kept; y++) for (let x = 0; x < kept; x++) values.push(turn < 4 ? waves[y][x]*sign(y, x) : waves[x][y]*sign(x, y));
    values.shift();  // it says only how bright the picture is
    const middle = Float64Array.from(values).sort()[31];
    values.forEach((value, i) => { if (value > middle) hashes[2*turn + (i >> 5)] |= 1 << (31 - i % 32); });
  }
  return hashes;
}

/** @param {number} x */
function bitsIn(x) {
  x -= (x >>> 1) & 0x55555555;
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** @param {Uint32Array} a @param {Uint32Array} b */
export function alike(a, b) {
  if (!a[0] && !a[1] || !b[0] && !b[1]) return false;
  for (let turn = 0; turn < 16; turn += 2) if (bitsIn(a[0] ^ b[turn]) + bitsIn(a[1] ^ b[turn + 1]) <= radius) return true;
  return false;
}

/** For each photo the smallest sha256 among it and its copies. @param {{sha: string, hashes: Uint32Array}[]} photos @returns {string[]} */
export function groupsOf(photos) {
  const of = photos.map((_, i) => i), top = i => { while (of[i] !== i) i = of[i] = of[of[i]]; return i; };
  for (let i = 0; i < photos.length; i++) for (let k = 0; k < i; k++) {
    if (photos[i].sha === photos[k].sha || alike(photos[i].hashes, photos[k].hashes) || alike(photos[k].hashes, photos[i].hashes)) of[top(i)] = top(k);
  }
  const names = new Map();
  photos.forEach(({sha}, i) => { const name = names.get(top(i)); if (name === undefined || sha < name) names.set(top(i), sha); });
  return photos.map((_, i) => names.get(top(i)));
}
