"""Draw the pictures of the home page and the README from the real pages: eight seconds that move, a still for those who want no motion, and the card that links show.

python tools/draw_home.py    (needs chromium and npm)

Four scenes: drawn bears in their folders, the command that trains on them, a phone that names one, a report of the mistakes."""
import io, re, shutil, tempfile, textwrap, threading
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, sync_playwright

from bears_lib.commands import bears_train
from bears_lib.deploy import make_web_app, save_model
from bears_lib.engine.pages.browser_app import page_server
from bears_lib.gather import sample_bears
from bears_lib.interpret import report
from bears_lib.train import fit_photos
from npm_packages import node_modules, root

tones = {'light': dict(ink='#1d1c1a', paper='#ffffff', ground='#f8f6f1', quiet='#6a655c', blue='#0b63a5', line='#dcd7cc'),
         'dark': dict(ink='#eeebe4', paper='#10120f', ground='#171614', quiet='#b7b1a6', blue='#6cb8f0', line='#3b3832')} # as in site/frame.css
wide, high, left = 960, 420, 300 # Pixels: the picture, and the words at its left
narrow, tall = 640, 600 # Pixels: the picture for a phone, with the words above
most = 260_000 # Bytes of a moving picture
says = ('Photos in folders', 'One command trains,\nin seconds, on a CPU', 'A page on a phone\nnames the bear', 'A report shows\nwhere it fails')

def words(size:int, name:str='DejaVu Sans', bold:bool=False) -> ImageFont.FreeTypeFont:
    from matplotlib.font_manager import FontProperties, findfont
    return ImageFont.truetype(findfont(FontProperties(family=name, weight='bold' if bold else 'normal')), size)

def sheet(photos:dict[str, list[Path]], ink:str, ground:str, side:int=112) -> Image.Image:
    "Rows of photos under the names of their classes."
    made = Image.new('RGB', (5*side + 40, 3*(side + 26)), ground)
    draw = ImageDraw.Draw(made)
    for row, (label, paths) in enumerate(photos.items()):
        draw.text((0, row*(side + 26)), f'{label}/', fill=ink, font=words(17))
        for column, path in enumerate(paths[:5]): made.paste(Image.open(path).convert('RGB').resize((side, side)), (column*(side + 10), row*(side + 26) + 24))
    return made

def terminal(command:str, said:str) -> Image.Image:
    "What a shell shows of a command."
    lines = [f'$ {command}', '', *(each for text in said.splitlines() if text.strip() for each in textwrap.wrap(text, 62, subsequent_indent='  '))][:15]
    made = Image.new('RGB', (600, 372), '#1d1c1a')
    draw, font = ImageDraw.Draw(made), words(15, 'DejaVu Sans Mono')
    for row, text in enumerate(lines): draw.text((18, 16 + 23*row), text, fill='#9fd6ff' if row == 0 else '#eeebe4', font=font)
    return made

def shot(browser:Browser, address:str, size:tuple[int, int], theme:str, photo:Path|None=None) -> Image.Image:
    "What a page shows; of the classifier's page, its answer about a photo, without the examples, so that both are large."
    view = browser.new_page(viewport={'width': size[0], 'height': size[1]}, device_scale_factor=2, color_scheme=theme, reduced_motion='reduce')
    view.goto(address)
    if photo:
        view.locator('input[type=file]').first.set_input_files(photo)
        view.locator('#bars li').first.wait_for(timeout=120_000)
        view.evaluate("const sheet = new CSSStyleSheet(); sheet.replaceSync('.tries { display: none }'); document.adoptedStyleSheets = [sheet]; document.querySelector('main').scrollIntoView()")
    view.wait_for_timeout(800)
    made = Image.open(io.BytesIO(view.screenshot())).convert('RGB')
    view.close()
    return made

def scenes(place:Path) -> dict[str, list[Image.Image]]:
    "The four pictures at the right, as large as they are, for both themes."
    path = sample_bears(place/'bears')
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said): code = bears_train.in_shell([str(path), '--model', str(place/'model')], 'bears train')
    if code: raise SystemExit(said.getvalue())
    fitted, photo = fit_photos(path), place/'bear.jpg'
    doubted = {photo.path for photo in fitted.doubted}
    rows = {label: [photo.path for photo in fitted.train if photo.label == label and photo.path not in doubted][2::9] for label in fitted.labels}
    shutil.copy(rows['grizzly'][1], photo)
    page = make_web_app(save_model(fitted, place/'model'), place/'page', runtime=node_modules(), title='Which bear is it?')
    server = page_server(page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which('chromium'), args=['--no-sandbox'])
        address, written = f'http://127.0.0.1:{server.server_port}/', report(fitted, to=place/'report.html').as_uri()
        pages = {theme: [shot(browser, address, (360, 540), theme, photo), shot(browser, written, (820, 520), theme)] for theme in tones}
        browser.close()
    server.shutdown()
    shown = re.sub(re.escape(str(place)) + '/', '', said.getvalue()).replace('\r', '\n')
    lines = [text for text in shown.splitlines() if not re.search(r'\d+%\||it/s|^left out', text)]
    return {theme: [sheet(rows, tones[theme]['ink'], tones[theme]['ground']), terminal('bears train bears', '\n'.join(lines)), *pages[theme]] for theme in tones}

