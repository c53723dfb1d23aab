"The page that trains: the same numbers as Python, archives both ways, strangers' files, and a visitor in a real browser."
import base64, gzip, io, json, os, re, shutil, subprocess, threading, zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bears_lib.deploy import Classifier, save_model
from bears_lib.engine.core.folders import read_metadata, sample_folder
from bears_lib.engine.core.photos import Preprocess
from bears_lib.engine.pages.browser_app import make_web_app, page_server
from bears_lib.engine.features.linear_probe import fit_linear, group_folds
from bears_lib.engine.features.near_duplicates import group_photos, orientation_hashes, read_photos
from bears_lib.engine.features.novelty import among_groups
from bears_lib.engine.features.photo_features import load_body, photo_features
from bears_lib.engine.pages.trainer import head_nodes, make_trainer, small_body, trainer_rules
from bears_lib.engine.predict.onnx_gate import check_network
from bears_lib.engine.predict.onnx_session import run_photos
from bears_lib.engine.predict.packaged_body import with_head
from bears_lib.gather import sample_bears
from bears_lib.train import fit_photos
from conftest import in_browser, root
from test_web_page import Site, Visit, elsewhere, heic, noise, saved, stingy, tiny_model

data = Path(os.environ.get('BEARS_DATA', 'none'))
width = 1280

@pytest.fixture(scope='module')
def scripts(tmp_path_factory) -> Path:
    "The page's scripts in one folder, as they lie on the page."
    folder = tmp_path_factory.mktemp('scripts')
    for path in [*(root/'bears_lib/data/trainer').glob('*.js'), root/'bears_lib/data/web/photo.js']: shutil.copy(path, folder)
    (folder/'package.json').write_text('{"type": "module"}', encoding='utf-8')
    return folder

def ask(scripts:Path, what:str, **given) -> dict:
    "What a function of the scripts answers, in node."
    if shutil.which('node') is None: pytest.skip('node is not installed: apt-get install nodejs')
    question = json.dumps({'what': what, **given})
    done = subprocess.run(['node', root/'tests/trainer/ask.mjs', scripts], input=question, capture_output=True, text=True, encoding='utf-8', timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)

def coded(values:np.ndarray|bytes) -> str: return base64.b64encode(values if isinstance(values, bytes) else np.float32(values).tobytes()).decode()

def clouds(n:int, classes:int, seed:int=0) -> tuple[np.ndarray, np.ndarray]:
    "Features of two views as a body might give them, and labels, a few of them wrong."
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    middles = np.abs(rng.normal(0, 1, (classes, width)))
    views = np.stack([np.abs(middles[labels]*0.25 + rng.normal(0, 0.5, (n, width))) for _ in range(2)]).astype(np.float16)
    labels[:2] = (labels[:2] + 1) % classes
    return views, labels

@pytest.mark.parametrize('n, classes', [(18, 2), (60, 3), (90, 5), (700, 2)])
def test_a_head_comes_out_as_in_python(scripts, n, classes):
    views, labels = clouds(n, classes)
    groups = [f'{i//2 if i < 10 else i:064d}' for i in range(n)]
    held = np.float32(clouds(30, classes, seed=1)[0][0])
    head, (known, _) = fit_linear(views, labels, groups), among_groups(views[0], labels, groups)
    got = ask(scripts, 'head', views=[coded(view) for view in views], width=width, labels=labels.tolist(), groups=groups, rules=trainer_rules(), held=coded(held))
    folds = np.zeros(n, int)
    for i, (_, test) in enumerate(group_folds(labels, groups)): folds[test] = i
    assert got['folds'] == folds.tolist()
    assert (got['strength'], got['right'], got['n'], got['doubted']) == (head.strength, head.right, head.n, head.doubted.tolist())
    np.testing.assert_allclose(np.reshape(got['chances'], (n, classes)), head.chances, atol=2e-3)
    np.testing.assert_allclose(got['said'], head.probabilities(held), atol=2e-3)
    np.testing.assert_allclose(got['alike'], known.likeness(held), atol=1e-5)
    assert abs(got['threshold'] - known.threshold) < 1e-6 and abs(got['share'] - known.valid_share) < 1e-9

def test_too_few_groups_are_not_cross_validated(scripts):
    views, labels = clouds(6, 2)
    got = ask(scripts, 'head', views=[coded(view) for view in views], width=width, labels=labels.tolist(), groups=['same']*4 + ['a', 'b'], rules=trainer_rules(), held=coded(np.float32(views[0])))
    assert (got['n'], got['chances'], got['folds']) == (0, None, None)

def test_copies_are_found_as_in_python(scripts):
    photos = sorted(sample_folder().glob('*/*.jpg'))[::9]
    pictures = [Image.open(path).convert('L').resize((32, 32), Image.Resampling.BOX) for path in photos[:20]]
    pictures += [pictures[0].transpose(Image.Transpose.FLIP_LEFT_RIGHT), pictures[1].rotate(90), Image.new('L', (32, 32), 99), Image.new('L', (32, 32), 98)]
    got = ask(scripts, 'hashes', greys=[list(picture.tobytes()) for picture in pictures])
    ours = np.stack([orientation_hashes(picture) for picture in pictures])
    halves = np.array(got['hashes'], np.uint64).reshape(len(pictures), 8, 2)
    differ = np.bitwise_count((halves[..., 0] << np.uint64(32) | halves[..., 1]) ^ ours)
    assert differ.max() <= 1  # where a wave is just as strong as the median
    assert got['groups'][20] == got['groups'][0] and got['groups'][21] == got['groups'][1]
    assert got['groups'][22] != got['groups'][23], 'blank pictures are copies of none'

