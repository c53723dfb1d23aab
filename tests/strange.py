"""Pictures that were made to do harm, or that went wrong by themselves: what they are called, and how to make them.

Run as a program, it opens each file of a folder, and prints how long that took and how much memory."""
from contextlib import suppress
from functools import cache
from pathlib import Path
import io, json, os, struct, sys, threading, time, zlib

import numpy as np
from PIL import Image

million = 1_000_000
rng = np.random.default_rng(5)
scene = Image.fromarray(rng.integers(0, 256, (12, 16, 3), np.uint8)).resize((160, 120))

def saved(picture:Image.Image, kind:str, **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()

@cache
def small(kind:str) -> bytes:
    if kind != 'HEIF': return saved(scene, kind)
    from pillow_heif import from_pillow
    file = io.BytesIO()
    from_pillow(scene).save(file)
    return file.getvalue()

def plain(mode:str, width:int, height:int|None=None, **info) -> Image.Image:
    picture = Image.new(mode, (width, height or width))
    picture.info |= info
    return picture

# JPEG
def segment(kind:int, data:bytes) -> bytes: return struct.pack('>BBH', 0xff, kind, len(data) + 2) + data
def with_segments(*segments:bytes, jpeg:bytes|None=None) -> bytes:
    jpeg = jpeg or small('JPEG')
    return jpeg[:2] + b''.join(segments) + jpeg[2:]
def patched(data:bytes, old:bytes, new:bytes) -> bytes:
    assert old in data
    return data.replace(old, new, 1)
def jpeg_size(data:bytes, width:int, height:int, sof:int=0xc0, bits:int=8) -> bytes:
    at = data.index(b'\xff\xc0') if b'\xff\xc0' in data else data.index(b'\xff\xc2')
    return data[:at] + struct.pack('>BBHBHH', 0xff, sof, struct.unpack_from('>H', data, at + 2)[0], bits, height, width) + data[at + 9:]
def after_scan(data:bytes, junk:bytes) -> bytes:
    at = data.index(b'\xff\xda') + 40
    return data[:at] + junk + data[at:]
def scans(times:int) -> bytes:
    data = saved(plain('RGB', 3000), 'JPEG', progressive=True)
    at = data.rindex(b'\xff\xda')
    return data[:at] + data[at:-2]*times + data[-2:]

# EXIF and TIFF
def ifd(entries:list[tuple[int, int, int, int]], order:str='<', after:int=0) -> bytes:
    return (b'II*\0' if order == '<' else b'MM\0*') + struct.pack(order + 'IH', 8, len(entries) % 65536) + b''.join(struct.pack(order + 'HHII', *each) for each in entries) + struct.pack(order + 'I', after)
def many_values(entries:int, size:int) -> bytes:
    "Every entry points to the same data."
    return ifd([(tag, 1, size, 100) for tag in range(1000, 1000 + entries)]) + bytes(size)
def exif(turned:int, kind:int=3) -> bytes: return b'Exif\0\0' + ifd([(0x0112, kind, 1, turned)])
def tiff(width:int, height:int, strips:int=1, offset:int=8, packing:int=1, **tags) -> bytes:
    found = {256: (4, 1, width), 257: (4, 1, height), 258: (3, 1, 8), 259: (3, 1, packing), 262: (3, 1, 1), 273: (4, strips, offset), 277: (3, 1, 1), 278: (4, 1, height), 279: (4, strips, width*height % 2**32)}
    found |= {int(name[1:]): value for name, value in tags.items()}
    return ifd([(tag, *value) for tag, value in sorted(found.items())])

# PNG
def chunk(kind:bytes, data:bytes=b'') -> bytes: return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
def png(width:int, height:int, *before:bytes, bits:int=8, colour:int=2, interlaced:int=0, data:bytes|None=None, after:bytes=b'') -> bytes:
    head = chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, bits, colour, 0, 0, interlaced))
    if data is None: data = zeros(height*(1 + width*bits*{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 1)//8))
    return b'\x89PNG\r\n\x1a\n' + head + b''.join(before) + chunk(b'IDAT', data) + after + chunk(b'IEND')
def zeros(n:int) -> bytes:
    pack, nothing = zlib.compressobj(1), bytes(million)
    return b''.join(pack.compress(nothing[:n - at]) for at in range(0, n, million)) + pack.flush()
packed_megabyte = zlib.compress(bytes(million))
def zipped_text(name:bytes, data:bytes) -> bytes: return chunk(b'zTXt', name + b'\0\0' + data)

# GIF, WebP, BMP, ISO boxes
def gif(width:int, height:int, *before:bytes) -> bytes:
    data = small('GIF')
    return b'GIF89a' + struct.pack('<HH', width, height) + data[10:781] + b''.join(before) + data[781:]
def remark(size:int, block:int=255) -> bytes: return b'!\xfe' + (bytes([block]) + b'x'*block)*(size//(block + 1)) + b'\0'
def riff(*parts:tuple[bytes, bytes]) -> bytes:
    body = b'WEBP' + b''.join(name + struct.pack('<I', len(data)) + data + b'\0'*(len(data) % 2) for name, data in parts)
    return b'RIFF' + struct.pack('<I', len(body)) + body
def webp_with(name:bytes, data:bytes, flag:int) -> bytes:
    still = small('WEBP')
    return riff((b'VP8X', struct.pack('<I', flag) + struct.pack('<I', 159)[:3] + struct.pack('<I', 119)[:3]), (still[12:16], still[20:]), (name, data))
def bmp(width:int, height:int, bits:int=24, packing:int=0, data:bytes=b'', header:int=40) -> bytes:
    return b'BM' + struct.pack('<IIIIiiHHIIIIII', len(data) + 54, 0, 54 + (1024 if bits == 8 else 0), header, width, height, 1, bits, packing, 0, 0, 0, 0, 0) + (bytes(1024) if bits == 8 else b'') + data
def box(kind:bytes, data:bytes) -> bytes: return struct.pack('>I', len(data) + 8) + kind + data
def many_items(brand:bytes, n:int) -> bytes:
    infe = b''.join(box(b'infe', struct.pack('>IHH', 2 << 24, i % 65536, 0) + b'av01\0') for i in range(n))
    hdlr = box(b'hdlr', bytes(8) + b'pict' + bytes(13))
    return box(b'ftyp', brand + bytes(4) + brand + b'mif1miaf') + box(b'meta', bytes(4) + hdlr + box(b'pitm', bytes(6)) + box(b'iinf', struct.pack('>IH', 0, min(n, 65535)) + infe))

kinds = ('JPEG', 'PNG', 'GIF', 'WEBP', 'BMP', 'TIFF', 'AVIF', 'PPM', 'HEIF')

def _of_each(kind:str) -> dict:
    def tiny(): return saved(scene.resize((1, 1)), kind) if kind != 'HEIF' else small(kind)
    return {f'fine, {kind} of one pixel': tiny, f'fine, {kind} with a zip archive behind it': lambda: small(kind) + b'PK\5\6' + bytes(18) + b'<script>',
            f'{kind}, half of it': lambda: small(kind)[:len(small(kind))//2], f'{kind}, its head and junk': lambda: small(kind)[:64] + rng.bytes(million),
            f'{kind}, 16 bytes': lambda: small(kind)[:16], f'{kind}, a hole in it': lambda: small(kind)[:len(small(kind))//3] + bytes(2000) + small(kind)[len(small(kind))//3 + 2000:]}

makers = {name: make for kind in kinds for name, make in _of_each(kind).items()} | {
    'JPEG, 19 MB of filling before a table': lambda: patched(small('JPEG'), b'\xff\xdb', b'\xff'*19*million + b'\xdb'),
    'JPEG, 55 MB of filling before a table': lambda: patched(small('JPEG'), b'\xff\xdb', b'\xff'*55*million + b'\xdb'),
    'JPEG, 55 MB of filling among its pixels': lambda: after_scan(small('JPEG'), b'\xff'*55*million),
    'JPEG, 55 MB of zeros among its pixels': lambda: after_scan(small('JPEG'), bytes(55*million)),
    'JPEG, 20 million restart marks': lambda: after_scan(small('JPEG'), b'\xff\xd0'*20*million),
    'JPEG, 4 million segments': lambda: with_segments(segment(0xfe, b'')*4*million),
    'JPEG, 800 remarks of 60 kB': lambda: with_segments(segment(0xfe, b'x'*60_000)*800),
    'JPEG, 600 colour profiles of 60 kB': lambda: with_segments(*(segment(0xe2, b'ICC_PROFILE\0' + bytes([i % 255, 255]) + b'x'*60_000) for i in range(600))),
    'JPEG, an EXIF part in 800 pieces': lambda: with_segments(*(segment(0xe1, b'Exif\0\0' + b'II*\0\x08\0\0\0\xff\xff' + b'x'*60_000) for _ in range(800))),
    'JPEG, 2,500 EXIF values over each other': lambda: with_segments(segment(0xe1, b'Exif\0\0' + many_values(2500, 30_000))),
    'fine, JPEG, an EXIF part that leads to itself': lambda: with_segments(segment(0xe1, b'Exif\0\0' + ifd([(0x8769, 4, 1, 8), (0x8825, 4, 1, 8)], after=8))),
    'fine, JPEG, turned in a way that there is not': lambda: with_segments(segment(0xe1, exif(60_000))),
    'fine, JPEG, an EXIF part that is cut off': lambda: with_segments(segment(0xe1, exif(6)[:15])),
    'fine, JPEG, turned by text': lambda: with_segments(segment(0xe1, exif(6, kind=2))),
    'JPEG, 900 remarks in XMP': lambda: with_segments(segment(0xe1, b'http://ns.adobe.com/xap/1.0/\0' + b'<a>'*20_000)*900),
    'JPEG, Photoshop blocks of nothing': lambda: with_segments(segment(0xed, b'Photoshop 3.0\0' + b'8BIM\0\0\0\0\0\0\0\0'*5000)*100),
    'JPEG, a list of pictures that is broken': lambda: with_segments(segment(0xe2, b'MPF\0' + ifd([(0xb001, 4, 1, 2**32 - 1), (0xb002, 7, 64, 8)]))),
    'JPEG, says 65535 x 65535': lambda: jpeg_size(small('JPEG'), 65535, 65535),
    'JPEG, says 7000 x 7000': lambda: jpeg_size(small('JPEG'), 7000, 7000),
    'JPEG, says 0 x 0': lambda: jpeg_size(small('JPEG'), 0, 0),
    'JPEG, 12 bits': lambda: jpeg_size(small('JPEG'), 160, 120, bits=12),
    'JPEG, without loss': lambda: jpeg_size(small('JPEG'), 160, 120, sof=0xc3),
    'JPEG, packed by arithmetic': lambda: jpeg_size(small('JPEG'), 7000, 7000, sof=0xc9),
    'JPEG, two frames': lambda: patched(small('JPEG'), b'\xff\xc4', small('JPEG')[small('JPEG').index(b'\xff\xc0'):small('JPEG').index(b'\xff\xc4')] + b'\xff\xc4'),
    'JPEG, 2,000 scans': lambda: scans(2000),
    'fine, JPEG of 49 megapixels': lambda: saved(plain('RGB', 7000), 'JPEG'),
    'fine, JPEG of 49 megapixels, turned': lambda: with_segments(segment(0xe1, exif(6)), jpeg=saved(plain('RGB', 7000), 'JPEG')),
    'JPEG of 49 megapixels, step by step': lambda: saved(plain('RGB', 7000), 'JPEG', progressive=True, subsampling=0),
    'JPEG of 49 megapixels, CMYK, turned': lambda: with_segments(segment(0xe1, exif(5)), jpeg=saved(plain('CMYK', 7000), 'JPEG')),
    'JPEG of 49 megapixels, step by step, few colours': lambda: saved(plain('RGB', 7000), 'JPEG', progressive=True),
    'fine, JPEG of 65500 x 700': lambda: saved(plain('RGB', 65500, 700), 'JPEG'),
    'fine, JPEG of 1 x 60000': lambda: saved(plain('L', 1, 60000), 'JPEG'),
    'fine, JPEG with 50 MB behind it': lambda: small('JPEG') + rng.bytes(50*million),
    'PNG of 7000 x 7000, transparent': lambda: png(7000, 7000, colour=6),
    'PNG of 7000 x 7000, 16 bits, transparent': lambda: png(7000, 7000, colour=6, bits=16),
    'PNG of 7000 x 7000, 16 bits of grey': lambda: png(7000, 7000, colour=0, bits=16),
    'PNG of 7000 x 7000, grey and transparent': lambda: png(7000, 7000, colour=4),
    'PNG of 7000 x 7000, a palette with a hole': lambda: png(7000, 7000, chunk(b'PLTE', bytes(768)), chunk(b'tRNS', bytes(256)), colour=3),
    'PNG of 7000 x 7000, a colour with a hole': lambda: png(7000, 7000, chunk(b'tRNS', bytes(6))),
    'PNG of 7000 x 7000, turned, transparent': lambda: png(7000, 7000, chunk(b'eXIf', exif(6)[6:]), colour=6),
    'PNG of 7000 x 7000, interlaced': lambda: png(7000, 7000, colour=6, interlaced=1, data=zeros(200*million)),
    'PNG of 12000 x 12000 bits': lambda: png(12000, 12000, bits=1, colour=0),
    'fine, PNG of 4000 x 4000': lambda: png(4000, 4000),
    'fine, PNG of 1 x 1000000': lambda: png(1, million),
    'PNG, says 2 billion': lambda: png(2**31 - 1, 2**31 - 1, data=b''),
    'PNG, says 0 x 0': lambda: png(0, 0, data=b''),
    'PNG, 99 texts of a megabyte': lambda: png(9, 9, *[zipped_text(b'a%d' % i, packed_megabyte) for i in range(99)]),
    'PNG, 15,000 colour profiles': lambda: png(9, 9, chunk(b'iCCP', b'a\0\0' + packed_megabyte)*15_000),
    'PNG, 3 million empty texts': lambda: png(9, 9, chunk(b'tEXt', b'a\0')*3*million),
    'PNG, 4 million empty pieces': lambda: png(9, 9, chunk(b'IDAT')*4*million),
    'PNG, a million pieces after its pixels': lambda: png(9, 9, after=chunk(b'abCd')*million),
    'PNG, 40,000 EXIF values over each other': lambda: png(9, 9, chunk(b'eXIf', many_values(40_000, 500_000))),
    'PNG, EXIF values in a packed text': lambda: png(9, 9, zipped_text(b'Raw profile type exif', zlib.compress(b'\nexif\n 900000\n' + (b'Exif\0\0' + many_values(20_000, 200_000)).hex().encode()))),
    'PNG, a text of 19 MB': lambda: png(9, 9, chunk(b'tEXt', b'a\0' + b'x'*19*million)),
    'PNG, 20,000 frames': lambda: png(9, 9, chunk(b'acTL', struct.pack('>II', 20_000, 0)), after=(chunk(b'fcTL', struct.pack('>IIIIIHHBB', 1, 9, 9, 0, 0, 1, 9, 0, 0)) + chunk(b'fdAT', bytes(4)))*20_000),
    'PNG, a piece of 2 gigabytes': lambda: png(9, 9, struct.pack('>I', 2**31 - 1) + b'tEXt'),
    'PNG, a wrong sum': lambda: png(9, 9)[:-20] + bytes(20),
    'PNG, no head': lambda: b'\x89PNG\r\n\x1a\n' + chunk(b'IDAT', zeros(99)) + chunk(b'IEND'),
    'PNG, two heads': lambda: png(9, 9, chunk(b'IHDR', struct.pack('>IIBBBBB', 7000, 7000, 16, 6, 0, 0, 0))),
    'PNG, pixels for a thousand pictures': lambda: png(9, 9, data=zeros(150*million)),
    'PNG, colours that there are not': lambda: png(9, 9, colour=7, bits=3),
    'GIF, a remark of 19 MB': lambda: gif(160, 120, remark(19*million)),
    'GIF, a remark in single letters': lambda: gif(160, 120, remark(19*million, 1)),
    'GIF, 5 million extensions': lambda: gif(160, 120, b'!\xf9\0'*5*million),
    'GIF, a screen of 65535 x 65535': lambda: gif(65535, 65535),
    'GIF of 7000 x 7000': lambda: saved(plain('P', 7000), 'GIF'),
    'GIF of 7000 x 7000 with a hole': lambda: saved(plain('P', 7000, transparency=0), 'GIF'),
    'fine, GIF of 20,000 frames': lambda: small('GIF')[:-1] + small('GIF')[781:-1][:600]*20_000 + b';',
    'WebP of 7000 x 7000': lambda: saved(plain('RGB', 7000), 'WEBP', lossless=True, quality=0, method=0),
    'WebP, 2,000 frames': lambda: saved(plain('RGB', 40), 'WEBP', save_all=True, append_images=[plain('RGB', 40).point(lambda v: i % 256) for i in range(2000)], method=0),
    'WebP, a screen of 16 million': lambda: riff((b'VP8X', struct.pack('<I', 2) + b'\xff'*6), (b'ANIM', bytes(6)), (b'ANMF', bytes(16) + small('WEBP')[12:])),
    'WebP, a remark of 19 MB': lambda: webp_with(b'XMP ', b'x'*19*million, 4),
    'WebP, EXIF values over each other': lambda: webp_with(b'EXIF', many_values(40_000, 500_000), 8),
    'WebP, half a million parts': lambda: riff((small('WEBP')[12:16], small('WEBP')[20:]), *[(b'abcd', b'')]*(million//2)),
    'BMP, 19 MB of run lengths': lambda: bmp(7000, 7000, 8, 1, b'\1\0'*9*million),
    'BMP, jumps without end': lambda: bmp(7000, 7000, 8, 1, b'\0\2\0\0'*5*million),
    'BMP, says 2 billion': lambda: bmp(2**31 - 1, 2**31 - 1),
    'BMP, upside down by 2 billion': lambda: bmp(9, -2**31),
    'BMP of 7000 x 7000 without pixels': lambda: bmp(7000, 7000),
    'BMP, a head of 2 gigabytes': lambda: bmp(9, 9, header=2**31 - 1),
    'BMP of 33 bits': lambda: bmp(9, 9, bits=33, data=bytes(999)),
    'TIFF, 60,000 values over each other': lambda: many_values(60_000, million),
    'TIFF, its second page is its first': lambda: tiff(8, 8, t999=(4, 1, 1))[:-4] + struct.pack('<I', 8) + bytes(64),
    'fine, TIFF of 300 pages': lambda: saved(plain('L', 9), 'TIFF', save_all=True, append_images=[plain('L', 9)]*300),
    'TIFF, 2 million strips': lambda: tiff(1, 2*million, 2*million, 200, t278=(4, 1, 1), t279=(4, 2*million, 200)) + bytes(8*million),
    'TIFF, a tile of 60000 x 60000': lambda: tiff(100, 100, packing=8, t322=(4, 1, 60000), t323=(4, 1, 60000), t324=(4, 1, 300), t325=(4, 1, 5000)) + bytes(200) + zeros(million),
    'TIFF, 4 billion strips': lambda: tiff(100, 100, 2**32 - 1),
    'TIFF, says 4 billion': lambda: tiff(2**32 - 1, 2**32 - 1),
    'TIFF, 65535 colours': lambda: tiff(9, 9, t277=(3, 1, 65535)) + bytes(999),
    'TIFF of 7000 x 7000 floats': lambda: saved(plain('F', 7000), 'TIFF', compression='tiff_adobe_deflate'),
    'fine, TIFF of 1000 x 1000 floats': lambda: saved(plain('F', 1000), 'TIFF'),
    'TIFF of 7000 x 7000, 16 bits': lambda: saved(plain('I;16', 7000), 'TIFF', compression='tiff_lzw'),
    'TIFF of 7000 x 7000, CMYK': lambda: saved(plain('CMYK', 7000), 'TIFF', compression='tiff_adobe_deflate'),
    'TIFF of 7000 x 7000, transparent': lambda: saved(plain('RGBA', 7000), 'TIFF', compression='packbits'),
    'TIFF, a fax of 60000 rows': lambda: saved(plain('1', 800, 60000), 'TIFF', compression='group4'),
    'PPM, a remark of 19 MB': lambda: b'P6 #' + b'x'*19*million,
    'PPM, 19 MB of remarks': lambda: b'P6 ' + b'#\n'*9*million,
    'PPM, 40 MB of digits': lambda: b'P3 3000 3000 255 ' + b'1 '*20*million,
    'PPM, a number of a million digits': lambda: b'P6 ' + b'9'*million + b' 1 255 ',
    'PPM, says 7000 x 7000': lambda: b'P6 7000 7000 255 ' + bytes(100),
    'fine, PPM of 16 bits': lambda: b'P5 9 9 65535\n' + bytes(162),
    'AVIF of 5000 x 5000 that says 64 x 64': lambda: patched(saved(plain('RGB', 5000), 'AVIF', speed=10), struct.pack('>4sIII', b'ispe', 0, 5000, 5000), struct.pack('>4sIII', b'ispe', 0, 64, 64)),
    'AVIF that says 65535 x 65535': lambda: patched(small('AVIF'), struct.pack('>4sIII', b'ispe', 0, 160, 120), struct.pack('>4sIII', b'ispe', 0, 65535, 65535)),
    'fine, AVIF of 100 frames': lambda: saved(plain('RGB', 40), 'AVIF', speed=10, save_all=True, append_images=[plain('RGB', 40)]*99),
    'AVIF, 60,000 items': lambda: many_items(b'avif', 60_000),
    'AVIF, half a million items': lambda: many_items(b'avif', million//2),
    'HEIC, 60,000 items': lambda: many_items(b'heic', 60_000),
    'HEIC, half a million items': lambda: many_items(b'heic', million//2),
    'HEIC that says 65535 x 65535': lambda: patched(small('HEIF'), b'ispe', b'ispe' + bytes(4) + b'\0\0\xff\xff'*2)[:len(small('HEIF'))],
    'nothing': lambda: b'', 'zeros': lambda: bytes(19*million), 'noise': lambda: rng.bytes(19*million), 'a web page': lambda: b'<html>' + b'<p>'*million,
    'a drawing': lambda: b'<?xml version="1.0"?><svg width="99999999"/>', 'PostScript': lambda: b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n', 'PDF': lambda: b'%PDF-1.7\n' + bytes(99),
    'a pointer of Git LFS': lambda: b'version https://git-lfs.github.com/spec/v1\noid sha256:0', 'a zip archive': lambda: b'PK\3\4' + bytes(99), 'one byte': lambda: b'\xff',
    '61 MB': lambda: small('JPEG') + bytes(61*million)}

def special(folder:Path) -> dict[str, Path]:
    "What is no ordinary file."
    made = {name: folder/name for name in ('a pipe', 'an endless device', 'ten gigabytes of holes', 'a folder', 'a dead link', 'a link to itself', 'the terminal')}
    os.mkfifo(made['a pipe'])
    made['an endless device'].symlink_to('/dev/zero')
    made['the terminal'].symlink_to('/dev/tty')
    made['a folder'].mkdir()
    made['a dead link'].symlink_to(folder/'nowhere')
    made['a link to itself'].symlink_to(made['a link to itself'])
    with open(made['ten gigabytes of holes'], 'wb') as file:
        file.write(small('JPEG'))
        file.truncate(10**10)
    return made

def _worked(pids:set[int]) -> dict[int, float]:
    "Seconds of work that each process has done."
    done = {}
    for pid in pids:
        with suppress(OSError):
            words = Path(f'/proc/{pid}/stat').read_text(encoding='utf-8').rpartition(')')[2].split()
            done[pid] = (int(words[11]) + int(words[12]))/os.sysconf('SC_CLK_TCK')
    return done

class Watch:
    "Looks twenty times a second at how much this process and its workers hold together, and how much they have worked."
    def __init__(self):
        self.most, self.worked, self.over = 0., {}, threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def look(self) -> None:
        from bears_lib.engine.core import decoding
        pids, held = {os.getpid(), *(worker.process.pid for worker in list(alive) + decoding._idle)}, 0
        for pid in pids:
            with suppress(OSError, IndexError): held += 1024*int(Path(f'/proc/{pid}/smaps_rollup').read_text(encoding='utf-8').partition('Pss:')[2].split()[0])  # what is shared counts once
        self.most, self.worked = max(self.most, held/million), self.worked | _worked(pids)

    def run(self) -> None:
        while not self.over.wait(0.05): self.look()
        self.own = time.thread_time()

    def __enter__(self):
        self.look()
        self.before = self.worked
        return self

    def __exit__(self, *error):
        self.over.set()
        self.thread.join()
        self.look()
        self.work = sum(done - self.before.get(pid, 0) for pid, done in self.worked.items()) - self.own

alive: list = []  # workers, from their start

def measure(path:str) -> dict:
    "Open a file: what came of it, seconds of the clock and of work, and MB, workers included."
    from bears_lib.engine.core.photos import PhotoError, open_photo
    began = time.monotonic()
    with Watch() as watch:
        try: said = f'{open_photo(path).size}'
        except PhotoError as error: said = str(error)
    return dict(said=said, seconds=time.monotonic() - began, work=watch.work, memory=watch.most)

if __name__ == '__main__':
    from bears_lib.engine.core import decoding
    class Worker(decoding.Worker):
        def __init__(self):
            super().__init__()
            alive[:] = [each for each in alive if each.process.returncode is None] + [self]
    decoding.Worker = Worker
    decoding.decode(small('GIF'))  # a worker is there
    for line in sys.stdin: print(json.dumps(measure(line.rstrip('\n'))), flush=True)
