"The docs site as a reader meets it: built, served on this machine, opened in a real browser."
import html, json, re, subprocess, sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlparse

import pytest

from conftest import chromium, root

pytestmark = pytest.mark.browser
if not chromium: pytest.skip('needs a browser: apt-get install chromium', allow_module_level=True)
pytest.importorskip('smalldocs', reason='smalldocs needs Python 3.11')

# One page of each kind.
kinds = ['index.html', 'learning.html', 'train.html', 'interpret.html', 'glossary.html', 'lessons/index.html', 'lessons/pets.html', 'questions1.html', 'your-course.html', 'classifier/index.html', 'trainer/index.html',
         'reference.html', 'install.html',
         'engine/core/photos.html', '404.html']

@pytest.fixture(scope='module')
def site():
    "The folder of the built site; nothing in it needs another machine."
    built = subprocess.run([sys.executable, root/'tools/build_docs.py'], cwd=root, capture_output=True, text=True, timeout=500)
    assert built.returncode == 0, built.stdout + built.stderr
    return root/'_docs'

@pytest.fixture(scope='module')
def address(site):
    from take_shots import serve
    server = serve(site)
    yield f'http://127.0.0.1:{server.server_port}/bears_lib/'
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
    assert not [name for name, words in wanted.items() if words not in html.unescape(re.sub(r'<[^>]*>', '', (site/name).read_text(encoding='utf-8')))]  # a term is a link

def test_the_home_page_is_light_and_has_its_icons(address, browser):
    page, sizes = browser.new_page(), {}
    page.on('response', lambda response: sizes.__setitem__(response.url, len(response.body())))
    page.goto(address, wait_until='networkidle')
    icons = page.evaluate("[...document.querySelectorAll('.site-icon, .site-brand')].filter(e => e.checkVisibility()).map(e => [...e.querySelectorAll('svg, img')].filter(i => i.checkVisibility()).map(i => i.getBoundingClientRect().width))")
    natural = page.evaluate("document.querySelector('.site-brand img').naturalWidth")
    page.close()
    assert sum(sizes.values()) < 500_000
    assert len(icons) >= 2 and all(len(each) == 1 and each[0] > 15 for each in icons) and natural > 0
    assert page_types(sizes) >= {'html', 'css', 'js', 'svg', 'webp'}

def page_types(sizes:dict[str, int]) -> set[str]: return {urlparse(url).path.rpartition('.')[2] or 'html' for url in sizes} | {'html'}

@pytest.mark.parametrize('name', ['questions1.html', 'classifier/index.html'])
def test_pages_made_apart_lead_back(name, address, browser):
    page = browser.new_page()
    page.goto(address + name)
    page.get_by_role('navigation', name='Main').get_by_role('link', name='Course', exact=True).click()
    page.locator('#course').get_by_role('link', name='Training a classifier').click()
    assert page.get_by_role('heading', level=1).inner_text() == 'Training a classifier'
    page.close()

@pytest.mark.parametrize('width', [360, 390])
def test_pages_ask_no_other_machine_report_no_error_and_fit_a_phone(width, site, address, browser):
    context, problems = browser.new_context(viewport={'width': width, 'height': 740}), []
    page = context.new_page()
    page.on('console', lambda message: problems.append(f'{page.url}: {message.text}') if message.type == 'error' else None)
    page.on('pageerror', lambda error: problems.append(f'{page.url}: {error}'))
    page.on('request', lambda request: problems.append(f'{page.url} asks for {request.url}') if not request.url.startswith((address, 'data:', 'blob:')) else None)
    for name in pages(site):
        page.goto(address + name)
        needs = page.evaluate('document.documentElement.scrollWidth')
        if needs > width: problems.append(f'{name} is {needs} pixels wide')
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
@pytest.mark.parametrize('name', kinds)
def test_no_barrier(name, scheme, address, browser, node_modules):
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(address + name)
    page.wait_for_timeout(500)
    for each in page.locator('main details').all()[:12]: each.evaluate('box => { box.open = true }')
    page.evaluate((node_modules/'axe-core/axe.min.js').read_text(encoding='utf-8'))
    found = page.evaluate('axe.run()')['violations']
    context.close()
    assert not found, json.dumps([(each['id'], [node['html'][:150] for node in each['nodes'][:3]]) for each in found], indent=1)

