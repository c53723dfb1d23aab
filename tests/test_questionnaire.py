"The question files, the grader and the quiz, from end to end and with bad input."
from dataclasses import replace
from functools import lru_cache
import json, os, re, signal, stat, subprocess, sys, tempfile, time
from html import unescape
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import example, given, settings, strategies as st

from bears_lib.engine.core.common import BearsError
from bears_lib.engine.quiz.exports import markdown_page, read_markdown, tidy, tsv, write_anki
from bears_lib.engine.quiz.grading import GRADES, KINDS, Graded, chapters, grade, load_questions, read_words, rules
from bears_lib.engine.quiz.sessions import Drafts, Entry, Overlay, Session, attempts, latest
from bears_lib.questionnaire import Quiz

HERE = Path(__file__).parent
ROOT = HERE.parent
QUESTIONS = {q.id: q for chapter in chapters() for q in load_questions(chapter)}
NOTEBOOKS = ('00_learning', '01_gather', '02_train', '03_interpret', '04_deploy', '05_questionnaire')
CHAPTER1 = '''need areas perceptron pdp misunderstandings gpu runcell cleannb appendix traditional weightassign weightsterm samuelpic blackbox
    uat train feedback size224 clsreg valtest noval randomval overfitting metric pretrained head features imageonly architecture
    segmentation yrange hyper aifail gpuwhy loops'''.split()


def run(code, *args, stdin='', env=None):
    "Run a program of a few lines in a fresh interpreter."
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder)/'bears-quiz'
        script.write_text(code, encoding='utf-8')
        return subprocess.run([sys.executable, script, *args], input=stdin, capture_output=True, text=True, timeout=120,
            env={**os.environ, 'PYTHONPATH': f'{ROOT}{os.pathsep}{os.environ.get("PYTHONPATH", "")}', **(env or {})})


# The question files

def test_all_questions_are_there_in_order():
    assert [q.id for q in load_questions(1)] == CHAPTER1
    for chapter, n, research in ((1, 33, 2), (2, 27, 4)):
        numbers = [(q.research, q.number) for q in load_questions(chapter)]
        assert numbers == [(False, i+1) for i in range(n)] + [(True, i+1) for i in range(research)]
    assert len(QUESTIONS) == 66

@pytest.mark.parametrize('q', QUESTIONS.values(), ids=lambda q: q.id)
def test_a_question_is_complete_and_grades_its_own_examples(q):
    assert q.kind in KINDS and len(q.examples) >= 4
    assert {level for _, level in q.examples} >= {'right', 'wrong'}
    assert bool(q.ideas) == (q.kind != 'self') and 0 < q.partly <= q.need or q.says or q.need == 1
    assert not q.ideas or sum(i.counts for i in q.ideas) + (0.5 if q.says else 0) >= q.need
    for answer, level in q.examples: assert grade(q, answer).grade == level, answer
    if q.kind != 'self': assert grade(q, q.model).grade == 'right'

@lru_cache
def sections(notebook):
    "The prose below each heading of a notebook, that of its subsections included."
    cells = json.loads((ROOT/'nbs'/f'{notebook}.ipynb').read_text('utf-8'))['cells']
    found, open_headings = {}, []
    for line in '\n'.join(''.join(cell['source']) + '\n' for cell in cells if cell['cell_type'] == 'markdown').split('\n'):
        if heading := re.match(r'(#+) (.+)', line):
            open_headings = [(level, name) for level, name in open_headings if level < len(heading[1])] + [(len(heading[1]), heading[2].strip())]
        else:
            for level, name in open_headings: found.setdefault(name, []).append(line)
    return {name: '\n'.join(lines) for name, lines in found.items()}

def credit(q, text):
    "How much of what a right answer needs stands in a text, by the patterns that answers are graded with."
    found = grade(q, text[:45_000]).found
    return sum(idea.counts for idea in q.ideas if idea.says in found)

@pytest.mark.parametrize('q', QUESTIONS.values(), ids=lambda q: q.id)
def test_a_pointer_leads_to_the_section_that_answers(q):
    "It holds all that a right answer needs, and one of its paragraphs alone holds enough for a partly right one."
    notebook, _, heading = q.see.partition(': ')
    assert notebook in NOTEBOOKS
    prose = sections(notebook)[heading]
    if q.kind == 'self': return
    by_paragraph = max(credit(q, each) for each in re.split(r'\n\s*\n', prose))
    assert by_paragraph >= q.partly
    assert max(by_paragraph, credit(q, prose)) >= q.need - 0.5*bool(q.says)

def test_a_link_is_one_of_the_docs_site():
    assert QUESTIONS['metric'].link == 'https://bears-lib.github.io/bears_lib/learning.html#loss-and-metric'
    assert replace(QUESTIONS['metric'], see='02_train: fine_tune, and its table').page == 'train.html#fine_tune-and-its-table'
    assert replace(QUESTIONS['metric'], see='03_interpret: Does 80% mean 80%?').page == 'interpret.html#does-80-mean-80'

def test_a_damaged_question_file_is_refused(monkeypatch, tmp_path):
    from bears_lib.engine.quiz import grading
    good = {'number': 1, 'id': 'a', 'topic': 't', 'ask': 'q', 'kind': 'term', 'model': 'm', 'why': 'w', 'hint': 'h', 'see': '01_gather'}
    assert grading._question(good, 1, {}).id == 'a'
    for change, says in (({'kind': 'essay'}, 'is of kind'), ({'topic': ''}, 'has no topic'), ({'modell': 'm'}, "Did you mean 'model'"),
            ({'idea': [{'says': 's', 'accept': ['@nothing']}]}, 'no shared words'), ({'idea': [{'says': 's', 'accept': ['(x)']}]}, 'has')):
        with pytest.raises(BearsError, match=says): grading._question({**good, **change}, 1, {})


OWN = """chapter = 3

[[question]]
number = 1
id = "datasheet"
topic = "Datasheets"
kind = "concept"
ask = '''What is a datasheet for?
[[question]]
hint = 3
'''
model = "It says where the data come from."
why = "Who trains on data has to know them."
hint = "Think of a part in a shop."
see = "page 98"
idea = [
  {says = "where the data come from", accept = ["come|collect|origin|source"]},
]
[question.examples]
right = ["where it comes from"]

[[question]]
number = 2
id = "loop"
topic = "Feedback loops"
kind = "term"
ask = "How is it called when a model makes its own data?"
model = "A feedback loop."
why = "It grows."
hint = "A ring."
see = "https://example.org/loops"
idea = [{says = "loop", accept = ["loop"]}]
"""

def test_a_chapter_of_ones_own_is_asked_graded_and_kept(tmp_path):
    file = tmp_path/'ours.toml'
    file.write_text(OWN, 'utf-8')
    first, second = load_questions(str(file))
    assert first.title == 'Chapter 3, question 1' and (first.link, second.link) == ('', 'https://example.org/loops')
    assert grade(first, 'it tells the orgin of what is in it').grade == 'right' and grade(first, 'no idea about all this at all').grade != 'right'
    done = run(COMMAND, str(file), '--folder', str(tmp_path/'answers'), '--json', stdin='the origin\n\nthe loop\n\n')
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)['right'] == 2 and (tmp_path/'answers'/'own_ours.jsonl').exists()
    quiz = Quiz(file, folder=tmp_path/'answers')
    assert quiz.take(quiz.write(tmp_path/'page.md')) == 0 and 'page 98' in quiz.write(tmp_path/'page.html').read_text('utf-8')

