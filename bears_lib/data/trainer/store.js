// What is kept in this browser if the visitor asks for it.

/** @returns {Promise<IDBDatabase>} */
const open = () => new Promise((done, failed) => {
  const asked = indexedDB.open('bears-trainer', 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore('project');
  asked.onsuccess = () => done(asked.result);
  asked.onerror = () => failed(asked.error);
});

/** @param {(store: IDBObjectStore) => IDBRequest} act @returns {Promise<any>} what was asked for */
async function within(act) {
  const base = await open();
  try {
    return await new Promise((done, failed) => {
      const work = base.transaction('project', 'readwrite'), asked = act(work.objectStore('project'));
      work.oncomplete = () => done(asked.result);
      work.onerror = work.onabort = () => failed(work.error ?? asked.error ?? new Error('there is no room'));
    });
  } finally { base.close(); }
}

/** Keeps a project, and says whether it did: not if another tab has kept or opened one since. @param {any} project @param {string} tab */
export const keep = (project, tab) => within(store => {
  const owner = store.get('tab');
  owner.onsuccess = () => { if ((owner.result ?? tab) === tab) { store.put(project, 'last'); store.put(tab, 'tab'); } };
  return owner;
}).then(owner => (owner ?? tab) === tab);

/** The project that was kept; it belongs to this tab now. @param {string} tab */
export const kept = tab => within(store => {
  const last = store.get('last');
  last.onsuccess = () => { if (last.result) store.put(tab, 'tab'); };
  return last;
});
export const forget = () => within(store => store.clear());
