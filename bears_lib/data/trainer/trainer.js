// The page: takes photos in, has one worker look at them and another learn from them, and shows what came of it. Nothing is sent anywhere.
import { ask, best, likenessTo, toHalves } from './learn.js';
import { groupsOf } from './copies.js';
import { forget, kept, keep } from './store.js';
import { integrityOf, pageFiles } from './page.js';
import { modelFiles, networkOf, packed, readTensors, safetensors, unpacked } from './parcels.js';

const {files, megabytes, preprocess, rules, info, width, nodes, drawn, most} = JSON.parse(document.getElementById('settings').textContent);
const $ = /** @type {(id: string) => any} */ (id => document.getElementById(id)), absolute = name => new URL(name, document.baseURI).href;
const percent = share => `${(100*share).toFixed(1)}%`;
const make = (kind, given = {}, ...inside) => { const item = Object.assign(document.createElement(kind), given); item.append(...inside); return item; };
const press = (textContent, onclick) => make('button', {type: 'button', textContent, onclick});
const grouped = (list, keyOf) => { const found = new Map(); for (const each of list) { const key = keyOf(each); if (found.has(key)) found.get(key).push(each); else found.set(key, [each]); } return found; };
const counted = (n, what) => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;

// iPhones and iPads turn HEIC into JPEG for a page that asks for image/* alone; elsewhere such files have to be named to be offered.
const apple = /iPhone|iPad|iPod/.test(navigator.userAgent) || /Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1, accepted = apple ? 'image/*' : 'image/*,.heic,.heif';

class Problem extends Error {}  // its message is for the visitor

/** One line for eyes and screen readers; a bar that stood there has ended. @param {string} text @param {boolean} [problem] @param {() => void} [again] what can be tried once more */
function say(text, problem = false, again) {
  $('say').className = problem ? 'problem' : '';
  if ($('say').textContent !== text) $('say').textContent = text;
  progress(null);
  $('again').hidden = !again;
  $('again').onclick = () => { $('more').focus(); again?.(); };
}

/** How far it is: for eyes alone, since a screen reader would read each step. @param {number | null} share @param {string} [words] */
function progress(share, words = '') {
  $('done').hidden = share === null;
  $('done').value = share ?? 0;
  $('left').textContent = words;
}

const unseen = error => error instanceof Problem ? error.message : 'this browser could not look at it.';
const wordsOf = error => error instanceof Problem || error.constructor === Error ? error.message : 'it could not be opened here.';

// ---- What there is: classes in their order, and photos; a photo is known by its number ----

let classes = [], photos = [], next = 0, outside = 0, trained = null;

const classOf = id => classes.find(each => each.id === id), sleep = ms => new Promise(done => setTimeout(done, ms));
const inClass = id => photos.filter(photo => photo.of === id);
const ready = () => photos.filter(photo => photo.features);
const byName = (a, b) => a < b ? -1 : a > b ? 1 : 0;

// One that nobody has named is plain: its field stays empty, and it is called by its number.
function addClass(name) {
  const wanted = name.normalize('NFC').trim().slice(0, 100) || `Class ${classes.length + 1}`;
  const there = classes.find(each => each.name === wanted);
  if (there) return there;
  classes.push({id: ++next, name: wanted, plain: !name});
  return classes[classes.length - 1];
}

const clearEmpty = () => { classes = classes.filter(each => inClass(each.id).length); };

// What one click takes away, another one brings back; what has come since stays.
function offerBack(words) {
  const before = classes, had = photos;
  $('gone').textContent = words;
  $('undo').hidden = false;
  $('undo').onclick = () => {
    for (const each of classes) {
      const own = inClass(each.id), same = before.find(({name}) => name === each.name);
      if (same) for (const photo of own) photo.of = same.id;
      else if (own.length) before.push(each);
    }
    photos = [...had, ...photos.filter(each => !had.includes(each))];
    classes = before;
    $('gone').textContent = '';
    $('undo').hidden = true;
    $('more').focus();
    show();
    work();
  };
}

function take(files, of) {
  const room = most - photos.length, some = [...files].slice(0, Math.max(room, 0));
  for (const file of some) photos.push({id: ++next, of, file, name: file.name || 'photo'});
  outside += files.length - some.length;
  show();
  work();
}

// ---- The network's files, fetched once, and the two workers, made of blobs: so the page's rule that nothing may be sent anywhere holds for them as well ----

// The body of an answer, told of piece by piece.
const bodyOf = (answer, tell) => new Response(answer.body.pipeThrough(new TransformStream({transform(piece, out) { tell(piece.length); out.enqueue(piece); }}))).arrayBuffer();

const patience = 30_000;  // ms without a byte of any file
let heard = 0;

async function fetched(url, cache, tell) {
  const stop = new AbortController(), hear = () => { heard = performance.now(); };
  hear();
  const watch = setInterval(() => { if (performance.now() - heard > patience) stop.abort(); }, 500);
  try {
    const answer = await fetch(absolute(url), {credentials: 'omit', cache, signal: stop.signal});
    return answer.ok ? await bodyOf(answer, bytes => { hear(); tell(bytes); }) : null;
  } catch {
    if (stop.signal.aborted) throw unfetched(`${nameOf(url)}: nothing has come from ${hostOf(url)} for ${patience/1000} seconds. Check the connection.`);
    return null;
  } finally { clearInterval(watch); }
}

const nameOf = url => url.split('/').pop(), hostOf = url => new URL(absolute(url)).host, unfetched = words => Object.assign(new Problem(words), {again: true});

