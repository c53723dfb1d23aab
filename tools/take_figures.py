"""Take the course's pictures of pages: what a browser shows of a report, an app, a quiz.

python tools/take_figures.py [NAME...]    (needs chromium; without a name it takes all of them)

Each figure is a function of a browser and an empty folder that gives a picture. A new one gets a line in `figures`."""
import io, os, shutil, sys, tempfile
from pathlib import Path

os.environ.setdefault('IN_TEST', '1')  # no progress bars
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from bears_lib.gather import drop_dups, sample_bears
from bears_lib.interpret import report as write_report
from bears_lib.train import fit_photos

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
    "The head of a report on the drawn bears."
    path = sample_bears(place/'bears')
    drop_dups(path, dry_run=False)
    page = write_report(fit_photos(path), to=place/'report.html')
    return shot(open_page(browser, page.as_uri(), 860, 1250))

figures = {'report': report}

def save(name:str, picture:Image.Image) -> Path:
    "A JPEG of at most 60 kB, with the highest quality that fits."
    file = root/'nbs'/'images'/f'{name}.jpg'
    file.parent.mkdir(exist_ok=True)
    for quality in range(80, 25, -5):
        picture.save(file, quality=quality, optimize=True)
        if file.stat().st_size <= most: break
    return file

def main() -> None:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which('chromium'), args=['--no-sandbox'])
        for name in sys.argv[1:] or figures:
            with tempfile.TemporaryDirectory() as place: picture = figures[name](browser, Path(place))
            file = save(name, picture)
            print(f'{file.relative_to(root)}: {picture.width} x {picture.height}, {file.stat().st_size/1000:.0f} kB')
        browser.close()

if __name__ == '__main__': main()
