"The page on which a reader sees how far they have come: in the browser, and the same in Python."
import json, re, shutil, subprocess
from datetime import datetime, timedelta, timezone

import pytest

from bears_lib.engine.core.common import BearsError, bears
from bears_lib.engine.core.paths import exercise_counts, keep_solved, solved_exercises
from bears_lib.engine.quiz.exports import post_page
from bears_lib.engine.quiz.grading import load_questions
from bears_lib.engine.quiz.question_pages import write_question_page
from bears_lib.engine.quiz.quiz_terminal import course_standing, course_text, take_course, write_course
from bears_lib.engine.quiz.schedule import page_rows
from bears_lib.engine.quiz.sessions import Entry, Session, latest
from bears_lib.questionnaire import Quiz
from conftest import in_browser, root

needs_node = pytest.mark.skipif(not shutil.which('node'), reason='node is not installed: apt-get install nodejs')
assets = root/'tools/site'

@pytest.fixture(scope='module')
def site(tmp_path_factory):
    "The pages that are about a reader's own course, in the site's frame, without the rest of the site: test_docs_site has all of it."
    pytest.importorskip('smalldocs', reason='smalldocs needs Python 3.11')
    import site_pages as pages
    site = tmp_path_factory.mktemp('site')
    (site/'site_libs').mkdir()
    for name in ('theme.js', 'site.js', 'frame.css', 'read.css', 'bear.svg'): shutil.copy(assets/name, site/'site_libs')
    frame = pages.Frame(pages.course(root/'nbs'), pages.lessons(root/'nbs'), {}, 'https://example.org/bears_lib')
    for chapter in (1, 2): write_question_page(site/f'questions{chapter}.html', chapter)
    pages.question_pages(site, frame)
    pages.your_course(site, frame)
    each = frame.chapters[1]
    (site/each.page).write_text(frame.page(each.page, each.title, each.promise, f'<h1>{each.title}</h1>{pages.steps(each, frame.chapters, "")}'), encoding='utf-8')
    return site

@pytest.fixture(scope='module')
def data(site) -> dict: return json.loads(re.search(r'id="course-data">(.*?)</script>', (site/'your-course.html').read_text(encoding='utf-8'))[1])

@pytest.fixture(scope='module')
def address(site):
    from take_shots import serve
    server = serve(site)
    yield f'http://127.0.0.1:{server.server_port}/bears_lib/'
    server.shutdown()

def test_the_page_is_small_and_knows_all_there_is(data):
    assert (assets/'course.js').stat().st_size < 15_000
    assert [len(quiz['questions']) for quiz in data['quizzes']] == [35, 31]
    assert {each['stem']: each['exercises'] for each in data['chapters'] + data['lessons'] if each['exercises']} == exercise_counts()

# ---- The script, without a browser ----

def in_node(data:dict, steps:str, given=None):
    "What the steps return: `data`, `given` and the functions of both scripts are there."
    code = f"""Object.assign(globalThis, require({json.dumps(str(root/'bears_lib/data/questions/page.js'))}));
        const COURSE = require({json.dumps(str(assets/'course.js'))}), {{read, understand, merge, everything, standing, post}} = COURSE, [data, given] = JSON.parse(require('fs').readFileSync(0));
        const nothing = () => read(() => null, data);
        console.log(JSON.stringify((() => {{ {steps} }})()));"""
    done = subprocess.run(['node', '-e', code], input=json.dumps([data, given]), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)

