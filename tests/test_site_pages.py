"What the docs site adds to its pages, without building it: test_docs_site looks at the built one."
import json, re, shutil, subprocess

import numpy as np
import pytest
from PIL import Image

from conftest import root

pytest.importorskip('smalldocs', reason='smalldocs needs Python 3.11')
from bs4 import BeautifulSoup

from site_figures import for_dark
from site_pages import course, fold_signatures, goals, lessons, limit_numbers, mind_terms, own_names, quiet_lines, set_apart, unlink_own

nbs, assets = root/'nbs', root/'tools/site'

def cells(name:str) -> list[dict]: return json.loads((nbs/f'{name}.ipynb').read_text(encoding='utf-8'))['cells']

def source(name:str, kind:str='markdown') -> str: return '\n\n'.join(''.join(cell['source']) for cell in cells(name) if cell['cell_type'] == kind)

def soup(text:str) -> BeautifulSoup: return BeautifulSoup(f'<main>{text}</main>', 'html.parser')

def test_each_chapter_has_number_time_and_what_one_has_afterwards():
    found = course(nbs)
    assert [each.number for each in found] == list('0123456') and all(each.minutes >= 10 and each.have and each.promise for each in found)
    assert next(each for each in found if each.stem == '00_learning').time == '2 h'
    assert sum(each.minutes > 0 for each in lessons(nbs)) >= 9

def test_each_goal_is_a_figure_of_its_notebook():
    for stem, words in goals.items():
        path = next(nbs.rglob(f'{stem}.ipynb'))
        assert words in path.read_text(encoding='utf-8'), f'{stem}: {words}'

def test_in_the_dark_paper_turns_and_photos_stay():
    sheet = np.full((200, 300, 3), 255, np.uint8)
    photo = np.random.default_rng(0).integers(20, 200, (90, 90, 3), np.uint8)
    sheet[60:150, 30:120] = photo
    sheet[20:22, 20:200] = 0       # a line of ink
    sheet[100:160, 200:203] = (0, 0, 200)
    dark = np.asarray(for_dark(Image.fromarray(sheet)))
    assert (dark[60:150, 30:120] == photo).mean() > 0.99
    assert dark[5, 5].max() < 60 and dark[21, 100].min() > 200
    assert dark[120, 201].argmax() == 2 and dark[120, 201].min() > 40, 'blue stays blue, and is light'

def test_in_the_dark_no_photo_has_a_white_line_at_its_edge():
    "Where a figure was scaled, the outer line of a dark photo is mixed with the white paper."
    sheet, photo = np.full((200, 300, 3), 255, np.uint8), np.random.default_rng(0).integers(20, 120, (90, 90, 3), np.uint8)
    sheet[60:150, 30:120] = photo
    for line in (np.s_[60, 30:120], np.s_[148:150, 30:120], np.s_[60:150, 30], np.s_[60:150, 118:120]): sheet[line] = 255 - (255 - sheet[line].astype(int))//6
    dark = np.asarray(for_dark(Image.fromarray(sheet)))
    assert dark[58:152, 28:122].max() < 160 and (dark[61:148, 31:118] == photo[1:-2, 1:-2]).all()

def test_in_the_dark_a_picture_of_few_colours_stays_among_photos():
    "Of sounds as pictures one is black but for a bark: it is turned only where no picture of its size stands beside it."
    sheet, bark = np.full((140, 260, 3), 255, np.uint8), np.zeros((90, 90, 3), np.uint8)
    bark[:, 40:45] = 180
    sheet[20:110, 20:110], sheet[20:110, 140:230] = np.random.default_rng(0).integers(20, 200, (90, 90, 3), np.uint8), bark
    dark = np.asarray(for_dark(Image.fromarray(sheet)))
    assert (dark[20:110, 140:230] == bark).all()
    sheet[20:110, 20:110] = 255
    assert np.asarray(for_dark(Image.fromarray(sheet)))[30, 150].min() > 200