def test_numbers_and_networks_are_written_as_python_reads_them(scripts):
    import onnxruntime
    from safetensors.numpy import load
    values = np.concatenate([[0, 1, -2.5, 65504, 6.1e-5, 5.9e-8, -1e-6], np.random.default_rng(0).normal(0, 1, 5*width)]).astype(np.float32)
    got = ask(scripts, 'parcels', values=coded(values), network=coded(small_body()), nodes=coded(head_nodes()), width=width, classes=3)
    tables = load(base64.b64decode(got['file']))
    np.testing.assert_array_equal(tables['table'], values.astype(np.float16))
    np.testing.assert_array_equal(tables['bias'], values[:3])
    for part in ('back', 'halves'): np.testing.assert_array_equal(np.frombuffer(base64.b64decode(got[part]), np.float32), values.astype(np.float16).astype(np.float32))
    weight, bank = values[:3*width].reshape(3, width)*0.1, values[:5*width].reshape(5, width)
    ours = with_head(small_body(), weight*10, values[:3], bank)
    pixels = np.random.default_rng(1).normal(0, 0.5, (2, 3, 256, 256)).astype(np.float32)
    check_network(base64.b64decode(got['network']))
    theirs, ours = [onnxruntime.InferenceSession(network).run(['likeness', 'features'], {'pixels': pixels}) for network in (base64.b64decode(got['network']), ours)]
    for one, other in zip(theirs, ours): np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)

def zipped(*names:str, data:bytes=b'x') -> str:
    with zipfile.ZipFile(file := io.BytesIO(), 'w', zipfile.ZIP_DEFLATED) as archive:
        for name in names: archive.writestr(name, data)
    return coded(file.getvalue())

@pytest.mark.parametrize('archive, problem', [
    (zipped('a/1.jpg', '../2.jpg'), 'which leads outside'), (zipped('/etc/1.jpg'), 'which leads outside'), (zipped('C:\\1.jpg'), 'which leads outside'),
    (zipped(*(f'{i}.jpg' for i in range(3001))), 'more than 3000 files'), (zipped('1.jpg', data=bytes(401_000_000)), 'more than 400 MB'), (coded(b'PK not really'), 'no zip archive')])
def test_archives_of_strangers_are_refused(scripts, archive, problem): assert problem in ask(scripts, 'unpack', archive=archive)['problem']

def test_what_systems_put_into_archives_is_passed_over(scripts):
    assert ask(scripts, 'unpack', archive=zipped('cats/1.jpg', '__MACOSX/cats/1.jpg', 'cats/.DS_Store'))['names'] == ['cats/1.jpg']

# ---- In a browser ----

@pytest.fixture(scope='module')
def address(tmp_path_factory, node_modules):
    "Where the page is: in a sub-folder of a website."
    site = Site(make_trainer(tmp_path_factory.mktemp('site')/'train', node_modules).parent)
    yield Address(f'{site.origin}/train/', site.root)
    site.close()

class Address(str):
    "An address that knows the folder of its website."
    def __new__(cls, text:str, folder:Path):
        made = super().__new__(cls, text)
        made.folder = folder
        return made

@pytest.fixture
def page(browser, address):
    "The page with nothing in it; what goes wrong in its scripts fails the test."
    context = browser.new_context(viewport={'width': 1280, 'height': 900}, accept_downloads=True, service_workers='block')
    page, faults = context.new_page(), []
    page.on('pageerror', lambda error: faults.append(str(error)))
    page.on('console', lambda message: faults.append(message.text) if message.type == 'error' else None)
    page.goto(address)
    page.wait_for_selector('.class')
    page.faults, page.folder = faults, address.folder/'train'
    yield page
    context.close()
    assert faults == []

def wait_trained(page, number:int=1): page.wait_for_selector(f'body[data-trained="{number}"]', timeout=240_000)

def class_of(page, name:str): return page.locator('.class').filter(has=page.locator(f'input[value="{name}"]'))

def give(page, folder:Path):
    "A folder of class folders, through the file inputs."
    for i, label in enumerate(sorted(path.name for path in folder.iterdir() if path.is_dir())):
        if i > 1: page.click('#more')
        box = page.locator('.class').nth(i)
        box.locator('input[type=text]').fill(label)
        box.locator('input[type=text]').press('Tab')
        page.locator('.class').nth(i).locator('input[type=file]').set_input_files(sorted((folder/label).iterdir()))

def taken(page, what:str, to:Path) -> Path:
    with page.expect_download() as download: page.click(f'[data-take={what}]')
    download.value.save_as(to/f'{what}.zip')
    with zipfile.ZipFile(to/f'{what}.zip') as archive: archive.extractall(to/what)
    return to/what

@pytest.fixture(scope='module')
def photos(tmp_path_factory) -> tuple[Path, list[Path]]:
    "Sixty photos in class folders, web photos where they are, and thirty others."
    source = data/'bears' if (data/'bears').is_dir() else sample_folder()
    folder, others = tmp_path_factory.mktemp('bears'), []
    for label in ('black', 'grizzly', 'teddy'):
        names = sorted(path for path in (source/label).iterdir() if path.suffix == '.jpg')
        names = [path for path in names if path.stat().st_size > 3000]
        (folder/label).mkdir()
        for path in names[:20]: shutil.copy(path, folder/label)
        others += names[20:30]
    return folder, others

@in_browser
def test_sixty_photos_give_the_numbers_of_python_and_come_back(page, photos, tmp_path):
    folder, others = photos
    give(page, folder)
    wait_trained(page)
    while 'Learnt from 60' not in page.inner_text('#say'): page.wait_for_timeout(200)
    body, read = load_body(), read_photos(folder)
    small = type(body)(body.arch, small_body(), body.preprocess, body.num_features)
    features, labels, groups = photo_features(small, read.photos), np.array(read.numbers()), [photo.group for photo in read.photos]
    head = fit_linear(features, labels, groups)
    assert page.inner_text('#accuracy').startswith(f'{head.right} of 60 right')
    assert page.is_hidden('#interval') and f'Right on {head.right/head.n:.1%} of 60 photos (95% interval ' in page.text_content('#interval')
    assert page.locator('#findings .finding img').count() >= len(head.doubted)
    model = Classifier(taken(page, 'model', tmp_path))
    assert model.info.metrics['n'] == 60 and model.info.metrics['accuracy'] == pytest.approx(head.right/head.n)
    asked = photo_features(small, read_photos(_folder_of(others, tmp_path)).photos)[0]
    ours = head.probabilities(np.float32(asked))
    theirs = run_photos(model.network, [photo.path for photo in read_photos(tmp_path/'others').photos], model.info.preprocess)[0]
    np.testing.assert_allclose(theirs, ours, atol=2e-3)
    for path in others[::10]:
        photo = shutil.copy(path, tmp_path/f'{path.parent.name}_{path.name}')
        page.set_input_files('#ask', photo)
        page.wait_for_selector(f'#answer:has-text("{photo.name}")')
        said, chance = next(iter(model(photo).items()))
        page.locator('#choice').evaluate('each => { each.open = true; }')
        shown = dict(line.split('\n')[:2] for line in [item.inner_text() for item in page.locator('#bars li').all()])
        assert abs(float(shown[said].rstrip('%'))/100 - chance) < 0.01
    again = fit_photos(taken(page, 'photos', tmp_path))
    assert again.labels == ['black', 'grizzly', 'teddy'] and len(again.train) == 60

