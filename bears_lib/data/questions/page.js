'use strict';
// The grader of the package, in the browser: the same patterns, a simpler stemmer.
const ARTICLES = new Set(['a', 'an', 'the']);
const ENDINGS = ['isations', 'izations', 'isation', 'ization', 'ational', 'ations', 'ation', 'ingly', 'ities', 'ments', 'ness', 'ment',
  'ings', 'ions', 'ers', 'able', 'ible', 'ally', 'ised', 'ized', 'ises', 'izes', 'ing', 'ion', 'ies', 'ity', 'ive', 'ise', 'ize', 'ed', 'es', 'ly', 'er', 'al', 's', 'e', 'y'];

function stem(word) {
  if (word.length < 4) return word;
  if (word.endsWith('ss')) return word;
  for (const end of ENDINGS) {
    if (!word.endsWith(end) || word.length - end.length < 3) continue;
    let root = word.slice(0, -end.length);
    if (/([bdfgmnprt])\1$/.test(root)) root = root.slice(0, -1);
    return root;
  }
  return word;
}

function readWords(text) {
  text = text.slice(0, 5000).normalize('NFKD').toLowerCase().replace(/\p{M}/gu, '').replace(/’/g, "'").replace(/&/g, ' and ').replace(/%/g, ' percent ');
  text = text.replace(/(^|\s)\(?(\d{1,2}|[a-h])[.)]\s+(?=\S)/g, '$1; ').replace(/\bwon't\b/g, 'will not').replace(/\bcan'?t\b|\bcannot\b/g, 'can not');
  text = text.replace(/\b(is|are|was|were|do|does|did|has|have|had|could|should|would|need|must)n'?t\b/g, '$1 not');
  text = text.replace(/'\w{1,2}\b/g, '').replace(/\b(e\.g|i\.e|etc|vs|ie|eg)\b\.?/g, m => ' ' + m.replace(/\./g, '') + ' ');
  const words = [];
  let place = 0, sentence = 0;
  for (const [token] of text.matchAll(/\p{L}+|\d+(?:[.,]\d+)*|[.;!?\n]+/gu)) {
    if (/^[.;!?\n]/.test(token)) { place += 3; sentence += 1; continue; }
    if (ARTICLES.has(token)) continue;
    words.push({text: token, stem: stem(token), place: place++, sentence});
  }
  return words;
}

function slips(a, b) {
  let before = [], last = Array.from({length: b.length + 1}, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      let best = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] !== b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, before[j - 2] + 1);
      row.push(best);
    }
    before = last; last = row;
  }
  return last[b.length];
}

function isTypo(typed, meant) {
  const most = meant.length >= 9 ? 2 : meant.length >= 5 ? 1 : 0;
  if (!most || Math.abs(typed.length - meant.length) > most || typed[0] !== meant[0]) return false;
  return slips(typed, meant) <= most;
}

function fits(word, wanted, known) {
  const start = wanted.endsWith('*'), text = wanted.replace(/\*+$/, '');
  if (start ? word.text.startsWith(text) : word.text === text || word.stem === stem(text)) return true;
  if (!known || known.has(word.text) || word.text.length < 5) return false;
  return start ? text.length > 5 && isTypo(word.text.slice(0, text.length), text) : isTypo(word.text, text);
}

const parsed = new Map();
function readPattern(text) {
  if (parsed.has(text)) return parsed.get(text);
  const pattern = {slots: [], without: [], between: [], window: 12, whole: text.startsWith('=')};
  const slot = (part, ordered) => ({ordered, first: part.startsWith('^'),
    phrases: part.replace(/^\^/, '').split('|').map(p => p.split('_').filter(w => !ARTICLES.has(w)))});
  let ordered = false;
  for (const part of text.replace(/^=/, '').split(/\s+/).filter(Boolean)) {
    if (part === '>') ordered = true;
    else if (/^\/\d+$/.test(part)) pattern.window = Number(part.slice(1));
    else if (part[0] === '!') pattern.without.push(slot(part.slice(1)));
    else if (part[0] === '~') pattern.between.push(slot(part.slice(1)));
    else { pattern.slots.push(slot(part, ordered)); ordered = false; }
  }
  parsed.set(text, pattern);
  return pattern;
}

