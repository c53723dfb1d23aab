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
    if (open) $('.site-drawer a')?.focus({preventScroll: true});
  };
  menu?.addEventListener('click', () => drawer(!document.body.classList.contains('open')));
  $('.site-shade')?.addEventListener('click', () => drawer(false));
  addEventListener('keydown', event => {
    if (event.key !== 'Escape' || !document.body.classList.contains('open')) return;
    drawer(false);
    menu.focus();
  });

  // ---- Search: every word has to occur; what stands in a title counts most, and the course before the machinery ----
  const find = $('.site-find'), input = $('input', find), found = $('.site-found', find);
  let index = null;
  const load = () => index ??= fetch(up + 'search.json').then(answer => answer.json()).then(entries => entries.map(entry => ({...entry,
    places: [entry.title, entry.section, entry.text].map(text => text.toLowerCase()), part: /^engine\//.test(entry.href) ? 0.5 : /^lessons\//.test(entry.href) ? 0.9 : 1})))
    .catch(() => { index = null; return []; });
  const score = ({places: [title, section, text], part}, words) => words.reduce((sum, word) => {
    const hit = 12*title.includes(word) + 8*section.includes(word) + Math.min(4, text.split(word).length - 1);
    return hit ? sum + hit : -Infinity;
  }, 0)*part;
  const excerpt = (text, words) => {
    const at = Math.max(0, Math.min(...words.map(word => text.toLowerCase().indexOf(word)).filter(place => place >= 0), text.length) - 50), piece = make('small', at ? '... ' : '');
    const pattern = new RegExp(`(${words.map(word => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`, 'i');
    text.slice(at, at + 150).split(pattern).forEach((part, k) => piece.append(k % 2 ? make('mark', part) : part));
    return piece;
  };
  const search = async () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(word => word.length > 1);
    if (!words.length) return found.replaceChildren();
    const hits = (await load()).map(entry => [score(entry, words), entry]).filter(([points]) => points > 0).sort((a, b) => b[0] - a[0]).slice(0, 15);
    found.replaceChildren(...hits.map(([, entry]) => {
      const link = make('a', '', {href: up + entry.href});
      link.append(make('b', entry.section || entry.title), excerpt(`${entry.section ? `${entry.title}: ` : ''}${entry.text}`, words));
      return link;
    }));
    if (!hits.length) found.append(make('p', 'Nothing found. Fewer or other words may help; the glossary lists the terms of the course.'));
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

  // ---- Copying code ----
  for (const button of $$('.code-copy-button')) button.addEventListener('click', async () => {
    try { await navigator.clipboard.writeText($('pre', button.parentElement).innerText); } catch { return; }
    button.classList.add('done');
    setTimeout(() => button.classList.remove('done'), 1500);
  });

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
  const follow = () => {
    const at = places.findLastIndex(place => place && place.getBoundingClientRect().top < 110);
    lines.forEach((line, k) => line.classList.toggle('here', k === Math.max(0, at)));
  };
  if (lines.length) { addEventListener('scroll', follow, {passive: true}); follow(); }

  // ---- Terms: what a word means, at the pointer or the keyboard's focus ----
  let tip = null;
  const hide = () => { tip?.remove(); tip = null; $('[aria-describedby=site-tip]')?.removeAttribute('aria-describedby'); };
  const tell = term => {
    hide();
    tip = make('div', term.dataset.means, {className: 'site-tip', id: 'site-tip', role: 'tooltip'});
    document.body.append(tip);
    term.setAttribute('aria-describedby', 'site-tip');
    const word = term.getBoundingClientRect(), box = tip.getBoundingClientRect(), below = word.top < box.height + 80;
    tip.style.left = `${Math.max(8, Math.min(word.left, html.clientWidth - box.width - 8)) + scrollX}px`;
    tip.style.top = `${(below ? word.bottom + 8 : word.top - box.height - 8) + scrollY}px`;
  };
  for (const term of $$('[data-means]')) {
    for (const kind of ['mouseenter', 'focus']) term.addEventListener(kind, () => tell(term));
    for (const kind of ['mouseleave', 'blur']) term.addEventListener(kind, hide);
  }
  addEventListener('keydown', event => { if (event.key === 'Escape') hide(); });

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
