"""The cache of features beside one NumPy file: seconds and bytes on disk for 12,000 photos of 5,120 bytes each.

The cache takes them in batches of 64, as they are computed, and gives them back at once; `np.save` writes all of them at once.
A NumPy file that grows with each batch is written anew each time: that is timed on ten batches and multiplied.

python bench/feature_cache.py [--json]"""
import tempfile
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import numpy as np

from common import contender, finish, parser, report

photos, width, batch = 12_000, 2560, 64
ways = ('cache', 'one .npy file', '.npy anew for each batch')

def cached(place:Path, features:np.ndarray) -> tuple[float, float, int]:
    "Seconds of put and get, bytes."
    from bears_lib.engine.features.feature_cache import Cache, cache_size
    names = [sha256(str(i).encode()).hexdigest() for i in range(photos)]
    start = perf_counter()
    cache = Cache('features', place)
    for i in range(0, photos, batch): cache.put({name: row.tobytes() for name, row in zip(names[i:i + batch], features[i:i + batch])})
    put, start = perf_counter() - start, perf_counter()
    found = cache.get(names)
    back = np.stack([np.frombuffer(found[name], np.float16) for name in names])
    get = perf_counter() - start
    assert (back == features).all()
    return put, get, cache_size(place)

def plain(place:Path, features:np.ndarray, often:bool) -> tuple[float, float, int]:
    "The same with `np.save`; each batch writes the file again if it is done often."
    start = perf_counter()
    ends = np.linspace(batch, photos, 10).astype(int) if often else [photos]
    for end in ends: np.save(place/'features.npy', features[:end])
    put = (perf_counter() - start)*(photos/batch/10 if often else 1)
    start = perf_counter()
    np.load(place/'features.npy')
    return put, perf_counter() - start, (place/'features.npy').stat().st_size

def run(way:str) -> None:
    features = np.random.default_rng(0).normal(0, 1, (photos, width)).astype(np.float16)
    with tempfile.TemporaryDirectory() as place:
        put, get, size = cached(Path(place), features) if way == 'cache' else plain(Path(place), features, 'anew' in way)
    finish(put=round(put, 2), get=round(get, 2), bytes=size)

def main() -> None:
    args = parser(__doc__).parse_args()
    if args.run: return run(args.run)
    results = {way: contender(way) for way in ways}
    rows = [{'way': way, 'put, seconds': one['put'], 'get, seconds': one['get'], 'MB on disk': round(one['bytes']/1e6, 1), 'peak MB': one['peak_mb']} for way, one in results.items()]
    report(args, rows, f"{results['cache']['bytes']/results['one .npy file']['bytes'] - 1:.0%} more on disk than the bare numbers.", results=results)

if __name__ == '__main__': main()
