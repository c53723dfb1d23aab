// A photo as the model's input: opened safely, and cut and scaled pixel for pixel as Pillow does it for `Classifier`.

export class PhotoError extends Error {}

const largestFile = 60_000_000;    // bytes
const largestPhoto = 50_000_000;   // pixels, as in bears_lib.engine.photos
const heif = 'avif avis heic heix hevc mif1 msf1'.split(' ');

// ---- Opening ----

// The photo as an ImageBitmap, upright, and the kind of file it came from.
export async function openPhoto(file) {
  if (file.size === 0) throw new PhotoError('the file is empty.');
  if (file.size > largestFile) throw new PhotoError(`the file has ${Math.round(file.size/1e6)} MB, and at most ${largestFile/1e6} are opened. Make it smaller first.`);
  const bytes = await file.arrayBuffer().then(data => new Uint8Array(data), () => { throw new PhotoError("the file can't be read."); });
  const {kind, width, height} = lookAt(bytes);
  if (width*height > largestPhoto) throw new PhotoError(`${width} x ${height} pixels are too large to open safely (at most ${largestPhoto/1e6} megapixels). Make it smaller first.`);
  // Colours as they stand in the file: Pillow does not convert them either.
  const options = {imageOrientation: 'from-image', premultiplyAlpha: 'none', colorSpaceConversion: 'none'};
  try { return {kind, bitmap: await createImageBitmap(new Blob([bytes]), options)}; }
  catch {
    if (kind === 'JPEG' || kind === 'PNG') throw new PhotoError('the picture is damaged.');
    throw new PhotoError(`the picture is damaged, or this browser can't open ${kind} files. Save it as JPEG and try again.`);
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
    if (text(4, 8) === 'ftyp' && heif.includes(text(8, 12))) return {kind: text(8, 11) === 'avi' ? 'AVIF' : 'HEIC', ...heifSize(view, bytes)};
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

// ---- Scaling: Pillow's bicubic filter, wider when it shrinks, in its own fixed-point arithmetic ----

const bits = 22;

function cubic(x) {
  x = Math.abs(x);
  if (x < 1) return (1.5*x - 2.5)*x*x + 1;
  return x < 2 ? ((-0.5*x + 2.5)*x - 4)*x + 2 : 0;
}

// For each output pixel the first input pixel that counts, and the weights from there on.
function weightsOf(inputs, from, to, outputs) {
  from = Math.fround(from);
  const scale = Math.fround(Math.fround(to) - from)/outputs, wide = Math.max(scale, 1), reach = 2*wide;
  return Array.from({length: outputs}, (_, i) => {
    const middle = from + (i + 0.5)*scale;
    const first = Math.max(0, Math.trunc(middle - reach + 0.5)), end = Math.min(inputs, Math.trunc(middle + reach + 0.5));
    const parts = Array.from({length: end - first}, (_, k) => cubic((k + first - middle + 0.5)*(1/wide)));
    const sum = parts.reduce((a, b) => a + b, 0);
    return {first, parts: Int32Array.from(parts, part => Math.trunc(part/sum*2**bits + (part < 0 ? -0.5 : 0.5)))};
  });
}

const clip = value => { value >>= bits; return value < 0 ? 0 : value > 255 ? 255 : value; };

// `read(top, rows)` gives rows of a picture `width` x `height` as RGBA bytes; `box` is left, top, right, bottom. The result is RGB bytes.
export async function resample(read, width, height, box, across, down) {
  const columns = weightsOf(width, box[0], box[2], across), rows = weightsOf(height, box[1], box[3], down);
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

// ---- The model's square, as `Preprocess` makes it ----

function reader(bitmap) {
  const canvas = document.createElement('canvas'), ink = canvas.getContext('2d', {willReadFrequently: true});
  return async (top, rows) => {
    canvas.width = bitmap.width;
    canvas.height = rows;
    ink.fillStyle = '#fff';  // what is transparent becomes white
    ink.fillRect(0, 0, canvas.width, rows);
    ink.drawImage(bitmap, 0, top, bitmap.width, rows, 0, 0, bitmap.width, rows);
    await new Promise(done => setTimeout(done));  // let the page breathe
    return ink.getImageData(0, 0, canvas.width, rows).data;
  };
}

const roundEven = x => Math.abs(x % 1) === 0.5 ? 2*Math.round(x/2) : Math.round(x);  // as Python rounds

export async function squareOf({bitmap, kind}, {size, resize, crop}) {
  let {width, height} = bitmap, read = reader(bitmap);
  const target = 2*size/Math.min(width, height), least = n => Math.max(1, roundEven(n*target));
  const room = Math.min(Math.floor(width/least(width)), Math.floor(height/least(height)));
  const by = kind === 'JPEG' ? [8, 4, 2, 1].find(n => room >= n) ?? 1 : 1;
  if (by > 1) {
    read = shrink(read, width, height, by);
    [width, height] = [Math.ceil(width/by), Math.ceil(height/by)];
  }
  if (resize === 'pad') return padded(read, width, height, size);
  const [across, down] = resize === 'squish' ? [width*crop, height*crop] : [Math.min(width, height)*crop, Math.min(width, height)*crop];
  return resample(read, width, height, [(width - across)/2, (height - down)/2, (width + across)/2, (height + down)/2], size, size);
}

async function padded(read, width, height, size) {
  const across = width >= height ? size : Math.max(1, roundEven(width/height*size));
  const down = height >= width ? size : Math.max(1, roundEven(height/width*size));
  const inner = await resample(read, width, height, [0, 0, width, height], across, down);
  const result = new Uint8Array(size*size*3).fill(255), left = roundEven((size - across)/2), top = roundEven((size - down)/2);
  for (let y = 0; y < down; y++) result.set(inner.subarray(3*y*across, 3*(y + 1)*across), 3*((top + y)*size + left));
  return result;
}

// Numbers as the network takes them: all reds, then all greens, then all blues.
export function tensorOf(square, {size, mean, std}) {
  const result = new Float32Array(3*size*size), area = size*size;
  for (let colour = 0; colour < 3; colour++) for (let i = 0; i < area; i++) result[colour*area + i] = (square[3*i + colour]/255 - mean[colour])/std[colour];
  return result;
}
