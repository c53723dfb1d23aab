"""The docs site: how long it takes to build, how heavy its pages are, how soon they can be used, and what Lighthouse says.

python bench/docs_site.py [--lighthouse node_modules/.bin/lighthouse] [--built]

Needs chromium, and for Lighthouse `npm install lighthouse@12`. The pages come from this machine, text compressed as the host of the site does it, and the browser's cache is empty."""
import gzip, json, os, shutil, subprocess, sys, threading
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from statistics import median
from time import perf_counter

from playwright.sync_api import sync_playwright

from common import parser, report

root = Path(__file__).parent.parent
sys.path.insert(0, str(root/'tools'))
from take_shots import Site

chromium = shutil.which('chromium')
pages = ('index.html', 'train.html', 'trainer/index.html', 'classifier/index.html')
texts = {'.html': 'text/html; charset=utf-8', '.css': 'text/css', '.js': 'text/javascript', '.json': 'application/json', '.svg': 'image/svg+xml', '.mjs': 'text/javascript', '.wasm': 'application/wasm'}

class Compressed(Site):
    "The site as its host serves it: text in gzip."
    def do_GET(self) -> None:
        file = Path(self.translate_path(self.path))
        if file.suffix not in texts or not file.is_file(): return super().do_GET()
        data = gzip.compress(file.read_bytes(), 6)
        self.send_response(200)
        for name, value in {'Content-Type': texts[file.suffix], 'Content-Encoding': 'gzip', 'Content-Length': str(len(data)), 'Cache-Control': 'max-age=600'}.items(): self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

def build() -> float:
    "Seconds from the notebooks to the site."
    start = perf_counter()
    subprocess.run([sys.executable, root/'tools/build_docs.py'], cwd=root, check=True, capture_output=True)
    return perf_counter() - start

def load(play, address:str) -> tuple[int, float]:
    "Bytes, and seconds until the page is interactive, in a browser that was never there."
    browser = play.chromium.launch(executable_path=chromium, args=['--no-sandbox'])
    page, answers = browser.new_page(), []
    page.on('response', lambda answer: answers.append(answer))
    page.goto(address, wait_until='networkidle')
    seconds = page.evaluate("performance.getEntriesByType('navigation')[0].domInteractive")/1000
    size = sum(len(answer.body()) for answer in answers)
    browser.close()
    return size, seconds

def lighthouse(program:str, address:str) -> dict[str, int]:
    "Its marks, 0 to 100."
    words = [program, address, '--output=json', '--quiet', '--only-categories=performance,accessibility,best-practices,seo', '--chrome-flags=--headless --no-sandbox --disable-gpu']
    said = subprocess.run(words, capture_output=True, text=True, check=True, env=os.environ | {'CHROME_PATH': chromium})
    return {name: round(100*each['score']) for name, each in json.loads(said.stdout)['categories'].items()}

def main() -> None:
    made = parser(__doc__)
    made.add_argument('--lighthouse', help='the program, as npm installs it; without it there are no marks')
    made.add_argument('--built', action='store_true', help='measure the site that is there')
    args = made.parse_args()
    seconds = 0.0 if args.built else build()
    server = ThreadingHTTPServer(('127.0.0.1', 0), partial(Compressed, directory=str(root/'_docs')))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    rows = []
    for name in pages:
        address = f'http://127.0.0.1:{server.server_port}/bears_lib/{name}'
        with sync_playwright() as play: visits = [load(play, address) for _ in range(5)]
        rows.append({'page': name, 'kB': round(visits[0][0]/1000), 'interactive, s': round(median(each for _, each in visits), 2), **(lighthouse(args.lighthouse, address) if args.lighthouse else {})})
    server.shutdown()
    report(args, rows, f'Built in {seconds:.0f} s.' if seconds else 'As it was built.', build_seconds=round(seconds, 1))

if __name__ == '__main__': main()
