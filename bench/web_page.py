"""The page without a server: how long it takes to answer, and for how long it does not react meanwhile (the longest task of its main thread).

python bench/web_page.py [--json]

Needs chromium, and onnxruntime-web from npm. The pages come from this machine; each figure is the median of three photos."""
import shutil, sys, tempfile, threading
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

from common import parser, report

root = Path(__file__).parent.parent
sys.path.insert(0, str(root/'tools'))
sizes = {'0.2': (500, 400), '12': (4000, 3000), '24': (6000, 4000), '48': (8000, 6000)}  # megapixels
watch = "self.tasks = [0]; new PerformanceObserver(list => tasks.push(...list.getEntries().map(task => task.duration))).observe({type: 'longtask'});"

def photo(path:Path, size:tuple[int, int], seed:int) -> Path:
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (400, 600, 3), np.uint8)).resize(size).save(path, quality=85)
    return path

def visit(page, given:Path) -> tuple[int, float]:
    "Milliseconds until a photo is answered, and of the longest task meanwhile; a browser reports those of 50 ms and more."
    page.evaluate(watch)
    page.set_input_files('#file', given)
    page.wait_for_function("name => document.querySelector('#note').textContent.includes(name)", arg=given.name)
    page.wait_for_timeout(300)
    return int(page.inner_text('#note').split(' in ')[1].split(' ms')[0]), page.evaluate('Math.max(...tasks)')

def main() -> None:
    from bears_lib.deploy import save_model
    from bears_lib.engine.pages.browser_app import make_web_app, page_server
    from bears_lib.gather import sample_bears
    from bears_lib.train import bears_dls, bears_learner, fit_head
    from npm_packages import node_modules
    args, rows = parser(__doc__).parse_args(), []
    with tempfile.TemporaryDirectory() as name, sync_playwright() as play:
        place = Path(name)
        model = save_model(fit_head(bears_learner(bears_dls(sample_bears()))), place/'model')
        server = page_server(make_web_app(model, place/'page', node_modules()), port=0)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = play.chromium.launch(executable_path=shutil.which('chromium'), args=['--no-sandbox']).new_page()
        page.goto(f'http://127.0.0.1:{server.server_port}')
        page.get_by_text('Ready.').wait_for()
        for megapixels, size in sizes.items():
            seen = [visit(page, photo(place/f'{megapixels}_{i}.jpg', size, i)) for i in range(3)]
            longest = median(task for _, task in seen)
            rows.append({'megapixels': megapixels, 'answer, ms': round(median(ms for ms, _ in seen)), 'longest task, ms': round(longest) if longest else 'below 50'})
        server.shutdown()
    report(args, rows)

if __name__ == '__main__': main()