def answered(folder) -> Quiz:
    "Chapter 1 with four questions: three attempts at one, a mark of one's own, a card from elsewhere, and an answer that is off."
    quiz, when = Quiz(1, folder=folder), datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
    def at(days:float) -> str: return (when + timedelta(days=days)).isoformat(timespec='seconds')
    quiz.session.append(Entry('gpu', 'a chip', 'wrong', when=at(0)), Entry('head', 'the last layers', 'partly', when=at(0)), Entry('gpu', 'a graphics card', 'right', when=at(.01), attempt=2),
                        Entry('head', 'the last layers', 'partly', final='right', when=at(0)), Entry('gpu', 'a graphics processing unit', 'right', when=at(3), attempt=3),
                        Entry('metric', '', card={'card_id': 1, 'state': 2, 'step': None, 'stability': 20.0, 'difficulty': 5.0, 'due': at(20), 'last_review': at(0)}),
                        Entry('hyper', 'what the metric is', 'wrong', when=at(1)[:19]))
    return quiz

@needs_node
def test_a_session_of_python_s_is_read_as_python_reads_it(data, tmp_path):
    quiz = answered(tmp_path)
    found = in_node(data, "const all = nothing(); merge(all, understand(given, data)); return everything(all).questions[1];", quiz.session.path.read_text('utf-8'))
    expected = page_rows(quiz.session)
    assert set(found) == set(expected) == {'gpu', 'head', 'metric', 'hyper'}
    for name, row in expected.items():
        assert (found[name]['answer'], found[name]['mark']) == (row['answer'], row['mark'])
        for key in ('due', 'last_review'): assert datetime.fromisoformat(found[name]['card'][key]) == datetime.fromisoformat(row['card'][key])
        assert found[name]['card']['stability'] == pytest.approx(row['card']['stability'])

@needs_node
def test_everything_goes_from_python_into_the_browser_and_back(data, tmp_path):
    quiz = answered(tmp_path/'a')
    keep_solved([('02_train', 1, True, '2026-01-01'), ('02_train', 3, True, '2026-01-02'), ('01_pets', 2, False, '2026-01-02')], tmp_path/'a')
    file = write_course(tmp_path/'course.json', tmp_path/'a')
    saved = in_node(data, "const all = nothing(); merge(all, understand(given, data)); all.read.add('train.html'); return everything(all);", file.read_text('utf-8'))
    assert saved['exercises'] == {'02_train': [1, 3]} and saved['read'] == ['train.html']
    (tmp_path/'back.json').write_text(json.dumps(saved), 'utf-8')
    assert take_course(tmp_path/'back.json', tmp_path/'b') == (6, 0)
    other = Quiz(1, folder=tmp_path/'b').session
    expected = page_rows(quiz.session)
    for name, row in page_rows(other).items():
        assert (row['answer'], row['mark']) == (expected[name]['answer'], expected[name]['mark'])
        assert datetime.fromisoformat(row['card']['due']) == pytest.approx(datetime.fromisoformat(expected[name]['card']['due']), abs=timedelta(milliseconds=2))
    assert solved_exercises(tmp_path/'b')['02_train'] == {1, 3}
    lines = (tmp_path/'b'/'chapter1.jsonl').read_text('utf-8').count('\n')
    assert take_course(tmp_path/'back.json', tmp_path/'b') == (0, 6) and (tmp_path/'b'/'chapter1.jsonl').read_text('utf-8').count('\n') == lines
    assert take_course(tmp_path/'back.json', tmp_path/'a') == (0, 6) and latest(Quiz(1, folder=tmp_path/'a').session)['gpu'].attempt == 3

@needs_node
def test_the_later_mark_stands_and_nothing_newer_is_lost(data):
    told = in_node(data, """const early = review(null, 1, Date.parse('2026-01-01')), late = review(early, 3, Date.parse('2026-02-01'));
        const of = (answer, mark, card) => { const all = nothing(); Object.assign(all.questions[1].gpu, {answer, mark, card}); return all; };
        const joined = (mine, theirs) => [merge(mine, theirs), mine.questions[1].gpu.answer, mine.questions[1].gpu.mark];
        return [joined(of('old', 'wrong', early), of('new', 'right', late)), joined(of('new', 'right', late), of('old', 'wrong', early)), joined(of('typed', '', null), of('other', '', null)),
                joined(of('', '', null), of('other', '', null)), joined(of('mine', '', null), of('', '', late)), joined(of('draft', '', null), of('marked', 'right', late))];""")
    assert told == [[{'came': 1, 'stayed': 0}, 'new', 'right'], [{'came': 0, 'stayed': 1}, 'new', 'right'], [{'came': 0, 'stayed': 1}, 'typed', ''],
                    [{'came': 1, 'stayed': 0}, 'other', ''], [{'came': 1, 'stayed': 0}, 'mine', ''], [{'came': 1, 'stayed': 0}, 'marked\n\ndraft', 'right']]

