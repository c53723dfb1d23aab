"""What it costs to decode within bounds: `open_photo` beside plain Pillow, in milliseconds for each photo.

The same drawn photo of 1600 x 1200 pixels in each format; the median of some rounds, both ways by turns in one process.
JPEG and PNG are looked at and decoded here; the other formats go through the worker.

python bench/decoding.py [--json] [--rounds 21]"""
import io
from statistics import median
from time import perf_counter

import numpy as np
from PIL import Image

from bears_lib.engine.core.decoding import is_plain
from bears_lib.engine.core.photos import open_photo
from common import parser, report

def photo(kind:str, size:tuple[int, int]) -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (size[1]//16, size[0]//16, 3), np.uint8)
    file, options = io.BytesIO(), {'progressive': True} if kind == 'JPEG, step by step' else {}
    Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(file, kind.partition(',')[0], **options)
    return file.getvalue()

def pillow(data:bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image: return image.convert('RGB')

def milliseconds(way, data:bytes) -> float:
    start = perf_counter()
    way(data)
    return 1000*(perf_counter() - start)

def main() -> None:
    made = parser(__doc__)
    made.add_argument('--rounds', type=int, default=21)
    args = made.parse_args()
    from pillow_heif import register_heif_opener
    register_heif_opener()
    rows = []
    for size in ((400, 300), (1600, 1200)):
        for kind in ('JPEG', 'JPEG, step by step', 'PNG', 'WEBP', 'GIF', 'BMP', 'TIFF', 'AVIF', 'HEIF'):
            data = photo(kind, size)
            open_photo(data)
            both = [(milliseconds(pillow, data), milliseconds(open_photo, data), milliseconds(is_plain, data)) for _ in range(args.rounds)]
            plain, bounded, look = (median(times) for times in zip(*both))
            rows.append({'format': kind, 'size': f'{size[0]} x {size[1]}', 'Pillow, ms': round(plain, 1), 'ours, ms': round(bounded, 1), 'more, ms': round(bounded - plain, 1),
                         'the look, ms': round(look, 3), 'where': 'here' if is_plain(data) else 'in the worker'})
    report(args, rows)

if __name__ == '__main__': main()
