"The course as a whole: its glossary says each term once, and every link leads to the section that explains it."
import json, re, sys
from pathlib import Path

import pytest

from conftest import root

sys.path.insert(0, str(root/'tools'))
import course_stats, make_glossary

course = sorted((root/'nbs').glob('0[0-5]*.ipynb'))

def prose(path:Path) -> list[str]: return [''.join(cell['source']) for cell in json.loads(path.read_text(encoding='utf-8'))['cells'] if cell['cell_type'] == 'markdown']

def sections(path:Path) -> dict[str, str]:
    "The text of each section by its anchor."
    found, at = {}, ''
    for line in '\n'.join(prose(path)).splitlines():
        if heading := re.match(r'#{2,6} (.+)', line): at = make_glossary.anchor(heading[1])
        found[at] = found.get(at, '') + line + '\n'
    return found

def rows() -> list[tuple[str, str, str, str]]:
    return re.findall(r'^\| ([^|]+?) \| (.+) \| \[[^\]]+\]\(([^#)]+)#([^)]+)\) \|$', '\n'.join(prose(root/'nbs'/'glossary.ipynb')), re.M)

def test_the_glossary_is_up_to_date():
    found, _ = make_glossary.terms(course)
    assert json.loads((root/'nbs'/'glossary.ipynb').read_text(encoding='utf-8')) == make_glossary.page(found)
    assert len(rows()) == len(found) > 50

def test_the_glossary_says_each_term_once():
    names = [make_glossary.singular(term) for term, *_ in rows()]
    assert len(names) == len(set(names))
    wanted = 'training set, validation set, test set, loss, metric, epoch, batch, architecture, parameter, head, body, pretrained, fine-tuning, transfer learning, inference, overfitting, hyperparameter, gradient, learning rate, GPU'
    assert not {make_glossary.singular(term) for term in wanted.split(', ')} - set(names)

def test_each_term_stands_in_the_section_that_its_link_names():
    for term, told, notebook, place in rows():
        found = sections(root/'nbs'/notebook)
        assert place in found, f'{term}: {notebook} has no section {place}'
        assert f'**{term}' .lower() in found[place].lower().replace('**`', '**'), f'{term} is not explained in {notebook}#{place}'
        assert 10 < len(told) < 500 and '**' not in told, (term, told)

def test_anchors_are_those_of_the_site():
    identifier = pytest.importorskip('smalldocs.markdown').pandoc_id
    headings = [heading for path in course for text in prose(path) for heading in re.findall(r'^#{2,6} (.+)$', re.sub(r'```.*?```', '', text, flags=re.S), re.M)]
    assert len(headings) > 50
    assert not [heading for heading in headings if make_glossary.anchor(heading) != identifier(heading.replace('`', ''))]

def told(text:str) -> dict[str, str]:
    return {found[1]: words for found in re.finditer(r'\*\*(?!\s)([^*\n]+?)\*\*', text) if (words := make_glossary.explanation(text, found))}

@pytest.mark.parametrize('text, wanted', [
    ('- **test set**: data that nobody looks at. More.', {'test set': 'Data that nobody looks at.'}),
    ('First. The **test set** is *kept* for the end. More.', {'test set': 'The test set is kept for the end.'}),
    ('The long part is called the **body**, and comes first.', {'body': 'The long part is called the body, and comes first.'}),
    ('A **GPU** (a chip | for games) is fast at sums.', {'GPU': r'A GPU (a chip \| for games) is fast at sums.'}),
    ('The **splitter** decides who learns.', {'splitter': 'The splitter decides who learns.'}), ('One of several names, its **class**. More.', {'class': 'One of several names, its class.'}),
    ('Choose **classes** (the names that it gives) well.', {'classes': 'Choose classes (the names that it gives) well.'}), ('Then the **photos** lie there.', {}),
    ('This is **very** important to know.', {}), ('**Nothing is kept.** Photos are deleted.', {}), ('**A server or the device?** A server is a place.', {}),
    ('**1.** How many are there?', {}), ('**What the model would have to say** is this here.', {}), ('- **No public address** unless you ask for one.', {}), ('The **head** is.', {})])
