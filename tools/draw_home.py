"""Draw the picture of the home page: drawn bears, and the page that names one of them, as a phone shows it.

python tools/draw_home.py    (needs chromium and npm)"""
import io, shutil, tempfile, threading
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import sync_playwright

from bears_lib.deploy import make_web_app, save_model
from bears_lib.engine.pages.browser_app import page_server
from bears_lib.gather import sample_bears
from bears_lib.train import bears_dls, bears_learner, fit_head
from npm_packages import node_modules, root

ink, paper, high = '#1f2d3d', '#ffffff', 620

def phone(page:Path, photo:Path) -> Image.Image:
    "What the page shows of a photo, on a narrow screen."
    server = page_server(page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which('chromium'), args=['--no-sandbox'])
        view = browser.new_page(viewport={'width': 380, 'height': 800}, device_scale_factor=2)
        view.goto(f'http://127.0.0.1:{server.server_port}/')
        view.locator('input[type=file]').first.set_input_files(photo)
        view.wait_for_function("/\\d%/.test(document.querySelector('[aria-live]')?.innerText ?? document.body.innerText)", timeout=60_000)
        view.wait_for_timeout(1500)
        shot = Image.open(io.BytesIO(view.screenshot())).convert('RGB')
        browser.close()
    server.shutdown()
    return shot

def words(size:int) -> ImageFont.FreeTypeFont:
    from matplotlib import font_manager
    return ImageFont.truetype(font_manager.findfont('DejaVu Sans'), size)

def sheet(photos:dict[str, list[Path]], side:int=150) -> Image.Image:
    "Rows of photos under the names of their classes."
    made = Image.new('RGB', (4*side + 30, 3*(side + 46)), paper)
    draw = ImageDraw.Draw(made)
    for row, (label, paths) in enumerate(photos.items()):
        draw.text((0, row*(side + 46) + 6), f'{label}/', fill=ink, font=words(24))
        for column, path in enumerate(paths[:4]): made.paste(Image.open(path).convert('RGB').resize((side, side)), (column*(side + 10), row*(side + 46) + 38))
    return made

def main() -> None:
    dls = bears_dls(sample_bears())
    learn = fit_head(bears_learner(dls))
    with tempfile.TemporaryDirectory() as place:
        page = make_web_app(save_model(learn, Path(place)/'model'), Path(place)/'page', runtime=node_modules(), title='Which bear is it?')
        shown = phone(page, next(path for path in dls.valid_ds.items if path.parent.name == 'grizzly'))
    doubted = set(learn.doubted)
    left = sheet({label: [path for path in dls.train_ds.items if path.parent.name == label and path not in doubted][2::7] for label in dls.vocab})
    right = shown.resize((round(shown.width*high/shown.height), high), Image.Resampling.LANCZOS)
    made = Image.new('RGB', (left.width + 330 + right.width + 24, high + 24), paper)
    made.paste(left, (0, (made.height - left.height)//2))
    made.paste(right, (left.width + 330, 12))
    draw, middle = ImageDraw.Draw(made), left.width + 165
    draw.rectangle((left.width + 329, 11, left.width + 330 + right.width, 12 + high), outline='#9aa5b1', width=2)
    draw.multiline_text((middle, made.height//2 - 90), 'learnt in seconds\non a CPU', fill=ink, font=words(26), anchor='mm', align='center', spacing=10)
    draw.line((middle - 110, made.height//2, middle + 96, made.height//2), fill=ink, width=6)
    draw.polygon([(middle + 118, made.height//2), (middle + 90, made.height//2 - 16), (middle + 90, made.height//2 + 16)], fill=ink)
    draw.multiline_text((middle, made.height//2 + 70), 'runs in a page\nwithout a server', fill=ink, font=words(26), anchor='mm', align='center', spacing=10)
    (root/'nbs/images').mkdir(exist_ok=True)
    made.save(root/'nbs/images/home.jpg', quality=72, optimize=True)
    print(made.size, (root/'nbs/images/home.jpg').stat().st_size)

if __name__ == '__main__': main()