function spans(words, phrase, known) {
  const found = [];
  for (let i = 0; i + phrase.length <= words.length; i++)
    if (phrase.every((w, k) => fits(words[i + k], w, known))) found.push(phrase.map((_, k) => i + k));
  return found;
}

function findPattern(words, text, known) {
  const pattern = readPattern(text);
  const all = slot => slot.phrases.flatMap(p => spans(words, p, known)).filter(s => !slot.first || s[0] < 4);
  const choices = pattern.slots.map(all);
  if (!choices.every(c => c.length)) return false;
  const barred = new Set(pattern.without.flatMap(all).map(s => words[s[0]].sentence));
  const between = new Set(pattern.between.flatMap(all).map(s => s[0]));
  const place = (k, taken) => {
    if (k === choices.length) {
      const low = Math.min(...taken), high = Math.max(...taken);
      if ([...between].some(i => low < i && i < high && !taken.includes(i))) return null;
      return taken;
    }
    for (const span of choices[k]) {
      if (barred.has(words[span[0]].sentence) || span.some(i => taken.includes(i))) continue;
      if (pattern.slots[k].ordered && taken.length && span[0] < taken[taken.length - 1]) continue;
      const at = [...taken, ...span].map(i => words[i].place);
      if (Math.max(...at) - Math.min(...at) > pattern.window) continue;
      const found = place(k + 1, [...taken, ...span]);
      if (found) return found;
    }
    return null;
  };
  const found = place(0, []);
  return Boolean(found && (!pattern.whole || new Set(found).size === words.length));
}

// Statements that are all false: which of them does an answer call so?
function gradeItems(question, text, known, shared) {
  text = text.slice(0, 5000).replace(/\b(t|true|yes)\s*(\/|or)\s*(f|false|no)\b/gi, ' ');
  const finds = (words, ...list) => list.some(p => findPattern(words, p, known));
  const called = new Map();
  let denied = false, here = [];
  for (const clause of text.split(/[.;!?\n]|\bbut\b/i)) {
    let no = false;
    for (const part of clause.split(/[,:()]|\s[-–—]\s|\band\b(?=.*\b(?:yes|no|true|false)\b)/i)) {
      const words = readWords(part), named = question.ideas.filter(idea => finds(words, ...idea.accept));
      const isFalse = finds(words, shared.isFalse), isTrue = finds(words, shared.isTrue);
      no = isFalse || no && !isTrue;
      denied ||= isFalse;
      if (named.length) here = named;
      for (const {says} of here) {
        if (isFalse || isTrue) called.set(says, no);
        else if (named.length && no && !called.has(says)) called.set(says, true);
      }
    }
  }
  const words = readWords(text), all = question.ideas.map(idea => idea.says);
  const short = finds(words, shared.none) || !called.size && words.length < 13;
  if (short && denied && !finds(words, 'yes|true|t|all !none|no|not|false|neither|myth|nothing')) return {grade: 'right', found: all, missing: [], look: []};
  const found = all.filter(says => called.get(says)), slip = all.some(says => called.get(says) === false);
  return {grade: !slip && found.length >= question.need ? 'right' : found.length ? 'partly' : 'wrong', found, missing: all.filter(says => !called.get(says)), look: []};
}

