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

// With a hint, what is missing waits for the next try.
function feedback(result, hint = '') {
  const make = (tag, textContent, more) => Object.assign(document.createElement(tag), {textContent}, more);
  const says = {right: 'right', partly: 'partly right', wrong: 'not yet'}[result.grade];
  const list = make('span', '', {role: 'list'});
  for (const [label, ideas] of [['Found', result.found], [result.grade === 'right' ? 'You could add' : 'Missing', hint ? [] : result.missing], ['Look at', result.look],
    ['Hint', hint ? [hint] : []], ['Try again', hint ? ['what is still missing is said then'] : []]]) {
    if (!ideas.length) continue;
    const item = make('span', '', {role: 'listitem'});
    item.append(make('b', label + ': '), (ideas.length > 8 ? [...ideas.slice(0, 3), `or ${ideas.length - 3} others`] : ideas).join('; '));
    list.append(item);
  }
  return ['Suggested: ', make('b', says, {className: 'badge ' + result.grade}), list];
}

// An unseen suggestion of the usual length keeps its place, so that nothing moves when the real one comes.
function keepRoom(q, out, hint) {
  const says = q.ideas.map(idea => idea.says), cut = Math.max(1, q.need - 1), look = q.swaps.slice(0, 1).map(([says]) => says);
  for (const each of [feedback({grade: 'right', found: says.slice(0, cut), missing: says.slice(cut), look}), feedback({grade: 'partly', found: says.slice(0, cut), missing: [], look}, hint)]) {
    const room = Object.assign(document.createElement('div'), {className: 'room'});
    room.append(...each);
    out.after(room);
  }
}

// First a try, then the hint and another try, then the model answer: whoever asks for it earlier gets the hint once, and the answer when they ask again.
function stepByStep(box, out, mine) {
  const [hint, model] = box.querySelectorAll('.more details'), tried = new Set();
  let open = false;
  model.querySelector('summary').addEventListener('click', event => {
    if (open || model.open || mine.mark || tried.size > 1) return;
    event.preventDefault();
    open = hint.open = true;
    out.append(Object.assign(document.createElement('span'), {className: 'wait', textContent: 'Here is the hint: try once with it. “Model answer” again shows the answer.'}));
  });
  return {hint: hint.querySelector('p').textContent, isFirst: (text, grade) => { tried.add(text); open ||= grade === 'right'; return tried.size < 2 && grade !== 'right'; }};
}

// Spaced repetition: FSRS 6 with the numbers of Python's `fsrs`, which knows the same cards (tests compare the two).
const W = [0.212, 1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194, 0.001, 1.8722, 0.1666, 0.796, 1.4835, 0.0614, 0.2629, 1.6483, 0.6014, 1.8729, 0.5425, 0.0912, 0.0658, 0.1542];
const MINUTE = 60000, DAY = 1440*MINUTE, LEARNING = 1, REVIEW = 2, RELEARNING = 3;
const STEPS = {[LEARNING]: [MINUTE, 10*MINUTE], [RELEARNING]: [10*MINUTE]};
const MARK_OF = ['', 'wrong', 'partly', 'right', 'right'], RATING_OF = {wrong: 1, partly: 2, right: 3};

const within = (low, value, high) => Math.min(Math.max(value, low), high);
const firstDifficulty = rating => W[4] - Math.exp(W[5]*(rating - 1)) + 1;
const wholeDays = stability => within(1, Math.round(stability), 36500);   // 90% are remembered after `stability` days
const asTime = moment => new Date(moment).toISOString().replace('Z', '+00:00');

function nextStability({stability: s, difficulty: d}, rating, days) {
  if (days < 1) {
    const grows = Math.exp(W[17]*(rating - 3 + W[18]))*s**-W[19];
    return s*(rating === 1 ? grows : Math.max(grows, 1));
  }
  const forgotten = 1 - (1 + (0.9**(-1/W[20]) - 1)*days/s)**-W[20];
  if (rating === 1) return Math.min(W[11]*d**-W[12]*((s + 1)**W[13] - 1)*Math.exp(forgotten*W[14]), s/Math.exp(W[17]*W[18]));
  return s*(1 + Math.exp(W[8])*(11 - d)*s**-W[9]*(Math.exp(forgotten*W[10]) - 1)*(rating === 2 ? W[15] : 1)*(rating === 4 ? W[16] : 1));
}