@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_no_barrier_in_an_answer(scheme, address, browser, node_modules):
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(address + 'classifier/index.html')
    page.locator('.examples button').first.click()
    page.locator('#bars li').first.wait_for(timeout=90_000)
    page.evaluate((node_modules/'axe-core/axe.min.js').read_text(encoding='utf-8'))
    found = page.evaluate('axe.run()')['violations']
    context.close()
    assert not found, json.dumps([(each['id'], [node['html'][:150] for node in each['nodes'][:3]]) for each in found], indent=1)

def test_the_site_map_names_all_pages_and_none_else(site):
    found = re.findall(r'<loc>(.*?)</loc>', (site/'sitemap.xml').read_text(encoding='utf-8'))
    own = re.search(r'<link[^>]*rel="canonical"[^>]*href="([^"]*)"', (site/'index.html').read_text(encoding='utf-8'))[1]
    assert sorted(found) == sorted(own + name.removesuffix('index.html') for name in pages(site) if name != '404.html')

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
    page.locator('textarea:visible').first.fill('a graphics processing unit')
    page.reload()
    assert page.locator('textarea:visible').first.input_value() == 'a graphics processing unit'
    context.close()

def phone(browser, width:int=390, **how): return browser.new_context(viewport={'width': width, 'height': 844}, has_touch=True, is_mobile=True, **how)

@pytest.mark.parametrize('name', ['train.html', 'index.html', 'questions1.html', 'classifier/index.html', 'engine/core/photos.html'])
def test_the_drawer_leads_to_its_first_and_last_entry(name, address, browser):
    context = phone(browser)
    page = context.new_page()
    for place in ('first', 'last'):
        page.goto(address + name)
        page.get_by_role('button', name='All pages').tap()
        link = getattr(page.locator('.site-drawer li a'), place)
        wanted = link.evaluate('link => link.href')
        with page.expect_navigation(): link.tap()
        assert page.url == wanted
    context.close()

@pytest.mark.parametrize('width', [360, 390])
@pytest.mark.parametrize('name', kinds)
def test_text_is_readable_on_a_phone(name, width, address, browser):
    context = phone(browser, width)
    page = context.new_page()
    page.goto(address + name)
    small = page.evaluate("[...document.querySelectorAll('main p, main li, main td, .page p')].filter(e => e.checkVisibility() && e.innerText.trim()).map(e => parseFloat(getComputedStyle(e).fontSize)).sort((a, b) => a - b)")
    cut = page.evaluate("[...document.querySelectorAll('main p, main h1, main h2, main img, main pre, main figure')].filter(e => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.table')).map(e => e.outerHTML.slice(0, 80))")
    context.close()
    assert small and small[0] >= 13 and small[len(small)//2] >= 15 and not cut, cut

@pytest.mark.parametrize('width', [1366, 1024])
def test_text_stands_in_a_column_and_figures_fill_it(width, address, browser):
    page = browser.new_page(viewport={'width': width, 'height': 768})
    page.goto(address + 'train.html')
    text, figure = (page.evaluate(f"document.querySelector('{where}').getBoundingClientRect().width") for where in ('main > p:not([class])', 'main figure img.wide'))
    page.close()
    assert 680 <= text <= 720 and abs(figure - text) < 2

def test_the_theme_is_remembered_on_every_kind_of_page(address, browser):
    context = browser.new_context(color_scheme='light')
    page = context.new_page()
    page.goto(address)
    page.get_by_role('button', name='Dark theme').click()
    for name in kinds:
        page.goto(address + name)
        assert page.get_by_role('button', name='Dark theme').get_attribute('aria-pressed') == 'true'
        background = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)")
        assert max(background) < 60, name
    context.close()

def test_in_the_dark_a_page_shows_dark_figures_only(address, browser):
    context = browser.new_context(color_scheme='dark')
    page = context.new_page()
    page.goto(address + 'interpret.html')
    shown = page.evaluate("[...document.querySelectorAll('main figure img')].filter(e => e.checkVisibility()).map(e => e.getAttribute('src'))")
    context.close()
    assert len(shown) > 8 and all('-dark' in each for each in shown)

def test_what_was_read_gets_a_tick(address, browser):
    context = browser.new_context(viewport={'width': 1366, 'height': 768})
    page = context.new_page()
    page.goto(address + 'gather.html')
    page.get_by_role('button', name='I have read this').click()
    page.goto(address + 'train.html')
    assert page.locator('.site-drawer a.read').all_inner_texts()[0].split('\n')[0].startswith('1')
    assert page.get_by_role('link', name='Gathering photos (read)').count() == 1
    context.close()