/** A file that is the one expected; if the browser's cache holds another one, the server is asked. @param {{url: string, integrity?: string}} file @param {(bytes: number) => void} [tell] */
async function fetchFile({url, integrity}, tell = () => {}) {
  let other = false;
  for (const cache of /** @type {RequestCache[]} */ (['default', 'reload'])) {
    const data = await fetched(url, cache, tell);
    if (data && (!integrity || integrity === await integrityOf(data))) return data;
    other ||= Boolean(data);
  }
  throw unfetched(other ? `${nameOf(url)} is not the one expected. Reload the page.` : `${nameOf(url)} could not be fetched from ${hostOf(url)}. Check the connection.`);
}

const picture = async url => new File([await fetchFile({url})], nameOf(url));

const blobOf = parts => URL.createObjectURL(new Blob(parts, {type: 'text/javascript'}));
const held = {};  // what the archives of a page are made of

// The worker that looks. Its scripts are small, so it makes small pictures while the network is still on its way.
async function openEyes() {
  const names = ['study.js', 'teach.js', 'learn.js', 'copies.js', 'photo.js'], got = await Promise.all(names.map(url => fetchFile({url})));
  const code = Object.fromEntries(names.map((name, i) => [name, new TextDecoder().decode(got[i])]));
  const learn = blobOf([code['learn.js']]), photo = blobOf([code['photo.js']]), copies = blobOf([code['copies.js'].replace('./photo.js', photo)]);
  held.teach = blobOf([code['teach.js'].replace('./learn.js', learn)]);
  return new Worker(blobOf([code['study.js'].replace('./photo.js', photo).replace('./copies.js', copies).replace('./learn.js', learn)]), {type: 'module'});
}

let opened = null, sees = false, glancing = false;
const eyes = () => opened ??= openEyes().catch(error => { opened = null; throw error; });

async function glance() {
  if (glancing || sees) return;
  glancing = true;
  const worker = await eyes().catch(() => null);  // whoever waits for the network tells
  for (let photo; worker && !sees && (photo = photos.find(each => !each.glanced && !each.picture));) {
    photo.glanced = true;
    const found = await question(worker, {file: photo.file, glance: preprocess}).catch(() => null);
    if (found) photo.picture ??= URL.createObjectURL(found.thumb);
    showClass(photo.of);
  }
  glancing = false;
}

const secure = $('secure').textContent;

async function load() {
  if (!crypto.subtle) throw new Problem(secure);
  let there = 0;
  const tell = bytes => { there += bytes/1e6; progress(Math.min(there/megabytes, 1), `${Math.min(there, megabytes).toFixed(1)} of ${megabytes} MB`); };
  say(`Fetching the network: ${megabytes} MB, once ...`);
  const [worker, script, wasm, network, page] = await Promise.all([eyes(), ...[files.script, files.wasm, files.network, {url: 'page.json'}].map(each => fetchFile(each, tell))]);
  Object.assign(held, {script: new Blob([script]), wasm: new Blob([wasm]), network: new Uint8Array(network.slice(0)), page: JSON.parse(new TextDecoder().decode(page))});
  say('Starting the network ...');
  await question(worker, {script, wasm, network, settings: preprocess}, [script, wasm, network]).catch(error => { worker.terminate(); opened = null; throw error; });
  sees = true;
  return worker;
}

let network = null;
const looker = () => network ??= load().catch(error => { network = null; throw error; });

// One question at a time, and the worker's answer to it.
let before = Promise.resolve();
function question(worker, given, moved = []) {
  const answer = before.then(() => new Promise((done, failed) => {
    worker.onmessage = ({data}) => data.problem ? failed(Object.assign(new Problem(data.problem), data)) : done(data);
    worker.onerror = () => failed(new Problem("This browser can't run the network. Update the browser."));
    worker.postMessage(given, moved);
  }));
  before = answer.catch(() => null);
  return answer;
}

// What the worker can't decode, the page may: Safari opens HEIC as an image alone.
async function looked(file, once = false) {
  const worker = await looker(), start = performance.now();
  try { return await question(worker, {file, once}); }
  catch (error) {
    if (!error.elsewhere) throw error;
    const image = new Image();
    image.src = URL.createObjectURL(file);
    try { await image.decode(); const bitmap = await createImageBitmap(image); return await question(worker, {file, bitmap, once}, [bitmap]); }
    catch { throw error; } finally { URL.revokeObjectURL(image.src); }
  } finally { if (!once) looking += performance.now() - start; }
}

// ---- Looking at what is new, then learning from all ----

let working = false, looking = 0;  // ms, since it learnt last
const known = new Map();  // what was found in a photo, by the hash of its content

async function work() {
  save();
  glance();
  if (working) return;
  working = true;
  try {
    for (let photo; (photo = photos.find(each => !each.features && !each.why));) {
      try {
        const found = known.get(photo.file) ?? await looked(photo.file);
        known.set(photo.file, found);
        Object.assign(photo, found, {picture: photo.picture ?? URL.createObjectURL(found.thumb)});
      } catch (error) {
        if (!network) throw error;
        photo.why = unseen(error);
      }
      const left = photos.filter(each => !each.features && !each.why).length, all = photos.length;
      if (left) { say('Looking at the photos ...'); progress((all - left)/all, `${all - left} of ${all}`); }
      showClass(photo.of);
    }
    if (photos.length) teach();  // a model may have been opened meanwhile
  } catch (error) {
    if (!(error instanceof Problem)) console.error(error);
    say(error instanceof Problem ? `${error.message} Your photos wait here.` : 'Something went wrong here. Reload the page.', true, error instanceof Problem && crypto.subtle ? work : undefined);
  }
  working = false;
}

