// A photo as the model's input: opened safely, and cut and scaled pixel for pixel as Pillow does it for `Classifier`.

export class PhotoError extends Error { elsewhere = false; }  // elsewhere: whether the page itself may open what its worker can't

const largestFile = 60_000_000;    // bytes
const largestPhoto = 50_000_000;   // pixels, as in bears_lib.engine.core.photos
const heif = 'avif avis heic heix hevc hevx heim heis mif1 msf1'.split(' ');

const heic = "a HEIC photo, which this browser can't open. On an iPhone, choose it from the photo library, which converts it, or set Settings > Camera > Formats to Most Compatible.";

// ---- Opening ----

// The photo as an ImageBitmap, the kind of file it came from, and how to turn it upright (1: it stands).
export async function openPhoto(file) {
  if (file.size === 0) throw new PhotoError('the file is empty.');
  if (file.size > largestFile) throw new PhotoError(`the file has ${Math.round(file.size/1e6)} MB, and at most ${largestFile/1e6} are opened. Make it smaller first.`);
  const bytes = await file.arrayBuffer().then(data => new Uint8Array(data), () => { throw new PhotoError("the file can't be read."); });
  const {kind, width, height} = lookAt(bytes);
  if (width*height > largestPhoto) throw new PhotoError(`${width} x ${height} pixels are too large to open safely (at most ${largestPhoto/1e6} megapixels). Make it smaller first.`);
  const {turn, rest} = await takeTurn(bytes, kind);
  // Colours as they stand in the file: Pillow does not convert them either.
  const options = /** @type {ImageBitmapOptions} */ ({imageOrientation: 'from-image', premultiplyAlpha: 'none', colorSpaceConversion: 'none'});
  try { return {kind, turn, bitmap: await createImageBitmap(rest, options)}; }
  catch {
    if (kind === 'JPEG' || kind === 'PNG') throw new PhotoError('the picture is damaged.');
    const why = kind === 'HEIC' ? heic : `the picture is damaged, or this browser can't open ${kind} files. Save it as JPEG and try again.`;
    throw Object.assign(new PhotoError(why), {elsewhere: kind === 'HEIC' || kind === 'AVIF'});
  }
}

// What a file is by its first bytes, whatever its name says, and how large its picture is before it is decoded.
export function lookAt(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (from, to) => String.fromCharCode(...bytes.subarray(from, to));
  try {
    if (text(0, 3) === '\xff\xd8\xff') return {kind: 'JPEG', ...jpegSize(view)};
    if (text(0, 8) === '\x89PNG\r\n\x1a\n') return {kind: 'PNG', width: view.getUint32(16), height: view.getUint32(20)};
    if (text(0, 4) === 'GIF8') return {kind: 'GIF', width: view.getUint16(6, true), height: view.getUint16(8, true)};
    if (text(0, 2) === 'BM') return {kind: 'BMP', width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true))};
    if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') return {kind: 'WebP', ...webpSize(view, text(12, 16))};
    if (text(4, 8) === 'ftyp' && heif.includes(text(8, 12))) return {kind: /avi[fs]/.test(text(8, 40)) ? 'AVIF' : 'HEIC', ...heifSize(view, bytes)};
  } catch (error) {
    if (error instanceof RangeError) throw new PhotoError('the picture is damaged.');
    throw error;
  }
  if (/^\s*</.test(text(0, 512).replace(/^\xef\xbb\xbf/, ''))) throw new PhotoError('a web page or drawing in text form (such as SVG), not a photo.');
  throw new PhotoError('not a picture that can be opened (JPEG, PNG, WebP, GIF, BMP and AVIF can).');
}

// The size stands in the frame header, behind any number of other segments.
function jpegSize(view) {
  for (let at = 2; ;) {
    if (view.getUint8(at) !== 0xff) throw new RangeError();
    const mark = view.getUint8(at + 1);
    if (mark === 0xff) { at += 1; continue; }
    if (mark >= 0xc0 && mark <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(mark)) return {height: view.getUint16(at + 5), width: view.getUint16(at + 7)};
    at += mark === 1 || (mark >= 0xd0 && mark <= 0xd8) ? 2 : 2 + view.getUint16(at + 2);
  }
}

