"""Forty and some ways in which the address of a photo goes wrong, or looks as if it did: what the site does, and how it must end."""
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
import gzip, socket, struct, time, zlib

import numpy as np
from PIL import Image

from loopback import Answer, Request
from loopback.engines import jpeg

@dataclass
class Case:
    name: str
    url: str
    ends: str # 'kept', 'copy' (kept once with another), or a part of the reason why it is refused
    site: Callable[[Request], Answer]|None = None # None: nobody may be asked
    check: Callable[[Image.Image], bool]|None = None # What must be true of the photo that is kept
    page: str = '' # The page on which it was found

def photo(seed, mode:str='RGB', size:tuple[int, int]=(160, 120)) -> Image.Image: return Image.open(BytesIO(jpeg(seed))).convert(mode).resize(size)

def encoded(image:Image.Image, kind:str, **options) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()

def image(body:bytes, **headers) -> Callable[[Request], Answer]:
    return lambda request: Answer(body, headers={'Content-Type': 'image/jpeg'} | {key.replace('_', '-'): value for key, value in headers.items()})

def moved(to:str) -> Callable[[Request], Answer]: return lambda request: Answer(status=302, headers={'Location': to})

def slowly(handler):
    for byte in jpeg('slow'):
        handler.wfile.write(bytes([byte]))
        time.sleep(0.3)

def huge(handler):
    handler.wfile.write(jpeg('huge'))
    for _ in range(300): handler.wfile.write(bytes(1_000_000))

def short(handler):
    handler.wfile.write(jpeg('short')[:1000])

def reset(handler):
    handler.wfile.write(jpeg('reset')[:1000])
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    handler.connection.close()