def _folder_of(paths:list[Path], place:Path) -> Path:
    for path in paths:
        (place/'others'/path.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place/'others'/path.parent.name)
    return place/'others'

@in_browser
def test_drawn_bears_in_one_click_and_a_page_to_take_along(page, tmp_path, browser):
    assert page.locator('header').get_by_role('button', name='Try it with the drawn bears').is_visible()
    page.click('#drawn')
    wait_trained(page)
    said = re.match(r'Learnt from 36 photos in ([\d.]+) s\.', page.inner_text('#say'))
    took = re.search(r'Looking at the photos took ([\d.]+) s, learning ([\d.]+) s\.', page.text_content('#interval'))
    assert said and took and float(said[1]) >= float(took[1]) > float(took[2])
    assert re.match(r'\d+ of 36 right, each judged before it was learnt', page.inner_text('#accuracy')) and page.is_hidden('#drawn') and page.evaluate('document.activeElement.id') == 'more'
    learnt_from = {photo.read_bytes() for photo in page.folder.glob('drawn-*.jpg')}
    assert page.locator('#held button').count() == 7 and not learnt_from & {photo.read_bytes() for photo in page.folder.glob('held-*.jpg')}
    for name, says in (('drawn tent', 'unlike anything I know'), ('drawn teddy 1', 'teddy')):
        page.get_by_role('button', name=f'Ask about: {name}').click()
        page.wait_for_selector(f'#answer:has-text("{name}: {says}")')
    page.wait_for_timeout(500)  # the small pictures have come
    requests = []
    page.on('request', lambda request: requests.append(request.url) if not request.url.startswith(('blob:', 'data:')) else None)
    made, model = taken(page, 'page', tmp_path), taken(page, 'model', tmp_path)
    photo = sorted((sample_folder()/'teddy').glob('*.jpg'))[7]
    page.set_input_files('#ask', photo)
    page.wait_for_selector('#bars li')
    assert requests == [], 'once the network is there, nothing is asked for'
    assert next(iter(Classifier(made, small=True)(photo))) == next(iter(Classifier(model)(photo)))
    server = page_server(made, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    other = browser.new_page()
    other.goto(f'http://127.0.0.1:{server.server_port}/')
    other.wait_for_selector('#status:has-text("Ready")', timeout=120_000)
    other.set_input_files('#file', photo)
    other.wait_for_selector('#bars li')
    assert other.inner_text('h1') == 'black or grizzly or teddy?' and page.inner_text('#answer').split(': ')[1].split(',')[0] in other.inner_text('#status')
    other.close(), server.shutdown()

@in_browser
def test_a_model_made_in_python_opens_on_the_page(page, tmp_path):
    fitted = fit_photos(sample_bears())
    folder = save_model(fitted, tmp_path/'model', body=False)
    shutil.make_archive(str(tmp_path/'made'), 'zip', folder)
    page.set_input_files('#archive', tmp_path/'made.zip')
    page.wait_for_selector('body[data-opened=model]', timeout=120_000)
    photo = sorted((sample_folder()/'grizzly').glob('*.jpg'))[3]
    page.set_input_files('#ask', photo)
    page.wait_for_selector('#bars li')
    assert next(iter(Classifier(folder)(photo))) in page.inner_text('#answer')

def drawn(colour:tuple, n:int, place:Path) -> list[Path]:
    "Simple pictures of one colour with noise."
    place.mkdir(parents=True)
    for i in range(n):
        noise = np.random.default_rng(i).integers(0, 120, (90, 120, 3))
        Image.fromarray(np.uint8(np.clip(noise + colour, 0, 255))).save(place/f'{i}.png')
    return sorted(place.iterdir())

@in_browser
def test_names_and_files_of_strangers_stay_text(page, tmp_path):
    red, blue = drawn((120, 0, 0), 4, tmp_path/'red'), drawn((0, 0, 120), 4, tmp_path/'blue')
    name = '<img src=x onerror=document.body.dataset.hacked=1>'
    page.locator('.class input[type=text]').first.fill(name)
    page.locator('.class input[type=text]').first.press('Tab')
    (tmp_path/'page.jpg').write_text('<script>1</script>', encoding='utf-8')
    (tmp_path/'empty.jpg').write_bytes(b'')
    Image.new('RGB', (8000, 8000)).save(tmp_path/'bomb.png')
    page.locator('.class').nth(0).locator('input[type=file]').set_input_files([*red, tmp_path/'page.jpg', tmp_path/'empty.jpg', tmp_path/'bomb.png'])
    page.locator('.class').nth(1).locator('input[type=file]').set_input_files(blue)
    wait_trained(page)
    left_out = page.inner_text('#refused')
    assert '3 files left out' in left_out and 'too large to open safely' in left_out and 'the file is empty' in left_out and 'not a photo' in left_out
    assert page.evaluate('document.body.dataset.hacked') is None and name in page.inner_text('#table')
    model = Classifier(taken(page, 'model', tmp_path))
    assert name in model.info.labels

@in_browser
def test_names_that_no_folder_can_have_come_back_with_the_photos(page, tmp_path):
    names = ['cat / dog', 'cat : dog', '<b>', 'plain']
    for i, name in enumerate(names):
        if i > 1: page.click('#more')
        page.locator('.class').nth(i).locator('input[type=text]').fill(name)
        page.locator('.class').nth(i).locator('input[type=file]').set_input_files(drawn((40*i, 0, 120 - 40*i), 3, tmp_path/f'given{i}'))
    learnt(page, 12)
    folder = taken(page, 'photos', tmp_path)
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == ['_b_', 'cat _ dog', 'cat _ dog_', 'plain']
    assert read_metadata(folder) and {row['label'] for row in read_metadata(folder).values()} == set(names)
    for bring in ('#archive', '#folder'):
        page.reload()
        page.set_input_files(bring, tmp_path/'photos.zip' if bring == '#archive' else folder)
        learnt(page, 12)
        assert sorted(page.locator('.class input[type=text]').evaluate_all('all => all.map(each => each.value)')) == sorted(names)
    (folder/'names.json').write_text('{"plain": {"a": 1}, "_b_": 5, "cat _ dog": "cat / dog"}', encoding='utf-8')
    page.reload()
    page.set_input_files('#folder', folder)
    learnt(page, 12)
    assert sorted(page.locator('.class input[type=text]').evaluate_all('all => all.map(each => each.value)')) == ['_b_', 'cat / dog', 'cat _ dog_', 'plain'], 'a name is text'
    (folder/'names.json').write_text('{"plain": {"a": 1}', encoding='utf-8')
    page.reload()
    page.set_input_files('#folder', folder)
    learnt(page, 12)
    assert 'cat _ dog' in page.locator('.class input[type=text]').evaluate_all('all => all.map(each => each.value)'), 'a list that is damaged is passed over'

@in_browser
def test_names_that_differ_in_case_alone_get_folders_of_their_own(page, tmp_path):
    "Windows and macOS take Cat and cat for one folder."
    for i, name in enumerate(['Cat', 'cat']):
        page.locator('.class').nth(i).locator('input[type=text]').fill(name)
        page.locator('.class').nth(i).locator('input[type=file]').set_input_files(drawn((40*i, 0, 120 - 40*i), 3, tmp_path/f'given{i}'))
    learnt(page, 6)
    folder = taken(page, 'photos', tmp_path)
    assert len({path.name.lower() for path in folder.iterdir() if path.is_dir()}) == 2 and {row['label'] for row in read_metadata(folder).values()} == {'Cat', 'cat'}
    page.reload()
    page.set_input_files('#folder', folder)
    learnt(page, 6)
    assert sorted(page.locator('.class input[type=text]').evaluate_all('all => all.map(each => each.value)')) == ['Cat', 'cat']

@in_browser
@pytest.mark.parametrize('name, ours', [('hand-drawn-cat.jpg', False), ('drawn-cat.png', False), ('drawn-black-1.jpg', True), ('0123abcd_drawn-black-12.jpg', True)])
def test_held_bears_are_offered_beside_drawn_ones_of_ours_alone(name, ours, page, tmp_path):
    "Also beside those that were taken along and came back."
    file, = drawn((120, 0, 0), 1, tmp_path/'one')
    page.locator('.class').first.locator('input[type=file]').set_input_files({'name': name, 'mimeType': 'image/jpeg', 'buffer': file.read_bytes()})
    page.wait_for_function("document.querySelectorAll('.class li').length === 1")
    assert page.evaluate("document.getElementById('held').hidden") != ours

@in_browser
def test_moving_and_taking_out_learns_again_quickly(page, tmp_path):
    for i, colour in enumerate([(120, 0, 0), (0, 0, 120)]): page.locator('.class').nth(i).locator('input[type=file]').set_input_files(drawn(colour, 5, tmp_path/str(i)))
    while 'Learnt from 10' not in page.inner_text('#say'): page.wait_for_timeout(100)
    page.locator('.class').nth(0).locator('li button').first.click()
    page.click('#photo >> text=Move to Class 2')
    page.wait_for_selector('.class:nth-child(2) .count:has-text("6 photos")')
    page.evaluate("window.said = []; new MutationObserver(() => said.push(1)).observe(document.getElementById('say'), {childList: true})")
    page.locator('.class').nth(0).locator('li button').first.press('Enter')
    page.get_by_role('button', name='Take out').press('Enter')
    assert page.evaluate("document.activeElement.closest('.class') === document.querySelector('.class')"), 'the keyboard goes on in the same list'
    while 'Learnt from 9' not in page.inner_text('#say'): page.wait_for_timeout(100)
    page.locator('.class').nth(0).locator('.remove').click()
    page.wait_for_selector('#say:has-text("One more class")')
    assert not page.is_visible('#take') and page.evaluate('document.activeElement.id') == 'more' and page.is_hidden('#drawn')
    assert page.evaluate('said.length') <= 6, 'a screen reader is told of stages, not of steps'
    page.locator('.remove').click()
    page.wait_for_selector('#say:has-text("Give each class")')
    assert page.is_visible('#drawn'), 'no photo is left'

def kept_photos(page) -> int:
    "How many photos this browser keeps for the page."
    return page.evaluate('''() => new Promise(done => { const asked = indexedDB.open('bears-trainer', 1); asked.onsuccess = () => {
        const base = asked.result, last = base.transaction('project').objectStore('project').get('last');
        last.onsuccess = () => { base.close(); done(last.result?.photos.length ?? 0); }; }; })''')

@in_browser
def test_photos_are_kept_only_if_asked_and_forgotten_when_told(page, tmp_path, address):
    for i, colour in enumerate([(120, 0, 0), (0, 0, 120)]): page.locator('.class').nth(i).locator('input[type=file]').set_input_files(drawn(colour, 3, tmp_path/str(i)))
    while 'Learnt from 6' not in page.inner_text('#say'): page.wait_for_timeout(100)
    page.goto(address)
    page.wait_for_selector('.class')
    assert page.locator('.class li').count() == 0
    for i in range(2): page.locator('.class').nth(i).locator('input[type=file]').set_input_files(sorted((tmp_path/str(i)).iterdir()))
    page.check('#keep')
    while 'Learnt from 6' not in page.inner_text('#say'): page.wait_for_timeout(100)
    while kept_photos(page) != 6: page.wait_for_timeout(50)
    page.goto(address)
    while 'Learnt from 6' not in page.inner_text('#say'): page.wait_for_timeout(100)
    page.click('#forget')
    page.wait_for_selector('#kept:has-text("Nothing is kept")')
    page.goto(address)
    page.wait_for_selector('.class')
    page.wait_for_timeout(500)
    assert page.locator('.class li').count() == 0

@in_browser
def test_the_camera_takes_photos_while_the_button_is_held_and_shows_what_it_sees(page, tmp_path):
    page.context.grant_permissions(['camera'])
    page.locator('.class').nth(0).get_by_text('Camera').click()
    page.wait_for_selector('#camera[open]')
    page.wait_for_timeout(800)
    page.hover('#shoot')
    page.mouse.down()
    page.wait_for_timeout(1500)
    page.mouse.up()
    page.click('#close')
    page.wait_for_selector('.class:nth-child(1) li:not(.waiting)', timeout=120_000)
    assert page.locator('.class:nth-child(1) li').count() >= 3
    page.locator('.class').nth(1).locator('input[type=file]').set_input_files(drawn((0, 0, 120), 3, tmp_path/'blue'))
    wait_trained(page)
    page.click('#live')
    page.wait_for_selector('#counted:has-text("camera: ")')
    page.click('#close')

@in_browser
@pytest.mark.parametrize('wide, theme', [(1280, 'light'), (360, 'dark')])
def test_nothing_stands_in_the_way_of_keyboards_and_screen_readers(page, tmp_path, node_modules, wide, theme):
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({'width': wide, 'height': 780})
    for i, colour in enumerate([(120, 0, 0), (0, 0, 120)]): page.locator('.class').nth(i).locator('input[type=file]').set_input_files(drawn(colour, 4, tmp_path/str(i)))
    while 'Learnt from 8' not in page.inner_text('#say'): page.wait_for_timeout(100)
    assert page.evaluate('document.documentElement.scrollWidth') <= wide
    page.context.new_cdp_session(page).send('Runtime.evaluate', {'expression': (node_modules/'axe-core'/'axe.min.js').read_text('utf-8')})
    found = page.context.new_cdp_session(page).send('Runtime.evaluate', {'expression': 'axe.run().then(r => JSON.stringify(r.violations.map(v => [v.id, v.nodes.map(n => n.html)])))', 'awaitPromise': True, 'returnByValue': True})
    assert json.loads(found['result']['value']) == []
    page.locator('h1').click()
    behind = [page.keyboard.press('Tab') or page.evaluate(behind_the_bar) for _ in range(30)]
    assert behind.count(False) > 15 and not any(behind), 'what has the focus is seen'

behind_the_bar = '''(() => {
    const {id} = document.activeElement, seen = document.querySelector(`label[for="${id}"]`) ?? document.activeElement, bar = document.getElementById('now');
    const {top, bottom} = seen.getBoundingClientRect(), there = bar.getBoundingClientRect();
    return seen === document.body ? null : !bar.contains(seen) && bottom > there.top && top < there.bottom;
})()'''

# ---- Ways in, and visits that go wrong ----

def give_two(page, n:int, place:Path) -> None:
    "Some reddish pictures for the first class, and as many bluish ones for the second."
    for i, colour in enumerate([(120, 0, 0), (0, 0, 120)]):
        files = sorted((place/str(i)).iterdir()) if (place/str(i)).is_dir() else drawn(colour, n, place/str(i))
        page.locator('.class').nth(i).locator('input[type=file]').set_input_files(files)

def learnt(page, n:int) -> None: page.wait_for_selector(f'#say:has-text("Learnt from {n} ")', timeout=120_000)

def drop(page, path:Path) -> None:
    "As from the desktop: a file or a folder, on the heading."
    page.locator('h1').scroll_into_view_if_needed()
    session, place = page.context.new_cdp_session(page), page.locator('h1').bounding_box()
    for kind in ('dragEnter', 'dragOver', 'drop'):
        session.send('Input.dispatchDragEvent', {'type': kind, 'x': place['x'] + 5, 'y': place['y'] + 5, 'data': {'items': [], 'files': [str(path)], 'dragOperationsMask': 1}})

@in_browser
def test_folders_of_photos_and_of_a_model_are_dropped(page, tmp_path):
    for label, colour in (('red', (120, 0, 0)), ('blue', (0, 0, 120))): drawn(colour, 3, tmp_path/'photos'/label)
    (tmp_path/'photos'/'notes.txt').write_text('not a photo', encoding='utf-8')
    drop(page, tmp_path/'photos')
    learnt(page, 6)
    assert [box.get_attribute('value') for box in page.locator('.class input[type=text]').all()] == ['blue', 'red']
    model = taken(page, 'model', tmp_path)
    page.set_input_files('#folder', model)
    page.wait_for_selector('body[data-opened=model]')
    assert 'A model of blue, red' in page.inner_text('#accuracy')
    page.evaluate('delete document.body.dataset.opened')
    drop(page, model)
    page.wait_for_selector('body[data-opened=model]')
    page.set_input_files('#ask', tmp_path/'photos'/'red'/'0.png')
    page.wait_for_selector('#answer:has-text("0.png: red")')
    (model/'model.json').write_text('{', encoding='utf-8')
    drop(page, model)
    page.wait_for_selector('#say.problem')
    assert page.inner_text('#say') == 'model: its model.json is damaged.'

@in_browser
def test_a_connection_that_is_cut_is_named_and_tried_again(browser, address, tmp_path):
    site = Site(address.folder)
    site.cut.add('/train/body.onnx')
    visit = Visit(browser, f'{site.origin}/train/', says='Give each class at least')
    give_two(visit.page, 3, tmp_path)
    visit.page.wait_for_selector('#again:not([hidden])')
    assert 'body.onnx could not be fetched from 127.0.0.1' in visit.page.inner_text('#say') and 'Check the connection' in visit.page.inner_text('#say')
    site.cut.clear()
    visit.page.click('#again')
    learnt(visit.page, 6)
    assert visit.page.is_hidden('#again') and not visit.errors
    visit.context.close(), site.close()

@in_browser
def test_it_learns_offline_after_the_first_visit(browser, address, tmp_path):
    site = Site(address.folder)
    origin, options = elsewhere(site)
    visit = Visit(browser, f'{origin}/train/', profile=tmp_path/'profile', says='Give each class at least', **options)
    visit.page.evaluate('navigator.serviceWorker.ready.then(() => 1)')
    site.close()
    visit.page.reload()
    visit.page.wait_for_selector('.class')
    give_two(visit.page, 3, tmp_path)
    learnt(visit.page, 6)
    taken(visit.page, 'page', tmp_path)
    assert not visit.errors
    visit.context.close()

@in_browser
def test_of_two_tabs_one_keeps_its_photos_and_the_other_says_so(page, address, tmp_path):
    other, faults = page.context.new_page(), []
    other.on('pageerror', lambda error: faults.append(str(error)))
    other.goto(address)
    for tab in (page, other): give_two(tab, 3, tmp_path)
    other.locator('.class').nth(0).locator('input[type=file]').set_input_files(drawn((120, 60, 0), 1, tmp_path/'more'))
    learnt(page, 6), learnt(other, 7)
    page.check('#keep')
    page.wait_for_selector('#forget:not([hidden])')
    other.click('#keep')  # it may be taken back before `check` looks
    other.wait_for_selector('#kept:has-text("another tab of this page keeps its own there")')
    assert not other.is_checked('#keep') and other.locator('.class li').count() == 7
    page.reload()
    learnt(page, 6)
    other.click('#forget')
    other.wait_for_selector('#kept:has-text("Nothing is kept")')
    other.check('#keep')
    page.wait_for_timeout(500)
    page.reload()
    learnt(page, 7)
    assert faults == []

@in_browser
def test_reloaded_in_the_middle_it_goes_on_with_what_was_kept(page, tmp_path):
    page.route('**/body.onnx', lambda route: None)
    page.check('#keep')
    give_two(page, 4, tmp_path)
    while kept_photos(page) != 8: page.wait_for_timeout(50)
    assert 'Learnt' not in page.inner_text('#say'), 'the network is still on its way'
    page.unroute('**/body.onnx')
    page.reload()
    learnt(page, 8)
    page.uncheck('#keep')
    page.click('#forget')
    give_two(page, 4, tmp_path)
    page.reload()
    page.wait_for_selector('.class')
    assert page.locator('.class li').count() == 0 and page.inner_text('#say').startswith('Give each class')

@in_browser
def test_a_photo_of_48_megapixels_does_not_freeze_the_page(page, tmp_path):
    "The longest time for which the page does not react, in ms: when a phone's largest photo is learnt from, and when it is asked about."
    photo = tmp_path/'large.jpg'
    photo.write_bytes(saved(noise(800, 600).resize((8000, 6000)), quality=85))
    give_two(page, 3, tmp_path)
    learnt(page, 6)
    page.evaluate("window.gaps = [0]; window.last = performance.now(); setInterval(() => { const now = performance.now(); gaps.push(now - last); last = now; }, 20)")
    page.locator('.class').nth(0).locator('input[type=file]').set_input_files(photo)
    learnt(page, 7)
    page.set_input_files('#ask', photo)
    page.wait_for_selector('#answer:has-text("large.jpg")', timeout=60_000)
    longest = page.evaluate('Math.max(...gaps)')
    print(f'longest gap: {longest:.0f} ms')
    assert longest < 1000

@in_browser
def test_a_phone_that_gives_little_memory_learns_and_none_at_all_is_named(browser, address, tmp_path):
    source = (address.folder/'train'/'study.js').read_text(encoding='utf-8')
    for most, words in ((8192, 'Learnt from 6'), (-1, 'gives the page too little memory')):
        visit = Visit(browser, address, says='Give each class at least', viewport={'width': 360, 'height': 740})
        body = f'{stingy(most)}\n{source}'
        visit.context.route('**/study.js', lambda route: route.fulfill(body=body, content_type='text/javascript'))
        give_two(visit.page, 3, tmp_path)
        visit.page.wait_for_selector(f'#say:has-text("{words}")', timeout=120_000)
        assert visit.page.is_hidden('#again') == (most > 0) and not visit.errors
        visit.context.close()

@in_browser
def test_heic_that_this_browser_cannot_open_gets_a_sentence(page, tmp_path):
    assert page.get_attribute('#ask', 'accept') == 'image/*,.heic,.heif'
    (tmp_path/'IMG_1.HEIC').write_bytes(heic(noise(300, 200)))
    page.locator('.class').nth(0).locator('input[type=file]').set_input_files(tmp_path/'IMG_1.HEIC')
    give_two(page, 3, tmp_path)
    learnt(page, 6)
    assert 'IMG_1.HEIC: a HEIC photo' in page.inner_text('#refused') and 'Most Compatible' in page.inner_text('#refused')
    page.set_input_files('#ask', tmp_path/'IMG_1.HEIC')
    page.wait_for_selector('#answer:has-text("Most Compatible")')

@in_browser
def test_a_classifier_that_was_wrong_hands_its_photo_over(browser, address, node_modules, tmp_path):
    make_web_app(tiny_model(tmp_path/'model', ['red', 'blue'], Preprocess(64)), address.folder/'classifier', node_modules, trainer='../train/index.html')
    visit = Visit(browser, f'{address}../classifier/')
    photo = saved(Image.new('RGB', (90, 60), (220, 10, 10)))
    visit.give('a.jpg', photo)
    visit.answered('a.jpg')
    with visit.context.expect_page() as opened: visit.page.get_by_role('link', name='Wrong? Train your own').click()
    other = opened.value
    other.wait_for_selector('#photo[open]')
    assert 'a.jpg: the answer was red. What does it show?' in other.inner_text('#photo')
    other.get_by_role('button', name='blue', exact=True).click()
    other.wait_for_selector('.class li:not(.waiting)', timeout=60_000)
    assert [(box.locator('input[type=text]').input_value(), box.locator('li').count()) for box in other.locator('.class').all()] == [('red', 0), ('blue', 1)]
    assert not visit.errors
    visit.context.close()

# ---- What a visitor sees while it works, and what comes back ----

@in_browser
def test_photos_are_shown_before_the_network_has_come(page, tmp_path):
    page.route('**/body.onnx', lambda route: None)
    give_two(page, 3, tmp_path)
    (tmp_path/'words.jpg').write_text('no photo', encoding='utf-8')
    page.locator('.class').nth(0).locator('input[type=file]').set_input_files(tmp_path/'words.jpg')
    for k in (1, 2, 3): page.wait_for_selector(f'.class:nth-child(1) li:nth-child({k}) img')
    page.wait_for_selector('.class:nth-child(2) li:nth-child(3) img')
    tiles = page.locator('.class li button')
    assert tiles.count() == 7 and page.locator('.class li img').count() == 6, 'a grey tile stands for what is no photo'
    assert page.evaluate("[...document.querySelectorAll('.class img')].every(each => each.naturalWidth > 0)")
    assert tiles.nth(3).get_attribute('aria-label') == 'words.jpg' and 'Learnt' not in page.inner_text('#say')
    tiles.nth(3).click()
    assert page.is_hidden('#photo img')
    page.get_by_role('button', name='Close').click()
    page.unroute('**/body.onnx')
    learnt(page, 6)
    assert page.locator('.class li img').count() == 6 and 'words.jpg: not a picture' in page.inner_text('#refused')

def in_view(page, selector:str) -> bool:
    "Whether an element is wholly on the screen."
    return page.locator(selector).evaluate('each => { const {top, bottom} = each.getBoundingClientRect(); return top >= 0 && bottom <= innerHeight && bottom > top; }')

def filled(page) -> list[str]:
    "The words on the buttons in the colour of what to do first."
    return page.evaluate("[...document.querySelectorAll('button, label.button, a.button')].filter(e => e.checkVisibility() && getComputedStyle(e).backgroundColor === 'rgb(11, 99, 165)').map(e => e.innerText)")

@in_browser
def test_folder_and_archive_are_other_ways(page):
    ways = page.get_by_text('Open a folder'), page.get_by_text('Open an archive')
    assert not any(way.is_visible() for way in ways)
    page.get_by_text('Other ways').press('Enter')
    assert all(way.is_visible() for way in ways)

@in_browser
def test_on_a_phone_the_ways_to_the_result_stay_on_the_screen(page, tmp_path):
    page.set_viewport_size({'width': 390, 'height': 844})
    assert page.is_hidden('#next') and filled(page) == ['Try it with the drawn bears'] and in_view(page, '#say')
    page.locator('.class').nth(0).locator('input[type=file]').set_input_files(drawn((60, 60, 0), 1, tmp_path/'first'))
    page.wait_for_selector('.class li:not(.waiting)', timeout=120_000)
    assert filled(page) == ['Add photos']*2, 'what is to be done next'
    give_two(page, 12, tmp_path)
    learnt(page, 25)
    strip = page.locator('.class').nth(1).locator('ul')
    assert strip.evaluate('each => each.clientHeight < 90 && each.scrollWidth > each.clientWidth'), 'one row, which goes on'
    page.locator('.class').nth(1).locator('li button').last.focus()
    assert in_view(page, '.class:nth-child(2) li:last-child button')
    for at in (0, 200):
        page.evaluate('at => scrollTo(0, at)', at)
        page.wait_for_timeout(100)
        for part in ('#say', '#accuracy', '#next'): assert in_view(page, part), (at, part)
    assert page.locator('#learning').get_by_role('heading').first.inner_text().startswith('2.') and page.locator('#learning #say, #learning #accuracy').count() == 2
    page.evaluate("document.querySelector('#result').scrollIntoView({block: 'center'})")
    assert page.evaluate("document.querySelector('#result').getBoundingClientRect().top - document.querySelector('#now').getBoundingClientRect().bottom") == 0, 'one box'
    assert page.evaluate("document.querySelector('#result').getBoundingClientRect().top + scrollY") < 2*844, 'the score has its place in the second screen'
    assert page.inner_text('#accuracy').endswith('of 25 right, each judged before it was learnt') and page.is_hidden('#interval')
    page.get_by_text('How it was measured').click()
    assert '95% interval' in page.inner_text('#interval') and '95% interval' not in page.inner_text('#say')
    page.evaluate('scrollTo(0, 0)')
    page.get_by_role('link', name='Try it').click()
    assert in_view(page, 'label[for=ask]')
    for path in (tmp_path/'0'/'0.png', sorted((sample_folder()/'teddy').glob('*.jpg'))[7]):
        page.set_input_files('#ask', path)
        page.wait_for_selector(f'#answer:has-text("{path.name}")')
        unsure = 'unlike anything' in page.inner_text('#answer')
        assert unsure == (path.parent.name == 'teddy') == page.is_visible('#choice summary') and page.is_visible('#bars li >> nth=0') != unsure

@in_browser
def test_a_class_without_a_name_is_asked_for_one(page, tmp_path):
    names = page.locator('.class input[type=text]')
    assert [(box.input_value(), box.get_attribute('placeholder')) for box in names.all()] == [('', 'Name, e.g. my cup'), ('', 'Name, e.g. your cup')]
    give_two(page, 3, tmp_path)
    learnt(page, 6)
    assert 'Give Class 1 and Class 2 a name' in page.inner_text('#say')
    for i, name in enumerate(('red', 'blue')):
        names.nth(i).fill(name)
        names.nth(i).press('Tab')
        page.wait_for_selector(f'#table:has-text("{name}")')
    page.wait_for_selector('#say:has-text("Learnt from 6 photos")')
    assert 'a name' not in page.inner_text('#say') and page.locator('.class .count').first.inner_text() == '3 photos'

@in_browser
def test_a_class_that_was_taken_out_comes_back(page, tmp_path):
    give_two(page, 4, tmp_path)
    learnt(page, 8)
    page.locator('.remove').first.click()
    page.wait_for_selector('#say:has-text("One more class")')
    assert page.inner_text('#gone') == 'Class 1 is taken out, with 4 photos.' and page.locator('.class').count() == 1
    page.locator('.class').first.locator('input[type=file]').set_input_files(drawn((0, 60, 120), 1, tmp_path/'more'))
    page.wait_for_selector('.class:nth-child(1) li:nth-child(5):not(.waiting)')
    page.get_by_role('button', name='Undo').click()
    learnt(page, 9)
    assert [box.locator('li').count() for box in page.locator('.class').all()] == [4, 5], 'what has come since stays'
    assert page.is_hidden('#undo') and page.inner_text('#gone') == ''

@in_browser
def test_photos_come_back_after_a_model_was_opened(page, tmp_path):
    for i, name in enumerate(('red', 'blue')): page.locator('.class input[type=text]').nth(i).fill(name)
    give_two(page, 3, tmp_path)
    learnt(page, 6)
    page.set_input_files('#folder', taken(page, 'model', tmp_path))
    page.wait_for_selector('body[data-opened=model]')
    assert page.inner_text('#gone') == 'The model took the place of your 6 photos.' and page.locator('.class li').count() == 0
    page.locator('.class').nth(1).locator('input[type=file]').set_input_files(drawn((120, 60, 0), 1, tmp_path/'more'))
    page.wait_for_selector('.class li:not(.waiting)')
    page.get_by_role('button', name='Undo').click()
    learnt(page, 7)
    assert sorted((box.locator('input[type=text]').input_value(), box.locator('li').count()) for box in page.locator('.class').all()) == [('blue', 3), ('red', 4)]
    assert page.is_visible('#take') and page.inner_text('#accuracy').endswith('of 7 right, each judged before it was learnt (few photos: rough)')

@in_browser
def test_that_photos_cannot_be_kept_stays_said(browser, address, tmp_path):
    visit = Visit(browser, address, script="indexedDB.open = () => { throw new Error('there is no room'); };", says='Give each class at least')
    visit.page.get_by_label('Keep my photos').click()
    visit.page.wait_for_selector('#kept.problem')
    give_two(visit.page, 3, tmp_path)
    learnt(visit.page, 6)
    assert visit.page.inner_text('#kept') == "These photos can't be kept: there is no room." and not visit.page.is_checked('#keep') and not visit.errors
    visit.context.close()

@in_browser
def test_over_plain_http_the_reason_stays_said(browser, address, tmp_path):
    origin, options = elsewhere(Site(address.folder))
    visit = Visit(browser, f'{origin}/train/', profile=tmp_path/'profile', says='Other ways', flags=options['flags'][:1])
    visit.page.wait_for_selector('#say:has-text("begins with https")')
    assert visit.page.evaluate('crypto.subtle === undefined')
    give_two(visit.page, 3, tmp_path)
    visit.page.wait_for_selector('#say:has-text("Your photos wait here")')
    visit.page.wait_for_selector('.class:nth-child(2) li:nth-child(3) img')
    assert visit.page.inner_text('#say').startswith('This page needs an address that begins with https') and visit.page.is_hidden('#again') and not visit.errors
    visit.context.close()

@in_browser
def test_a_server_that_falls_silent_is_named_and_asked_again(browser, address, tmp_path):
    visit = Visit(browser, address, script='const now = performance.now.bind(performance); performance.now = () => 10*now();', says='Give each class at least')
    visit.page.route('**/body.onnx', lambda route: None)
    give_two(visit.page, 3, tmp_path)
    visit.page.wait_for_selector('#again:not([hidden])', timeout=60_000)
    assert visit.page.inner_text('#say').startswith('body.onnx: nothing has come from 127.0.0.1:') and 'for 30 seconds. Check the connection.' in visit.page.inner_text('#say')
    visit.page.unroute('**/body.onnx')
    visit.page.click('#again')
    learnt(visit.page, 6)
    assert not visit.errors
    visit.context.close()

# ---- The scripts ----

def page_scripts():
    "The tool that checks and shrinks them, if npm's packages can be had."
    import page_scripts
    from bears_lib.engine.core.common import BearsError
    try: page_scripts.script_modules()
    except BearsError as error: pytest.skip(str(error))
    return page_scripts

def test_types_and_linter_find_nothing_in_the_scripts_of_both_pages():
    assert page_scripts().problems() == ''

def test_small_scripts_are_what_the_scripts_give_and_have_less_than_60_kb():
    tool, small = page_scripts(), root/'bears_lib/data/trainer/small'
    assert {path.name: path.read_text(encoding='utf-8') for path in small.iterdir()} == {path.name: tool.small(path) for path in tool.sources()}
    assert sum(path.stat().st_size for path in small.iterdir()) < 60_000
    assert len(gzip.compress(b''.join(path.read_bytes() for path in tool.sources() if path.name != 'fflate.js'))) < 36_000

def test_scripts_with_a_problem_are_not_made_small(monkeypatch, tmp_path):
    import page_scripts as tool
    shutil.copytree(tool.trainer, tmp_path/'trainer')
    before = {path.name: path.read_bytes() for path in (tmp_path/'trainer'/'small').iterdir()}
    monkeypatch.setattr(tool, 'trainer', tmp_path/'trainer')
    monkeypatch.setattr(tool, 'problems', lambda: 'a fault')
    monkeypatch.setattr(tool, 'small', lambda path: 'spoilt')
    with pytest.raises(SystemExit, match='a fault'): tool.main()
    assert {path.name: path.read_bytes() for path in (tmp_path/'trainer'/'small').iterdir()} == before
