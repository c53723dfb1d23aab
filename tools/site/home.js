'use strict';
// The classifier in the first page: its page is loaded into a frame when somebody asks, and gets the photo from here.
(() => {
  const box = document.querySelector('.try'), drop = box.querySelector('.drop'), input = box.querySelector('input'), say = box.querySelector('[role=status]');
  // The page in the frame keeps its height: the photo on the left, the answer beside it, and nothing else.
  const fits = `body > :not(.page), .page > :not(main), main > :not(.work), .tries, #on, h2, #hint, #camera, #wrong { display: none !important } html, body { background: var(--paper) !important } .page { padding: 0 .3rem 0 0 !important }
    .work { grid-template-columns: minmax(0, 34%) minmax(0, 1fr) !important; gap: 1rem } section, #drop { padding: 0 !important; border: 0 !important; background: none; min-height: 0 !important } #ask { display: block } #seen, #given { width: 100% }
    #drop { grid-template-columns: minmax(0, 1fr) !important; place-content: start stretch !important } #drop > * { grid-row: auto !important } #drop .button { display: grid; place-content: center; padding: .3rem .4rem !important; width: 100%; box-sizing: border-box; line-height: 1.3; font-size: .92rem; background: var(--paper); border-color: var(--rest); color: var(--ink) } .buttons { width: 100% } #status { font-size: 1.1rem; margin-bottom: .5rem } #bars li { margin-bottom: .4rem; line-height: 1.3; font-size: 1rem } #bars .track { height: .6rem } #note { font-size: .9rem; line-height: 1.35 }`;
  let frame = null;

  const ready = () => frame ??= new Promise(done => {
    const made = Object.assign(document.createElement('iframe'), {src: 'classifier/index.html', title: 'The classifier and its answer'});
    made.addEventListener('load', () => {
      const inside = made.contentDocument, style = new made.contentWindow.CSSStyleSheet();
      style.replaceSync(fits);
      inside.adoptedStyleSheets = [...inside.adoptedStyleSheets, style];
      for (const link of inside.querySelectorAll('a')) link.target = '_top';
      new MutationObserver(() => { inside.documentElement.dataset.theme = document.documentElement.dataset.theme; }).observe(document.documentElement, {attributeFilter: ['data-theme']});
      done(inside);
    }, {once: true});
    drop.replaceWith(made);
  });

  async function show(photo, name) {
    say.textContent = `Fetching the model: ${box.dataset.megabytes} MB, once ...`;
    try {
      const file = photo instanceof File ? photo : new File([await photo], name, {type: 'image/jpeg'});
      const inside = await ready(), files = new DataTransfer();
      files.items.add(file);
      const place = inside.getElementById('file');
      place.files = files.files;
      place.dispatchEvent(new Event('change', {bubbles: true}));
      say.textContent = '';
    } catch { say.textContent = 'That did not work here. It may on its own page: the link is below.'; }
  }

  input.addEventListener('change', () => { if (input.files.length) show(input.files[0]); });
  for (const button of box.querySelectorAll('.examples button')) button.addEventListener('click', () => {
    const image = button.querySelector('img');
    show(fetch(image.dataset.photo).then(answer => answer.blob()), image.alt);
  });
  addEventListener('dragover', event => { event.preventDefault(); drop.classList.add('over'); });
  addEventListener('dragleave', event => { if (!event.relatedTarget) drop.classList.remove('over'); });
  addEventListener('drop', event => {
    event.preventDefault();
    drop.classList.remove('over');
    if (event.dataTransfer.files.length) show(event.dataTransfer.files[0]);
  });

  // ---- The moving picture stops when it is told to, and does not start where motion is not wanted ----
  const stop = document.querySelector('.moving button'), plays = matchMedia('(prefers-reduced-motion: reduce)').matches ? 'Play' : 'Stop';
  if (stop) stop.textContent = plays;
  stop?.addEventListener('click', () => {
    const wanted = stop.textContent === 'Stop' ? 'still' : 'moving';
    for (const part of document.querySelectorAll('.moving source')) part.srcset = part.srcset.replace(/moving|still/, wanted);
    for (const part of document.querySelectorAll('.moving img')) part.src = part.src.replace(/moving|still/, wanted);
    stop.textContent = wanted === 'still' ? 'Play' : 'Stop';
  });
})();
