'use strict';
// The ranger's limit: the reader moves it, and counts the bears that are missed and the false alarms among the notebook's own 84 photos.
(() => {
  const box = document.querySelector('[data-widget=limit]'), {bears, others} = JSON.parse(box.dataset.numbers);
  box.innerHTML = `<p class="title"><b>Try it: choose the limit yourself</b></p>
    <p>These are the notebook's ${bears.length + others.length} photos, one square or dot each. The sign lights up when the probability of a bear reaches the limit.</p>
    <label for="limit-at">Limit: <output></output></label>
    <input type="range" id="limit-at" min="0.01" max="0.99" step="0.01" value="0.5">
    <div class="two"><div><b class="tell"></b><div class="count" aria-hidden="true"></div></div><div><b class="tell"></b><div class="count" aria-hidden="true"></div></div></div>
    <p role="status" class="verdict"></p>`;
  const slider = box.querySelector('input'), shown = box.querySelector('output'), verdict = box.querySelector('.verdict');
  const [missed, alarms] = box.querySelectorAll('.tell'), dots = [...box.querySelectorAll('.count')];
  [bears, others].forEach((each, k) => dots[k].append(...each.map(() => document.createElement('i'))));
  const paint = (row, bad) => [...row.children].forEach((dot, k) => dot.classList.toggle('bad', k < bad));
  const draw = () => {
    const limit = Number(slider.value), lost = bears.filter(chance => chance < limit).length, wrong = others.filter(chance => chance >= limit).length;
    shown.textContent = limit.toFixed(2);
    slider.setAttribute('aria-valuetext', `${shown.textContent}: ${lost} bears missed, ${wrong} false alarms`);
    missed.textContent = `${lost} of ${bears.length} bears missed`;
    alarms.textContent = `${wrong} of ${others.length} photos labelled teddy ring the alarm`;
    paint(dots[0], lost);
    paint(dots[1], wrong);
    const least = Math.min(...others.map(chance => chance >= limit ? chance : 1));
    verdict.textContent = lost ? `Hikers meet ${lost === 1 ? 'a bear' : `${lost} bears`} without a warning.`
      : wrong > 2 ? `No bear is missed, but a higher limit would spare ${wrong - 2} of the ${wrong} false alarms.`
      : `No bear is missed. The ${wrong} false alarms have a probability of ${least.toFixed(3)} and more.`;
  };
  slider.addEventListener('input', draw);
  draw();
})();