def test_a_question_stands_at_the_end_of_its_section_and_is_the_same_as_on_the_question_page(address, browser):
    context = browser.new_context()
    page = context.new_page()
    page.goto(address + 'learning.html')
    box = page.locator('#overfitting .ask-here')
    box.locator('summary').first.click()
    box.locator('textarea').fill('it learns the training photos by heart and is worse on new, unseen ones')
    page.wait_for_function("() => typeof attach === 'function'")
    box.locator('fieldset .next').wait_for(state='attached')  # the component has taken over
    box.get_by_role('button', name='Check').click()
    box.locator('output .badge').wait_for()
    name = box.locator('textarea').get_attribute('id')
    page.goto(address + 'questions1.html')
    assert 'unseen ones' in page.locator(f'#{name}').input_value()
    context.close()

def test_a_term_tells_what_it_means_to_the_keyboard(address, browser):
    page = browser.new_page()
    page.goto(address + 'interpret.html')
    term = page.locator('a.term').first
    term.focus()
    assert page.get_by_role('tooltip').inner_text() == term.get_attribute('data-means')
    page.keyboard.press('Escape')
    assert page.get_by_role('tooltip').count() == 0
    page.close()

@pytest.mark.parametrize('name, page_name, key, told', [('xor', 'learning.html', 'ArrowRight', '[role=status]'), ('squares', 'train.html', 'ArrowRight', '.tell'), ('limit', 'interpret.html', 'End', '[role=status]')])
def test_widgets_obey_the_keyboard(name, page_name, key, told, address, browser):
    page = browser.new_page()
    page.goto(address + page_name)
    box = page.locator(f'[data-widget={name}]')
    before = box.locator(told).first.inner_text()
    if name == 'xor':
        box.get_by_role('button', name='200 steps').focus()
        page.keyboard.press('Enter')
        assert 'After 200 steps' in box.locator(told).inner_text()
    else:
        box.locator('input[type=range]').focus()
        page.keyboard.press(key)
        assert box.locator('input[type=range]').get_attribute('aria-valuetext')
    assert box.locator(told).first.inner_text() != before
    page.close()

def test_without_script_the_text_figures_and_pages_are_there(address, browser):
    context = browser.new_context(java_script_enabled=False, viewport={'width': 390, 'height': 844})
    page = context.new_page()
    page.goto(address + 'train.html')
    assert page.locator('[data-widget]').first.is_hidden() and page.locator('main figure img').first.is_visible()
    assert page.locator('.site-drawer a').first.is_visible()
    context.close()

def test_the_first_page_classifies_when_it_is_asked(address, browser):
    context, fetched = browser.new_context(viewport={'width': 1366, 'height': 900}), []
    page = context.new_page()
    page.on('request', lambda request: fetched.append(request.url))
    page.goto(address, wait_until='networkidle')
    assert not [url for url in fetched if url.endswith(('.wasm', '.onnx'))], 'nobody has asked yet'
    page.locator('.try .examples button').nth(4).click()
    page.frame_locator('.try iframe').locator('#bars li').first.wait_for(timeout=90_000)
    assert 'teddy' in page.frame_locator('.try iframe').locator('#status').inner_text()
    context.close()

def test_the_moving_picture_stands_still_when_told_or_when_motion_is_unwanted(address, browser):
    for motion, shown in (('no-preference', 'moving.webp'), ('reduce', 'still.webp')):
        context = browser.new_context(reduced_motion=motion)
        page = context.new_page()
        page.goto(address)
        page.locator('.moving').scroll_into_view_if_needed()
        page.wait_for_function("document.querySelector('.moving img').currentSrc")  # it is fetched when it comes into view
        assert page.evaluate("document.querySelector('.moving img').currentSrc").endswith(shown)
        if motion == 'no-preference':
            page.get_by_role('button', name='Stop').click()
            assert page.evaluate("document.querySelector('.moving img').src").endswith('still.webp')
        context.close()

def test_links_to_the_site_show_a_picture_and_titles_are_words(site):
    for name in pages(site):
        text = (site/name).read_text(encoding='utf-8')
        card = re.search(r'<meta[^>]*property="og:image"[^>]*>', text)[0]
        assert 'images/card.jpg' in card and 'Bears: from photos to an app' in re.search(r'<title>(.*?)</title>', text)[1], name
    assert (site/'images/card.jpg').is_file()

