"""More photos than one machine: the engines beside each other, kills at random moments, a million photos simulated, the head and the copies out of core.

python bench/cluster.py --only same,speed,kills,resume,growth,million,head,copies [--photos 5000] [--kills 10] [--rows 1000000]

Photos are drawn here. The cluster is two nodes of one core each on 127.0.0.1; its start is not counted."""
import hashlib, os, random, signal, socket, subprocess, sys, tempfile, threading, time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
os.environ.setdefault('IN_TEST', '1')
os.environ.update({'RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER': '0', 'RAY_USAGE_STATS_ENABLED': '0', 'RAY_raylet_start_wait_time_s': '120', 'OMP_NUM_THREADS': '1'})
import numpy as np
from PIL import Image

from bears_lib.engine.shards.answers import AskJob, ask_job, predict_many
from bears_lib.engine.shards.engines import run_shards
from bears_lib.engine.shards.shards import begin
from bears_lib.engine.shards.sources import list_photos
from common import contender, finish, parser, report

def draw(folder:Path, n:int) -> Path:
    "So many different noisy pictures in two classes, 320 x 240."
    rng = np.random.default_rng(0)
    for i in range(n):
        label = ('red', 'blue')[i % 2]
        (folder/label).mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 90, (18, 24, 3), np.uint8)
        pixels[..., 0 if label == 'red' else 2] += 150
        Image.fromarray(pixels).resize((320, 240), Image.Resampling.BICUBIC).save(folder/label/f'{i:07d}.jpg')
    return folder

def link(folder:Path, n:int, files:int=100) -> Path:
    "`files` pictures under `n` names, a thousand in a folder."
    made = sorted(draw(folder.with_name('files'), files).rglob('*.jpg'))
    for i in range(n):
        place = folder/f'{i//1000:05d}'
        if not i % 1000: place.mkdir(parents=True)
        os.link(made[i % files], place/f'{i:07d}.jpg')
    return folder

def tiny_model(folder:Path) -> Path:
    "One operation: red against blue by the mean colour."
    sys.path.insert(0, str(Path(__file__).parent.parent/'tests'))
    from test_deploy import tiny_network
    from bears_lib.engine.core.photos import Preprocess
    from bears_lib.engine.predict.model_folder import ModelInfo, write_model
    return write_model(folder, ModelInfo(['red', 'blue'], Preprocess(16)), {'model.onnx': tiny_network()})

def real_model(folder:Path) -> Path:
    "The body that is used for bears, with a head for two colours."
    from bears_lib.commands import bears_train
    bears_train(str(draw(folder.with_name('few'), 40)), model=str(folder))
    return folder

def ports() -> dict[str, int]:
    found = [socket.create_server(('127.0.0.1', 0)) for _ in range(4)]
    numbers = [each.getsockname()[1] for each in found]
    for each in found: each.close()
    return dict(zip(('metrics_agent_port', 'metrics_export_port', 'dashboard_agent_listen_port', 'runtime_env_agent_port'), numbers))

class TwoNodes:
    "A head without cores and two nodes with one each."
    def __enter__(self):
        import ray
        from ray.cluster_utils import Cluster
        start = time.perf_counter()
        self.cluster = Cluster()
        self.add(0)
        self.nodes = [self.add(1) for _ in range(2)]
        ray.init(address=self.cluster.address, logging_level='ERROR', log_to_driver=False)
        self.seconds = time.perf_counter() - start
        return self
    def add(self, cpus:int):
        return self.cluster.add_node(num_cpus=cpus, object_store_memory=200_000_000, node_ip_address='127.0.0.1', include_dashboard=False, **ports())
    def __exit__(self, *error):
        import ray
        ray.shutdown()
        self.cluster.shutdown()

def rows_of(out:Path) -> list[dict]:
    import pyarrow.parquet as pq
    return pq.read_table(out).to_pylist()

def pace(out:str, shard:int) -> float:
    "Photos in a second from the second shard's end on, when both cores have been at work."
    ends = sorted(path.stat().st_mtime for path in Path(out).glob('part-*.parquet'))
    return shard*(len(ends) - 2)/(ends[-1] - ends[1])

