"Lessons: data that is not there, answers that are not given, copies that are stale, and each copy run as a learner first meets it."
import json, os, shutil, sys
from contextlib import closing
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from conftest import root
from bears_lib.engine.core.common import BearsError
from bears_lib.engine.lessons.datasets import data_sets, get_data, make_competition
from bears_lib.engine.lessons.exercises import check
from bears_lib.engine.lessons.practice_web import PracticeWeb, pages_for

sys.path.insert(0, str(root/'tools'))
import make_lessons

def notebook(*cells:str) -> dict:
    title, words = [{'cell_type': 'markdown', 'id': text.strip('# '), 'metadata': {}, 'source': [text]} for text in ('# A lesson', 'About sums.')]
    code = [{'cell_type': 'code', 'id': f'c{i}', 'metadata': {}, 'execution_count': None, 'source': cell.splitlines(True),
             'outputs': [{'output_type': 'stream', 'name': 'stdout', 'text': ['Right.\n']}]} for i, cell in enumerate(cells)]
    return {'cells': [title, words, *code], 'metadata': {}, 'nbformat': 4, 'nbformat_minor': 5}

@pytest.fixture
def lessons(tmp_path):
    "A folder of notebooks with one solution in it."
    (tmp_path/'solutions').mkdir()
    answers = '### BEGIN SOLUTION\nhalf = 1/2\n### END SOLUTION\ncheck(half, 0.5)', 'def twice(n):\n    ### BEGIN SOLUTION\n    both = n + n\n    return both\n    ### END SOLUTION\ncheck(twice(2), 4)'
    (tmp_path/'solutions/01_sums.ipynb').write_text(json.dumps(notebook('print("Right.")', *answers)), encoding='utf-8')
    return tmp_path

@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    "A machine without any data set."
    monkeypatch.setenv('BEARS_DATA', str(tmp_path/'none'))
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path/'cache'))
    monkeypatch.setattr('bears_lib.engine.lessons.datasets._pets_packages', list)

def test_an_empty_folder_is_no_data_set_and_no_hindrance(tmp_path, monkeypatch):
    "As on Windows, where nothing can be moved onto a folder."
    def moved(source, target, replace=os.replace):
        if os.path.isdir(target): raise PermissionError(13, 'Access is denied')
        replace(source, target)
    monkeypatch.setattr(os, 'replace', moved)
    for name in ('BEARS_DATA', 'BEARS_NETWORK_BLOCKED'): monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    monkeypatch.setitem(data_sets, 'pets', data_sets['pets'].__class__('a test', ('pets',), lambda whole, work: (whole/'a.txt').touch(), '1 MB'))
    (tmp_path/'bears_lib'/'data'/'pets').mkdir(parents=True)
    assert [path.name for path in get_data('pets').iterdir()] == ['a.txt']

@pytest.mark.parametrize('name', sorted(data_sets))
def test_data_that_is_not_there_says_what_to_do(name, nowhere, monkeypatch):
    monkeypatch.setenv('BEARS_NETWORK_BLOCKED', '1')
    with pytest.raises(BearsError, match='Set BEARS_DATA to a folder that holds'): get_data(name)

def test_no_network_is_a_sentence_and_leaves_nothing(nowhere, monkeypatch, tmp_path):
    monkeypatch.delenv('BEARS_NETWORK_BLOCKED', raising=False)
    def refused(dest, work): raise OSError('network blocked: s3.amazonaws.com')
    for name in ('pets', 'esc10'):
        monkeypatch.setitem(data_sets, name, data_sets[name].__class__('a test', (name,), refused, '1 MB'))
        with pytest.raises(BearsError, match="can't be fetched .OSError: network blocked"): get_data(name)
    assert not list((tmp_path/'cache').rglob('pets*'))

@pytest.fixture
def practice():
    with closing(PracticeWeb(0)) as web: yield web

def test_a_picture_answers_before_anybody_has_searched(practice):
    "As after a restart, when the addresses stand in a cache or a log."
    for term in ('grizzly bear', 'cats', 'cat face'):
        page = next(page for page in pages_for(term) if page.status == 200)
        with urlopen(f'{practice.address}/pictures/{page.name}') as reply: assert reply.read() == page.body
    with pytest.raises(HTTPError, match='404'): urlopen(f'{practice.address}/pictures/dog-1.jpg')
    with pytest.raises(HTTPError, match='403'): urlopen(f'{practice.address}/pictures/black-news.jpg')

@pytest.mark.parametrize('page', ['²', '٣', '0', '-1', '', 'two', '9'*5000, '1.0'])
def test_a_page_that_is_no_number_is_the_first(practice, page):
    with urlopen(f'{practice.address}/search?q=cats&page={quote(page)}') as reply: results = json.load(reply)['results']
    assert results and results == practice.search('cats')

