"The docs site as a reader meets it: built, served on this machine, opened in a real browser."
import functools, html, http.server, json, re, subprocess, sys, threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlparse

import pytest

from conftest import chromium, root

pytestmark = pytest.mark.browser
if not chromium: pytest.skip('needs a browser: apt-get install chromium', allow_module_level=True)
pytest.importorskip('smalldocs', reason='smalldocs needs Python 3.11')

@pytest.fixture(scope='module')
def site():
    "The folder of the built site; nothing in it needs another machine."
    built = subprocess.run([sys.executable, root/'tools/build_docs.py'], cwd=root, capture_output=True, text=True, timeout=500)
    assert built.returncode == 0, built.stdout + built.stderr
    return root/'_docs'

@pytest.fixture(scope='module')
def address(site):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args): pass
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{server.server_port}/'
    server.shutdown()

class Links(HTMLParser):
    "The anchors of a page, and what it links to."
    def __init__(self, text:str):
        super().__init__()
        self.anchors, self.links = {''}, []
        self.feed(text)
    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.anchors |= {found.get('id'), found.get('name')} - {None}
        if tag in ('a', 'link') and found.get('href'): self.links.append(found['href'])
        if found.get('src'): self.links.append(found['src'])

def pages(site:Path) -> dict[str, Links]: return {path.relative_to(site).as_posix(): Links(path.read_text(encoding='utf-8')) for path in sorted(site.rglob('*.html'))}

def test_every_link_and_anchor_leads_somewhere(site):
    own = re.search(r'^Documentation = "(.+)"', (root/'pyproject.toml').read_text(encoding='utf-8'), re.M)[1]
    found, lost = pages(site), []
    for name, page in found.items():
        for link in page.links:
            target = urlparse(urljoin(own + name, link))
            if not target.geturl().startswith(own): continue
            place = unquote(target.path)[len(urlparse(own).path):] or 'index.html'
            if place.endswith('/'): place += 'index.html'
            if not (site/place).exists(): lost.append(f'{name}: {link}')
            elif place in found and target.fragment and unquote(target.fragment) not in found[place].anchors: lost.append(f'{name}: {link} (no such anchor)')
    assert len(found) > 30 and not lost, lost[:20]

def test_course_lessons_and_engine_are_there(site):
    names = set(pages(site))
    for name in ('index', 'gather', 'train', 'interpret', 'deploy', 'questionnaire', 'commands', 'questions1', 'questions2', 'lessons/pets', 'engine/core/photos', 'classifier/index'): assert f'{name}.html' in names
    assert not [name for name in names if 'solutions' in name]
    assert 'train.html.md' in (site/'llms.txt').read_text(encoding='utf-8')

def introductions() -> dict[str, str]:
    "The first words below the title of each notebook that the site shows, by its page."
    from nbdev.config import nbpath2html
    found = {}
    for notebook in [path for folder in ('', 'lessons', 'engine') for path in (root/'nbs'/folder).glob('**/*.ipynb' if folder == 'engine' else '*.ipynb') if path.stem != 'index']:
        cells = [''.join(cell['source']) for cell in json.loads(notebook.read_text(encoding='utf-8'))['cells'][1:]]
        words = next(text for text in cells if not text.startswith('[!['))
        found[nbpath2html(notebook.relative_to(root/'nbs')).as_posix()] = re.search(r'\w[\w ,:-]{10,}', words)[0].strip()
    return found

def test_each_page_begins_with_the_words_of_its_notebook(site):
    wanted = introductions()
    assert len(wanted) > 45 and min(map(len, wanted.values())) > 10
    assert not [name for name, words in wanted.items() if words not in html.unescape((site/name).read_text(encoding='utf-8'))]

def test_the_home_page_is_light_and_has_its_icons(address, browser):
    page, sizes = browser.new_page(), {}
    page.on('response', lambda response: sizes.__setitem__(response.url, len(response.body())))
    page.goto(address, wait_until='networkidle')
    named = page.evaluate("""() => [...document.querySelectorAll('.bi, .quarto-color-scheme-toggle i')].map(e => getComputedStyle(e, '::before').content.replaceAll('"', '')).filter(text => text.length == 1)""")
    page.close()
    assert sum(sizes.values()) < 500_000
    from fontTools.ttLib import TTFont
    font = TTFont(next((root/'_docs/site_libs').rglob('*.woff')))
    assert len(named) >= 3 and {ord(each) for each in named} <= set(font.getBestCmap())

