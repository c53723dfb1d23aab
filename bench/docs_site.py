"""The docs site: how long it takes to build, how heavy its home page is, how soon that can be used, and what Lighthouse says.

python bench/docs_site.py [--lighthouse node_modules/.bin/lighthouse]

Needs chromium, and for Lighthouse `npm install lighthouse@12`. The pages come from this machine, and the browser's cache is empty."""
import functools, http.server, json, os, shutil, subprocess, sys, threading
from pathlib import Path
from statistics import median
from time import perf_counter

from playwright.sync_api import sync_playwright

from common import parser, report

root = Path(__file__).parent.parent
chromium = shutil.which('chromium')
pages = ('index.html', 'train.html')

class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args): pass

def build() -> float:
    "Seconds from the notebooks to the site."
    start = perf_counter()
    subprocess.run([sys.executable, root/'tools/build_docs.py'], cwd=root, check=True, capture_output=True)
    return perf_counter() - start

def load(play, address:str) -> tuple[int, float]:
    "Bytes, and seconds until the page is interactive, in a browser that was never there."
    browser = play.chromium.launch(executable_path=chromium, args=['--no-sandbox'])
    page, sizes = browser.new_page(), []
    page.on('response', lambda response: sizes.append(len(response.body())))
    page.goto(address, wait_until='networkidle')
    seconds = page.evaluate("performance.getEntriesByType('navigation')[0].domInteractive")/1000
    browser.close()
    return sum(sizes), seconds

def lighthouse(program:str, address:str) -> dict[str, int]:
    "Its marks, 0 to 100."
    words = [program, address, '--output=json', '--quiet', '--only-categories=accessibility,best-practices', '--chrome-flags=--headless --no-sandbox --disable-gpu']
    said = subprocess.run(words, capture_output=True, text=True, check=True, env=os.environ | {'CHROME_PATH': chromium})
    return {name: round(100*each['score']) for name, each in json.loads(said.stdout)['categories'].items()}

def main() -> None:
    made = parser(__doc__)
    made.add_argument('--lighthouse', help='the program, as npm installs it; without it there are no marks')
    args = made.parse_args()
    seconds = build()
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Quiet, directory=str(root/'_docs')))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    rows = []
    for name in pages:
        address = f'http://127.0.0.1:{server.server_port}/{name}'
        with sync_playwright() as play: visits = [load(play, address) for _ in range(5)]
        rows.append({'page': name, 'kB': round(visits[0][0]/1000), 'interactive, s': round(median(each for _, each in visits), 2), **(lighthouse(args.lighthouse, address) if args.lighthouse else {})})
    server.shutdown()
    report(args, rows, f'Built in {seconds:.0f} s.', build_seconds=round(seconds, 1))

if __name__ == '__main__': main()
