"The app, as a visitor, a program and a mischief-maker meet it: `bears-app` in a process of its own."
import io, json, os, re, shutil, signal, socket, subprocess, sys, threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bears_lib.gather import sample_bears
from conftest import in_browser, program, root

pytest.importorskip('gradio', minversion='6', reason='needs the extra "app": pip install "bears_lib[app]"')
import httpx
from gradio_client import Client, handle_file

shots = root/'tests'/'_shots'
bear = next((sample_bears()/'grizzly').glob('0*.jpg'))

@pytest.fixture(scope='module')
def model(bears_whole): return bears_whole

@contextmanager
def running(model, *flags):
    "`bears-app` with what it printed when it was up, and its process; Ctrl-C ends it."
    command = program('bears-app')
    environment = {**os.environ, 'GRADIO_ANALYTICS_ENABLED': 'True'}  # the app has to switch it off by itself
    process = subprocess.Popen([command, str(model), '--json', *map(str, flags)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))  # a shell's background jobs ignore Ctrl-C
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield json.loads(line), process
    finally:
        if process.poll() is None: process.send_signal(signal.SIGINT)
        try: process.communicate(timeout=20)
        except subprocess.TimeoutExpired: process.kill()

@pytest.fixture(scope='module')
def app(model, tmp_path_factory):
    "The address of an app that keeps what is offered, the folder it keeps it in, and its temporary folder's place."
    place = tmp_path_factory.mktemp('app')
    before = os.environ.get('TMPDIR')
    os.environ['TMPDIR'] = str(place)
    try:
        with running(model, '--keep', place/'offered') as (up, _): yield up['url'], place/'offered', place
    finally: os.environ.pop('TMPDIR') if before is None else os.environ.update(TMPDIR=before)
    left = sorted(path.relative_to(place).as_posix() for path in place.rglob('*') if path.is_file() and 'offered' not in path.parts)
    assert not left, 'something of the visitors is left'

