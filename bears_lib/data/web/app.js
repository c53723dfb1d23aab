// The page: takes a photo in, has the model's worker look at it, shows the answer. Nothing is sent anywhere.

const {files, megabytes, labels, preprocess, threshold} = JSON.parse(document.getElementById('settings').textContent);
const $ = /** @type {(id: string) => any} */ (id => document.getElementById(id));
const absolute = name => new URL(name, document.baseURI).href;
const percent = chance => `${(100*chance).toFixed(1)}%`;

const phone = matchMedia('(pointer: coarse)').matches, device = !phone ? 'machine' : Math.min(screen.width, screen.height) < 600 ? 'phone' : 'tablet';
const local = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(location.hostname);

const invites = phone ? `From this ${device}, or with its camera:` : 'Drop a photo here, paste one, or';

class Problem extends Error {}  // its message is for the visitor

// ---- The model's files, fetched once and checked against their hashes before they are used ----

// What has come of each file, in bytes, for the bar.
const come = new Map(), expected = {};
function showProgress() {
  const all = Object.values(expected).reduce((sum, size) => sum + size, 0), sum = [...come.values()].reduce((sum, size) => sum + size, 0);
  $('progress').hidden = !all || sum >= all;
  Object.assign($('progress'), {max: all || 1, value: Math.min(sum, all)});
  if (!$('progress').hidden) $('fetched').textContent = `${(sum/1e6).toFixed(1)} of ${(all/1e6).toFixed(1)} MB`;
  $('fetched').hidden = $('progress').hidden;
}

// A server from which nothing comes for so long is given up; each piece that comes begins the time anew.
const patience = 45_000, late = new Map();  // milliseconds; by address, how long was waited
/** @param {string} url @param {number} [most] */
function patient(url, most = patience) {
  const stop = new AbortController(), over = () => { late.set(url, most); stop.abort(); };
  let timer = setTimeout(over, most);
  const ends = () => clearTimeout(timer);
  return {signal: stop.signal, comes() { ends(); timer = setTimeout(over, most); }, ends, stop() { ends(); stop.abort(); }};
}

// The body of an answer, told of piece by piece; a compressed copy is counted as it comes and unpacked.
async function bodyOf(answer, url, waits, packed) {
  if (!answer.body) return answer.arrayBuffer();
  const counted = answer.body.pipeThrough(new TransformStream({transform(piece, out) { waits.comes(); come.set(url, (come.get(url) ?? 0) + piece.length); showProgress(); out.enqueue(piece); }}));
  return new Response(packed ? counted.pipeThrough(new DecompressionStream('gzip')) : counted).arrayBuffer();
}

const base64 = bytes => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const fits = async (data, integrity) => !integrity || integrity === 'sha384-' + base64(await crypto.subtle.digest('SHA-384', data));

// A file's content, checked against its hash, or null. Where the host doesn't compress, the compressed copy is taken instead, if there is one.
/** @param {{url: string, integrity?: string, packed?: {url: string, size: number}}} file @param {RequestCache} cache @returns {Promise<ArrayBuffer | null>} */
async function checkedFile({url, integrity, packed}, cache) {
  come.delete(url);
  const waits = patient(url, crypto.subtle ? patience : 10*patience);
  try { return await contentOf({url, integrity, packed}, cache, waits); } finally { waits.ends(); }
}

async function contentOf({url, integrity, packed}, cache, waits) {
  const {signal} = waits;
  if (!crypto.subtle) return fetch(absolute(url), {credentials: 'omit', integrity, cache, signal}).then(async answer => answer.ok ? answer.arrayBuffer() : null).catch(() => null);  // plain http: the browser checks, without a bar
  const answer = await fetch(absolute(url), {credentials: 'omit', cache, signal}).catch(() => null);
  if (!answer?.ok) return null;
  const small = packed && !local && globalThis.DecompressionStream && !answer.headers.get('content-encoding') && !answer.headers.get('x-unpacked');
  if (small) {
    waits.stop();
    expected[url] = packed.size;
    const data = await packedContent(url, packed, cache);
    if (late.has(url)) return null;  // silence is waited for once
    return data && await fits(data, integrity) ? data : checkedFile({url, integrity}, cache);
  }
  const data = await bodyOf(answer, url, waits).catch(() => null);
  return data && await fits(data, integrity) ? data : null;
}