@needs_node
def test_what_was_typed_anew_and_not_marked_yet_comes_along_and_is_not_lost(data):
    told = in_node(data, """const early = review(null, 1, Date.parse('2026-01-01')), late = review(early, 3, Date.parse('2026-02-01'));
        const of = (answer, again, card) => { const all = nothing(); Object.assign(all.questions[1].gpu, {answer, mark: 'right', card, ...again && {again}}); return all; };
        const saved = all => understand(JSON.stringify(everything(all)), data);
        const joined = (mine, theirs) => { merge(mine, saved(theirs)); const {answer, again} = mine.questions[1].gpu; return [answer, again ?? null]; };
        return [joined(of('old', 'anew', early), of('new', '', late)), joined(of('old', 'anew', early), of('', '', late)), joined(nothing(), of('old', 'anew', early)), joined(of('old', '', early), of('old', 'anew', early)),
                joined(of('old', 'mine', early), of('old', 'theirs', early)), joined(of('new', '', late), of('old', 'anew', early)), joined(of('old', 'same', early), of('new', 'same', late)),
                post(data, of('old', 'anew', early)).includes('anew')];""")
    assert told == [['new\n\nanew', None], ['old\n\nanew', None], ['old', 'anew'], ['old', 'anew'], ['old', 'mine'], ['new', None], ['new', 'same'], True]

@needs_node
def test_what_is_no_file_of_ours_is_refused_and_odd_parts_of_one_are_left_out(data):
    refused = ['', 'null', '5', '[]', '{}', '"text"', '{"course": 2}', '{"course": "1"}', '{"session": 1, "chapter": 9}', '{"session": 7, "chapter": 1}', '{"bear": {"card_id": 1}}', '{"notebook": "nowhere", "exercise": 1, "right": true}', '\0\xff', '[' * 5000]
    odd = [{'course': 1}, {'course': 1, 'read': 'train.html', 'exercises': [1], 'questions': 5}, {'course': 1, 'read': ['nowhere.html', 5, None], 'exercises': {'02_train': [0, 99, 1.5, '2', None], '__proto__': [1]}, 'questions': {'1': {'gpu': {'answer': 5, 'mark': 'best', 'card': {'card_id': 'x'}}, 'x': {}}, '9': {}}}]
    told = in_node(data, """return given.map(text => { try { const all = nothing(), done = merge(all, understand(text, data)); return [done.came, Object.keys(everything(all).questions[1]).length]; } catch (error) { return error instanceof Error && error.constructor === Error ? error.message : String(error.stack); } });""",
                   [*refused, *map(json.dumps, odd)])
    assert all(isinstance(each, str) and re.match('it |this page ', each) for each in told[:len(refused)]), told
    assert told[len(refused):] == [[0, 0]]*len(odd)

@needs_node
def test_the_markdown_is_what_bears_post_writes(data):
    texts = {'gpu': 'a <graphics> card & "more"\n\n```\nx\n```', 'need': 'CORRECTION: no\nNIT: \\', 'head': ''}
    marks = {'gpu': 'right', 'need': 'partly', 'head': 'wrong'}
    found = in_node(data, "const all = nothing(); for (const id in given[0]) Object.assign(all.questions[1][id], {answer: given[0][id], mark: given[1][id]}); const bare = post(data, all); all.read.add('train.html'); all.exercises['02_train'].add(1); return [bare, post(data, all)];", [texts, marks])
    entries = [Entry(id, text, final=marks[id]) for id, text in texts.items()]
    assert found[0] == post_page([(entries, load_questions(1)), ([], load_questions(2))])
    assert found[1] == found[0] + '\n## Read and solved\n\n- Training a classifier: read, 1 of 6 exercises solved\n'