def test_on_a_phone_the_moving_picture_is_another_and_in_the_dark_a_dark_one(address, browser):
    for width, scheme, shown in ((390, 'light', 'still-narrow.webp'), (1366, 'dark', 'still-dark.webp'), (390, 'dark', 'still-narrow-dark.webp')):
        context = browser.new_context(viewport={'width': width, 'height': 844}, color_scheme=scheme, reduced_motion='reduce')
        page = context.new_page()
        page.goto(address)
        page.locator('.moving').scroll_into_view_if_needed()
        picture = page.locator('.moving img >> visible=true')
        page.wait_for_function("[...document.querySelectorAll('.moving img')].some(image => image.checkVisibility() && image.naturalWidth)")
        assert picture.count() == 1 and picture.evaluate('image => image.currentSrc').endswith(shown)
        context.close()

def test_a_lost_visitor_finds_the_search(address, browser):
    page = browser.new_page(viewport={'width': 390, 'height': 844})
    page.goto(address + 'engine/nothing/here.html')
    page.get_by_role('button', name='Search the site').click()
    page.get_by_label('Search', exact=True).fill('softmax')
    page.locator('.site-found a').first.click()
    assert page.get_by_role('heading', level=1).inner_text() != 'This page is not here'
    page.close()

def found_by(page, words:str) -> list[str]:
    "Where the search leads, best first."
    page.get_by_label('Search', exact=True).fill(words)
    page.wait_for_function("words => document.querySelector('.site-found').children.length && document.querySelector('.site-find input').value === words", arg=words)
    page.wait_for_timeout(250)
    return [link.get_attribute('href') for link in page.locator('.site-found a').all()]

# What somebody looks for, and what stands first.
first_of = {'learning rate': 'learning.html#gradient-and-step', 'loss': 'learning.html#samuels-loop', 'trainer': 'trainer/index.html', 'colab': 'install.html#colab', 'how do I use my own photos': 'trainer/index.html',
            'loss and metric': 'learning.html#loss-and-metric', 'fit_head': 'engine/train/learners.html#fit_head', 'Try it': 'classifier/index.html', 'Pets': 'lessons/pets.html'}

@pytest.mark.parametrize('words', first_of)
def test_the_search_puts_first_what_is_looked_for(words, address, browser):
    page = browser.new_page()
    page.goto(address)
    places = found_by(page, words)
    inside = [place.startswith('engine/') and '_' not in words for place in places]
    letters = [place for place in places if re.fullmatch(r'glossary\.html#\w', place)]
    page.close()
    assert places[0] == first_of[words] and len(set(places)) == len(places), places
    assert inside == sorted(inside), 'the machinery comes last'
    assert not letters, 'a term, not the letter that it stands under'

def test_what_is_found_begins_and_ends_with_whole_words(address, browser):
    page = browser.new_page()
    page.goto(address)
    found_by(page, 'overfitting')
    told = page.locator('.site-found small').all_inner_texts()
    known = {part['href']: f"{part['title']}: {part['text']}" for part in page.evaluate("fetch('search.json').then(answer => answer.json())")}
    words = set(' '.join(known.values()).split())
    page.close()
    cut = [text for text in told if {each.strip('.') for each in (text.removeprefix('... ').removesuffix(' ...').split()[0], text.removesuffix(' ...').split()[-1])} - {word.strip('.') for word in words}]
    assert len(told) > 4 and not cut, cut

def test_the_first_touch_of_a_term_tells_what_it_means_and_leads_on(address, browser):
    context = phone(browser)
    page = context.new_page()
    page.goto(address + 'interpret.html')
    here, term = page.url, page.locator('a.term').nth(1)
    tip, target = page.get_by_role('tooltip'), term.evaluate('link => link.href')
    term.tap()
    assert page.url == here and tip.inner_text().startswith(term.get_attribute('data-means')) and tip.get_by_role('link').evaluate('link => link.href') == target
    page.locator('h1').tap()
    assert tip.count() == 0 and page.url == here
    term.tap()
    with page.expect_navigation(): tip.get_by_role('link', name='Read more').tap()
    assert page.url == target
    page.go_back()
    term.tap()
    with page.expect_navigation(): term.tap()
    assert page.url == target
    context.close()