def test_in_the_dark_a_photo_with_a_white_ground_stays_whole():
    "A teddy on white among photos that fill their boxes: its ground stays white up to where the photo ends, and the margins turn."
    sheet, rng = np.full((240, 340, 3), 255, np.uint8), np.random.default_rng(0)
    for top, left in ((20, 20), (20, 130), (20, 240), (130, 20), (130, 240)): sheet[top:top + 90, left:left + 90] = rng.integers(20, 200, (90, 90, 3), np.uint8)
    body = np.abs(np.mgrid[-45:45, -45:45]).sum(0) < 40
    sheet[130:220, 130:220][body] = rng.integers(20, 200, (body.sum(), 3), np.uint8)
    dark = np.asarray(for_dark(Image.fromarray(sheet)))
    assert (dark[130:220, 130:220] == sheet[130:220, 130:220]).all() and dark[125, 125].max() < 60 and dark[122:128].max() < 60

def test_in_the_dark_large_letters_that_touch_turn_as_ink_does():
    "The app's answer is a blue word, and JPEG blurs its letters into one shape."
    picture = Image.open(nbs/'images/app.jpg').convert('RGB')
    was, dark = np.asarray(picture).astype(int), np.asarray(for_dark(picture)).astype(int)
    blue = abs(was - (11, 99, 165)).max(-1) < 40
    assert blue.sum() > 3000 and (dark.sum(-1) > was.sum(-1) + 60)[blue].mean() > 0.97

def test_in_the_dark_boxes_with_words_turn_and_dark_photos_stay():
    sheet = np.full((120, 260, 3), 255, np.uint8)
    sheet[20:90, 20:110] = (220, 234, 247)   # a light box, as in a drawing of how things hang together
    rng = np.random.default_rng(0)
    sheet[30:80, 30:100][rng.random((50, 70)) < 0.3] = rng.integers(0, 220, 3, np.uint8)
    sheet[40:70, 40:90][rng.random((30, 50)) < 0.3] = (90, 120, 60)
    photo = rng.integers(0, 90, (70, 90, 3), np.uint8)
    photo[:36] = 0                           # padded with black
    sheet[20:90, 140:230] = photo
    dark = np.asarray(for_dark(Image.fromarray(sheet)))
    assert dark[22, 25].max() < 110 and (dark[20:90, 140:230] == photo).all()

def test_in_the_dark_lines_keep_their_contrast_and_their_hue():
    "The colours of the course's charts, with the contrast against their paper that WCAG counts."
    def contrast(colour, on) -> float:
        light = [np.array([0.2126, 0.7152, 0.0722])@np.where((c := np.array(each)/255) <= 0.04045, c/12.92, ((c + 0.055)/1.055)**2.4) for each in (colour, on)]
        return (max(light) + 0.05)/(min(light) + 0.05)
    for colour in ('#0000c8', '#332288', '#440154', '#0b63a5', '#0072b2', '#009e73', '#d55e00', '#cc79a7', '#595c62', '#000000'):
        plain = tuple(int(colour[i:i + 2], 16) for i in (1, 3, 5))
        dark = np.asarray(for_dark(Image.new('RGB', (8, 8), plain)))[4, 4]
        assert contrast(dark, (32, 31, 28)) >= min(4.5, contrast(plain, (255, 255, 255)))*0.95, (colour, dark)
        if max(plain) - min(plain) > 60: assert dark.argmax() == np.argmax(plain) and int(dark.max()) - int(dark.min()) > 40, (colour, dark)

def test_the_limit_of_the_slider_counts_as_the_notebook_does():
    output = ''.join(''.join(part.get('text', '')) for cell in cells('03_interpret') if cell['cell_type'] == 'code' for part in cell['outputs'])
    numbers = limit_numbers(soup(f'<pre>{output}</pre>'))
    assert (len(numbers['bears']), len(numbers['others'])) == (56, 28)
    counts = [(sum(each < limit for each in numbers['bears']), sum(each >= limit for each in numbers['others'])) for limit in (0.1, 0.3, 0.5, 0.9)]
    assert counts == [(0, 6), (0, 3), (0, 2), (0, 2)]

