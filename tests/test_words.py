"Words of strangers, by where they end up: a table, Markdown, a page, Anki's table, a terminal, a figure. Each through what writes it for real."
import csv, html, io, json, re, subprocess, sys
from contextlib import redirect_stderr
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

from bears_lib.engine.interpret import report as pages
from bears_lib.engine.pages import browser_app as web_page
from bears_lib.engine.deploy.drift import Drift
from bears_lib.engine.deploy.model_card import card_text
from bears_lib.engine.gather.audit import Report
from bears_lib.engine.gather.journal import unfinished
from bears_lib.engine.core.common import BearsError, link_bar, say
from bears_lib.engine.gather.gathering import attribution, licensed_copy
from bears_lib.engine.quiz.exports import markdown_page, read_markdown, tidy, tsv
from bears_lib.engine.core.folders import read_folder, read_metadata, require_classes, write_metadata
from bears_lib.engine.quiz.grading import load_questions
from bears_lib.engine.gather.licences import license_code
from bears_lib.engine.predict.model_folder import ModelInfo
from bears_lib.engine.core.photos import Preprocess
from bears_lib.engine.gather.providers import ImageResult
from bears_lib.engine.gather.search import search_images
from bears_lib.engine.quiz.sessions import Entry
from bears_lib.engine.core.words import clean, counted, for_markdown
from conftest import make_photos

@pytest.mark.parametrize('n, one, many, said', [(0, 'photo', '', '0 photos'), (1, 'photo', '', '1 photo'), (2, 'class', '', '2 classes'), (3, 'copy', '', '3 copies'), (2, 'day', '', '2 days'),
    (1, 'photo is', 'photos are', '1 photo is'), (12_345, 'photo is', 'photos are', '12,345 photos are')])
def test_a_number_has_its_word(n, one, many, said): assert counted(n, one, many) == said

def test_one_photo_is_no_photos(tmp_path, capsys):
    "The lines that most people see."
    make_photos(tmp_path/'bears', {'red': 1})
    folder = read_folder(tmp_path/'bears')
    assert folder.understood() == '1 photo: red 1.' and repr(Report(folder, [], ['red'], np.zeros(1, bool))).startswith('1 photo that opens (red 1), 0 findings.')
    with pytest.raises(BearsError, match='holds 1 photo, but no class folders'): require_classes(read_folder(tmp_path/'bears'/'red'))
    (tmp_path/'bears'/'.bears').mkdir()
    (tmp_path/'bears'/'.bears'/'log.jsonl').write_text('{"step": 0}\n', encoding='utf-8')
    assert 'has 1 line that' in unfinished(tmp_path/'bears')[0]
    assert str(Drift(1)) == 'No change found in 1 answer. A small change takes more answers to show.'
    write_metadata(tmp_path/'bears', [{'file_name': 'red/0.jpg', 'label': 'red', 'license': 'cc-by-nc-4.0'}])
    credits = attribution(tmp_path/'bears').read_text(encoding='utf-8')
    assert '1 photo.' in credits and '1 photo: not for business (cc-by-nc-4.0 1).' in credits
    assert '1 photos' not in credits + capsys.readouterr().err

def examples(n:int): return settings(max_examples=n, derandomize=True, deadline=None, database=None)

