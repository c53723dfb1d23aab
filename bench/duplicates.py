"""Near-duplicates among 1,000, 10,000 and 100,000 hashes: `near_pairs` beside comparing all pairs, in seconds and peak memory.

Random hashes in eight orientations, one in fifty of them a planted copy at 4 bits; both ways must find the same pairs.
All pairs of 100,000 photos are timed on 1,000 of them and multiplied.

python bench/duplicates.py [--json]"""
import sys
from time import perf_counter

import numpy as np

from common import contender, finish, parser, report

sizes = (1_000, 10_000, 100_000)

def hashes(n:int) -> np.ndarray:
    "uint64 of shape (n, 8): n random pictures, of which n/50 are copies of others, each turned in some way."
    rng = np.random.default_rng(n)
    made = rng.integers(0, 2**64, (n, 8), np.uint64, endpoint=False)
    copies = n//50
    made[n - copies:, 0] = made[np.arange(copies), rng.integers(0, 7, copies)] ^ np.bitwise_or.reduce(np.uint64(1) << rng.permuted(np.tile(np.arange(64, dtype=np.uint64), (copies, 1)), axis=1)[:, :4], axis=1)
    return made

def all_pairs(many:np.ndarray, rows:int, radius:int=4) -> set[tuple[int, int]]:
    "The plain way: each of the first `rows` photos against every orientation of every photo."
    found = set()
    for i in range(rows):
        near = np.flatnonzero((np.bitwise_count(many[:, :7] ^ many[i, 0]) <= radius).any(1))
        found.update((min(i, int(j)), max(i, int(j))) for j in near if i != j)
    return found

def run(way:str, n:int) -> None:
    many = hashes(n)
    start = perf_counter()
    if way == 'near_pairs':
        from bears_lib.engine.features.near_duplicates import near_pairs
        start = perf_counter()
        found = {(int(i), int(j)) for i, j, _ in near_pairs(many)}
        rows = n
    else:
        rows = min(n, 10_000 if n <= 10_000 else 1_000)
        found = all_pairs(many, rows)
    seconds = perf_counter() - start
    finish(seconds=round(seconds*n/rows, 3), pairs=len(found) if rows == n else None)

def main() -> None:
    options = parser(__doc__)
    options.add_argument('n', nargs='?', type=int)
    args = options.parse_args()
    if args.run: return run(args.run, args.n)
    rows, results = [], {}
    for n in sizes:
        for way in ('near_pairs', 'all pairs'):
            one = contender(way, n)
            results[f'{way} {n}'] = one
            rows.append({'hashes': f'{n:,}', 'way': way, 'seconds': f"{one['seconds']:.2f}{'' if one['pairs'] else ' (extrapolated)'}", 'pairs': one['pairs'] or '', 'peak MB': one['peak_mb']})
        planted = results[f'all pairs {n}']['pairs']
        if planted and planted != results[f'near_pairs {n}']['pairs']: sys.exit(f'{n} hashes: the two ways found different pairs')
    report(args, rows, f"Goal: under 5 s for 100,000. {results['near_pairs 100000']['pairs']} of 2000 planted pairs found there.", results=results)

if __name__ == '__main__': main()