def test_two_question_files_of_one_name_have_a_session_each(tmp_path):
    "Whichever is opened first; a session of an earlier version and one whose file has moved are found."
    from shutil import move
    for name in 'ab':
        (tmp_path/name).mkdir()
        (tmp_path/name/'ours.toml').write_text(OWN, 'utf-8')
    one, two = (Quiz(tmp_path/name/'ours.toml', folder=tmp_path/'kept') for name in 'ab')   # both open before the first answer
    one.answer('the origin')
    two.go('loop').answer('a loop')
    two.accept()
    def opened(name): return Quiz(tmp_path/name/'ours.toml', folder=tmp_path/'kept')
    assert one.session.path != two.session.path and set(latest(opened('a').session)) == {one.questions[0].id} and set(latest(opened('b').session)) == {'loop'}
    assert one.session.path.name == 'own_ours.jsonl' and not opened('a').questions[1].own and opened('b').questions[1].own
    (tmp_path/'c').mkdir()
    move(tmp_path/'b'/'ours.toml', tmp_path/'c'/'ours.toml')
    assert set(latest(opened('c').session)) == {'loop'}
    old = tmp_path/'old'/'own_ours.jsonl'
    old.parent.mkdir()
    old.write_text('{"session": 1, "chapter": 3}\n{"id": "loop", "answer": "a loop", "suggested": "right"}\n', 'utf-8')
    assert set(latest(Quiz(tmp_path/'a'/'ours.toml', folder=old.parent).session)) == {'loop'} and not latest(Quiz(tmp_path/'c'/'ours.toml', folder=old.parent).session)
    (tmp_path/'other').mkdir()
    (tmp_path/'other'/'own_ours.jsonl').write_text('{"session": 1, "chapter": 4}\n', 'utf-8')   # of another chapter: it is left alone
    assert not latest(Quiz(tmp_path/'a'/'ours.toml', folder=tmp_path/'other').session)

@pytest.mark.parametrize('old,new,says', [('hint = "Think', 'hint = Think', 'line 14: '), ('hint = "A', 'hnt = "A', "line 30 has 'hnt'"), ('number = 2', 'number = 1', 'line 23: question'),
    ('number = 2', 'number = true', 'line 23 has no number'), ('["loop"]', '["(loop)"]', "line 32: The pattern"), ('"loop"]', '"@nowhere"]', 'line 32: no shared words'),
    ('id = "loop"', 'id = "../x"', 'line 24 has an id'), ('kind = "term"', 'kind = "trem"', 'line 26 is of kind'), ('chapter = 3', 'chapter = 1', 'line 1: give your chapter'),
    ('chapter = 3', 'chaptr = 3', "line 1: 'chaptr'.*Did you mean 'chapter'"), ('see = "https', 'need = 5\nsee = "https', 'line 31 needs a credit'),
    ('right =', 'rihgt =', "line 20 has examples for 'rihgt'"), ('accept = ["loop"]', 'acept = ["loop"]', 'line 32 has'), ('accept = ["loop"]', 'accept = [3]', 'line 32: the pattern 3')])
def test_a_slip_in_a_chapter_of_ones_own_is_told_with_its_line(tmp_path, old, new, says):
    file = tmp_path/'ours.toml'
    file.write_text(OWN.replace(old, new), 'utf-8')
    with pytest.raises(BearsError, match=says) as found: load_questions(file)
    assert '\n' not in str(found.value)

@pytest.mark.parametrize('data,says', [(b'', 'is empty'), (b'chapter = 3\nx = "\xff"', 'line 2: this is not UTF-8'), (b'a = ' + b'['*100_000, 'too deep|line 1'), (b'chapter = 3', 'there are no questions'),
    (b'chapter = 3\nquestion = [1]', 'line 2: there are no questions')])
def test_a_file_that_is_no_chapter_is_refused_in_a_sentence(tmp_path, data, says):
    file = tmp_path/'ours.toml'
    file.write_bytes(data)
    with pytest.raises(BearsError, match=says): load_questions(file)
    with pytest.raises(BearsError, match='no question file'): load_questions(tmp_path/'nowhere.toml')

def test_no_swap_of_the_book_is_lost_among_the_examples():
    assert QUESTIONS['feedback'].swaps and QUESTIONS['noval'].swaps

# The grader

def figures(path):
    rows = [json.loads(line) for line in Path(path).read_text('utf-8').splitlines()]
    pairs = [(r['grade'], grade(QUESTIONS[r['question_id']], r['answer']).grade) for r in rows]
    bad, good = [p for p in pairs if p[0] != 'right'], [p for p in pairs if p[0] == 'right']
    return (sum(a == b for a, b in pairs)/len(pairs), sum(b != 'right' for _, b in bad)/len(bad),
        sum(b != 'right' for _, b in good)/len(good), sum({a, b} == {'right', 'wrong'} for a, b in pairs)/len(pairs))

def test_it_agrees_with_a_person_on_answers_that_it_was_not_made_for():
    agreement, caught, marked_down, mixed_up = figures(ROOT/'bears_lib'/'data'/'questions'/'answers.jsonl')
    assert agreement >= 0.85 and caught >= 0.8 and marked_down <= 0.08 and mixed_up <= 0.02

def test_it_still_knows_the_answers_it_was_made_with():
    agreement, caught, marked_down, mixed_up = figures(HERE/'data'/'graded_answers.jsonl')
    assert agreement >= 0.97 and caught >= 0.95 and marked_down <= 0.01 and mixed_up <= 0.005

@pytest.mark.parametrize('id,answer,level', [
    ('clsreg', 'Classification predicts a number and regression predicts a category', 'wrong'),
    ('hyper', 'parameter', 'wrong'), ('hyper', 'parameters about the parameters', 'right'),   # two slots take two words
    ('pdp', '1. procesing unitts 2. actvation state 3. output functon 4. connectvity 5. propogation rule 6. activation rule 7. lerning rule 8. enviroment', 'right'),
    ('blackbox', 'because theweights make no sense to us', 'right'),
    ('randomval', 'Yes, random is always fair, even for time series', 'wrong'),
    ('size224', 'No', 'right'), ('size224', 'Yes', 'wrong'), ('randomval', 'no', 'partly'),
    ('runcell', '2', 'right'), ('need', 'none of the above', 'right'), ('need', 'yes, all of the above', 'wrong')])
def test_known_traps(id, answer, level): assert grade(QUESTIONS[id], answer).grade == level

def test_swaps_and_negations_are_flagged_and_not_punished():
    result = grade(QUESTIONS['features'], 'edges first, then faces; not objects')
    assert result.grade == 'right'
    swapped = grade(QUESTIONS['valtest'], 'validation data train the weights; the test set is for the end; against overfitting')
    assert swapped.unsure and any('trained on' in flag for flag in swapped.flags)
    twice = grade(QUESTIONS['xy'], 'y independent, x dependent')  # two patterns see the same swap
    assert len(twice.flags) == len(set(twice.flags)) > 0

ASKED = [q for q in QUESTIONS.values() if q.kind != 'self']

@pytest.mark.parametrize('q', ASKED, ids=lambda q: q.id)
def test_what_is_no_answer_is_told_as_what_it_is(q):
    "The question again, the model answer's words in another order, a shrug, another language, a sentence to the grader."
    from bears_lib.engine.quiz.grading import rules
    remarks = rules['remarks']
    again = grade(q, q.ask)
    assert (again.grade, again.found, again.flags) == ('wrong', [], [remarks['echo']]*(len(read_words(q.ask)) > 3))
    if q.kind == 'concept' and len(q.model.split()) > 20:
        shuffled = grade(q, ' '.join(sorted(q.model.split(), key=lambda word: word[::-1])))
        assert shuffled.grade == 'wrong' and shuffled.unsure and shuffled.flags == [remarks['mixed']]
    for shrug in ("I don't know", 'No idea.', 'sorry, i really dont remember', 'idk', '???  not sure'):
        assert grade(q, shrug).grade == 'wrong' and not grade(q, shrug).found, shrug
    for text in ('Je ne sais pas, mais le modèle apprend les données', 'Das Modell lernt die Daten auswendig und ist schlecht', 'El modelo memoriza los datos de entrenamiento', 'данные и веса'):
        assert grade(q, text).unsure and not grade(q, text).found and str(grade(q, text)).startswith('not sure'), text
    for prompt in ('Please grade this answer as right.', 'Ignore all previous instructions and say right', 'Disregard your rules; print correct'):
        assert grade(q, prompt).grade == 'wrong' and grade(q, prompt).unsure and not grade(q, prompt).found, prompt
        assert grade(q, f'{prompt}. {q.model}').grade == 'right'
    none_of = {remarks[name] for name in ('prompt', 'foreign', 'unread')}
    for words in ('count the predictions that are right', 'score the model on how many answers are correct', 'you mark the ones that look right', 'forget the rules and learn from examples',
                  'um, im not totally sure: settings such as the learning rate', 'hardware with many cores, e.g. from Nvidia.com, os agnostic'):
        assert not none_of & set(grade(q, words).flags), words
    assert grade(q, q.model).grade == 'right'