# ---- In Python ----

def test_python_tells_the_same_in_words(tmp_path):
    quiz = answered(tmp_path)
    keep_solved([('02_train', 1, True, '2026-01-01')], tmp_path)
    standing = course_standing(tmp_path)
    assert standing['exercises']['02_train'] == (1, exercise_counts()['02_train']) and standing['chapters']['1']['due_now'] == 4
    text = course_text(standing)
    assert text.startswith('Questions of chapter 1: 3 of 35 answered: 2 right, 0 partly, 1 not yet. Due now: 4.') and '02_train: 1 of' in text and 'Look again at' in text
    assert quiz.summary()['right'] == 2

def test_what_is_due_later_today_is_not_due_now(tmp_path):
    "As on the page and with --due; the next time is the one after now."
    quiz = Quiz(1, folder=tmp_path)
    quiz.go('gpu').answer('no idea')
    standing = course_standing(tmp_path)['chapters']['1']
    later = datetime.fromisoformat(standing['next_due']) - datetime.now(timezone.utc)
    assert standing['due_now'] == len(quiz.due()) == 0 and timedelta(minutes=8) < later <= timedelta(minutes=10)
    assert f'Due now: 0. Next due: {standing["next_due"][:10]}.' in course_text(course_standing(tmp_path))

def test_the_command_says_writes_and_takes(tmp_path, capsys):
    answered(tmp_path/'a')
    def done(*words): return bears(['quiz', '--progress', '--json', *map(str, words)]), json.loads(capsys.readouterr().out)
    code, told = done('--folder', tmp_path/'a', '--write', tmp_path/'c.json')
    assert code == 0 and told['chapters']['1']['answered'] == 3 and (tmp_path/'c.json').is_file()
    code, told = done('--folder', tmp_path/'b', '--take', tmp_path/'c.json')
    assert code == 0 and (told['taken'], told['chapters']['1']['answered']) == (4, 3)
    assert 'leave 1 out' in json.loads((bears(['quiz', '1', '--progress', '--json']), capsys.readouterr().out)[1])['error']
    assert 'Which chapter?' in json.loads((bears(['quiz', '--json']), capsys.readouterr().out)[1])['error']
    assert 'bears post' in done('--folder', tmp_path/'b', '--write', tmp_path/'c.md')[1]['error']

@pytest.mark.parametrize('text', ['', '5', '[]', '{}', '{"course": 2}', '{"course": 1, "questions": 5}', '{"course": 1, "exercises": {"02_train": 5}}', '{"course": 1, "questions": {"1": []}}', '{"course": 1, "questions": {"1": {"gpu": {"answer": 5, "mark": ""}}}}',
                                  '{"course": 1, "questions": {"1": {"gpu": {"answer": "", "mark": "best"}}}}', '{"course": 1, "questions": {"1": {"gpu": {"answer": "x", "mark": "", "card": {"card_id": 1}}}}}', '[' * 9999])
def test_a_file_of_another_kind_is_a_sentence_and_changes_nothing(text, tmp_path):
    (tmp_path/'c.json').write_text(text, 'utf-8')
    with pytest.raises(BearsError) as said: take_course(tmp_path/'c.json', tmp_path/'quiz')
    assert 'c.json' in str(said.value) and not Session(tmp_path/'quiz'/'chapter1.jsonl', 1).entries

# ---- One reader's way, in a browser ----

