"""How long a photo folder takes to fill, against plain httpx and fastai's `download_images`.

All of them fetch the same photos from a server on this machine that answers after 20 ms, with 8 workers. "plain httpx"
stores the bytes as they come: the floor, since nothing is opened. "httpx + Pillow" also opens each photo, shrinks it and
saves it again, which is what `bears_lib` does on top of its checks, its log and its search for copies. fastai stores bytes
under random names; `verify_images`, which a learner needs next, is timed on its own line."""
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO
from pathlib import Path
import asyncio, json, multiprocessing, os, shutil, statistics, sys, tempfile, time

import numpy as np
from PIL import Image

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
        image.draft('RGB', (512, 512))
        image = image.convert('RGB')
        image.thumbnail((512, 512))
        image.save(file, 'JPEG', quality=90)
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
    from bears_lib.engine.download import download_images
    from bears_lib.engine.web import Web
    with Web(private=['127.0.0.1']) as web: download_images(folder/'bears', urls=urls, max_pics=len(urls), n_workers=workers, web=web)

def ours_again(urls, folder, workers):
    "The second call on a folder that is complete: what resuming costs."
    ours(urls, folder.with_name('bears_lib'), workers)

WAYS = {'plain httpx (floor)': plain_httpx, 'httpx + Pillow': httpx_and_pillow, 'fastai download_images': fastai,
        'fastai, then verify_images': fastai_and_verify, 'bears_lib': ours, 'bears_lib, second call': ours_again}

def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--count', type=int, default=2000, help='photos to fetch')
    parser.add_argument('--width', type=int, default=1024, help='of a photo, in pixels')
    parser.add_argument('--latency', type=float, default=20, help='of the server, in milliseconds')
    parser.add_argument('--workers', type=int, default=8)
    parser.add_argument('--repeat', type=int, default=3, help='runs of each; the median counts')
    parser.add_argument('--json', action='store_true', help='print one JSON object, last on stdout')
    options = parser.parse_args()
    os.environ['IN_TEST'] = '1'  # no progress bars
    import bears_lib.engine.download, fastai.vision.utils, httpx, pandas  # noqa: F401  imports are not what is measured
    seconds: dict[str, list[float]] = {name: [] for name in WAYS}
    kept = {}
    with server(options.count, options.width, options.latency/1000) as (port, size), tempfile.TemporaryDirectory() as root:
        urls = [f'http://127.0.0.1:{port}/{i}.jpg' for i in range(options.count)]
        for _ in range(options.repeat):
            for name, way in WAYS.items():
                folder = Path(root)/('bears_lib' if name == 'bears_lib' else 'other')
                shutil.rmtree(Path(root)/'other', ignore_errors=True)
                if name == 'bears_lib': shutil.rmtree(folder, ignore_errors=True)
                start = time.perf_counter()
                way(urls, folder, options.workers)
                seconds[name].append(time.perf_counter() - start)
                kept[name] = len(list((Path(root)/'bears_lib' if 'bears_lib' in name else folder).rglob('*.jpg')))
    middle = {name: statistics.median(each) for name, each in seconds.items()}
    floor = middle['plain httpx (floor)']
    print(f'{options.count} photos of {options.width} pixels ({size/1000:.0f} kB), {options.latency:g} ms away, {options.workers} workers, {os.cpu_count()} cores; median of {options.repeat}', file=sys.stderr)
    print(f'{"":28} {"seconds":>8} {"photos/s":>9} {"x floor":>8} {"files":>6}', file=sys.stderr)
    for name, each in middle.items(): print(f'{name:28} {each:8.2f} {options.count/each:9.0f} {each/floor:8.2f} {kept[name]:6}', file=sys.stderr)
    if options.json: print(json.dumps(dict(vars(options), kilobytes=round(size/1000), cores=os.cpu_count(), seconds={name: round(each, 3) for name, each in middle.items()}, files=kept)))

if __name__ == '__main__': main()
