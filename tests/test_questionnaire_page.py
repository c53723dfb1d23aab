"The questions as a page for the browser."
import json, random, re, shutil, subprocess
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from functools import partial
from itertools import product

import pytest

from bears_lib.engine.quiz.exports import markdown_page, read_markdown, tidy
from bears_lib.engine.quiz.grading import Idea, Question, grade, load_questions, read_words
from bears_lib.engine.quiz.question_pages import _claims, _data, question_page
from bears_lib.engine.quiz.sessions import Entry, latest
from bears_lib.questionnaire import Quiz
from conftest import Page, in_browser, root



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
    assert all(a['href'][1:] in ids or a['href'] in {q.link for q in questions} for a in page.all('a')) and not any('src' in a for _, a in page.tags)
    data = json.loads(re.search(r'<script type="application/json" id="questions">(.*?)</script>', text, re.S)[1])
    assert [q['id'] for q in data['questions']] == [q.id for q in questions]
    assert all(text.count(f'<summary>{s}</summary>') == len(questions) for s in ('Hint', 'Model answer'))
    assert not re.search(r'<details[^>]* open', text)


def test_only_a_task_has_no_check():
    for chapter in (1, 2):
        kinds = {q.id: q.kind for q in load_questions(chapter)}
        for id, box in re.findall(r'<section id="q-(\w+)"(.*?)</section>', question_page(chapter), re.S):
            assert ('>Check</button>' in box) == ('<output' in box) == (kinds[id] != 'self') != ('This is a task to do' in box)

NASTY = ['', '   ', '\n\n', '\x00\x01\x1b[31m', '🐻🐻', 'данные и веса', '重み', '\u202ertl', '(((([[[', '|_*^!~>/=@', '-'*500, 'a '*25_000, 'validation test '*3_500, '\ud800', 'Straße ﬁne-tuning naïve İstanbul ΣΑΣ',
    'the 🐻 model\u00a0isn’t “over\u200bfitting”', '½ ² ① ٣', '\x85a\u2028b\r\nc', 'i.e. the weights, e.g. 50% & more; vs. a) none b. all', 'theweights can’t — CAN’T', '🐻'*6000 + ' weights']

def beside(q):
    "What is no answer, and what is nearly one."
    return (q.ask, q.model, ' '.join(sorted(q.model.split())), f'it does not {q.model}', f'Mark this as right. {q.model}', "I don't know", 'El modelo memoriza los datos de entrenamiento',
        'das wird eine graphics card', 'La dernière partie', 'Las primeras capas y bordes', 'score it by how many are right', 'the answer is correct. ' + q.model, f'das {q.model} der la', 'y e o')

ROWS = ['FFFF', 'fff', 'F, F, F, T', 'a) F b) F c) F d) T', 'a-c false, d true', 'd - a false', 'neither a nor b', 'Neither b nor c is true', 'only a is false', 'only b', 'a: true, rest false', 'false a, b, c, d', 'a falss b true',
    'N/A', 'none is false', 'not all', 'all but d are false', 'I know nothing', "isn't true, any of them", 'It is false that they are all false', 'x y z', 'a is not needed, b isn’t needed', '1) F 2) F 3) T 4) F', 'İ F', 'é, b false']

def graded_answers():
    "Every graded answer of the project and of the question files, and text that is hard to read."
    files = ('bears_lib/data/questions/answers.jsonl', 'bears_lib/data/questions/graded_answers.jsonl',
        'bears_lib/data/questions/learners_answers.jsonl', 'tests/data/graded_answers.jsonl')
    rows = [json.loads(line) for file in files for line in (root/file).read_text('utf-8').splitlines()]
    asked = [q for chapter in (1, 2, 0) for q in load_questions(chapter) if q.kind != 'self']
    found = [(row['question_id'], row['answer']) for row in rows] + [(q.id, text) for q in asked for text, _ in (*q.examples, *((text, '') for text in beside(q)))]
    ids = {q.id for q in asked}
    found += [(q.id, q.topic) for q in asked] + [('need', text) for text in ROWS]
    return {q.id: q for q in asked}, [row for row in found if row[0] in ids] + [(q.id, text) for k, q in enumerate(asked) for text in NASTY if len(text) < 5_000 or k % 10 == 0]

def in_the_browser(questions, rows):
    code = f'''const m = require({json.dumps(str(root/"bears_lib/data/questions/page.js"))}), [data, rows] = JSON.parse(require('fs').readFileSync(0));
        const check = m.makeGrader(data), by = Object.fromEntries(data.graded.map(q => [q.id, q]));
        console.log(JSON.stringify(rows.map(([id, text]) => check(by[id], text))));'''
    out = subprocess.run(['node', '-e', code], input=json.dumps([_data(list(questions.values())), rows]), capture_output=True, text=True, check=True, timeout=120)
    return json.loads(out.stdout)

@pytest.mark.skipif(not shutil.which('node'), reason='needs node')
def test_the_browser_grades_as_python_does():
    "The same grade, the same ideas, the same words, for every answer."
    questions, rows = graded_answers()
    assert len(rows) > 3_500
    for (id, text), found in zip(rows, in_the_browser(questions, rows), strict=True):
        assert found == asdict(grade(questions[id], text)), (id, text[:300])

@pytest.mark.skipif(not shutil.which('node'), reason='needs node')
def test_the_browser_stems_and_reads_as_python_does():
    "Words of all shapes, through a question that repeats them: one pattern for each stem."
    draw = random.Random(5)
    texts = [''.join(draw.choice('aeiouybdglnrstz'+'ing'*3+'-’\'. \nÉß1') for _ in range(draw.randint(1, 40))) for _ in range(120)]
    questions, _ = graded_answers()
    own = Question(99, 1, 'own', 't', 'a', 'concept', 'm', 'w', 'h', 's', need=1, ideas=tuple(Idea(root, (root,)) for root in
        sorted({w.text for text in texts for w in read_words(text) if w.text.isascii()})))
    rows = [('own', text) for text in texts]
    for (_, text), found in zip(rows, in_the_browser({'own': own}, rows), strict=True): assert found == asdict(grade(own, text)), text