def run_speed(place:str, engine:str, n:str) -> None:
    from bears_lib.engine.predict.predict import Classifier
    photos, model, out, shard = Path(place)/'photos', Path(place)/'model', f'{place}/{engine}', max(1, int(n)//10)
    files = [row.address for row in list_photos(photos)]
    if engine == 'many':
        ask, start = Classifier(model), time.perf_counter()
        ask.many(files[:40])
        begun = time.perf_counter()
        ask.many(files[40:])
        end = time.perf_counter()
        return finish(seconds=round(end - start, 1), pace=(len(files) - 40)/(end - begun))
    if engine == 'threads':
        start = time.perf_counter()
        predict_many(model, photos, out, engine='threads', shard=shard)
        return finish(seconds=round(time.perf_counter() - start, 1), pace=pace(out, shard))
    with TwoNodes() as nodes:
        start = time.perf_counter()
        predict_many(model, photos, out, engine='ray', shard=shard)
        finish(seconds=round(time.perf_counter() - start, 1), pace=pace(out, shard), started=round(nodes.seconds, 1))

def speed(n:int) -> tuple[list[dict], str]:
    with tempfile.TemporaryDirectory() as place:
        draw(Path(place)/'photos', n)
        real_model(Path(place)/'model')
        rows, paces = [], {}
        for engine in ('many', 'threads', 'ray'):
            found = contender('speed', place, engine, n)
            paces = {**paces, engine: found['pace']}
            rows.append({'engine': {'many': 'Classifier.many'}.get(engine, engine), 'photos': n, 'seconds in all': found['seconds'], 'photos/s when started': round(found['pace'], 1),
                'of in-process': round(found['pace']/paces['many'], 2), 'driver MB': found['peak_mb'], 'cluster started in': found.get('started', '')})
        far, near = ({row['address']: row for row in rows_of(Path(place)/engine)} for engine in ('ray', 'threads'))
        same = sum(far[address]['answer'] == near[address]['answer'] for address in near)
        apart = max(abs(far[address]['chances'][label] - chance) for address in near for label, chance in near[address]['chances'].items())
        return rows, f'The same label on {same} of {len(near)}; probabilities differ by at most {apart:.1e}.'

@dataclass
class SlowJob(AskJob):
    "Each photo takes its time, so that there is a middle to be killed in."
    pids: str = ''
    def start(self):
        look = super().start()
        (Path(self.pids)/str(os.getpid())).touch()
        def slowly(row, data):
            time.sleep(0.01)
            return look(row, data)
        return slowly

def slow_job(place:Path) -> SlowJob:
    (place/'pids').mkdir(exist_ok=True)
    job = ask_job(place/'model')
    return SlowJob(job.kind, job.made_by, job.folder, str(place/'pids'))

def run_driver(place:str, address:str, out:str) -> None:
    import ray
    ray.init(address=address, logging_level='ERROR', log_to_driver=False)
    run_shards(begin(slow_job(Path(place)), f'{place}/photos', out, shard=20), engine='ray')

def kills(n:int, times:int) -> tuple[list[dict], str]:
    rows, chance = [], random.Random(0)
    with tempfile.TemporaryDirectory() as name, TwoNodes() as nodes:
        place = Path(name)
        draw(place/'photos', n)
        tiny_model(place/'model')
        for victim in ('worker', 'node', 'driver'):
            lost = doubled = again = 0
            recovery: list[float] = []
            for turn in range(times):
                out = place/f'{victim} {turn}'
                for path in (place/'pids').glob('*'): path.unlink()
                slow_job(place)
                driver = subprocess.Popen([sys.executable, __file__, '--run', 'driver', name, nodes.cluster.address, str(out)], stderr=subprocess.DEVNULL)
                at = chance.randrange(1, n//20 - 2)
                while len(list(out.glob('part-*.parquet'))) < at and driver.poll() is None: time.sleep(0.02)
                before, start = {path: path.stat().st_mtime_ns for path in out.glob('part-*.parquet')}, time.perf_counter()
                if victim == 'driver':
                    driver.kill()
                    driver.wait()
                    driver = subprocess.Popen([sys.executable, __file__, '--run', 'driver', name, nodes.cluster.address, str(out)], stderr=subprocess.DEVNULL)
                elif victim == 'worker': os.kill(int(max((place/'pids').iterdir(), key=lambda path: path.stat().st_mtime).name), signal.SIGKILL)
                else:
                    nodes.cluster.remove_node(nodes.nodes.pop(), allow_graceful=False)
                    nodes.nodes.append(nodes.add(1))
                while len(list(out.glob('part-*.parquet'))) < len(before) + 3 and driver.poll() is None: time.sleep(0.02)
                recovery.append(time.perf_counter() - start)
                driver.wait()
                addresses = [row['address'] for row in rows_of(out)]
                lost, doubled = lost + n - len(set(addresses)), doubled + len(addresses) - len(set(addresses))
                again += sum(path.stat().st_mtime_ns != when for path, when in before.items())
            rows.append({'killed': victim, 'times': times, 'photos': n, 'lost': lost, 'doubled': doubled, 'finished shards done again': again,
                'until three more shards, s (median, most)': f'{np.median(recovery):.1f}, {max(recovery):.1f}'})
    return rows, 'Shards of 20 photos, each photo slowed to 10 ms.'

def run_threads(place:str, out:str) -> None:
    run_shards(begin(ask_job(Path(place)/'model'), f'{place}/photos', out), engine='threads')

def resume(n:int) -> tuple[list[dict], str]:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        link(place/'photos', n)
        tiny_model(place/'model')
        first = subprocess.Popen([sys.executable, __file__, '--run', 'threads', name, f'{name}/out'])
        while len(list((place/'out').glob('part-*.parquet'))) < n//2000: time.sleep(0.01)
        first.kill()
        first.wait()
        kept = {path: path.stat().st_mtime_ns for path in (place/'out').glob('part-*.parquet')}
        subprocess.run([sys.executable, __file__, '--run', 'threads', name, f'{name}/out'], check=True)
        rows = rows_of(place/'out')
        return [{'photos': n, 'finished before': 1000*len(kept), 'done by the rerun': n - 1000*len(kept), 'done twice': sum(path.stat().st_mtime_ns != when for path, when in kept.items()),
            'rows': len(rows), 'different': len({row['address'] for row in rows})}], ''

def run_growth(place:str, n:str) -> None:
    peaks: list[int] = []
    def watch() -> None:
        while True:
            status = Path('/proc/self/status').read_text(encoding='utf-8')
            peaks.append(int(status.partition('VmRSS:')[2].split()[0])//1024)
            time.sleep(0.2)
    threading.Thread(target=watch, daemon=True).start()
    start = time.perf_counter()
    listed = sum(1 for _ in list_photos(f'{place}/photos'))
    listing = time.perf_counter() - start
    predict_many(f'{place}/model', f'{place}/photos', f'{place}/out{n}', engine='threads')
    early = max(peaks[:max(1, len(peaks)//10)])
    finish(seconds=round(time.perf_counter() - start - listing, 1), listed=round(listed/listing), early=early, late=max(peaks))

def growth(sizes:list[int]) -> tuple[list[dict], str]:
    rows = []
    for n in sizes:
        with tempfile.TemporaryDirectory() as place:
            link(Path(place)/'photos', n)
            tiny_model(Path(place)/'model')
            found = contender('growth', place, n)
        rows.append({'photos': n, 'seconds': found['seconds'], 'photos/s': round(n/found['seconds']), 'paths listed/s': found['listed'], 'MB after a tenth': found['early'], 'MB at most': found['late']})
    return rows, 'One hundred files under so many names, a network of one operation, threads.'

def run_head(n:str) -> None:
    from bears_lib.engine.features.linear_probe import fit_linear
    from bears_lib.engine.shards.streaming_head import Rows, fit_rows
    n, rng, numbers = int(n), np.random.default_rng(0), 1280
    turn = rng.normal(size=(numbers, 3)).astype(np.float32)*0.17
    with tempfile.TemporaryDirectory() as place:
        truth = np.empty(n, int)
        with open(f'{place}/rows', 'wb') as file:
            for start in range(0, n, 10_000):
                some = np.maximum(rng.normal(size=(min(10_000, n - start), numbers)).astype(np.float32), 0).astype(np.float16)
                truth[start:start + len(some)] = (some.astype(np.float32) @ turn + rng.gumbel(size=(len(some), 3))).argmax(1)
                some.tofile(file)
        start = time.perf_counter()
        found = fit_rows(Rows(f'{place}/rows', truth, np.arange(n), ['a', 'b', 'c'], 1, numbers))
        seconds, same = time.perf_counter() - start, None
        import resource
        peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/1024)
        if n <= 50_000:
            features = np.fromfile(f'{place}/rows', np.float16).reshape(1, n, numbers).astype(np.float32)
            whole = fit_linear(features, truth.tolist())
            same = float((found.head.probabilities(features[0]).argmax(1) == whole.probabilities(features[0]).argmax(1)).mean())
    finish(seconds=round(seconds, 1), streamed_mb=peak, right=found.head.right/n, same=same)

def head(sizes:list[int]) -> tuple[list[dict], str]:
    rows = []
    for n in sizes:
        found = contender('head', n)
        rows.append({'rows': n, 'seconds': found['seconds'], 'MB': found['streamed_mb'], 'right in cross-validation': f'{found["right"]:.2%}', 'same label as in memory': '' if found['same'] is None else f'{found["same"]:.3%}'})
    return rows, 'Simulated features, 1,280 numbers, 3 classes.'

def simulated_hashes(n:int) -> np.ndarray:
    "So many photos, of which a tenth are copies with up to four bits changed, some of them turned."
    rng = np.random.default_rng(0)
    hashes = rng.integers(1, 2**63, (n, 8), np.uint64)
    m = n//10
    copies = hashes[:m].copy()
    for _ in range(4): copies ^= np.where(rng.random((m, 8)) < 0.5, np.uint64(1) << rng.integers(0, 63, (m, 8)).astype(np.uint64), np.uint64(0))
    hashes[-m:] = np.roll(copies, rng.integers(0, 8), axis=1)
    return hashes

def run_copies(way:str, n:str) -> None:
    hashes = simulated_hashes(int(n))
    start = time.perf_counter()
    if way == 'usearch': found = with_usearch(hashes)
    else:
        from bears_lib.engine.features.near_duplicates import near_pairs
        from bears_lib.engine.shards.copies import copy_pairs
        found = (near_pairs if way == 'today' else copy_pairs)(hashes)
    seconds = time.perf_counter() - start
    finish(seconds=round(seconds, 1), pairs=len(found), digest=hashlib.sha256(np.ascontiguousarray(found[:, :2]).tobytes()).hexdigest()[:12])

def with_usearch(hashes:np.ndarray, near:int=8) -> np.ndarray:
    "The nearest ones in usearch's binary index, which may miss some."
    from usearch.index import Index
    index = Index(ndim=64, dtype='b1', metric='hamming')
    def packed(column:int) -> np.ndarray: return np.ascontiguousarray(hashes[:, column]).view(np.uint8).reshape(-1, 8)
    index.add(np.arange(len(hashes)), packed(0))
    pairs = set()
    for turn in range(8):
        found = index.search(packed(turn), near)
        for i, (keys, distances) in enumerate(zip(found.keys, found.distances)): pairs |= {(min(i, int(key)), max(i, int(key))) for key, distance in zip(keys, distances) if distance <= 4 and key != i}
    return np.array(sorted(pairs))

def copies(sizes:list[int]) -> tuple[list[dict], str]:
    rows, most = [], {'today': 100_000, 'usearch': 50_000 if find_spec('usearch') else 0, 'pairs of bands': 1_000_000}
    for n in sizes:
        for way in ('today', 'usearch', 'pairs of bands'):
            if n > most[way]: continue
            found = contender('copies', way, n)
            rows.append({'hashes': n, 'way': way, 'seconds': found['seconds'], 'MB': found['peak_mb'], 'pairs': found['pairs'], 'sha256 of the pairs': found['digest']})
    return rows, ''

def main() -> None:
    made = parser(__doc__)
    made.add_argument('--only', default='speed,kills,resume,growth,head,copies')
    made.add_argument('--photos', type=int, default=5000)
    made.add_argument('--kills', type=int, default=10)
    made.add_argument('--rows', type=int, default=1_000_000, help='of features and hashes, at most')
    made.add_argument('--most', type=int, default=100_000, help='photos of the simulated collection, at most; a million for the whole table')
    args, rest = made.parse_known_args()
    if args.run: return {'speed': run_speed, 'driver': run_driver, 'threads': run_threads, 'growth': run_growth, 'head': run_head, 'copies': run_copies}[args.run](*rest)
    sizes = [n for n in (1000, 10_000, 100_000, 1_000_000) if n <= args.most]
    parts = {'speed': lambda: speed(args.photos), 'kills': lambda: kills(400, args.kills), 'resume': lambda: resume(20_000), 'growth': lambda: growth(sizes),
        'head': lambda: head(sorted({min(50_000, args.rows), args.rows})), 'copies': lambda: copies(sorted({min(100_000, args.rows), args.rows}))}
    for name in args.only.split(','):
        print(f'\n{name}')
        rows, words = parts[name]()
        report(args, rows, words, what=name)

if __name__ == '__main__': main()