@pytest.mark.parametrize('size, said', [('1 MB', 'Fetching a test: 1 MB, once ...'), ('', 'Fetching a test, once ...')])
def test_fetching_says_how_much_if_that_is_known(nowhere, monkeypatch, capsys, size, said):
    monkeypatch.delenv('BEARS_NETWORK_BLOCKED', raising=False)
    monkeypatch.setitem(data_sets, 'pets', data_sets['pets'].__class__('a test', ('pets',), lambda whole, work: (whole/'a.txt').touch(), size))
    get_data('pets')
    assert said in capsys.readouterr().err

def test_sample_instead_says_so(nowhere, monkeypatch, capsys):
    monkeypatch.setenv('BEARS_NETWORK_BLOCKED', '1')
    assert (get_data('pets', else_sample=True)/'grizzly').is_dir()
    words = capsys.readouterr().err
    assert words.count('\n') == 1 and 'Going on with the drawn bears' in words

def test_empty_folder_is_no_data_set(tmp_path, nowhere, monkeypatch):
    (tmp_path/'none/pets37').mkdir(parents=True)
    monkeypatch.setenv('BEARS_NETWORK_BLOCKED', '1')
    with pytest.raises(BearsError, match='not on this machine'): get_data('pets')

def test_competition_needs_two_classes(photos, tmp_path):
    with pytest.raises(BearsError, match='needs two or more'): make_competition(photos, tmp_path/'out', keep=lambda label: label == 'red')
    assert not (tmp_path/'out').exists()

@pytest.mark.parametrize('answer, expected, says', [
    (..., 3, 'Not answered yet.'), (None, 3, 'Not answered yet.'), ([..., None], [1, 2], 'Not answered yet.'), (3, 3, 'Right.'), (3.02, 3, 'Right.'),
    (4, 3, 'Not yet. Count again.'), ('three', 3, 'Not yet. Count again.'), ([1, 2], [1, 2, 3], 'Not yet. Count again.'), (object(), 3, 'Not yet. Count again.'),
    (3, lambda answer: answer.shape, "Not yet. It stopped with AttributeError: 'int' object has no attribute 'shape'. Count again.")])
def test_check_answers_in_words(answer, expected, says, capsys, monkeypatch):
    monkeypatch.delenv('IN_TEST', raising=False)
    check(answer, expected, 'Count again.')
    assert capsys.readouterr().out.strip() == says

def test_check_fails_a_wrong_solution(monkeypatch):
    monkeypatch.setenv('IN_TEST', '1')
    with pytest.raises(AssertionError, match='The answer was 4'): check(4, 3)

def test_copies_have_no_answers(lessons):
    assert make_lessons.main(lessons) == 0
    cells = json.loads((lessons/'lessons/01_sums.ipynb').read_text(encoding='utf-8'))['cells']
    sources = [''.join(cell['source']) for cell in cells]
    assert sources[-2:] == ['half = ...\ncheck(half, 0.5)', 'def twice(n):\n    ...\ncheck(twice(2), 4)']
    assert cells[-1]['outputs'] == cells[-2]['outputs'] == [] and cells[-3]['outputs']
    assert 'lessons/01_sums.ipynb' in sources[1] and sources[2] == 'About sums.' and '# Set-up' in sources[3]

def test_stale_missing_and_stray_copies_are_found(lessons, capsys):
    assert make_lessons.main(lessons, check=True) == 1, 'not made yet'
    make_lessons.main(lessons)
    assert make_lessons.main(lessons, check=True) == 0
    solution = lessons/'solutions/01_sums.ipynb'
    solution.write_text(solution.read_text(encoding='utf-8').replace('1/2', '2/4'), encoding='utf-8')
    assert make_lessons.main(lessons, check=True) == 0, 'another answer leaves the copy as it is'
    solution.write_text(solution.read_text(encoding='utf-8').replace('A lesson', 'A better lesson'), encoding='utf-8')
    assert make_lessons.main(lessons, check=True) == 1
    shutil.copy(lessons/'lessons/01_sums.ipynb', lessons/'lessons/02_gone.ipynb')
    make_lessons.main(lessons, check=True)
    words = capsys.readouterr().out
    assert '01_sums.ipynb is older than its solution' in words and '02_gone.ipynb has no solution' in words

def test_a_solution_that_was_not_right_is_found(lessons, capsys):
    solution = lessons/'solutions/01_sums.ipynb'
    solution.write_text(solution.read_text(encoding='utf-8').replace(r'Right.\n', r'Not yet. Count again.\n'), encoding='utf-8')
    assert make_lessons.main(lessons) == 1 and 'Not yet. Count again.' in capsys.readouterr().out

def test_an_open_solution_is_refused(lessons):
    solution = lessons/'solutions/01_sums.ipynb'
    solution.write_text(solution.read_text(encoding='utf-8').replace(r'### END SOLUTION', ''), encoding='utf-8')
    with pytest.raises(SystemExit, match='not closed'): make_lessons.main(lessons)

def test_lessons_are_up_to_date_and_plain():
    assert make_lessons.main(check=True) == 0
    for path in sorted((root/'nbs/lessons').glob('*.ipynb')):
        text = path.read_text(encoding='utf-8')
        assert len(text) < 400_000, f'{path.name} is too large'
        assert '#| export' not in text and 'default_exp' not in text and 'SOLUTION' not in text
