// What is kept in this browser if the visitor asks for it.

/** @returns {Promise<IDBDatabase>} */
const open = () => new Promise((done, failed) => {
  const asked = indexedDB.open('bears-trainer', 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore('project');
  asked.onsuccess = () => done(asked.result);
  asked.onerror = () => failed(asked.error);
});

/** @param {'readonly' | 'readwrite'} mode @param {(store: IDBObjectStore) => IDBRequest} act */
async function within(mode, act) {
  const base = await open();
  try {
    return await new Promise((done, failed) => {
      const work = base.transaction('project', mode), asked = act(work.objectStore('project'));
      work.oncomplete = () => done(asked.result);
      work.onerror = work.onabort = () => failed(work.error ?? asked.error ?? new Error('there is no room'));
    });
  } finally { base.close(); }
}

/** @param {any} project */
export const keep = project => within('readwrite', store => store.put(project, 'last'));
export const kept = () => within('readonly', store => store.get('last'));
export const forget = () => within('readwrite', store => store.delete('last'));