function webpSize(view, chunk) {
  const three = at => view.getUint16(at, true) + 65536*view.getUint8(at + 2);
  if (chunk === 'VP8X') return {width: 1 + three(24), height: 1 + three(27)};
  if (chunk === 'VP8 ') return {width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff};
  const bits = view.getUint32(21, true);
  return {width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff)};
}

// The largest picture that any of the file's `ispe` boxes announces.
function heifSize(view, bytes) {
  let largest = {width: 0, height: 0};
  for (let at = 8; at < Math.min(bytes.length - 16, 65536); at++) {
    if (view.getUint32(at) !== 0x69737065) continue;
    const found = {width: view.getUint32(at + 8), height: view.getUint32(at + 12)};
    if (found.width*found.height > largest.width*largest.height) largest = found;
  }
  if (!largest.width) throw new RangeError();
  return largest;
}

// ---- Which way is up: browsers differ in what they read of it, so it is read here, as Pillow does, and taken out of the file ----

const latin = (view, from, to) => new TextDecoder('latin1').decode(new Uint8Array(view.buffer).subarray(from, to));
const xmpMark = 'http://ns.adobe.com/xap/1.0/\0', texts = {'XML:com.adobe.xmp': 'xmp', 'Raw profile type exif': 'raw'};

// The parts of a file in which it may stand: where they begin and end, what they hold, and from where on.
const parts = {
  *JPEG(view) {
    for (let at = 2, end; view.getUint8(at) === 0xff; at = end) {
      const mark = view.getUint8(at + 1), text = latin(view, at + 4, at + 33);
      end = at + (mark === 0xff ? 1 : mark === 1 || (mark >= 0xd0 && mark <= 0xd8) ? 2 : 2 + view.getUint16(at + 2));
      if (mark === 0xda) return;
      if (mark === 0xe1 && text.startsWith('Exif\0')) yield {at, end, name: text[5] === '\0' ? 'exif' : '', from: at + 4};
      if (mark === 0xe1 && text === xmpMark) yield {at, end, name: 'xmp', from: at + 33};
    }
  },
  *PNG(view) {
    for (let at = 8, end; ; at = end) {
      const kind = latin(view, at + 4, at + 8), [key] = latin(view, at + 8, at + 40).split('\0'), from = at + 9 + key.length;
      end = at + 12 + view.getUint32(at);
      if (kind === 'eXIf') yield {at, end, name: 'exif', from: at + 8};
      if (kind === 'acTL') yield {at, end, name: ''};  // without it an animated PNG is the picture that other programs see
      if (!texts[key]) continue;
      const [language, translated] = latin(view, from + 2, end).split('\0', 2), international = from + 4 + language.length + translated?.length;
      const text = {tEXt: {from}, zTXt: {from: from + 1, packed: true}, iTXt: {from: international, packed: view.getUint8(from) === 1}}[kind];
      if (text) yield {at, end, name: texts[key], ...text};
    }
  },
  *WebP(view) {
    for (let at = 12, end; ; at = end) {
      const name = {'EXIF': 'exif', 'XMP ': 'xmp'}[latin(view, at, at + 4)], size = view.getUint32(at + 4, true);
      end = at + 8 + size + size % 2;
      if (name) yield {at, end, name, from: at + 8};
    }
  },
};

// EXIF's number for how the picture has to be turned, and the file without all that says so.
async function takeTurn(bytes, kind) {
  const view = new DataView(bytes.buffer), found = /** @type {any} */ ({}), rest = [];
  let kept = 0;
  try {
    for (const {at, end, name, from, packed} of parts[kind]?.(view) ?? []) {
      if (name && (kind === 'PNG' || name !== 'exif' || !found.exif)) found[name] = await unpacked(bytes.slice(from, end), packed);
      if (kind === 'WebP') bytes[at] = 45;  // a name that nobody knows; the sizes stay as they are
      else { rest.push(bytes.subarray(kept, at)); kept = end; }
    }
  } catch (error) { if (!(error instanceof RangeError)) throw error; }  // the file ends here
  return {turn: turnOf(found), rest: new Blob([...rest, bytes.subarray(kept)])};
}

