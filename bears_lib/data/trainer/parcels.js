// What is taken along, and what is brought: a model folder, a page, photos; all of it as zip archives.
import { unzipSync, zipSync } from './fflate.js';
import { fromHalves, sha256 } from './learn.js';

export const most = {files: 3000, bytes: 400_000_000, name: 255};  // in an archive that is brought
const text = new TextEncoder();

/** @param {Record<string, Uint8Array | string>} files @returns {Blob} */
export function packed(files) {
  const parts = Object.entries(files).map(([name, data]) => [name, [typeof data === 'string' ? text.encode(data) : data, {level: /\.(jpe?g|png|webp|gif|avif|heic)$/i.test(name) ? 0 : 6}]]);
  return new Blob([zipSync(Object.fromEntries(parts))], {type: 'application/zip'});
}

/** The files of an archive that somebody brings; names that lead outside and more than fits are refused. @param {Blob} archive @returns {Promise<Map<string, Uint8Array>>} */
export async function unpacked(archive) {
  if (archive.size > most.bytes) throw new Error(`the archive has ${Math.round(archive.size/1e6)} MB, and at most ${most.bytes/1e6} are opened.`);
  const data = new Uint8Array(await archive.arrayBuffer());
  let files = 0, bytes = 0;
  const filter = ({name, originalSize}) => {
    if (name.endsWith('/') || /(^|\/)(\.|__MACOSX)/.test(name) && !name.split('/').includes('..')) return false;
    if (name.length > most.name || /^[\\/]|^[a-z]:|\\/i.test(name) || name.split('/').includes('..')) throw new Error(`it holds ${JSON.stringify(name.slice(0, 60))}, which leads outside.`);
    if (++files > most.files) throw new Error(`it holds more than ${most.files} files.`);
    if ((bytes += originalSize) > most.bytes) throw new Error(`unpacked it has more than ${most.bytes/1e6} MB.`);
    return true;
  };
  let outside = null;
  const checked = entry => { try { return filter(entry); } catch (error) { outside = error; throw error; } };
  try { return new Map(Object.entries(unzipSync(data, {filter: checked}))); }
  catch { throw outside ?? new Error('it is no zip archive that can be opened.'); }
}

// ---- Tables of numbers as a .safetensors file ----

/** @param {Record<string, {dtype: string, shape: number[], values: ArrayBufferView}>} tables */
export function safetensors(tables) {
  let at = 0;
  const rows = Object.entries(tables).map(([name, {dtype, shape, values}]) => [name, {dtype, shape, data_offsets: [at, at += values.byteLength]}]);
  let header = JSON.stringify(Object.fromEntries(rows));
  header += ' '.repeat((8 - text.encode(header).length % 8) % 8);
  const head = text.encode(header), file = new Uint8Array(8 + head.length + at);
  new DataView(file.buffer).setBigUint64(0, BigInt(head.length), true);
  file.set(head, 8);
  let place = 8 + head.length;
  for (const {values} of Object.values(tables)) { file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), place); place += values.byteLength; }
  return file;
}

/** The tables of a .safetensors file by name. @param {Uint8Array} file */
export function readTensors(file) {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength), length = Number(view.getBigUint64(0, true));
  if (!(length < 100_000)) throw new Error('it is no head that can be read.');
  const rows = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))), kinds = {F32: Float32Array, F16: Uint16Array, U8: Uint8Array};
  return Object.fromEntries(Object.entries(rows).filter(([name]) => name !== '__metadata__').map(([name, {dtype, shape, data_offsets: [from, to]}]) => {
    const part = file.slice(8 + length + from, 8 + length + to), kind = kinds[dtype];
    if (!kind || part.byteLength !== shape.reduce((a, b) => a*b, kind.BYTES_PER_ELEMENT)) throw new Error('it is no head that can be read.');
    return [name, {shape, values: dtype === 'F16' ? fromHalves(new kind(part.buffer)) : new kind(part.buffer)}];
  }));
}

// ---- A network of the body and the head: a graph in ONNX takes more parts at its end ----

const bytes = (...parts) => { const all = parts.map(part => typeof part === 'string' ? text.encode(part) : part instanceof Uint8Array ? part : Uint8Array.from(part)), out = new Uint8Array(all.reduce((sum, part) => sum + part.length, 0)); let at = 0; for (const part of all) { out.set(part, at); at += part.length; } return out; };
const number = n => { const out = []; for (; n > 127; n = Math.floor(n/128)) out.push(n % 128 | 128); out.push(n); return out; };
const field = (place, data) => bytes(number(8*place + 2), number(data.length), data);
const whole = (place, n) => bytes(number(8*place), number(n));
const table = (name, kind, shape, values) => field(5, bytes(...shape.map(n => whole(1, n)), whole(2, kind), field(8, text.encode(name)), field(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength))));
const longs = values => new BigInt64Array(values.map(BigInt));
const port = (name, sides) => field(12, bytes(field(1, text.encode(name)), field(2, field(1, bytes(whole(1, 1), field(2, bytes(...sides.map(each => field(1, typeof each === 'number' ? whole(1, each) : field(2, text.encode(each)))))))))));

/** @param {Uint8Array} body ONNX that answers with features @param {Uint8Array} nodes of the head, as `with_head` of Python has them
 * @param {{weight: Float32Array, bias: Float32Array}} head @param {Float32Array} bank @param {number} width @param {number} neighbours */
export function networkOf(body, nodes, {weight, bias}, bank, width, neighbours) {
  const classes = bias.length, many = bank.length/width, turned = new Float32Array(bank.length);
  for (let i = 0; i < many; i++) for (let j = 0; j < width; j++) turned[j*many + i] = bank[i*width + j];
  const tables = [table('head.weight', 1, [classes, width], weight), table('head.bias', 1, [classes], bias), table('tiny', 1, [], Float32Array.of(1e-12)), table('bank', 1, [width, many], turned),
    table('few', 7, [1], longs([Math.min(neighbours, many)])), table('head.as window', 7, [4], longs([classes, width, 1, 1]))];
  const ports = [port('probabilities', ['n', classes]), port('likeness', ['n']), port('evidence', ['n', classes, 'rows', 'columns'])];
  return bytes(...fieldsOf(body).map(([place, from, to, data]) => place === 7 ? field(7, bytes(body.subarray(data, to), nodes, ...tables, ...ports)) : body.subarray(from, to)));
}

// The fields of a message: their number, where they begin and end, and where their data begin.
function fieldsOf(message) {
  let at = 0;
  const fields = [], read = () => { let n = 0, size = 1; for (;; size *= 128) { const part = message[at++]; n += part % 128*size; if (part < 128) return n; } };
  while (at < message.length) {
    const from = at, mark = read(), length = read();  // a number itself, where it is no list of bytes
    fields.push([mark >> 3, from, at += mark % 8 === 2 ? length : 0, at - (mark % 8 === 2 ? length : 0)]);
  }
  return fields;
}

// ---- A model folder ----

/** @param {Record<string, Uint8Array>} files @param {any} info `model.json` but for the files' hashes */
export async function modelFiles(files, info) {
  const hashes = {};
  for (const name of Object.keys(files).sort()) hashes[name] = await sha256(files[name]);
  return {...files, 'model.json': JSON.stringify({...info, files: hashes}, null, 1)};
}