// A card after an answer at a moment (milliseconds); rating 1 to 4: again, hard, good, easy. Without a card a new one begins.
function review(card, rating, moment, id = 1) {
  const next = card ? {...card} : {card_id: id, state: LEARNING, step: 0, stability: W[rating - 1], difficulty: within(1, firstDifficulty(rating), 10)};
  if (card) {
    const raised = card.difficulty - (10 - card.difficulty)*W[6]*(rating - 3)/9;
    next.stability = Math.max(0.001, nextStability(card, rating, Math.max(0, Math.floor((moment - Date.parse(card.last_review))/DAY))));
    next.difficulty = within(1, W[7]*firstDifficulty(4) + (1 - W[7])*raised, 10);
  }
  if (next.state === REVIEW && rating === 1) [next.state, next.step] = [RELEARNING, 0];
  else if (next.state !== REVIEW) {
    if (rating === 1) next.step = 0;
    else if (rating === 3) next.step += 1;
    if (rating === 4 || next.step >= STEPS[next.state].length) next.state = REVIEW;
  }
  let wait = wholeDays(next.stability)*DAY;
  if (next.state === REVIEW) next.step = null;
  else {
    const steps = STEPS[next.state];
    wait = rating === 2 && next.step === 0 ? (steps.length > 1 ? (steps[0] + steps[1])/2 : steps[0]*1.5) : steps[next.step];
  }
  return {...next, due: asTime(moment + wait), last_review: asTime(moment)};
}

// A card that another program wrote, or nothing where it is none.
function cardOf(value) {
  const {card_id, state, step, stability, difficulty, due, last_review} = Object(value);
  const known = [LEARNING, REVIEW, RELEARNING].includes(state) && (state === REVIEW || [0, 1].includes(step) && step < STEPS[state].length);
  const timed = [due, last_review].every(each => typeof each === 'string' && each.length < 40 && Number.isFinite(Date.parse(each)));
  if (!known || !timed || !Number.isInteger(card_id) || !(stability > 0 && stability < 1e6 && difficulty >= 1 && difficulty <= 10)) return null;
  return {card_id, state, step: state === REVIEW ? null : step, stability, difficulty, due: asTime(Date.parse(due)), last_review: asTime(Date.parse(last_review))};
}

const cardsOf = state => Object.fromEntries(Object.entries(state).filter(([, {card}]) => card).map(([id, {card}]) => [id, card]));

// Takes in what `Quiz.write('cards.json')` or another browser wrote; how many cards came in. Questions of another chapter are refused.
function takeCards(text, state) {
  const found = Object.entries(Object(JSON.parse(text))).map(([id, card]) => [id, cardOf(card)]);
  if (!found.length || found.some(([id, card]) => !card || !Object.hasOwn(state, id))) throw new Error('no schedule of this chapter');
  for (const [id, card] of found) state[id].card = card;
  return found.length;
}

function inWords(wait) {
  const [n, unit] = wait < 0 ? [0, ''] : wait < 60*MINUTE ? [Math.ceil(wait/MINUTE), 'minute'] : wait < DAY ? [Math.round(wait/MINUTE/60), 'hour'] : [Math.round(wait/DAY), 'day'];
  return unit ? `Asked again in ${n} ${unit}${n === 1 ? '' : 's'}.` : 'Due now: answer it again.';
}

// Answers, marks and cards, whatever another program or an older page has written in their place.
function answersOf(kept, questions) {
  const text = value => typeof value === 'string' ? value.slice(0, 100000) : '';
  return Object.fromEntries(questions.map(({id}) => {
    const {answer, mark, card} = Object(Object.hasOwn(Object(kept), id) ? kept[id] : {});
    return [id, {answer: text(answer), mark: ['right', 'partly', 'wrong'].includes(mark) ? mark : '', card: cardOf(card)}];
  }));
}

// What this browser kept of a chapter.
function remembered(key, questions) {
  let kept = {};
  try { kept = JSON.parse(localStorage.getItem(key)); } catch (error) { /* a private window, or a damaged entry: begin anew */ }
  return answersOf(kept, questions);
}