let teacher = null;
const seconds = ms => (ms/1000).toFixed(ms < 9950 ? 1 : 0);

// All photos that can be learnt from, in the order in which Python reads a folder: by class, then by file name.
function lesson() {
  const used = classes.filter(each => inClass(each.id).some(photo => photo.features)).sort((a, b) => byName(a.name, b.name));
  const rows = used.flatMap((each, label) => inClass(each.id).filter(photo => photo.features).sort((a, b) => byName(a.name, b.name)).map(photo => ({photo, label})));
  return {labels: used.map(each => each.name), ids: used.map(each => each.id), rows, groups: groupsOf(rows.map(row => row.photo))};
}

function teach() {
  teacher?.terminate();
  refusals();
  save();
  const {labels, ids, rows, groups} = lesson(), few = ids.filter(id => ready().filter(photo => photo.of === id).length < 3);
  trained = null;
  if (labels.length < 2 || few.length) { show(); return say(advice(labels.length, few)); }
  const start = performance.now(), table = new Float32Array(rows.length*width);
  rows.forEach(({photo}, i) => table.set(photo.features, i*width));
  teacher = new Worker(held.teach, {type: 'module'});
  say(`Learning from ${counted(rows.length, 'photo')} ...`);
  progress(0);
  teacher.onmessage = ({data}) => {
    if (data.share !== undefined) progress(data.share);
    if (data.problem) { show(); say(data.problem, true); }
    if (data.curve && trained) { trained.curve = data.curve; showCurve(); document.body.dataset.curve = 'drawn'; }
    if (!data.head) return;
    const learning = performance.now() - start;
    trained = {labels, ids, rows, groups, head: data.head, known: data.known, number: (Number(document.body.dataset.trained) || 0) + 1, times: `Looking at the photos took ${seconds(looking)} s, learning ${seconds(learning)} s.`};
    show();
    say(`Learnt from ${counted(rows.length, 'photo')} in ${seconds(looking + learning)} s. ${unnamed()}`);
    looking = 0;
    document.body.dataset.trained = String(trained.number);
  };
  teacher.onerror = () => { show(); say("This browser can't learn here. Update the browser.", true); };
  teacher.postMessage({views: [table], width, labels: rows.map(row => row.label), groups, rules}, [table.buffer]);
}

const unnamed = () => { const some = classes.filter(each => each.plain && inClass(each.id).length).map(each => each.name); return some.length ? `Give ${some.join(' and ')} a name: the answers will say it.` : ''; };
const advice = (many, few) => !photos.length ? 'Give each class at least three photos, then it begins by itself.' : many < 2 ? 'One more class with photos is needed: to tell apart takes two.' : `${few.map(id => classOf(id).name).join(' and ')}: at least three photos are needed.`;

function refusals() {
  const bad = photos.filter(photo => photo.why);
  photos = photos.filter(photo => !photo.why);
  const lines = bad.slice(0, 30).map(photo => `${photo.name}: ${photo.why}`), all = bad.length + outside;
  if (outside) lines.push(`${counted(outside, 'photo')} more: at most ${counted(most, 'photo')} fit in here. For more, there is bears train.`);
  outside = 0;
  if (all) $('refused')?.remove();
  if (all) $('classes').after(make('details', {id: 'refused', open: true}, make('summary', {textContent: `${counted(all, 'file')} left out`}), make('ul', {}, ...lines.map(textContent => make('li', {textContent})))));
}

// ---- What is shown ----

// What is there stays there, so that nobody loses the name that they are typing, or their place in a list.
function fill(parent, items) { if (items.length !== parent.children.length || items.some((item, i) => item !== parent.children[i])) parent.replaceChildren(...items); }

const boxes = new Map(), items = new Map();
const once = (kept, id, make) => { if (!kept.has(id)) kept.set(id, make(id)); return kept.get(id); };

function show() {
  fill($('classes'), classes.map(each => once(boxes, each.id, classBox)));
  for (const each of classes) showClass(each.id);
  for (const id of ['accuracy', 'result', 'test', 'take', 'next']) $(id).hidden = !trained;
  $('drawn').hidden = photos.length > 0;
  $('held').hidden = !photos.some(({name}) => /^([\da-f]{8}_)*drawn-[a-z]+-\d+\.jpg$/.test(name));
  if (trained) { showResult(); showFindings(); }
}

function classBox(id) {
  const box = $('class').content.firstElementChild.cloneNode(true), [input, pick] = box.querySelectorAll('input'), [remove, shoot] = box.querySelectorAll('button'), label = box.querySelector('label');
  box.dataset.class = String(id);
  label.htmlFor = pick.id = `pick${id}`;
  pick.accept = accepted;
  input.onchange = () => rename(id, input.value);
  pick.onchange = () => { take(pick.files, id); pick.value = ''; };
  shoot.onclick = () => openCamera(id);
  remove.onclick = () => { offerBack(`${classOf(id).name} is taken out, with ${counted(inClass(id).length, 'photo')}.`); photos = photos.filter(photo => photo.of !== id); classes = classes.filter(each => each.id !== id); show(); teach(); $('more').focus(); };
  return box;
}

