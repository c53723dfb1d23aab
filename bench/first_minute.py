"""The first minute: from nothing to a trained model, and what it costs to do it again.

python bench/first_minute.py --photos FOLDER [--only WORD] [--json]

install   a new environment, `pip install` of the base with the wheels that pip has cached, and `bears-demo`; disk, and bytes of the wheels
demo      `bears-demo`, from process start to end, with an empty cache of features and with a full one
train     `bears-train FOLDER` likewise, beside the floor in the same run: a process that sends the same photos through the network once
          and does nothing else, and another that sends their mirror images as well
check     `bears-check` of 5,000 photos of 420 pixels (copies with changed pixels), for the first and the second time
predict   `bears-predict` of one photo, cold
large     `bears-train` of 1,000, 4,000 and 12,000 such photos, and the last again"""
import json, os, subprocess, sys, tempfile, time
from pathlib import Path

import numpy as np
from PIL import Image

from common import finish, parser, program, report

root = Path(__file__).parent.parent

def timed(*words, cache:Path|None=None) -> dict:
    "Seconds and peak memory of a process."
    start, env = time.perf_counter(), {**os.environ, 'BEARS_CACHE': str(cache) if cache else 'off'}
    process = subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env)
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1): sys.exit(said.decode()[-2000:])
    return {'seconds': round(time.perf_counter() - start, 2), 'MB': used.ru_maxrss//1024}

def size_of(folder:Path) -> int: return sum(path.stat().st_size for path in folder.rglob('*') if path.is_file() and not path.is_symlink())

def install(place:Path) -> list[dict]:
    wheels, pip = place/'wheels', [sys.executable, '-m', 'pip']
    subprocess.run([*pip, 'download', '-q', '-c', root/'constraints.txt', '-d', wheels, root], check=True)
    for name in ('warm', 'counted'):  # the first fills pip's cache with what has to be built
        start, venv = time.perf_counter(), place/name
        subprocess.run([sys.executable, '-m', 'venv', venv], check=True)
        subprocess.run([venv/'bin'/'pip', 'install', '-q', '--no-compile', '-c', root/'constraints.txt', root], check=True)
        demo = timed(venv/'bin'/'bears-demo', place/f'{name} demo', cache=place/f'{name} cache')
        took = time.perf_counter() - start
    return [{'what': f'new environment to the end of bears-demo: {size_of(venv)/1e9:.2f} GB on disk, wheels {size_of(wheels)/1e6:.0f} MB',
             'seconds': round(took, 1), 'MB': demo['MB']}]

def twice(what:str, place:Path, *words) -> list[dict]:
    cache = place/f'cache of {what}'
    return [{'what': f'{what}, {when}', **timed(*words, cache=cache)} for when in ('first time', 'again, nothing changed')]

def floor(photos:str, mirrored:str='') -> None:
    "All photos through the network once, perhaps with their mirror images."
    from bears_lib.engine.core.folders import read_folder
    from bears_lib.engine.core.photos import Preprocess
    from bears_lib.engine.predict.onnx_session import run_photos
    from bears_lib.engine.predict.packaged_body import packaged_body
    run_photos(packaged_body(), [photo.path for photo in read_folder(photos, check=False).photos], Preprocess(), mirror=mirrored == 'mirrored')
    finish()

def multiply(photos:Path, dest:Path, n:int, side:int=420) -> Path:
    "So many photos of this size: copies whose pixels, and whose place in the picture, differ."
    sources = [path for path in sorted(photos.glob('*/*')) if path.suffix.lower() in ('.jpg', '.jpeg', '.png')]
    rng = np.random.default_rng(0)
    for i in range(n):
        source = sources[i % len(sources)]
        target = dest/source.parent.name/f'{i}.jpg'
        target.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(source) as image:
            image = image.convert('RGB')
            left, top, right, down = rng.uniform(0, 0.25, 4)*np.tile(image.size, 2)
            image = image.crop((int(left), int(top), int(image.width - right), int(image.height - down))).resize((side, side))
            image.save(target, quality=int(rng.integers(80, 95)))
    return dest

def main() -> None:
    options = parser(__doc__)
    options.add_argument('--photos', default=os.environ.get('BEARS_DATA', '') and f'{os.environ["BEARS_DATA"]}/bears', help='a folder of class folders')
    options.add_argument('--only', default='install,demo,train,check,predict,large')
    options.add_argument('photo_folder', nargs='?')
    options.add_argument('more', nargs='?', default='')
    args = options.parse_args()
    if args.run: return floor(args.photo_folder, args.more)
    photos, rows, only = Path(args.photos), [], args.only.split(',')
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        if 'install' in only: rows += install(place)
        if 'demo' in only: rows += twice('bears-demo', place, program('bears-demo'), place/'demo')
        if 'train' in only:
            rows += twice('bears-train', place, program('bears-train'), photos, '--model', place/'model')
            mine = rows[-2]['seconds']
            for words in ([], ['mirrored']):
                least = timed(sys.executable, __file__, '--run', 'floor', photos, *words)
                rows.append({'what': f'the floor: one pass{", mirror images too"*bool(words)}; bears-train takes {mine/least["seconds"]:.2f} times as long', **least})
        if 'check' in only: rows += twice('bears-check, 5,000 photos', place, program('bears-check'), multiply(photos, place/'many', 5000))
        if 'predict' in only:
            if not (place/'model').exists(): timed(program('bears-train'), photos, '--model', place/'model')
            photo = next(photos.glob('*/*.jpg'))
            each = [timed(program('bears-predict'), place/'model', photo) for _ in range(7)]
            rows.append({'what': 'bears-predict, one photo, median of 7', **sorted(each, key=lambda run: run['seconds'])[3]})
        if 'large' in only:
            for n in (1000, 4000, 12000):
                runs = twice(f'bears-train, {n:,} photos', place, program('bears-train'), multiply(photos, place/str(n), n), '--model', place/f'model {n}')
                rows += runs if n == 12000 else runs[:1]
    report(args, rows, f'{os.cpu_count()} cores; peak memory in MB.')

if __name__ == '__main__': main()
