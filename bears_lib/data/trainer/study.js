// The worker that looks at photos: their features, their hashes, a small picture. Nothing is sent anywhere.
import { PhotoError, openPhoto, squareOf, tensorOf } from './photo.js';
import { greyOf, hashesOf } from './copies.js';
import { fromHalves, sha256, toHalves } from './learn.js';

let ort, session, preprocess;
const {Memory} = globalThis.WebAssembly ?? {};
let refused = false;  // the runtime hides why it did not start

// The runtime asks for room for 4 GB, which many phones refuse; it works with less.
function lessMemory(asked) {
  for (let {maximum} = asked; ; maximum = Math.max(asked.initial, Math.floor(maximum/2))) try { return new Memory({...asked, maximum}); }
    catch (error) {
      if (error instanceof RangeError && maximum > asked.initial) continue;
      refused = true;
      throw error;
    }
}

async function start({script, wasm, network, settings}) {
  if (!Memory) throw new PhotoError("This browser can't run the network: it has no WebAssembly. Update the browser.");
  WebAssembly.Memory = /** @type {any} */ (Object.assign(function(asked) { return lessMemory(asked); }, {prototype: Memory.prototype}));
  preprocess = settings;
  ort = await import(URL.createObjectURL(new Blob([script], {type: 'text/javascript'})));
  ort.env.wasm.numThreads = 1;  // more need headers that plain web space does not send
  ort.env.wasm.wasmBinary = wasm;
  session = await ort.InferenceSession.create(new Uint8Array(network), {executionProviders: ['wasm']});
  await featuresOf(new Float32Array(3*settings.size[0]*settings.size[1]));  // the first run is slow
}

const featuresOf = async pixels => (await session.run({pixels: new ort.Tensor('float32', pixels, [1, 3, ...preprocess.size])}, ['features'])).features.data;

const halves = features => fromHalves(toHalves(features));  // as Python keeps them

async function thumbOf(square, [height, width], side = 144) {
  const image = new ImageData(width, height);
  image.data.fill(255);
  for (let i = 0; i < height*width; i++) for (let k = 0; k < 3; k++) image.data[4*i + k] = square[3*i + k];
  const canvas = new OffscreenCanvas(side, side);
  canvas.getContext('2d').drawImage(await createImageBitmap(image), 0, 0, side, side);
  return canvas.convertToBlob({type: 'image/jpeg', quality: 0.8});
}

// All that the page wants to know of a photo; one that is only asked about needs no hash, and a glance, before the network has come, gives the small picture alone.
async function look({file, bitmap, once, glance}) {
  const photo = bitmap ? {bitmap, kind: '', turn: 1} : await openPhoto(file);
  try {
    const cut = glance ?? preprocess, square = await squareOf(photo, cut), thumb = await thumbOf(square, cut.size);
    if (glance) return {thumb};
    const features = halves(await featuresOf(tensorOf(square, preprocess)));
    if (once) return {features, thumb};
    return {features, hashes: hashesOf(await greyOf(photo)), sha: await sha256(new Uint8Array(await file.arrayBuffer())), thumb};
  } finally { photo.bitmap.close(); }
}

onmessage = async ({data}) => {
  try { postMessage(await (data.network ? start(data) : look(data)) ?? {}); }
  catch (error) {
    const memory = refused || error instanceof RangeError || /memory|alloc/i.test(String(error));
    if (!(error instanceof PhotoError)) console.error(error);
    postMessage({problem: error instanceof PhotoError ? error.message : memory ? 'this device gives the page too little memory. Close other tabs and apps, and reload the page.' : data.network ? "this browser can't run the network. Update the browser." : 'this browser could not look at it.', elsewhere: error.elsewhere});
  }
};