function rename(id, name) {
  const own = classOf(id), wanted = name.normalize('NFC').trim().slice(0, 100);
  if (!wanted || classes.some(each => each.id !== id && each.name === wanted)) say(wanted ? `There is a class ${wanted} already.` : 'A class needs a name.', true);
  else { Object.assign(own, {name: wanted, plain: false}); return teach(); }
  boxes.get(id).querySelector('input').value = own.plain ? '' : own.name;
}

function showClass(id) {
  const box = boxes.get(id), own = inClass(id), at = classes.findIndex(each => each.id === id);
  if (!box || at < 0) return;
  const {name, plain} = classes[at], shown = plain ? '' : name;
  const doubted = new Set(trained ? trained.head.doubted.map(i => trained.rows[i].photo.id) : []), input = box.querySelector('input');
  if (document.activeElement !== input) input.value = shown;
  input.setAttribute('value', shown);
  input.placeholder = `Name, e.g. ${['my', 'your'][at] ?? 'another'} cup`;
  input.setAttribute('aria-label', `Name of ${name}`);
  box.classList.toggle('short', photos.length > 0 && own.length < 3);
  box.querySelector('.remove').setAttribute('aria-label', `Take the class ${name} out`);
  box.querySelector('.count').textContent = (plain ? `${name}: ` : '') + counted(own.length, 'photo') + (own.length && own.length < 3 ? ', three are needed' : '');
  fill(box.querySelector('ul'), own.map(photo => {
    const item = once(items, photo.id, () => photoItem(photo)), tile = item.firstChild;
    item.className = photo.features ? doubted.has(photo.id) ? 'doubted' : '' : 'waiting';
    tile.title = doubted.has(photo.id) ? 'Label in doubt' : '';
    if (photo.picture && !tile.firstChild) tile.append(make('img', {src: photo.picture, alt: ''}));
    return item;
  }));
}

function photoItem(photo) {
  return make('li', {}, make('button', {type: 'button', ariaLabel: photo.name, onclick: () => openPhoto(photo)}));
}

// Moved to another class, or taken out; the photo stays in the file it came from.
function move(photo, to) {
  const id = photo.of, place = inClass(id).indexOf(photo);
  if (to) photo.of = to; else photos = photos.filter(each => each !== photo);
  show();
  teach();
  const buttons = boxes.get(id)?.querySelectorAll('li button') ?? [];
  (buttons[Math.min(place, buttons.length - 1)] ?? $('more')).focus();  // who uses the keyboard goes on where they were
}

function choices(photo, close = () => {}) {
  const others = classes.filter(each => each.id !== photo.of);
  return [...others.map(each => [`Move to ${each.name}`, each.id]), ['Take out', 0]].map(([words, to]) => press(words, () => { close(); move(photo, to); }));
}

function openPhoto(photo) {
  const dialog = $('photo'), close = () => dialog.close();
  Object.assign(dialog.querySelector('img'), {src: photo.picture ?? '', hidden: !photo.picture, alt: photo.name});
  dialog.querySelector('p').textContent = photo.name;
  dialog.querySelector('.buttons').replaceChildren(...choices(photo, close), press('Close', close));
  dialog.showModal();
}

// ---- How well it does ----

