// The page: takes a photo in, asks the model, shows the answer. Nothing is sent anywhere.
import { PhotoError, openPhoto, squareOf, tensorOf } from './photo.js';

const settings = JSON.parse(document.getElementById('settings').textContent);
const {labels, preprocess, threshold, files} = settings;
const $ = id => document.getElementById(id);
const absolute = name => new URL(name, document.baseURI).href;
const percent = chance => `${(100*chance).toFixed(1)}%`;

// ---- The model, fetched once and checked against its hash before it is used ----

// A file, or an error if it isn't the expected one; if the browser's cache holds another one, the server is asked.
async function fetchChecked({url, integrity}) {
  const get = cache => fetch(absolute(url), {integrity, cache, credentials: 'omit'});
  const answer = await get('force-cache').catch(() => get('reload'));
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

// The script is checked while it loads; importing it afterwards gives the same, checked copy.
function loadScript({url, integrity}) {
  return new Promise((done, failed) => {
    const script = Object.assign(document.createElement('script'), {type: 'module', src: absolute(url), integrity, crossOrigin: 'anonymous'});
    script.onload = () => done(import(script.src));
    script.onerror = () => failed(new Error(url));
    document.head.append(script);
  });
}

async function loadModel() {
  const [ort, wasm, network] = await Promise.all([loadScript(files.script), fetchChecked(files.wasm), fetchChecked(files.network)]);
  ort.env.wasm.numThreads = 1;  // more need headers that plain web space does not send
  ort.env.wasm.wasmBinary = wasm.buffer;
  const session = await ort.InferenceSession.create(network, {executionProviders: ['wasm'], extra: {session: {disable_quant_qdq: '1'}}});
  const [height, width] = preprocess.size;
  await session.run({pixels: new ort.Tensor('float32', new Float32Array(3*height*width), [1, 3, height, width])});  // the first run is slow
  return {ort, session};
}

let model = null;
function readyModel() {
  model ??= loadModel().catch(error => {
    console.error(error);
    model = null;  // so that the next photo tries again
    throw new PhotoError("The model could not be fetched, or is not the one expected. Check the connection, reload the page and try again.");
  });
  return model;
}

async function ask(photo) {
  const {ort, session} = await readyModel();
  const start = performance.now();
  const square = await squareOf(photo, preprocess);
  const pixels = new ort.Tensor('float32', tensorOf(square, preprocess), [1, 3, ...preprocess.size]);
  const wanted = ['probabilities', 'likeness'].filter(name => session.outputNames.includes(name));
  const found = await session.run({pixels}, wanted);
  const chances = labels.map((label, i) => ({label, chance: found.probabilities.data[i]})).sort((a, b) => b.chance - a.chance);
  const alike = found.likeness?.data[0], sum = chances.reduce((sum, each) => sum + each.chance, 0);
  if (!(found.probabilities.data.length === labels.length && chances.every(({chance}) => chance >= -1e-4 && chance <= 1.0001) && Math.abs(sum - 1) <= 1e-3)) throw new PhotoError('The model answers with numbers that are no probabilities: it has to be trained again.');
  if (found.likeness && !(Math.abs(alike) <= 1.001)) throw new PhotoError('The model answers with a likeness that is none: it has to be trained again.');
  const unsure = found.likeness !== undefined && threshold !== null && alike < threshold;
  return {square, chances, unsure, time: performance.now() - start};
}

// ---- The answer ----

function say(text, kind = '') {
  $('status').className = kind;
  $('status').textContent = text;
}

function bar(label, chance) {
  const item = document.createElement('li'), part = (name, text) => Object.assign(document.createElement('span'), {className: name, textContent: text});
  const track = part('track', ''), fill = part('fill', '');
  fill.style.width = percent(chance);
  track.append(fill);
  track.setAttribute('aria-hidden', 'true');
  item.append(part('label', label), ' ', part('number', percent(chance)), track);
  return item;
}

function showBars(chances, unsure) {
  const shown = chances.length > 6 ? chances.slice(0, 5) : chances, rest = chances.slice(shown.length);
  const bars = shown.map(each => bar(each.label, each.chance));
  if (rest.length) bars.push(bar(`${rest.length} others together`, rest.reduce((sum, each) => sum + each.chance, 0)));
  $('bars').className = unsure ? 'unsure' : '';
  $('bars').replaceChildren(...bars);
}

function showSquare(square) {
  const [height, width] = preprocess.size, image = new ImageData(width, height);
  for (let i = 0; i < height*width; i++) image.data.set([square[3*i], square[3*i + 1], square[3*i + 2], 255], 4*i);
  Object.assign($('seen'), {width, height, hidden: false}).getContext('2d').putImageData(image, 0, 0);
}

function show(name, {square, chances, unsure}, time) {
  const [{label, chance}] = chances;
  say(unsure ? 'Unlike anything I know' : `${label}, ${percent(chance)}`);
  showBars(chances, unsure);
  showSquare(square);
  $('hint').textContent = 'This square is what the model looked at. Another photo:';
  $('note').textContent = `${unsure ? 'So the bars, which only compare the classes, mean little. ' : ''}${name}: looked at in ${Math.round(time)} ms, on this machine.`;
}

function clear() {
  $('bars').replaceChildren();
  $('note').textContent = '';
  $('seen').hidden = true;
  $('hint').textContent = 'Drop a photo here, paste one, or';
}

let turn = 0, before = Promise.resolve();
// One photo at a time, in order; of those that wait only the last is looked at.
function take(file, name = file.name || 'photo') {  // a file, or a promise of one
  const mine = ++turn;
  before = before.then(() => mine === turn ? look(file, name) : null);
}

async function look(file, name) {
  $('answer').setAttribute('aria-busy', 'true');
  let photo;
  try {
    say('Looking ...', 'plain');
    const start = performance.now();
    photo = await openPhoto(await file);
    const opened = performance.now() - start, answer = await ask(photo);
    show(name, answer, opened + answer.time);
  } catch (error) {
    clear();
    if (!(error instanceof PhotoError)) console.error(error);
    say(`${name}: ${error instanceof PhotoError ? error.message : 'this browser could not look at it. Try a smaller photo.'}`, 'problem');
  } finally {
    photo?.bitmap.close();
    $('answer').setAttribute('aria-busy', 'false');
  }
}

// ---- Ways in: file, drop, paste, examples ----

function takeOne(files) {
  if (files.length) take(files[0]);
  else say('That was no file. Save the picture first, then drop it here.', 'problem');
}

for (const id of ['file', 'capture']) $(id).addEventListener('change', event => {
  if (event.target.files.length) take(event.target.files[0]);
  event.target.value = '';  // so that the same file can be chosen again
});
addEventListener('dragover', event => { event.preventDefault(); $('drop').classList.add('over'); });
addEventListener('dragleave', event => { if (!event.relatedTarget) $('drop').classList.remove('over'); });
addEventListener('drop', event => { event.preventDefault(); $('drop').classList.remove('over'); takeOne(event.dataTransfer.files); });
addEventListener('paste', event => takeOne(event.clipboardData.files));
for (const button of document.querySelectorAll('.examples button')) button.addEventListener('click', () => {
  const image = button.querySelector('img');
  take(fetch(image.src).then(answer => answer.blob()).catch(() => { throw new PhotoError('it could not be fetched. Check the connection.'); }), image.alt);
});

// ---- The camera: in the page where it can be, else the one of the system ----

const viewfinder = $('viewfinder'), video = viewfinder.querySelector('video');

$('camera').addEventListener('click', async () => {
  if (!navigator.mediaDevices?.getUserMedia) return $('capture').click();
  try { video.srcObject = await navigator.mediaDevices.getUserMedia({video: {facingMode: 'environment', width: {ideal: 1280}}}); }
  catch (error) {
    const why = error.name === 'NotAllowedError' ? 'it was not allowed' : error.name === 'NotFoundError' ? 'there is none' : 'it did not start';
    return say(`The camera can't be used: ${why}. Choose a photo instead.`, 'problem');
  }
  viewfinder.showModal();
});
$('shoot').addEventListener('click', async () => {
  const canvas = Object.assign(document.createElement('canvas'), {width: video.videoWidth, height: video.videoHeight});
  canvas.getContext('2d').drawImage(video, 0, 0);
  canvas.toBlob(blob => { viewfinder.close(); if (blob) take(blob, 'camera'); else say('The camera shows nothing yet. Try again.', 'problem'); }, 'image/png');
});
$('cancel').addEventListener('click', () => viewfinder.close());
viewfinder.addEventListener('close', () => { video.srcObject?.getTracks().forEach(track => track.stop()); video.srcObject = null; });

// ---- The next visit: the service worker keeps the files, but not at an address of this machine, where another project may be served tomorrow ----

const local = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(location.hostname);

async function keepForLater() {
  if (!navigator.serviceWorker) return;
  if (!local) return navigator.serviceWorker.register('service-worker.js');
  const here = absolute('./');
  for (const old of await navigator.serviceWorker.getRegistrations()) if (old.scope === here) await old.unregister();
  for (const kept of await caches.keys()) if (kept.startsWith(`bears-web ${here} `)) await caches.delete(kept);
}

// ---- Start: fetch the model, then keep everything for the next visit ----

say(`Fetching the model: ${settings.megabytes} MB, once ...`, 'plain');
readyModel().then(() => {
  if (turn === 0) say('Ready. Show me a photo.', 'plain');
  return keepForLater();
}).catch(error => { if (error instanceof PhotoError && turn === 0) say(error.message, 'problem'); });
