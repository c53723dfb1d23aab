"The questions as a page for the browser."
import json, re, shutil, subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bears_lib.engine.grading import grade, load_questions
from bears_lib.engine.question_pages import _data, question_page

ROOT = Path(__file__).parent.parent
CHROMIUM = shutil.which('chromium')


class Page(HTMLParser):
    "Tags with their attributes, and a check that they are closed in order."
    VOID = {'meta', 'input', 'br', 'hr', 'img', 'link'}
    def __init__(self, text):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(text)
    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID: self.open.append(tag)
    def handle_endtag(self, tag): assert self.open.pop() == tag
    def all(self, tag): return [attrs for t, attrs in self.tags if t == tag]


@pytest.mark.parametrize('chapter', [1, 2])
def test_the_page_is_whole_labelled_and_alone(chapter):
    text, questions = question_page(chapter), load_questions(chapter)
    page = Page(text)
    assert not page.open and '$' not in re.sub(r'<script.*?</script>', '', text, flags=re.S)
    ids = [a['id'] for _, a in page.tags if 'id' in a]
    assert len(ids) == len(set(ids)) and page.all('html')[0]['lang'] == 'en'
    labels = {a['for'] for a in page.all('label') if 'for' in a}
    assert {a['id'] for a in page.all('textarea')} <= labels <= set(ids)
    assert {a['aria-labelledby'] for a in page.all('section')} <= set(ids)
    assert len(page.all('section')) == len(page.all('fieldset')) == len(questions)
    assert all(a.get('role') == 'status' for a in page.all('output'))
    assert all(a['href'][1:] in ids for a in page.all('a')) and not any('src' in a for _, a in page.tags)
    data = json.loads(re.search(r'<script type="application/json" id="questions">(.*?)</script>', text, re.S)[1])
    assert [q['id'] for q in data['questions']] == [q.id for q in questions]
    assert all(text.count(f'<summary>{s}</summary>') == len(questions) for s in ('Hint', 'Model answer'))
    assert not re.search(r'<details[^>]* open', text)


@pytest.mark.skipif(not shutil.which('node'), reason='needs node')
@pytest.mark.parametrize('chapter', [1, 2])
def test_the_browser_grades_as_python_does(chapter):
    questions = {q.id: q for q in load_questions(chapter) if q.kind not in ('self', 'items')}
    rows = [(q.id, text) for q in questions.values() for text, _ in q.examples]
    code = f'''const m = require({json.dumps(str(ROOT/"bears_lib/data/questions/page.js"))}), [data, rows] = JSON.parse(require('fs').readFileSync(0));
        const known = m.knownWords(data), by = Object.fromEntries(data.questions.map(q => [q.id, q]));
        console.log(JSON.stringify(rows.map(([id, text]) => m.gradeAnswer(by[id], text, known, data.shared).grade)));'''
    out = subprocess.run(['node', '-e', code], input=json.dumps([_data(list(questions.values())), rows]), capture_output=True, text=True, check=True, timeout=120)
    same = [a == grade(questions[id], text).grade for a, (id, text) in zip(json.loads(out.stdout), rows)]
    assert sum(same)/len(same) > 0.97


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason='needs chromium')
def test_the_page_works_with_the_keyboard_and_remembers(tmp_path):
    playwright = pytest.importorskip('playwright.sync_api')
    file = tmp_path/'page.html'
    file.write_text(question_page(1), 'utf-8')
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=['--no-sandbox'])
        page = browser.new_page()
        errors = []
        page.on('pageerror', lambda e: errors.append(str(e)))
        page.goto(file.as_uri())
        page.focus('#q-gpu-answer')
        page.keyboard.type('graphics card')
        page.keyboard.press('Tab')
        page.keyboard.press('Enter')
        assert 'Suggested: right' in page.inner_text('#q-gpu output')
        page.check('#q-gpu input[value=right]')
        page.reload()
        assert page.input_value('#q-gpu-answer') == 'graphics card' and page.is_checked('#q-gpu input[value=right]')
        assert page.inner_text('#count').startswith('1 of') and not errors
        browser.close()