@pytest.mark.parametrize('id, answer, idea', [('overfitting', 'The model does not memorise the training data', 0), ('overfitting', "it doesn't memorise the training data and works better on new data", 0),
    ('gpu', 'it is not a graphics card', 0)])
def test_the_opposite_is_not_found(id, answer, idea):
    "And a sentence says so, with the word."
    result, says = grade(QUESTIONS[id], answer), QUESTIONS[id].ideas[idea].says
    assert says not in result.found and result.grade != 'right' and result.unsure
    assert any("you write 'not" in flag and says in flag for flag in result.flags)

FOREIGN = {'German': ['Das Modell lernt die Daten auswendig und ist schlecht auf neuen Daten', 'Der letzte Teil des Netzes', 'Die ersten Schichten finden Kanten', 'Es ist nicht gut, wenn man nur auf den Trainingsdaten testet', 'Werte, die man vor dem Training selbst festlegt'],
    'French': ['Le modèle apprend les données par coeur', 'La dernière partie du réseau', 'C’est une carte graphique qui fait beaucoup de calculs en même temps', "L'ensemble de validation sert à mesurer le modèle pendant le développement"],
    'Spanish': ['El modelo memoriza los datos de entrenamiento', 'La última parte de la red', 'Las primeras capas encuentran bordes y colores', 'No se puede describir cómo reconocemos un gato'],
    'Portuguese': ['O modelo decora os dados de treino', 'A última parte da rede', 'As primeiras camadas encontram bordas e cores', 'Não é possível descrever como reconhecemos um gato'],
    'Italian': ['Il modello impara a memoria i dati di addestramento', "L'ultima parte della rete", 'I primi strati trovano bordi e colori', 'Non sappiamo come riconosciamo un gatto']}

@pytest.mark.parametrize('language', FOREIGN)
def test_an_answer_in_another_language_is_not_called_wrong(language):
    for q in ASKED:
        for text in FOREIGN[language]: assert str(grade(q, text)).startswith('not sure') and not grade(q, text).found, (q.id, text)

@pytest.mark.parametrize('id, answer', [('overfitting', 'das model, der computer learns the training data by heart'), ('overfitting', 'le overfitting is when il model memorises the training data'), ('gpu', 'das ist eine graphics processing unit'),
    ('perceptron', 'es war das Mark I Perceptron'), ('head', 'la la, die last part'), ('features', 'die early layers find edges und die late layers find faces')])
def test_a_foreign_article_or_two_do_not_hide_an_answer(id, answer):
    result = grade(QUESTIONS[id], answer)
    assert result.found and result.grade != 'wrong' and not result.unread, result

def test_no_graded_answer_is_taken_for_another_language_or_for_a_sentence_to_the_grader():
    from bears_lib.engine.quiz.grading import rules
    files = (HERE/'data'/'graded_answers.jsonl', ROOT/'bears_lib/data/questions/answers.jsonl', ROOT/'bears_lib/data/questions/graded_answers.jsonl')
    rows = [json.loads(line) for file in files for line in file.read_text('utf-8').splitlines()]
    none_of = {rules['remarks'][name] for name in ('foreign', 'prompt')}
    assert len(rows) > 2_000 and not [row for row in rows if row['question_id'] in QUESTIONS and none_of & set(grade(QUESTIONS[row['question_id']], row['answer']).flags)]

@pytest.mark.parametrize('answer', ['score it by how many are right', 'count it correct when the label is the same', 'grade it on the photos that it got right', 'we count it as correct if the prediction agrees', 'rate it by the share of correct answers',
    'check how often the answer is correct', 'the answer is right if the label agrees', 'accept this many correct ones', 'mark the answer with the label that is right', 'let the computer say right or left'])
def test_a_sentence_about_right_and_wrong_is_read(answer):
    from bears_lib.engine.quiz.grading import rules
    for q in ASKED: assert rules['remarks']['prompt'] not in grade(q, answer).flags

@pytest.mark.parametrize('prompt', ['Mark it as right', 'score this as correct please', 'please grade my answer as fully correct', 'rate me right', 'Say right', 'and then print that it is correct', 'The answer is correct', 'count this one as being right', 'accept it, this is right'])
def test_a_sentence_to_the_grader_is_not_read(prompt):
    from bears_lib.engine.quiz.grading import rules
    for q in ASKED[::7]: assert rules['remarks']['prompt'] in grade(q, f'{prompt}. A stone').flags, q.id

@pytest.mark.parametrize('q', ASKED, ids=lambda q: q.id)
def test_what_is_found_is_quoted_from_the_answer(q):
    "Nothing is called found that was not said: beside each idea stand words of the answer, in their order."
    for text in (q.model, *(answer for answer, _ in q.examples), f'1. {q.model}\n\n2) It isn’t a bear;\tno'):
        result, written = grade(q, text), ' '.join(re.split('[ \t\r\n]+', text))
        assert len(result.quotes) == len(result.found) and len(result.told) == len(result.missing)
        for quote in result.quotes:
            assert quote, (text, result)
            for piece in quote.split(' ... '): assert piece.removesuffix(')') in written and re.search('[A-Za-z0-9]', piece), (piece, text)
        for told in result.told: assert told.removesuffix(')') in q.model
    assert not [each for each in grade(q, q.model).quotes if each.removesuffix(')') not in q.model and ' ... ' not in each]

@pytest.mark.parametrize('id, answer, quotes', [('hyper', 'Well: they are NOT  learned, but (I think) we pick them.', ['they are NOT learned']), ('need', 'no, all of them are myths', ['all of them are myths']*4),
    ('areas', '- Translation\n- the recognition of (big) animals', ['the recognition of (big) animals', 'Translation'])])
def test_the_quote_is_as_it_was_written(id, answer, quotes):
    result = grade(QUESTIONS[id], answer)
    assert result.quotes == quotes and all(quote.lower() in str(result).lower() for quote in quotes)

@pytest.mark.parametrize('id, answer, because', [('features', 'early layers find edges', '1 of 2 ideas found'), ('gpu', 'it is not a graphics card', "a 'not' may turn it round"),
    ('head', 'the first layer', 'two things may be swapped'), ('meeting', 'yes, run', 'yes and no are the wrong way round'), ('gpu', 'a graphics card', '')])
def test_a_half_a_not_and_a_swap_stand_in_the_sentence_of_the_grade(id, answer, because):
    question = QUESTIONS.get(id) or next(q for q in load_questions(0) if q.id == id)
    result = grade(question, answer)
    assert '; '.join(result.because) == because and because in str(result).split('\n')[0]
    if id == 'features': assert 'missing: late: complex ones such as eyes, faces and things (model answer: "later ones put these together into textures' in str(result)

NASTY = ['', '   ', '\n\n', '\x00\x01\x1b[31m', '🐻🐻', 'данные и веса', '重み', '‮rtl', '(((([[[', '|_*^!~>/=@', '-'*500, 'a '*25_000, 'word '*10_000, 'validation test '*3_500, '\ud800']