nasty = ['=HYPERLINK("https://evil.example")', '+1-1', ' -x', "'=1", "''@a", 'a;=1', 'a;"=1"', '\t=1', '-3.5', '\r\n@x', '[a](https://evil.example)', '![a](https://evil.example/x.png)', '<https://evil.example>',
         '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' onmouseover='x", '</textarea><b>', '`a`', '``` x', '| a | b |', '# a', '- a', '1. a', '> a', '[a]: https://evil.example', '***', '&lt;b&gt;', 'a\\', '$x^2$',
         '\x1b[2J\x1b]0;t\x07', '\x9b31m', '\u202egpj.exe', '\u2066a', '\u2028', '\ud800', '\0', '\U000e0041', 'https://evil.example', 'www.evil.example', 'a@evil.example', '</script>', '<!--', '*a*', '_a_', '~~a~~', 'Zürich', '👩\u200d🔬']
WORDS = st.lists(st.sampled_from(nasty) | st.text(max_size=12), min_size=1, max_size=4).map(' '.join) | st.lists(st.sampled_from(nasty), min_size=1, max_size=3).map(''.join)
turns = re.compile('[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ud800-\udfff\U000e0000-\U000e007f]')

def file_name(words:str) -> str: return re.sub('[\0/\ud800-\udfff]', '', words)[:60]
def label(words:str) -> str: return re.sub('[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]', '', words)[:200]

# CSV

formula = re.compile(r'''[\s"]*[=+\-@＝＋－＠]|\s*[\t\r]''')
number = re.compile(r'\s*[+-]?\d+([.,]\d+)*([eE][+-]?\d+)?\s*')

@pytest.fixture(scope='module')
def place(tmp_path_factory): return tmp_path_factory.mktemp('words')

@examples(300)
@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=4))
def test_what_is_written_to_metadata_reads_back_and_calculates_nothing(place, texts):
    (place/'metadata.csv').unlink(missing_ok=True)
    rows = [{'file_name': f'{i}{file_name(name)}.jpg', 'label': 'black', 'author': author, 'page_url': '', 'own': own} for i, (name, author, own) in enumerate(texts)]
    path = write_metadata(place, rows)
    found = read_metadata(place)
    assert {name: (row['author'], row['own']) for name, row in found.items()} == {row['file_name'].replace('\\', '/'): tuple(clean(row[key], lines=True) for key in ('author', 'own')) for row in rows}
    text = path.read_bytes().decode()
    for separator in ',;\t':
        for cells in csv.reader(io.StringIO(text, newline=''), delimiter=separator):
            assert not [cell for cell in cells if formula.match(cell) and not number.fullmatch(cell.split('\n')[0])], text
    write_metadata(place, found.values())
    assert read_metadata(place) == found

@examples(60)
@given(st.lists(WORDS, min_size=1, max_size=5))
def test_names_of_columns_do_no_harm(place, names):
    (place/'metadata.csv').unlink(missing_ok=True)
    text = write_metadata(place, [{'file_name': 'a.jpg', 'label': 'black'} | {f' {name}': 'x' for name in names} | {'label\u202e': 'evil'}]).read_text(encoding='utf-8')
    assert read_metadata(place)['a.jpg']['label'] == 'black' and not any(map(formula.match, next(csv.reader(io.StringIO(text)))))

def test_row_17_formulas_in_the_table_are_text(tmp_path):
    write_metadata(tmp_path, [{'file_name': '=1.jpg', 'author': '=HYPERLINK("https://evil.example")', 'query': '-3.5'}])
    assert "'=1.jpg" in (text := (tmp_path/'metadata.csv').read_text(encoding='utf-8')) and "\"'=HYPERLINK" in text and ',-3.5,' in text
    assert read_metadata(tmp_path)['=1.jpg']['author'] == '=HYPERLINK("https://evil.example")'

def test_row_4_one_long_address_leaves_the_folder_readable(tmp_path):
    "A folder as earlier versions wrote it, with a field beyond the limit of Python's reader; and a result that brings one."
    Image.new('RGB', (80, 80)).save((tmp_path/'black').mkdir() or tmp_path/'black'/'0.jpg')
    (tmp_path/'metadata.csv').write_text(f'file_name,label,page_url,author\nblack/0.jpg,black,https://x.example/{"a"*200_000},{"b"*200_000}\n', encoding='utf-8')
    assert read_metadata(tmp_path)['black/0.jpg'] == {'file_name': 'black/0.jpg', 'label': 'black', 'page_url': '', 'author': 'b'*2000}
    assert any('more than 2,000 letters in 1 row:' in note for note in read_folder(tmp_path).notes())
    long = 'https://x.example/' + 'a'*200_000
    assert (found := ImageResult('https://x.example/1.jpg', page_url=long, thumb_url=long, title='b'*9000)).page_url == found.thumb_url == '' and len(found.title) == 2000
    def odd(term, page, web): return [ImageResult(long), ImageResult('https://x.example/1.jpg')]*(page == 1)
    results = search_images('bear', providers=[odd])
    assert results.attrgot('image_url') == ['https://x.example/1.jpg'] and 'more than 2,000 letters' in results.rows[0]['answer']

def test_row_3_a_visitors_text_is_bounded_where_it_is_kept(tmp_path):
    write_metadata(tmp_path, [{'file_name': 'a.jpg', 'predicted': '=cmd' + 'x'*500_000 + '\x1b[2J'}])
    assert (tmp_path/'metadata.csv').stat().st_size < 5000 and read_metadata(tmp_path)['a.jpg']['predicted'].startswith('=cmdxxx')

# Markdown

def tokens(text:str) -> list:
    from markdown_it import MarkdownIt
    flat = []
    for token in MarkdownIt('commonmark').enable(['table', 'strikethrough']).parse(text): flat += [token, *(token.children or [])]
    return flat

def shape(text:str) -> list[tuple]:
    "Which elements there are, and where links lead."
    return [(token.type, token.tag, dict(token.attrs)) for token in tokens(text) if token.type not in ('text', 'text_special', 'softbreak', 'inline')]

def info_of(words:list[str]) -> ModelInfo:
    labels = [f'{i} {label(word)}' for i, word in enumerate(words)]
    return ModelInfo(labels, Preprocess(), backbone={'name': words[0]}, metrics={'accuracy': 0.96, 'n': 100, 'interval': [0.9, 0.98]}, versions={'bears_lib': words[1]},
                     training={'train': {label: 5 for label in labels}, 'valid': {label: 2 for label in labels}, 'sources': {words[2]: 7}})

@examples(120)
@given(st.lists(WORDS, min_size=3, max_size=3))
def test_a_card_holds_no_markup_of_strangers(words):
    def body(words): return card_text(info_of(words)).split('---\n', 2)[2]
    assert shape(body(words)) == shape(body(['a', 'b', 'c']))
    head = card_text(info_of(words)).split('---\n')[1]
    assert not turns.search(head.replace('\n', '')) and all(json.loads(line.split(': ', 1)[1]) for line in head.splitlines())

@examples(120)
@given(WORDS, WORDS, WORDS, WORDS)
def test_row_5_credits_hold_no_markup_of_strangers(place, name, author, licence, page):
    def credits(*texts):
        (place/'metadata.csv').unlink(missing_ok=True)
        write_metadata(place, [dict(file_name=f'black/{file_name(texts[0])}.jpg', label=f'black {texts[0]}', author=f'Jo {texts[1]}', license=f'{texts[2]} x', page_url=f'see {texts[3]}')])
        return attribution(place).read_text(encoding='utf-8')
    text = credits(name, author, licence, page)
    assert shape(text) == shape(credits('a', 'b', 'c', 'd')) and not turns.search(text.replace('\n', ''))

@pytest.mark.parametrize('page, leads', [('https://a.example/1?b=c&d', 'https://a.example/1?b=c&d'), ('javascript:alert(1)', ''), ('https://a.example/>[x](http://b.example)', '')])
def test_credits_link_to_web_addresses_only(tmp_path, page, leads):
    write_metadata(tmp_path, [dict(file_name='a.jpg', label='a', license='cc0', page_url=page)])
    links = [token.attrs['href'] for token in tokens(attribution(tmp_path).read_text(encoding='utf-8')) if token.type == 'link_open']
    assert links == ['https://creativecommons.org/publicdomain/zero/1.0/', *([leads] if leads else [])]

@examples(200)
@given(WORDS)
def test_markdown_shows_the_words(text):
    "Neither more nor less than the cleaned words: nothing is lost by escaping."
    shown = ''.join(token.content for token in tokens(f'See {for_markdown(text)}') if token.type in ('text', 'text_special') or token.type == 'softbreak')
    assert ' '.join(shown.split()) == f'See {clean(text)}'.strip()

@examples(150)
@given(WORDS, WORDS, WORDS)
def test_an_answers_page_has_no_html_and_no_links_of_strangers_and_reads_back(answer, correction, nit):
    questions = load_questions(1)
    entry = Entry(questions[0].id, answer, 'right', correction=correction, nit=nit)
    page = markdown_page([entry], questions)
    assert not {token.type for token in tokens(page)} & {'html_inline', 'html_block', 'link_open', 'image'} and not turns.search(page)
    (back, *_), unknown = read_markdown(page, questions)
    assert (back.answer, back.correction, back.nit, unknown) == (tidy(answer), tidy(correction), tidy(nit), [])

# HTML

class Elements(HTMLParser):
    def __init__(self, page:str):
        super().__init__()
        self.found = []
        self.feed(page)
        self.close()
    def handle_starttag(self, tag, attrs): self.found.append((tag, sorted(name for name, _ in attrs), [value for name, value in attrs if name in ('href', 'src') and not value.startswith('data:')]))
    def handle_comment(self, data): self.found.append(('comment',))
    def handle_decl(self, decl): self.found.append((decl,))

def elements(page:str) -> list: return Elements(page).found

def report_page(words:list[str], photo:Path) -> str:
    labels = [f'{i} {word}' for i, word in enumerate(words)]
    judged = SimpleNamespace(labels=labels, truth=np.array([0, 1, 2]), predicted=np.array([1, 1, 2]), right=np.array([False, True, True]), photos=[photo]*3, losses=np.array([2., .1, .1]),
                             probabilities=np.eye(3)*0.8 + 0.05, confusion=np.array([[0, 1, 0], [0, 1, 0], [0, 0, 1]]))
    near = [SimpleNamespace(photo=photo, label=labels[0], likeness=0.9)]
    return pages.page(f'Report {words[0]}', [('', pages.classes_table(judged)), (words[1], pages.confusion_table(judged)), ('c', pages.photo_card(judged, 0, near=near))])

@examples(60)
@given(st.lists(WORDS, min_size=3, max_size=3))
def test_a_report_has_the_same_elements_whatever_the_words(place, words):
    photo = place/'\u202e<b>&"x.jpg'
    if not photo.exists(): Image.new('RGB', (64, 64)).save(photo)
    page = report_page(words, photo)
    assert elements(page) == elements(report_page(['a', 'b', 'c'], photo)) and not turns.search(page.replace('\n', ''))

def page_of(words:list[str]) -> str:
    return web_page._page(info_of(words), web_page._settings(info_of(words), b'network', False), False, words[0], words[1], [words[2]], {words[1]: '../index.html'}, '../trainer/index.html')

@examples(80)
@given(st.lists(WORDS, min_size=3, max_size=3))
def test_a_web_page_has_the_same_elements_whatever_the_words(words):
    page = page_of(words)
    assert elements(page) == elements(page_of(['a', 'b', 'c'])) and not turns.search(page.replace('\n', ''))
    assert json.loads(re.search('id="settings">(.*?)</script>', page, re.DOTALL)[1])['labels'] == info_of(words).labels

def test_json_in_a_page_ends_no_script_and_no_line():
    info = ModelInfo(['</script><b>', '<!--<script>-->', '\u202e&amp;'], Preprocess(), metrics={})
    page = web_page._page(info, web_page._settings(info, b'', False), False, 'a', 'b', [], None, '')
    inside = re.search('id="settings">(.*?)</script>', page, re.DOTALL)[1]
    assert json.loads(inside)['labels'] == info.labels and not re.search('[<>&\u202e]', inside)

@pytest.mark.parametrize('address', ['javascript:alert(1)', ' javascript:x', 'java\tscript:x', 'data:text/html,x', '//evil.example', 'https://a.example/\u202e'])
def test_a_link_bar_takes_addresses_of_pages_only(address):
    with pytest.raises(BearsError, match='no address'): link_bar({'Home': address})

@examples(40)
@given(WORDS)
def test_widgets_show_words_and_no_markup(words):
    from bears_lib.engine.gather.cleaner import _Card, _Entry
    card = _Card(1, 60, lambda *_: None)
    def value(text): return card.fill(Path('nowhere'), _Entry(f'black/{file_name(text)}', problems=[text]), 'keep', ['black']) or card.words.value
    shown = value(words)
    assert elements(shown) == elements(value('a')) and not turns.search(shown.replace('\n', ''))

# Anki's table

@examples(200)
@given(WORDS)
def test_ankis_table_reads_back_and_calculates_nothing(answer):
    questions = load_questions(1)
    table = tsv(questions, [Entry(questions[0].id, answer, 'right')])
    rows = [line.split('\t') for line in table.rstrip('\n').split('\n')[3:]]
    own = next(row for row in rows if row[0].endswith(f'-{questions[0].id}'))[3]
    assert {len(row) for row in rows} == {5}
    assert html.unescape(re.sub('<div[^>]*>|</div>', '', own).replace('<br>', '\n')) == tidy(answer)
    for separator in '\t;,':
        assert not [cell for line in table.split('\n') for cell in line.split(separator) if cell.strip('"\' ')[:1] in tuple('=+-@＝＋－＠') and not number.fullmatch(cell)]

def test_row_17_formulas_in_the_quizs_table_are_text():
    questions = load_questions(1)
    assert '\t&#61;HYPERLINK(1)\t' in tsv(questions, [Entry(questions[0].id, '=HYPERLINK(1)', 'right')])

# Terminal and figures

@examples(200)
@given(WORDS)
def test_what_is_said_moves_no_cursor(words):
    said = io.StringIO()
    with redirect_stderr(said): say('left out', words, Path('a'))
    assert not turns.search(said.getvalue()) and said.getvalue().startswith('left out ') and said.getvalue().endswith(' a\n')

def test_commands_print_no_sequences_of_file_names(tmp_path):
    "bears-check and bears-predict over names full of them, on both streams; the JSON still holds the true names."
    odd = ['\x1b[2Jgrizzly', 'black\u202egpj.exe', '\x9b31mteddy']
    for label in ('grizzly\u202e', 'black'):
        (tmp_path/'photos'/label).mkdir(parents=True)
        for i, name in enumerate(odd):
            Image.new('RGB', (40, 40), (90*i, 50, 10)).save(tmp_path/'photos'/label/f'{name}.png')
            (tmp_path/'photos'/label/f'{name}.txt').write_text('x', encoding='utf-8')
    (tmp_path/'bears-check').write_text('import sys\nfrom bears_lib.engine.gather.audit import bears_check\nsys.exit(bears_check())\n', encoding='utf-8')
    done = subprocess.run([sys.executable, 'bears-check', 'photos', '--quick', '--json'], cwd=tmp_path, capture_output=True, text=True, encoding='utf-8')
    assert done.returncode == 1 and not turns.search(done.stderr.replace('\n', '')) and not turns.search(done.stdout.replace('\n', ''))
    assert any('\u202e' in finding['file'] for finding in json.loads(done.stdout)['findings'])
    (tmp_path/'bears-predict').write_text('import sys\nfrom bears_lib.deploy import bears_predict\nsys.exit(bears_predict())\n', encoding='utf-8')
    done = subprocess.run([sys.executable, 'bears-predict', 'no\x1b[2Jmodel', 'photos/\u202e.jpg', '--json'], cwd=tmp_path, capture_output=True, text=True, encoding='utf-8')
    assert done.returncode == 2 and 'no[2Jmodel' in done.stderr and not turns.search(done.stderr.replace('\n', '')) and not turns.search(done.stdout.replace('\n', ''))

@pytest.mark.parametrize('words', ['grizzly $x^2$', 'a$b$c$', '\\$1$', '\x1b[31mred\u202e', '$\\frac{$'])
def test_titles_of_figures_are_no_formulas(words):
    from bears_lib.engine.gather.audit import contact_sheet
    from matplotlib.text import Text
    title = contact_sheet([(Path('not there.jpg'), words)]).axes[0].get_title(loc='left')
    shown, is_formula = Text(0, 0)._preprocess_math(title)
    assert not is_formula and shown == clean(words)

# Licences

open_ones = {'CC BY-SA 4.0': 'cc-by-sa-4.0', 'CC BY-SA 3.0 de': 'cc-by-sa-3.0-de', 'CC0': 'cc0-1.0', 'Public domain': 'public-domain', 'GFDL 1.2': 'gfdl-1.2', 'by-nc-nd': 'cc-by-nc-nd', 'pdm': 'pdm-1.0',
             'https://creativecommons.org/licenses/by-nc/2.0/deed.en': 'cc-by-nc-2.0', '//creativecommons.org/publicdomain/mark/1.0/': 'pdm-1.0', 'Creative Commons Attribution-Share Alike 2.5 Generic': 'cc-by-sa-2.5'}

def test_row_6_only_open_licences_count():
    assert {text: license_code(text) for text in open_ones} == open_ones
    closed = ['All rights reserved', '© Jo', 'cc', 'CC BY 7.0', 'by me', 'cc-by-4.0 maybe', 'nc-sampling+', 'Getty', '[cc0](https://evil.example)', 'cc-by-4.0\n<b>', None, 5]
    assert {license_code(text) for text in closed} == {'unknown'}

@examples(300)
@given(WORDS | st.sampled_from(list(open_ones)), WORDS | st.sampled_from(['', '2.0', '4.0']))
def test_a_code_is_a_code_of_itself_and_plain(text, version):
    code = license_code(text, version)
    assert license_code(code) == code and re.fullmatch(r'[a-z0-9.-]{2,40}', code)

def test_row_6_what_is_not_open_or_not_to_be_changed_is_not_copied(tmp_path, capsys):
    texts = ['cc-by-4.0', 'All rights reserved', 'cc-by-nd-2.0', 'cc-by-nd-2.0', 'cc-by-nc-sa-3.0', '']
    (tmp_path/'a'/'black').mkdir(parents=True)
    for i in range(len(texts)): Image.new('RGB', (40, 40), (i, 0, 0)).save(tmp_path/'a'/'black'/f'{i}.jpg')
    write_metadata(tmp_path/'a', [dict(file_name=f'black/{i}.jpg', label='black', license=text) for i, text in enumerate(texts)])
    (tmp_path/'a'/'.bears').mkdir()
    entry = dict(url='https://x.example/3.jpg', status='ok', sha256='0'*64, source_sha256=sha256((tmp_path/'a'/'black'/'3.jpg').read_bytes()).hexdigest(), width=1, height=1, hashes=['0'*16]*8, at='')
    (tmp_path/'a'/'.bears'/'log.jsonl').write_text(json.dumps(entry) + '\n', encoding='utf-8')
    assert licensed_copy(tmp_path/'a', tmp_path/'b') == 3
    assert sorted(path.name for path in (tmp_path/'b'/'black').iterdir()) == ['0.jpg', '3.jpg', '4.jpg']
    said, credits = capsys.readouterr().err, (tmp_path/'b'/'CREDITS.md').read_text(encoding='utf-8')
    assert 'cc-by-nd-2.0 1, unknown 2' in said and 'not for business (cc-by-nc-sa-3.0 1)' in said and 'share alike' in credits and 'not for business (cc-by-nc-sa-3.0 1)' in credits

def test_row_6_a_page_publishes_no_photo_without_an_open_licence(tmp_path):
    from bears_lib.engine.deploy.hf_space import _examples
    Image.new('RGB', (80, 80)).save((tmp_path/'black').mkdir() or tmp_path/'black'/'0.jpg')
    for licence, says in (('all rights reserved', 'no open licence'), ('cc-by-nd-4.0', 'no changed copies')):
        write_metadata(tmp_path, [dict(file_name='black/0.jpg', label='black', license=licence)])
        with pytest.raises(BearsError, match=says): _examples([tmp_path/'black'/'0.jpg'])
    write_metadata(tmp_path, [dict(file_name='black/0.jpg', label='black', license='cc-by-4.0')])
    assert list(_examples([str(tmp_path/'black'/'0.jpg')])) == ['1.jpg']