async function unpacked(data, packed, most = 1_000_000) {
  if (!packed) return data;
  const reader = new Blob([data]).stream().pipeThrough(new DecompressionStream('deflate')).getReader(), found = [];
  try { for (let size = 0, part; size < most && (part = (await reader.read()).value); size += part.length) found.push(part); } catch { /* what came before the fault counts */ }
  return new Uint8Array(await new Blob(found).arrayBuffer());
}

function turnOf({exif, raw, xmp}) {
  const text = data => data ? latin(new DataView(data.buffer), 0, data.length) : '';
  exif ??= Uint8Array.from(text(raw).split('\n').slice(3).join('').match(/[0-9a-f]{2}/gi) ?? [], pair => parseInt(pair, 16));
  const turn = turnInExif(new DataView(exif.buffer)) ?? Number(/tiff:Orientation(?:="|>)([0-9])/.exec(text(xmp))?.[1]);
  return turn >= 1 && turn <= 8 ? turn : 1;
}

function turnInExif(view) {
  let turn;
  try {
    const start = view.getUint32(0) === 0x45786966 ? 6 : 0, little = view.getUint16(start) === 0x4949, list = start + view.getUint32(start + 4, little);
    for (let i = 0, row = list + 2; i < view.getUint16(list, little); i++, row += 12) if (view.getUint16(row, little) === 0x0112) {
      const kind = view.getUint16(row + 2, little), long = kind === 4 || kind === 9, far = view.getUint32(row + 4, little)*(long ? 4 : 2) > 4;
      const place = far ? start + view.getUint32(row + 8, little) : row + 8;
      turn = long ? view.getUint32(place, little) : kind === 3 || kind === 8 ? view.getUint16(place, little) : 0;  // Pillow takes no other kind of number for it
    }
  } catch (error) { if (!(error instanceof RangeError)) throw error; }
  return turn;
}

// ---- Scaling: Pillow's filters, wider when they shrink, in its own fixed-point arithmetic ----

const bits = 22;
const sinc = x => x === 0 ? 1 : Math.sin(x*Math.PI)/(x*Math.PI);

// For each filter how far it reaches, and the weight of an input pixel at the distance x from the middle, 0 or more.
const filters = {
  box: [0.5, (x, at) => at > -0.5 && at <= 0.5 ? 1 : 0],
  bilinear: [1, x => x < 1 ? 1 - x : 0],
  hamming: [1, x => x === 0 ? 1 : x < 1 ? sinc(x)*(Math.fround(0.54) + Math.fround(0.46)*Math.cos(x*Math.PI)) : 0],
  bicubic: [2, x => x < 1 ? (1.5*x - 2.5)*x*x + 1 : x < 2 ? ((-0.5*x + 2.5)*x - 4)*x + 2 : 0],
  lanczos: [3, x => x < 3 ? sinc(x)*sinc(x/3) : 0],
};

// For each output pixel the first input pixel that counts, and the weights from there on.
function weightsOf(inputs, from, to, outputs, name) {
  if (name === 'nearest') return Array.from({length: outputs}, (_, i) => ({first: Math.trunc(from + (i + 0.5)*((to - from)/outputs)), parts: Int32Array.of(2**bits)}));
  from = Math.fround(from);
  const [reach, filter] = filters[name], scale = Math.fround(Math.fround(to) - from)/outputs, wide = Math.max(scale, 1), far = reach*wide;
  return Array.from({length: outputs}, (_, i) => {
    const middle = from + (i + 0.5)*scale;
    const first = Math.max(0, Math.trunc(middle - far + 0.5)), end = Math.min(inputs, Math.trunc(middle + far + 0.5));
    const parts = Array.from({length: end - first}, (_, k) => filter(Math.abs((k + first - middle + 0.5)*(1/wide)), (k + first - middle + 0.5)*(1/wide)));
    const sum = parts.reduce((a, b) => a + b, 0);
    return {first, parts: Int32Array.from(parts, part => Math.trunc(part/sum*2**bits + (part < 0 ? -0.5 : 0.5)))};
  });
}

const clip = value => { value >>= bits; return value < 0 ? 0 : value > 255 ? 255 : value; };

// `read(top, rows)` gives rows of a picture `width` x `height` as RGBA bytes; `box` is left, top, right, bottom. The result is RGB bytes.
export async function resample(read, width, height, box, across, down, filter = 'bicubic') {
  const columns = weightsOf(width, box[0], box[2], across, filter), rows = weightsOf(height, box[1], box[3], down, filter);
  const top = rows[0].first, bottom = rows[down - 1].first + rows[down - 1].parts.length;
  const narrow = new Uint8Array((bottom - top)*across*3), half = 1 << (bits - 1);
  const stripe = Math.max(16, Math.floor(1_000_000/width));  // read in stripes: phones limit the size of a canvas
  for (let y = top; y < bottom; y += stripe) {
    const count = Math.min(stripe, bottom - y), pixels = await read(y, count);
    for (let row = 0, out = (y - top)*across*3; row < count; row++) for (const {first, parts} of columns) {
      let red = half, green = half, blue = half;
      for (let k = 0, at = 4*(row*width + first); k < parts.length; k++, at += 4) {
        const part = parts[k];
        red += pixels[at]*part; green += pixels[at + 1]*part; blue += pixels[at + 2]*part;
      }
      narrow[out++] = clip(red); narrow[out++] = clip(green); narrow[out++] = clip(blue);
    }
  }
  const result = new Uint8Array(down*across*3);
  rows.forEach(({first, parts}, row) => {
    for (let x = 0; x < across*3; x++) {
      let sum = half;
      for (let k = 0, at = (first - top)*across*3 + x; k < parts.length; k++, at += across*3) sum += narrow[at]*parts[k];
      result[row*across*3 + x] = clip(sum);
    }
  });
  return result;
}

// `Classifier` decodes a large JPEG at a half, a quarter or an eighth of its size; averaging `by` x `by` pixels comes close to that.
export function shrink(read, width, height, by) {
  const narrow = Math.ceil(width/by);
  return async (top, rows) => {
    const count = Math.min(rows*by, height - top*by), pixels = await read(top*by, count), result = new Uint8Array(rows*narrow*4);
    for (let y = 0; y < rows; y++) for (let x = 0; x < narrow; x++) {
      const right = Math.min(width, (x + 1)*by), low = Math.min(count, (y + 1)*by), n = (right - x*by)*(low - y*by);
      let red = n >> 1, green = red, blue = red;
      for (let j = y*by; j < low; j++) for (let at = 4*(j*width + x*by), end = 4*(j*width + right); at < end; at += 4) {
        red += pixels[at]; green += pixels[at + 1]; blue += pixels[at + 2];
      }
      const at = 4*(y*narrow + x);
      result[at] = red/n; result[at + 1] = green/n; result[at + 2] = blue/n;
    }
    return result;
  };
}

// ---- A part of a photo, and values between its pixels, as fastai takes them ----

// For each of `count` pixels from `from` on the one that stands there, of `size`; -1 is black.
function places(from, count, size, fill) {
  const first = Math.max(from, 0), n = Math.min(from + count, size) - first, around = Math.max(2*(n - 1), 1);
  return Int32Array.from({length: count}, (_, i) => {
    const at = from + i - first;
    if (at >= 0 && at < n) return first + at;
    if (fill === 'zeros') return -1;
    if (fill === 'border') return first + Math.min(Math.max(at, 0), n - 1);
    const back = (at % around + around) % around;
    return first + Math.min(back, around - back);
  });
}

// A part of a photo that may reach beyond its edges, read when it is needed.
function part({read, width, height}, left, top, across, down, fill) {
  const columns = places(left, across, width, fill), rows = places(top, down, height, fill);
  return {width: across, height: down, read: async (from, count) => {
    const wanted = rows.subarray(from, from + count), inside = wanted.filter(row => row >= 0);
    const low = inside.reduce((a, b) => Math.min(a, b), height), high = inside.reduce((a, b) => Math.max(a, b), -1);
    const pixels = high < 0 ? new Uint8Array() : await read(low, high - low + 1), result = new pixels.constructor(4*count*across);
    for (let y = 0; y < count; y++) if (wanted[y] >= 0) for (let x = 0; x < across; x++) if (columns[x] >= 0) {
      const at = 4*((wanted[y] - low)*width + columns[x]);
      for (let k = 0; k < 3; k++) result[4*(y*across + x) + k] = pixels[at + k];
    }
    return result;
  }};
}

// RGB values as a photo that can be read again.
const madeOf = (pixels, width, height) => ({pixels, width, height, read: async (top, rows) => {
  const result = new pixels.constructor(4*rows*width);
  for (let i = 0; i < rows*width; i++) for (let k = 0; k < 3; k++) result[4*i + k] = pixels[3*(top*width + i) + k];
  return result;
}});

async function whole({read, width, height}) {
  const pixels = await read(0, height), result = new pixels.constructor(3*width*height);
  for (let i = 0; i < width*height; i++) for (let k = 0; k < 3; k++) result[3*i + k] = pixels[4*i + k];
  return result;
}

// Each output is the mean of the inputs that it touches, or a value at even distances from the first to the last of them.
const averages = (inputs, outputs) => Array.from({length: outputs}, (_, i) => {
  const first = Math.floor(i*inputs/outputs), n = Math.ceil((i + 1)*inputs/outputs) - first;
  return {first, parts: Array(n).fill(1/n)};
});
const between = (inputs, outputs) => Array.from({length: outputs}, (_, i) => {
  const place = i*(inputs - 1)/(outputs - 1), first = Math.min(Math.floor(place), Math.max(inputs - 2, 0));
  return {first, parts: inputs > 1 ? [1 - (place - first), place - first] : [1]};
});

function mixed({pixels, width}, columns, rows) {
  const across = columns.length, height = pixels.length/3/width, narrow = new Float32Array(height*across*3), result = new Float32Array(rows.length*across*3);
  for (let y = 0; y < height; y++) columns.forEach(({first, parts}, x) => parts.forEach((share, j) => {
    for (let k = 0; k < 3; k++) narrow[3*(y*across + x) + k] += share*pixels[3*(y*width + first + j) + k];
  }));
  rows.forEach(({first, parts}, y) => parts.forEach((share, j) => {
    for (let x = 0; x < across*3; x++) result[3*y*across + x] += share*narrow[3*(first + j)*across + x];
  }));
  return madeOf(result, across, rows.length);
}

// ---- The model's square, as `Preprocess` makes it ----

// Where the picture's first row and column lie when it is turned upright: as the transform of a canvas, by EXIF's numbers.
const turns = [[1, 0, 0, 1], [1, 0, 0, 1], [-1, 0, 0, 1], [-1, 0, 0, -1], [1, 0, 0, -1], [0, 1, 1, 0], [0, 1, -1, 0], [0, -1, -1, 0], [0, -1, 1, 0]];

export function reader(bitmap, turn = 1) {
  const canvas = new OffscreenCanvas(1, 1), ink = canvas.getContext('2d', {willReadFrequently: true}), [a, b, c, d] = turns[turn];
  const [width, height] = turn > 4 ? [bitmap.height, bitmap.width] : [bitmap.width, bitmap.height];
  return {width, height, read: async (top, rows) => {
    canvas.width = width;
    canvas.height = rows;
    ink.fillStyle = '#fff';  // what is transparent becomes white
    ink.fillRect(0, 0, width, rows);
    ink.setTransform(a, b, c, d, a + c < 0 ? width : 0, (b + d < 0 ? height : 0) - top);
    if (turn === 1) ink.drawImage(bitmap, 0, top, width, rows, 0, top, width, rows);
    else ink.drawImage(bitmap, 0, 0);
    return ink.getImageData(0, 0, width, rows).data;
  }};
}

const roundEven = x => Math.abs(x % 1) === 0.5 ? 2*Math.round(x/2) : Math.round(x);  // as Python rounds

// What each step does to a photo; the names are those of bears_lib.engine.core.photos.
const ways = {crop: own, squish: own, pad: padded, cut: resized, stretch: resized, fill: resized, middle, sample};

// A photo's pixels after all steps, RGB in 0..255: bytes, or numbers between them after 'sample'.
export async function squareOf({bitmap, kind, turn}, {steps}) {
  let photo = reader(bitmap, turn);
  if (ways[steps[0].way] === own || ways[steps[0].way] === padded) photo = drafted(photo, kind, Math.max(...steps[0].size));
  for (const step of steps) photo = await ways[step.way](photo, step);
  return photo.pixels;
}

export function drafted({read, width, height}, kind, size) {
  const target = 2*size/Math.min(width, height), least = n => Math.max(1, roundEven(n*target));
  const room = Math.min(Math.floor(width/least(width)), Math.floor(height/least(height)));
  const by = kind === 'JPEG' ? [8, 4, 2, 1].find(n => room >= n) ?? 1 : 1;
  return by > 1 ? {read: shrink(read, width, height, by), width: Math.ceil(width/by), height: Math.ceil(height/by)} : {read, width, height};
}

async function own({read, width, height}, {way, size: [down, across], filter, share}) {
  const [wide, high] = way === 'squish' ? [width*share, height*share] : [Math.min(width, height*(across/down))*share, Math.min(height, width*(down/across))*share];
  const box = [(width - wide)/2, (height - high)/2, (width + wide)/2, (height + high)/2];
  return madeOf(await resample(read, width, height, box, across, down, filter), across, down);
}

async function padded({read, width, height}, {size: [down, across], filter}) {
  const wide = width/height >= across/down ? across : Math.max(1, roundEven(width/height*down));
  const high = width/height <= across/down ? down : Math.max(1, roundEven(height/width*across));
  const inner = await resample(read, width, height, [0, 0, width, height], wide, high, filter);
  const result = new Uint8Array(across*down*3).fill(255), left = roundEven((across - wide)/2), top = roundEven((down - high)/2);
  for (let y = 0; y < high; y++) result.set(inner.subarray(3*y*wide, 3*(y + 1)*wide), 3*((top + y)*across + left));
  return madeOf(result, across, down);
}

async function resized(photo, {way, size: [down, across], filter, fill}) {
  if (way !== 'stretch') {
    const scale = (way === 'cut' ? Math.min : Math.max)(photo.width/across, photo.height/down);
    const wide = Math.max(1, Math.trunc(scale*across)), high = Math.max(1, Math.trunc(scale*down));
    photo = part(photo, Math.trunc(0.5*(photo.width - wide)), Math.trunc(0.5*(photo.height - high)), wide, high, fill);
  }
  return madeOf(await resample(photo.read, photo.width, photo.height, [0, 0, photo.width, photo.height], across, down, filter), across, down);
}

async function middle(photo, {size: [down, across], fill}) {
  const cut = part(photo, Math.floor((photo.width - across)/2), Math.floor((photo.height - down)/2), across, down, fill);
  return madeOf(await whole(cut), across, down);
}

function sample(photo, {size: [down, across]}) {
  const smaller = Math.min(photo.width/across, photo.height/down)/2, {width, height} = photo;
  if (smaller > 1) photo = mixed(photo, averages(width, Math.floor(width*(1/smaller))), averages(height, Math.floor(height*(1/smaller))));
  return mixed(photo, between(photo.width, across), between(photo.height, down));
}

// Numbers as the network takes them: all reds, then all greens, then all blues.
export function tensorOf(square, {size: [height, width], mean, std}) {
  const area = height*width, result = new Float32Array(3*area);
  for (let colour = 0; colour < 3; colour++) for (let i = 0; i < area; i++) result[colour*area + i] = (square[3*i + colour]/255 - mean[colour])/std[colour];
  return result;
}