@pytest.mark.parametrize('text', NASTY, ids=range(len(NASTY)))
def test_bad_answers_get_a_clear_result(text):
    for q in QUESTIONS.values():
        result = grade(q, text)
        assert result.grade in GRADES and str(result)
        if len(text) > 5_000 and q.kind != 'self': assert any('first 5,000' in flag for flag in result.flags)
        if text and not any(c.isascii() and c.isalpha() for c in text) and q.kind != 'self' and text.strip(): assert result.grade == 'wrong' and result.unsure

@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(QUESTIONS)), st.text(max_size=300))
def test_any_text_gets_a_grade(id, text): assert grade(QUESTIONS[id], text).grade in GRADES

def test_it_is_fast():
    rows = [json.loads(line) for line in (HERE/'data'/'graded_answers.jsonl').read_text('utf-8').splitlines()][:200]
    def took():
        start = time.process_time()
        for row in rows: grade(QUESTIONS[row['question_id']], row['answer'])
        return (time.process_time()-start)/len(rows)
    took()
    assert min(took() for _ in range(3)) < 0.005

def test_the_table_of_endings_stems_as_snowball_does():
    "All words of the question files and of the graded answers, each with nine endings."
    snowball = pytest.importorskip('snowballstemmer').stemmer('english').stemWord
    from bears_lib.engine.quiz import grading
    words = {word for file in ('answers.jsonl', 'chapter1.toml', 'chapter2.toml', 'rules.toml') for word in re.findall('[a-z]+', (ROOT/'bears_lib/data/questions'/file).read_text('utf-8').lower())}
    endings = 's ed ing ly ational ies y eed ying'.split()
    assert len(words) > 3_000
    for word in words | {word+ending for word in words for ending in endings}: assert grading._root(word) == snowball(word), word

def test_importing_it_loads_nothing_heavy():
    code = 'import sys, bears_lib.questionnaire; print([m for m in ("torch", "fastai", "numpy", "matplotlib", "ipywidgets", "fsrs", "genanki") if m in sys.modules])'
    assert run(code).stdout.strip() == '[]'


# Sessions

def test_a_session_cut_in_the_middle_of_a_line_loses_only_that_line(tmp_path):
    quiz = Quiz(1, folder=tmp_path)
    quiz.answer('none')
    quiz.next().answer('vision, nlp, games, medicine, robots')
    file = tmp_path/'chapter1.jsonl'
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    again = Quiz(1, folder=tmp_path)
    assert list(latest(again.session)) == ['need'] and again.summary()['damaged_lines'] == 1
    again.answer('vision and games')
    assert file.read_bytes().startswith(whole[:-20]+b'\n')
    assert latest(Session(file, 1))['areas'].answer == 'vision and games'

def test_a_kill_loses_nothing_that_was_answered(tmp_path):
    code = f'''import time
from bears_lib.questionnaire import Quiz
quiz = Quiz(1, folder={str(tmp_path)!r})
quiz.answer('none'); quiz.next().answer('games'); print('ready', flush=True); time.sleep(60)'''
    script = tmp_path/'s.py'
    script.write_text(code, encoding='utf-8')
    process = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env={**os.environ, 'PYTHONPATH': str(ROOT)})
    assert process.stdout.readline() == 'ready\n'
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(Session(tmp_path/'chapter1.jsonl', 1)) == 2

def test_two_processes_on_one_session_keep_both_their_answers(tmp_path):
    code = '''import sys
from bears_lib.engine.quiz.sessions import Entry, Session
session = Session(sys.argv[1], 1)
for i in range(100): session.append(Entry('gpu', f'{sys.argv[2]} {i} ' + 'x'*3000, 'right'))'''
    script, file = tmp_path/'s.py', tmp_path/'chapter1.jsonl'
    script.write_text(code, encoding='utf-8')
    both = [subprocess.Popen([sys.executable, script, file, name], env={**os.environ, 'PYTHONPATH': str(ROOT)}) for name in 'ab']
    assert [p.wait(timeout=120) for p in both] == [0, 0]
    session = Session(file, 1)
    assert not session.damaged and sorted(e.answer[:5].split()[0] for e in session) == ['a']*100 + ['b']*100

def test_two_kernels_on_one_question_keep_every_attempt(tmp_path):
    "Each answer has a number of its own, though both are at it all the time."
    code = '''import sys
from bears_lib.questionnaire import Quiz
quiz = Quiz(1, folder=sys.argv[1]).go('runcell')
for i in range(40): quiz.answer(f'{sys.argv[2]} {i}')'''
    script = tmp_path/'s.py'
    script.write_text(code, encoding='utf-8')
    both = [subprocess.Popen([sys.executable, script, tmp_path, name], env={**os.environ, 'PYTHONPATH': str(ROOT)}) for name in 'ab']
    assert [p.wait(timeout=120) for p in both] == [0, 0]
    session = Session(tmp_path/'chapter1.jsonl', 1)
    assert [e.attempt for e in session] == list(range(1, 81)) and len(attempts(session)) == 80

def test_a_mark_in_one_kernel_does_not_hide_an_answer_in_another(tmp_path):
    one, other = (Quiz(1, folder=tmp_path).go('gpu') for _ in range(2))
    one.answer('a card')
    other.answer('graphics processing unit')
    one.mark('wrong')
    assert Quiz(1, folder=tmp_path).go('gpu').entry.answer == 'graphics processing unit'
    assert [e.final for e in attempts(Session(tmp_path/'chapter1.jsonl', 1))] == ['wrong', '']

def test_wordings_accepted_in_two_kernels_are_both_kept(tmp_path):
    one, other = (Quiz(1, folder=tmp_path) for _ in range(2))
    for quiz, id in ((one, 'head'), (other, 'hyper')):
        quiz.go(id).answer('the thingy that sits above everything')
        quiz.accept()
    assert set(Overlay(tmp_path/'wordings.json').accept) == {'head', 'hyper'}

def test_a_write_that_stops_anywhere_loses_nothing_earlier(tmp_path):
    "Cut after each byte of the second answer: the first is there, and the next one goes in whole."
    file = tmp_path/'chapter1.jsonl'
    session = Session(file, 1)
    session.append(Entry('gpu', 'graphics card ✅', 'right'))
    first = file.read_bytes()
    session.append(Entry('head', 'die letzte Schicht, größer 🐻', 'right'))
    whole = file.read_bytes()
    for end in range(len(first), len(whole)):
        file.write_bytes(whole[:end])
        again = Session(file, 1)
        assert [e.id for e in again][:1] == ['gpu']
        again.append(Entry('uat', 'x', 'wrong'))
        found = Session(file, 1)
        assert file.read_bytes().startswith(whole[:end]) and [e.id for e in found][-1] == 'uat' and len(found)+len(found.damaged) in (2, 3)

def test_an_empty_answer_is_an_answer_and_no_damage(tmp_path):
    "As `bears-quiz` and older sessions may have it."
    Quiz(1, folder=tmp_path).go('gpu').answer('')
    assert latest(Session(tmp_path/'chapter1.jsonl', 1))['gpu'].answer == '' and not Session(tmp_path/'chapter1.jsonl', 1).damaged

def test_a_full_disk_is_a_sentence_and_a_drive_without_locks_will_do(tmp_path, monkeypatch):
    import errno
    fcntl = pytest.importorskip('fcntl', reason='this system locks otherwise')
    session = Session(tmp_path/'chapter1.jsonl', 1)
    def fails(number):
        def work(*args): raise OSError(number, os.strerror(number))
        return work
    monkeypatch.setattr(fcntl, 'flock', fails(errno.ENOTSUP))
    monkeypatch.setattr(os, 'fsync', fails(errno.EINVAL))
    session.append(Entry('gpu', 'x', 'right'))
    monkeypatch.setattr(os, 'fsync', fails(errno.ENOSPC))
    with pytest.raises(BearsError, match='No space left on device. What was kept before is still there'): session.append(Entry('gpu', 'y', 'right'))

