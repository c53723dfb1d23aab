'use strict';
// Crop, pad or squish: the reader chooses how wide a photo is, and sees what each way makes of it.
(() => {
  const box = document.querySelector('[data-widget=squares]'), side = 150;
  box.innerHTML = `<p class="title"><b>Try it: one photo, three squares</b></p>
    <p>Make the photo wider. What does each way lose?</p>
    <label for="squares-wide">Width of the photo, against its height: <output></output></label>
    <input type="range" id="squares-wide" min="1" max="3" step="0.1" value="1.8">
    <canvas role="img"></canvas><div class="three"></div>`;
  const slider = box.querySelector('input'), shown = box.querySelector('output'), whole = box.querySelector('canvas'), row = box.querySelector('.three');
  const picture = new Image();
  const ways = {
    Crop: {draw: (pen, cut) => pen.drawImage(picture, (cut.width - cut.height)/2, cut.top, cut.height, cut.height, 0, 0, side, side),
      says: wide => `keeps ${Math.round(100/wide)}% of the photo; the bear keeps its shape`},
    Pad: {draw: (pen, cut, wide) => pen.drawImage(picture, 0, cut.top, cut.width, cut.height, 0, side*(1 - 1/wide)/2, side, side/wide),
      says: wide => `keeps all; ${Math.round(100 - 100/wide)}% of the square is black`},
    Squish: {draw: (pen, cut) => pen.drawImage(picture, 0, cut.top, cut.width, cut.height, 0, 0, side, side),
      says: wide => wide > 1.05 ? `keeps all; the bear is ${wide.toFixed(1)} times too narrow` : 'keeps all; the bear keeps its shape'},
  };
  for (const [name, way] of Object.entries(ways)) {
    const part = document.createElement('div');
    part.innerHTML = `<b>${name}</b><canvas width="${side}" height="${side}" role="img"></canvas><p class="tell"></p>`;
    [way.canvas, way.tell] = [part.querySelector('canvas'), part.querySelector('p')];
    row.append(part);
  }
  const draw = () => {
    const wide = Number(slider.value), height = picture.width/wide, cut = {width: picture.width, height, top: (picture.height - height)*0.3};
    shown.textContent = `${wide.toFixed(1)} to 1`;
    slider.setAttribute('aria-valuetext', shown.textContent);
    Object.assign(whole, {width: 300, height: Math.round(300/wide)}).getContext('2d').drawImage(picture, 0, cut.top, cut.width, height, 0, 0, 300, 300/wide);
    whole.setAttribute('aria-label', `The photo, ${shown.textContent}`);
    for (const [name, way] of Object.entries(ways)) {
      const pen = way.canvas.getContext('2d');
      pen.fillRect(0, 0, side, side);
      way.draw(pen, cut, wide);
      way.tell.textContent = way.says(wide);
      way.canvas.setAttribute('aria-label', `${name}: ${way.says(wide)}`);
    }
  };
  slider.addEventListener('input', draw);
  picture.addEventListener('load', draw);
  picture.src = box.dataset.photo;
})();