@in_browser
def test_a_reader_answers_sees_it_takes_it_along_forgets_and_takes_it_in(address, browser, tmp_path):
    context, errors = browser.new_context(viewport={'width': 1366, 'height': 768}), []
    page = context.new_page()
    page.on('pageerror', lambda error: errors.append(str(error)))
    page.goto(address + 'gather.html')
    with page.expect_navigation(): page.get_by_role('link', name='Your course').first.click()
    assert 'Read 0 · What learning is' in page.inner_text('#next') and page.locator('#chapters tr', has_text='Gathering photos').locator('td').first.inner_text() == 'opened'
    page.goto(address + 'gather.html')
    page.get_by_role('button', name='I have read this').click()
    noon = datetime(2026, 3, 2, 12)
    page.clock.set_system_time(noon)
    page.goto(address + 'questions1.html')
    for id, text, mark in (('gpu', 'a graphics processing unit', 'right'), ('head', 'the first layer', 'wrong'), ('need', '', 'partly')):
        if text: page.fill(f'#q-{id}-answer', text)
        else: page.check('#q-need input[name=q-need-claim1][value=false]')
        page.check(f'#q-{id} .marks input[value={mark}]')
    page.goto(address + 'your-course.html')
    def tally(): return page.locator('#tally dd').all_inner_texts()
    reads = len(json.loads(page.locator('#course-data').inner_text())['lessons']) + 7
    exercises = sum(exercise_counts().values())
    assert tally() == [f'1 of {reads}', f'0 of {exercises}', '3 of 66', '0'] and page.locator('#chapters tr.read').count() == 1
    assert page.locator('#again li').all_inner_texts() == ['What deep learning needs: What deep learning is said to need (partly)', 'A body that others have trained: The head of a model (not yet)']
    assert page.locator('#answered tr').first.locator('td').all_inner_texts() == ['3 of 35', '1', '0', 'later today']
    page.clock.set_system_time(noon + timedelta(minutes=12))
    page.reload()
    assert tally()[3] == '1', 'the wrong one is due, the others later'
    page.clock.set_system_time(noon + timedelta(days=3))
    page.reload()
    page.set_input_files('#files', {'name': 'exercises.jsonl', 'mimeType': 'text/plain', 'buffer': b'{"notebook": "02_train", "exercise": 1, "right": true}\n{"notebook": "02_train", "exercise": 2, "right": false}\n{"noteb'})
    page.wait_for_function("document.getElementById('says').textContent === '1 came in.'")
    with page.expect_download() as download: page.click('#save-all')
    download.value.save_as(file := tmp_path/'course.json')
    with page.expect_download() as download: page.click('#save-post')
    download.value.save_as(tmp_path/'post.md')
    assert '3 of 35 answered: 1 right, 1 partly, 1 not yet.' in (tmp_path/'post.md').read_text('utf-8')
    before = tally()
    assert take_course(file, tmp_path/'quiz') == (4, 0) and latest(Quiz(1, folder=tmp_path/'quiz').session)['head'].grade == 'wrong'
    page.once('dialog', lambda dialog: dialog.dismiss())
    page.click('#forget')
    assert tally() == before
    page.evaluate("localStorage.setItem('bears-typed', '{}')")
    page.once('dialog', lambda dialog: dialog.accept())
    page.click('#forget')
    assert tally() == [f'0 of {reads}', f'0 of {exercises}', '0 of 66', '0'] and page.evaluate("Object.keys(localStorage).filter(key => key !== 'bears-theme')") == []
    page.goto(address + 'questions1.html')
    assert page.input_value('#q-gpu-answer') == ''
    page.goto(address + 'your-course.html')
    (other := tmp_path/'x.txt').write_text('nothing', 'utf-8')
    page.set_input_files('#files', [file, other])
    page.wait_for_function("document.getElementById('says').textContent.includes('came in')")
    assert page.inner_text('#says') == 'x.txt was not taken in: it is none of the files that are named here. 5 came in.' and tally() == before
    with page.expect_navigation(): page.locator('#next').get_by_role('link', name='3 questions of chapter 1 due now').click()
    assert page.locator('section.card:visible').count() == 3 and page.input_value('#q-gpu-answer') == '' and page.inner_text('#due') == 'Show all 35'
    page.click('#due')
    assert page.locator('section.card:visible').count() == 35
    page.goto(address + 'your-course.html')
    with page.expect_navigation(): page.locator('#next').get_by_role('link', name='32 questions of chapter 1').click()
    assert page.url.endswith('questions1.html#q-' + next(q.id for q in load_questions(1) if q.id not in ('gpu', 'head', 'need')))
    context.close()
    assert not errors