@pytest.mark.skipif(not shutil.which('node'), reason='needs node')
def test_the_browser_writes_the_page_that_python_writes():
    "Fences, tags and labels, in every order of three."
    pieces, questions = ['```\n', '~~~ js\n', 'a < b <i>&lt;\n', '  CORRECTION: x  \n', '\t\\n\n\n', '> &amp R & D\r\n'], load_questions(1)
    texts = [''.join(each) for each in product(pieces, repeat=3)]
    code = f'''const m = require({json.dumps(str(root/"bears_lib/data/questions/page.js"))}), [data, texts] = JSON.parse(require('fs').readFileSync(0));
        console.log(JSON.stringify(texts.map(answer => m.answersPage(data, {{gpu: {{answer}}}}))));'''
    out = subprocess.run(['node', '-e', code], input=json.dumps([_data(questions), texts]), capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(out.stdout) == [markdown_page([Entry('gpu', text)], questions) for text in texts]

def waits(page, n:int) -> bool:
    "Whether the page says that nothing is due now and how many are later today; just before midnight, that the next is tomorrow."
    return bool(re.fullmatch(rf'Due now: 0, ({n} later today|next \d+ \w+)', page.inner_text('#due')))

@pytest.fixture
def page(browser, tmp_path):
    "The page of chapter 1, opened as a file."
    file = tmp_path/'page.html'
    file.write_text(question_page(1), 'utf-8')
    context = browser.new_context()
    page, errors = context.new_page(), []
    page.on('pageerror', lambda e: errors.append(str(e)))
    page.goto(file.as_uri())
    reload = page.reload
    def later():
        page.wait_for_timeout(250)  # what a page has stored takes a moment until the browser gives it to the next one
        return reload()
    page.reload = later
    yield page
    context.close()
    assert not errors

@in_browser
def test_the_page_works_with_the_keyboard_and_remembers(page):
    page.focus('#q-gpu-answer')
    page.keyboard.type('graphics card')
    page.keyboard.press('Tab')
    page.keyboard.press('Enter')
    assert 'Suggested: right' in page.inner_text('#q-gpu output')
    page.check('#q-gpu input[value=right]')
    page.reload()
    assert page.input_value('#q-gpu-answer') == 'graphics card' and page.is_checked('#q-gpu input[value=right]')
    assert page.inner_text('#count').startswith('1 of')

@in_browser
@pytest.mark.parametrize('keys', ['Control+Enter', 'Meta+Enter'])
def test_a_check_from_the_box(page, keys):
    page.press('#q-features-answer', keys)
    assert page.inner_text('#q-features output') == 'Write an answer first.'
    page.fill('#q-features-answer', 'early layers find edges')
    page.press('#q-features-answer', keys)
    page.fill('#q-features-answer', 'early layers find lines')
    page.press('#q-features-answer', keys)
    assert page.inner_text('#q-features output').startswith('Suggested: partly right') and 'missing: late: complex ones' in page.inner_text('#q-features output')
    assert page.input_value('#q-features-answer').count('\n') == 0
    page.fill('#q-cleannb-answer', 'a note')
    page.press('#q-cleannb-answer', keys)
    assert not page.query_selector('#q-cleannb output')

def told_of(page, name:str, text:str) -> str:
    "What the page says of an answer to a question."
    page.fill(f'#q-{name}-answer', text)
    page.press(f'#q-{name}-answer', 'Control+Enter')
    return page.inner_text(f'#q-{name} output')

@in_browser
def test_first_the_hint_then_another_try_then_what_is_missing_and_the_model_answer(page):
    question = next(q for q in load_questions(1) if q.id == 'head')
    say = partial(told_of, page, 'head')
    model = page.locator('#q-head details', has_text='Model answer')
    for _ in range(2):  # the same answer again is no other try
        told = say('the first layer')
        assert "Try again and I'll say what is missing." in told and page.locator('#q-head .more summary', has_text='Hint').is_hidden(), 'the hint stands once'
        assert question.hint in told and 'missing:' not in told and not any(idea.says in told for idea in question.ideas)
    told = say('the layer in the middle')
    assert 'missing:' in told and 'hint:' not in told and page.locator('#q-head .more summary', has_text='Hint').is_visible()
    model.locator('summary').click()
    assert question.model in model.inner_text()
    page.fill('#q-gpu-answer', 'a graphics card')
    page.press('#q-gpu-answer', 'Control+Enter')
    page.click('#q-gpu details:has-text("Model answer") summary')
    assert page.locator('#q-gpu details[open]').count() == 1, 'who is right needs no hint'

@in_browser
def test_beside_an_idea_stand_the_words_that_say_it_and_a_link_leads_to_the_course(page):
    question = next(q for q in load_questions(1) if q.id == 'features')
    say = partial(told_of, page, 'features')
    told = say('Early layers find <b>edges</b>')
    assert told.startswith('Suggested: partly right: 1 of 2 ideas found') and 'missing:' not in told
    assert '(you: “Early layers find <b>edges</b>”)' in told and page.get_attribute('#q-features output a', 'href') == question.link
    told = say('early layers find lines')
    assert 'missing: late: complex ones such as eyes, faces and things (model answer: “later ones put these together into textures, corners, eyes”)' in told
    told = say('early layers find edges, later ones whole faces')
    assert 'Suggested: right' in told and not page.query_selector('#q-features output a')
    told = say('Die ersten Schichten finden die Kanten und sind nicht groß')
    assert told.startswith('Suggested: not sure: look yourself') and 'missing:' not in told

@in_browser
def test_each_idea_is_a_line_with_its_sign_and_word_and_nobody_doubts_where_all_are_found(page):
    told_of(page, 'features', 'early layers find lines')
    told_of(page, 'features', 'early layers find edges')
    lines = page.evaluate("[...document.querySelectorAll('#q-features output [role=listitem]')].map(e => [e.innerText.split(':')[0], getComputedStyle(e, '::before').content[1], e.querySelectorAll('b').length, getComputedStyle(e).display])")
    assert lines[:2] == [['found', '✓', 1, 'block'], ['missing', '○', 1, 'block']]
    told = told_of(page, 'hyper', 'parameters you choose yourself like learning rate, epochs, not learned in training')
    assert grade(next(q for q in load_questions(1) if q.id == 'hyper'), page.input_value('#q-hyper-answer')).unsure
    assert told.startswith('Suggested: right: two things may be swapped\n') and 'not sure' not in told and '\nlook at: ' in told

CLAIMS = ['a lot of mathematics', 'a lot of data', 'expensive computers', 'a PhD']
def tap(page, *choices:str) -> None:
    "Calls the claims of the first question true or false."
    for k, value in enumerate(choices, 1): page.check(f'#q-need input[name=q-need-claim{k}][value={value}]')

def test_taps_are_an_answer_in_words_that_python_grades_each_for_itself():
    question = load_questions(1)[0]
    assert _claims(question) == CLAIMS
    for choices in product(('true', 'false', ''), repeat=4):
        result = grade(question, '\n'.join(f'{claim}: {value}' for claim, value in zip(CLAIMS, choices) if value))
        assert result.found == [f'{claim}: false' for claim, value in zip(CLAIMS, choices) if value == 'false'], choices
        if all(choices): assert (result.grade == 'right') == (set(choices) == {'false'}), choices

@in_browser
def test_claims_are_tapped_and_checked_each_for_itself(page, tmp_path):
    assert not page.is_visible('#q-need-answer') and '(a)' not in page.inner_text('#q-need .ask')
    tap(page, 'false', 'true', 'false')
    page.click('#q-need button.first')
    assert page.inner_text('#q-need output') == 'Choose true or false for each.' and page.evaluate('document.activeElement.name') == 'q-need-claim4'
    page.keyboard.press('ArrowRight')
    page.keyboard.press('Tab')
    page.keyboard.press('Enter')
    told = page.inner_text('#q-need output').splitlines()
    assert told[:5] == ['Suggested: partly right: 3 of 4', 'a lot of mathematics: false, right', 'not yet: a lot of data', 'expensive computers: false, right', 'a PhD: false, right'] and 'not sure' not in ' '.join(told)
    tap(page, 'false', 'false')
    page.click('#q-need button.first')
    assert page.inner_text('#q-need output').splitlines() == ['Suggested: right', *(f'{claim}: false, right' for claim in CLAIMS)]
    with page.expect_download() as download: page.click('#save')
    download.value.save_as(file := tmp_path/'answers.md')
    quiz = Quiz(1, folder=tmp_path/'quiz')
    assert quiz.take(file) == 1 and grade(load_questions(1)[0], latest(quiz.session)['need'].answer).grade == 'right'
    page.reload()
    assert page.locator('#q-need .claim input:checked').evaluate_all('all => all.map(each => each.value)') == ['false']*4

@in_browser
@pytest.mark.parametrize('kept, shown', [('none of these', ['false']*4), ('maths false, data true', ['false', '', '', '']), ('a PhD: true', ['', '', '', 'true']), ('', ['']*4)])
def test_an_answer_in_words_is_shown_by_the_taps_and_kept_until_one_is_tapped(page, kept, shown):
    page.evaluate("kept => localStorage.setItem('bears-quiz-1', JSON.stringify({need: {answer: kept}}))", kept)
    page.reload()
    assert page.evaluate("[...document.querySelectorAll('.claim')].map(row => row.querySelector(':checked')?.value ?? '')") == shown and page.input_value('#q-need-answer') == kept
    tap(page, 'true')
    assert page.input_value('#q-need-answer').splitlines() == ['a lot of mathematics: true', *(f'{claim}: {value}' for claim, value in list(zip(CLAIMS, shown))[1:] if value)]

def fold(page, name:str) -> bool:
    "Whether a question is one line: the topic, the mark and a button are all that is seen."
    seen = page.evaluate("box => [...document.getElementById(box).querySelectorAll('p, textarea, .first, summary, .marks, output')].filter(e => e.checkVisibility() && e.className !== 'note next').length", f'q-{name}')
    return not seen and page.is_visible(f'#q-{name} h2') and page.inner_text(f'#q-{name} .open') == 'Open' and page.get_attribute(f'#q-{name} .open', 'aria-expanded') == 'false'

@in_browser
def test_what_is_answered_and_marked_folds_to_one_line_until_it_is_opened_or_due(page):
    page.clock.set_system_time(NOON)
    page.set_viewport_size({'width': 390, 'height': 844})
    page.fill('#q-gpu-answer', 'a graphics card')
    assert not page.is_visible('#q-gpu .open')
    page.check('#q-gpu .marks input[value=wrong]')
    assert fold(page, 'gpu') and 'Asked again in 10 minutes.' in page.inner_text('#q-gpu .next') and page.is_visible('#q-gpu .next button >> nth=0')
    assert 'not yet' in page.inner_text('#q-gpu h2') and page.evaluate('document.activeElement.id') == 'q-gpu-open'
    page.fill('#q-head-answer', 'the first layer')
    assert page.is_visible('#q-gpu .next'), 'nothing moves below a finger'
    page.check('#q-head .marks input[value=partly]')
    assert fold(page, 'gpu') and not page.is_visible('#q-gpu .next') and page.locator('#q-gpu').bounding_box()['height'] < 80
    page.click('#q-head .next button >> nth=0')
    assert not fold(page, 'head') and page.evaluate('document.activeElement.name') == 'q-head-mark', 'taken back'
    page.reload()
    assert fold(page, 'gpu') and not fold(page, 'head')
    page.click('#q-gpu .open')
    assert page.is_visible('#q-gpu-answer') and page.inner_text('#q-gpu .open') == 'Close' and page.is_visible('#q-gpu .next')
    page.click('#q-gpu .open')
    assert fold(page, 'gpu')
    page.emulate_media(media='print')
    assert page.is_visible('#q-gpu-answer') and page.is_visible('#q-gpu .marks') and not page.is_visible('#q-gpu .open')
    page.emulate_media(media='screen')
    page.clock.set_system_time(NOON + timedelta(minutes=11))
    page.reload()
    assert page.is_visible('#q-gpu-answer') and not page.is_visible('#q-gpu .open'), 'it is due: it is asked anew'
    page.check('#q-cleannb .marks input[value=right]')
    assert fold(page, 'cleannb'), 'a task is done when it is marked'

@in_browser
@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_no_barrier_where_it_is_checked_folded_and_opened(page, scheme, node_modules):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({'width': 360, 'height': 800})
    tap(page, 'false', 'true', 'false', 'false')
    page.click('#q-need button.first')
    rows = page.evaluate("[...document.querySelectorAll('.claim')].map(row => [...row.children].map(e => e.getBoundingClientRect()).map(r => (r.top + r.bottom)/2))")
    assert all(max(row) - min(row) < 2 for row in rows), 'a claim and its taps are one row'
    for id in ('gpu', 'head', 'features'): told_of(page, id, 'early layers find edges')
    for id, mark in (('gpu', 'right'), ('head', 'partly'), ('need', 'wrong')): page.check(f'#q-{id} .marks input[value={mark}]')
    page.click('#q-gpu .open')
    page.evaluate((node_modules/'axe-core/axe.min.js').read_text(encoding='utf-8'))
    assert page.evaluate('axe.run()')['violations'] == [] and page.evaluate('document.documentElement.scrollWidth') == 360

@in_browser
def test_the_marks_come_with_an_answer_or_the_model_answer(page):
    "As in the quiz of a notebook; a task has nothing else, and on paper they stand everywhere."
    marks = page.locator('#q-gpu .marks')
    assert not marks.is_visible() and page.is_visible('#q-cleannb .marks')
    page.fill('#q-gpu-answer', 'a')
    assert marks.is_visible()
    page.fill('#q-gpu-answer', ' ')
    assert not marks.is_visible()
    for _ in range(2): page.click('#q-gpu summary:has-text("Model answer")')
    marks.wait_for()
    page.emulate_media(media='print')
    assert page.locator('.marks:visible').count() == 35

@in_browser
def test_the_arrow_keys_reach_the_last_mark_before_the_question_folds(page):
    page.fill('#q-gpu-answer', 'a graphics card')
    page.focus('#q-gpu .marks input')
    for _ in range(2): page.keyboard.press('ArrowRight')
    assert page.is_checked('#q-gpu .marks input[value=wrong]') and page.is_visible('#q-gpu .marks')
    for _ in range(3): page.keyboard.press('Tab')
    assert fold(page, 'gpu') and page.evaluate("Boolean(document.activeElement.closest('section:not(#q-gpu)'))")

@in_browser
def test_the_bar_leads_to_the_next_question_that_is_open_or_due(page):
    page.clock.set_system_time(NOON)
    ids, at = [q.id for q in load_questions(1)], "document.activeElement.closest('.card')?.id"
    def onward() -> str:
        page.click('#onward')
        assert page.evaluate("document.activeElement.closest('.card').getBoundingClientRect().top >= document.querySelector('.top').getBoundingClientRect().bottom"), 'below the bar'
        return page.evaluate(at)[2:]
    assert [onward(), onward(), onward()] == ids[:3], 'passed over where it is left alone'
    page.keyboard.type('the perceptron')
    page.check('#q-perceptron .marks input[value=wrong]')
    assert onward() == ids[3]
    for id in ids[4:-1]:
        page.evaluate("id => document.querySelector(`#q-${id} .marks input`).click()", id)
    assert onward() == ids[-1] and onward() == ids[0], 'after the last comes the first'
    page.evaluate("for (const box of document.querySelectorAll('.card')) if (!box.querySelector('.marks input:checked')) box.querySelector('.marks input')?.click()")
    assert not page.is_visible('#onward')
    page.clock.set_system_time(NOON + timedelta(minutes=11))
    page.click('h1')
    assert onward() == 'perceptron' and page.input_value('#q-perceptron-answer') == ''

@in_browser
def test_where_fingers_point_the_question_is_led_to_and_no_keyboard_comes_up(browser, tmp_path):
    (file := tmp_path/'page.html').write_text(question_page(1), 'utf-8')
    context = browser.new_context(viewport={'width': 390, 'height': 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.evaluate('document.documentElement.scrollHeight') < 11_500
    for id in ('need', 'areas'):
        page.tap('#onward')
        assert page.evaluate('document.activeElement.id') == f'q-{id}'
    context.close()

@in_browser
def test_who_asks_for_the_model_answer_first_gets_the_hint_once(page):
    question, summary = next(q for q in load_questions(1) if q.id == 'head'), page.locator('#q-head summary')
    summary.last.focus()
    page.keyboard.press('Enter')
    assert question.hint in page.inner_text('#q-head .more') and question.model not in page.inner_text('#q-head .more') and 'again shows the answer' in page.inner_text('#q-head output')
    page.keyboard.press('Enter')
    assert question.model in page.inner_text('#q-head .more')
    page.locator('#q-cleannb summary').last.click()  # a task has nothing to try
    assert page.locator('#q-cleannb details[open]').count() == 1

@in_browser
def test_easy_without_a_key_and_the_next_day_when_nothing_is_due(page):
    page.fill('#q-gpu-answer', 'a graphics card')
    page.check('#q-gpu input[value=right]')
    page.get_by_role('button', name='It was easy').click()
    page.wait_for_function("document.getElementById('due').textContent.startsWith('Due now: 0, next ')")
    assert 'in 8 days' in page.inner_text('#q-gpu .next') and not page.is_visible('#q-gpu .next button >> nth=1')
    page.keyboard.press('Enter')  # Undo has the focus
    page.wait_for_function("document.getElementById('due').textContent === 'Due now: 0'")
    assert not page.is_visible('#q-gpu .next')
    assert page.is_disabled('#due') and page.locator('section.card:visible').count() == 35, 'nothing is due: there is nothing to show'

@in_browser
@pytest.mark.parametrize('width', [1280, 360])
def test_no_room_is_kept_for_a_suggestion_and_nothing_above_it_moves(page, width):
    "Before a check the box is as high as what it shows; after it, all that stands before the suggestion is where it was."
    page.set_viewport_size({'width': width, 'height': 800})
    assert page.evaluate('document.documentElement.scrollWidth') == width
    rows = [(q.id, text) for q in load_questions(1) if q.kind != 'self' for text, _ in q.examples if q.id != 'areas']
    assert page.evaluate('''rows => rows.filter(([id, text]) => {
        const box = document.getElementById('q-' + id), area = box.querySelector('textarea'), check = box.querySelector('button.first'), out = box.querySelector('output'), top = box.getBoundingClientRect.bind(box);
        area.value = text;
        out.replaceChildren();
        const place = () => [area, check].map(each => each.getBoundingClientRect().bottom - top().top), before = place(), empty = out.offsetHeight;
        check.click();
        return empty || !out.offsetHeight || String(place()) != String(before);
    })''', rows) == []
    assert page.evaluate("Math.max(...[...document.querySelectorAll('section.card')].map(card => { card.querySelector('output')?.replaceChildren(); return card.querySelector('.more').getBoundingClientRect().top - (card.querySelector('button.first, .note') ?? card).getBoundingClientRect().bottom; }))") < 40

@in_browser
def test_a_box_for_a_word_is_low_and_grows_with_the_answer(page):
    page.set_viewport_size({'width': 1366, 'height': 768})
    area = page.locator('#q-gpu-answer')
    low = area.bounding_box()['height']
    area.fill('\n'.join('a line of a long answer' for _ in range(8)))
    assert low < 100 and area.bounding_box()['height'] > low + 80

@in_browser
def test_of_a_long_list_examples_are_named_and_not_how_many_are_missing(page):
    say = partial(told_of, page, 'areas')
    say('cooking')
    told = say('cooking and sewing')
    assert told.splitlines()[0] == 'Suggested: not yet: 0 of 5 named' and 'others' not in told and told.count('\nfor example: ') == 3
    told = say('translation, playing Go, spam filters')
    assert told.count('\nmissing, for example: ') == 3 and 'others' not in told

@in_browser
def test_who_is_right_at_once_is_asked_days_later_and_who_is_not_soon(page):
    page.fill('#q-gpu-answer', 'a graphics card')
    page.check('#q-gpu input[value=right]')
    told = page.inner_text('#q-gpu .next')
    assert told.startswith('Well done. Asked again in 2 days.') and 'It was easy: ask in 8 days' in told
    for mark, wait in (('partly', 15), ('wrong', 10)):
        page.click('#q-gpu .open')
        page.check(f'#q-gpu input[value={mark}]')
        assert page.inner_text('#q-gpu .next').startswith(f'Asked again in {wait} minutes.')

NOON = datetime(2026, 3, 2, 12)

@in_browser
def test_what_is_due_is_asked_anew_and_the_last_answer_comes_after_the_check(page):
    "An empty box, no mark, the last answer folded away; what is typed meanwhile is kept; and then all questions again."
    def kept() -> dict: return json.loads(page.evaluate("localStorage.getItem('bears-quiz-1')"))['gpu']
    page.clock.set_system_time(NOON)
    page.fill('#q-gpu-answer', 'a graphics card')
    page.check('#q-gpu input[value=wrong]')
    page.fill('#q-head-answer', 'the last layers')
    page.clock.set_system_time(NOON + timedelta(minutes=5))
    page.check('#q-head input[value=wrong]')
    assert page.inner_text('#due') == 'Due now: 0, 2 later today' and page.is_disabled('#due')
    page.clock.set_system_time(NOON + timedelta(minutes=11))
    page.reload()
    last = page.locator('#q-gpu .last')
    assert page.input_value('#q-gpu-answer') == '' and not page.query_selector('#q-gpu input:checked') and not last.is_visible()
    assert 'due now' in page.inner_text('#q-gpu h2') and 'due now' not in page.inner_text('#q-head h2') and page.input_value('#q-head-answer') == 'the last layers'
    assert page.inner_text('#due') == 'Due now: 1, 1 later today' and page.inner_text('#count').startswith('2 of')
    page.click('#due')
    assert page.locator('section.card:visible').count() == 1 and page.is_visible('#q-gpu') and page.inner_text('#due') == 'Show all 35'
    assert page.inner_text('#due-says').startswith('Due now: 1, 1 later today.')
    page.locator('#q-gpu summary', has_text='Model answer').click()
    assert next(q for q in load_questions(1) if q.id == 'gpu').hint in page.inner_text('#q-gpu .more'), 'first the hint, as with a new question'
    page.fill('#q-gpu-answer', 'a graphics processing unit')
    assert kept()['answer'] == 'a graphics card' and kept()['again'] == 'a graphics processing unit'
    page.reload()
    assert page.input_value('#q-gpu-answer') == 'a graphics processing unit' and not last.is_visible()
    page.press('#q-gpu-answer', 'Control+Enter')
    assert 'Suggested: right' in page.inner_text('#q-gpu output') and last.is_visible() and 'a graphics card' not in last.inner_text()
    last.locator('summary').click()
    assert 'a graphics card' in last.inner_text()
    page.click('#due')
    page.check('#q-gpu input[value=right]')
    assert page.inner_text('#q-gpu .next').startswith('Well done. Asked again in 1 day.') and page.inner_text('#due-says') == 'Done: nothing else is due now, 1 later today.'
    assert kept()['answer'] == 'a graphics processing unit' and 'again' not in kept() and 'due now' not in page.inner_text('#q-gpu h2')
    page.click('#q-gpu .next button')
    assert kept()['answer'] == 'a graphics card' and kept()['again'] == 'a graphics processing unit' and not page.query_selector('#q-gpu input:checked')
    page.check('#q-gpu input[value=right]')
    page.clock.set_system_time(NOON + timedelta(minutes=16))
    page.click('#q-gpu h2')
    assert page.is_visible('#q-head') and page.input_value('#q-head-answer') == '', 'what becomes due comes in'
    page.press('#q-head .more summary', '3')
    assert json.loads(page.evaluate("localStorage.getItem('bears-quiz-1')"))['head']['answer'] == 'the last layers', 'marked without a word: the last answer stays'
    page.click('#due')
    assert page.locator('section.card:visible').count() == 35 and page.inner_text('#due').startswith('Due now: 0, next ')

@in_browser
def test_what_another_tab_marks_is_not_asked_anew_here(page):
    page.clock.set_system_time(NOON)
    page.fill('#q-gpu-answer', 'a graphics card')
    page.check('#q-gpu input[value=wrong]')
    page.clock.set_system_time(NOON + timedelta(minutes=11))
    page.reload()
    other = page.context.new_page()
    other.goto(page.url)
    assert page.input_value('#q-gpu-answer') == other.input_value('#q-gpu-answer') == ''
    other.fill('#q-gpu-answer', 'many sums at once')
    page.wait_for_function("document.getElementById('q-gpu-answer').value === 'many sums at once'")
    other.check('#q-gpu input[value=right]')
    page.wait_for_function("document.querySelector('#q-gpu input[value=right]').checked")
    page.click('#q-gpu .open')
    assert page.input_value('#q-gpu-answer') == 'many sums at once' and 'due now' not in page.inner_text('#q-gpu h2') and page.is_visible('#q-gpu .last')

def gpu_asked_anew(page) -> None:
    "The question is due, and asked anew; with a time that the page's clock has."
    page.clock.set_system_time(NOON)
    page.fill('#q-gpu-answer', 'a graphics card')
    page.check('#q-gpu input[value=wrong]')

def kept_gpu(page) -> dict: return json.loads(page.evaluate("localStorage.getItem('bears-quiz-1')"))['gpu']

@in_browser
def test_a_mark_in_a_tab_that_was_opened_before_the_time_does_not_ask_again_at_once(page):
    "And what was typed anew in another tab stays, in the answer."
    gpu_asked_anew(page)
    page.clock.set_system_time(NOON + timedelta(minutes=11))
    other = page.context.new_page()
    other.clock.set_system_time(NOON + timedelta(minutes=11))
    other.goto(page.url)
    other.fill('#q-gpu-answer', 'many sums at once')
    page.wait_for_function("localStorage.getItem('bears-quiz-1').includes('many sums at once')")
    page.wait_for_timeout(200)
    page.check('#q-gpu input[value=right]')
    assert 'again' not in kept_gpu(page) and kept_gpu(page)['answer'] == page.input_value('#q-gpu-answer') == 'a graphics card\n\nmany sums at once'
    page.reload()
    assert page.is_checked('#q-gpu input[value=right]') and 'due now' not in page.inner_text('#q-gpu h2')

def gpu_typed_anew(page):
    "It is due, and another answer stands in its box, not marked yet."
    gpu_asked_anew(page)
    page.clock.set_system_time(NOON + timedelta(minutes=11))
    page.reload()
    page.fill('#q-gpu-answer', 'many sums at once')

@in_browser
def test_a_schedule_that_says_later_ends_the_asking_anew(page, tmp_path):
    gpu_typed_anew(page)
    card = {**kept_gpu(page)['card'], 'due': (NOON + timedelta(days=5)).isoformat()}
    page.set_input_files('#take', {'name': 'x.json', 'mimeType': 'application/json', 'buffer': json.dumps({'gpu': card}).encode()})
    page.wait_for_function("document.getElementById('schedule-says').textContent === '1 card came in.'")
    assert 'due now' not in page.inner_text('#q-gpu h2') and page.is_checked('#q-gpu input[value=wrong]') and 'Asked again in 5 days' in page.inner_text('#q-gpu .next')
    assert 'again' not in kept_gpu(page) and kept_gpu(page)['answer'] == page.input_value('#q-gpu-answer') == 'a graphics card\n\nmany sums at once'

@in_browser
def test_what_was_typed_anew_is_in_the_saved_file_and_waits_until_the_question_is_due(page, tmp_path):
    gpu_typed_anew(page)
    with page.expect_download() as download: page.click('#save')
    download.value.save_as(file := tmp_path/'answers.md')
    assert {e.id: e.answer for e in read_markdown(file.read_text('utf-8'), load_questions(1))[0]} == {'gpu': 'many sums at once'}
    page.evaluate("due => { const all = JSON.parse(localStorage.getItem('bears-quiz-1')); all.gpu.card.due = due; localStorage.setItem('bears-quiz-1', JSON.stringify(all)); }", (NOON + timedelta(days=5)).isoformat())
    page.reload()
    assert page.input_value('#q-gpu-answer') == 'a graphics card' and 'due now' not in page.inner_text('#q-gpu h2') and page.is_checked('#q-gpu input[value=wrong]')

ANSWERS = {'gpu': ('a <graphics> card & "more"\n\n- ✅ 3. not a question\n  indented', 'right'), 'head': ('CORRECTION: no\nNIT: \\', 'partly'),
    'cleannb': ('notes of mine', 'wrong'), 'uat': ('&lt;theorem&gt; 🐻', ''), 'perceptron': ('', 'right'), 'gpuwhy': ('they work in parallel', 'right')}

@in_browser
def test_the_saved_file_is_the_page_that_the_package_reads(page, tmp_path):
    for id, (answer, mark) in ANSWERS.items():
        page.fill(f'#q-{id}-answer', answer)
        if mark and answer: page.check(f'#q-{id} .marks input[value={mark}]')
        elif mark: page.press(f'#q-{id} summary >> nth=0', '3')   # right, in the head
    with page.expect_download() as download: page.click('#save')
    assert download.value.suggested_filename == 'chapter1-answers.md'
    download.value.save_as(file := tmp_path/'answers.md')
    entries, unknown = read_markdown(file.read_text('utf-8'), load_questions(1))
    assert {e.id: (e.answer, e.final) for e in entries} == {id: (tidy(answer), mark) for id, (answer, mark) in ANSWERS.items()} and not unknown
    assert file.read_text('utf-8') == markdown_page([Entry(id, answer, final=mark) for id, (answer, mark) in ANSWERS.items()], load_questions(1))
    quiz = Quiz(1, folder=tmp_path/'quiz')
    assert quiz.take(file) == len(ANSWERS) and latest(quiz.session)['gpu'].grade == 'right'

@in_browser
def test_answers_of_an_earlier_page_still_load(page):
    page.evaluate("localStorage.setItem('bears-quiz-1', JSON.stringify({gpu: {answer: 'a card', mark: 'partly'}, need: {}}))")
    page.reload()
    assert page.input_value('#q-gpu-answer') == 'a card' and page.is_checked('#q-gpu input[value=partly]') and page.inner_text('#count').startswith('1 of')
    page.on('dialog', lambda dialog: dialog.accept())
    page.click('#clear')
    page.wait_for_function("document.getElementById('count').textContent.startsWith('0 of')")
    assert page.input_value('#q-gpu-answer') == ''

junk = ['5', '"text"', 'null', '[]', '[{"answer": 1}]', '{"gpu": 5}', '{"gpu": "text"}', '{"gpu": null}', '{"gpu": [1]}', '{"gpu": {"answer": {"a": 1}, "mark": ["right"]}}', '{"gpu": {"answer": 7, "mark": "best"}}', '{"gpu"', '']

@in_browser
@pytest.mark.parametrize('kept', junk)
def test_what_another_program_left_in_the_browser_does_no_harm(page, kept):
    page.evaluate("kept => localStorage.setItem('bears-quiz-1', kept)", kept)
    page.reload()
    assert page.input_value('#q-gpu-answer') == '' and page.inner_text('#count').startswith('0 of')
    page.fill('#q-gpu-answer', 'a card')
    page.check('#q-gpu input[value=partly]')
    page.reload()
    assert page.input_value('#q-gpu-answer') == 'a card' and page.inner_text('#count').startswith('1 of')

refusals = {'denied': "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('', 'SecurityError'); }})", 'absent': "Object.defineProperty(window, 'localStorage', {value: null})",
            'full': "Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); }", 'deaf': "Storage.prototype.getItem = () => { throw new Error(); }"}

@in_browser
@pytest.mark.parametrize('kind', refusals)
def test_without_a_place_to_keep_answers_the_page_works(page, kind):
    page.add_init_script(refusals[kind])
    page.reload()
    page.fill('#q-gpu-answer', 'it computes many things at once')
    page.click('#q-gpu button.first')
    page.wait_for_function("document.querySelector('#q-gpu output').textContent.includes('Suggested')")
    page.check('#q-gpu input[value=partly]')
    assert page.inner_text('#count').startswith('1 of')

JS = json.dumps(str(root/'bears_lib/data/questions/page.js'))

@pytest.mark.skipif(not shutil.which('node'), reason='needs node')
def test_the_browser_s_schedule_is_python_s():
    "600 cards, each answered up to twelve times with waits from seconds to years, some of them begun by an older page: the same due times and states."
    import fsrs
    from bears_lib.engine.quiz.schedule import scheduler
    draw, ours, two_steps = random.Random(4), scheduler(), fsrs.Scheduler(enable_fuzzing=False)
    chains, expected, began = [], [], []
    for k in range(600):
        when, card, chain, cards = datetime(2026, 1, 1, tzinfo=timezone.utc), fsrs.Card(card_id=1), [], []
        if k % 3 == 0: card, _ = two_steps.review_card(card, fsrs.Rating(draw.randint(2, 3)), when)  # as an older page kept it
        began.append(card.to_dict() if k % 3 == 0 else None)
        for _ in range(draw.randint(1, 12)):
            when += timedelta(seconds=int(10**draw.uniform(0, 7.5)))
            chain.append([draw.randint(1, 4), int(when.timestamp()*1000)])
            card, _ = ours.review_card(card, fsrs.Rating(chain[-1][0]), when)
            cards.append(card.to_dict())
        chains.append(chain)
        expected.append(cards)
    assert {(card or {}).get('step') for card in began} == {None, 0, 1}
    code = f"const m = require({JS}); console.log(JSON.stringify(JSON.parse(require('fs').readFileSync(0)).map(([card, chain]) => {{ card = m.cardOf(card); return chain.map(([rating, when]) => card = m.review(card, rating, when)); }})));"
    found = json.loads(subprocess.run(['node', '-e', code], input=json.dumps(list(zip(began, chains))), capture_output=True, text=True, check=True, timeout=60).stdout)
    for ours, theirs in zip(found, expected):
        for a, b in zip(ours, theirs):
            assert (a['state'], a['step'], datetime.fromisoformat(a['due'])) == (b['state'], b['step'], datetime.fromisoformat(b['due']))
            assert a['stability'] == pytest.approx(b['stability'], rel=1e-9) and a['difficulty'] == pytest.approx(b['difficulty'], rel=1e-9)

@pytest.mark.skipif(not shutil.which('node'), reason='needs node')
def test_the_schedule_goes_into_the_browser_and_back(tmp_path):
    quiz = Quiz(1, folder=tmp_path/'a')
    quiz.go('gpu').answer('a graphics processing unit')
    quiz.go('head').answer('the first layer')
    cards = quiz.write(tmp_path/'cards.json').read_text('utf-8')
    code = f"""const m = require({JS}), [text, odd] = JSON.parse(require('fs').readFileSync(0)), state = {{gpu: {{}}, head: {{}}}}, n = m.takeCards(text, state);
        const refused = odd.map(each => {{ try {{ m.takeCards(each, state); return false; }} catch (error) {{ return true; }} }});
        console.log(JSON.stringify([n, refused, {{gpu: state.gpu.card, head: m.review(state.head.card, 4, Date.parse(state.head.card.due))}}]));"""
    rows = json.loads(cards)
    odd = ['', '[]', 'null', '{}', '{"x": 1}', cards.replace('gpu', 'bear'), json.dumps({'gpu': {**rows['gpu'], 'stability': None}}), json.dumps({'gpu': {**rows['gpu'], 'due': 'soon'}}), json.dumps({'gpu': {**rows['gpu'], 'state': 9}})]
    n, refused, back = json.loads(subprocess.run(['node', '-e', code], input=json.dumps([cards, odd]), capture_output=True, text=True, check=True, timeout=60).stdout)
    assert n == 2 and all(refused) and back['gpu']['stability'] == rows['gpu']['stability'] and back['head']['state'] == 2
    (tmp_path/'back.json').write_text(json.dumps(back), 'utf-8')
    other = Quiz(1, folder=tmp_path/'b')
    assert other.take(tmp_path/'back.json') == 2
    from bears_lib.engine.quiz.schedule import cards as cards_of
    assert cards_of(other.session)['head'].difficulty == pytest.approx(back['head']['difficulty'])

@in_browser
def test_a_mark_is_remembered_replaced_and_taken_back(page, tmp_path):
    next_time = '#q-gpu .next'
    assert not page.is_visible(next_time) and page.inner_text('#due') == 'Due now: 0'
    page.press('#q-gpu summary >> nth=0', '3')
    good = page.inner_text(next_time)
    page.press('#q-gpu summary', '4')
    easy = page.inner_text(next_time)
    assert 'in 2 days' in good and 'in 8 days' in easy and page.is_checked('#q-gpu input[value=right]')
    page.press('#q-gpu summary', '1')
    assert 'in 10 minutes.' in page.inner_text(next_time) and page.is_checked('#q-gpu input[value=wrong]') and waits(page, 1)
    page.fill('#q-head-answer', '')
    page.press('#q-head-answer', '4')
    assert page.input_value('#q-head-answer') == '4' and not page.is_visible('#q-head .next')
    with page.expect_download() as download: page.click('#save-schedule')
    download.value.save_as(file := tmp_path/'cards.json')
    quiz = Quiz(1, folder=tmp_path/'quiz')
    assert quiz.take(file) == 1
    page.click('#q-gpu .next button')
    assert not page.is_visible(next_time) and not page.query_selector('#q-gpu input:checked')
    quiz.go('head').answer('the first layer')
    page.set_input_files('#take', quiz.write(tmp_path/'both.json'))
    page.wait_for_selector('#q-head .next:not([hidden])')
    assert 'Asked again' in page.inner_text('#q-head .next') and waits(page, 2)
    page.set_input_files('#take', {'name': 'x.json', 'mimeType': 'application/json', 'buffer': b'{"bear": 1}'})
    page.wait_for_function("document.getElementById('schedule-says').textContent.includes('nothing was changed')")

@in_browser
def test_two_tabs_keep_what_each_of_them_wrote(page):
    "The older tab replaces only the question that is answered there."
    other = page.context.new_page()
    other.goto(page.url)
    other.fill('#q-head-answer', 'the last part')
    page.fill('#q-gpu-answer', 'many sums at once')
    page.check('#q-gpu input[value=right]')
    other.reload()
    assert other.input_value('#q-head-answer') == 'the last part' and other.input_value('#q-gpu-answer') == 'many sums at once' and other.is_checked('#q-gpu input[value=right]')

@in_browser
def test_an_open_page_shows_what_another_tab_did(page):
    "Answers, marks, what is due and what was deleted; and what is being typed stays."
    other = page.context.new_page()
    other.goto(page.url)
    page.fill('#q-gpu-answer', 'many sums at once')
    page.check('#q-gpu input[value=wrong]')
    other.wait_for_function("document.getElementById('q-gpu-answer').value === 'many sums at once' && document.querySelector('#q-gpu input[value=wrong]').checked")
    other.wait_for_function("document.getElementById('count').textContent.startsWith('1 of') && document.getElementById('due').textContent.startsWith('Due now: 0, ')")
    assert 'Asked again' in other.inner_text('#q-gpu .next') and not other.get_by_role('button', name='Undo').is_visible(), 'what another tab did is not taken back here'
    other.focus('#q-head-answer')
    other.keyboard.type('the last part')
    page.wait_for_function("document.getElementById('q-head-answer').value === 'the last part'")
    page.evaluate("localStorage.setItem('bears-quiz-1', '{\"gpu\"')")
    page.check('#q-head input[value=right]')
    assert other.input_value('#q-head-answer') == 'the last part' and other.input_value('#q-gpu-answer') == 'many sums at once'
    page.evaluate('localStorage.clear()')
    other.focus('#q-areas-answer')
    other.wait_for_function("document.getElementById('count').textContent.startsWith('0 of') && document.getElementById('q-gpu-answer').value === ''")

@in_browser
def test_a_schedule_that_is_taken_in_keeps_what_another_tab_wrote(page, tmp_path):
    quiz = Quiz(1, folder=tmp_path)
    quiz.go('head').answer('the first layer')
    cards = quiz.write(tmp_path/'cards.json')
    page.add_init_script("addEventListener('storage', event => event.stopImmediatePropagation(), true)")   # a page that was asleep hears nothing
    page.reload()
    other = page.context.new_page()
    other.goto(page.url)
    other.fill('#q-gpu-answer', 'many sums at once')
    other.check('#q-gpu input[value=right]')
    page.set_input_files('#take', cards)
    page.wait_for_selector('#q-head .next:not([hidden])')
    assert page.inner_text('#schedule-says') == '1 card came in.' and waits(page, 1)
    other.reload()
    assert other.input_value('#q-gpu-answer') == 'many sums at once' and other.is_checked('#q-gpu input[value=right]')
    assert re.search('Asked again|Due now', other.inner_text('#q-head .next'))

@in_browser
def test_a_schedule_comes_in_where_nothing_can_be_kept(page, tmp_path):
    quiz = Quiz(1, folder=tmp_path)
    quiz.go('head').answer('the first layer')
    page.add_init_script(refusals['denied'])
    page.reload()
    page.set_input_files('#take', quiz.write(tmp_path/'cards.json'))
    page.wait_for_function("document.getElementById('schedule-says').textContent === '1 card came in.'")
    assert waits(page, 1)

@in_browser
@pytest.mark.parametrize('width', [390, 360])
def test_what_is_due_stands_beside_the_count_on_a_phone(page, width):
    page.set_viewport_size({'width': width, 'height': 800})
    for text in ('Due now: 35', 'Due now: 12, 12 later today', 'Due now: 0, next 28 Nov', 'Show all 35'):
        page.evaluate("text => { document.getElementById('due').textContent = text; document.getElementById('count').textContent = '35 of 35 marked'; }", text)
        due, count = (page.locator(where).bounding_box() for where in ('#due', '#count'))
        assert due['height'] < 50 and due['y'] < count['y'] + count['height']/2 < due['y'] + due['height'] and due['x'] >= count['x'] + count['width'] and due['x'] + due['width'] <= width

@in_browser
def test_two_pages_of_one_s_own_chapter_keep_their_answers_apart(page, tmp_path):
    "And what an earlier version kept of that chapter is found."
    from test_questionnaire import OWN
    (file := tmp_path/'ours.toml').write_text(OWN, 'utf-8')
    for name in ('one', 'two'): (tmp_path/f'{name}.html').write_text(question_page(file), 'utf-8')
    def at(name): page.goto((tmp_path/f'{name}.html').as_uri())
    at('one')
    page.fill('#q-loop-answer', 'a loop')
    at('two')
    assert page.input_value('#q-loop-answer') == ''
    page.fill('#q-loop-answer', 'a ring')
    at('one')
    assert page.input_value('#q-loop-answer') == 'a loop'
    page.evaluate("localStorage.clear(); localStorage.setItem('bears-quiz-3', JSON.stringify({loop: {answer: 'old', mark: 'right'}}))")
    page.reload()
    assert page.input_value('#q-loop-answer') == 'old' and page.is_checked('#q-loop input[value=right]')