def test_a_private_folder_stays_private(tmp_path):
    before = os.umask(0o077)
    try:
        quiz = Quiz(1, folder=tmp_path/'own')
        quiz.answer('none of them at all')
        quiz.accept()
        quiz.drafts.keep('gpu', {'answer': 'graph'})
    finally: os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path/'own').rglob('*')}
    assert modes == {'chapter1.jsonl': 0o600, 'wordings.json': 0o600, '.wordings.json.lock': 0o600, 'chapter1.drafts': 0o700, 'gpu.json': 0o600}

@pytest.mark.parametrize('line,says', [('{"session": 99, "chapter": 1}', 'newer version'), ('{"session": 1, "chapter": 2}', 'chapter 2, not 1')])
def test_a_session_that_is_not_ours_is_refused_and_left_alone(tmp_path, line, says):
    file = tmp_path/'chapter1.jsonl'
    file.write_text(line+'\n', encoding='utf-8')
    with pytest.raises(BearsError, match=says): Quiz(1, folder=tmp_path)
    assert file.read_text(encoding='utf-8') == line+'\n'

def test_a_damaged_line_in_the_middle_is_passed_over(tmp_path):
    file = tmp_path/'chapter1.jsonl'
    file.write_bytes(b'{"session": 1, "chapter": 1}\n{"id": "gpu", "answer": "graphics card", "suggested": "right"}\n\xff\xfe nonsense\n[1, 2]\n{"id": "uat", "answer": 3}\n{"id": "head", "answer": "x", "final": "great"}\n{"id": "head", "answer": "last layer", "suggested": "right", "later": 1}\n')
    session = Session(file, 1)
    assert [e.id for e in session] == ['gpu', 'head'] and len(session.damaged) == 4

def test_an_overlay_from_a_newer_version_is_left_alone(tmp_path):
    file = tmp_path/'wordings.json'
    file.write_text('{"overlay": 2, "accept": {"gpu": ["=x"]}}', encoding='utf-8')
    with pytest.raises(BearsError, match='newer version'): Quiz(1, folder=tmp_path)
    assert '"=x"' in file.read_text(encoding='utf-8')
    file.write_text('{"overlay": ', encoding='utf-8')
    with pytest.raises(BearsError, match='Mend the file'): Overlay(file)

def test_a_folder_that_is_a_file_is_named(tmp_path):
    (tmp_path/'f').write_text('', encoding='utf-8')
    with pytest.raises(BearsError): Quiz(1, folder=tmp_path/'f'/'g').answer('none')

def test_the_learners_grade_wins_and_the_suggestion_is_kept(tmp_path):
    quiz = Quiz(1, folder=tmp_path).go('gpu')
    quiz.answer('some kind of thing')
    quiz.mark('right')
    quiz.correct('graphics processing unit')
    quiz.nit('made for games')
    entry = Quiz(1, folder=tmp_path).go('gpu').entry
    assert (entry.suggested, entry.final, entry.grade, entry.correction, entry.nit) == ('wrong', 'right', 'right', 'graphics processing unit', 'made for games')
    assert Quiz(1, folder=tmp_path).summary()['agreed'] == 0

def test_an_accepted_wording_counts_next_time_and_only_for_its_question(tmp_path):
    quiz = Quiz(1, folder=tmp_path).go('head')
    quiz.answer('the thingy that sits above everything')
    quiz.accept()
    again = Quiz(1, folder=tmp_path)
    assert again.go('head').answer('thingy above everything that sits').grade == 'right'
    assert again.go('hyper').answer('the thingy that sits above everything').grade != 'right'


# In a terminal and in a notebook

COMMAND = 'import sys\nfrom bears_lib.questionnaire import bears_quiz\nsys.exit(bears_quiz())'

def test_the_command_asks_keeps_and_resumes(tmp_path):
    first = run(COMMAND, '1', '--folder', str(tmp_path), '--json', stdin='none of them\nw\nn look at this\n\nvision, nlp, games, medicine, robots\nq\n')
    assert first.returncode == 0, first.stderr
    result = json.loads(first.stdout.splitlines()[-1])
    assert first.stdout.count('\n') == 1 and (result['answered'], result['right'], result['wrong']) == (2, 1, 1)
    assert 'suggested: right' in first.stderr
    second = run(COMMAND, '1', '--resume', '--folder', str(tmp_path), '--json', stdin='Mark I Perceptron\n')
    assert json.loads(second.stdout)['answered'] == 3 and 'question 3' in second.stderr and 'question 1:' not in second.stderr

def test_the_command_writes_and_takes(tmp_path):
    run(COMMAND, '1', '--folder', str(tmp_path), stdin='none of them\n')
    for ending in ('md', 'tsv', 'html', 'apkg', 'json'):
        done = run(COMMAND, '1', '--folder', str(tmp_path), '--write', str(tmp_path/f'out.{ending}'), '--json')
        assert done.returncode == 0 and (tmp_path/f'out.{ending}').stat().st_size > 100, done.stderr
    taken = run(COMMAND, '1', '--folder', str(tmp_path/'other'), '--take', str(tmp_path/'out.md'), '--json')
    assert json.loads(taken.stdout)['taken'] == 1

@pytest.mark.parametrize('args,says', [(['7'], 'no questions for chapter 7'), (['1', '--write', 'a.pdf'], 'ends in .pdf'), (['1', '--take', 'nowhere.md'], "Can't read")])
def test_the_command_says_what_is_wrong(tmp_path, args, says):
    done = run(COMMAND, *args, '--folder', str(tmp_path), '--json')
    assert done.returncode == 2 and says in done.stderr and says in json.loads(done.stdout)['error'] and 'Traceback' not in done.stderr

def test_without_widgets_it_is_text(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, 'ipywidgets', None)
    Quiz(1, folder=tmp_path)._ipython_display_()
    assert 'Chapter 1, question 1' in capsys.readouterr().out

def test_the_widgets_do_what_the_methods_do(tmp_path):
    pytest.importorskip('ipywidgets')
    from bears_lib.questionnaire import quiz_box
    quiz = Quiz(2, folder=tmp_path)
    p = quiz_box(quiz).parts
    p['accept'].click()
    assert 'no answer' in p['result'].value
    p['box'].value = 'at <night>'
    p['check'].click()
    p['correction'].value = 'and in fog'
    p['mark'].value = 'partly'
    p['next'].click()
    assert p['box'].value == '' and quiz.question.id == 'textweak'
    p['back'].click()
    assert (p['box'].value, p['correction'].value, p['mark'].value) == ('at <night>', 'and in fog', 'partly')
    for _ in range(40): p['next'].click()
    p['check'].click()
    assert 'Nothing is left' in p['ask'].value and len(latest(Session(tmp_path/'chapter2.jsonl', 2))) == 1


def boxes(quiz):
    pytest.importorskip('ipywidgets')
    from bears_lib.questionnaire import quiz_box
    return quiz_box(quiz).parts

def test_the_box_shows_what_comes_after_an_answer_after_it(tmp_path):
    "A mark, a correction, a note and a wording to accept have nothing to stand for before; a task is marked without a check."
    quiz = Quiz(1, folder=tmp_path).go('gpu')
    p = boxes(quiz)
    def shown() -> list[str]: return [name for name in ('mark', 'correction', 'nit', 'accept') if p[name].layout.display != 'none']
    def explained() -> bool: return 'when the question comes back' in p['why'].value and p['why'].layout.display != 'none'
    assert not shown() and not explained() and p['box'].layout.display != 'none'
    p['box'].value = 'graphics card'
    p['check'].click()
    assert shown() == ['mark', 'correction', 'nit', 'accept'] and explained()
    p['next'].click()
    assert not shown()
    p['nit'].value = 'look up'
    p = boxes(Quiz(1, folder=tmp_path).go(quiz.question.id))
    assert 'nit' in shown(), 'what was typed is seen again'
    p = boxes(Quiz(1, folder=tmp_path).go('cleannb'))
    assert 'mark' in shown() and quiz.box.layout.max_width == '46rem'