// The marks of a question, and when it is asked again. Another mark before the next time replaces the one just given.
function remember(box, mine, keep) {
  const radios = [...box.querySelectorAll('input[type=radio]')], line = document.createElement('p'), says = document.createElement('span');
  const [undo, easy] = ['Undo', 'It was easy'].map(textContent => Object.assign(document.createElement('button'), {type: 'button', textContent}));
  let last = 0, before = null;   // the mark and the card as they were before the one just given
  line.className = 'note next';
  line.append(says, ' ', undo, ' ', easy);
  box.querySelector('fieldset').append(line);
  const show = () => {
    for (const radio of radios) radio.checked = mine.mark === radio.value;
    says.textContent = mine.card ? inWords(Date.parse(mine.card.due) - Date.now()) : '';
    undo.hidden = !before;
    easy.hidden = !before || last !== 3;
    line.hidden = !mine.card && !before;
  };
  const rate = rating => {
    if (!before || Date.now() >= Date.parse(mine.card.due)) before = {mark: mine.mark, card: mine.card};
    Object.assign(mine, {mark: MARK_OF[rating], card: review(before.card, rating, Date.now())});
    last = rating;
    show();
    keep();
  };
  for (const radio of radios) radio.addEventListener('click', () => rate(RATING_OF[radio.value]));
  easy.addEventListener('click', () => { rate(4); undo.focus(); });
  undo.addEventListener('click', () => { Object.assign(mine, before); before = null; show(); keep(); radios[0].focus(); });
  box.addEventListener('keydown', event => {
    if (event.target.matches('textarea') || event.ctrlKey || event.metaKey || event.altKey || !/^[1-4]$/.test(event.key)) return;
    event.preventDefault();
    rate(Number(event.key));
  });
  show();
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
    remember(box, mine, keep);
    if (!out) continue;   // a task, which only the learner can mark
    const steps = stepByStep(box, out, mine);
    keepRoom(q, out, steps.hint);
    const check = () => {
      const text = area.value.trim(), result = text && gradeAnswer(q, area.value, known, data.shared);
      out.replaceChildren(...text ? feedback(result, steps.isFirst(text, result.grade) ? steps.hint : '') : ['Write an answer first.']);
    };
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

const dueIn = (state, now) => Object.keys(state).filter(id => state[id].card && Date.parse(state[id].card.due) <= now);

// What is due today: a button that shows these questions alone, and the way of the schedule out and in again.
function showDue(data, state, key) {
  const button = document.getElementById('due'), said = document.getElementById('schedule-says'), file = document.getElementById('take');
  const tonight = () => new Date().setHours(24, 0, 0, 0);
  const count = () => {
    const n = dueIn(state, tonight()).length, next = Object.values(cardsOf(state)).map(card => Date.parse(card.due)).sort((a, b) => a - b)[0];
    button.textContent = `Due today: ${n}` + (n || !next ? '' : `, next ${new Date(next).toLocaleDateString('en', {day: 'numeric', month: 'short'})}`);
  };
  const show = wanted => {
    const due = new Set(dueIn(state, tonight())), only = wanted && due.size > 0;
    button.setAttribute('aria-pressed', only);
    for (const {id} of data.questions) document.getElementById('q-' + id).hidden = only && !due.has(id);
    count();
  };
  button.addEventListener('click', () => show(button.getAttribute('aria-pressed') !== 'true'));
  for (const kind of ['click', 'keydown']) document.addEventListener(kind, () => setTimeout(count));
  document.getElementById('save-schedule').addEventListener('click', () => download(`chapter${data.chapter}-schedule.json`, JSON.stringify(cardsOf(state), null, 1) + '\n', 'application/json'));
  file.addEventListener('change', async () => {
    try {
      const n = takeCards(await file.files[0].text(), state);
      localStorage.setItem(key, JSON.stringify(state));
      said.textContent = `${n} ${n === 1 ? 'card' : 'cards'} came in.`;
      setTimeout(() => location.reload(), 800);
    } catch (error) { said.textContent = 'This file is no schedule of this chapter; nothing was changed.'; }
  });
  show(location.hash === '#due');
}

function download(name, text, type) {
  const link = Object.assign(document.createElement('a'), {href: URL.createObjectURL(new Blob([text], {type})), download: name});
  link.click();
}

function start(data) {
  const {key, state} = attach(data);
  showDue(data, state, key);
  document.getElementById('save').addEventListener('click', () => download(`chapter${data.chapter}-answers.md`, answersPage(data, state), 'text/markdown'));
  document.getElementById('clear').addEventListener('click', () => {
    if (!confirm('Delete all answers of this page from this browser?')) return;
    try { localStorage.removeItem(key); } catch (error) { /* nothing was kept */ }
    location.reload();
  });
}

if (typeof document !== 'undefined' && document.getElementById('questions')) start(JSON.parse(document.getElementById('questions').textContent));
if (typeof module !== 'undefined') module.exports = {answersOf, answersPage, cardOf, dueIn, inWords, review, takeCards, RATING_OF, gradeAnswer, knownWords, readWords, findPattern};
