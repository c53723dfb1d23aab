"Pictures that programs read in different ways: by where their EXIF part stands and what it holds, by their colours, frames and proportions."
import struct, zlib

import numpy as np
from PIL import Image, ImageCms

from bears_lib.engine.core.folders import sample_folder
from strange import chunk, exif, ifd, png, saved, segment, with_segments, zipped_text

def bear() -> Image.Image: return Image.open(next(iter(sorted((sample_folder()/'grizzly').glob('*.jpg'))))).convert('RGB').crop((0, 0, 240, 180))

def jpeg(picture:Image.Image, **options) -> bytes: return saved(picture, 'JPEG', **{'quality': 95, **options})

def oriented(picture:Image.Image, kind:str, turn:int) -> bytes:
    found = Image.Exif()
    found[0x0112] = turn
    return saved(picture, kind, exif=found, quality=95)

def xmp(turn:int) -> bytes:
    return (b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="%d"/>'
            b'</rdf:RDF></x:xmpmeta>' % turn)

def xmp_segment(turn:int) -> bytes: return segment(0xe1, b'http://ns.adobe.com/xap/1.0/\0' + xmp(turn))

def profile() -> bytes:
    "sRGB with red and blue exchanged, which nobody overlooks."
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
    return made.replace(b'rXYZ', b'?XYZ', 1).replace(b'bXYZ', b'rXYZ', 1).replace(b'?XYZ', b'bXYZ', 1)

def odd_jpegs(photo:Image.Image) -> dict[str, bytes]:
    plain, turned = jpeg(photo), segment(0xe1, exif(6))
    def with_exif(*entries, **how): return with_segments(segment(0xe1, b'Exif\0\0' + ifd([*entries], **how)), jpeg=plain)
    cmyk = photo.convert('CMYK')
    return {'turned by none': with_segments(segment(0xe1, exif(0)), jpeg=plain), 'turned by nine': with_segments(segment(0xe1, exif(9)), jpeg=plain),
            'turned by a long number': with_segments(segment(0xe1, exif(6, 4)), jpeg=plain), 'turned by a byte': with_segments(segment(0xe1, exif(6, 1)), jpeg=plain),
            'turned by text': with_segments(segment(0xe1, exif(6, 2)), jpeg=plain), 'big end first': with_exif((0x0112, 3, 1, 6 << 16), order='>'),
            'two parts': with_segments(turned, segment(0xe1, exif(8)), jpeg=plain), 'an empty part first': with_segments(segment(0xe1, b'Exif\0\0' + ifd([])), turned, jpeg=plain),
            'behind a profile': with_segments(segment(0xe2, b'ICC_PROFILE\0\1\1' + profile()), turned, jpeg=plain), 'cut off': with_segments(segment(0xe1, exif(6)[:20]), jpeg=plain),
            'two values': with_exif((0x0112, 3, 2, 6 + (8 << 16))), 'two entries': with_exif((0x0112, 3, 1, 6), (0x0112, 3, 1, 8)),
            'of its thumbnail': with_segments(segment(0xe1, b'Exif\0\0' + ifd([], after=14) + struct.pack('<HHHIII', 1, 0x0112, 3, 1, 6, 0)), jpeg=plain),
            'in XMP': with_segments(xmp_segment(6), jpeg=plain), 'in both': with_segments(turned, xmp_segment(3), jpeg=plain), 'an odd mark': with_segments(segment(0xe1, b'Exif\0\xff' + exif(6)[6:]), jpeg=plain),
            'behind tables': plain.replace(b'\xff\xc4', turned + b'\xff\xc4', 1), 'filled up': with_segments(b'\xff\xff\xff' + turned, jpeg=plain), 'a remark first': with_segments(segment(0xfe, b'bears'), turned, jpeg=plain),
            'CMYK': jpeg(cmyk), 'CMYK, turned': with_segments(turned, jpeg=jpeg(cmyk)), 'CMYK with a profile of three colours': jpeg(cmyk, icc_profile=profile()), 'RGB': jpeg(photo, keep_rgb=True),
            'progressive': jpeg(photo, progressive=True), 'coarse colours': jpeg(photo, subsampling=2), 'a profile': jpeg(photo, icc_profile=profile()), 'very high': jpeg(photo.resize((12, 3000)))}