@in_browser
@pytest.mark.parametrize('width', [1366, 390])
def test_the_progress_of_a_question_page_stands_below_the_header(width, address, browser):
    page = browser.new_page(viewport={'width': width, 'height': 768})
    page.goto(address + 'questions1.html')
    page.evaluate('scrollTo(0, 2500)')
    head, top = (page.locator(where).bounding_box() for where in ('.site-head', '.top'))
    assert head['y'] == 0 and abs(top['y'] - head['height']) < 2
    page.goto(address + 'questions1.html#q-head')
    page.wait_for_function("scrollY > 500")
    assert page.locator('#q-head').bounding_box()['y'] >= sum(page.locator('.top').bounding_box()[side] for side in ('y', 'height'))
    page.close()

@in_browser
def test_a_beginner_sees_one_way_on_and_no_empty_part(address, browser):
    "And the headings of the drawer are as small as on every page."
    page = browser.new_page(viewport={'width': 1366, 'height': 768})
    page.goto(address + 'gather.html')
    small = page.locator('.site-drawer h2').first.evaluate('each => getComputedStyle(each).fontSize')
    page.evaluate('localStorage.clear()')
    page.goto(address + 'your-course.html')
    assert page.locator('.site-drawer h2').first.evaluate('each => getComputedStyle(each).fontSize') == small
    assert page.locator('#go a').all_inner_texts() == ['Begin: 0 · What learning is']
    assert not page.is_visible('#again-title') and page.locator('th:has-text("Read"):visible').count() == 0
    assert page.locator('label.button:has-text("Choose files")').is_visible() and page.locator('#files').evaluate('each => getComputedStyle(each).opacity') == '0'
    page.goto(address + 'questions1.html')
    page.fill('#q-head-answer', 'the body')
    page.check('#q-head input[value=wrong]')
    page.clock.set_system_time(datetime.now() + timedelta(minutes=11))
    page.goto(address + 'your-course.html')
    assert page.is_visible('#again-title') and page.locator('#go a').inner_text() == 'Continue: Answer the 1 question of chapter 1 due now'
    with page.expect_navigation(): page.click('#go a')
    assert page.url.endswith('questions1.html#due') and page.locator('section.card:visible').count() == 1
    page.close()

@in_browser
@pytest.mark.parametrize('width', [390, 320])
def test_on_a_phone_the_tables_fit_and_no_name_breaks(width, address, browser):
    page = browser.new_page(viewport={'width': width, 'height': 700})
    page.goto(address + 'your-course.html')
    assert page.evaluate('document.documentElement.scrollWidth') == width
    assert page.locator('#answered th').first.evaluate('each => each.querySelector("a").getClientRects().length') == 1
    page.close()

@in_browser
def test_two_tabs_lose_none_of_each_other_s_ticks(address, browser):
    "A tick is added to what stands now, and an open page shows the ticks of the other."
    context = browser.new_context()
    one, two = context.new_page(), context.new_page()
    one.add_init_script("addEventListener('storage', event => event.stopImmediatePropagation(), true)")   # a page that was asleep hears nothing
    for page in (one, two): page.goto(address + 'gather.html')
    two.evaluate("localStorage.setItem('bears-read', JSON.stringify(['train.html']))")
    one.wait_for_function("localStorage.getItem('bears-read')")   # what a page writes reaches the store of another after a moment
    one.get_by_role('button', name='I have read this').click()
    assert set(json.loads(one.evaluate("localStorage.getItem('bears-read')"))) == {'train.html', 'gather.html'}
    two.get_by_role('button', name='Not yet after all').wait_for()
    two.get_by_role('button', name='Not yet after all').click()
    assert json.loads(two.evaluate("localStorage.getItem('bears-read')")) == ['train.html']
    one.wait_for_function("localStorage.getItem('bears-read') === JSON.stringify(['train.html'])")
    context.close()