// The interval that holds the true share in 95 of 100 cases (Wilson).
function interval(right, n, z = 1.959964) {
  if (!n) return [0, 1];
  const p = right/n, middle = (p + z*z/(2*n))/(1 + z*z/n), half = z*Math.sqrt(p*(1 - p)/n + z*z/(4*n*n))/(1 + z*z/n);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

const verdict = () => { const {right, n} = trained.head, [low, high] = interval(right, n); return `Right on ${percent(right/n)} of ${counted(n, 'photo')} (95% interval ${percent(low)} to ${percent(high)}).`; };

function showResult() {
  const {head, labels, rows} = trained;
  const [low, high] = interval(head.right, head.n);
  $('accuracy').replaceChildren(...head.n ? [make('b', {textContent: `${head.right} of ${head.n} right`}), `, each judged before it was learnt${high - low > 0.15 ? ' (few photos: rough)' : ''}`] : ['Too few different photos to say.']);
  $('interval').textContent = head.n ? `${verdict()} ${trained.times}` : '';
  $('how').hidden = !head.n;
  $('meaning').textContent = head.n ? '' : 'Each class needs three photos that are no copies of each other.';
  $('curve').replaceChildren();
  if (!head.n) return $('table').replaceChildren();
  const counts = labels.map(() => labels.map(() => 0));
  rows.forEach(({label}, i) => counts[label][best(head.chances, i, labels.length)]++);
  const cell = (text, kind = 'td', given = {}) => make(kind, {textContent: text, ...given});
  $('table').replaceChildren(make('table', {}, make('caption', {textContent: 'Rows: the truth. Columns: the answer.'}),
    make('thead', {}, make('tr', {}, cell('', 'td'), ...labels.map(label => cell(label, 'th', {scope: 'col'})))),
    make('tbody', {}, ...counts.map((row, i) => make('tr', {}, cell(labels[i], 'th', {scope: 'row'}), ...row.map((n, k) => cell(n, 'td', {className: i === k ? 'right' : ''})))))));
}

function showCurve() {
  const {curve, head, labels, rows} = trained, all = [...curve, {each: Math.round(rows.length/labels.length), right: head.right, n: head.n}];
  if (all.length < 2) return;
  const shares = all.map(({right, n}) => right/n), gain = shares[shares.length - 1] - shares[shares.length - 2];
  $('curve').replaceChildren(make('p', {className: 'small', textContent: `With ${all.map(({each}, i) => `${each} photos of each: ${percent(shares[i])}`).join('; with ')}. ${gain > 0.02 ? 'More photos will probably help.' : 'More photos brought little at the end: other kinds may help more.'}`}));
}

function showFindings() {
  const {head, labels, rows, groups} = trained, findings = head.doubted.map(i => {
    const {photo} = rows[i], said = best(head.chances, i, labels.length);
    return make('div', {className: 'finding'}, make('img', {src: photo.picture, alt: ''}), make('p', {textContent: `${photo.name}: under ${labels[rows[i].label]}, but it looks like ${labels[said]} (${percent(head.chances[i*labels.length + said])}). It was not learnt from.`}), ...choices(photo));
  });
  for (const copies of [...grouped(rows.keys(), i => groups[i]).values()].filter(each => each.length > 1).slice(0, 30)) {
    const apart = new Set(copies.map(i => rows[i].label)).size > 1, last = rows[copies[copies.length - 1]].photo;
    findings.push(make('div', {className: 'finding'}, make('img', {src: rows[copies[0]].photo.picture, alt: ''}), make('p', {textContent: `${copies.map(i => rows[i].photo.name).join(', ')}: the same picture${apart ? `, under ${[...new Set(copies.map(i => labels[rows[i].label]))].join(' and ')}` : ''}. Copies are never on both sides when it is checked.`}), press(`Take ${last.name} out`, () => move(last, 0))));
  }
  $('findings').replaceChildren(...findings.length ? [make('h3', {textContent: `Worth a look: ${counted(findings.length, 'finding')}`}), ...findings] : []);
}

// ---- Asking it ----

function answer(features, name, picture) {
  const chances = [...ask(trained.head, features)].map((chance, i) => ({label: trained.labels[i], chance})).sort((a, b) => b.chance - a.chance);
  const unsure = likenessTo(features, trained.known.bank, width, rules) < trained.known.threshold;
  $('answer').textContent = unsure ? `${name}: unlike anything I know (unsure)` : `${name}: ${chances[0].label}, ${percent(chances[0].chance)}`;
  $('bars').className = unsure ? 'unsure' : '';
  $('choice').open = !unsure;
  $('choice').firstChild.hidden = !unsure;
  $('bars').replaceChildren(...chances.slice(0, 8).map(({label, chance}) => {
    const fill = make('span', {className: 'fill'}), track = make('span', {className: 'track'}, fill);
    fill.style.width = percent(chance);
    track.setAttribute('aria-hidden', 'true');
    return make('li', {}, make('span', {className: 'label', textContent: label}), ' ', make('span', {className: 'number', textContent: percent(chance)}), track);
  }));
  if (picture) Object.assign($('seen'), {src: picture, hidden: false, alt: `${name}, as it was looked at`});
}

// Who clicks while it learns anew, as after a new name, gets what comes of it.
async function settled() { while (!trained && !$('take').hidden) await sleep(50); }

async function askOf(file, name = file.name) {
  try { const {features, thumb} = await looked(file, true); await settled(); answer(features, name, URL.createObjectURL(thumb)); }
  catch (error) { $('answer').textContent = `${name}: ${unseen(error)}`; $('bars').replaceChildren(); }
}

// ---- The camera: photos for a class while the button is held, or a look at each moment ----

/** @type {HTMLDialogElement} */ const camera = $('camera');
const video = camera.querySelector('video'), stream = () => /** @type {MediaStream} */ (video.srcObject);
let shooting = 0, forClass = 0, taken = 0;

async function openCamera(id) {
  forClass = id;
  taken = 0;
  try { video.srcObject = await navigator.mediaDevices.getUserMedia({video: {facingMode: 'environment', width: {ideal: 1280}}}); }
  catch (error) {
    const why = error.name === 'NotAllowedError' ? 'it was not allowed' : error.name === 'NotFoundError' ? 'there is none' : 'this page may not use it';
    return say(`The camera can't be used: ${why}. Choose photos instead.`, true);
  }
  $('shoot').hidden = !id;
  $('counted').textContent = $('heard').textContent = '';
  $('counted').setAttribute('aria-live', id ? 'polite' : 'off');
  $('answer').setAttribute('aria-live', id ? 'polite' : 'off');  // it changes five times a second
  camera.showModal();
  if (!id) watch();
}

const frame = () => new Promise(done => {
  const canvas = make('canvas', {width: video.videoWidth, height: video.videoHeight});
  if (!canvas.width) return done(null);
  canvas.getContext('2d').drawImage(video, 0, 0);
  canvas.toBlob(done, 'image/jpeg', 0.92);
});

async function shoot() {
  if (photos.length >= most) return release();
  const blob = await frame(), stamp = new Date().toISOString().replace(/\D/g, '');
  if (!blob) return;
  photos.push({id: ++next, of: forClass, file: blob, name: `camera_${stamp}.jpg`});
  $('counted').textContent = counted(++taken, 'photo');
}

function hold() { if (!shooting && photos.length < most) { shoot(); shooting = window.setInterval(shoot, 300); } }
function release() { clearInterval(shooting); shooting = 0; }

async function watch() {
  while (camera.open) {
    const blob = await frame();
    if (blob && trained) await askOf(blob, 'camera');
    $('counted').textContent = $('answer').textContent;
    const label = $('answer').textContent.split(', ')[0];
    if ($('heard').textContent !== label) $('heard').textContent = label;
    await sleep(200);
  }
}

$('shoot').addEventListener('pointerdown', hold);
for (const end of ['pointerup', 'pointerleave', 'pointercancel']) $('shoot').addEventListener(end, release);
$('shoot').addEventListener('keydown', event => { if (/^( |Enter)$/.test(event.key)) { event.preventDefault(); hold(); } });
$('shoot').addEventListener('keyup', release);
$('close').onclick = () => camera.close();
$('shoot').addEventListener('contextmenu', event => event.preventDefault());  // what a long touch does elsewhere
camera.addEventListener('close', () => { release(); $('answer').setAttribute('aria-live', 'polite'); stream()?.getTracks().forEach(track => track.stop()); video.srcObject = null; if (forClass) { show(); work(); } });
$('live').onclick = () => openCamera(0);

// ---- Taking it along ----

async function infoOf() {
  const {labels, head, known: {threshold, share, n, many, likeness}, rows} = trained, [low, high] = interval(head.right, head.n);
  const count = which => Object.fromEntries(labels.map((label, k) => [label, rows.filter((row, i) => which(row, i) === k).length]));
  const said = rows.map((_, i) => head.n ? best(head.chances, i, labels.length) : -1), losses = rows.map(({label}, i) => head.n ? -Math.log(Math.max(head.chances[i*labels.length + label], 1e-7)) : 0);
  const ordered = [...likeness].sort((a, b) => a - b);
  return {...info, labels,
    metrics: head.n ? {accuracy: head.right/head.n, n: head.n, interval: [low, high], ...info.metrics, log_loss: losses.reduce((a, b) => a + b, 0)/head.n} : {},
    training: {train: count(row => row.label), valid: count(() => -1), sources: {}, strength: head.strength, cross_validation: {right: head.right, n: head.n}, reference: {labels: count((_, i) => said[i]), likeness: ordered.map(each => Number(each.toFixed(4)))}},
    unsure: {threshold, valid_share: share, n, bank: many, neighbours: rules.neighbours},
    split: {how: 'cross-validation', train: rows.map(({photo}) => photo.sha.slice(0, 12)).sort().join(' '), valid: ''}};
}

function headFile() {
  const {head, known: {bank, many, likeness}, labels, rows} = trained, k = labels.length, n = head.n ? rows.length : 0;
  const hashes = Uint8Array.from(n ? rows.flatMap(({photo}) => photo.sha.slice(0, 12).match(/../g).map(pair => parseInt(pair, 16))) : []);
  return safetensors({bank: {dtype: 'F16', shape: [many, width], values: toHalves(bank)}, bias: {dtype: 'F32', shape: [k], values: head.bias}, weight: {dtype: 'F32', shape: [k, width], values: head.weight},
    'judged.hashes': {dtype: 'U8', shape: [n, 6], values: hashes}, 'judged.likeness': {dtype: 'F32', shape: [n], values: Float32Array.from(n ? likeness : [])}, 'judged.probabilities': {dtype: 'F16', shape: [n, k], values: toHalves(n ? head.chances : [])}});
}

const plain = name => name.replace(/[\\/:*?"<>|\u0000-\u001f]+/g, '_').replace(/^\.+/, '_').trim() || 'photo';

const parcels = {
  model: async () => modelFiles({'head.safetensors': headFile()}, await infoOf()),
  photos: async () => {
    const parts = {}, table = ['file_name,label'], folders = new Map(), taken = new Map(), quoted = text => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    for (const {of, file, name, sha} of ready()) {
      const label = classOf(of).name;
      let folder = plain(label);
      while ((taken.get(folder.toLowerCase()) ?? label) !== label) folder += '_';  // Windows and macOS take Cat and cat for one folder
      taken.set(folder.toLowerCase(), label);
      folders.set(folder, label);
      const path = `${folder}/${sha.slice(0, 8)}_${plain(name).slice(-80)}`;
      parts[path] = new Uint8Array(await file.arrayBuffer());
      table.push(`${quoted(path)},${quoted(label)}`);
    }
    if ([...folders].some(([folder, label]) => folder !== label)) parts['names.json'] = JSON.stringify(Object.fromEntries(folders));
    return {...parts, 'metadata.csv': table.join('\n') + '\n'};
  },
  page: async () => {
    const described = await infoOf(), bank = trained.known.bank, network = networkOf(held.network, Uint8Array.from(atob(nodes), each => each.charCodeAt(0)), trained.head, bank, width, rules.neighbours);
    return pageFiles(held, network, described, trained.head.n ? verdict() : 'Not measured.');
  },
};

async function takeAlong(what) {
  await settled();
  say('Packing ...');
  try {
    const link = make('a', {href: URL.createObjectURL(packed(await parcels[what]())), download: `${what === 'photos' ? 'photos' : `${trained.labels.map(plain).join('_').slice(0, 60)}_${what}`}.zip`});
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    say(`${link.download} is in your downloads.`);
  } catch (error) { console.error(error); say('It could not be packed: this device gives the page too little memory. Close other tabs and apps, and try again.', true, () => takeAlong(what)); }
}
for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-take]'))) button.addEventListener('click', () => takeAlong(button.dataset.take));

// ---- Bringing it: folders, archives, a model ----

const isPicture = name => /\.(jpe?g|jfif|png|gif|webp|bmp|avif|hei[cf])$/i.test(name);

// By folder the names of classes that no folder can have, as they lie beside photos that were made into an archive here.
async function namesIn(found) { try { return new Map(Object.entries(JSON.parse(await found.find(({path}) => /(^|\/)names\.json$/.test(path)).file.text())).filter(([, name]) => typeof name === 'string')); } catch { return new Map(); } }

// Files with their paths: the class is the folder that a photo lies in.
async function takeFolder(found) {
  const pictures = found.filter(({path}) => isPicture(path) && !/(^|\/)\./.test(path)).sort((a, b) => byName(a.path, b.path)), model = found.find(({path}) => /(^|\/)model\.json$/.test(path));
  if (model) return openModel(found, model.path.replace(/model\.json$/, ''));
  if (!pictures.length) throw new Problem('there is no photo in it.');
  const names = await namesIn(found);
  clearEmpty();
  for (const [name, some] of grouped(pictures, ({path}) => path.split('/').slice(-2, -1)[0] ?? '')) take(some.map(({file, path}) => file instanceof File ? file : new File([file], path.split('/').pop())), addClass(names.get(name) || name || 'photos').id);
}

async function openArchive(file) {
  say(`Unpacking ${file.name} ...`);
  const found = await unpacked(file);
  await takeFolder([...found].map(([path, data]) => ({path, file: new Blob([/** @type {BlobPart} */ (data)])})));
}

// A model that was made elsewhere: it answers here, and learns anew as soon as there are photos.
async function openModel(found, root) {
  const part = async name => { const one = found.find(({path}) => path === root + name); if (!one) throw new Problem(`${name} is missing: the model was saved without the head, and this page can't open it.`); return new Uint8Array(await one.file.arrayBuffer()); };
  const text = new TextDecoder().decode(await part('model.json')), {weight, bias, bank} = readTensors(await part('head.safetensors'));
  let described;
  try { described = JSON.parse(text); } catch { throw new Problem('its model.json is damaged.'); }
  const labels = described.labels, same = ['name', 'weights_sha256'].every(key => described.backbone?.[key] === info.backbone[key]) && JSON.stringify(described.preprocess) === JSON.stringify(info.preprocess);
  if (!same) throw new Problem('this model looks at photos in another way than this page does (another network, size or cut), so it can only be used with bears web or in Python.');
  if (!Array.isArray(labels) || weight.shape[0] !== labels.length || weight.shape[1] !== width || bias.shape[0] !== labels.length || bank.shape[1] !== width) throw new Problem('the parts of this model do not fit each other.');
  await looker();
  teacher?.terminate();
  if (photos.length) offerBack(`The model took the place of your ${counted(photos.length, 'photo')}.`);
  classes = labels.map(name => ({id: ++next, name: String(name).slice(0, 100)}));
  photos = [];
  trained = {labels: classes.map(each => each.name), ids: classes.map(each => each.id), rows: [], groups: [], head: {weight: weight.values, bias: bias.values, strength: described.training?.strength ?? 0.1, right: 0, n: 0, doubted: [], chances: null},
    known: {bank: bank.values, many: bank.shape[0], likeness: [], threshold: described.unsure?.threshold ?? -1, share: 0, n: 0}};
  show();
  $('accuracy').textContent = `A model of ${labels.join(', ')}, made elsewhere`;
  $('meaning').textContent = described.metrics?.accuracy ? `It says of itself: right on ${percent(described.metrics.accuracy)} of ${described.metrics.n} photos.` : '';
  $('take').hidden = true;
  document.body.dataset.opened = 'model';
  say('The model is open: try it on a photo. Give each class three photos of your own, and it learns anew from these.');
}

/** @param {Promise<any[]> | any[]} given files with their paths */
async function bring(given) {
  let files = [];
  try {
    files = await given;
    const archives = files.filter(({file}) => /\.zip$/i.test(file.name ?? '')), others = files.filter(each => !archives.includes(each));
    for (const {file} of archives) await openArchive(file);
    if (others.length) await takeFolder(others);
    if (!files.length) throw new Problem('there is no photo in it.');
  } catch (error) { say(`${files[0]?.path.split('/')[0] ?? 'That'}: ${wordsOf(error)}`, true, error.again && (() => bring(files))); if (wordsOf(error) !== error.message) console.error(error); }
}

/** All files of a folder that is dropped, with their paths. @param {any} entry @param {string} path where it lies @param {any[]} found */
async function walked(entry, path = '', found = []) {
  if (found.length >= 10_000) throw new Problem('there are more than 10,000 files in it.');
  if (entry.isFile) found.push({path: path + entry.name, file: await new Promise((done, failed) => entry.file(done, failed))});
  if (!entry.isDirectory) return found;
  for (let read = entry.createReader(), some; (some = await new Promise((done, failed) => read.readEntries(done, failed))).length;) for (const each of some) await walked(each, `${path}${entry.name}/`, found);
  return found;
}

// ---- Ways in ----

function photosFor(id, files) { if (files.some(file => /\.zip$/i.test(file.name))) bring(files.map(file => ({path: file.name, file}))); else take(files, id); }

function nameLast() { /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll('.class input[type=text]')]).pop().focus(); }
$('more').onclick = () => { addClass(''); show(); nameLast(); };
for (const id of ['folder', 'archive']) $(id).addEventListener('change', event => { bring([...event.target.files].map(file => ({path: file.webkitRelativePath || file.name, file}))); event.target.value = ''; });
$('ask').accept = accepted;
$('ask').onchange = event => { if (event.target.files.length) askOf(event.target.files[0]); event.target.value = ''; };
$('drawn').onclick = async () => {
  say('Fetching drawn bears ...');
  try {
    const all = await Promise.all(Object.entries(drawn).map(async ([name, urls]) => ({name, files: await Promise.all(urls.map(picture))})));
    $('more').focus();  // the button that was pressed goes
    clearEmpty();
    for (const {name, files} of all) take(files, addClass(name).id);
  } catch (error) { say(wordsOf(error), true, () => $('drawn').click()); }
};
$('held').onclick = ({target}) => { const {value, title} = target.closest('button') ?? {}; if (value) picture(value).then(file => askOf(file, title), error => say(wordsOf(error), true)); };
const boxOf = target => target instanceof Element ? /** @type {HTMLElement} */ (target.closest('.class')) : null;
const lift = over => { for (const box of document.querySelectorAll('.class')) box.classList.toggle('over', box === over); };
addEventListener('dragover', event => { event.preventDefault(); lift(boxOf(event.target)); });
addEventListener('dragleave', event => { if (!event.relatedTarget) lift(null); });
addEventListener('drop', event => {
  event.preventDefault();
  lift(null);
  const box = boxOf(event.target), entries = [...event.dataTransfer.items].map(item => item.webkitGetAsEntry?.()).filter(Boolean), files = [...event.dataTransfer.files];
  if (box && files.length && !entries.some(entry => entry.isDirectory)) return photosFor(Number(box.dataset.class), files);
  if (!files.length) return say('That was no file. Save the picture first, then drop it here.', true);
  bring(entries.length ? Promise.all(entries.map(entry => walked(entry))).then(all => all.flat()) : files.map(file => ({path: file.name, file})));
});
addEventListener('paste', event => { const files = [...event.clipboardData.files]; if (files.length) take(files, Number(boxOf(document.activeElement)?.dataset.class) || (classes.at(-1) ?? addClass('')).id); });
camera.addEventListener('cancel', release);

