// The worker that learns: a head for the photos, what is familiar, and what fewer photos would have given.
import { familiar, fitHead, sha256 } from './learn.js';

onmessage = async ({data: {views, width, labels, groups, rules}}) => {
  try {
    const head = await fitHead(views, width, labels, groups, rules, share => postMessage({share}));
    postMessage({head, known: familiar(views[0], width, labels, groups, rules)});
    if (head.n) postMessage({curve: await curve(views, width, labels, groups, rules)});
  } catch (error) { postMessage({problem: String(error instanceof Error ? error.message : error)}); }
};

// How often a head that learnt from a quarter, and from a half, of each class's photos was right.
async function curve(views, width, labels, groups, rules) {
  const mixed = new Map(), classes = Math.max(...labels) + 1, points = [];
  for (const name of new Set(groups)) mixed.set(name, await sha256(name));
  const order = labels.map((_, i) => i).sort((a, b) => mixed.get(groups[a]) < mixed.get(groups[b]) ? -1 : 1);
  for (const share of [1/4, 1/2]) {
    const some = Array.from({length: classes}, (_, k) => { const own = order.filter(i => labels[i] === k); return own.slice(0, Math.round(own.length*share)); }).flat();
    const view = new Float32Array(some.length*width);
    some.forEach((photo, i) => view.set(views[0].subarray(photo*width, (photo + 1)*width), i*width));
    const {right, n} = await fitHead([view], width, some.map(i => labels[i]), some.map(i => groups[i]), rules);
    if (n >= 12) points.push({each: Math.round(some.length/classes), right, n});
  }
  return points;
}
