"""Take pictures of each kind of page of the built site, at three widths and in both themes: _shots/

python tools/take_shots.py [PAGE...]    (needs chromium, and the site in _docs)"""
import shutil, sys, threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import sync_playwright

root = Path(__file__).parent.parent
kinds = ('index.html', 'learning.html', 'train.html', 'interpret.html', 'deploy.html', 'glossary.html', 'lessons/index.html', 'lessons/pets.html', 'questions1.html', 'your-course.html', 'classifier/index.html', 'trainer/index.html', 'reference.html',
         'engine/core/photos.html', '404.html')
sizes = {1366: 768, 768: 1024, 390: 844}

class Site(SimpleHTTPRequestHandler):
    "The site below /bears_lib/, as it is published; what is not there is answered with its 404 page."
    def log_message(self, *args): pass
    def translate_path(self, path:str) -> str: return super().translate_path(path.removeprefix('/bears_lib'))
    def send_error(self, code:int, *args) -> None:
        if code != 404 or not self.path.endswith('.html'): return super().send_error(code, *args)
        self.send_response(404)
        self.send_header('Content-Type', 'text/html; charset=utf-8')
        self.end_headers()
        self.wfile.write((Path(self.directory)/'404.html').read_bytes())

def serve(site:Path) -> ThreadingHTTPServer:
    "A server of this machine on a free port, running."
    server = ThreadingHTTPServer(('127.0.0.1', 0), partial(Site, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server

def main() -> None:
    server, to = serve(root/'_docs'), root/'_shots'
    to.mkdir(exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which('chromium'), args=['--no-sandbox'])
        for width, height in sizes.items():
            for theme in ('light', 'dark'):
                view = browser.new_page(viewport={'width': width, 'height': height}, color_scheme=theme, reduced_motion='reduce')
                for name in sys.argv[1:] or kinds:
                    view.goto(f'http://127.0.0.1:{server.server_port}/bears_lib/{name}', wait_until='load')
                    view.wait_for_timeout(300)
                    view.screenshot(path=to/f'{name.removesuffix(".html").replace("/", "-")}-{width}-{theme}.png', full_page=name in ('index.html', 'lessons/index.html'))
                view.close()
        browser.close()
    server.shutdown()
    print(f'{len(list(to.glob("*.png")))} pictures in {to.name}')

if __name__ == '__main__': main()