// ---- Kept in this browser, if asked ----

const tab = crypto.randomUUID?.() ?? String(Math.random()), state = () => JSON.stringify([classes, photos.map(({id, of}) => [id, of])]);
let saving = Promise.resolve(), waiting = false, saved = '';

const keptSays = (text, problem = false) => Object.assign($('kept'), {textContent: text, className: problem ? 'small problem' : 'small'});

// Whenever something has changed. Of two tabs the one that came last keeps its photos, and the other one says so.
function save() {
  if (waiting || !$('keep').checked || state() === saved) return;
  waiting = true;
  saving = saving.then(async () => {
    waiting = false;
    if (!$('keep').checked) return;
    const now = state();
    try {
      if (!await keep({classes, photos: photos.map(({of, file, name}) => ({of, file, name}))}, tab)) throw new Problem('another tab of this page keeps its own there. Close it and press "Forget them", then tick again');
      saved = now;
      keptSays('');
    } catch (error) { $('keep').checked = false; keptSays(`These photos can't be kept: ${error.message}.`, true); }
    $('forget').hidden = false;
  });
}
$('keep').onchange = save;
$('forget').onclick = async () => {
  $('keep').checked = false;
  await saving;
  try { await forget(); } catch (error) { return keptSays(`Not forgotten: ${error.message}. Clear this page's data in the browser's settings.`, true); }
  $('forget').hidden = true;
  saved = '';
  $('keep').focus();
  keptSays('Nothing is kept in this browser any more. What is on the page stays until you close it.');
};
addEventListener('beforeunload', event => { if (!$('keep').checked && photos.some(photo => photo.name.startsWith('camera_'))) event.preventDefault(); });  // those are nowhere else

