"""Take the course's pictures of pages: what a browser shows of a report, an app, a quiz.

python tools/take_figures.py [NAME...]    (needs chromium; without a name it takes all of them)

Each figure is a function of a browser and an empty folder that gives a picture. A new one gets a line in `figures`."""
import io, json, os, shutil, sys, tempfile, threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

os.environ.setdefault('IN_TEST', '1')  # no progress bars
import numpy as np
import pandas as pd
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, sync_playwright

from bears_lib.deploy import make_app, make_web_app, save_model
from bears_lib.engine.pages.browser_app import page_server
from bears_lib.engine.pages.trainer import make_trainer
from bears_lib.gather import drop_dups, sample_bears
from bears_lib.interpret import report as write_report
from bears_lib.train import fit_photos
from npm_packages import node_modules

root = Path(__file__).parent.parent
most = 60_000 # Bytes of a figure

def open_page(browser:Browser, address:str, width:int=900, height:int=1000) -> Page:
    "A page in light colours, with motion off, so that two takes look the same."
    view = browser.new_page(viewport={'width': width, 'height': height}, color_scheme='light', reduced_motion='reduce')
    view.goto(address)
    return view

def shot(view:Page, **how) -> Image.Image:
    "What the page shows now; `full_page=True` and `clip` as in Playwright."
    return Image.open(io.BytesIO(view.screenshot(**how))).convert('RGB')

def report(browser:Browser, place:Path) -> Image.Image:
    "The head of a report on the drawn bears with the right labels, down to the whole figure of its probabilities."
    path = sample_bears(place/'bears')
    faults = pd.read_csv(path/'faults.csv').query("fault == 'wrong-label'")
    for name, label in zip(faults['file_name'], faults['truth']): (path/name).rename(path/label/Path(name).name)
    page = write_report(fit_photos(path), to=place/'report.html')
    view = open_page(browser, page.as_uri(), 700, 1480)
    bottom = view.evaluate("document.querySelector('figure').getBoundingClientRect().bottom")
    return shot(view, full_page=True, clip={'x': 0, 'y': 0, 'width': 700, 'height': bottom + 16})

def model(place:Path) -> Path:
    "The folder of a model that knows the drawn bears."
    return save_model(fit_photos(sample_bears()), place/'model')

def a_bear() -> Path: return sorted((sample_bears()/'grizzly').glob('*.jpg'))[7]

def a_tent(place:Path) -> Path:
    "What the model has never seen: a tent under the stars."
    picture = Image.new('RGB', (640, 480), '#1d2a4d')
    draw = ImageDraw.Draw(picture)
    for x, y in np.random.default_rng(0).integers((0, 0), (640, 260), (40, 2)).tolist(): draw.ellipse((x, y, x + 4, y + 4), fill='#f3efd0')
    draw.rectangle((0, 360, 640, 480), fill='#27401f')
    draw.polygon([(150, 390), (320, 150), (490, 390)], fill='#e07b39')
    draw.polygon([(280, 390), (320, 240), (360, 390)], fill='#4a2412')
    picture.save(place/'tent.jpg', quality=92)
    return place/'tent.jpg'

def app(browser:Browser, place:Path) -> Image.Image:
    "The Gradio app with an answer about a drawn bear."
    shown = make_app(model(place))
    _, address, _ = shown.launch(prevent_thread_lock=True, inline=False)
    try:
        view = open_page(browser, address, 900, 640)
        view.set_input_files('#photo input[type=file]', a_bear())
        view.locator('#bars').get_by_text('%').first.wait_for()
        view.wait_for_timeout(1500)
        return shot(view)
    finally: shown.close(verbose=False)