def number(draw:ImageDraw.ImageDraw, at:tuple[int, int], step:int, tone:dict[str, str], now:bool=True) -> None:
    "The number of a step in its circle, which is filled for the present one."
    x, y = at
    draw.ellipse((x, y, x + 32, y + 32), fill=tone['blue'] if now else tone['ground'], outline=tone['blue'] if now else tone['line'], width=2)
    draw.text((x + 16, y + 16), str(step + 1), fill=tone['paper'] if now else tone['quiet'], font=words(17, bold=True), anchor='mm')

def put(made:Image.Image, picture:Image.Image, box:tuple[int, int, int, int], line:str) -> None:
    "A picture in the middle of a box (left, top, width, height), as large as fits, with a line around it."
    fits = picture.copy()
    fits.thumbnail(box[2:], Image.Resampling.LANCZOS)
    x, y = box[0] + (box[2] - fits.width)//2, box[1] + (box[3] - fits.height)//2
    made.paste(fits, (x, y))
    ImageDraw.Draw(made).rectangle((x - 1, y - 1, x + fits.width, y + fits.height), outline=line)

def above(picture:Image.Image, step:int, tone:dict[str, str]) -> Image.Image:
    "One scene for a phone: the present step in large letters, and its picture below."
    made = Image.new('RGB', (narrow, tall), tone['ground'])
    draw = ImageDraw.Draw(made)
    number(draw, (24, 26), step, tone)
    draw.multiline_text((72, 42), says[step], fill=tone['ink'], font=words(25, bold=True), anchor='lm', spacing=5)
    put(made, picture, (24, 84, narrow - 48, tall - 108), tone['line'])
    return made

def framed(picture:Image.Image, step:int, tone:dict[str, str]) -> Image.Image:
    "One scene: the four steps at the left, the present one in bold, and its picture at the right."
    made = Image.new('RGB', (wide, high), tone['ground'])
    draw = ImageDraw.Draw(made)
    for k, text in enumerate(says):
        y, now = 50 + 88*k, k == step
        number(draw, (28, y), k, tone, now)
        draw.multiline_text((76, y + 4), text, fill=tone['ink' if now else 'quiet'], font=words(17, bold=now), spacing=5)
    put(made, picture, (left + 18, 22, wide - left - 36, high - 44), tone['line'])
    return made

def moving(shown:list[Image.Image], file:Path) -> None:
    "Two seconds for each scene, with a short fade between them."
    frames, times = [], []
    for now, then in zip(shown, [*shown[1:], shown[0]]):
        frames += [now, Image.blend(now, then, 0.5)]
        times += [1880, 120]
    for quality in range(80, 30, -5):
        frames[0].save(file, save_all=True, append_images=frames[1:], duration=times, loop=0, quality=quality, method=4, kmax=1)  # whole frames: no shadows
        if file.stat().st_size <= most: break

def card(photos:Image.Image) -> Image.Image:
    "What a link to the site shows: 1200 x 630."
    tone = tones['light']
    made = Image.new('RGB', (1200, 630), tone['ground'])
    draw = ImageDraw.Draw(made)
    bears = photos.crop((0, 0, photos.width, photos.height)).resize((620, round(620*photos.height/photos.width)), Image.Resampling.LANCZOS)
    made.paste(bears, (540, (630 - bears.height)//2))
    draw.multiline_text((64, 170), 'From\nphotos\nto an app', fill=tone['ink'], font=words(76, bold=True), spacing=10)
    draw.multiline_text((66, 480), 'bears_lib: a free course\nand a small library', fill=tone['quiet'], font=words(30), spacing=8)
    return made

def main() -> None:
    images = root/'nbs/images'
    with tempfile.TemporaryDirectory() as place: raw = scenes(Path(place))
    for theme, tone in tones.items():
        for shape, draws in (('', framed), ('-narrow', above)):
            shown, name = [draws(picture, step, tone) for step, picture in enumerate(raw[theme])], f'{shape}{"-dark" if theme == "dark" else ""}.webp'
            moving(shown, images/f'moving{name}')
            shown[2].save(images/f'still{name}', quality=80, method=6)
    card(raw['light'][0]).save(images/'card.jpg', quality=80, optimize=True)
    for name in sorted(path.name for path in images.iterdir() if path.name.startswith(('moving', 'still', 'card'))): print(f'{name}: {(images/name).stat().st_size/1000:.0f} kB')

if __name__ == '__main__': main()
