"""The page that trains: seconds until a classifier is there, and after one more photo; how often it is right beside Python.

python bench/train_on_site.py PHOTOS [--counts 20,60,200,500] [--held 30] [--json]

PHOTOS is a folder of class folders. Of each class the first photos (in an order mixed by their hashes) are learnt from, the last ones
(--held) are asked about. The memory is the most that the page's process ever held, its share of the browser's own program included.
Needs chromium under Linux, and onnxruntime-web from npm; the pages come from this machine. One thread, no GPU."""
import gzip, re, shutil, sys, tempfile, threading, time
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from playwright.sync_api import sync_playwright

from common import parser, report

root = Path(__file__).parent.parent
sys.path.insert(0, str(root/'tools'))

def dealt(photos:Path) -> dict[str, list[Path]]:
    "The photos of each class, mixed by their content."
    return {folder.name: sorted((path for path in folder.iterdir() if path.is_file()), key=lambda path: sha256(path.read_bytes()).hexdigest())
        for folder in sorted(photos.iterdir()) if folder.is_dir()}

def wait(page, words:str) -> None: page.wait_for_selector(f'#say:has-text("{words}")', timeout=900_000)

def most_memory(browser) -> int:
    "Megabytes: the most that a page's process of this browser has held at one time."
    processes = browser.new_browser_cdp_session().send('SystemInfo.getProcessInfo')['processInfo']
    statuses = [Path(f'/proc/{each["id"]}/status').read_text(encoding='utf-8') for each in processes if each['type'] == 'renderer']
    return round(max(int(re.search(r'VmHWM:\s*(\d+)', status)[1]) for status in statuses)/1000)

def visit(browser, address:str, photos:dict[str, list[Path]], place:Path) -> dict:
    "A visitor gives all photos but one, waits, and then gives the last one."
    page = browser.new_page()
    page.goto(address)
    page.wait_for_selector('.class')
    for _ in range(len(photos) - 2): page.click('#more')
    for i, label in enumerate(photos):
        page.locator('.class input[type=text]').nth(i).fill(label)
        page.locator('.class input[type=text]').nth(i).press('Tab')
    n, start = sum(map(len, photos.values())), time.perf_counter()
    for i, paths in enumerate(photos.values()): page.locator('.class').nth(i).locator('input[type=file]').set_input_files(paths[:-1] if i == 0 else paths)
    wait(page, f'Learnt from {n - 1:,} photos')
    first = time.perf_counter() - start
    start = time.perf_counter()
    page.locator('.class').nth(0).locator('input[type=file]').set_input_files(next(iter(photos.values()))[-1])
    wait(page, f'Learnt from {n:,} photos')
    again, said = time.perf_counter() - start, page.text_content('#interval')
    memory = most_memory(browser)
    with page.expect_download() as download: page.click('[data-take=model]')
    download.value.save_as(place/'model.zip')
    page.close()
    with ZipFile(place/'model.zip') as archive: archive.extractall(place/'model')
    return {'first, s': round(first, 1), 'one more, s': round(again, 1), 'cross-validated': said.removeprefix('Right on ').split(' of')[0], 'memory, MB': memory}

def of_python(photos:dict[str, list[Path]], place:Path):
    "`fit_photos` on the same photos."
    from bears_lib.train import fit_photos
    for label, paths in photos.items():
        (place/label).mkdir(parents=True)
        for path in paths: shutil.copy(path, place/label)
    start = time.perf_counter()
    return fit_photos(place), time.perf_counter() - start

def shares(held:dict[str, list[Path]], model, fitted) -> tuple[str, str]:
    "How often each is right on photos held back, with the interval."
    from bears_lib.engine.core.common import accuracy_text
    from bears_lib.engine.predict.onnx_session import run_photos
    paths, labels = [path for some in held.values() for path in some], list(held)
    truth, found = np.repeat(np.arange(len(held)), [len(some) for some in held.values()]), []
    for network, preprocess, order in ((model.network, model.info.preprocess, model.info.labels), (fitted.network, fitted.body.preprocess, fitted.labels)):
        said = run_photos(network, paths, preprocess)[0].argmax(1)
        found.append(accuracy_text(int((np.array([labels.index(label) for label in order])[said] == truth).sum()), len(truth)))
    return found[0], found[1]

def main() -> None:
    from bears_lib.deploy import Classifier
    from bears_lib.engine.pages.browser_app import page_server
    from bears_lib.engine.pages.trainer import make_trainer
    from npm_packages import node_modules
    options = parser(__doc__)
    options.add_argument('photos', type=Path)
    options.add_argument('--counts', default='20,60,200,500')
    options.add_argument('--held', type=int, default=30, help='photos of each class that are asked about')
    args, rows = options.parse_args(), []
    all_photos = dealt(args.photos)
    held = {label: paths[-args.held:] for label, paths in all_photos.items()}
    with tempfile.TemporaryDirectory() as name, sync_playwright() as play:
        place = Path(name)
        page = make_trainer(place/'train', node_modules())
        server = page_server(page, port=0)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for count in map(int, args.counts.split(',')):
            each = -(-count//len(all_photos))
            photos = {label: paths[:min(each, len(paths) - args.held)] for label, paths in all_photos.items()}
            browser = play.chromium.launch(executable_path=shutil.which('chromium'), args=['--no-sandbox', '--disable-gpu'])  # a new one, whose memory is its own
            row, (fitted, seconds) = visit(browser, f'http://127.0.0.1:{server.server_port}/', photos, place/str(count)), of_python(photos, place/f'{count} in Python')
            browser.close()
            ours, theirs = shares(held, Classifier(place/str(count)/'model'), fitted)
            rows.append({'photos': sum(map(len, photos.values())), **row, 'held back, page': ours, 'Python': theirs, 'Python, s': round(seconds, 1)})
        server.shutdown()
        first = sum(path.stat().st_size for path in page.iterdir() if not path.name.startswith('drawn-'))
    written = b''.join(path.read_bytes() for path in [*(path for path in (root/'bears_lib/data/trainer').glob('*.js') if path.name != 'fflate.js'), root/'bears_lib/data/web/photo.js'])
    script = b''.join(path.read_bytes() for path in (root/'bears_lib/data/trainer/small').iterdir())
    words = f'Own script {len(script)/1000:.0f} kB as browsers load it ({len(written)/1000:.0f} kB as written), {len(gzip.compress(script))/1000:.0f} kB packed. The first visit fetches {first/1e6:.1f} MB, unpacked.'
    report(args, rows, words, own_script=len(script), first_visit=first)

if __name__ == '__main__': main()