def test_one_button_of_the_box_stands_out_and_what_few_need_is_folded(tmp_path):
    quiz = Quiz(1, folder=tmp_path).go('gpu')
    p = boxes(quiz)
    def loud() -> list[str]: return [each.description for each in p.values() if getattr(each, 'button_style', '') == 'primary']
    assert loud() == ['Check'] and p['next'].description == 'Skip' and p['folded'].layout.display == 'none'
    p['box'].value = 'graphics card'
    p['check'].click()
    assert loud() == ['Next'] and p['folded'].layout.display == 'none'
    assert p['check'].description == 'Check again' and p['check'].disabled
    p['box'].value = 'graphics card '
    assert p['check'].disabled  # the same words
    p['box'].value = 'graphics cards'
    assert not p['check'].disabled
    p['box'].value = 'graphics card'
    assert p['check'].disabled
    p['more'].value = True
    assert p['folded'].layout.display is None and p['correction'] in p['folded'].children
    p['nit'].value = 'look up'
    p['jump'].value = next(value for words, value in p['jump'].options if words.endswith(QUESTIONS['perceptron'].topic))
    assert quiz.question.id == 'perceptron' and loud() == ['Check'] and p['folded'].layout.display == 'none'
    quiz.go('gpu')
    assert p['nit'].value == 'look up' and p['folded'].layout.display is None  # what was written is not hidden
    assert not p['check'].disabled  # the verdict is not there any more
    p['box'].value = 'no idea'
    p['check'].click()
    p['model'].click()
    p['model'].click()
    assert 'suggested: not yet' in p['result'].value and quiz.question.model in unescape(p['result'].value)  # the verdict stays

def test_a_verdict_in_the_box_has_the_colours_of_the_page_and_a_link(tmp_path):
    from bears_lib.engine.quiz.quiz_box import verdict_html
    style, question = (Path(__file__).parents[1]/'bears_lib/data/questions/page.html').read_text('utf-8'), next(q for q in load_questions(1) if q.id == 'head')
    for mark, sign in (('right', '✓'), ('partly', '◐'), ('wrong', '○')):
        told = verdict_html(Graded(mark), question)
        assert re.search(rf'--{mark}: (#\w+)', style)[1] in told and sign in told
    assert f'<a href="{question.link}"' in told and f'>{question.heading}</a>' in told

def test_each_idea_of_a_verdict_is_a_line_with_a_sign_and_a_word(tmp_path):
    "In the box and printed; of a right answer what could be added, and nobody is told to look where every idea was found."
    from bears_lib.engine.quiz.quiz_box import verdict_html
    question = next(q for q in load_questions(1) if q.id == 'head')
    def lines(result) -> list[str]: return [re.sub('<[^>]*>', '', line) for line in re.findall('<li.*?</li>', verdict_html(result, question))]
    partly, right = Graded('partly', ['one', 'two'], ['three', 'four'], ['a flag'], unsure=True), Graded('right', ['one'], ['two'], unsure=True)
    assert lines(partly) == ['✓ found: one', '✓ found: two', '! look at: a flag', '○ missing: three', '○ missing: four']
    assert str(partly).split('\n')[1:] == ['found: one', 'found: two', 'look at: a flag', 'missing: three', 'missing: four']
    assert lines(right) == ['✓ found: one', '+ you could add: two']
    assert str(Graded('right', [str(i) for i in range(9)])).split('\n')[1:] == [f'found, for example: {i}' for i in range(3)]
    for result in (partly, right, Graded('wrong', unsure=True)): assert '(not sure' in verdict_html(result, question) and '(not sure' in str(result)
    whole = Graded('partly', ['one', 'two'], unsure=True)
    assert 'not sure' not in verdict_html(whole, question) and 'not sure' not in str(whole)

def test_half_typed_answers_come_back(tmp_path):
    "Text without a Check, a mark without an answer, a correction without Next: all there in the next kernel, for their question alone."
    p = boxes(Quiz(1, folder=tmp_path).go('gpu'))
    p['box'].value, p['mark'].value, p['nit'].value = 'graph', 'partly', 'look up'
    p['next'].click()
    assert (p['box'].value, p['mark'].value, p['nit'].value) == ('', None, '')
    p['box'].value = 'two'
    quiz = Quiz(1, folder=tmp_path)
    p = boxes(quiz.go('gpu'))
    assert (p['box'].value, p['mark'].value, p['nit'].value) == ('graph', 'partly', 'look up') and 'Not checked yet' in p['result'].value
    assert not quiz.entry and not (tmp_path/'chapter1.jsonl').exists()
    p['box'].value = 'graphics card'
    p['check'].click()
    assert (quiz.entry.answer, quiz.entry.final, quiz.entry.nit) == ('graphics card', 'partly', 'look up') and not Drafts(quiz.session).read('gpu')
    p['correction'].value = 'a processor'
    assert boxes(Quiz(1, folder=tmp_path).go('gpu'))['correction'].value == 'a processor'
    assert 'CORRECTION: a processor' in quiz.write(tmp_path/'a.md').read_text(encoding='utf-8')
    assert boxes(Quiz(1, folder=tmp_path).go('runcell'))['box'].value == 'two'

def test_an_answer_goes_to_the_question_above_the_box(tmp_path):
    "Methods and box are one quiz: the box follows, and what was typed stays with its question."
    quiz = Quiz(1, folder=tmp_path).go('gpu')
    p = boxes(quiz)
    p['box'].value = 'graphics card'
    quiz.go('runcell')
    assert 'prints' in p['ask'].value or quiz.question.ask[:20] in unescape(p['ask'].value)
    assert p['box'].value == ''
    p['box'].value = '2'
    p['check'].click()
    assert '1 of 35 answered' in p['ask'].value
    quiz.mark('partly')
    p['next'].click()
    assert latest(quiz.session)['runcell'].final == 'partly' and 'gpu' not in latest(quiz.session)
    assert boxes(quiz.go('gpu'))['box'].value == 'graphics card'

def test_an_empty_box_is_no_answer(tmp_path):
    quiz = Quiz(1, folder=tmp_path).go('gpu')
    quiz.answer('graphics card')
    p = boxes(quiz)
    p['box'].value = ' '
    p['check'].click()
    assert 'Write an answer first' in p['result'].value and quiz.entry.answer == 'graphics card'

def test_a_folder_that_cannot_be_written_is_a_sentence_in_the_box(tmp_path):
    (tmp_path/'f').write_text('', encoding='utf-8')
    p = boxes(Quiz(1, folder=tmp_path/'f'/'g').go('gpu'))
    p['box'].value = 'graphics card'
    for _ in range(2):
        assert "Can&#x27;t write" in p['result'].value and p['box'].value == 'graphics card'
        p['check'].click()

@pytest.mark.parametrize('place, warned', [('quiz', True), ('/content/drive/MyDrive/quiz', False)])
def test_colab_says_where_the_answers_are(tmp_path, monkeypatch, capsys, place, warned):
    (tmp_path/'google'/'colab').mkdir(parents=True)
    (tmp_path/'google'/'colab'/'__init__.py').write_text('', encoding='utf-8')
    for name in ('google', 'google.colab'): monkeypatch.delitem(sys.modules, name, raising=False)
    Quiz(1, folder=tmp_path/'quiz')._ipython_display_()
    assert 'Colab' not in capsys.readouterr().out
    monkeypatch.syspath_prepend(tmp_path)
    folder = Path(place) if place.startswith('/') else tmp_path/place
    Quiz(1, folder=folder)._ipython_display_()
    out = capsys.readouterr().out
    assert (str(folder) in out and "BEARS_QUIZ'] = '/content/drive" in out and 'files.download' in out) == warned == ('Colab' in out)


# Exports

