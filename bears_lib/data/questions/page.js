'use strict';
// The grader in the browser: a small interpreter of what `engine.quiz.grading` compiles in Python. It has no rule of its own.
const expressions = new Map();
function re(text) {   // as Python's `re` reads it with ASCII and MULTILINE
  if (!expressions.has(text)) expressions.set(text, new RegExp(text, 'gmu'));
  expressions.get(text).lastIndex = 0;
  return expressions.get(text);
}
const wordsOf = text => new Set(text.split(' '));
const pairsOf = words => new Set(words.slice(1).map((word, i) => words[i] + ' ' + word));
const filled = (text, ...words) => text.replace(/\{\}/g, () => words.shift());
const besides = (idea, label, words, [open, close] = '“”') => words && words.toLowerCase() !== idea.toLowerCase() ? `${idea} (${label}: ${open}${words}${close})` : idea;

function root(word, {whole, consonant, first, again, steps}) {
  if (word.length < 3 || /[^\0-\x7f]/.test(word) || Object.hasOwn(whole, word)) return Object.hasOwn(whole, word) ? whole[word] : word;
  word = word.replace(re(consonant), '$1Y');
  const end = (text, at) => { const found = re(text).exec(word.slice(at)); return found && !found.index ? at + found[0].length : word.length; };
  const one = end(first, 0), regions = [0, one, end(again, one)];
  for (const step of steps) {
    const [ending, ...rows] = step.find(([ending]) => word.endsWith(ending)) || [''], rest = word.slice(0, word.length - ending.length);
    const row = rows.find(([region, before]) => rest.length >= regions[region] && re(before).test(rest));
    if (row) word = rest + row[2];
  }
  return word.toLowerCase();
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

function makeGrader(data) {
  const {rules} = data, known = wordsOf(data.known), articles = wordsOf(rules.articles), glue = wordsOf(rules.glue), nots = wordsOf(rules.nots), languages = Object.entries(rules.languages).map(([name, words]) => [name, wordsOf(words)]);
  const stems = data.stems.split(' '), weights = new Map(stems.map((stem, i) => [stem, data.weights[i]])), roots = new Map();
  const cutTo = text => text.length > rules.longest ? [...text].slice(0, rules.longest).join('') : text;

  function stem(word) {
    if (!roots.has(word)) { const found = root(word, rules.stem); roots.set(word, Object.hasOwn(rules.same, found) ? rules.same[found] : found); }
    return roots.get(word);
  }

  const spell = (text, steps) => steps.reduce((line, [expression, instead]) => line.replace(re(expression), instead.replace(/\\/g, '$')), text);
  const lower = text => cutTo(text).normalize('NFKD').toLowerCase();
  const plain = text => spell(spell(lower(text).replace(/\p{M}/gu, ''), rules.plain).replace(/[^\n\x20-\x7e\p{L}]/gu, ' '), rules.spelled_out);

  function unglue(token) {
    if (!/^[a-z]{6,}$/.test(token) || known.has(token)) return [token];
    for (let i = 1; i < token.length; i++) {
      const parts = [token.slice(0, i), token.slice(i)], [low, high] = [Math.min(i, token.length - i), Math.max(i, token.length - i)];
      if (high >= 4 && low >= 2 && parts.every(part => known.has(part) || glue.has(part))) return parts;
    }
    return [token];
  }

  function read(text) {
    const line = plain(text), words = [];
    let place = 0, sentence = 0;
    for (const [token] of line.matchAll(re(rules.token))) {
      if (/^[.;!?\n]/.test(token)) { place += 3; sentence += 1; continue; }
      for (const part of unglue(token)) if (!articles.has(part)) words.push({text: part, stem: stem(part), place: place++, sentence});
    }
    return {text, words, parts: line.split(re(rules.parts)).filter(part => /[^ \n]/.test(part)).length, places: new Map()};
  }

  function isTypo(typed, meant) {
    const [, most] = rules.slips.find(([letters]) => meant.length >= letters) || [0, 0];
    return most > 0 && Math.abs(typed.length - meant.length) <= most && typed[0] === meant[0] && slips(typed, meant) <= most;
  }

  function fits(word, [text, root, start]) {
    if (start ? word.text.startsWith(text) : word.text === text || word.stem === root) return true;
    if (known.has(word.text) || word.text.length < 5 || /[^\0-\x7f]/.test(word.text)) return false;
    if (start) return text.length > 5 && isTypo(word.text.slice(0, text.length), text);
    return isTypo(word.text, text) || root.length > 5 && isTypo(word.stem, root);
  }

  function places(answer, w) {
    if (!answer.places.has(w)) answer.places.set(w, answer.words.flatMap((word, i) => fits(word, data.words[w]) ? [i] : []));
    return answer.places.get(w);
  }

  const spans = (answer, [first, ...rest]) => places(answer, first).filter(i => rest.every((w, k) => places(answer, w).includes(i + k + 1)))
    .map(i => [i, ...rest.map((_, k) => i + k + 1)]);
  const starts = (answer, slots) => slots.flatMap(([, phrases]) => phrases.flatMap(p => spans(answer, p).map(s => s[0])));

  // The words that a pattern takes, or null: every slot takes words of its own, all of them near each other.
  function find(answer, [window, whole, slots, without, between], passed = []) {
    const {words} = answer, choices = [];
    for (const [how, phrases] of slots) {
      const choice = phrases.flatMap(p => spans(answer, p)).filter(s => (how < 2 || s[0] < 4) && !s.some(i => passed.includes(i)));
      if (!choice.length) return null;
      choices.push(choice);
    }
    const barred = new Set(starts(answer, without).map(i => words[i].sentence)), inside = starts(answer, between);
    function fill(k, taken) {
      if (k === choices.length) return inside.some(i => Math.min(...taken) < i && i < Math.max(...taken) && !taken.includes(i)) ? null : taken;
      for (const span of choices[k]) {
        if (barred.has(words[span[0]].sentence) || span.some(i => taken.includes(i))) continue;
        if (slots[k][0] % 2 && taken.length && span[0] < taken[taken.length - 1]) continue;
        const both = [...taken, ...span], at = both.map(i => words[i].place);
        if (Math.max(...at) - Math.min(...at) > window) continue;
        const found = fill(k + 1, both);
        if (found) return found;
      }
      return null;
    }
    const found = fill(0, []);
    return found && whole && new Set(found).size < words.length ? null : found;
  }

  const any = (answer, patterns) => patterns.some(p => find(answer, p));
  const firstHit = (answer, idea) => { for (const p of idea.accept) { const hit = find(answer, p); if (hit) return hit; } return null; };

  // The word of a hit that has a 'not' right before it.
  function denied({words}, hit) {
    return [...hit].sort((a, b) => a - b).find(k => k && rules.denial.words.includes(words[k - 1].text) && words[k - 1].sentence === words[k].sentence
      && !hit.includes(k - 1) && !rules.denial.softer.includes(words[k].text));
  }

  // The first hit of an idea that says it and not the opposite, and a word that is denied.
  function meant(answer, idea) {
    if (idea.open) return [firstHit(answer, idea)];
    const passed = [];   // words that are denied
    for (const p of idea.accept) {
      for (let hit = find(answer, p, passed); hit; hit = find(answer, p, passed)) {
        const word = denied(answer, hit);
        if (word === undefined) return [hit];
        passed.push(word);
      }
    }
    return [null, passed[0]];
  }

  function likeness(a, b) {
    const size = some => some.reduce((sum, s) => sum + (weights.has(s) && weights.get(s) >= 0 ? weights.get(s) : rules.point.unknown)**2, 0), set = new Set(b);
    return size(a) && size(b) ? size(a.filter(s => set.has(s)))/Math.sqrt(size(a))/Math.sqrt(size(b)) : 0;
  }

  function toThePoint(question, answer) {
    const mine = [...new Set(answer.words.map(w => w.stem))], theirs = new Set(question.vocabulary.map(i => stems[i])), least = rules.point;
    const weight = mine.reduce((sum, s) => sum + (theirs.has(s) ? Math.max(0, weights.get(s)) : 0), 0);
    if (mine.length < least.stems || weight < least.weight) return false;
    let [like, level] = [0, 'partly'];
    question.examples.forEach(([grade, numbers], k) => {
      const now = likeness(mine, numbers.map(i => stems[i]));
      if (!k || now > like || now === like && grade > level) [like, level] = [now, grade];
    });
    return level !== 'wrong' || like < least.alike;
  }

  function flagsOf(question, answer, used) {
    const flags = [...new Set(question.swaps.filter(([, p]) => find(answer, p)).map(([says]) => says))], {words} = answer;
    const denied = k => { for (let j = Math.max(0, k - rules.near); j < k; j++) if (words[j].sentence === words[k].sentence && !used.has(j) && nots.has(words[j].text)) return true; };
    const k = question.says ? undefined : [...used].sort((a, b) => a - b).find(denied);
    return k === undefined ? flags : [...flags, filled(rules.remarks.not, words[k].text)];
  }

  const said = answer => any(answer, rules.yes) ? 'yes' : any(answer, rules.no) ? 'no' : '';

  function gradeIdeas(question, answer) {
    const {kind, need, ideas, says} = question, both = ideas.map(idea => says ? [firstHit(answer, idea)] : meant(answer, idea)), hits = both.map(([hit]) => hit), word = says && said(answer), n = answer.words.length;
    const credit = ideas.reduce((sum, idea, k) => sum + (hits[k] ? idea.counts : 0), 0) + (word && word === says ? 0.5 : 0);
    let grade = credit >= need ? 'right' : credit >= question.partly ? 'partly' : 'wrong';
    if (kind === 'list' && grade === 'partly' && credit >= need - 1 && answer.parts >= need) grade = 'right';
    const elseSaid = grade === 'wrong' && !credit && kind === 'concept' && !says && toThePoint(question, answer);
    if (elseSaid) grade = 'partly';
    const flags = flagsOf(question, answer, new Set(hits.flatMap(hit => hit || [])));
    both.forEach(([hit, k], i) => { if (!hit && k !== undefined) flags.push(filled(rules.remarks.denied, answer.words[k].text, ideas[i].says)); });
    if (word && word !== says) {
      grade = grade === 'right' && any(answer, [rules.but]) ? 'partly' : 'wrong';
      flags.push(filled(rules.remarks.other, word));
    }
    const most = rules.weak[kind === 'concept' ? 'concept' : 'other'];
    const weak = grade === 'wrong' ? credit > 0 || n > most : grade === 'partly' && kind === 'concept' && n > rules.weak.partly;
    const named = keep => ideas.filter((idea, k) => keep(hits[k], idea)).map(idea => idea.says);
    return {grade, found: named(hit => hit), missing: named((hit, idea) => !hit && !idea.vague), flags, unsure: elseSaid || weak};
  }

  // Small words of another language, few English ones, and hardly a word that is known here.
  function isForeign(line) {
    const words = (line.match(re(rules.token)) || []).filter(word => !/^[.;!?\n0-9]/.test(word)), least = rules.beside;
    const english = words.filter(word => languages.find(([name]) => name === 'english')[1].has(word)).length;
    return languages.some(([name, small]) => {
      const others = words.filter(word => !small.has(word)), n = words.length - others.length, strange = others.filter(word => !known.has(word)).length;
      if (name === 'english') return false;
      if (new Set(words.filter(word => small.has(word))).size >= least.foreign_words && n >= least.foreign_share*words.length && n > 2*english && 2*strange >= others.length) return true;
      return n > 0 && words.length > 2 && !english && n + strange >= least.foreign_sure*words.length;
    });
  }
  // Whether ideas are found in words that are known, two at least: a word may look like a slip, or be in many languages.
  function saysSomething(question, text) {
    const answer = read(text), words = new Set(question.ideas.flatMap(idea => hitOf(question, answer, idea)).map(k => answer.words[k].text));
    return [...words].filter(word => word.length > 1 && known.has(word)).length > Number(question.kind !== 'term');
  }

  // The name of what stands in place of an answer, or ''.
  function kindOfText(question, text, found) {
    const least = rules.beside, pairs = pairsOf(found), line = plain(text), spoken = question.ask.map(i => stems[i]), topic = question.topic.map(i => stems[i]), model = question.model.map(i => stems[i]);
    const common = (...others) => { const theirs = new Set(others.flatMap(some => [...pairsOf(some)])); return [...pairs].filter(pair => theirs.has(pair)).length; };
    if (found.length < 16 && re(least.unknowing).test(line.replace(/\n/g, ' '))) return 'unknowing';
    if (isForeign(line) && !saysSomething(question, text)) return 'foreign';
    if (question.kind !== 'items' && found.join(' ') === topic.join(' ')) return 'echo';
    if (found.length >= least.echo_words && common(spoken, topic) >= least.echo*pairs.size) return 'echo';
    const [mine, theirs] = [new Set(found), new Set(model)], shared = [...mine].filter(s => theirs.has(s)).length;
    if (question.kind !== 'concept' || found.length < least.mixed_words || shared < least.words*Math.max(mine.size, theirs.size)) return '';
    return common(model) <= least.mixed*pairs.size ? 'mixed' : '';
  }

  // As `_quoted` in Python: the pieces of an answer between blanks in which the words of a hit stand, from comma to comma where that is short, a wide gap as three dots.
  function bare(pieces) {
    const text = pieces.join(' ').replace(/[ \t\r\n]+/g, ' ').replace(/^[ .,;:!?()"*-]+|[ .,;:!?()"*-]+$/g, '');
    return text + (text.split('(').length > text.split(')').length ? ')' : '');
  }
  function quoted(answer, hit) {
    const text = cutTo(answer.text), found = [...text.matchAll(/[^ \t\r\n]+(?:[ \t\r]*\n)?/g)], pieces = found.map(([piece]) => piece), counts = new Map(), runs = [];
    const count = i => { if (!counts.has(i)) counts.set(i, read(text.slice(0, found[i].index + pieces[i].length) + ' .').words.length); return counts.get(i); };
    const ends = pieces.flatMap((piece, i) => /[.,;:!?]$|\n/.test(piece) ? [i] : []);
    function place(k) {
      let low = 0, high = pieces.length - 1;
      while (low < high) { const middle = (low + high) >> 1; if (count(middle) > k) high = middle; else low = middle + 1; }
      return low;
    }
    function clause(i) {
      const first = Math.max(0, ...ends.filter(end => end < i).map(end => end + 1)), last = Math.min(pieces.length - 1, ...ends.filter(end => end >= i));
      return last - first < 8 ? [first, last] : [i, i];
    }
    for (const [first, last] of [...new Set(hit.map(place))].sort((a, b) => a - b).map(clause)) {
      const run = runs[runs.length - 1];
      if (run && first - run[1] <= 4) run[1] = Math.max(run[1], last); else runs.push([first, last]);
    }
    return runs.map(([first, last]) => bare(pieces.slice(first, last + 1))).join(' ... ');
  }

  function hitOf(question, answer, idea) {
    if (question.kind !== 'items') return (question.says ? firstHit(answer, idea) : meant(answer, idea)[0]) || [];
    return firstHit(answer, idea) || find(answer, rules.items.none) || find(answer, rules.items.false) || [];
  }

  // A suggestion with its reasons in words.
  function explained(question, answer, result) {
    const named = says => question.ideas.find(idea => idea.says === says), words = rules.because, mixes = says => named(says) && named(says).counts < 0;
    const quote = says => quoted(answer, hitOf(question, answer, named(says))), found = result.found.filter(says => !mixes(says));
    const mixed = result.found.filter(mixes).map(says => besides(says, 'you', quote(says), '""'));
    const n = found.length, all = n + result.missing.length, of = question.kind === 'list' ? Math.min(all, question.need) : all, swaps = question.swaps.map(([says]) => says);
    const starts = (flag, name) => flag.startsWith(rules.remarks[name].split('{')[0]);
    const kinds = result.flags.map(flag => swaps.includes(flag) ? 'swap' : starts(flag, 'not') || starts(flag, 'denied') ? 'not' : starts(flag, 'other') ? 'other' : '');
    if (mixed.length) kinds.push('mixed');
    const because = ['mixed', 'swap', 'not', 'other'].filter(kind => kinds.includes(kind)).map(kind => words[kind]);
    if (result.grade === 'partly' && n && n < of) because.unshift(filled(words.half, n, of));
    else if (result.grade === 'partly' && !n && !because.length) because.push(words.point);
    return {...result, found, mixed, quotes: found.map(quote), told: result.missing.map(says => named(says).told), because};
  }

  // The words of an answer that may be a row of letters, and what each is; of several, those that say false or true come last.
  function lettersOf(question, text) {
    const {items} = rules, n = question.ideas.length, letters = items.letters.slice(0, n);
    const reach = (_, a, b) => [...letters.slice(letters.indexOf(a), letters.indexOf(b) + 1)].join(' ');
    let found = spell(lower(text), [...rules.plain, ...items.row]).replace(re(items.range), reach).match(/[a-z']+/g) || [];
    if (found.length === 1 && found[0].length === n) found = [...found[0]];
    const kind = word => word.length === 1 && letters.includes(word) ? 'letter' : isTypo(word, 'false') ? 'false'
      : ['false', 'true', 'glue'].find(name => items.in_row[name].split(' ').includes(word)) || word;
    const kinds = found.map(word => [word, kind(word)]), first = kinds.find(([, k]) => ['letter', 'false', 'true'].includes(k));
    return first && first[1] !== 'letter' && kinds.some(([, k]) => k === 'letter') ? kinds.reverse() : kinds;
  }

  // What a row of letters says, statement by statement; nothing for a sentence.
  function rowOf(question, text) {
    const n = question.ideas.length, letters = [...rules.items.letters].slice(0, n), kinds = lettersOf(question, text), lettered = kinds.some(([, k]) => k === 'letter'), called = new Map();
    let group = [], only = false;
    if (n > letters.length) return called;
    for (const [word, k] of kinds) {
      if (k === 'letter') group.push(word);
      else if (k === 'rest') group.push(...letters.filter(c => !called.has(c) && !group.includes(c)));
      else if (k === 'only' && lettered) only = true;
      else if (k === 'false' || k === 'true') {
        if (!lettered) group = letters.slice(called.size, called.size + 1);
        if (!group.length) return new Map();
        for (const c of only ? letters : group) called.set(c, group.includes(c) === (k === 'false'));
        [group, only] = [[], false];
      }
      else if (k !== 'glue') return new Map();
    }
    if (group.length || !lettered && called.size < n) return new Map();
    return new Map(question.ideas.flatMap(({says}, i) => called.has(letters[i]) ? [[says, called.get(letters[i])]] : []));
  }

  // Statements that are all false: which of them does an answer call so?
  function gradeItems(question, text) {
    const {items} = rules, line = plain(text).replace(re(items.copied), ' '), row = rowOf(question, text), called = new Map(row), all = question.ideas.map(idea => idea.says);
    let denied = false, back = false, here = [];
    for (const clause of row.size ? [] : line.split(re(items.clause))) {
      let no = false;
      for (const part of clause.split(re(items.part)).map(read)) {
        const named = question.ideas.filter(idea => firstHit(part, idea)), isFalse = any(part, [items.false]), isTrue = any(part, [items.true]);
        no = isFalse || no && !isTrue;
        denied ||= isFalse;
        back ||= any(part, items.back);
        if (named.length) here = named;
        for (const {says} of here) {
          if (isFalse || isTrue) called.set(says, no);
          else if (named.length && no && !called.has(says)) called.set(says, true);
        }
      }
    }
    const whole = read(line), n = whole.words.length;
    const alike = any(whole, [items.none]) || !called.size && n < items.short && any(whole, items.for_all) && text.search(re(items.named)) < 0;
    if (alike && denied && !back && !any(whole, [items.all])) return {grade: 'right', found: all, missing: [], flags: [], unsure: n > items.sure};
    const found = all.filter(says => called.get(says)), slips = all.filter(says => called.get(says) === false).length;
    const grade = !slips && found.length >= question.need ? 'right' : found.length && slips <= 2*found.length ? 'partly' : 'wrong';
    return {grade, found, missing: all.filter(says => !called.get(says)), flags: [], unsure: !row.size && (grade === 'partly' || denied && !called.size)};
  }

  return (question, text) => {
    const line = plain(text), rest = line.replace(/[^.;!?\n]+/g, part => re(rules.beside.prompt).test(part) ? ' ' : part), given = rest === line ? text : rest;
    const answer = read(given), letters = text.length > rules.longest ? [...text].length : 0;
    const wrong = flags => ({grade: 'wrong', found: [], missing: question.ideas.filter(i => !i.vague).map(i => i.says), flags, unsure: false});
    let result, kind;
    if (!answer.words.some(w => /^[\0-\x7f]+$/.test(w.text)))
      result = wrong(/[^ \t\r\n]/.test(text) ? [rules.remarks.unread] : []);
    else if ((kind = kindOfText(question, given, answer.words.map(w => w.stem)))) result = wrong(kind === 'unknowing' ? [] : [rules.remarks[kind]]);
    else result = question.kind === 'items' ? gradeItems(question, given) : gradeIdeas(question, answer);
    if (rest !== line) result.flags.push(rules.remarks.prompt);
    const shown = [rules.longest, letters].map(n => n.toLocaleString('en-US'));
    if (letters > rules.longest) result.flags.push(rules.remarks.cut.replace(/\{:,\}/g, () => shown.shift()));
    result.unsure ||= result.flags.length > 0;
    return explained(question, answer, result);
  };
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
    const {answer = '', mark = '', again} = state[q.id] || {}, sign = data.marks[mark];
    lines.push('- ' + (sign ? sign + ' ' : '') + q.asks);
    const rows = tidy(again || answer).split('\n'), inside = fenced(rows);
    if (rows.join('')) lines.push(...rows.map((row, i) => row && '    ' + (inside[i] ? row : shown(row))));
    lines.push('');
  }
  return lines.join('\n');
}

// After a first try what is missing waits for the next one; `read` is the line that says where the course teaches it. Each idea is a line of its own, with its sign and word.
function feedback(result, {first = false, hint = '', read = null, claims = []} = {}) {
  const make = (tag, textContent, more) => Object.assign(document.createElement(tag), {textContent}, more), list = make('span', '', {role: 'list'});
  const line = (className, word, ...parts) => { const item = make('span', '', {role: 'listitem', className}); item.append(...word ? [make('b', word + ':'), ' '] : [], ...parts); list.append(item); };
  const lines = (kind, word, ideas) => { for (const idea of ideas.length > 8 ? ideas.slice(0, 3) : ideas) line(kind, ideas.length > 8 && !/example$/.test(word) ? `${word}, for example` : word, idea); };
  const beside = (ideas, label, words) => ideas.map((idea, k) => besides(idea, label, words[k]));
  const {grade, unread} = result, all = result.found.length > 0 && !result.missing.length;
  const some = result.need ? grade === 'wrong' ? 'for example' : 'missing, for example' : 'missing';   // nobody is asked for all of them
  if (claims.length) for (const [claim, right] of claims) line(right ? 'found' : 'missing', right ? '' : 'not yet', right ? claim + ': false, right' : claim);
  else lines('found', 'found', beside(result.found, 'you', result.quotes));
  lines('look', 'look at', [...(result.mixed || []), ...result.flags]);
  if (!claims.length && !first && !unread) lines(grade === 'right' ? 'add' : 'missing', grade === 'right' ? 'you could add' : some, beside(result.missing, 'model answer', result.told));
  if (hint) line('', 'hint', hint);
  if (first && !claims.length) line('', '', "Try again and I'll say what is missing.");
  if (read && grade !== 'right') {
    const [label, ...rest] = [...read.childNodes].map(node => node.cloneNode(true));
    line('', 'read it', label.textContent.replace('Read it: ', ''), ...rest);
  }
  const named = result.need && grade === 'wrong' && !first ? [`${result.found.length} of ${result.need} named`] : [];
  const says = unread ? 'not sure' : {right: 'right', partly: 'partly right', wrong: 'not yet'}[grade], because = claims.length && grade !== 'right' ? `${result.found.length} of ${claims.length}` : [...result.because, ...named].join('; ');
  return ['Suggested: ', make('b', says, {className: 'badge ' + (unread ? 'unread' : grade)}), (because && ': ' + because) + (unread ? ': look yourself' : result.unsure && !all && !claims.length ? ' (not sure: look yourself)' : ''), list];
}

// Claims that are called true or false by a tap, each for itself. The taps are written as an answer in words, which the grader reads as any other.
function tapped(box, area, foundIn) {
  const rows = [...box.querySelectorAll('.claim')].map(row => ({claim: row.firstElementChild.textContent, taps: [...row.querySelectorAll('input')]}));
  const choice = ({taps}) => taps.find(tap => tap.checked)?.value, tell = () => { area.value = rows.filter(choice).map(row => `${row.claim}: ${choice(row)}`).join('\n'); area.dispatchEvent(new Event('input')); };
  const show = () => {
    const lines = area.value.split('\n'), found = foundIn(area.value);
    for (const {claim, taps} of rows) for (const tap of taps) tap.checked = tap.value === 'false' ? found.includes(`${claim}: false`) : lines.includes(`${claim}: true`);
  };
  for (const {taps} of rows) for (const tap of taps) tap.addEventListener('click', tell);
  area.addEventListener('change', show);
  return {
    begin: () => { if (!area.value && rows.some(choice)) tell(); else show(); },
    open: () => rows.find(row => !choice(row))?.taps[0],
    each: result => rows.map(({claim}) => [claim, result.found.includes(`${claim}: false`)]),
  };
}

// First a try, then the hint and another try, then the model answer: whoever asks for it earlier gets the hint once, and the answer when they ask again.
function stepByStep(box, out, mine, again) {
  const [hint, model] = box.querySelectorAll('.more details'), tried = new Set();
  const words = hint.querySelector('p').textContent;
  let open = false;
  model.querySelector('summary').addEventListener('click', event => {
    if (open || model.open || mine.mark && !again.on || tried.size > 1) return;
    event.preventDefault();
    open = hint.open = true;
    out.append(Object.assign(document.createElement('span'), {className: 'wait', textContent: `${out.textContent.includes(words) ? 'Try once more with the hint' : 'Here is the hint: try once with it'}. “Model answer” again shows the answer.`}));
  });
  return {hint: words, read: model.querySelector('.read'), anew: () => { open = hint.open = model.open = hint.hidden = false; tried.clear(); }, offer: () => { hint.hidden = !hint.open && out.textContent.includes(words); }, isFirst: (text, grade) => { tried.add(text); open ||= grade === 'right'; return tried.size < 2 && grade !== 'right'; }};
}

// Spaced repetition: FSRS 6 with the numbers of Python's `fsrs` and the one step of `engine.quiz.schedule`; a card of one is a card of the other (tests compare them).
const W = [0.212, 1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194, 0.001, 1.8722, 0.1666, 0.796, 1.4835, 0.0614, 0.2629, 1.6483, 0.6014, 1.8729, 0.5425, 0.0912, 0.0658, 0.1542];
const MINUTE = 60000, DAY = 1440*MINUTE, SOON = 10*MINUTE, LEARNING = 1, REVIEW = 2, RELEARNING = 3;
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
  else if (next.state !== REVIEW && rating === 1) next.step = 0;
  else if (rating > 2 || next.step) next.state = REVIEW;   // an older page gave a second step
  let wait = rating === 2 ? 1.5*SOON : SOON;
  if (next.state === REVIEW) [next.step, wait] = [null, wholeDays(next.stability)*DAY];
  return {...next, due: asTime(moment + wait), last_review: asTime(moment)};
}

// A card that another program wrote, or nothing where it is none.
function cardOf(value) {
  const {card_id, state, step, stability, difficulty, due, last_review} = Object(value);
  const known = [LEARNING, REVIEW, RELEARNING].includes(state) && (state === REVIEW || [0, 1].includes(step));
  const timed = [due, last_review].every(each => typeof each === 'string' && each.length < 40 && Number.isFinite(Date.parse(each)));
  if (!known || !timed || !Number.isInteger(card_id) || !(stability > 0 && stability < 1e6 && difficulty >= 1 && difficulty <= 10)) return null;
  return {card_id, state, step: state === REVIEW ? null : step, stability, difficulty, due: asTime(Date.parse(due)), last_review: asTime(Date.parse(last_review))};
}

const cardsOf = state => Object.fromEntries(Object.entries(state).filter(([, {card}]) => card).map(([id, {card}]) => [id, card]));

// What was typed anew joins the answer, where the question is not due any more: nothing is lost, and it is not asked anew before its time.
function joinAgain(mine) {
  if (mine.again && mine.again !== mine.answer) mine.answer = [mine.answer, mine.again].filter(Boolean).join('\n\n');
  delete mine.again;
}

// Takes in what `Quiz.write('cards.json')` or another browser wrote; how many cards came in. Questions of another chapter are refused.
function takeCards(text, state) {
  const found = Object.entries(Object(JSON.parse(text))).map(([id, card]) => [id, cardOf(card)]);
  if (!found.length || found.some(([id, card]) => !card || !Object.hasOwn(state, id))) throw new Error('no schedule of this chapter');
  for (const [id, card] of found) {
    state[id].card = card;
    if (!isDue(state[id])) joinAgain(state[id]);
  }
  return found.length;
}

function howLong(wait) {
  const [n, unit] = wait < 60*MINUTE ? [Math.ceil(wait/MINUTE), 'minute'] : wait < DAY - 30*MINUTE ? [Math.round(wait/MINUTE/60), 'hour'] : [Math.round(wait/DAY), 'day'];
  return `${n} ${unit}${n === 1 ? '' : 's'}`;
}
const inWords = wait => wait <= 0 ? 'Due now: answer it again.' : `Asked again in ${howLong(wait)}.`;

// Answers, marks and cards, whatever another program or an older page has written in their place; `again` is what was typed since the question is due, and not marked yet.
function answersOf(kept, questions) {
  const text = value => typeof value === 'string' ? value.slice(0, 100000) : '';
  return Object.fromEntries(questions.map(({id}) => {
    const {answer, mark, card, again} = Object(Object.hasOwn(Object(kept), id) ? kept[id] : {});
    return [id, {answer: text(answer), mark: ['right', 'partly', 'wrong'].includes(mark) ? mark : '', card: cardOf(card), ...text(again) && {again: text(again)}}];
  }));
}

// What this browser kept of a chapter; what the page has, where the entry is damaged.
function remembered(key, questions, here = {}) {
  let kept = {};
  try { kept = JSON.parse(localStorage.getItem(key)); } catch (error) { kept = here; /* a private window, or a damaged entry */ }
  return answersOf(kept, questions);
}

const isDue = ({card}, now = Date.now()) => Boolean(card) && Date.parse(card.due) <= now;
const dueIn = (state, now) => Object.keys(state).filter(id => isDue(state[id], now));

// What stands in a box, from outside; claims show it by their taps.
function write(area, text = '') {
  area.value = text;
  area.dispatchEvent(new Event('change'));
}

// A question that is due is asked anew: its box is empty, and what was written last time waits, folded, until the new answer is checked or marked.
function askAnew(box, mine, forget) {
  const area = box.querySelector('textarea'), make = (tag, more) => Object.assign(document.createElement(tag), more);
  const last = make('details', {className: 'last', hidden: true}), words = make('p'), sign = make('span', {className: 'sign', textContent: 'due now', hidden: true});
  last.append(make('summary', {textContent: 'What you wrote last time'}), words);
  box.firstElementChild.append(' ', sign);
  const typing = () => document.activeElement === area && document.hasFocus();
  const again = {
    on: false,
    put(even = false) { if (again.on) words.textContent = mine.answer; if (even || !typing()) write(area, again.on ? mine.again : mine.answer); sign.hidden = !again.on; },
    keep() { mine[again.on ? 'again' : 'answer'] = area.value; },
    begin() {
      if (again.on || typing() || !isDue(mine)) return;
      again.on = true;
      last.hidden = true;
      last.open = false;
      box.querySelector('output').after(last);
      forget();
      again.put();
    },
    reveal() { last.hidden = !words.textContent; },
    // Marked: what was typed is the answer now, and without a word the last one stays.
    end() {
      again.on = false;
      if (area.value.trim()) mine.answer = area.value;
      delete mine.again;
      sign.hidden = true;
      again.reveal();
    },
    // Marked elsewhere.
    settle(even) { if (again.on && !isDue(mine)) { again.on = false; again.reveal(); } again.put(even); },
    back(answer) { again.on = true; Object.assign(mine, {answer, again: area.value}); sign.hidden = false; },
  };
  return again;
}

// A question that is answered, marked and not due is one line: what it is about, its mark, and a button that opens it.
function foldable(box, mine, again) {
  const make = (tag, more) => Object.assign(document.createElement(tag), more), title = box.firstElementChild;
  const mark = make('span', {className: 'badge'}), button = make('button', {type: 'button', className: 'open', id: `${box.id}-open`});
  let opened = false;
  button.setAttribute('aria-labelledby', `${button.id} ${title.id}`);
  title.append(' ', mark);
  title.after(button);
  const show = () => {
    const done = Boolean(mine.mark && !again?.on && !isDue(mine) && (!again || mine.answer.trim())), folded = done && !opened;
    if (!done) opened = false;
    if (folded && box.contains(document.activeElement) && !document.activeElement.closest('.next')) button.focus({preventScroll: true});
    mark.className = `badge ${mine.mark}`;
    mark.replaceChildren(make('span', {textContent: {right: 'right', partly: 'partly', wrong: 'not yet', '': ''}[mine.mark]}));
    mark.hidden = !folded;
    button.hidden = !done;
    button.textContent = opened ? 'Close' : 'Open';
    button.setAttribute('aria-expanded', String(opened));
    box.classList.toggle('folded', folded);
  };
  const turn = on => { opened = on; show(); };
  button.addEventListener('click', () => turn(!opened));
  title.addEventListener('click', () => { if (box.classList.contains('folded')) turn(true); });
  return {show, turn};
}

// The marks of a question, and when it is asked again: they come with an answer, or when the model answer was opened. Another mark before the next time replaces the one just given.
// What is returned shows what another tab has made of them: there is nothing to take back then.
function remember(box, mine, keep, again, went) {
  const radios = [...box.querySelectorAll('.marks input')], fold = foldable(box, mine, again), line = document.createElement('p'), says = document.createElement('span');
  const area = box.querySelector('textarea'), own = box.querySelector('fieldset'), [, model] = box.querySelectorAll('.more details');
  const [undo, easy] = ['Undo', 'It was easy'].map(textContent => Object.assign(document.createElement('button'), {type: 'button', textContent}));
  let last = 0, before = null, fresh = false, byKey = false;   // the mark and the card as they were before the one just given, and the answer of a question that was asked anew
  line.className = 'note next';
  line.append(says, ' ', undo, ' ', easy);
  own.append(line);
  // What stands below the mark goes when the next question is marked or asked for, and not before: what one is about to tap must not move.
  const leave = () => { fresh = false; fold.turn(false); show(); };
  const show = () => {
    const wait = mine.card ? Date.parse(mine.card.due) - Date.now() : 0;
    for (const radio of radios) radio.checked = !again?.on && mine.mark === radio.value;
    says.textContent = mine.card && !again?.on ? (before && mine.mark === 'right' && wait > 0 ? 'Well done. ' : '') + inWords(wait) : '';
    easy.textContent = `It was easy: ask in ${howLong(Date.parse(review(before?.card, 4, Date.now()).due) - Date.now())}`;
    undo.hidden = !before;
    easy.hidden = !before || last !== 3;
    line.hidden = !says.textContent && !before;
    own.hidden = Boolean(again) && !area.value.trim() && !model.open && (again.on || !mine.mark && !mine.card);
    box.classList.toggle('fresh', fresh);
    fold.show();
  };
  const rate = rating => {
    if (!before || again?.on || isDue(mine)) before = {mark: mine.mark, card: mine.card, answer: mine.answer, anew: again?.on};
    Object.assign(mine, {mark: MARK_OF[rating], card: review(before.card, rating, Date.now())});
    if (again?.on) again.end();
    else if (mine.again) { joinAgain(mine); again?.put(); }
    last = rating;
    went.on(leave);
    fresh = true;
    fold.turn(byKey && !box.classList.contains('folded'));   // the arrow keys pass a mark on their way to the next: then it folds when one leaves it
    show();
    keep();
    if (box.classList.contains('folded')) box.scrollIntoView({block: 'nearest'});
  };
  for (const [each, event] of [[area, 'input'], [area, 'change'], [model, 'toggle']]) each.addEventListener(event, show);
  for (const radio of radios) radio.addEventListener('click', () => rate(RATING_OF[radio.value]));
  easy.addEventListener('click', () => { rate(4); undo.focus(); });
  undo.addEventListener('click', () => {
    Object.assign(mine, {mark: before.mark, card: before.card});
    if (before.anew) again.back(before.answer);
    before = null;
    fresh = false;
    show();
    keep();
    radios[0].focus();
  });
  document.addEventListener('pointerdown', () => { byKey = false; }, true);
  box.addEventListener('keydown', () => { byKey = true; }, true);
  box.addEventListener('focusout', ({relatedTarget}) => { if (fresh && byKey && relatedTarget && !box.contains(relatedTarget)) leave(); });
  box.addEventListener('keydown', event => {
    if (event.target.matches('textarea') || event.ctrlKey || event.metaKey || event.altKey || !/^[1-4]$/.test(event.key)) return;
    event.preventDefault();
    rate(Number(event.key));
  });
  show();
  return () => { before = null; if (box.contains(document.activeElement)) fold.turn(true); show(); };
}

// Where answers are kept. A question file of one's own may have any number, so its page keeps them under its place, and finds what an earlier version kept.
function keyOf({chapter, own, questions}) {
  const old = `bears-quiz-${chapter}`, key = own ? old + location.pathname : old;
  try {
    const kept = own && localStorage.getItem(key) === null && JSON.parse(localStorage.getItem(old));
    if (kept && questions.some(({id}) => Object.hasOwn(kept, id))) localStorage.setItem(key, JSON.stringify(answersOf(kept, questions)));
  } catch (error) { /* no storage, or a damaged entry: begin anew */ }
  return key;
}

// A chapter's questions, as far as their boxes are on this page. What is returned: its state, what writes that down, what shows it again, what is shown then, and what asks anew what is due.
function attach(data) {
  const key = keyOf(data), check = makeGrader(data), graded = new Map(data.graded.map(q => [q.id, q])), count = document.getElementById('count');
  const state = remembered(key, data.questions), shows = [];
  const tally = () => {
    if (!count) return;   // single questions in another page
    const done = data.questions.filter(q => state[q.id].mark).length, text = done + ' of ' + data.questions.length + ' marked';
    document.getElementById('progress').value = done;
    if (count.textContent !== text) count.textContent = text;   // a screen reader says it again at every change
  };
  // Another tab may have written since: of what it wrote, only the questions that were changed here are replaced.
  const keep = (...ids) => {
    const changed = Object.fromEntries(ids.map(id => [id, state[id]]));
    try { localStorage.setItem(key, JSON.stringify({...remembered(key, data.questions, state), ...changed})); } catch (error) { /* no storage: it works until the page is closed */ }
    tally();
  };
  const marks = new Map(), anew = new Map(), went = {leave: null, on(leave = null) { if (went.leave !== leave) went.leave?.(); went.leave = leave; }};
  const askDue = () => { for (const [id, again] of anew) if (!again.on) { again.begin(); if (again.on) marks.get(id)(); } };
  const redraw = () => { for (const again of anew.values()) again.settle(true); askDue(); for (const each of [...marks.values(), ...shows, tally]) each(); };
  const takeOver = now => {
    for (const {id} of data.questions) {
      const area = document.getElementById(`q-${id}-answer`), {answer, again, mark, card} = now[id], mine = state[id], asked = anew.get(id);
      if (!area || document.activeElement !== area || !document.hasFocus()) Object.assign(mine, {answer, again});   // nobody is typing there
      const changed = JSON.stringify([mine.mark, mine.card]) !== JSON.stringify([mark, card]);
      Object.assign(mine, {mark, card});
      if (asked) asked.settle();
      else if (area) write(area, mine.answer);
      if (changed) marks.get(id)?.();
    }
    for (const each of [...shows, tally]) each();
  };
  for (const q of data.questions) {
    const box = document.getElementById('q-' + q.id);
    if (!box) continue;
    const area = box.querySelector('textarea'), out = box.querySelector('output'), mine = state[q.id];
    const hinted = grade => { for (const radio of box.querySelectorAll('.marks input')) radio.parentElement.classList.toggle('suggested', radio.value === grade); };
    const again = out && askAnew(box, mine, () => { steps.anew(); out.replaceChildren(); hinted(''); }), steps = out && stepByStep(box, out, mine, again);
    const claims = box.querySelector('.claim') && tapped(box, area, text => check(graded.get(q.id), text).found);
    area.value = mine.answer;
    area.addEventListener('input', () => { if (again) again.keep(); else mine.answer = area.value; keep(q.id); });
    claims?.begin();
    marks.set(q.id, remember(box, mine, () => keep(q.id), again, went));
    if (!out) continue;   // a task, which only the learner can mark
    anew.set(q.id, again);
    const suggested = text => {
      const result = check(graded.get(q.id), text), {unread, foreign} = data.rules.remarks;
      const {kind, need, ideas} = graded.get(q.id);
      return {...result, need: kind === 'list' && need < ideas.length - 1 ? need : 0, unread: [unread, foreign].some(remark => result.flags.includes(remark))};
    };
    const suggest = () => {
      const text = area.value.trim(), open = claims?.open();
      if (open) { out.replaceChildren('Choose true or false for each.'); open.focus(); return; }
      if (!text) { out.replaceChildren('Write an answer first.'); area.focus(); return; }
      const result = suggested(area.value), first = !result.unread && steps.isFirst(text, result.grade);
      out.replaceChildren(...feedback(result, {first, hint: first ? steps.hint : '', read: steps.read, claims: claims?.each(result)}));
      steps.offer();   // what stands in the suggestion is not offered below it
      if (again.on) again.reveal();
      hinted(result.unread ? '' : result.grade);
      out.scrollIntoView({block: 'nearest'});   // only where it is out of sight
      const marks = box.querySelector('.marks');   // and what is to be done next, where both fit
      if (marks && marks.getBoundingClientRect().bottom - out.getBoundingClientRect().top < innerHeight - 150) marks.scrollIntoView({block: 'nearest'});
    };
    box.querySelector('button.first').addEventListener('click', suggest);
    area.addEventListener('keydown', event => {
      if (event.key !== 'Enter' || !event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      suggest();
    });
  }
  askDue();
  tally();
  addEventListener('storage', event => {   // what another tab wrote
    if (event.key !== null && event.key !== key) return;
    takeOver(remembered(key, data.questions, state));
  });
  return {key, state, keep, redraw, shows, askDue, went};
}

// Leads to the next question that is not marked, or is due, after the one that one is at; after the last comes the first.
function leadOn(data, {state, shows, askDue, went}) {
  const button = document.getElementById('onward'), bar = button.parentElement, all = data.questions.map(({id}) => [document.getElementById('q-' + id), state[id]]);
  const isOpen = ([box, mine]) => !box.hidden && (!mine.mark || isDue(mine)), boxes = all.map(([box]) => box);
  let at = -1;
  const inView = box => { const {top, bottom} = box.getBoundingClientRect(); return bottom > bar.getBoundingClientRect().bottom && top < innerHeight; };
  const here = () => at >= 0 && inView(boxes[at]) ? at : boxes.findLastIndex(box => !box.hidden && box.getBoundingClientRect().top < bar.getBoundingClientRect().bottom);
  const show = () => { button.hidden = !all.some(isOpen); };
  document.addEventListener('focusin', ({target}) => { const i = boxes.indexOf(target.closest('.card')); if (i >= 0) at = i; });
  button.addEventListener('click', () => {
    went.on();
    askDue();
    const from = here() + 1, next = [...all.slice(from), ...all.slice(0, from)].find(isOpen)?.[0];
    if (!next) return;
    const field = next.querySelector('.claim input, textarea:not([hidden])');
    at = boxes.indexOf(next);
    next.tabIndex = -1;
    (matchMedia('(pointer: coarse)').matches ? next : field).focus({preventScroll: true});   // a keyboard on the glass would hide the question
    next.scrollIntoView();
  });
  shows.push(show);
  show();
  return show;
}

// What is due now: a button that shows these questions alone, and then all of them again; and the way of the schedule out and in again.
function showDue(data, {state, keep, redraw, shows, askDue}, onward) {
  const button = document.getElementById('due'), told = document.getElementById('due-says'), said = document.getElementById('schedule-says'), file = document.getElementById('take');
  const shown = new Set(), write = (place, text) => { if (place.textContent !== text) place.textContent = text; };
  let only = false;
  const count = () => {
    const now = dueIn(state, Date.now()), later = dueIn(state, new Date().setHours(24, 0, 0, 0)).length - now.length, waiting = later ? `, ${later} later today` : '';
    const next = Object.values(cardsOf(state)).map(card => Date.parse(card.due)).filter(due => due > Date.now()).sort((a, b) => a - b)[0];
    if (only) {
      for (const id of now) shown.add(id);
      askDue();
    }
    for (const {id} of data.questions) document.getElementById('q-' + id).hidden = only && !shown.has(id);
    button.disabled = !now.length && !only;   // there is nothing to show
    button.classList.toggle('first', now.length > 0 && !only);
    write(button, only ? `Show all ${data.questions.length}` : `Due now: ${now.length}` + (waiting || now.length || !next ? waiting : `, next ${new Date(next).toLocaleDateString('en', {day: 'numeric', month: 'short'})}`));
    onward();
    told.hidden = !only;
    write(told, !only ? '' : now.length ? `Due now: ${now.length}${waiting}. Answer from memory: after the check you see what you wrote last time.` : `Done: nothing else is due now${waiting}.`);
  };
  const show = wanted => { only = wanted && dueIn(state, Date.now()).length > 0; shown.clear(); count(); };
  button.addEventListener('click', () => { show(!only); scrollTo(0, 0); });
  for (const kind of ['click', 'keydown', 'change']) document.addEventListener(kind, count);
  setInterval(count, 20_000);   // what was for later is for now
  document.getElementById('save-schedule').addEventListener('click', () => download(`chapter${data.chapter}-schedule.json`, JSON.stringify(cardsOf(state), null, 1) + '\n', 'application/json'));
  file.addEventListener('change', async () => {
    if (!file.files.length) return;
    try {
      const text = await file.files[0].text(), n = takeCards(text, state);
      keep(...Object.keys(JSON.parse(text)));
      redraw();
      said.textContent = `${n} ${n === 1 ? 'card' : 'cards'} came in.`;
    } catch (error) { said.textContent = 'This file is no schedule of this chapter; nothing was changed.'; }
    file.value = '';   // the same file may be chosen again
  });
  shows.push(count);
  show(location.hash === '#due');
}

function download(name, text, type) {
  const link = Object.assign(document.createElement('a'), {href: URL.createObjectURL(new Blob([text], {type})), download: name});
  link.click();
}

function start(data) {
  const quiz = attach(data), {key, state} = quiz;
  showDue(data, quiz, leadOn(data, quiz));
  document.getElementById('save').addEventListener('click', () => download(`chapter${data.chapter}-answers.md`, answersPage(data, state), 'text/markdown'));
  document.getElementById('clear').addEventListener('click', () => {
    if (!confirm('Delete all answers of this page from this browser?')) return;
    try { localStorage.removeItem(key); } catch (error) { /* nothing was kept */ }
    location.reload();
  });
}

if (typeof window !== 'undefined') addEventListener('pageshow', event => { if (event.persisted) location.reload(); });   // as it was is not as it stands
if (typeof document !== 'undefined' && document.getElementById('questions')) start(JSON.parse(document.getElementById('questions').textContent));
if (typeof module !== 'undefined') module.exports = {answersOf, answersPage, cardOf, dueIn, inWords, review, takeCards, RATING_OF, makeGrader};