@pytest.mark.parametrize('name, notebook', [('xor', '00_learning'), ('squares', '02_train'), ('limit', '03_interpret')])
def test_widgets_are_small_and_have_their_place(name, notebook):
    text = (assets/f'widgets/{name}.js').read_text(encoding='utf-8')
    assert len(text.encode()) < 10_000 and f'[data-widget={name}]' in text
    assert source(notebook).count(f'<!-- widget: {name} -->') == 1
    assert re.search(r'<(input|button)', text) and 'aria-label' in text or 'role="status"' in text

@pytest.mark.skipif(not shutil.which('node'), reason='node is not installed: apt-get install nodejs')
@pytest.mark.parametrize('path', sorted(assets.rglob('*.js')), ids=lambda path: path.name)
def test_scripts_can_be_read(path):
    assert subprocess.run(['node', '--check', path]).returncode == 0

def test_xor_needs_two_neurons():
    "The widget's own network, from the script: one neuron never gets four cases right, four nearly always do."
    if not shutil.which('node'): pytest.skip('node is not installed: apt-get install nodejs')
    body = (assets/'widgets/xor.js').read_text(encoding='utf-8')
    parts = [body[body.index(start):body.index(end)] for start, end in (('  const random', '  function start'), ('  function forward', '  // The slopes'), ('  function step', '  function draw'))]
    script = f'''const cases = [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]]; let net, steps = 0, seed = 1;
    {"".join(parts)}
    for (const n of [1, 4]) {{
      let good = 0;
      for (let k = 0; k < 30; k++) {{
        net = {{first: Array.from({{length: n}}, () => [random()*1.5, random()*1.5, random()*0.5]), second: Array.from({{length: n}}, () => random()*1.5), bias: 0}};
        for (let i = 0; i < 1000; i++) step(0.3);
        good += cases.every(([a, b, wanted]) => (forward(a, b).chance > 0.5) === Boolean(wanted));
      }}
      console.log(good);
    }}'''
    said = subprocess.run(['node', '-e', script], capture_output=True, text=True, check=True).stdout.split()
    assert said[0] == '0' and int(said[1]) > 20

@pytest.mark.parametrize('kind', ['', '-dark', '-narrow', '-narrow-dark'])
def test_the_moving_picture_takes_eight_seconds_and_half_a_megabyte(kind):
    file = nbs/f'images/moving{kind}.webp'
    assert (nbs/f'images/still{kind}.webp').stat().st_size < 60_000
    seconds = 0
    with Image.open(file) as picture:
        for k in range(picture.n_frames):
            picture.seek(k)
            picture.load()
            seconds += picture.info['duration']/1000
    assert file.stat().st_size < 300_000 and 7.5 < seconds < 8.5
    with Image.open(nbs/'images/card.jpg') as card: assert card.size == (1200, 630)

def test_readme_opens_elsewhere_names_the_clone_and_shows_itself():
    text = (root/'README.md').read_text(encoding='utf-8')
    top = text[:text.index('## ')]
    for wanted in ('colab.research.google.com/github', 'kaggle.com/kernels', 'git clone https://', 'moving.webp'): assert wanted in top, wanted
    assert len(re.findall(r'^[$ ]*make demo', text, re.M)) == 1 == len(re.findall(r'^[$ ]*git clone', text, re.M)), 'one block, in one place'
    shown = re.findall(r'!\[[^\]]+\]\((nbs/[^)]+)\)', text)
    assert len(shown) >= 5 and all((root/name).is_file() for name in shown)
    measured = text.split('## Measured')[1].split('\n## ')[0]
    assert len(re.findall(r'^\| ', measured, re.M)) <= 5 and '95% interval' in measured and '/bench/README.md)' in measured, 'what a newcomer asks for; the rest is linked'
    whole, clean = re.search(r'^all: (\S+%)', text.replace('    ', ''), re.M)[1], '95.0%'
    assert re.search(rf'Before cleaning, {whole} .* after .* put right, {clean}', text) and text.count(clean) == 2, 'once in the words, once as the end of an interval'
    assert not re.search(r'\]\(nbs/http|bears_lib/https?:', text)

