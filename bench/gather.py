"""How long a photo folder takes to fill, beside plain httpx and fastai's `download_images`.

All fetch the same photos from a server on this machine that answers after 20 ms. "plain httpx" stores the bytes as they
come: the floor, since nothing is opened or checked. "httpx + Pillow" also opens each photo, shrinks it to 512 pixels and
saves it again. bears_lib does that as well, checks each address and photo, looks for copies and keeps a log. fastai
stores bytes; `verify_images`, which a learner calls next, opens them.

python bench/gather.py [--count 2000] [--json]"""
from argparse import SUPPRESS
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO
from pathlib import Path
import asyncio, multiprocessing, os, shutil, tempfile, time

import numpy as np
from PIL import Image

from common import contender, finish, parser, report

def photo(seed:int, width:int) -> bytes:
    "A JPEG with the busyness of a photo: soft shapes, and grain over them."
    rng = np.random.default_rng(seed)
    shapes = Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8)).resize((width, width*3//4), Image.Resampling.BICUBIC)
    grain = Image.fromarray(rng.integers(96, 160, (width*3//8, width//2), np.uint8)).resize(shapes.size).convert('RGB')
    file = BytesIO()
    Image.blend(shapes, grain, 0.25).save(file, 'JPEG', quality=88)
    return file.getvalue()

def serve(count:int, width:int, latency:float, pipe) -> None:
    "A process of its own, so that it does not share Python's lock with the clients."
    with ThreadPoolExecutor(2) as pool: bodies = list(pool.map(lambda seed: photo(seed, width), range(count)))
    async def answer(reader, writer):
        try:
            while head := await reader.readuntil(b'\r\n\r\n'):
                await asyncio.sleep(latency)
                body = bodies[int(head.split(b' ', 2)[1].strip(b'/').partition(b'.')[0])]
                writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n' % len(body) + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError): pass
        finally: writer.close()
    async def main():
        server = await asyncio.start_server(answer, '127.0.0.1', 0)
        pipe.send((server.sockets[0].getsockname()[1], sum(map(len, bodies))/count))
        await server.serve_forever()
    asyncio.run(main())

@contextmanager
def server(count:int, width:int, latency:float):
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(count, width, latency, there), daemon=True)
    process.start()
    try: yield here.recv()
    finally: process.kill()

def plain_httpx(urls:list[str], folder:Path, workers:int, finish=lambda body: body) -> None:
    import httpx
    folder.mkdir()
    with httpx.Client(trust_env=False, limits=httpx.Limits(max_connections=workers)) as client, ThreadPoolExecutor(workers) as pool:
        def one(url):
            body = finish(client.get(url).raise_for_status().content)
            (folder/f'{sha256(body).hexdigest()[:20]}.jpg').write_bytes(body)
        list(pool.map(one, urls))

def shrink(body:bytes) -> bytes:
    file = BytesIO()
    with Image.open(BytesIO(body)) as image:
        image.thumbnail((512, 512))
        image.convert('RGB').save(file, 'JPEG', quality=90)
    return file.getvalue()

def httpx_and_pillow(urls, folder, workers): plain_httpx(urls, folder, workers, shrink)

def fastai(urls, folder, workers):
    from fastai.vision.utils import download_images
    download_images(folder, urls=urls, n_workers=workers)

def fastai_and_verify(urls, folder, workers):
    from fastai.vision.utils import download_images, get_image_files, verify_images
    download_images(folder, urls=urls, n_workers=workers)
    verify_images(get_image_files(folder))

def ours(urls, folder, workers):
    from bears_lib.engine.gather.download import download_images
    from bears_lib.engine.core.http_client import Web
    with Web(private=['127.0.0.1']) as web: download_images(folder/'bears', urls=urls, max_pics=len(urls), n_workers=workers, web=web)

def ours_again(urls, folder, workers):
    "The same call on a folder that is complete already: what going on after an interruption costs."
    ours(urls, folder, workers)

WAYS = {'plain httpx': plain_httpx, 'httpx + Pillow': httpx_and_pillow, 'fastai download_images': fastai,
        'fastai + verify_images': fastai_and_verify, 'bears_lib': ours, 'bears_lib, second call': ours_again}

def run(name:str, port:int, count:int, folder:Path, workers:int) -> None:
    "One contender in a process of its own; imports are not what is measured."
    os.environ['IN_TEST'] = '1'  # no progress bars
    import httpx, pandas, bears_lib.engine.gather.download  # noqa: F401
    if name.startswith('fastai'): import fastai.vision.utils  # noqa: F401
    urls = [f'http://127.0.0.1:{port}/{i}.jpg' for i in range(count)]
    if 'second' in name: ours(urls, folder, workers)
    start, cpu = time.perf_counter(), time.process_time()
    WAYS[name](urls, folder, workers)
    finish(seconds=time.perf_counter() - start, cpu=time.process_time() - cpu, files=len(list(folder.rglob('*.jpg'))))

def main() -> None:
    options = parser(__doc__)
    options.add_argument('--count', type=int, default=2000, help='photos to fetch')
    options.add_argument('--width', type=int, default=1024, help='of a photo, in pixels')
    options.add_argument('--latency', type=float, default=20, help='of the server, in milliseconds')
    options.add_argument('--workers', type=int, default=8, help='photos that are fetched at once')
    options.add_argument('--repeat', type=int, default=3, help='runs of each; the fastest counts, since other work on the machine only adds')
    options.add_argument('about', nargs='*', help=SUPPRESS)
    args = options.parse_args()
    if args.run: return run(args.run, int(args.about[0]), args.count, Path(args.about[1]), args.workers)
    best: dict[str, dict] = {}
    with server(args.count, args.width, args.latency/1000) as (port, size), tempfile.TemporaryDirectory() as root:
        for i in range(args.repeat*len(WAYS)):
            name = list(WAYS)[i % len(WAYS)]
            result = contender(name, port, f'{root}/{i}', '--count', args.count, '--workers', args.workers)
            shutil.rmtree(f'{root}/{i}')
            best[name] = min(best.get(name, result), result, key=lambda each: each['seconds'])
    floor = best['plain httpx']['seconds']
    rows = [{'way': name, 'seconds': f"{each['seconds']:.2f}", 'x floor': f"{each['seconds']/floor:.2f}", 'CPU seconds': f"{each['cpu']:.2f}", 'photos/s': round(args.count/each['seconds']),
             'files': each['files'], 'peak MB': each['peak_mb']} for name, each in best.items()]
    report(args, rows, f'{args.count} photos {args.width} pixels wide ({size/1000:.0f} kB), {args.latency:g} ms away, {args.workers} workers; the fastest of {args.repeat}.', best=best)

if __name__ == '__main__': main()