async function packedContent(url, packed, cache) {
  const waits = patient(url);
  return fetch(absolute(packed.url), {credentials: 'omit', cache, signal: waits.signal}).then(answer => answer.ok ? bodyOf(answer, url, waits, true) : null).catch(() => null).finally(waits.ends);
}

// Without https no piece is seen as it comes: then the time is that of the whole file.
function refuseSilence(url, host) {
  const waited = late.get(url);
  if (waited) throw new Problem(`The model could not be fetched: ${waited > patience ? `it did not come whole from ${host} in` : `nothing came from ${host} for`} ${waited/1000} seconds. Check the connection, then give a photo or reload the page: it goes on from there.`);
}

// What stands in a file. If the browser's cache holds another one than expected, the server is asked; if that fails too, once more without a check, to find out why.
async function fetchFile(file) {
  const {url, integrity, size} = file;
  if (size) expected[url] = size;
  late.delete(url);
  const data = await checkedFile(file, integrity ? 'force-cache' : 'default') ?? (late.has(url) ? null : await checkedFile(file, 'reload'));
  if (data) return data;
  const name = url.split('/').pop(), host = new URL(absolute(url)).host;
  refuseSilence(url, host);
  const waits = patient(url), answer = await fetch(absolute(url), {credentials: 'omit', cache: 'no-store', signal: waits.signal}).catch(() => null);
  const whole = answer && await bodyOf(answer, url, waits).catch(() => null);
  waits.ends();
  refuseSilence(url, host);
  if (!whole && host !== location.host && await fetch(absolute('model.json'), {cache: 'no-store', signal: AbortSignal.timeout(patience)}).then(here => here.ok, () => false))
    throw new Problem(`${host} can't be reached from here, though this page can: a blocker or a firewall keeps the model's program away. Allow ${host}, or try another network.`);
  if (!whole) throw new Problem(`The model could not be fetched: ${host} does not answer. Check the connection and try again.`);
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
  come.clear();
  $('progress').hidden = $('fetched').hidden = true;
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
    $('progress').hidden = $('fetched').hidden = true;
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
  $('why').hidden = true;
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
  fold(unsure);
  $('bars').replaceChildren(...bars);
}

// Bars only compare the classes: of a photo that shows none of them they mean little.
function fold(unsure) {
  $('choice').open = !unsure;
  $('choice').firstChild.hidden = !unsure;
}

let last = null;  // the answer that is shown
function show(name, file, {chances, unsure, seen, time, explains}) {
  last = {name, file, seen, label: chances[0].label};
  $('why').hidden = !explains;
  $('why').setAttribute('aria-pressed', 'false');
  $('wrong').hidden = false;
  hideGiven();
  const [{label, chance}] = chances;
  say(unsure ? 'Unlike anything I know' : `${label}, ${percent(chance)}`);
  showBars(chances, unsure);
  Object.assign($('seen'), {width: seen.width, height: seen.height, hidden: false}).getContext('2d').putImageData(seen, 0, 0);
  $('hint').textContent = 'This square is what the model looked at. Another photo:';
  $('note').textContent = `${name}: looked at in ${Math.round(time)} ms, on this ${device}.`;
}

// The photo at once, while the model is still on its way; what this browser can't show is left to the worker.
function hideGiven() {
  URL.revokeObjectURL($('given').src);
  $('given').removeAttribute('src');
  $('given').hidden = true;
}

function showGiven(file) {
  hideGiven();
  $('given').onload = () => { $('given').hidden = false; $('seen').hidden = true; $('hint').textContent = 'Another photo:'; };
  $('given').onerror = hideGiven;
  $('given').src = URL.createObjectURL(file);
}

// ---- Why: what spoke for the answer, as warm colours on the photo ----

