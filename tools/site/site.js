'use strict';
// What each page of the site can do: theme, drawer, search, ticks for what was read, copying, terms, questions.
(() => {
  const $ = (selector, root = document) => root.querySelector(selector), $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const up = document.body.dataset.up ?? '', html = document.documentElement;
  const keep = {
    get(key) { try { return localStorage.getItem(key); } catch { return null; } },
    set(key, value) { try { localStorage.setItem(key, value); } catch { /* a private window: until the page is closed */ } },
  };
  const make = (tag, text, more = {}) => Object.assign(document.createElement(tag), {textContent: text}, more);

  // ---- Light or dark ----
  const theme = $('.site-theme'), paint = () => theme?.setAttribute('aria-pressed', String(html.dataset.theme === 'dark'));
  theme?.addEventListener('click', () => {
    html.dataset.theme = html.dataset.theme === 'dark' ? 'light' : 'dark';
    keep.set('bears-theme', html.dataset.theme);
    paint();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', event => {
    if (!keep.get('bears-theme')) html.dataset.theme = event.matches ? 'dark' : 'light';
    paint();
  });
  addEventListener('storage', event => {  // chosen in another tab
    if (event.key === 'bears-theme' && event.newValue) html.dataset.theme = event.newValue;
    paint();
  });
  paint();

  // ---- The drawer, on narrow screens ----
  const menu = $('.site-menu');
  const drawer = open => {
    document.body.classList.toggle('open', open);
    menu.setAttribute('aria-expanded', String(open));
    if (open) ($('.site-drawer [aria-current]') ?? $('.site-drawer a'))?.focus({preventScroll: true});
  };
  menu?.addEventListener('click', () => drawer(!document.body.classList.contains('open')));
  $('.site-shade')?.addEventListener('click', () => drawer(false));
  for (const link of $$('.site-drawer .sections a')) link.addEventListener('click', () => drawer(false));
  addEventListener('keydown', event => {
    if (event.key !== 'Escape' || !document.body.classList.contains('open')) return;
    drawer(false);
    menu.focus();
  });

  // ---- Search: a phrase and a heading count most; the course stands before the lessons, and the machinery last ----
  const find = $('.site-find'), input = $('input', find), found = $('.site-found', find);
  const filler = new Set('a an and are at be by can do does for from get how i in is it me my of on or so that the them these this to use used using want what when where which who why will with you your'.split(' '));
  let index = null;
  const load = () => index ??= fetch(up + 'search.json').then(answer => answer.json()).then(entries => entries.map(entry => {
    const heading = (entry.section || entry.title).toLowerCase(), machinery = entry.href.startsWith('engine/');
    return {...entry, heading, machinery, page: entry.section ? entry.title.toLowerCase() : '', body: entry.text.toLowerCase(), part: entry.href.startsWith('lessons/') ? 0.8 : /^(trainer|classifier)\//.test(entry.href) ? 1.3 : 1};
  })).catch(() => { index = null; return []; });
  const begins = (text, word) => text.startsWith(word) || text.includes(` ${word}`) || text.includes(`-${word}`);
  const points = ({heading, page, body, part}, words, phrase) => {
    const each = words.map(word => (begins(heading, word) ? 12 : heading.includes(word) ? 5 : 0) + 2*page.includes(word) + Math.min(4, body.split(word).length - 1));
    const together = (heading === phrase ? 30 : heading.startsWith(phrase) ? page ? 6 : 9 : 0) + (words.length < 2 ? 0 : heading.includes(phrase) ? 20 : body.includes(phrase) ? 8 : 0);
    return {all: each.every(Boolean), sum: (each.reduce((sum, more) => sum + more, 0) + together)*part};
  };
  // What a query finds: entries with every word, best first, and where these are few, entries with any of them; one for each place.
  const rank = (entries, asked) => {
    const typed = asked.toLowerCase().split(/[\s,;?!"]+/).filter(Boolean), telling = typed.filter(word => !filler.has(word)), words = telling.length ? telling : typed, phrase = words.join(' ');
    const judged = entries.map(entry => ({...points(entry, words, phrase), entry})).filter(({sum}) => sum > 0).sort((a, b) => b.sum - a.sum);
    const called = ({heading}) => heading === phrase && phrase.includes('_');  // the name of a function: whoever types it wants its page
    const pick = wanted => judged.filter(({all, entry}) => wanted(all, entry.machinery && !called(entry))).map(({entry}) => entry);
    const course = pick((all, machinery) => all && !machinery), machinery = pick((all, inside) => all && inside), some = pick((all, inside) => !all && !inside);
    const sorted = [...judged.map(({entry}) => entry).filter(called), ...course.slice(0, Math.max(11, 15 - machinery.length)), ...machinery, ...course.length < 4 ? some : []];
    return {words, hits: sorted.filter((entry, k) => sorted.findIndex(other => other.href === entry.href) === k).slice(0, 15)};
  };
  const excerpt = (text, words) => {
    const low = text.toLowerCase(), together = low.indexOf(words.join(' '));
    const first = together >= 0 ? together : Math.min(...words.map(word => low.indexOf(word)).filter(place => place >= 0), text.length);
    const from = first < 60 ? 0 : text.indexOf(' ', first - 50) + 1, to = text.length <= from + 160 ? text.length : text.lastIndexOf(' ', from + 150);
    const piece = make('small', from ? '... ' : ''), pattern = new RegExp(`(${words.map(word => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`, 'i');
    text.slice(from, to > from ? to : from + 150).split(pattern).forEach((part, k) => piece.append(k % 2 ? make('mark', part) : part));
    if (to < text.length) piece.append(' ...');
    return piece;
  };
  // Where an entry stands: the chapter that a section belongs to, or what kind of page it is.
  const place = ({href, title, section}) => {
    const chapter = $(`.site-drawer [data-reads="${href.split('#')[0]}"]`), number = chapter && $('.number', chapter)?.textContent;
    const kind = number ? `Chapter ${number}` : href.startsWith('lessons/') ? 'Lesson' : href.startsWith('engine/') ? 'Look inside' : '';
    return [kind, section && title].filter(Boolean).join(' · ');
  };
  // How many letters were added, left out, changed or swapped between two words; 3 for any more than two.
  const slips = (a, b) => {
    if (Math.abs(a.length - b.length) > 2) return 3;
    let before = [], row = [...b, ''].map((_, k) => k);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let k = 1; k <= b.length; k++) {
        next[k] = Math.min(row[k] + 1, next[k - 1] + 1, row[k - 1] + (a[i - 1] !== b[k - 1]));
        if (i > 1 && k > 1 && a[i - 1] === b[k - 2] && a[i - 2] === b[k - 1]) next[k] = Math.min(next[k], before[k - 2] + 1);
      }
      [before, row] = [row, next];
    }
    return Math.min(3, row[b.length]);
  };
  // What was meant, where a word stands nowhere: the nearest of a heading, then of a text.
  const meant = (entries, words) => {
    const split = texts => [...new Set(texts.flatMap(text => text.match(/[\p{L}_]{4,}/gu) ?? []))], [heads, bodies] = [split(entries.map(each => each.heading)), split(entries.map(each => each.body))], known = new Set([...heads, ...bodies]);
    const near = word => {
      for (const list of [heads, bodies]) {
        const [best] = list.map(each => [slips(word, each), each]).sort(([a], [b]) => a - b);
        if (best && best[0] <= (word.length < 6 ? 1 : 2)) return best[1];
      }
      return word;
    };
    const mended = words.map(word => word.length < 4 || known.has(word) ? word : near(word)).join(' ');
    return mended === words.join(' ') ? '' : mended;
  };
  const search = async () => {
    if (input.value.trim().length < 2) return found.replaceChildren();
    const entries = await load(), {words, hits} = rank(entries, input.value);
    found.replaceChildren(...hits.map(entry => {
      const link = make('a', '', {href: up + entry.href});
      link.append(make('b', entry.section || entry.title), make('span', place(entry), {className: 'place'}), excerpt(entry.text, words));
      return link;
    }));
    if (hits.length) return;
    const other = meant(entries, words), line = make('p', other ? 'Nothing found. Did you mean ' : 'Nothing found. Fewer or other words may help; the glossary lists the terms of the course.');
    if (other) {
      const again = make('button', other, {type: 'button'});
      again.addEventListener('click', event => { event.stopPropagation(); input.value = other; input.focus(); search(); });
      line.append(again, '?');
    }
    found.append(line);
  };
  let typing = 0;
  input?.addEventListener('input', () => { clearTimeout(typing); typing = setTimeout(search, 120); });
  input?.addEventListener('focus', () => { load(); if (input.value) search(); });
  $('form', find)?.addEventListener('submit', event => { event.preventDefault(); search().then(() => $('a', found)?.click()); });
  find?.addEventListener('keydown', event => {
    const links = $$('a', found), at = links.indexOf(document.activeElement);
    if (event.key === 'Escape') { found.replaceChildren(); input.blur(); find.classList.remove('shown'); }
    if (!links.length || event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    const next = at + (event.key === 'ArrowDown' ? 1 : -1);
    (next < 0 ? input : links[Math.min(next, links.length - 1)]).focus();
  });
  document.addEventListener('click', event => {
    if (!find || find.contains(event.target) || event.target.closest('.site-look, [data-look]')) return;
    found.replaceChildren();
    find.classList.remove('shown');
  });
  const look = () => { find.classList.add('shown'); input.focus(); };
  for (const button of $$('.site-look, [data-look]')) button.addEventListener('click', look);
  addEventListener('keydown', event => {
    const writes = event.target.closest?.('input, textarea, select, [contenteditable]');
    if (event.key === '/' && !writes || event.key === 'k' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); look(); }
  });

  // ---- What was opened and read: kept in this browser alone, and shown on the page "Your course" ----
  const listed = key => { try { return new Set(JSON.parse(keep.get(key) ?? '[]')); } catch { return new Set(); } };
  let read = listed('bears-read');
  const here = document.body.dataset.page, tick = $('.done-line button');
  if (tick) keep.set('bears-opened', JSON.stringify([...listed('bears-opened').add(here)]));
  const showRead = () => {
    for (const link of $$('[data-reads]')) {
      link.classList.toggle('read', read.has(link.dataset.reads));
      const said = $('.said', link);
      if (said) said.textContent = read.has(link.dataset.reads) ? ' (read)' : '';
    }
    if (tick) tick.textContent = read.has(here) ? '✓ Read. Not yet after all?' : 'I have read this';
  };
  tick?.addEventListener('click', () => {
    const wasRead = read.has(here);
    read = listed('bears-read');  // another tab may have written since
    if (wasRead) read.delete(here); else read.add(here);
    keep.set('bears-read', JSON.stringify([...read]));
    showRead();
  });
  addEventListener('storage', event => {  // ticked in another tab
    if (event.key !== 'bears-read' && event.key !== null) return;
    read = listed('bears-read');
    showRead();
  });
  showRead();

  // ---- On a phone code keeps its lines: what is wider than the screen is scrolled, by the keyboard too ----
  const wide = new ResizeObserver(entries => entries.forEach(({target}) => {
    if (target.scrollWidth > target.clientWidth + 1) target.tabIndex = 0;
    else target.removeAttribute('tabindex');
  }));
  for (const code of $$('.content pre.sourceCode, .content .sideways')) wide.observe(code);
  // What goes on to the right fades out there, until its end is reached.
  const onward = code => code.parentElement.classList.toggle('onward', code.scrollLeft + code.clientWidth < code.scrollWidth - 1);
  const edge = new ResizeObserver(entries => entries.forEach(({target}) => onward(target)));
  for (const code of $$('.content pre.sourceCode')) {
    edge.observe(code);
    code.addEventListener('scroll', () => onward(code), {passive: true});
  }

  // ---- Copying code ----
  for (const button of $$('.code-copy-button')) button.addEventListener('click', async () => {
    try { await navigator.clipboard.writeText($('pre', button.parentElement).innerText); } catch { return; }
    button.classList.add('done');
    setTimeout(() => button.classList.remove('done'), 1500);
  });

  // ---- A figure is opened at a size that can be read, and moved about: by its button on a phone, by a click elsewhere ----
  const enlarge = figure => {
    const box = make('dialog', '', {className: 'zoom'}), image = figure.cloneNode(), close = make('button', 'Close', {type: 'button'});
    box.setAttribute('aria-label', 'The figure, enlarged');
    image.style.width = `${html.clientWidth < 608 ? 2.5*Math.max(360, html.clientWidth, figure.clientWidth) : Math.max(html.clientWidth - 40, Number(figure.getAttribute('width')))}px`;
    image.style.height = 'auto';
    box.append(image, close);
    close.addEventListener('click', () => box.close());
    box.addEventListener('close', () => box.remove());
    document.body.append(box);
    box.showModal();
  };
  // Where there is no button the figure itself takes the keyboard's focus.
  const byKey = new ResizeObserver(entries => entries.forEach(({target}) => {
    if (html.clientWidth < 608) target.removeAttribute('tabindex'); else target.tabIndex = 0;
  }));
  for (const figure of $$('.content figure img.wide, .content figure img.tall')) {
    if (figure.classList.contains('of-dark')) continue;
    const button = make('button', '⤢ Enlarge', {type: 'button', className: 'enlarge'}), pair = $$('img', figure.parentElement);
    button.setAttribute('aria-label', `Enlarge: ${figure.alt.slice(0, 60)}`);
    button.addEventListener('click', () => enlarge(pair.find(each => each.checkVisibility()) ?? figure));
    for (const each of pair) {
      each.addEventListener('click', () => enlarge(each));
      each.addEventListener('keydown', event => { if (event.key === 'Enter') enlarge(each); });
      byKey.observe(each);
    }
    (figure.closest('.sideways') ?? figure.parentElement.lastChild).after(button);
  }

  // ---- Exercises that want a number or a word: what was typed is kept, and what is right counts as solved on the page "Your course" ----
  const named = key => { try { const kept = JSON.parse(keep.get(key)); return kept && typeof kept === 'object' && !Array.isArray(kept) ? kept : {}; } catch { return {}; } };
  const solve = (stem, number) => {
    const all = named('bears-exercises'), before = Array.isArray(all[stem]) ? all[stem] : [];
    if (!before.includes(number)) keep.set('bears-exercises', JSON.stringify({...all, [stem]: [...before, number]}));
  };
  for (const form of $$('.answer-here')) {
    const asks = JSON.parse(form.dataset.asks), said = $('[role=status]', form), typed = $('input', form), name = `${asks.stem} ${asks.number}`;
    let tries = 0;
    const wordy = typeof asks.answer === 'string', numberOf = text => Number(text.replace(',', '.'));
    const isRight = text => wordy ? text.toLowerCase() === asks.answer.toLowerCase() : text !== '' && Math.abs(numberOf(text) - asks.answer) <= asks.tolerance*Math.abs(asks.answer) + 1e-8;
    const judge = () => {
      const text = typed.value.trim(), right = isRight(text);
      said.className = right ? 'right' : '';
      if (right) solve(asks.stem, asks.number);
      said.textContent = right ? '✓ Right.' : !text ? 'Write your answer first.' : !wordy && Number.isNaN(numberOf(text)) ? 'A number is wanted, such as 12 or 0.5.' : `Not yet. ${asks.hints[Math.min(tries++, asks.hints.length - 1)]}`;
    };
    form.addEventListener('submit', event => { event.preventDefault(); judge(); });
    typed.addEventListener('input', () => keep.set('bears-typed', JSON.stringify({...named('bears-typed'), [name]: typed.value.slice(0, 200)})));
    const kept = named('bears-typed')[name];
    if (typeof kept === 'string') typed.value = kept.slice(0, 200);
    if (named('bears-exercises')[asks.stem]?.includes?.(asks.number) && isRight(typed.value.trim())) judge();
  }

  // ---- A link into something folded opens it ----
  const unfold = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let box = target && target.closest('details'); box; box = box.parentElement.closest('details')) box.open = true;
    if (target && target.closest('details')) target.scrollIntoView();
  };
  addEventListener('hashchange', unfold);
  unfold();

  // ---- Where one is on the page ----
  const lines = $$('.site-toc a'), places = lines.map(line => document.getElementById(decodeURIComponent(line.hash.slice(1))));
  // The lists beside the page move so that the entry of the present place is seen; the page itself stays where it is.
  const reveal = (list, entry) => {
    const [around, box] = [list, entry].map(each => each.getBoundingClientRect());
    if (box.top < around.top + 60 || box.bottom > around.bottom - 60) list.scrollTop += box.top - around.top - around.height/2;
  };
  let current = null;
  const follow = () => {
    const at = places.findLastIndex(place => place && place.getBoundingClientRect().top < 110), line = lines[Math.max(0, at)];
    if (line === current) return;
    current = line;
    for (const each of lines) each.classList.toggle('here', each === line);
    reveal($('.site-toc'), line);
  };
  const page = $('.site-drawer [aria-current]');
  if (page) reveal($('.site-drawer'), page);
  if (lines.length) { addEventListener('scroll', follow, {passive: true}); follow(); }

  // ---- Terms: what a word means, at the pointer or the keyboard's focus. The first touch tells it, with the way on; the second goes there ----
  let tip = null, touched = false, told = null;  // `told`: the term that a finger opened
  const hide = () => { tip?.remove(); tip = told = null; $('[aria-describedby=site-tip]')?.removeAttribute('aria-describedby'); };
  const tell = (term, byTouch = false) => {
    hide();
    tip = make('div', term.dataset.means, {className: 'site-tip', id: 'site-tip', role: 'tooltip'});
    if (byTouch) told = term;
    if (byTouch && term.href) tip.append(make('a', 'Read more', {href: term.href}));
    document.body.append(tip);
    term.setAttribute('aria-describedby', 'site-tip');
    const word = term.getBoundingClientRect(), box = tip.getBoundingClientRect(), below = word.top < box.height + 80;
    tip.style.left = `${Math.max(8, Math.min(word.left, html.clientWidth - box.width - 8)) + scrollX}px`;
    tip.style.top = `${(below ? word.bottom + 8 : word.top - box.height - 8) + scrollY}px`;
  };
  addEventListener('pointerdown', event => { touched = event.pointerType === 'touch'; }, true);
  for (const term of $$('[data-means]')) {
    term.addEventListener('pointerenter', event => { if (event.pointerType !== 'touch') tell(term); });
    term.addEventListener('pointerleave', event => { if (event.pointerType !== 'touch') hide(); });
    term.addEventListener('focus', () => { if (!touched) tell(term); });
    term.addEventListener('blur', () => { if (!told) hide(); });
    term.addEventListener('click', event => {
      if (!touched || told === term) return;
      event.preventDefault();
      tell(term, true);
    });
  }
  document.addEventListener('click', event => { if (told && !told.contains(event.target) && !tip.contains(event.target)) hide(); });
  addEventListener('keydown', event => {
    touched = false;
    if (event.key === 'Escape') hide();
  }, true);

  // ---- Questions at the end of the section that answers them: the component of the question pages, fetched when one is opened ----
  const boxes = $$('.ask-here');
  let asked = null;
  const ask = () => asked ??= Promise.all([fetch(boxes[0].dataset.from).then(answer => answer.json()), new Promise((done, failed) => {
    document.head.append(make('script', '', {src: `${up}site_libs/questions.js`, onload: done, onerror: failed}));
  })]).then(([chapters]) => {
    const typed = $$('.ask-here textarea').filter(area => area.value).map(area => [area, area.value]);  // faster than the network
    chapters.forEach(chapter => attach(chapter));  // it comes with questions.js
    for (const [area, text] of typed) { area.value = text; area.dispatchEvent(new Event('input')); }
  });
  for (const box of boxes) box.addEventListener('toggle', () => { if (box.open) ask(); });
})();
