'use strict';
// The page "Your course": what this browser kept. Cards and schedule: questions.js.
const COURSE = (() => {
  const VERSION = 1, LARGEST = 20e6, kinds = {read: 'bears-read', opened: 'bears-opened', exercises: 'bears-exercises'};
  const keyOf = quiz => 'bears-quiz-' + quiz.chapter, notebooks = data => [...data.chapters, ...data.lessons];
  const isObject = value => value !== null && typeof value === 'object' && !Array.isArray(value);
  const own = (value, key) => isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  const parse = text => { try { return JSON.parse(text); } catch { return null; } };

  // What comes from anywhere, as far as it is known.
  function pagesOf(value, data) {
    const known = new Set(notebooks(data).map(each => each.page));
    return new Set(Array.isArray(value) ? value.filter(page => known.has(page)) : []);
  }
  const solvedOf = (value, data) => Object.fromEntries(notebooks(data).map(({stem, exercises}) => {
    const numbers = own(value, stem);
    return [stem, new Set(Array.isArray(numbers) ? numbers.filter(n => Number.isInteger(n) && n >= 1 && n <= exercises) : [])];
  }));
  const read = (get, data) => ({read: pagesOf(get('read'), data), opened: pagesOf(get('opened'), data), exercises: solvedOf(get('exercises'), data),
    questions: Object.fromEntries(data.quizzes.map(quiz => [quiz.chapter, answersOf(get(quiz.chapter), quiz.questions)]))});
  const nothing = data => read(() => null, data);

  // A session of Python's: of one attempt the last line stands.
  const isCard = value => isObject(value) && Object.keys(value).length > 0;
  function sessionOf(rows, quiz) {
    const attempts = new Map(), state = new Map();
    for (const row of rows) if (typeof row.id === 'string') attempts.set(JSON.stringify([row.id, row.attempt ?? 1, isCard(row.card)]), row);
    for (const {id, answer = '', final, suggested, when, attempt = 1, card} of attempts.values()) {
      const mine = state.get(id) ?? {attempt: 0}, mark = final || suggested || '';
      state.set(id, mine);
      if (isCard(card)) { mine.card = cardOf(card); continue; }
      const moment = Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(when) ? when : when + 'Z');
      if (Object.hasOwn(RATING_OF, mark) && moment) mine.card = review(mine.card, RATING_OF[mark], moment);
      if (attempt >= mine.attempt) Object.assign(mine, {answer, mark, attempt});
    }
    return answersOf(Object.fromEntries(state), quiz.questions);
  }

  // A file: everything, a schedule, a session or exercises.
  function understand(text, data) {
    const whole = parse(text), found = nothing(data), inside = id => data.quizzes.find(quiz => quiz.questions.some(each => each.id === id));
    if (isObject(whole) && Object.hasOwn(whole, 'course')) {
      if (whole.course !== VERSION) throw new Error('it was written by another version of this page');
      return read(name => own(whole, name) ?? own(whole.questions, name), data);
    }
    const cards = isObject(whole) ? Object.entries(whole).map(([id, card]) => [id, cardOf(card)]) : [];
    if (cards.length && cards.every(([id, card]) => card && inside(id))) {
      for (const [id, card] of cards) found.questions[inside(id).chapter][id].card = card;
      return found;
    }
    const rows = text.split('\n', 200000).map(parse).filter(isObject), head = rows.find(row => 'session' in row);
    if (head) {
      const quiz = data.quizzes.find(each => each.chapter === head.chapter && head.session === 1);
      if (!quiz) throw new Error('this page does not know its chapter or version');
      found.questions[quiz.chapter] = sessionOf(rows, quiz);
      return found;
    }
    const known = rows.filter(row => typeof row.notebook === 'string' && Object.hasOwn(found.exercises, row.notebook) && Number.isInteger(row.exercise));
    if (!known.length) throw new Error('it is none of the files that are named here');
    const solved = {};
    for (const {notebook, exercise, right} of known) if (right === true) (solved[notebook] ??= []).push(exercise);
    return {...found, exercises: solvedOf(solved, data)};
  }

  // Of two answers the one marked later stands.
  function merge(state, more, told = {came: 0, stayed: 0}) {
    const time = ({card}) => card ? Date.parse(card.last_review) : 0;
    const add = (to, from, counts) => { for (const each of from) if (!to.has(each)) { to.add(each); told.came += counts; } else told.stayed += counts; };
    add(state.opened, more.opened, 0);
    add(state.read, more.read, 1);
    for (const stem of Object.keys(more.exercises)) add(state.exercises[stem], more.exercises[stem], 1);
    for (const chapter of Object.keys(more.questions)) for (const [id, theirs] of Object.entries(more.questions[chapter])) {
      const mine = state.questions[chapter][id];
      if (!isAnswered(theirs) && !theirs.card) continue;
      if (!isAnswered(mine) && !mine.card || time(theirs) > time(mine)) {
        const draft = theirs.answer && !mine.card && !mine.mark && mine.answer !== theirs.answer && mine.answer;  // not marked yet
        Object.assign(mine, {answer: [theirs.answer || mine.answer, draft, mine.again !== theirs.again && mine.again].filter(Boolean).join('\n\n'), mark: theirs.mark || mine.mark, card: theirs.card, again: theirs.again});
        told.came++;
      } else {
        told.stayed++;
        if (time(theirs) === time(mine)) mine.again ||= theirs.again;
      }
    }
    return told;
  }

  const isAnswered = ({answer, mark}) => Boolean(answer.trim() || mark);
  const everything = state => ({course: VERSION, written: new Date().toISOString(), read: [...state.read], opened: [...state.opened],
    exercises: Object.fromEntries(Object.entries(state.exercises).filter(([, solved]) => solved.size).map(([stem, solved]) => [stem, [...solved].sort((a, b) => a - b)])),
    questions: Object.fromEntries(Object.entries(state.questions).map(([chapter, rows]) => [chapter, Object.fromEntries(Object.entries(rows).filter(([, row]) => isAnswered(row) || row.card))]))});

  function standing(quiz, rows, now) {
    const answered = quiz.questions.filter(({id}) => isAnswered(rows[id])), count = mark => answered.filter(({id}) => rows[id].mark === mark).length;
    const later = Object.values(rows).map(({card}) => Date.parse(card?.due)).filter(due => due > now);
    return {answered, right: count('right'), partly: count('partly'), wrong: count('wrong'), due: dueIn(rows, now).length, next: later.sort()[0]};
  }

  // As `bears post` writes it.
  function post(data, state) {
    const parts = ['# My answers\n'];
    for (const quiz of data.quizzes) {
      const rows = state.questions[quiz.chapter], {answered, right, partly, wrong} = standing(quiz, rows, 0);
      if (!answered.length) continue;
      const lines = answersPage({...quiz, questions: answered}, rows).split('\n');
      const spaced = lines.slice(4).join('\n').replace(/^(?=    (CORRECTION|NIT):)/gm, '\n').replace(/^(- .*)\n(?=    )/gm, '$1\n\n');
      parts.push(`## Chapter ${quiz.chapter}: questions\n`, `${answered.length} of ${quiz.questions.length} answered: ${right} right, ${partly} partly, ${wrong} not yet.\n`, lines[2] + '\n', spaced);
    }
    const seen = notebooks(data).flatMap(({page, stem, title, exercises}) => {
      const solved = state.exercises[stem].size, told = [state.read.has(page) && 'read', solved && `${solved} of ${exercises} exercises solved`].filter(Boolean);
      return told.length ? `- ${title}: ${told.join(', ')}` : [];
    });
    if (seen.length) parts.push('## Read and solved\n', ...seen);
    return parts.join('\n').replace(/\n+$/, '') + '\n';
  }

  return {LARGEST, kinds, keyOf, notebooks, parse, read, understand, merge, everything, standing, post};
})();