const warm = [[0, 0, 4], [66, 10, 104], [147, 38, 103], [221, 81, 58], [252, 165, 10], [252, 255, 164]];  // matplotlib's inferno, in five steps
function colourOf(heat) {
  const at = Math.min(Math.max(heat, 0), 1)*5, i = Math.min(Math.floor(at), 4), share = at - i;
  return warm[i].map((from, k) => from + share*(warm[i + 1][k] - from));
}

function heated(seen, {heat, rows, columns}) {
  const small = new OffscreenCanvas(columns, rows), large = new OffscreenCanvas(seen.width, seen.height), grey = new ImageData(columns, rows), top = Math.max(...heat, 1e-12);
  heat.forEach((value, i) => grey.data.set([255*Math.max(value, 0)/top, 0, 0, 255], 4*i));
  small.getContext('2d').putImageData(grey, 0, 0);
  const draw = large.getContext('2d');
  Object.assign(draw, {imageSmoothingEnabled: true, imageSmoothingQuality: 'high'}).drawImage(small, 0, 0, seen.width, seen.height);
  const smooth = draw.getImageData(0, 0, seen.width, seen.height).data, made = new ImageData(seen.width, seen.height);
  for (let i = 0; i < smooth.length; i += 4) {
    const colour = colourOf(smooth[i]/255);
    for (let k = 0; k < 3; k++) made.data[i + k] = 0.45*seen.data[i + k] + 0.55*colour[k];
    made.data[i + 3] = 255;
  }
  return made;
}

async function why() {
  const asked = last, shown = $('why').getAttribute('aria-pressed') === 'true';
  if (!asked) return;
  const draw = picture => $('seen').getContext('2d').putImageData(picture, 0, 0);
  if (shown) { draw(asked.seen); $('hint').textContent = 'This square is what the model looked at. Another photo:'; }
  else {
    asked.map ??= await ask(await readyModel(), {why: asked.label}).catch(error => { say(error.message, 'problem'); return null; });
    if (!asked.map || asked !== last) return;
    draw(heated(asked.seen, asked.map));
    $('drop').scrollIntoView({block: 'nearest'});
    $('hint').textContent = `Bright: what spoke for ${asked.label}. Another photo:`;
  }
  $('why').setAttribute('aria-pressed', String(!shown));
}
$('why').addEventListener('click', () => { before = before.then(why); });

function clear() {
  hideGiven();
  $('why').hidden = $('wrong').hidden = true;
  last = null;
  fold(false);
  $('bars').replaceChildren();
  $('note').textContent = '';
  $('seen').hidden = true;
  $('hint').textContent = invites;
}

let turn = 0, before = Promise.resolve();
// One photo at a time, in order; of those that wait only the last is looked at.
function take(file, name = file.name || 'photo') {  // a file, or a promise of one
  const mine = ++turn;
  before = before.then(() => mine === turn ? look(file, name) : null);
}