def drawn_cat() -> Image.Image:
    "Nothing that the model knows: flat shapes on a checkered floor."
    board = np.indices((300, 400)).sum(0)//25 % 2
    picture = Image.fromarray(np.where(board[..., None], [230, 60, 200], [40, 220, 230]).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((120, 90, 280, 250), fill=(250, 240, 60), outline=(0, 0, 0), width=6)
    for x in (130, 230): draw.polygon([(x, 120), (x + 20, 50), (x + 45, 115)], fill=(250, 240, 60), outline=(0, 0, 0))
    return picture

def jpeg(picture:Image.Image, **options) -> bytes:
    picture.save(file := io.BytesIO(), 'JPEG', **options)
    return file.getvalue()

def bad_files(folder:Path) -> dict[str, str]:
    "Files by name, and what the app says of each."
    Image.new('1', (12000, 12000)).save(folder/'bomb.png')
    files = {'empty.jpg': b'', 'text.jpg': b'a poem about bears', 'notes.txt': b'a poem about bears', 'broken.jpg': bear.read_bytes()[:2000],
             'drawing.svg': b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', 'phone.heic': b'\0\0\0\x18ftypheic\0\0\0\0mif1heic' + bytes(3000)}
    for name, data in files.items(): (folder/name).write_bytes(data)
    return {'empty.jpg': 'the file is empty', 'text.jpg': 'not a picture', 'notes.txt': 'not a picture', 'broken.jpg': 'damaged', 'drawing.svg': 'a web page or drawing',
            'phone.heic': 'not a picture', 'bomb.png': '12000 x 12000 pixels are too large'}

def upload(url:str, name:str, data:bytes) -> str:
    "Where gradio puts a file that a visitor sends."
    answer = httpx.post(f'{url}gradio_api/upload', files={'files': (name, data)})
    answer.raise_for_status()
    return answer.json()[0]

def call(url:str, path:str) -> str:
    "What the API says to a path that a program names, as its stream of events."
    return ask(url, {'path': path, 'meta': {'_type': 'gradio.FileData'}})

def ask(url:str, *data) -> str:
    "What the API says to anything at all."
    sent = httpx.post(f'{url}gradio_api/call/predict', json={'data': data})
    sent.raise_for_status()
    return httpx.get(f'{url}gradio_api/call/predict/{sent.json()["event_id"]}', timeout=30).text

# As a program

def test_the_api_answers_like_the_classifier(app, model):
    from bears_lib.deploy import Classifier
    answer = Client(app[0], verbose=False, analytics_enabled=False).predict(handle_file(bear), api_name='/predict')
    expected = Classifier(model)(bear)
    assert answer['label'] == next(iter(expected)) and answer['unsure'] == bool(getattr(expected, 'unsure', False))
    assert answer['probabilities'] == pytest.approx(dict(expected), abs=1e-5)

def test_an_upright_answer_for_a_photo_taken_sideways(app):
    "EXIF says how to turn it; the answer is that of the upright photo."
    client = Client(app[0], verbose=False, analytics_enabled=False)
    turned, exif = Image.open(bear).transpose(Image.Transpose.ROTATE_90), Image.Exif()
    exif[0x0112] = 6
    path = app[2]/'turned.jpg'
    path.write_bytes(jpeg(turned, exif=exif, quality=98))
    try: answers = [client.predict(handle_file(each), api_name='/predict')['probabilities'] for each in (bear, path)]
    finally: path.unlink()
    assert answers[0] == pytest.approx(answers[1], abs=0.05)

def test_bad_files_get_a_sentence_and_the_app_goes_on(app, tmp_path):
    client = Client(app[0], verbose=False, analytics_enabled=False)
    for name, says in bad_files(tmp_path).items():
        with pytest.raises(Exception, match=says) as error: client.predict(handle_file(tmp_path/name), api_name='/predict')
        assert len(str(error.value)) < 200 and 'Traceback' not in str(error.value)
    assert client.predict(handle_file(bear), api_name='/predict')['probabilities']

def test_200_megabytes_are_refused_unread(app):
    def chunks():
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'
        for _ in range(200): yield bytes(1_000_000)
    try: status = httpx.post(f'{app[0]}gradio_api/upload', content=chunks(), headers={'content-type': 'multipart/form-data; boundary=x'}, timeout=30).status_code
    except httpx.WriteError: status = 413  # it hung up while we were still sending
    assert status == 413
    where = httpx.URL(app[0])
    with socket.create_connection((where.host, where.port), timeout=10) as line:
        line.sendall(f'POST /gradio_api/queue/join HTTP/1.1\r\nHost: {where.host}\r\nContent-Type: application/json\r\nContent-Length: 200000000\r\n\r\n'.encode())
        assert b' 413 ' in line.recv(100)
    just_over = httpx.post(f'{app[0]}gradio_api/upload', files={'files': ('a.jpg', bytes(20_000_001))}, timeout=30)
    assert just_over.status_code == 413
    assert 'predict' in httpx.get(f'{app[0]}gradio_api/info').text

@pytest.mark.parametrize('name', ['../../../../escaped.jpg', '/etc/escaped.jpg', '..\\..\\escaped.jpg', 'con.jpg\0.png', 'a'*300 + '.jpg'])
def test_names_lead_nowhere(app, name):
    url, _, place = app
    path = Path(upload(url, name, bear.read_bytes()))
    assert path.resolve().is_relative_to(next(place.glob('bears-app-*')).resolve())
    assert 'grizzly' in call(url, str(path))

@pytest.mark.parametrize('path', ['/etc/passwd', str(bear), '../../etc/passwd'])
def test_files_of_the_server_stay_there(app, path):
    assert 'grizzly' not in call(app[0], path) and 'event: error' in call(app[0], path)
    assert httpx.get(f'{app[0]}gradio_api/file={path}').status_code in (403, 404)

def test_addresses_inside_the_network_are_not_fetched(app):
    assert 'event: error' in call(app[0], f'{app[0]}favicon.ico')

def strange_inputs() -> dict[str, tuple]:
    "What programs send in place of an uploaded file."
    import base64
    meta, data_url = {'meta': {'_type': 'gradio.FileData'}}, 'data:image/jpeg;base64,' + base64.b64encode(bear.read_bytes()).decode()
    return {'a path': (str(bear),), 'none': (None,), 'a data URL': (data_url,), 'a number': (3,), 'a list': ([1, 2],), 'an object': ({},), 'nothing': (), 'two': (1, 2), 'true': (True,),
            'a path without meta': ({'path': str(bear)},), 'a number as path': ({'path': 3} | meta,), 'no path': (meta,), 'a long path': ({'path': 'a'*5000} | meta,), 'a null': ({'path': 'a\0b'} | meta,),
            'a data URL as path': ({'path': data_url} | meta,), 'a data URL as url': ({'url': data_url} | meta,), 'up and out': ({'path': f'{bear}/../{bear.name}'},), 'nested': ({'path': {'path': str(bear)}} | meta,)}

@pytest.fixture(scope='module')
def watched(model, tmp_path_factory):
    "The address of an app whose log is looked at when all is done: it holds no traceback."
    with running(model) as (up, process):
        yield up['url']
        process.send_signal(signal.SIGINT)
        _, log = process.communicate(timeout=20)
    assert 'Ctrl-C stops it' in log and 'Traceback' not in log

@pytest.mark.parametrize('kind', strange_inputs())
def test_what_is_no_upload_gets_a_sentence_and_is_not_opened(watched, kind):
    "A number once was opened, and closed, as one of the server's own files: the server ended."
    answer = ask(watched, *strange_inputs()[kind])
    assert answer.startswith('event: error') and 'no uploaded photo' in json.loads(answer.split('data: ')[1])['error'] and 'grizzly' not in answer
    assert 'grizzly' in call(watched, upload(watched, 'bear.jpg', bear.read_bytes()))

def test_an_empty_upload_and_a_wrong_parameter_get_a_sentence(watched):
    assert 'the file is empty' in call(watched, upload(watched, 'bear.jpg', b''))
    wrong = httpx.post(f'{watched}gradio_api/call/v2/predict', json={'picture': 1})
    assert wrong.status_code == 400 and 'makes no sense' in wrong.text

def fetch_lines() -> str:
    "The lines of JavaScript that the notebook on apps shows."
    cells = json.loads((root/'nbs/engine/deploy/apps.ipynb').read_text('utf-8'))['cells']
    found = [lines for cell in cells for lines in re.findall(r'```js\n(.*?)```', ''.join(cell['source']), re.S) if 'gradio_api' in lines]
    assert len(found) == 1 and found[0].count('\n') == 6
    return found[0]

@pytest.mark.skipif(not shutil.which('node'), reason='needs node')
@pytest.mark.parametrize('content, event, says', [(bear.read_bytes(), 'complete', 'grizzly'), (b'a poem', 'error', 'not a picture')], ids=['bear', 'poem'])
def test_the_lines_of_javascript_in_node(watched, content, event, says):
    code = f"const app = {watched.rstrip('/')!r}, photo = new Blob([require('fs').readFileSync(0)]);\n(async () => {{ {fetch_lines()} console.log(event, data); }})();"
    done = subprocess.run(['node', '-e', code], input=content, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    kind, _, data = done.stdout.decode().partition(' ')
    assert kind == event and says in (json.loads(data)[0]['label'] if event == 'complete' else json.loads(data)['error'])

@in_browser
def test_the_lines_of_javascript_in_a_page_of_this_machine(watched, browser, tmp_path):
    (tmp_path/'bear.jpg').write_bytes(bear.read_bytes())
    server = ThreadingHTTPServer(('127.0.0.1', 0), partial(SimpleHTTPRequestHandler, directory=tmp_path))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = browser.new_page()
    try:
        page.goto(f'http://127.0.0.1:{server.server_port}/')
        answer = page.evaluate(f"(async () => {{ const app = {watched.rstrip('/')!r}, photo = await (await fetch('bear.jpg')).blob(); {fetch_lines()} return [event, JSON.parse(data)[0].label]; }})()")
        assert answer == ['complete', 'grizzly']
    finally:
        page.close()
        server.shutdown()

# As a visitor

@contextmanager
def page_of(browser, url, width=1280, **options):
    "An open page, and a check at the end that it asked no other server for anything and threw no error."
    page = browser.new_page(viewport={'width': width, 'height': 900}, **options)
    asked, errors = [], []
    page.on('request', lambda request: asked.append(request.url))
    page.on('pageerror', lambda error: errors.append(str(error)))
    page.goto(url)
    page.wait_for_selector('#photo input[type=file]', state='attached')
    yield page
    page.close()
    assert not [each for each in asked if not each.startswith((url, 'data:', 'blob:'))]
    assert not errors

def give(page, file, says:str) -> str:
    "Hand the page a file and read its answer."
    clear = page.locator('#photo button[aria-label="Clear"], #photo button[title="Clear"]')
    if clear.count():
        clear.first.click()
        page.wait_for_function('document.querySelector("#said").innerText.includes("appears here")')
    page.set_input_files('#photo input[type=file]', file)
    page.wait_for_function('says => document.querySelector("#said").innerText.includes(says)', arg=says, timeout=20_000)
    page.wait_for_selector('#photo img', state='attached')
    return page.inner_text('#said')

@in_browser
@pytest.mark.parametrize('width, scheme', [(1280, 'light'), (1280, 'dark'), (360, 'light')])
def test_a_bear_in_the_browser(app, browser, width, scheme):
    shots.mkdir(exist_ok=True)
    with page_of(browser, app[0], width, color_scheme=scheme) as page:
        assert re.fullmatch(r'Most likely grizzly,\xa0\d+%\.', give(page, bear, 'grizzly'))  # the percentage never stands alone on a line
        size = page.evaluate("parseFloat(getComputedStyle(document.querySelector('#said p')).fontSize)")
        assert size >= 24 and 'mono' not in page.evaluate("getComputedStyle(document.querySelector('#bars .confidence')).fontFamily")
        words = "name => getComputedStyle(document.querySelector(`#photo .source-selection button[aria-label*='${name}']`), '::after').content"
        assert [page.evaluate(words, name) for name in ('Upload', 'camera', 'clipboard')] == ['"File"', '"Camera"', '"Paste"']
        assert page.inner_text('#bars').split().count('%') == 0 and page.inner_text('#bars').count('%') == 3
        page.click('#why')
        page.wait_for_selector('#heat img', timeout=60_000)
        assert 'what spoke for grizzly' in page.inner_text('#note')
        page.wait_for_timeout(500)
        page.screenshot(path=shots/f'app_{scheme}_{width}.png', full_page=True)
        assert page.evaluate('document.documentElement.scrollWidth') <= width

@in_browser
def test_what_is_not_a_bear(app, browser, model, tmp_path):
    from bears_lib.deploy import Classifier
    strange = [tmp_path/'cat.jpg']
    strange[0].write_bytes(jpeg(drawn_cat()))
    if data := os.environ.get('BEARS_DATA'): strange += sorted(Path(data).glob('cats_dogs/cat*/*.jpg'))[:1]
    if not getattr(Classifier(model)(strange[0]), 'unsure', False): pytest.skip('this model does not tell what is unlike its photos')
    with page_of(browser, app[0]) as page:
        for path in strange: assert 'Unlike anything I know.' in give(page, path, 'Unlike')
        page.screenshot(path=shots/'app_cat_1280.png', full_page=True)

@in_browser
def test_broken_files_in_the_browser(app, browser, tmp_path):
    with page_of(browser, app[0]) as page:
        files = bad_files(tmp_path)
        for name in ('broken.jpg', 'empty.jpg', 'phone.heic', 'bomb.png'): assert give(page, tmp_path/name, files[name]).count('.') < 5
        assert not page.is_visible('#bars')
        page.screenshot(path=shots/'app_broken_1280.png', full_page=True)
        (tmp_path/'large.jpg').write_bytes(bytes(21_000_000))
        page.set_input_files('#photo input[type=file]', tmp_path/'large.jpg')
        page.wait_for_selector('text=exceed the maximum allowed size', timeout=20_000)
        page.wait_for_timeout(500)
        page.screenshot(path=shots/'app_large_1280.png', full_page=True)
        page.reload()
        page.wait_for_selector('#photo input[type=file]', state='attached')
        give(page, bear, 'grizzly')

@in_browser
def test_an_example_with_the_keyboard(app, browser):
    with page_of(browser, app[0]) as page:
        example = page.locator('button:has(img)').first
        assert page.locator('#tries svg').count() and page.locator('#tries svg:visible').count() == 0 and page.locator('footer img:visible').count() == 0  # gradio's own icons
        example.focus()
        page.keyboard.press('Enter')
        page.wait_for_function('document.querySelector("#said").innerText.includes("black")', timeout=20_000)

@in_browser
def test_feedback_is_kept_with_consent_only(app, browser):
    url, offered, _ = app
    sideways, exif = Image.open(bear).resize((300, 200)), Image.Exif()
    exif[0x0112], exif[0x8769] = 3, {0x9286: b'home address'}
    path = offered.parent/'..secret name.jpg'
    path.write_bytes(jpeg(sideways, exif=exif))
    try:
        with page_of(browser, url) as page:
            give(page, path, 'Most likely')
            page.click('#offer')
            page.wait_for_function('document.querySelector("#thanks").innerText.includes("consent")')
            assert not list(offered.rglob('*.jpg'))
            page.check('#label input[value=black]')
            page.check('#agreed input')
            page.click('#offer')
            page.wait_for_function('document.querySelector("#thanks").innerText.includes("kept as black")')
    finally: path.unlink()
    from bears_lib.engine.core.folders import read_folder
    kept = read_folder(offered)
    assert kept.counts == {'black': 1}
    photo = kept.photos[0]
    assert photo.path.name == f'{photo.sha256[:16]}.jpg' and not Image.open(photo.path).getexif() and b'home' not in photo.path.read_bytes()
    assert photo.row['predicted'] == 'grizzly' and 'used to train' in photo.row['consent'] and photo.row['provider'] == 'feedback'

@in_browser
def test_a_cat_can_be_offered_as_none_of_these(app, browser, model, tmp_path):
    "Nothing is chosen beforehand, and the bars look as unsure as the answer is."
    from bears_lib.deploy import Classifier
    (tmp_path/'cat.jpg').write_bytes(jpeg(drawn_cat()))
    if not getattr(Classifier(model)(tmp_path/'cat.jpg'), 'unsure', False): pytest.skip('this model does not tell what is unlike its photos')
    with page_of(browser, app[0]) as page:
        give(page, tmp_path/'cat.jpg', 'Unlike')
        page.wait_for_selector('#label')
        assert page.locator('#label input:checked').count() == 0 and page.locator('#bars.unsure').count() == 1
        page.check('#agreed input')
        page.click('#offer')
        page.wait_for_function('document.querySelector("#thanks").innerText.includes("Choose what the photo shows")')
        page.check('#label input[value="none of these"]')
        page.click('#offer')
        page.wait_for_function('document.querySelector("#thanks").innerText.includes("kept as none of these")')
    assert len(list((app[1]/'none of these').glob('*.jpg'))) == 1

@in_browser
def test_a_file_that_cannot_be_shown_is_no_broken_icon(app, browser, tmp_path):
    (tmp_path/'notes.jpg').write_bytes(b'a poem about bears')
    with page_of(browser, app[0]) as page:
        give(page, tmp_path/'notes.jpg', 'not a picture')
        page.wait_for_selector('#photo.unread')
        assert page.eval_on_selector('#photo img', 'image => getComputedStyle(image).visibility') == 'hidden'

def test_the_page_says_where_its_accuracy_was_measured(app):
    page = httpx.get(f'{app[0]}config').text
    assert 'a head' not in page and 'Drop a photo here' in page and 'This classifier' not in page
    said, _, fold = next(each['props']['value'] for each in json.loads(page)['components'] if each['props'].get('elem_id') == 'measured').partition('<details>')
    assert re.fullmatch(r'Tested on \d+ photos I had not seen: \d+%\xa0right\. On photos of another kind I am right less often\.\s*', said)
    assert re.search(r'expect \d+% to \d+% right \(95% interval\)\. .*the folder I was trained on\. .*\(cross-validation\)', fold)

# Its start and end

def test_it_stops_at_ctrl_c_and_keeps_nothing(model, tmp_path, monkeypatch):
    monkeypatch.setenv('TMPDIR', str(tmp_path))
    with running(model) as (up, process):
        assert up['url'].startswith('http://127.0.0.1:') and up['share_url'] is None
        path = Path(upload(up['url'], 'bear.jpg', bear.read_bytes()))
        assert path.exists()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert process.returncode == 0 and json.loads(out.splitlines()[-1])['url'] == up['url'] and 'Traceback' not in err
    assert not path.exists() and not list(tmp_path.iterdir())

def test_a_port_that_is_taken_and_models_that_are_none(app, model, tmp_path):
    from conftest import shell
    port = app[0].rstrip('/').rsplit(':', 1)[1]
    taken = shell('bears-app', model, '--port', port)
    assert taken.returncode == 2 and f'Port {port} is taken' in taken.stderr
    missing = shell('bears-app', tmp_path/'nowhere', '--json')
    assert missing.returncode == 2 and 'no model folder' in json.loads(missing.stdout)['error']

def test_labels_of_a_stranger_are_no_folders(model, tmp_path):
    from bears_lib.engine.deploy.gradio_app import Feedback
    from bears_lib.engine.core.common import BearsError
    for label in ('../up', '/etc', '.bears', 'a/b', ''):
        with pytest.raises(BearsError): Feedback(tmp_path, [label, 'teddy'])

def test_without_torch_why_is_a_sentence(model, monkeypatch):
    from bears_lib.engine.deploy import gradio_app as apps
    from bears_lib.engine.core.common import BearsError
    monkeypatch.setitem(sys.modules, 'bears_lib.engine.interpret.explain', None)
    with pytest.raises(BearsError, match='torch.* have to be installed'): apps._torch_looker(model)

def test_where_it_looks_is_where_the_bear_is(model):
    "A bear pasted into the left half of a plain field: the light falls there."
    from bears_lib.engine.deploy.gradio_app import looker
    field = Image.new('RGB', (512, 512), (150, 150, 150))
    field.paste(Image.open(bear).resize((256, 256)), (0, 128))
    seen = np.asarray(looker(model)(jpeg(field), 'grizzly')).astype(float).sum(2)
    plain = np.asarray(looker(model)(jpeg(Image.new('RGB', (512, 512), (150, 150, 150))), 'grizzly')).astype(float).sum(2)
    light = np.abs(seen - plain).mean(0)
    assert light[:128].mean() > light[128:].mean()

def test_one_line_stands_above_the_photo_and_how_good_the_model_is_below_the_answer(model):
    from bears_lib.deploy import make_app
    parts = [each['props'] for each in make_app(model, examples=[]).get_config_file()['components'] if each['props'].get('elem_id')]
    names, words = [each['elem_id'] for each in parts], {each['elem_id']: str(each.get('value')) for each in parts}
    assert words['about'].endswith('Choose a photo, and I say which it is. It is deleted within minutes.') and 'right on' not in words['about']
    assert words['measured'].startswith('Tested on ') and names.index('about') < names.index('bars') < names.index('measured')
