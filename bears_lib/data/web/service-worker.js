// Keeps the page's files, so that it works without a connection after the first visit. Photos never pass through here.

const version = '$version';
const files = $files;  // url and, where it is known, integrity; packed: a compressed copy
const unpacks = 'DecompressionStream' in self;
const prefix = 'bears-web ' + self.registration.scope + ' ', name = prefix + version;

async function keep(cache, file) {
  const {url, integrity} = unpacks && file.packed ? file.packed : file;
  const get = mode => fetch(url, {integrity, cache: mode, credentials: 'omit'});
  const answer = await (integrity ? get('force-cache').catch(() => get('reload')) : get('no-cache'));  // what can't be checked is asked for anew
  if (!answer.ok) throw new Error(url + ': ' + answer.status);
  await cache.put(url, answer);
}

// At an address of this machine another project may be served tomorrow: nothing is kept there.
const local = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$$/.test(self.location.hostname);

async function leave() {
  for (const old of await caches.keys()) if (old.startsWith(prefix)) await caches.delete(old);
  await self.registration.unregister();
}

self.addEventListener('install', event => event.waitUntil((async () => {
  if (!local) {
    const cache = await caches.open(name);
    await Promise.all(files.map(file => keep(cache, file)));
  }
  await self.skipWaiting();
})()));

self.addEventListener('activate', event => event.waitUntil((async () => {
  if (local) return leave();
  for (const old of await caches.keys()) if (old.startsWith(prefix) && old !== name) await caches.delete(old);
  await self.clients.claim();
})()));

// A file that is kept compressed, as it was before.
async function unpacked(request) {
  const file = unpacks && files.find(({url, packed}) => packed && new URL(url, self.registration.scope).href === request.url);
  const kept = file && await caches.match(file.packed.url, {cacheName: name});
  return kept ? new Response(kept.body.pipeThrough(new DecompressionStream('gzip')), {headers: {'x-unpacked': '1'}}) : undefined;
}

// What the page checks by its hash is answered from here. All else is asked for anew, and answered from here only without a connection.
async function answered(request, home) {
  const kept = await caches.match(home ? 'index.html' : request, {cacheName: name}) ?? await unpacked(request);
  const checked = files.some(({url, integrity}) => integrity && new URL(url, self.registration.scope).href === request.url);
  if (checked && kept) return kept;
  let answer;
  try { answer = await fetch(request); } catch (error) { if (kept) return kept; throw error; }
  if (home && answer.ok && !answer.redirected && !(await answer.clone().text()).includes('id="settings"')) await leave();  // another page lives here now
  return answer;
}

self.addEventListener('fetch', event => {
  if (local) event.waitUntil(leave());  // it was asked for again after it had left
  if (event.request.method !== 'GET' || local) return;
  const home = new URL(event.request.url).pathname === new URL(self.registration.scope).pathname;
  event.respondWith(answered(event.request, home));
});