def test_on_a_phone_code_keeps_its_lines_and_is_scrolled(address, browser, node_modules):
    context = phone(browser)
    page = context.new_page()
    page.goto(address + 'train.html')
    page.wait_for_function("document.querySelector('pre.sourceCode[tabindex]')")
    kept = page.evaluate("""[...document.querySelectorAll('main pre.sourceCode')].filter(e => e.checkVisibility()).map(e => ({
        wrapped: getComputedStyle(e).whiteSpace !== 'pre', needs: e.scrollWidth > e.clientWidth + 1, reached: e.tabIndex === 0}))""")
    page.evaluate((node_modules/'axe-core/axe.min.js').read_text(encoding='utf-8'))
    barriers = page.evaluate('axe.run()')['violations']
    context.close()
    assert len(kept) > 15 and not any(each['wrapped'] for each in kept)
    assert any(each['needs'] for each in kept) and all(each['needs'] == each['reached'] for each in kept)
    assert not barriers, [each['id'] for each in barriers]

@pytest.mark.parametrize('width, scheme', [(390, 'light'), (440, 'light'), (600, 'dark'), (1366, 'dark')])
def test_the_box_of_the_first_page_keeps_its_height_and_shows_photo_and_bars_side_by_side(width, scheme, address, browser):
    context = browser.new_context(viewport={'width': width, 'height': 844}, color_scheme=scheme)
    page = context.new_page()
    page.goto(address)
    height = lambda: page.locator('.try').bounding_box()['height']
    before = height()
    page.locator('.try .examples button').nth(3).click()
    frame = page.frame_locator('.try iframe')
    frame.locator('#bars li').nth(2).wait_for(timeout=90_000)
    page.wait_for_timeout(400)
    inside = frame.locator('body').evaluate("""() => { const box = e => e.getBoundingClientRect(), shown = [...document.querySelectorAll('h2, #wrong')].filter(e => e.checkVisibility()).length;
        const photo = [...document.querySelectorAll('#seen, #given')].filter(e => e.checkVisibility());
        return {shown, photos: photo.length, right: box(photo[0]).right, left: box(document.querySelector('#bars')).left, bottom: box(document.querySelector('#bars')).bottom, height: innerHeight, needs: document.documentElement.scrollHeight}; }""")
    after, examples, place = height(), page.locator('.try .examples').bounding_box(), page.locator('.try iframe').bounding_box()
    context.close()
    assert before < 560 and abs(after - before) < 4
    assert inside['shown'] == 0 and inside['photos'] == 1 and inside['right'] < inside['left'] and inside['bottom'] < inside['height'] and inside['needs'] <= inside['height']
    assert examples['y'] + examples['height'] < place['y'], 'the examples stay above, within reach'

def test_the_first_page_ends_with_pictures_and_the_rest_stands_on_a_page_of_its_own(site, address, browser):
    first, more = ((site/name).read_text(encoding='utf-8') for name in ('index.html', 'install.html'))
    for words in ('Measured', 'On your machine', 'In Python', 'Without the internet'): assert f'>{words}<' not in first and f'>{words}</h2>' in more, words
    assert 'What it looks like' in first and 'href="install.html"' in first and more.count('colab.research.google.com') == 7 and more.count('git clone') == 1
    context = phone(browser)
    page = context.new_page()
    page.goto(address)
    height, narrow = page.evaluate("[document.documentElement.scrollHeight, Math.min(...[...document.querySelectorAll('.pictures img')].filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect().width))]")
    page.goto(address + 'install.html')
    cells = page.evaluate("[...document.querySelectorAll('main td')].filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect().width)")
    context.close()
    assert height < 9_000 and narrow > 300 and len(cells) > 8 and min(cells) > 250

def test_chapter_0_begins_with_something_that_has_learnt_and_breaks_in_two(address, browser):
    context = phone(browser)
    page = context.new_page()
    page.goto(address + 'learning.html')
    example = page.locator('.try .examples button').first
    assert example.bounding_box()['y'] < 600 and not page.get_by_text('1 + 1', exact=True).is_visible()
    page.get_by_role('navigation', name='The parts of this chapter').get_by_role('link', name='Part 2').tap()
    page.wait_for_function("Math.abs(document.querySelector('#overfitting').getBoundingClientRect().top) < 300")
    assert page.locator('p.part').nth(1).is_visible() and page.locator('#learning-in-a-dozen-lines .callout.pause').count() == 1
    example.tap()
    page.frame_locator('.try iframe').locator('#bars li').first.wait_for(timeout=90_000)
    page.goto(address + 'learning.html#cells-and-help')
    page.get_by_text('New to notebooks?').tap()
    assert page.locator('#cells-and-help pre').first.is_visible()
    context.close()