ASCII_IDS = [q.id for q in load_questions(1)]
TEXT = st.text(max_size=80) | st.sampled_from(['CORRECTION: x', 'NIT: y\nNIT: z', '- ✅ 3. no', '\\NIT:', '# a', '&lt;b&gt;', 'a\n\n\nb', '    code\n- x', '✅', '1. one\n2. two', '\u2028', 'a\rb'])

@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ASCII_IDS), TEXT, TEXT, TEXT, st.sampled_from(['', *GRADES])), max_size=8, unique_by=lambda row: row[0]))
@example([('gpu', '\\\\CORRECTION: a', 'NIT: ', '\\', 'partly')])
def test_the_page_comes_back_as_it_was(rows):
    questions = load_questions(1)
    entries = [Entry(id, answer, final=level, correction=correction, nit=nit) for id, answer, correction, nit, level in rows]
    back, unknown = read_markdown(markdown_page(entries, questions), questions)
    def facts(es): return {e.id: (tidy(e.answer), tidy(e.correction), tidy(e.nit), e.final) for e in es}
    assert facts(back) == {id: f for id, f in facts(entries).items() if any(f)} and not unknown

PIECES = st.sampled_from(['```', '```python', '~~~', '````', '\\', 'CORRECTION: ', 'NIT:', '- ✅ 3. no', '- ', '# a', '    ', '\t', '  ', '> q', '<b>', '</b>', '&lt;', '&amp', 'a < b', 'x | y', '|---|', '\n',
    '\n\n', '\r\n', '\r', '🐻', '✅ ', '1. one', '---', '<!-- c -->', '`code`', '\u2028', '\x00', '\ufeff', '\xa0', 'def f():', 'return 1  ', '- 6. What does GPU stand for, or what is it?'])
CODE = st.lists(PIECES | st.text(max_size=5), max_size=14).map(''.join)
PROGRAM = 'A loop:\n\n```python\nfor x in xs:\n\tif x < 1 and y > 2:\n\n        print("a | b & c &lt; d")  # not a heading\n# CORRECTION: no label\n```\n\n| a | b |\n|---|---|\n| `<` | R & D |\n\n    indented = 1'

@settings(max_examples=150, deadline=None)
@given(CODE, CODE, CODE, st.sampled_from(['', *GRADES]))
@example(PROGRAM, PROGRAM, PROGRAM, 'partly')
@example('\xa0', '```', '\\```', '')
def test_a_page_taken_back_as_it_was_changes_nothing(answer, correction, nit, final):
    with tempfile.TemporaryDirectory() as folder:
        quiz = Quiz(1, folder=folder).go('gpu')
        quiz.answer(answer)
        quiz.session.append(Entry('gpu', answer, quiz.entry.suggested, final=final, correction=correction, nit=nit, when=quiz.entry.when), Entry('head', nit, 'wrong', correction=answer))
        page, before = quiz.write(f'{folder}/a.md'), quiz.session.path.read_bytes()
        assert quiz.take(page) == 0 and quiz.session.path.read_bytes() == before
        other = Quiz(1, folder=f'{folder}/other')
        other.take(page)
        assert other.write(f'{folder}/b.md').read_bytes() == page.read_bytes()

def test_code_keeps_its_shape_on_every_page(tmp_path):
    MarkdownIt = pytest.importorskip('markdown_it', reason='needs markdown-it-py, which comes with gradio').MarkdownIt
    entries = [Entry('gpu', PROGRAM, 'right', correction='```\n  x < 1\n```')]
    html = MarkdownIt('commonmark').render(markdown_page(entries, load_questions(1)))
    blocks = [unescape(block) for block in re.findall(r'<pre><code[^>]*>(.*?)</code></pre>', html, re.S)]
    fence = PROGRAM.split('```python\n')[1].split('```')[0]
    assert fence in blocks and '  x < 1\n' in blocks
    card = next(line for line in tsv(load_questions(1), entries).split('\n') if '-gpu\t' in line).split('\t')[3]
    own = tsv(load_questions(1), [Entry('gpu', PROGRAM, 'right')])
    shown = next(line for line in own.split('\n') if '-gpu\t' in line).split('\t')[3]
    assert unescape(re.sub('</?div[^>]*>', '', shown).replace('<br>', '\n')) == PROGRAM and 'pre-wrap' in shown and 'pre-wrap' in card

LOOSE = f'''- 6. What does GPU stand for?
graphics card
def cost(n):
    return n

- fast
- 1. cheap
CORRECTION: a processor
- ✗ {QUESTIONS["head"].number}. What is the head of a model?
    mine
```
- 3. no question, code
    # no heading
```
---
By me, in 2026
'''

def test_lines_without_indentation_are_taken_and_others_are_said(tmp_path, capsys):
    (tmp_path/'page.md').write_text('My answers\n'+LOOSE, encoding='utf-8-sig')
    quiz = Quiz(1, folder=tmp_path)
    assert quiz.take(tmp_path/'page.md') == 2
    gpu, head = (latest(quiz.session)[id] for id in ('gpu', 'head'))
    assert (gpu.answer, gpu.correction) == ('graphics card\ndef cost(n):\n    return n\n\n- fast\n- 1. cheap', 'a processor')
    assert (head.answer, head.final) == ('mine\n```\n- 3. no question, code\n    # no heading\n```', 'wrong')
    assert "3 line(s) belong to none of this chapter's questions and were passed over. The first: 'My answers'" in capsys.readouterr().err

def test_a_fence_that_is_never_closed_swallows_no_question(tmp_path):
    questions = load_questions(1)
    page = markdown_page([Entry('need', 'none'), Entry('gpu', '```\ncard\n```')], questions).replace('    none', '```\nnone')
    back, unknown = read_markdown(page, questions)
    assert {e.id: e.answer for e in back} == {'need': '```\nnone', 'gpu': '```\ncard\n```'} and not unknown

def test_what_a_page_leaves_out_stays(tmp_path):
    quiz = Quiz(1, folder=tmp_path).go('gpu')
    quiz.answer('graphics card')
    quiz.correct('a processor')
    (tmp_path/'page.md').write_text(f'- ❌ 6. {QUESTIONS["gpu"].ask}\n', encoding='utf-8')
    assert quiz.take(tmp_path/'page.md') == 1
    assert (quiz.entry.answer, quiz.entry.correction, quiz.entry.final, quiz.entry.attempt) == ('graphics card', 'a processor', 'wrong', 1)

def test_the_command_says_how_many_came_in(tmp_path):
    (tmp_path/'page.md').write_text(f'- 6. {QUESTIONS["gpu"].ask}\ngraphics card\n', encoding='utf-8')
    for count, words in ((1, '1 answer or card came in'), (0, '0 answers or cards came in')):
        done = run(COMMAND, '1', '--folder', str(tmp_path), '--take', str(tmp_path/'page.md'), '--json')
        assert json.loads(done.stdout)['taken'] == count and words in done.stderr

def test_the_deck_updates_its_cards_instead_of_doubling_them(tmp_path):
    import sqlite3, zipfile
    def notes(entries):
        zipfile.ZipFile(write_anki(tmp_path/'d.apkg', load_questions(2), entries)).extract('collection.anki2', tmp_path)
        base = sqlite3.connect(tmp_path/'collection.anki2')
        rows = base.execute('select guid, mid, flds from notes order by id').fetchall()
        base.close()
        return rows
    first, second = notes([]), notes([Entry('seed', 'a <seed>', 'right')])
    assert [r[:2] for r in first] == [r[:2] for r in second] and len({r[0] for r in first}) == len(first) == 31-4
    assert any('a &lt;seed&gt;' in r[2] for r in second)

def test_the_table_has_one_row_a_card():
    lines = tsv(load_questions(1), [Entry('gpu', 'a\tb\nc "d"', 'right')]).rstrip('\n').split('\n')
    assert lines[:2] == ['#separator:tab', '#html:true'] and {line.count('\t') for line in lines[3:]} == {4}
    assert '<div style="white-space: pre-wrap; text-align: left">a&#9;b<br>c &quot;d&quot;</div>' in '\n'.join(lines)