def png_of_zeros(side:int) -> bytes:
    "A black picture, one bit a pixel, that packs a thousandfold."
    def chunk(kind, data): return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
    pack, row = zlib.compressobj(9), bytes(1 + -(-side//8))
    data = b''.join(pack.compress(row*100) for _ in range(side//100)) + pack.flush()
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', side, side, 1, 0, 0, 0, 0)) + chunk(b'IDAT', data) + chunk(b'IEND', b'')

def frames(seed, kind:str) -> bytes:
    first, *others = (photo(f'{seed}{i}') for i in range(3))
    return encoded(first, kind, save_all=True, append_images=others, duration=100)

def sideways(seed) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(photo(seed), 'JPEG', exif=exif)

def see_through(seed) -> bytes:
    "A palette with a transparent left half, under which lies black."
    pixels = np.asarray(photo(seed).quantize(64)).copy()
    pixels[:, :80] = 63
    picture = Image.fromarray(pixels, 'P')
    picture.putpalette(np.random.default_rng(5).integers(0, 200, (63, 3)).astype(np.uint8).tobytes() + bytes(3))
    return encoded(picture, 'PNG', transparency=63)

def sixteen_bits(seed) -> bytes:
    return encoded(Image.fromarray((np.asarray(photo(seed, 'L')).astype(np.uint16)*257)), 'PNG')

def first_then(status:int, body:bytes) -> Callable[[Request], Answer]:
    return lambda request: Answer(status=status, headers={'Retry-After': '0'}) if request.times == 1 else image(body)(request)

def hotlink(body:bytes) -> Callable[[Request], Answer]:
    return lambda request: image(body)(request) if request.headers.get('referer') == 'https://page.example/bears' else Answer(b'no', 403)

def needs_query(request): return image(jpeg('tbn'))(request) if request.query.get('q') == 'tbn:abc' else Answer(b'', 404)

def like(seed) -> Callable[[Image.Image], bool]:
    "The kept photo shows what was sent."
    def check(kept): return np.abs(np.asarray(kept.resize((16, 12)), float) - np.asarray(photo(seed).resize((16, 12)), float)).mean() < 8
    return check

def cases() -> list[Case]:
    site = 'https://nasty.example'
    def at(path): return f'{site}/{path}'
    return [
        Case('html with 200', at('login.jpg'), 'text/html, not a photo', lambda request: Answer(b'<html>Sign in</html>')),
        Case('html that claims to be a photo', at('liar.jpg'), 'a web page', image(b'<!DOCTYPE html><html></html>')),
        Case('redirect to a login page', at('moved.jpg'), 'text/html, not a photo', moved('/login.jpg')),
        Case('hotlinking forbidden', at('forbidden.jpg'), 'HTTP 403', hotlink(jpeg('hot')), page='https://elsewhere.example/'),
        Case('hotlinking forbidden, but the page is named', at('hotlink.jpg'), 'kept', hotlink(jpeg('hot')), like('hot'), 'https://page.example/bears'),
        Case('not there', at('gone.jpg'), 'HTTP 404', lambda request: Answer(b'', 404)),
        Case('redirect loop', at('loop.jpg'), 'too many redirects', moved('/loop.jpg')),
        Case('redirect into this machine', at('inside.jpg'), 'non-public address localhost', moved('http://localhost/metadata')),
        Case('redirect to a private address', at('inside2.jpg'), 'non-public address 10.0.0.1', moved('//10.0.0.1/bear.jpg')),
        Case('redirect to a file', at('passwd.jpg'), 'file: is not fetched', moved('file:///etc/passwd')),
        Case('redirect to nowhere', at('nowhere.jpg'), 'not a web address', moved('http://')),
        Case('a file', 'file:///etc/passwd', 'file: is not fetched'),
        Case('cloud metadata', 'http://169.254.169.254/latest/meta-data/', 'non-public address 169.254.169.254'),
        Case('this machine, IPv6', 'http://[::1]/bear.jpg', 'non-public address ::1'),
        Case('this machine, hexadecimal', 'http://0x7f000001/bear.jpg', 'non-public address 127.0.0.1'),
        Case('this machine, as one number', 'http://2130706433/bear.jpg', 'non-public address 127.0.0.1'),
        Case('this machine, by name', 'http://localhost/bear.jpg', 'non-public address localhost'),
        Case('300 MB after a good photo', at('huge.jpg'), 'larger than 20 MB', lambda request: Answer(headers={'Content-Type': 'image/jpeg'}, write=huge)),
        Case('300 MB announced', at('announced.jpg'), 'larger than 20 MB', lambda request: Answer(headers={'Content-Length': 300_000_000}, write=lambda handler: None)),
        Case('12000 x 12000 pixels in a small file', at('bomb.png'), 'too large to open safely', image(png_of_zeros(12000))),
        Case('30000 x 30000 pixels in a small file', at('bomb2.png'), 'too large to open safely', image(png_of_zeros(30000))),
        Case('20 MB packed into 20 kB', at('packed.jpg'), 'larger than 20 MB', image(gzip.compress(bytes(30_000_000)), Content_Encoding='gzip')),
        Case('shorter than announced', at('short.jpg'), 'the connection broke off', lambda request: Answer(headers={'Content-Length': 9000, 'Content-Type': 'image/jpeg'}, write=short)),
        Case('connection reset', at('reset.jpg'), 'the connection broke off', lambda request: Answer(headers={'Content-Length': 9000, 'Content-Type': 'image/jpeg'}, write=reset)),
        Case('reset once, then there', at('again.jpg'), 'kept', lambda request: Answer(headers={'Content-Length': 9000}, write=reset) if request.times == 1 else image(jpeg('again'))(request), like('again')),
        Case('cut off at 60%', at('cut.jpg'), 'damaged', image(jpeg('cut')[:len(jpeg('cut'))*6//10])),
        Case('its last 600 bytes missing', at('cut2.jpg'), 'damaged', image(jpeg('cut2')[:-600])),
        Case('empty', at('empty.jpg'), 'empty answer', image(b'')),
        Case('tracking pixel', at('pixel.gif'), 'too small (1 x 1', image(encoded(Image.new('RGB', (1, 1)), 'GIF'))),
        Case('animated GIF', at('moves.gif'), 'kept', image(frames('gif', 'GIF')), like('gif0')),
        Case('animated WebP', at('moves.webp'), 'kept', image(frames('webp', 'WEBP')), like('webp0')),
        Case('AVIF', at('bear.avif'), 'kept', image(encoded(photo('avif'), 'AVIF')), like('avif')),
        Case('HEIC', at('bear.heic'), 'not a picture that can be opened', image(b'\0\0\0\x18ftypheic\0\0\0\0mif1heic' + bytes(500))),
        Case('SVG', at('bear.svg'), 'not a photo', image(b'<svg xmlns="http://www.w3.org/2000/svg"><circle r="9"/></svg>')),
        Case('CMYK', at('print.jpg'), 'kept', image(encoded(photo('cmyk', 'CMYK'), 'JPEG', quality=95)), like('cmyk')),
        Case('lying on its side', at('side.jpg'), 'kept', image(sideways('side')), lambda kept: kept.size == (120, 160) and like('side')(kept.rotate(90, expand=True))),
        Case('palette with transparency', at('glass.png'), 'kept', image(see_through('glass')), lambda kept: min(kept.crop((0, 0, 70, 120)).getextrema()[0]) > 245),
        Case('16 bits', at('deep.png'), 'kept', image(sixteen_bits('deep')), lambda kept: abs(np.asarray(kept).mean() - np.asarray(photo('deep', 'L')).mean()) < 3),
        Case('PNG called .jpg', at('png.jpg'), 'kept', image(encoded(photo('png'), 'PNG')), like('png')),
        Case('a photo from show.php', at('show.php?id=7'), 'kept', image(jpeg('php')), like('php')),
        Case('a photo that needs its query', at('images?q=tbn:abc'), 'kept', needs_query, like('tbn')),
        Case('unicode in the path', at('bär grün.jpg'), 'kept', image(jpeg('umlaut')), like('umlaut')),
        Case('unicode in the path, quoted', at('b%C3%A4r%20blau.jpg'), 'kept', image(jpeg('quoted')), like('quoted')),
        Case('too many requests once', at('busy.jpg'), 'kept', first_then(429, jpeg('busy')), like('busy')),
        Case('unavailable once', at('down.jpg'), 'kept', first_then(503, jpeg('down')), like('down')),
        Case('too many requests for ever', at('limit.jpg'), 'HTTP 429', lambda request: Answer(status=429)),
        Case('packed with gzip', at('gzip.jpg'), 'kept', image(gzip.compress(jpeg('gzip')), Content_Encoding='gzip'), like('gzip')),
        Case('a name that leads out, quoted', at('..%2f..%2fevil.jpg'), 'kept', image(jpeg('evil')), like('evil')),
        Case('a name that leads out', at('a/../../evil2.jpg'), 'kept', image(jpeg('evil2')), like('evil2')),
        Case('never answers', at('hang.jpg'), 'no answer', lambda request: time.sleep(4) or Answer()),
        Case('three bytes a second', at('drip.jpg'), 'not finished within', lambda request: Answer(headers={'Content-Type': 'image/jpeg', 'Content-Length': len(jpeg('slow'))}, write=slowly)),
        Case('a site that wants no training', at('noai.jpg'), 'asks not to train', image(jpeg('noai'), X_Robots_Tag='noai, noimageai')),
        Case('the same bytes again', at('again2.jpg'), 'copy', image(jpeg('hot'))),
        Case('no address', 'a photo of a bear', 'not a web address'),
        Case('nothing', 'https://', 'not a web address'),
        Case('a host that is not there', 'https://no-such-host.example/bear.jpg', 'the proxy refused'),
    ]