def test_exercises_are_checked_on_the_page_or_lead_to_their_notebook(site, address, browser):
    from bears_lib.engine.lessons.exercises import load_exercises
    page = browser.new_page()
    page.goto(address + 'train.html')
    for number, each in enumerate(load_exercises('02_train')[:4], start=1):
        place, said = page.locator(f'#answer-{number}'), page.locator('.answer-here [role=status]').nth(number - 1)
        for text, told in (('', 'Write your answer first.'), ('many', 'A number is wanted'), (str(each.answer + 1), f'Not yet. {each.hints[0]}'), (str(each.answer + 2), f'Not yet. {each.hints[1]}'), (f' {each.answer}.0', '✓ Right.')):
            place.fill(text)
            place.press('Enter')
            assert said.inner_text().startswith(told), (number, text)
    page.fill('#answer-2', 'half a thought')
    page.evaluate("localStorage.setItem('bears-exercises', JSON.stringify({...JSON.parse(localStorage.getItem('bears-exercises')), '01_pets': [2]}))")
    page.reload()
    assert page.input_value('#answer-1').strip() == f'{load_exercises("02_train")[0].answer}.0' and page.locator('.answer-here [role=status]').first.inner_text() == '✓ Right.'
    assert page.input_value('#answer-2') == 'half a thought' and page.locator('.answer-here [role=status]').nth(1).inner_text() == ''
    page.goto(address + 'your-course.html')
    assert page.locator('#chapters tr', has_text='Training a classifier').locator('td').last.inner_text() == '4 of 6', 'what is right here counts as solved'
    page.close()
    for name, number, folder in (('train', 6, ''), ('lessons/training', 12, 'lessons/')):
        text = (site/f'{name}.html').read_text(encoding='utf-8')
        assert len(re.findall(rf'class="in-colab"><a href="https://colab\.research\.google\.com/github/[\w/-]+/blob/main/nbs/{folder}0\d_train', text)) == number
    assert not [name for name in pages(site) if re.search(r'<pre><code>\d+: not tried yet', (site/name).read_text(encoding='utf-8'))]

def test_on_a_phone_a_figure_is_enlarged(address, browser):
    context = phone(browser, color_scheme='dark')
    page = context.new_page()
    page.goto(address + 'learning.html')
    figure = page.locator('#samuels-loop figure')
    before = figure.locator('img.of-dark').bounding_box()['width']
    figure.get_by_role('button', name='Enlarge').tap()
    large = page.get_by_role('dialog').locator('img')
    assert large.bounding_box()['width'] > 2.4*before and large.get_attribute('src').endswith('-dark.webp')
    page.get_by_role('button', name='Close').tap()
    assert page.get_by_role('dialog').count() == 0
    page.set_viewport_size({'width': 1366, 'height': 768})
    assert not figure.locator('.enlarge').is_visible()
    context.close()

@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_the_words_in_the_search_can_be_read(scheme, address, browser):
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(address)
    colours = page.evaluate("(input => [getComputedStyle(input, '::placeholder').color, getComputedStyle(input).backgroundColor])(document.querySelector('.site-find input'))")
    context.close()
    light = [sum(weight*((value/255 + 0.055)/1.055)**2.4 for weight, value in zip((0.2126, 0.7152, 0.0722), map(int, re.findall(r'\d+', colour)))) for colour in colours]
    assert (max(light) + 0.05)/(min(light) + 0.05) > 4.5

def test_cards_have_pictures_and_the_drawer_begins_with_what_can_be_tried(site, address, browser):
    first, all_lessons = ((site/name).read_text(encoding='utf-8') for name in ('index.html', 'lessons/index.html'))
    assert 'class="logo"' not in first + all_lessons and 'written “Training a classifier” yourself' in all_lessons
    assert first.count('data-reads="lessons/') == 4 + 12 and '>All 12 lessons</a>' in first and all_lessons.count('<span class="picture">') == 12, 'four cards, and twelve lines in the drawer'
    from site_pages import in_card
    assert (first + all_lessons).count('figures/card-') == 2*(len(in_card) + 3), 'in each theme a card shows a few parts of a figure of many; three lessons stand on both pages'
    page = browser.new_page(viewport={'width': 1366, 'height': 768})
    page.goto(address + 'train.html')
    assert [link.get_attribute('href') for link in page.locator('.site-drawer a').all()[:3]] == ['index.html', 'classifier/index.html', 'trainer/index.html']
    page.goto(address + 'trainer/index.html')
    assert set(page.evaluate("[...document.querySelectorAll('label.button')].map(e => getComputedStyle(e).textAlign)")) == {'center'}
    page.close()