function gradeAnswer(question, text, known, shared) {
  const words = readWords(text);
  if (!words.some(w => /^[\x20-\x7e]+$/.test(w.text))) return {grade: 'wrong', found: [], missing: question.ideas.filter(i => !i.vague).map(i => i.says), look: text.trim() ? ['there are no words in it that I can read'] : []};
  if (question.kind === 'items') return gradeItems(question, text, known, shared);
  const any = list => list.some(p => findPattern(words, p, known));
  const hits = question.ideas.map(idea => any(idea.accept));
  const word = !question.says ? '' : any(shared.yes) ? 'yes' : any(shared.no) ? 'no' : '';
  const credit = question.ideas.reduce((sum, idea, k) => sum + (hits[k] ? idea.counts : 0), 0) + (word && word === question.says ? 0.5 : 0);
  let grade = credit >= question.need ? 'right' : credit >= question.partly ? 'partly' : 'wrong';
  const parts = text.split(/[,;\n•|/]|\band\b|\s-\s|\d[.)]/).filter(p => p.trim()).length;
  if (question.kind === 'list' && grade === 'partly' && credit >= question.need - 1 && parts >= question.need) grade = 'right';
  const look = question.swaps.filter(([, p]) => findPattern(words, p, known)).map(([says]) => says);
  if (word && word !== question.says) { grade = grade === 'right' && any([shared.but]) ? 'partly' : 'wrong'; look.push('you say ' + word); }
  return {grade, found: question.ideas.filter((_, k) => hits[k]).map(i => i.says), missing: question.ideas.filter((i, k) => !hits[k] && !i.vague).map(i => i.says), look};
}

function knownWords(data) {
  const known = new Set();
  for (const text of data.words) for (const word of readWords(text)) known.add(word.text);
  return known;
}

// The page that `Quiz.take` reads: a mark, the question, the answer below it. As `engine.exports` writes it.
const FENCE = /^[ \t]*(`{3,}(?!.*`)|~{3,})[ \t]*(.*)/;

function fenced(rows) {
  const inside = rows.map(() => false);
  let begun = 0, fence = '';
  rows.forEach((row, i) => {
    const found = row.match(FENCE);
    if (!fence && found) [begun, fence] = [i, found[1]];
    else if (fence && found && found[1].startsWith(fence) && !found[2]) { inside.fill(true, begun, i + 1); fence = ''; }
  });
  return inside;
}

