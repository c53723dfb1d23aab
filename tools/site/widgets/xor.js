'use strict';
// Two layers on XOR, trained by the reader: step by step, with as few or as many neurons as wanted.
(() => {
  const box = document.querySelector('[data-widget=xor]'), side = 240, cases = [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]];
  box.innerHTML = `<p class="title"><b>Try it: train the network yourself</b></p>
    <p>The weights begin as random numbers. Each step moves them a little downhill. One neuron can draw one border only. How many does the gorge need?</p>
    <fieldset><legend>Neurons in the first layer</legend>${[1, 2, 3, 4].map(n => `<label><input type="radio" name="xor-n" value="${n}"${n === 2 ? ' checked' : ''}> ${n}</label>`).join('')}</fieldset>
    <label for="xor-rate">Learning rate: <output></output></label>
    <input type="range" id="xor-rate" min="-2" max="1" step="0.25" value="-0.5">
    <div class="row"><button type="button" class="first" data-steps="1">One step</button><button type="button" data-steps="200">200 steps</button><button type="button" data-steps="0">Start anew</button></div>
    <div class="two"><canvas width="${side}" height="${side}" role="img"></canvas><div><p role="status" class="tell"></p><ul class="tell"></ul></div></div>`;
  const rate = box.querySelector('#xor-rate'), canvas = box.querySelector('canvas'), pen = canvas.getContext('2d'), says = box.querySelector('[role=status]'), list = box.querySelector('ul');
  let net, steps, seed = 1;

  const random = () => { seed = (seed*48271) % 2147483647; return seed/1073741823.5 - 1; };
  function start() {
    const n = Number(box.querySelector('[name=xor-n]:checked').value);
    net = {first: Array.from({length: n}, () => [random()*1.5, random()*1.5, random()*0.5]), second: Array.from({length: n}, () => random()*1.5), bias: 0};
    steps = 0;
    draw();
  }
  function forward(a, b) {
    const sums = net.first.map(([u, v, w]) => u*a + v*b + w), bent = sums.map(sum => Math.max(0, sum));
    return {sums, bent, chance: 1/(1 + Math.exp(-bent.reduce((sum, value, k) => sum + value*net.second[k], net.bias)))};
  }
  // The slopes of the loss, over the four cases, and one move against them.
  function step(size) {
    const slopes = {first: net.first.map(() => [0, 0, 0]), second: net.second.map(() => 0), bias: 0};
    for (const [a, b, wanted] of cases) {
      const {sums, bent, chance} = forward(a, b), off = (chance - wanted)/4;
      slopes.bias += off;
      bent.forEach((value, k) => {
        slopes.second[k] += off*value;
        if (sums[k] > 0) [a, b, 1].forEach((input, i) => { slopes.first[k][i] += off*net.second[k]*input; });
      });
    }
    net.bias -= size*slopes.bias;
    net.second = net.second.map((weight, k) => weight - size*slopes.second[k]);
    net.first = net.first.map((weights, k) => weights.map((weight, i) => weight - size*slopes.first[k][i]));
    steps += 1;
  }
  function draw() {
    const colours = getComputedStyle(document.documentElement), colour = name => colours.getPropertyValue(name).trim(), cell = 6, at = place => (place/side)*1.8 - 0.4;
    for (let x = 0; x < side; x += cell) for (let y = 0; y < side; y += cell) {
      pen.fillStyle = colour('--track');
      pen.fillRect(x, y, cell, cell);
      pen.globalAlpha = forward(at(x + cell/2), at(side - y - cell/2)).chance > 0.5 ? 0.55 : 0;
      pen.fillStyle = colour('--bar');
      pen.fillRect(x, y, cell, cell);
      pen.globalAlpha = 1;
    }
    let loss = 0, right = 0;
    pen.font = '13px system-ui, sans-serif';
    list.replaceChildren(...cases.map(([a, b, wanted]) => {
      const {chance} = forward(a, b), x = side*(a + 0.4)/1.8, y = side - side*(b + 0.4)/1.8, item = document.createElement('li');
      loss -= Math.log(Math.max(1e-9, wanted ? chance : 1 - chance))/4;
      right += (chance > 0.5) === Boolean(wanted);
      pen.beginPath();
      if (wanted) pen.rect(x - 7, y - 7, 14, 14); else pen.arc(x, y, 8, 0, 7);
      pen.fillStyle = wanted ? '#e69f00' : '#fff';
      pen.fill();
      pen.lineWidth = 2;
      pen.strokeStyle = '#000';
      pen.stroke();
      pen.fillStyle = colour('--ink');
      pen.fillText(wanted ? 'close' : 'open', x + 11, y - 8);
      item.textContent = `cameras ${a} and ${b}: close with ${Math.round(100*chance)}%, wanted: ${wanted ? 'close' : 'open'}`;
      return item;
    }));
    says.textContent = `After ${steps} steps: ${right} of 4 right, loss ${loss.toFixed(2)}.${steps >= 400 && right < 4 ? net.first.length === 1 ? ' One neuron is not enough.' : ' Stuck: it depends on the random start. Start anew.' : ''}`;
    canvas.setAttribute('aria-label', `The plane of both cameras; in the blue area the network says close. ${says.textContent}`);
  }
  const size = () => 10**Number(rate.value), showRate = () => {
    box.querySelector('output').textContent = size().toPrecision(2);
    rate.setAttribute('aria-valuetext', size().toPrecision(2));
  };
  rate.addEventListener('input', showRate);
  for (const button of box.querySelectorAll('button')) button.addEventListener('click', () => {
    const wanted = Number(button.dataset.steps);
    if (!wanted) return start();
    for (let k = 0; k < wanted; k++) step(size());
    draw();
  });
  for (const radio of box.querySelectorAll('[name=xor-n]')) radio.addEventListener('change', start);
  new MutationObserver(draw).observe(document.documentElement, {attributeFilter: ['data-theme']});
  showRate();
  start();
})();
