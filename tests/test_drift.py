"The drift check is quiet about more of the same and speaks up about something else."
import json, os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bears_lib.deploy import Classifier, bears_drift
from bears_lib.engine.core.common import BearsError
from bears_lib.engine.deploy.drift import compare, reference
from bears_lib.engine.predict.answer_log import AnswerLog, read_answers
from bears_lib.engine.predict.model_folder import read_model
from conftest import shell

@pytest.fixture(scope='module')
def answers(bears_half, tmp_path_factory):
    "What the model says of drawn bears that it has never seen."
    model, photos = bears_half
    log = tmp_path_factory.mktemp('log')/'answers.jsonl'
    Classifier(model, log=log).many(photos)
    return log

def test_quiet_about_more_of_the_same(bears_half, answers):
    done = bears_drift(str(bears_half[0]), str(answers))
    assert done['exit'] == 0 and done['n'] == len(bears_half[1]) >= 200 and done['findings'] == []

def test_lines_that_are_no_answers_and_answers_of_another_model_are_named(bears_half, answers, tmp_path, capsys):
    other = json.dumps({'label': 'spaniel', 'chance': 0.9, 'likeness': 0.1, 'unsure': True}) + '\n'
    (tmp_path/'log').write_text(answers.read_text(encoding='utf-8') + 'spam\n\n{"a": 1}\n' + 30*other, encoding='utf-8')
    done, said = bears_drift(str(bears_half[0]), str(tmp_path/'log')), capsys.readouterr().err
    assert done['n'] == len(bears_half[1]) and done['left_out'] == 30 and done['findings'] == []
    assert '2 lines are no answer and passed over' in said and f'30 answers of {done["n"] + 30} left out' in said and "no class 'spaniel'" in said

def test_false_alarms_are_rare(bears_half, answers):
    "Validation photos and new ones are drawn from one pot, 400 times: every alarm is a false one. One in a hundred is promised."
    entries, rng, alarms = read_answers(answers), np.random.default_rng(0), 0
    for _ in range(400):
        mixed = [entries[i] for i in rng.permutation(len(entries))]
        known = reference([each['label'] for each in mixed[:80]], [each['likeness'] for each in mixed[:80]])
        alarms += bool(compare(known, mixed[80:]).findings)
    assert alarms/400 < 0.03

def test_alarm_about_something_else(bears_half, tmp_path):
    "Noise; and cats and dogs where such photos are at hand. 25 photos are enough."
    rng = np.random.default_rng(0)
    others = {'noise': [Image.fromarray(rng.integers(0, 255, (60, 80, 3), np.uint8)).resize((320, 240), Image.Resampling.BICUBIC) for _ in range(25)]}
    pets = sorted((Path(os.environ.get('BEARS_DATA', 'nowhere'))/'cats_dogs').rglob('*.jpg'))[::16][:25]
    if pets: others['pets'] = pets
    for name, photos in others.items():
        Classifier(bears_half[0], log=tmp_path/name).many(photos)
        answer = shell('bears-drift', bears_half[0], tmp_path/name, '--json')
        done = json.loads(answer.stdout.splitlines()[-1])
        assert answer.returncode == 1 and 'less like the training photos' in answer.stderr and done['likeness']['p'] < 1e-6

def test_alarm_about_other_shares(bears_half, answers, tmp_path):
    "Only teddies, all of them fine photos."
    entries = [each for each in read_answers(answers) if each['label'] == 'teddy']
    drift = compare(read_model(bears_half[0])[0].training['reference'], entries)
    assert any('other shares' in each for each in drift.findings)

def test_few_answers_prove_nothing(bears_half, tmp_path):
    Classifier(bears_half[0], log=tmp_path/'few').many(bears_half[1][:5])
    answer = shell('bears-drift', bears_half[0], tmp_path/'few')
    assert answer.returncode == 2 and 'it takes 20' in answer.stderr and len(answer.stderr.splitlines()) == 1

def test_lines_of_a_log_that_are_no_answers(tmp_path):
    "Of any length and form; the answers before and behind them are read."
    log = AnswerLog(tmp_path/'log')
    log.add('red', 0.9, 0.5)
    odd = [b'['*15_000, b'{"label": "red", "likeness": Infinity}', b'{"label": "red", "likeness": "0.5"}', b'{"label": "red", "likeness": 7}', b'{"label": ["red"], "likeness": 1}', b'{"label": "' + b'x'*19_000 + b'"}',
           b'"' + b'x'*200_000 + b'"', b'\xff\xfe', b'null', b'{"label": "\\ud800", "likeness": 0.5}', b'{"label": "red", "likeness": 0.5, "unsure": "no"}', b'{"lab']
    with log.path.open('ab') as file: file.write(b'\n'.join(odd))
    AnswerLog(log.path).add('blue', 0.9, 0.5)
    assert [each['label'] for each in read_answers(log.path)] == ['red', 'blue']
    with pytest.raises(BearsError, match='at least one'): read_answers(log.path, last=0)
