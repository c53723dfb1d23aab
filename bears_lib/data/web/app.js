// The page: takes a photo in, has the model's worker look at it, shows the answer. Nothing is sent anywhere.

const {files, megabytes, labels, preprocess, threshold} = JSON.parse(document.getElementById('settings').textContent);
const $ = id => document.getElementById(id);
const absolute = name => new URL(name, document.baseURI).href;
const percent = chance => `${(100*chance).toFixed(1)}%`;

class Problem extends Error {}  // its message is for the visitor

// ---- The model's files, fetched once and checked against their hashes before they are used ----

// What stands in a file. If the browser's cache holds another one than expected, the server is asked; if that fails too, once more without a check, to find out why.
async function fetchFile({url, integrity}) {
  const get = options => fetch(absolute(url), {credentials: 'omit', ...options});
  const checked = await get({integrity, cache: integrity ? 'force-cache' : 'default'}).catch(() => get({integrity, cache: 'reload'})).catch(() => null);
  const answer = checked ?? await get({cache: 'no-store'}).catch(() => null);
  const data = await answer?.arrayBuffer().catch(() => null);
  if (checked?.ok && data) return data;
  const name = url.split('/').pop();
  if (!data) throw new Problem(`The model could not be fetched: ${new URL(absolute(url)).host} does not answer. Check the connection and try again.`);
  if (answer.ok) throw new Problem(`${name} is not the one expected. Reload the page; if that does not help, its files have to be put there again.`);
  if (answer.status === 404) throw new Problem(`${name} is missing. The page's folder has to be put there whole.`);
  throw new Problem(`The server does not give ${name} (its answer is ${answer.status}). Try again later.`);
}

// ---- The worker. It is made of blobs: so the page's rule that nothing may be sent anywhere holds for it as well ----

const script = parts => URL.createObjectURL(new Blob(parts, {type: 'text/javascript'}));

async function loadModel() {
  say(`Fetching the model: ${megabytes} MB, once ...`, 'plain');
  const wanted = [{url: 'model.js'}, {url: 'photo.js'}, files.script, files.wasm, files.network];
  const [code, photo, ...parts] = await Promise.all(wanted.map(fetchFile)), [runtime, wasm, network] = parts;
  const worker = new Worker(script([new TextDecoder().decode(code).replace('./photo.js', script([photo]))]), {type: 'module'});
  say('Starting the model ...', 'plain');
  try { await ask(worker, {script: runtime, wasm, network, settings: {labels, preprocess, threshold}}, parts); }
  catch (error) { worker.terminate(); throw error; }
  return worker;
}

// One question at a time, and the worker's answer to it.
function ask(worker, question, given = []) {
  return new Promise((done, failed) => {
    worker.onmessage = ({data}) => data.problem ? failed(Object.assign(new Problem(data.problem), data)) : done(data);
    worker.onerror = () => failed(new Problem("This browser can't run the model. Update the browser."));
    worker.postMessage(question, given);
  });
}

let model = null;
function readyModel() {
  model ??= loadModel().catch(error => {
    model = null;  // so that the next photo tries again
    throw error;
  });
  return model;
}

// What the worker can't decode, the page may: Safari opens HEIC as an image alone.
async function decoded(file) {
  const image = new Image();
  image.src = URL.createObjectURL(file);
  try {
    await image.decode();
    return await createImageBitmap(image, {premultiplyAlpha: 'none', colorSpaceConversion: 'none'});
  } catch { return null; } finally { URL.revokeObjectURL(image.src); }
}

async function answerTo(file) {
  const worker = await readyModel();
  say('Looking ...', 'plain');
  try { return await ask(worker, {file}); }
  catch (error) {
    if (error.again) { worker.terminate(); model = null; }  // memory once taken is never given back
    const bitmap = error.elsewhere && await decoded(file);
    if (!bitmap) throw error;
    return ask(worker, {bitmap}, [bitmap]);
  }
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

function show(name, {chances, unsure, seen, time}) {
  const [{label, chance}] = chances;
  say(unsure ? 'Unlike anything I know' : `${label}, ${percent(chance)}`);
  showBars(chances, unsure);
  Object.assign($('seen'), {width: seen.width, height: seen.height, hidden: false}).getContext('2d').putImageData(seen, 0, 0);
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
  try { show(name, await answerTo(await file)); }
  catch (error) {
    clear();
    if (!(error instanceof Problem)) console.error(error);
    say(`${name}: ${error instanceof Problem ? error.message : 'this browser could not look at it. Try another photo.'}`, 'problem');
  } finally {
    $('answer').setAttribute('aria-busy', 'false');
    $('answer').scrollIntoView({block: 'nearest'});  // on a phone it may lie below
  }
}

// ---- Ways in: file, drop, paste, examples ----

function takeOne(files) {
  if (files.length) take(files[0]);
  else say('That was no file. Save the picture first, then drop it here.', 'problem');
}

// iPhones and iPads turn HEIC into JPEG for a page that asks for image/* alone; elsewhere such files have to be named to be offered.
const apple = /iPhone|iPad|iPod/.test(navigator.userAgent) || /Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1;
for (const id of ['file', 'capture']) if (!apple) $(id).accept = 'image/*,.heic,.heif';
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
  take(fetch(image.src).then(answer => answer.blob()).catch(() => { throw new Problem('it could not be fetched. Check the connection.'); }), image.alt);
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

readyModel().then(() => {
  if (turn === 0) say('Ready. Show me a photo.', 'plain');
  return keepForLater();
}).catch(error => { if (error instanceof Problem && turn === 0) say(error.message, 'problem'); });