def odd_pngs(photo:Image.Image) -> dict[str, bytes]:
    plain, turned, grey, palette, clear = saved(photo, 'PNG'), exif(6), photo.convert('L'), photo.quantize(40), faded(photo)
    at, end = plain.index(b'IDAT') - 4, plain.index(b'IEND') - 4
    def with_chunks(*chunks:bytes) -> bytes: return plain[:at] + b''.join(chunks) + plain[at:]
    rows = zlib.compress(b''.join(b'\0' + row.tobytes() for row in np.asarray(photo).astype('>u2')*257 + 99))
    return {'turned at its end': plain[:end] + chunk(b'eXIf', turned[6:]) + plain[end:], 'turned in XMP': with_chunks(chunk(b'iTXt', b'XML:com.adobe.xmp\0\0\0\0\0' + xmp(6))),
            'turned in packed XMP': with_chunks(chunk(b'iTXt', b'XML:com.adobe.xmp\0\1\0en\0XMP\0' + zlib.compress(xmp(6)))), 'turned in a plain text': with_chunks(chunk(b'tEXt', b'XML:com.adobe.xmp\0' + xmp(6))),
            'turned in a text': with_chunks(zipped_text(b'Raw profile type exif', zlib.compress(b'\nexif\n%8d\n' % len(turned) + turned.hex().encode()))),
            'turned with a head': with_chunks(chunk(b'eXIf', turned)), 'turned twice': with_chunks(chunk(b'eXIf', turned[6:]), chunk(b'eXIf', exif(3)[6:])),
            'gamma': with_chunks(chunk(b'gAMA', struct.pack('>I', 100_000))), 'a profile': saved(photo, 'PNG', icc_profile=profile()), '16 bits': png(*photo.size, bits=16, data=rows),
            '16 bits of grey': saved(Image.fromarray(np.asarray(grey).astype(np.uint16)*200 + 5000), 'PNG'), 'grey with alpha': saved(clear.convert('LA'), 'PNG'), 'grey with a hole': saved(grey, 'PNG', transparency=grey.getpixel((5, 5))),
            'palette with a hole': saved(palette, 'PNG', transparency=3), 'palette in degrees': saved(palette, 'PNG', transparency=bytes(range(0, 240, 6))), 'a colour as a hole': saved(photo, 'PNG', transparency=photo.getpixel((5, 5))),
            'bits': saved(photo.convert('1'), 'PNG'), 'one pixel': saved(photo.resize((1, 1)), 'PNG'), 'tiny': saved(photo.resize((3, 2)), 'PNG'), 'very wide': saved(photo.resize((3000, 12)), 'PNG'),
            'moving': saved(photo, 'PNG', save_all=True, append_images=[photo.rotate(180)]), 'moving beside its picture': saved(photo, 'PNG', save_all=True, append_images=[photo.rotate(180), photo], default_image=True)}

def odd_others(photo:Image.Image) -> dict[str, bytes]:
    clear, other, web = faded(photo), photo.rotate(180), {'quality': 90}
    return {'WebP, turned in XMP': saved(photo, 'WEBP', xmp=xmp(6), **web), 'WebP, turned with a head': saved(photo, 'WEBP', exif=exif(6), **web), 'WebP, turned without a head': saved(photo, 'WEBP', exif=exif(6)[6:], **web),
            'WebP, a profile': saved(photo, 'WEBP', icc_profile=profile(), **web), 'WebP, clear': saved(clear, 'WEBP', **web), 'WebP, moving': saved(photo, 'WEBP', save_all=True, append_images=[other], **web),
            'WebP, moving and clear': saved(clear, 'WEBP', save_all=True, append_images=[clear.rotate(180)], lossless=True), 'GIF, moving': saved(photo.quantize(60), 'GIF', save_all=True, append_images=[other.quantize(60)]),
            'GIF with a hole': saved(photo.quantize(40), 'GIF', transparency=3), 'BMP of bits': saved(photo.convert('1'), 'BMP'), 'BMP, clear': saved(clear, 'BMP'), 'BMP, palette': saved(photo.quantize(60), 'BMP'),
            'AVIF, turned': oriented(photo, 'AVIF', 6), 'AVIF, clear': saved(clear, 'AVIF')}

def faded(photo:Image.Image) -> Image.Image:
    "Clear at the top, whole at the bottom."
    clear = photo.convert('RGBA')
    clear.putalpha(Image.linear_gradient('L').resize(photo.size))
    return clear

def odd_files() -> dict[str, bytes]:
    "All of them, by their kind and by what is odd about them."
    photo = bear()
    turned = {f'{kind}, turned by {turn}': oriented(photo, kind, turn) for kind in ('JPEG', 'WEBP', 'PNG') for turn in range(1, 9)}
    return turned | {f'JPEG, {name}': data for name, data in odd_jpegs(photo).items()} | {f'PNG, {name}': data for name, data in odd_pngs(photo).items()} | odd_others(photo)
