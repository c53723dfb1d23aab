// Keeps the page's files, so that it works without a connection after the first visit. Photos never pass through here.

const version = '$version';
const files = $files;  // url and, where it is known, integrity
const prefix = 'bears-web ' + self.registration.scope + ' ', name = prefix + version;

async function keep(cache, {url, integrity}) {
  const get = mode => fetch(url, {integrity, cache: mode, credentials: 'omit'});
  const answer = await (integrity ? get('force-cache').catch(() => get('reload')) : get('no-cache'));  // what can't be checked is asked for anew
  if (!answer.ok) throw new Error(url + ': ' + answer.status);
  await cache.put(url, answer);
}

self.addEventListener('install', event => event.waitUntil((async () => {
  const cache = await caches.open(name);
  await Promise.all(files.map(file => keep(cache, file)));
  await self.skipWaiting();
})()));

self.addEventListener('activate', event => event.waitUntil((async () => {
  for (const old of await caches.keys()) if (old.startsWith(prefix) && old !== name) await caches.delete(old);
  await self.clients.claim();
})()));

// What was kept is answered from here; everything else goes its usual way.
self.addEventListener('fetch', event => {
  if (event.request.method !== 'GET') return;
  const home = new URL(event.request.url).pathname === new URL(self.registration.scope).pathname;
  event.respondWith((async () => {
    const cache = await caches.open(name);
    return await cache.match(home ? 'index.html' : event.request) ?? fetch(event.request);
  })());
});