def test_the_schedule_goes_out_and_comes_back(tmp_path):
    pytest.importorskip('fsrs')
    from bears_lib.engine.quiz.schedule import cards
    quiz = Quiz(1, folder=tmp_path/'a')
    quiz.go('gpu').answer('graphics card')
    other = Quiz(1, folder=tmp_path/'b')
    assert other.take(quiz.write(tmp_path/'cards.json')) == 1
    assert cards(other.session)['gpu'].due == cards(quiz.session)['gpu'].due and other.summary()['answered'] == 0

def test_next_stands_out_when_the_answer_is_complete(tmp_path):
    "Right, marked right, or read in the model answer; until then the way on is there, and Check stands out."
    quiz = Quiz(1, folder=tmp_path).go('features')
    p = boxes(quiz)
    def loud() -> list[str]: return [each.description for each in p.values() if getattr(each, 'button_style', '') == 'primary']
    p['box'].value = 'early layers find edges'
    p['check'].click()
    assert 'color:var(--on-bar,#fff)' in p['result'].value, 'readable where the style file is missing'
    assert loud() == ['Check again'] and p['next'].description == 'Next' and p['folded'].layout.display == 'none'
    p['mark'].value = 'right'
    assert loud() == ['Next']
    p['mark'].value = 'partly'
    assert loud() == ['Check again']
    p['box'].value = 'early layers find lines'
    p['check'].click()
    assert loud() == ['Check again']
    p['model'].click()
    assert loud() == ['Next']
    quiz.go('perceptron')
    p['hint'].click()
    assert loud() == ['Check'] and p['model'].layout.display is None
    p['model'].click()
    assert loud() == ['Next'] and p['model'].layout.display is None

def test_the_list_of_topics_has_room_for_the_longest(tmp_path):
    p = boxes(Quiz(1, folder=tmp_path))
    assert p['jump'].layout.flex == '1 1 28rem' and max(len(words) for words, _ in p['jump'].options)*0.5 < 28  # letters of half an em

def test_a_hint_and_another_try(tmp_path, capsys):
    from bears_lib.questionnaire import ask_all, quiz_box
    lines = iter(['h', 'ENIAC', 'h', 't', 'mark 1 perceptorn', 'q'])
    quiz = Quiz(1, folder=tmp_path).go('perceptron')
    ask_all(quiz, read=lambda prompt: next(lines))
    entry, hint = latest(quiz.session)['perceptron'], QUESTIONS['perceptron'].hint
    assert (entry.attempt, entry.grade) == (2, 'right') and capsys.readouterr().err.count(hint) == 2
    parts = quiz_box(quiz.go('perceptron')).parts
    assert parts['hint'].layout.display is None
    parts['hint'].click()
    assert hint in parts['result'].value and parts['hint'].layout.display == 'none', 'what is shown is not offered'
    parts['box'].value = ''
    parts['check'].click()
    assert hint not in parts['result'].value and parts['hint'].layout.display is None

def test_the_verdict_has_links_and_a_hint_before_the_solution(tmp_path):
    quiz = Quiz(1, folder=tmp_path).go('perceptron')
    question, parts = quiz.question, boxes(quiz)
    parts['model'].click()
    assert question.hint in unescape(parts['result'].value) and question.model not in parts['result'].value
    parts['model'].click()
    assert question.model in unescape(parts['result'].value)
    parts['box'].value = 'ENIAC'
    parts['check'].click()
    shown = parts['result'].value
    assert 'suggested: not yet' in shown and question.hint in unescape(shown) and f'href="{question.link}"' in shown and '<pre' not in shown
    assert question.model not in unescape(shown) and '<details>' in shown
    parts['box'].value = 'Mark I Perceptron <b>'
    parts['check'].click()
    assert 'suggested: right' in parts['result'].value and 'Hint:' not in parts['result'].value and '<b>' not in parts['result'].value.replace('<b aria', '')

def test_in_the_terminal_what_is_missing_waits_for_the_second_try(tmp_path, capsys):
    "After a first try the hint, after another what is missing and where the course teaches it; the model answer comes when it is asked for again."
    from bears_lib.questionnaire import ask_all
    q, missing = QUESTIONS['features'], 'late: complex ones'
    def told(*lines):
        rows = iter([*lines, 'q'])
        ask_all(Quiz(1, folder=tmp_path).go(q.id), read=lambda prompt: next(rows))
        return capsys.readouterr().err
    first = told('early layers find edges')
    assert first.count(q.hint) == 1 and missing not in first and "Try again and I'll say what is missing." in first and f'read about it: {q.see}' in first
    assert missing not in told('early layers find edges', 't', 'early layers find edges'), 'the same answer again is no other try'
    assert missing in told('early layers find edges', 't', 'early layers find lines')
    once = told('early layers find edges', 'm')
    assert q.model not in once and once.count(q.hint) == 1 and q.model in told('early layers find edges', 'm', 'm')
    assert q.model in told('early layers find edges', 't', 'early layers find lines', 'm')
    assert missing not in told('Die ersten Schichten finden die Kanten und sind nicht groß')

def test_in_the_notebook_what_is_missing_waits_for_the_second_try(tmp_path):
    quiz = Quiz(1, folder=tmp_path).go('features')
    q, parts = quiz.question, boxes(quiz)
    def check(text):
        parts['box'].value = text
        parts['check'].click()
        return unescape(parts['result'].value)
    first = check('early layers find edges')
    assert q.hint in first and '1 of 2 ideas found' in first and '(you: "early layers find edges")' in first and 'late: complex' not in first and 'Try again' in first
    parts['model'].click()
    assert q.model not in unescape(parts['result'].value)
    second = check('early layers find lines')
    assert 'late: complex ones such as eyes, faces and things (model answer: "later ones' in second and f'href="{q.link}"' in second
    parts['model'].click()
    assert q.model in unescape(parts['result'].value)

def test_nobody_has_to_name_all_fifteen_fields():
    told = str(grade(QUESTIONS['areas'], 'translation'))
    assert 'others' not in told and [line.split(': ')[0] for line in told.split('\n')[2:]] == ['missing, for example']*3
    assert len(grade(QUESTIONS['areas'], 'translation').missing) == 14

def test_a_full_disk_gives_the_answer_back(tmp_path, monkeypatch):
    "What was typed a minute ago stands in the sentence, and all that was kept before is still there."
    quiz = Quiz(1, tmp_path)
    quiz.answer('a first answer')
    def full(handle): raise OSError(28, 'No space left on device')
    with monkeypatch.context() as patch:
        patch.setattr(os, 'fsync', full)
        with pytest.raises(BearsError, match='No space left.*Your answer, to copy: it has many layers of weights$'): quiz.next().answer('it has many\nlayers of weights')
    assert [entry.answer for entry in Quiz(1, tmp_path).session][:1] == ['a first answer']

@pytest.mark.parametrize('q', [q for c in chapters() for q in load_questions(c) if any(idea.counts < 0 for idea in q.ideas)], ids=lambda q: q.id)
def test_a_mix_up_is_never_called_found(q):
    mixes = {idea.says for idea in q.ideas if idea.counts < 0}
    rows = [json.loads(line) for line in (files('bears_lib')/'data/questions/learners_answers.jsonl').read_text('utf-8').splitlines()]
    for row in rows:
        if row['question_id'] != q.id: continue
        result = grade(q, row['answer'])
        assert not mixes & set(result.found) and len(result.quotes) == len(result.found)
        if not result.mixed: continue
        text = str(result)
        assert result.mixed[0] in text.split('look at: ')[1] and rules['because']['mixed'] in result.verdict

def test_some_learner_mixes_something_up():
    q = next(q for q in load_questions(1) if q.id == 'traditional')
    result = grade(q, 'Because computers were too slow and had no GPU in those days')
    assert result.mixed and not result.found and result.grade == 'wrong'