def phone(browser:Browser, place:Path) -> Image.Image:
    "The page without a server, on two phones side by side: an answer, and a photo unlike all that the model knows."
    page = make_web_app(model(place), place/'page', about='They are drawings by a program, not photographs.', runtime=node_modules())
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args): pass
    server = ThreadingHTTPServer(('127.0.0.1', 0), partial(Quiet, directory=str(page)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try: screens = [on_phone(browser, f'http://127.0.0.1:{server.server_port}/', photo) for photo in (shutil.copy(a_bear(), place/'bear.jpg'), a_tent(place))]
    finally: server.shutdown()
    both = Image.new('RGB', (2*screens[0].width + 24, screens[0].height), 'white')
    for i, screen in enumerate(screens): both.paste(screen, (i*(screen.width + 24), 0))
    return both

def on_phone(browser:Browser, address:str, photo:Path) -> Image.Image:
    view = open_page(browser, address, 390, 844)
    view.get_by_text('Ready.').wait_for()
    view.set_input_files('#file', photo)
    view.wait_for_function("name => document.querySelector('#note').textContent.includes(name)", arg=photo.name)
    view.evaluate("document.querySelector('main').scrollIntoView()")
    return shot(view)

def trainer(browser:Browser, place:Path) -> Image.Image:
    "The page that learns from one's own photos: seven drawn bears of two classes, how many were named rightly, and one more that is asked about."
    server = page_server(make_trainer(place/'page', node_modules()), port=0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        view = open_page(browser, f'http://127.0.0.1:{server.server_port}/', 800, 1400)
        view.wait_for_selector('.class')
        for i, label in enumerate(('grizzly', 'teddy')):
            box = view.locator('.class').nth(i)
            box.locator('input[type=text]').fill({'grizzly': 'a real bear', 'teddy': 'my teddy'}[label])
            box.locator('input[type=text]').press('Tab')
            box.locator('input[type=file]').set_input_files(photos_of(label)[:7])
        view.get_by_text('Learnt from 14 photos').first.wait_for(timeout=240_000)
        view.set_input_files('#ask', shutil.copy(photos_of('teddy')[12], place/'another.jpg'))
        view.locator('#bars li').first.wait_for()
        view.evaluate("css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); document.adoptedStyleSheets = [sheet]; }",
            'header, main > section:not(#learning, #test, :first-child), #result, .small, #next { display: none !important } main { padding-top: 1rem } #now { position: static !important; border: 1px solid var(--line) !important; border-radius: .8rem !important }')
        view.evaluate('document.activeElement.blur()')
        view.wait_for_timeout(500)
        bottom = view.evaluate("document.querySelector('#test').getBoundingClientRect().bottom + scrollY")
        return shot(view, full_page=True, clip={'x': 0, 'y': 0, 'width': 800, 'height': bottom + 16})
    finally: server.shutdown()

def photos_of(label:str) -> list[Path]:
    "Drawn bears of one class, without the sample's planted faults."
    faulty = set(pd.read_csv(sample_bears()/'faults.csv')['file_name'])
    return [path for path in sorted((sample_bears()/label).glob('*.jpg')) if f'{label}/{path.name}' not in faulty and np.asarray(Image.open(path).convert('L'))[:5, :5].mean() < 200]  # and none on white

def notebook(browser:Browser, place:Path, code:str) -> Page:
    "JupyterLab with one cell that has been run."
    sys.path.insert(0, str(root/'tests'))
    from test_cleaner_browser import jupyterlab
    cell = {'cell_type': 'code', 'id': 'only', 'metadata': {}, 'source': code, 'execution_count': None, 'outputs': []}
    kernel = {'kernelspec': {'name': 'python3', 'display_name': 'Python 3', 'language': 'python'}}
    (place/'one.ipynb').write_text(json.dumps({'cells': [cell], 'metadata': kernel, 'nbformat': 4, 'nbformat_minor': 5}), encoding='utf-8')
    lab = jupyterlab(place, 'one.ipynb')
    address = lab.__enter__()
    view = open_page(browser, f'{address}/doc/tree/one.ipynb', 860, 1200)
    view.once('close', lambda _: lab.__exit__(None, None, None))
    connected = "(kernel => kernel?.connectionStatus == 'connected' && kernel.status == 'idle')(window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel)"
    view.wait_for_function(connected, timeout=90_000)
    view.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    return view

def quiz(browser:Browser, place:Path) -> Image.Image:
    "The box of a quiz, with a practice question that was answered."
    view = notebook(browser, place, f"from bears_lib.questionnaire import Quiz\nQuiz(0, folder={str(place/'quiz')!r})")
    box = view.locator('.widget-vbox').first
    box.get_by_placeholder('Your answer').fill('there is little food')
    box.get_by_role('button', name='Check', exact=True).click()
    box.get_by_text('suggested: partly right').wait_for()
    box.get_by_role('button', name='partly', exact=True).click()
    return element(view, box)

def cleaner(browser:Browser, place:Path) -> Image.Image:
    "The cleaner's first page; the pink teddy among the black bears is on its way to its own class."
    drop_dups(path := sample_bears(place/'bears'), dry_run=False)
    view = notebook(browser, place, f"from bears_lib.gather import ImageCleaner\nImageCleaner({str(path)!r}, per_page=6)")
    box = view.locator('.widget-vbox').first
    box.get_by_role('button', name='To teddy').first.wait_for(timeout=400_000)
    box.locator('.bears-card').filter(has_text='Label in doubt').first.get_by_role('button', name='To teddy').click()
    box.get_by_text('To another class: 1.').wait_for()
    return element(view, box)

def buttons(browser:Browser, place:Path) -> Image.Image:
    "The app of a few widgets in a notebook, with an answer."
    view = notebook(browser, place, f"from bears_lib.deploy import notebook_app\nnotebook_app({str(model(place))!r})")
    box = view.locator('.widget-vbox').first
    with view.expect_file_chooser() as chooser: box.get_by_role('button', name='Upload').click()
    chooser.value.set_files(a_bear())
    box.get_by_role('button', name='Classify', exact=True).click()
    box.locator('meter').first.wait_for()
    return element(view, box)

def element(view:Page, box) -> Image.Image:
    "One part of the page, with no notice of JupyterLab's before it; the page is closed, and with it the server behind it."
    view.add_style_tag(content='.Toastify { display: none; }')
    view.mouse.move(0, 0)
    view.wait_for_timeout(500)
    picture = Image.open(io.BytesIO(box.screenshot())).convert('RGB')
    view.close()
    return picture

figures = {'trainer': trainer, 'report': report, 'app': app, 'phone': phone, 'quiz': quiz, 'cleaner': cleaner, 'buttons': buttons}

def save(name:str, picture:Image.Image) -> Path:
    "A JPEG of at most 60 kB, with the highest quality that fits; smaller where even that of 50 is too large."
    file = root/'nbs'/'images'/f'{name}.jpg'
    file.parent.mkdir(exist_ok=True)
    while True:
        for quality in range(80, 45, -5):
            picture.save(file, quality=quality, optimize=True, progressive=True)
            if file.stat().st_size <= most: return file
        picture = picture.resize((picture.width*9//10, picture.height*9//10), Image.Resampling.LANCZOS)

def main() -> None:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which('chromium'), args=['--no-sandbox'])
        for name in sys.argv[1:] or figures:
            with tempfile.TemporaryDirectory() as place: picture = figures[name](browser, Path(place))
            file = save(name, picture)
            print(f'{file.relative_to(root)}: {picture.width} x {picture.height}, {file.stat().st_size/1000:.0f} kB')
        browser.close()

if __name__ == '__main__': main()