// ---- From a classifier's page that was wrong: it hands its photo over, and the visitor says what it shows ----

function takeWrong({photo, name, said, labels}) {
  const dialog = $('photo'), picture = URL.createObjectURL(photo), file = new File([photo], String(name).slice(0, 100));
  clearEmpty();
  const ids = labels.slice(0, 30).map(label => addClass(String(label)).id);
  show();
  Object.assign(dialog.querySelector('img'), {src: picture, hidden: false, alt: file.name});
  dialog.querySelector('p').textContent = `${file.name}: the answer was ${said}. What does it show?`;
  const choice = (words, put) => press(words, () => { dialog.close(); URL.revokeObjectURL(picture); put(); });
  dialog.querySelector('.buttons').replaceChildren(...ids.map(id => choice(classOf(id).name, () => take([file], id))),
    choice('Something else', () => { take([file], addClass('').id); nameLast(); }), choice('Leave it out', () => say(advice(0, []))));
  dialog.oncancel = () => { URL.revokeObjectURL(picture); say(`${file.name} was left out.`); };
  dialog.onclose = () => { dialog.oncancel = null; };
  dialog.showModal();
}
addEventListener('message', ({origin, source, data}) => { if (origin === location.origin && source === opener && data?.photo instanceof Blob && Array.isArray(data.labels)) takeWrong(data); });

// ---- Start ----

const old = await kept(tab).catch(() => null);
if (old?.photos?.length) {
  classes = old.classes;
  next = Math.max(...classes.map(each => each.id));
  $('keep').checked = true;
  $('forget').hidden = false;
  for (const each of classes) take(old.photos.filter(photo => photo.of === each.id).map(({file, name}) => new File([file], name)), each.id);
  saved = state();
} else {
  addClass('');
  addClass('');
  show();
  say(crypto.subtle ? advice(0, []) : secure, !crypto.subtle);
}
opener?.postMessage('photo?', location.origin);
if (navigator.serviceWorker && !/^(localhost|127\.|\[::1\])/.test(location.hostname)) navigator.serviceWorker.register('service-worker.js');