def test_what_is_a_term_and_what_is_emphasis(text, wanted): assert told(text) == wanted

def test_only_the_first_explanation_counts(tmp_path):
    def notebook(name:str, *texts:str) -> Path:
        (tmp_path/name).write_text(json.dumps({'cells': [{'cell_type': 'markdown', 'source': [text]} for text in texts]}), encoding='utf-8')
        return tmp_path/name
    first = notebook('00_a.ipynb', '# Title', '## What is what?\n\nA **batch** is a handful of photos.\n\n```\n**code**: is no prose at all\n```', '## What you have seen\n\n- **loss**: not explained here.')
    second = notebook('01_b.ipynb', '## Later\n\n**Batches** are what is explained again. The **loss** is a number for the machine.')
    found, left_out = make_glossary.terms([first, second])
    assert {key: (term, place) for key, (term, _, place) in found.items()} == {'batch': ('batch', '[What is what?](00_a.ipynb#what-is-what)'), 'loss': ('loss', '[Later](01_b.ipynb#later)')}
    assert left_out == []

@pytest.mark.parametrize('name', ['00_learning', '01_gather', '02_train', '03_interpret', '04_deploy', '05_questionnaire'])
def test_a_course_notebook_teaches_more_than_it_is_library(name):
    "At most a quarter of the lines are library, none before the first result; ten words explain a visible line; figures have words for those who can't see them."
    found = course_stats.count(root/'nbs'/f'{name}.ipynb')
    assert found['library'] <= 0.25 and not found['library_before_first_result'] and found['words_per_line'] >= 10
    assert found['exercises'] >= 3 and not found['without_alt'] and found['longest_library_cell'] <= 30

@pytest.mark.parametrize('name', ['00_learning', '01_gather', '02_train', '03_interpret', '04_deploy', '05_questionnaire'])
def test_opening_and_closing_mirror_each_other(name):
    "As many points in `What you have seen` as in `In this notebook`."
    text = '\n\n'.join(''.join(cell['source']) for cell in json.loads((root/'nbs'/f'{name}.ipynb').read_text(encoding='utf-8'))['cells'] if cell['cell_type'] == 'markdown')
    def points(after:str) -> int: return len(re.findall(r'^(?:\d+\.|[-*]) ', re.split(r'\n\n(?![-*\d])', text[text.index(after):].split('\n', 1)[1].lstrip('\n') , maxsplit=1)[0], re.M))
    assert points('**In this notebook**') == points('## What you have seen') >= 4

@pytest.mark.parametrize('path', sorted((root/'nbs'/'solutions').glob('*.ipynb')), ids=lambda path: path.stem)
def test_a_lesson_ends_as_all_lessons_do(path):
    "Exercises, then questions, then what was seen: a learner finds them at the same place everywhere."
    headings = re.findall(r'^## (.+)$', '\n'.join(prose(path)), re.M)
    assert 'Summary' not in headings
    if path.stem != '00_training': assert headings[-3:] == ['Exercises', 'Questions', 'What you have seen']  # that one is exercises from first to last

@pytest.mark.parametrize('path', sorted([*(root/'nbs').glob('*.ipynb'), *(root/'nbs'/'solutions').glob('*.ipynb')]), ids=lambda path: path.stem)
def test_a_running_time_says_on_how_many_cores(path):
    "A minute on a phone is no minute on a cluster: who reads how long all cells run learns on what."
    said = [sentence for text in prose(path) for sentence in re.split(r'(?<=[.;:])\s', text) if re.search(r'\b(run|runs|running)\b[^.;|]*\b(minutes?|seconds)\b', sentence)]
    assert not [sentence for sentence in said if not re.search(r'\bcores?\b', sentence)]