async function look(file, name) {
  $('answer').setAttribute('aria-busy', 'true');
  try {
    const given = await file;
    showGiven(given);
    start();
    const answer = await answerTo(given);
    show(name, given, answer);
    return answer;
  }
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

// Several photos: one after the other, each with its line below.
function takeMany(files) {
  $('many').replaceChildren();
  $('many-title').hidden = $('many').hidden = false;
  for (const file of files) {
    const mine = ++turn;
    before = before.then(async () => {
      const answer = mine > turn - files.length ? await look(file, file.name) : null, item = document.createElement('li');
      if (answer) item.append(thumbnail(answer.seen));
      const words = !answer ? 'could not be looked at' : answer.unsure ? 'unlike anything I know' : `${answer.chances[0].label}, ${percent(answer.chances[0].chance)}`;
      item.append(Object.assign(document.createElement('span'), {textContent: `${file.name}: ${words}`}));
      $('many').append(item);
    });
  }
}

function thumbnail(seen) {
  const small = Object.assign(document.createElement('canvas'), {width: seen.width, height: seen.height});
  small.getContext('2d').putImageData(seen, 0, 0);
  small.setAttribute('aria-hidden', 'true');
  return small;
}

function takeOne(files) {
  if (files.length > 1) return takeMany([...files]);
  $('many-title').hidden = $('many').hidden = true;
  if (files.length) take(files[0]);
  else say('That was no file. Save the picture first, then drop it here.', 'problem');
}

// iPhones and iPads turn HEIC into JPEG for a page that asks for image/* alone; elsewhere such files have to be named to be offered.
const apple = /iPhone|iPad|iPod/.test(navigator.userAgent) || /Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1;
for (const id of ['file', 'capture']) if (!apple) $(id).accept = 'image/*,.heic,.heif';
for (const id of ['file', 'capture']) $(id).addEventListener('change', event => {
  if (event.target.files.length) takeOne([...event.target.files]);
  event.target.value = '';  // so that the same file can be chosen again
});
addEventListener('dragover', event => { event.preventDefault(); $('drop').classList.add('over'); });
addEventListener('dragleave', event => { if (!event.relatedTarget) $('drop').classList.remove('over'); });
addEventListener('drop', event => { event.preventDefault(); $('drop').classList.remove('over'); takeOne(event.dataTransfer.files); });
addEventListener('paste', event => takeOne(event.clipboardData.files));
for (const button of document.querySelectorAll('.examples button')) button.addEventListener('click', () => {
  const image = button.querySelector('img');
  take(fetch(image.src, {signal: AbortSignal.timeout(patience)}).then(answer => answer.blob()).catch(() => { throw new Problem('it could not be fetched. Check the connection.'); }), image.alt);
});

// ---- Ways on ----

// A page that trains, if it lies on this server, asks for the photo and gets it from here, within the browser.
const way = $('wrong');
if (way.origin === location.origin) Object.assign(way, {target: '_blank', rel: 'opener'});
addEventListener('message', ({origin, source, data}) => {
  if (origin === location.origin && data === 'photo?' && last) /** @type {Window} */ (source).postMessage({photo: last.file, name: last.name, said: last.label, labels}, origin);
});

for (const each of document.querySelectorAll('.device')) each.textContent = device;
$('hint').textContent = invites;
$('share').addEventListener('click', async () => {
  const given = {title: document.title, url: location.href};
  try {
    if (navigator.share) await navigator.share(given);
    else { await navigator.clipboard.writeText(given.url); $('shared').textContent = 'The address is copied.'; }
  } catch (error) { if (error.name !== 'AbortError') $('shared').textContent = given.url; }
});

// ---- The camera: in the page where it can be, else the one of the system ----

const viewfinder = $('viewfinder'), video = /** @type {HTMLVideoElement} */ (viewfinder.querySelector('video')), stream = () => /** @type {MediaStream | null} */ (video.srcObject);

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
viewfinder.addEventListener('close', () => { stream()?.getTracks().forEach(track => track.stop()); video.srcObject = null; });

// ---- The next visit: the service worker keeps the files, but not at an address of this machine, where another project may be served tomorrow ----

async function keepForLater() {
  if (!navigator.serviceWorker) return;
  if (!local) return navigator.serviceWorker.register('service-worker.js');
  const here = absolute('./');
  for (const old of await navigator.serviceWorker.getRegistrations()) if (old.scope === here) await old.unregister();
  for (const kept of await caches.keys()) if (kept.startsWith(`bears-web ${here} `)) await caches.delete(kept);
}

// ---- Start: fetch the model once the page is idle, or with the first photo where data is to be saved; then keep everything for the next visit ----

let started = null;
const start = () => started ??= readyModel().then(() => {
  if (turn === 0) say('Ready. Show me a photo.', 'plain');
  return keepForLater();
}).catch(error => { if (error instanceof Problem && turn === 0) say(error.message, 'problem'); });

$('note').textContent = `I know ${labels.length > 6 ? `${labels.length} classes` : `${labels.slice(0, -1).join(', ')} and ${labels.at(-1)}`}${threshold === null ? '' : ', and say so when a photo is unlike all of them'}.`;
say(`Show me a photo. The model, ${megabytes} MB, comes with the first one, if not before.`, 'plain');
const whenIdle = globalThis.requestIdleCallback ?? (begin => setTimeout(begin, 500));
if (!(/** @type {any} */ (navigator).connection?.saveData)) whenIdle(start, {timeout: 2000});