@pytest.mark.parametrize('name', ['questions1.html', 'classifier/index.html'])
def test_pages_made_apart_lead_back(name, address, browser):
    page = browser.new_page()
    page.goto(address + name)
    page.get_by_role('navigation', name='Site').get_by_role('link', name='Train').click()
    assert page.get_by_role('heading', level=1).inner_text() == 'Training a classifier'
    page.close()

def test_pages_ask_no_other_machine_report_no_error_and_fit_a_phone(site, address, browser):
    context, problems = browser.new_context(viewport={'width': 360, 'height': 740}), []
    page = context.new_page()
    page.on('console', lambda message: problems.append(f'{page.url}: {message.text}') if message.type == 'error' else None)
    page.on('pageerror', lambda error: problems.append(f'{page.url}: {error}'))
    page.on('request', lambda request: problems.append(f'{page.url} asks for {request.url}') if not request.url.startswith((address, 'data:', 'blob:')) else None)
    for name in pages(site):
        page.goto(address + name)
        width = page.evaluate('document.documentElement.scrollWidth')
        if width > 360: problems.append(f'{name} is {width} pixels wide')
    context.close()
    assert not problems, problems[:20]

@pytest.mark.parametrize('word, place', [('fit_head', 'train.html'), ('Pets', 'lessons/'), ('Grad-CAM', 'interpret.html')])
def test_search_finds(word, place, address, browser):
    page = browser.new_page()
    page.goto(address)
    page.get_by_label('Search').fill(word)
    page.wait_for_selector(f'a[href*="{place}"] >> visible=true', timeout=10_000)
    page.close()

def test_keyboard_reaches_everything(address, browser):
    page = browser.new_page(viewport={'width': 1280, 'height': 900})
    page.goto(address)
    wanted = page.evaluate('''() => [...document.querySelectorAll('a[href], button, input')].filter(e => e.checkVisibility({visibilityProperty: true}) && !e.disabled && e.tabIndex >= 0)
        .map((e, i) => (e.dataset.tabTest = i, i)).length''')
    reached = set()
    for _ in range(3*wanted):
        page.keyboard.press('Tab')
        number = page.evaluate('document.activeElement?.dataset?.tabTest ?? null')
        if number is not None: reached.add(number)
        if len(reached) == wanted: break
    page.close()
    assert len(reached) == wanted > 20

@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('name', ['index.html', 'train.html', 'interpret.html', 'lessons/pets.html', 'questions1.html', 'classifier/index.html'])
def test_no_serious_barrier(name, scheme, address, browser, node_modules):
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(address + name)
    page.wait_for_timeout(500)
    page.evaluate((node_modules/'axe-core/axe.min.js').read_text(encoding='utf-8'))
    found = [each for each in page.evaluate('axe.run()')['violations'] if each['impact'] in ('serious', 'critical')]
    context.close()
    assert not found, json.dumps([(each['id'], [node['html'][:150] for node in each['nodes'][:3]]) for each in found], indent=1)

def test_the_classifier_classifies(address, browser):
    from bears_lib.gather import sample_bears
    page = browser.new_page()
    page.goto(address + 'classifier/index.html')
    page.locator('input[type=file]').first.set_input_files(sorted((sample_bears()/'teddy').glob('*.jpg'))[5])
    page.wait_for_function("document.body.innerText.match(/teddy[^]*?\\d+(\\.\\d+)?\\s*%/)", timeout=60_000)
    page.close()

def test_the_quiz_keeps_its_progress(address, browser):
    context = browser.new_context()
    page = context.new_page()
    page.goto(address + 'questions1.html')
    page.locator('textarea').first.fill('a graphics processing unit')
    page.reload()
    assert page.locator('textarea').first.input_value() == 'a graphics processing unit'
    context.close()
