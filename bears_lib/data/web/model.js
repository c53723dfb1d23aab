// The model's worker: opens photos and runs the network, so that the page itself never stands still. It starts with what app.js has fetched and checked.
import { PhotoError, openPhoto, squareOf, tensorOf } from './photo.js';

let ort, session, settings, lastPixels;

// ---- Memory: the runtime asks for room for 4 GB, which many phones refuse; it works with less ----

const {Memory} = globalThis.WebAssembly ?? {};
let refused = false;

function lessMemory(asked) {
  for (let {maximum} = asked; ; maximum = Math.max(asked.initial, Math.floor(maximum/2))) try { return new Memory({...asked, maximum}); }
    catch (error) {
      if (error instanceof RangeError && maximum > asked.initial) continue;
      refused = true;
      throw error;
    }
}

// ---- What can be asked of it ----

async function load({script, wasm, network}) {
  if (!Memory) throw new PhotoError(cannotRun);
  WebAssembly.Memory = /** @type {any} */ (Object.assign(function(asked) { return lessMemory(asked); }, {prototype: Memory.prototype}));
  ort = await import(URL.createObjectURL(new Blob([script], {type: 'text/javascript'}))).catch(error => { throw refused ? error : new PhotoError(cannotRun); });
  ort.env.wasm.numThreads = 1;  // more need headers that plain web space does not send
  ort.env.wasm.wasmBinary = wasm;
  session = await ort.InferenceSession.create(new Uint8Array(network), {executionProviders: ['wasm'], extra: {session: {disable_quant_qdq: '1'}}});
  await run(new Float32Array(3*settings.preprocess.size[0]*settings.preprocess.size[1]), ['probabilities']);  // the first run is slow
}

const run = (pixels, wanted) => session.run({pixels: new ort.Tensor('float32', pixels, [1, 3, ...settings.preprocess.size])}, wanted);

// The answer to a photo: a file, or a bitmap that the page has made of one.
async function look({file, bitmap}) {
  const start = performance.now(), {labels, preprocess, threshold} = settings;
  const photo = bitmap ? {bitmap, kind: '', turn: 1} : await openPhoto(file);
  const square = await squareOf(photo, preprocess).finally(() => photo.bitmap.close());
  lastPixels = tensorOf(square, preprocess);
  const found = await run(lastPixels, ['probabilities', 'likeness'].filter(name => session.outputNames.includes(name)));
  const chances = labels.map((label, i) => ({label, chance: found.probabilities.data[i]})).sort((a, b) => b.chance - a.chance);
  const alike = found.likeness?.data[0], sum = chances.reduce((sum, each) => sum + each.chance, 0);
  if (!(found.probabilities.data.length === labels.length && chances.every(({chance}) => chance >= -1e-4 && chance <= 1.0001) && Math.abs(sum - 1) <= 1e-3)) throw new PhotoError('The model answers with numbers that are no probabilities: it has to be trained again.');
  if (found.likeness && !(Math.abs(alike) <= 1.001)) throw new PhotoError('The model answers with a likeness that is none: it has to be trained again.');
  const unsure = found.likeness !== undefined && threshold !== null && alike < threshold;
  return {chances, unsure, seen: pictureOf(square, preprocess.size), time: performance.now() - start, explains: session.outputNames.includes('evidence')};
}

// Where the last photo spoke for a class: the class activation map, rows x columns.
async function explain({why}) {
  const {evidence} = await run(lastPixels, ['evidence']), [, , rows, columns] = evidence.dims, from = settings.labels.indexOf(why)*rows*columns;
  return {heat: Array.from(evidence.data.slice(from, from + rows*columns), value => Math.max(value, 0)), rows, columns};
}

function pictureOf(square, [height, width]) {
  const image = new ImageData(width, height);
  image.data.fill(255);
  for (let i = 0; i < height*width; i++) for (let k = 0; k < 3; k++) image.data[4*i + k] = square[3*i + k];
  return image;
}

// ---- What went wrong, by its cause ----

const cannotRun = "This browser can't run the model: it has no WebAssembly. Update the browser. An iPhone in Lockdown Mode can make an exception for this page.";
const noMemory = 'This device gives the page too little memory. Close other tabs and apps, reload the page and try again.';

function problemOf(error, loading) {
  if (error instanceof PhotoError) return {problem: error.message, elsewhere: error.elsewhere};
  console.error(error);
  if (refused || error instanceof RangeError || /memory|alloc/i.test(error)) return {problem: noMemory, again: true};
  if (/CompileError|LinkError/.test(error)) return {problem: cannotRun};
  if (loading) return {problem: "The model can't be started: its file is none that this page can run. It has to be made again."};
  return {problem: 'this browser could not look at it. Try a smaller photo.'};
}

onmessage = async ({data}) => {
  settings ??= data.settings;
  try { postMessage(await (data.settings ? load(data) : data.why ? explain(data) : look(data)) ?? {}); }
  catch (error) { postMessage(problemOf(error, Boolean(data.settings))); }
};