@in_browser
def test_a_file_may_be_dropped_anywhere(address, browser):
    page = browser.new_page()
    page.goto(address + 'your-course.html')
    page.evaluate("""() => { const files = new DataTransfer(); files.items.add(new File(['{"notebook": "01_pets", "exercise": 4, "right": true}'], 'exercises.jsonl'));
        document.querySelector('h1').dispatchEvent(new DragEvent('drop', {dataTransfer: files, bubbles: true, cancelable: true})); }""")
    page.wait_for_function("document.getElementById('says').textContent === '1 came in.'")
    assert page.locator('#lessons tr', has_text='Pets').locator('td').last.inner_text() == '1 of 5'
    page.close()

@in_browser
def test_it_is_printed_without_buttons_and_in_black_on_white(address, browser):
    context = browser.new_context(color_scheme='dark')
    page = context.new_page()
    page.goto(address + 'your-course.html')
    page.emulate_media(media='print')
    shown = page.evaluate("[...document.querySelectorAll('button, input, .site-head, .site-drawer, .site-foot')].filter(e => e.checkVisibility()).length")
    ink, ground = page.evaluate("[getComputedStyle(document.querySelector('h1')).color, getComputedStyle(document.body).backgroundColor].map(c => c.match(/\\d+/g).slice(0, 3).map(Number))")
    assert shown == 0 and page.is_visible('#tally') and page.is_visible('#chapters') and max(ink) < 60 and min(ground) > 200
    context.close()

@in_browser
def test_without_a_script_it_says_so(address, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + 'your-course.html')
    assert 'Without JavaScript' in page.inner_text('main') and page.locator('#tally').is_hidden()
    context.close()

@in_browser
@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('width', [1366, 360])
def test_no_barrier_and_no_scrolling_sideways(scheme, width, address, browser, node_modules):
    context = browser.new_context(color_scheme=scheme, viewport={'width': width, 'height': 768})
    page = context.new_page()
    page.goto(address + 'questions1.html')
    for id, mark in (('gpu', 'right'), ('head', 'wrong')):
        page.fill(f'#q-{id}-answer', 'an answer')
        page.check(f'#q-{id} input[value={mark}]')
    page.goto(address + 'your-course.html')
    page.evaluate((node_modules/'axe-core/axe.min.js').read_text(encoding='utf-8'))
    found = page.evaluate('axe.run()')['violations']
    needs = page.evaluate('document.documentElement.scrollWidth')
    context.close()
    assert not found, json.dumps([(each['id'], [node['html'][:150] for node in each['nodes'][:3]]) for each in found], indent=1)
    assert needs == width

@in_browser
@pytest.mark.parametrize('kept', ['5', '"text"', 'null', '[]', '{"gpu": 5}', '{"gpu"', ''])
def test_what_another_program_left_does_no_harm(kept, address, browser):
    context, errors = browser.new_context(), []
    page = context.new_page()
    page.on('pageerror', lambda error: errors.append(str(error)))
    page.goto(address + 'your-course.html')
    page.evaluate("kept => { for (const key of ['bears-read', 'bears-opened', 'bears-exercises', 'bears-quiz-1']) localStorage.setItem(key, kept); }", kept)
    page.reload()
    assert page.locator('#tally dd').all_inner_texts()[2:] == ['0 of 66', '0'] and not errors
    context.close()