def test_the_first_page_has_one_main_way_in_and_shows_training_on_own_photos(address, browser):
    page = browser.new_page(viewport={'width': 1366, 'height': 768})
    page.goto(address)
    assert page.locator('main .button.first').all_inner_texts() == ['Start the course']
    picture = page.locator('#own img >> visible=true')
    assert picture.count() == 1 and 'photos of each' in picture.get_attribute('alt') and page.locator('.pictures figure').count() == 4
    page.close()

def test_what_is_found_says_where_it_stands(address, browser):
    page = browser.new_page()
    page.goto(address)
    places = dict(zip(found_by(page, 'overfitting'), page.locator('.site-found .place').all_inner_texts()))
    assert places['learning.html#overfitting'] == 'Chapter 0 · What learning is'
    assert all(told for place, told in places.items() if '#' in place) and any(told.startswith('Lesson') for told in places.values()), places
    page.close()

def test_the_list_beside_a_page_follows_the_reader(address, browser):
    page = browser.new_page(viewport={'width': 1366, 'height': 500})
    page.goto(address + 'learning.html')
    for part in ('#what-one-layer-cannot-do', '#samuels-loop', '#exercises'):
        page.evaluate("part => { const place = document.querySelector(part); scrollTo({top: place.getBoundingClientRect().top + scrollY - 80, behavior: 'instant'}); }", part)
        page.wait_for_function("part => document.querySelector('.site-toc a.here')?.hash === part", arg=part)
        box, around = page.locator('.site-toc a.here').bounding_box(), page.locator('.site-toc').bounding_box()
        assert around['y'] <= box['y'] and box['y'] + box['height'] <= around['y'] + around['height'], part
    page.close()

@pytest.mark.parametrize('width', [390, 1366])
def test_short_names_in_tables_are_whole(width, address, browser):
    context = browser.new_context(viewport={'width': width, 'height': 800})
    page = context.new_page()
    for name in ('commands.html', 'which_model.html', 'many_photos.html', 'install.html'):
        page.goto(address + name)
        broken = page.evaluate("[...document.querySelectorAll('main td code')].filter(e => e.checkVisibility() && /^\\S{1,30}$/.test(e.innerText) && e.getClientRects().length > 1).map(e => e.innerText)")
        assert not broken, (name, broken)
    context.close()

def test_small_letters_in_figures_keep_a_size_on_a_phone(address, browser):
    context = phone(browser)
    page = context.new_page()
    for name, words, least in (('learning.html', "Samuel's loop as boxes", 8), ('train.html', 'The layers as a stack', 8), ('train.html', 'The same wide picture of a bear five times', 8)):
        page.goto(address + name)
        figure = page.locator(f'main img.of-light[alt^="{words}"]')
        figure.scroll_into_view_if_needed()
        shown = figure.evaluate("image => image.getBoundingClientRect().width/Number(image.getAttribute('width'))")
        moves = figure.evaluate("image => { const box = image.closest('.sideways'); return box.scrollWidth > box.clientWidth && box.tabIndex === 0; }")
        assert moves and shown*12.5 >= least, (words, shown)
    assert page.evaluate('document.documentElement.scrollWidth') == 390
    context.close()

@pytest.mark.parametrize('width', [390, 768, 1100])
def test_where_no_list_stands_beside_a_page_its_sections_are_a_touch_away(width, address, browser):
    page = browser.new_page(viewport={'width': width, 'height': 844})
    page.goto(address + 'train.html')
    beside = page.evaluate("[...document.querySelectorAll('.site-toc a')].map(e => e.hash)")
    fold = page.locator('main .sections-fold')
    top, first = fold.bounding_box()['y'], page.locator('main h2').first.bounding_box()['y']
    fold.locator('summary').click()
    assert fold.locator('a').evaluate_all('links => links.map(e => e.hash)') == beside and top < first
    fold.locator('a').nth(3).click()
    page.wait_for_function("hash => Math.abs(document.getElementById(decodeURIComponent(hash.slice(1))).getBoundingClientRect().top) < 300", arg=beside[3])
    if width < 990: page.get_by_role('button', name='All pages').click()
    page.locator('.site-drawer .sections > li > a').nth(1).click()
    page.wait_for_function('hash => location.hash === hash', arg=page.locator('.site-drawer .sections > li > a').nth(1).evaluate('e => e.hash'))
    assert not page.evaluate("document.body.classList.contains('open')")
    page.set_viewport_size({'width': 1366, 'height': 800})
    assert not fold.is_visible() and not page.locator('.site-drawer .sections').is_visible() and page.locator('.site-toc').is_visible()
    page.close()