if (typeof document !== 'undefined' && document.getElementById('course-data')) (() => {
  const {LARGEST, kinds, keyOf, notebooks, parse, read, understand, merge, everything, standing, post} = COURSE;
  const $ = id => document.getElementById(id), data = JSON.parse($('course-data').textContent), marks = {partly: 'partly', wrong: 'not yet'};
  const make = (tag, ...parts) => { const made = document.createElement(tag); made.append(...parts.filter(part => part !== '')); return made; };
  const link = (href, text) => Object.assign(make('a', text), {href});
  const cell = (...parts) => make('td', ...parts), head = (...parts) => Object.assign(make('th', ...parts), {scope: 'row'});
  const day = moment => moment < new Date().setHours(24, 0, 0, 0) ? 'later today' : new Date(moment).toLocaleDateString('en', {weekday: 'short', day: 'numeric', month: 'short'});
  const questions = n => n === 1 ? '1 question' : `${n} questions`;
  const kept = key => { try { return parse(localStorage.getItem(key)); } catch { return null; } };
  const load = () => read(name => kept(kinds[name] ?? 'bears-quiz-' + name), data);
  let state = load();

  function keep() {
    const all = everything(state);
    for (const [name, key] of Object.entries(kinds)) localStorage.setItem(key, JSON.stringify(all[name]));
    for (const quiz of data.quizzes) localStorage.setItem(keyOf(quiz), JSON.stringify(state.questions[quiz.chapter]));
  }

  const share = (name, n, of) => {
    const bar = Object.assign(make('span', make('i')), {className: 'bar'});
    bar.firstChild.style.width = `${100*n/of}%`;
    return make('div', make('dt', name), of ? make('dd', `${n} of ${of}`, bar) : make('dd', `${n}`));
  };

  function row(each) {
    const solved = state.exercises[each.stem].size, isRead = state.read.has(each.page);
    const made = make('tr', head(link(each.page, (each.number ? each.number + ' · ' : '') + each.title)), cell(isRead ? 'read' : state.opened.has(each.page) ? 'opened' : ''), cell(each.exercises ? `${solved} of ${each.exercises}` : ''));
    made.classList.toggle('read', isRead);
    return made;
  }

  function ways(stands) {
    const found = [], add = (...parts) => found.push(make('li', ...parts)), unread = data.chapters.find(each => !state.read.has(each.page));
    for (const [quiz, {due}] of stands) if (due) add(link(`${quiz.page}#due`, `Answer the ${questions(due)} of chapter ${quiz.chapter} due now`));
    if (unread) add(`${state.opened.has(unread.page) ? 'Go on with' : 'Read'} `, link(unread.page, `${unread.number} · ${unread.title}`), unread.time && ` (${unread.time})`);
    for (const [quiz, {answered}] of stands) {
      const open = quiz.questions.filter(each => !answered.includes(each));
      if (open.length) add('Still open: ', link(`${quiz.page}#q-${open[0].id}`, `${questions(open.length)} of chapter ${quiz.chapter}`));
    }
    if (!found.length) add('All is read and answered; nothing is due now.');
    return found;
  }

  function toReadAgain() {
    const found = new Map();
    for (const quiz of data.quizzes) for (const each of quiz.questions) {
      const mark = marks[state.questions[quiz.chapter][each.id].mark];
      if (mark) found.set(each.page, {...each, about: [...found.get(each.page)?.about ?? [], `${each.topic} (${mark})`]});
    }
    const place = ({page}) => data.chapters.findIndex(chapter => page.startsWith(chapter.page + '#'));
    return [...found.values()].sort((a, b) => place(a) - place(b)).map(({page, heading, about}) => make('li', link(page, heading), ': ' + about.join('; ')));
  }

  function show() {
    const stands = data.quizzes.map(quiz => [quiz, standing(quiz, state.questions[quiz.chapter], Date.now())]);
    const sum = (rows, count) => rows.reduce((all, each) => all + count(each), 0), all = notebooks(data), due = sum(stands, ([, each]) => each.due);
    $('as-of').textContent = `As of ${new Date().toLocaleDateString('en', {dateStyle: 'long'})}.`;
    $('tally').replaceChildren(share('Chapters and lessons read', sum(all, each => state.read.has(each.page)), all.length), share('Exercises solved', sum(all, each => state.exercises[each.stem].size), sum(all, each => each.exercises)),
      share('Questions answered', sum(stands, ([, each]) => each.answered.length), sum(stands, ([quiz]) => quiz.questions.length)), share('Due now', due));
    const onward = ways(stands), first = onward[0].querySelector('a');
    $('next').replaceChildren(...onward);
    $('go').replaceChildren(...first ? [link(first.href, `${due || state.opened.size ? 'Continue' : 'Begin'}: ${first.textContent}`)] : []);
    $('answered').replaceChildren(...stands.map(([quiz, each]) => make('tr', head(link(quiz.page, `Chapter ${quiz.chapter}`)), cell(`${each.answered.length} of ${quiz.questions.length}`), cell(`${each.right}`), cell(`${each.due}`), cell(each.next ? day(each.next) : '–'))));
    const again = toReadAgain();
    $('again').replaceChildren(...again);
    $('again-part').hidden = !again.length;
    for (const part of ['chapters', 'lessons']) $(part).replaceChildren(...data[part].map(row));
    $('chapters-part').classList.toggle('new', !state.read.size && !state.opened.size);
  }

  async function takeIn(files) {
    const told = {came: 0, stayed: 0}, refused = [];
    merge(state, load());
    for (const file of [...files].slice(0, 20)) try {
      if (file.size > LARGEST) throw new Error('it is too large');
      merge(state, understand(await file.text(), data), told);
    } catch (error) { refused.push(`${file.name} was not taken in: ${error.message}.`); }
    try { keep(); } catch { refused.push('The browser keeps nothing: it is here until the page is closed.'); }
    show();
    $('says').textContent = [...refused, told.came + told.stayed ? `${told.came} came in${told.stayed ? `; here already, as new or newer: ${told.stayed}` : ''}.` : ''].join(' ').trim() || 'There was nothing in it yet.';
  }

  $('files').addEventListener('change', event => { takeIn(event.target.files).then(() => { event.target.value = ''; }); });
  for (const kind of ['dragover', 'dragleave', 'drop']) addEventListener(kind, event => {
    event.preventDefault();
    $('drop').classList.toggle('over', kind === 'dragover');
    if (kind === 'drop' && event.dataTransfer.files.length) takeIn(event.dataTransfer.files);
  });
  $('save-all').addEventListener('click', () => download('course.json', JSON.stringify(everything(state), null, 1) + '\n', 'application/json'));
  $('save-post').addEventListener('click', () => download('my-answers.md', post(data, state), 'text/markdown'));
  $('print').addEventListener('click', () => print());
  $('forget').addEventListener('click', () => {
    if (!confirm('Delete what this page shows from this browser? Save it as a file first if you may want it back.')) return;
    try { for (const key of ['bears-typed', ...Object.values(kinds), ...data.quizzes.map(keyOf)]) localStorage.removeItem(key); } catch { /* nothing was kept */ }
    state = read(() => null, data);
    show();
    $('says').textContent = 'Forgotten: this browser keeps nothing of it.';
  });
  for (const kind of ['storage', 'pageshow']) addEventListener(kind, () => { state = load(); show(); });
  show();
})();

if (typeof module !== 'undefined') module.exports = COURSE;