def test_what_was_left_out_is_small_and_said_once():
    page = soup('<div class="cell-output"><pre><code>418 photos\nleft out a.jpg: damaged</code></pre></div><div class="cell-output"><pre><code>left out a.jpg: damaged\n12 photos</code></pre></div>')
    quiet_lines(page.main, page)
    assert str(page).count('left out a.jpg') == 1 and page.select_one('.leftout') and '418 photos' in page.get_text() and '12 photos' in page.get_text()

def test_callouts_stand_apart():
    page = soup('<section id="exercises"><p>One warning: it was fitted to all.</p><p><strong>2.</strong> Predict.</p></section><p>An ordinary one.</p>')
    set_apart(page.main, page)
    assert [each['aria-label'] for each in page.select('.callout')] == ['Watch out', 'Exercise 2'] and len(page.select('p')) == 3

def test_a_term_is_explained_where_it_is_used_first_and_not_where_it_is_taught():
    terms = {'softmax': ('Softmax makes probabilities of scores.', 'train.html#a')}
    page = soup('<p>Then softmax, and softmax again; <code>softmax</code>.</p>')
    mind_terms(page.main, page, terms, 'deploy.html', '')
    assert len(page.select('a.term')) == 1 and page.a['data-means'].startswith('Softmax makes')
    taught = soup('<p>Then softmax.</p>')
    mind_terms(taught.main, taught, terms, 'train.html', '')
    assert not taught.select('a.term')

def test_long_signatures_are_folded_and_short_ones_stand():
    sign = '<div class="cell-output-markdown"><hr/><h3 id="f">f</h3><div class="code-copy-outer-scaffold"><pre>{}</pre></div><p>It does.</p></div>'
    page = soup(sign.format('\n'.join(['def f(', *(f'    p{k}:int,' for k in range(9)), '):'])) + sign.format('def f(\n    a:int\n):'))
    fold_signatures(page.main, page)
    assert len(page.select('details')) == 1 and page.summary.get_text() == 'Signature: 9 parameters'

def test_a_name_that_a_page_has_made_is_no_link_elsewhere():
    names = own_names(nbs/'02_train.ipynb')
    assert {'bears', 'dls', 'learn'} <= names and not names & {'fit_photos', 'bears_dls', 'get_image_files'}
    page = soup('<p><a href="a.html#bears"><code>bears</code></a> <a href="a.html#bears"><code>bears.new</code></a> <a href="b.html#fit_photos"><code>fit_photos</code></a> in the folder <a href="c.html#clean"><code>clean</code></a></p>')
    unlink_own(page.main, names)
    assert [link['href'] for link in page.select('a')] == ['b.html#fit_photos'] and len(page.select('code')) == 4

def test_a_name_that_a_notebook_offers_stays_a_link(tmp_path):
    made = [dict(cell_type='code', source=['#| export\n', 'def shown(): ...']), dict(cell_type='code', source=['%matplotlib inline\n', 'shown = 1\n', 'for own in []: pass']), dict(cell_type='code', source=['not python at all'])]
    (tmp_path/'a.ipynb').write_text(json.dumps(dict(cells=made)), encoding='utf-8')
    assert own_names(tmp_path/'a.ipynb') == {'own'}

@pytest.mark.parametrize('name', ['02_train', '06_commands'])
def test_comments_on_code_in_the_text_fit_its_column(name):
    "The site's column holds 72 characters: what is longer is wrapped, or scrolled on a phone."
    lines = [line for block in re.findall(r'```[a-z]*\n(.*?)```', source(name), re.S) for line in block.splitlines()]
    assert len(lines) > 10 and not [line for line in lines if '# ' in line and len(line) > 72]