def test_on_a_phone_the_box_for_a_photo_is_low(address, browser):
    for width in (360, 390, 412):
        page = browser.new_page(viewport={'width': width, 'height': 844})
        page.goto(address)
        box = page.locator('.try .drop')
        assert box.bounding_box()['height'] < 130 and 'From this phone, or with its camera' in box.inner_text() and 'Drop' not in box.inner_text()
        assert box.evaluate('e => e.scrollHeight <= e.clientHeight + 1') and page.locator('.try .examples button').first.bounding_box()['width'] > 80
        page.close()
    for width in (432, 520, 607):  # a large phone, or one on its side
        page = browser.new_page(viewport={'width': width, 'height': 844})
        page.goto(address)
        box = page.locator('.try .drop')
        assert box.bounding_box()['height'] < 150 and box.evaluate('e => e.scrollHeight <= e.clientHeight + 1')
        page.close()

@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_on_a_phone_code_fades_where_it_goes_on(scheme, address, browser):
    context = phone(browser, color_scheme=scheme)
    page = context.new_page()
    page.goto(address + 'train.html')
    page.wait_for_function("document.querySelector('.onward')")
    code = page.locator('main .onward pre.sourceCode').first
    looks = code.evaluate("""e => { const fade = getComputedStyle(e.parentElement, '::after'); return {width: fade.width, ground: getComputedStyle(e).backgroundColor, image: getComputedStyle(e).backgroundImage, to: fade.backgroundImage}; }""")
    assert looks['width'] == '24px' and looks['image'] == 'none' and looks['ground'] in looks['to'], looks
    code.evaluate('e => { e.scrollLeft = e.scrollWidth; window.last = e; }')
    page.wait_for_function("!window.last.parentElement.classList.contains('onward')")
    context.close()

def test_a_slip_in_the_search_is_answered_with_what_was_meant(address, browser):
    page = browser.new_page()
    page.goto(address)
    for typed, meant in (('overfiting', 'overfitting'), ('learing', 'learning'), ('confusoin matrix', 'confusion matrix')):
        page.get_by_label('Search', exact=True).fill(typed)
        offered = page.locator('.site-found p button')
        if typed == 'overfiting' or offered.count():
            offered.click()
            page.wait_for_function("words => document.querySelector('.site-find input').value === words && document.querySelector('.site-found a')", arg=meant)
    page.get_by_label('Search', exact=True).fill('qqqzzzxx')
    page.get_by_text('Nothing found. Fewer').wait_for()
    page.close()

def test_chapter_0_says_how_long_its_parts_take(address, browser):
    page = browser.new_page()
    page.goto(address)
    said = page.locator('.first-parts')
    assert 'about 2 h, in two parts' in said.inner_text() and said.inner_text().count('about 1 h') == 2 and 'about 2 h, in two parts' in page.locator('.cards li').first.inner_text()
    said.get_by_role('link', name='Part 2').click()
    page.wait_for_url('**/learning.html#overfitting')
    assert 'about 2 h, in two parts' in page.locator('.step').inner_text() and page.locator('.parts').inner_text().count('about 1 h') == 2
    page.close()

def test_on_a_wide_screen_the_keyboard_enlarges_a_figure(address, browser):
    page = browser.new_page(viewport={'width': 1366, 'height': 768})
    page.goto(address + 'learning.html')
    figure = page.locator('#samuels-loop figure img.of-light')
    figure.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('#samuels-loop figure img.of-light').tabIndex === 0")
    figure.focus()
    page.keyboard.press('Enter')
    page.get_by_role('dialog').get_by_role('button', name='Close').click()
    assert page.get_by_role('dialog').count() == 0 and figure.evaluate('e => e === document.activeElement')
    page.close()
