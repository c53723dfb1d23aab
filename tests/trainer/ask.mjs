// Runs one function of the trainer's scripts for a test in Python: node ask.mjs FOLDER < question.json > answer.json
import { pathToFileURL } from 'node:url';

const folder = process.argv[2], load = name => import(pathToFileURL(`${folder}/${name}.js`).href);
const floats = text => { const bytes = Buffer.from(text, 'base64'); return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)); };
const base64 = values => Buffer.from(values.buffer ?? values, values.byteOffset ?? 0, values.byteLength).toString('base64');
let text = '';
for await (const part of process.stdin) text += part;
const {what, ...given} = JSON.parse(text);

const answers = {
  head: async ({views, width, labels, groups, rules, held}) => {
    const learn = await load('learn'), tables = views.map(floats), asked = floats(held);
    const head = await learn.fitHead(tables, width, labels, groups, rules), known = learn.familiar(tables[0], width, labels, groups, rules);
    const rows = Array.from({length: asked.length/width}, (_, i) => asked.subarray(i*width, (i + 1)*width));
    return {strength: head.strength, right: head.right, n: head.n, doubted: head.doubted, chances: head.chances && [...head.chances], folds: await learn.groupFolds(labels, groups, rules),
      said: rows.map(row => [...learn.ask(head, row)]), alike: rows.map(row => learn.likenessTo(row, known.bank, width, rules)), threshold: known.threshold, share: known.share};
  },
  hashes: async ({greys}) => {
    const {groupsOf, hashesOf} = await load('copies'), hashes = greys.map(grey => hashesOf(Uint8Array.from(grey)));
    return {hashes: hashes.map(each => [...each]), groups: groupsOf(hashes.map((each, i) => ({sha: String(i).padStart(3, '0'), hashes: each})))};
  },
  parcels: async ({values, network, nodes, width, classes}) => {
    const {networkOf, readTensors, safetensors} = await load('parcels'), {fromHalves, toHalves} = await load('learn'), table = floats(values);
    const weight = table.subarray(0, classes*width), bias = table.subarray(0, classes), bank = table.subarray(0, 5*width);
    const file = safetensors({table: {dtype: 'F16', shape: [table.length], values: toHalves(table)}, bias: {dtype: 'F32', shape: [classes], values: bias}});
    return {file: base64(file), back: base64(readTensors(file).table.values), halves: base64(fromHalves(toHalves(table))),
      network: base64(networkOf(new Uint8Array(Buffer.from(network, 'base64')), new Uint8Array(Buffer.from(nodes, 'base64')), {weight, bias}, bank, width, 3))};
  },
  unpack: async ({archive}) => {
    const {unpacked} = await load('parcels');
    try { return {names: [...(await unpacked(new Blob([Buffer.from(archive, 'base64')]))).keys()]}; } catch (error) { return {problem: error.message}; }
  },
};
process.stdout.write(JSON.stringify(await answers[what](given)));
