// A page of one's own: the one that `bears web` writes, with this model in it.
import { modelFiles } from './parcels.js';

const escaped = text => text.replace(/[&<>"']/g, each => `&#${each.charCodeAt(0)};`);
const encoded = text => new TextEncoder().encode(text);

/** The hash of a file in the form that browsers compare. @param {BufferSource} data */
export const integrityOf = async data => `sha384-${btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest('SHA-384', data))))}`;

/** @param {any} held what the page was loaded with @param {Uint8Array} network @param {any} info `model.json` @param {string} verdict how often it is right */
export async function pageFiles({page, script, wasm}, network, info, verdict) {
  const integrity = await integrityOf(/** @type {BufferSource} */ (network));
  const {labels, training, unsure} = info, title = `${labels.slice(0, 4).join(' or ')}${labels.length > 4 ? ' or ...' : ''}?`;
  const settings = {...page.settings, labels, threshold: unsure.threshold, files: {...page.settings.files, network: {...page.settings.files.network, integrity, size: network.length}}};
  const rows = {Knows: labels.join(', '), 'Learnt from': Object.entries(training.train).map(([label, n]) => `${n} ${label}`).join(', '), 'Right how often': verdict,
    "What it can't do": page.limits,
    'Your photo': 'Looked at by this page alone; nothing of it is sent or kept.'};
  const card = Object.entries(rows).map(([name, text]) => `<dt>${escaped(name)}</dt><dd>${escaped(text)}</dd>`).join('\n');
  const index = page.index.replaceAll('@@title@@', () => escaped(title)).replace('@@card@@', () => card).replace('@@settings@@', () => JSON.stringify(settings).replaceAll('<', '\\u003c'));
  const kept = page.kept.map(each => each.url === 'small.onnx' ? {...each, integrity} : each);
  const files = Object.fromEntries(Object.entries(page.files).map(([name, data]) => [name, Uint8Array.from(atob(data), each => each.charCodeAt(0))]));
  if (page.copied) Object.assign(files, {'ort.js': new Uint8Array(await script.arrayBuffer()), 'ort.wasm': new Uint8Array(await wasm.arrayBuffer())});
  return {...files, ...await modelFiles({'small.onnx': network}, info), 'index.html': encoded(index),
    'manifest.webmanifest': encoded(page.manifest.replaceAll('@@title@@', () => JSON.stringify(title).slice(1, -1))),
    'service-worker.js': encoded(page.worker.replace('@@version@@', integrity.slice(7, 23).replace(/\W/g, '0')).replace('@@files@@', () => JSON.stringify(kept)))};
}