function shown(row) {
  row = row.replace(/&(?=[#A-Za-z0-9])/g, '&amp;').replace(/<(?=[A-Za-z/!?])/g, '&lt;').replace(/^([ \t]*)>/, '$1&gt;').replace(/\](?=[(:[])/g, '&#93;');
  return row.replace(FENCE.test(row) ? /^([ \t]*)/ : /^([ \t]*)(?=\\|CORRECTION:|NIT:)/, '$1\\');
}

// control characters, marks that turn the writing round, half characters and what can't be seen, as in bears_lib.engine.core.words
const HIDDEN = /[\0-\x08\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb\ufffe\uffff\u{e0000}-\u{e00ff}\u{e01f0}-\u{e0fff}]|\p{Cs}/gu;

function answersPage(data, state) {
  const tidy = text => text.replace(/\r\n?|[\u2028\u2029\x85\x0b\x0c\x1c-\x1e]/g, '\n').replace(HIDDEN, '').replace(/[ \t]+$/gm, '').replace(/^\n+|\n+$/g, '');
  const lines = [data.head];
  for (const q of data.questions) {
    const {answer = '', mark = ''} = state[q.id] || {}, sign = data.marks[mark];
    lines.push('- ' + (sign ? sign + ' ' : '') + q.asks);
    const rows = tidy(answer).split('\n'), inside = fenced(rows);
    if (rows.join('')) lines.push(...rows.map((row, i) => row && '    ' + (inside[i] ? row : shown(row))));
    lines.push('');
  }
  return lines.join('\n');
}

function feedback(result) {
  const make = (tag, textContent, more) => Object.assign(document.createElement(tag), {textContent}, more);
  const says = {right: 'right', partly: 'partly right', wrong: 'not yet'}[result.grade];
  const list = make('span', '', {role: 'list'});
  for (const [label, ideas] of [['Found', result.found], [result.grade === 'right' ? 'You could add' : 'Missing', result.missing], ['Look at', result.look]]) {
    if (!ideas.length) continue;
    const item = make('span', '', {role: 'listitem'});
    item.append(make('b', label + ': '), (ideas.length > 8 ? [...ideas.slice(0, 3), `or ${ideas.length - 3} others`] : ideas).join('; '));
    list.append(item);
  }
  return ['Suggested: ', make('b', says, {className: 'badge ' + result.grade}), list];
}

// An unseen suggestion of the usual length keeps its place, so that nothing moves when the real one comes.
function keepRoom(q, out) {
  const room = document.createElement('div'), says = q.ideas.map(idea => idea.says), cut = Math.max(1, q.need - 1);
  room.className = 'room';
  room.append(...feedback({grade: 'right', found: says.slice(0, cut), missing: says.slice(cut), look: q.swaps.slice(0, 1).map(([says]) => says)}));
  out.after(room);
}

// What this browser kept of a chapter, whatever another program or an older page has written there.
function remembered(key, questions) {
  let kept = {};
  try { kept = Object(JSON.parse(localStorage.getItem(key))); } catch (error) { /* a private window, or a damaged entry: begin anew */ }
  const text = value => typeof value === 'string' ? value.slice(0, 100000) : '';
  return Object.fromEntries(questions.map(({id}) => {
    const {answer, mark} = Object(Object.hasOwn(kept, id) ? kept[id] : {});
    return [id, {answer: text(answer), mark: ['right', 'partly', 'wrong'].includes(mark) ? mark : ''}];
  }));
}

// A chapter's questions, as far as their boxes are on this page; what is returned writes everything down.
function attach(data) {
  const key = 'bears-quiz-' + data.chapter, known = knownWords(data), count = document.getElementById('count');
  const state = remembered(key, data.questions);
  const keep = () => {
    try { localStorage.setItem(key, JSON.stringify(state)); } catch (error) { /* no storage: it works until the page is closed */ }
    if (!count) return;   // single questions in another page
    const done = data.questions.filter(q => (state[q.id] || {}).mark).length, text = done + ' of ' + data.questions.length + ' marked';
    document.getElementById('progress').value = done;
    if (count.textContent !== text) count.textContent = text;   // a screen reader says it again at every change
  };
  for (const q of data.questions) {
    const box = document.getElementById('q-' + q.id);
    if (!box) continue;
    const area = box.querySelector('textarea'), out = box.querySelector('output'), mine = state[q.id];
    area.value = mine.answer;
    area.addEventListener('input', () => { mine.answer = area.value; keep(); });
    for (const radio of box.querySelectorAll('input[type=radio]')) {
      radio.checked = mine.mark === radio.value;
      radio.addEventListener('change', () => { mine.mark = radio.value; keep(); });
    }
    if (!out) continue;   // a task, which only the learner can mark
    keepRoom(q, out);
    const check = () => out.replaceChildren(...area.value.trim() ? feedback(gradeAnswer(q, area.value, known, data.shared)) : ['Write an answer first.']);
    box.querySelector('button').addEventListener('click', check);
    area.addEventListener('keydown', event => {
      if (event.key !== 'Enter' || !event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      check();
    });
  }
  keep();
  return {key, state};
}

function start(data) {
  const {key, state} = attach(data);
  document.getElementById('save').addEventListener('click', () => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([answersPage(data, state)], {type: 'text/markdown'}));
    link.download = `chapter${data.chapter}-answers.md`;
    link.click();
  });
  document.getElementById('clear').addEventListener('click', () => {
    if (!confirm('Delete all answers of this page from this browser?')) return;
    try { localStorage.removeItem(key); } catch (error) { /* nothing was kept */ }
    location.reload();
  });
}

if (typeof document !== 'undefined' && document.getElementById('questions')) start(JSON.parse(document.getElementById('questions').textContent));
if (typeof module !== 'undefined') module.exports = {answersPage, gradeAnswer, knownWords, readWords, findPattern};
